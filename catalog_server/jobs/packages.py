"""Python environments that belong to an engine alone, made by uv where it is at hand and by venv and pip elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog_server.jobs.downloads import Progress
from catalog_server.model.errors import Unavailable

TICK_SECONDS = 1.0
LAST_LINES = 5


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment at `folder`; what its installers print is kept in `log`."""

    folder: Path
    log: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def install(self, requirements: Sequence[str], progress: Progress) -> None:
        """Make the environment if need be and install `requirements`. Raises Unavailable with the installer's words."""
        uv = find_uv()
        if uv is not None:
            make = [str(uv), "venv", "--allow-existing", "--python", sys.executable, str(self.folder)]
            add = [str(uv), "pip", "install", "--python", str(self.python), *requirements]
        else:
            make = [sys.executable, "-m", "venv", str(self.folder)]
            add = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", *requirements]
        step = f"installing {', '.join(requirements)}"
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_text("")
        for command in (make, add):
            self._run(command, step, progress)

    def ask(self, code: str) -> str:
        """What the environment's interpreter prints when it runs `code`."""
        answer = subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=False)
        if answer.returncode:
            raise Unavailable(f"{self.python} does not work: {answer.stderr.strip()}")
        return answer.stdout.strip()

    def _run(self, command: Sequence[str], step: str, progress: Progress) -> None:
        with self.log.open("a") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
            try:
                while process.poll() is None:
                    progress(step, 0, None)
                    try:
                        process.wait(TICK_SECONDS)
                    except subprocess.TimeoutExpired:
                        continue
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if process.returncode:
            lines = self.log.read_text(errors="replace").strip().splitlines()[-LAST_LINES:]
            raise Unavailable(f"{step} failed, the whole log is in {self.log}: {' | '.join(lines)}")


def find_uv() -> Path | None:
    """The uv program: beside this interpreter (a package among ours), or on PATH."""
    beside = Path(sys.executable).parent / "uv"
    if beside.exists():
        return beside
    found = shutil.which("uv")
    return Path(found) if found else None
