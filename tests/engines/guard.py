"""Runs a server for a test run and ends it when the run ends, however the run ended; standard library only.

    guard.py WATCHED_PID STOP_SIGNAL USER FOLDER COMMAND...

The server and all of its process group are stopped when WATCHED_PID is gone or the guard gets SIGTERM; FOLDER, which
holds the server's data, is removed then. USER is a user's number, or - for one's own. When the server ends by itself
FOLDER/ended appears.
"""

import ctypes
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 10.0


def die_with_parent() -> None:
    """Asked of the kernel in the server's process: to be killed when the guard is."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait(watched_pid: int, server: "subprocess.Popen[bytes]", folder: Path, stopping: int) -> None:
    """Return when the watched process is gone or something is readable from `stopping`."""
    if not hasattr(os, "pidfd_open"):
        while is_alive(watched_pid) and not select.select([stopping], [], [], 0.5)[0]:
            if server.poll() is not None:
                (folder / "ended").touch()
        return
    try:
        watched = os.pidfd_open(watched_pid)
    except ProcessLookupError:
        return
    ending = os.pidfd_open(server.pid)
    waiting = [watched, ending, stopping]
    while True:
        ready = select.select(waiting, [], [])[0]
        if watched in ready or stopping in ready:
            return
        server.wait()
        (folder / "ended").touch()
        waiting.remove(ending)


def stop(server: "subprocess.Popen[bytes]", number: int) -> None:
    """Signal the whole group, and kill what is left of it after a while."""
    deadline = time.monotonic() + GRACE_SECONDS
    try:
        os.killpg(server.pid, number)
        while server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(server.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nothing is left of the group
    server.wait()


def main() -> None:
    watched_pid, number, user, folder, *command = sys.argv[1:]
    stopping, stopped = os.pipe()
    os.set_blocking(stopped, False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(stopped)
    privileges: dict[str, Any] = (
        {} if user == "-" else {"user": int(user), "group": pwd.getpwuid(int(user)).pw_gid, "extra_groups": []}
    )
    server = subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent, **privileges)
    for stream in (0, 1):  # the server's own now: its reader must see the end of it
        os.dup2(2, stream)
    wait(int(watched_pid), server, Path(folder), stopping)
    stop(server, int(number))
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
