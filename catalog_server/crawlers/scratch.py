"""Folders for temporary files of processes that may be killed: whoever makes the next one sweeps those that nobody holds.

A folder is held by a lock on it, which the system lets go of however its process ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "catalog-look-"


class Scratch:
    """A new folder of the system's for temporary files, until it is closed."""

    def __init__(self) -> None:
        held = None
        while held is None:  # one that was swept before it was held is left
            self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
            held = _hold(self._folder.name)
        self._held = held

    @property
    def path(self) -> str:
        """Where it is."""
        return self._folder.name

    def close(self) -> None:
        """Delete it with all that is in it."""
        self._folder.cleanup()
        os.close(self._held)


def sweep() -> None:
    """Delete the folders of processes that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        held = _hold(str(path))
        if held is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(held)


def _hold(path: str) -> int | None:
    """What keeps a folder held until it is closed; None if somebody else holds it, or it is gone or none of ours."""
    try:
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return None
    if not os.path.isdir(path):
        os.close(held)
        return None
    return held
