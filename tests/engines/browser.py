"""Finds the system's Chromium for tests of the pages."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.engines import process

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> Path:
    """The browser's program; without one the test is skipped."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        process.missing("no Chromium was found")
        raise AssertionError
    return Path(found)
