"""Starts a program that ends when its parent does: `python -m catalog_server.jobs.leash PARENT_PID PROGRAM ARGUMENTS`."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def hold(parent: int) -> None:
    """Have the kernel kill this process when `parent` ends; leave at once if it has ended already.

    Linux keeps this over an exec. Elsewhere nothing is done: whoever started the process must end it.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def main(arguments: Sequence[str]) -> None:
    """Bind this process to its parent, then become the program."""
    hold(int(arguments[0]))
    try:
        os.execvp(arguments[1], list(arguments[1:]))
    except OSError as error:
        sys.exit(f"{arguments[1]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
