"""The sources of the pages: their types fit, and their logic passes its own tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from catalog_server.facades.web import build_ui
from tests.engines import process

pytestmark = pytest.mark.xdist_group("browser")  # building the pages replaces the packages that these tests use

LINES_MAX = 500
CHECKS = {"types": ["typescript/bin/tsc", "--noEmit"], "logic": ["vitest/vitest.mjs", "run"]}


@pytest.fixture(scope="session")
def node() -> list[str]:
    """How node is started; the packages of the pages are there."""
    try:
        node, npm = build_ui.node_commands()
        if not (build_ui.SOURCES / "node_modules" / "vitest").is_dir():
            subprocess.run([*npm, "ci", "--ignore-scripts"], cwd=build_ui.SOURCES, check=True, capture_output=True)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        process.missing(f"the packages of the pages are not there: {error}")
    return node


@pytest.mark.parametrize("check", CHECKS)
def test_the_sources_pass(node: list[str], check: str) -> None:
    program, *arguments = CHECKS[check]
    command = [*node, str(build_ui.SOURCES / "node_modules" / program), *arguments]
    done = subprocess.run(command, cwd=build_ui.SOURCES, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (build_ui.SOURCES / "package-lock.json").read_text()


def test_no_source_is_too_long() -> None:
    written = [path for path in build_ui.source_files(build_ui.SOURCES) if path.suffix in (".ts", ".tsx", ".css")]
    assert written
    assert [path.name for path in written if len(path.read_text().splitlines()) > LINES_MAX] == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    """Addresses in the sources are examples on loopback or of names that nobody can own."""
    written: list[Path] = [*build_ui.SOURCES.glob("src/**/*.*"), *build_ui.SOURCES.glob("*.html")]
    foreign = [path.name for path in written if "https://" in path.read_text()]
    assert foreign == []
