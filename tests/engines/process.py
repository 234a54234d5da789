"""Starts servers for tests: free ports, readiness, one server per run shared by all workers, nothing left behind."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pytest

GUARD = Path(__file__).with_name("guard.py")
GRPC_OFFSET = 10_000
LOG_NAME = "server.log"
LOG_TAIL_CHARACTERS = 4000

_guards: list[subprocess.Popen[bytes]] = []  # kept, so that a shared server outlives the fixture that started it


@atexit.register
def _let_go() -> None:
    """End what still runs; but a worker leaves what it started to the run, which other workers may still use."""
    for guard in _guards:
        if "PYTEST_XDIST_WORKER" in os.environ:
            guard.returncode = 0
        else:
            guard.terminate()
    for guard in _guards:
        guard.wait()


class ServerFailed(Exception):
    """A server ended before it was ready, or was not ready in time; the message holds the end of its log."""


def missing(what: str) -> Any:
    """Skip the test because an engine is not there; in CI, where it must be, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; .ci/install installs it", pytrace=False)
    pytest.skip(what)


def watched_pid() -> int:
    """The process whose end ends this run: pytest's own, or under xdist the controller's."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports_with_offset(count: int, offset: int = GRPC_OFFSET) -> list[int]:
    """`count` neighbouring ports that are free, and so are those `offset` above, where gRPC listens by custom.

    Both lie below the range that the system hands out for outgoing connections.
    """
    for _ in range(200):
        base = random.randrange(12_000, 22_000)
        ports = list(range(base, base + count))
        if all(_is_free(port) and _is_free(port + offset) for port in ports):
            return ports
    raise ServerFailed("no free ports")


def new_folder(prefix: str) -> Path:
    """A folder for a server's data that any user may pass through, since some servers refuse to run as root."""
    folder = Path(tempfile.mkdtemp(prefix=f"catalog-test-{prefix}-"))
    folder.chmod(0o755)
    return folder


class Server:
    """A running server: its guard and the folder that holds its data and log. A context manager that stops it."""

    def __init__(self, guard: subprocess.Popen[bytes], folder: Path) -> None:
        self.guard = guard
        self.folder = folder

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def ended(self) -> bool:
        """Whether it ended by itself."""
        return self.guard.poll() is not None or (self.folder / "ended").exists()

    @property
    def pid(self) -> int:
        """The process that the guard watches over, once it is ready."""
        children = Path(f"/proc/{self.guard.pid}/task/{self.guard.pid}/children")
        return int(children.read_text().split()[0]) if children.exists() else self.guard.pid

    def log_tail(self) -> str:
        """The last lines that it wrote."""
        log = self.folder / LOG_NAME
        return log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:] if log.exists() else ""

    def wait_until(self, is_ready: Callable[[], bool], timeout_seconds: float) -> Server:
        """Return when `is_ready` says so; stops the server and raises ServerFailed when it ends or takes too long."""
        deadline = time.monotonic() + timeout_seconds
        while not is_ready():
            if self.ended or time.monotonic() > deadline:
                why = "ended" if self.ended else f"was not ready after {timeout_seconds:.0f} s"
                message = f"{self.guard.args!r} {why}:\n{self.log_tail()}"
                self.stop()
                raise ServerFailed(message)
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """Stop it, and wait until it is gone with its data."""
        self.guard.terminate()
        self.guard.wait()
        for stream in (self.guard.stdin, self.guard.stdout):
            if stream is not None:
                stream.close()
        if self.guard in _guards:
            _guards.remove(self.guard)


def start(
    command: Sequence[str | Path],
    folder: Path,
    *,
    env: Mapping[str, str] | None = None,
    user: int | None = None,
    stop_signal: int = signal.SIGKILL,
    pipes: bool = False,
) -> Server:
    """Start `command` in `folder` under a guard, as `user` (a number) where one is given.

    With `pipes` its stdin and stdout are those of the guard's process, else it writes into its log alone.
    """
    who = "-" if user is None else str(user)
    guard = [sys.executable, "-I", "-S", str(GUARD), str(watched_pid()), str(int(stop_signal)), who, str(folder)]
    with (folder / LOG_NAME).open("ab") as log:
        stream: int | IO[bytes] = subprocess.PIPE if pipes else log
        process = subprocess.Popen(
            [*guard, *map(str, command)],
            cwd=folder,
            env=dict(env) if env is not None else None,
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=stream,
            stderr=log,
            start_new_session=True,
        )
    _guards.append(process)
    return Server(process, folder)


def shared(root: Path, name: str, launch: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `launch` returned, called once per run by whichever worker comes first; the others read its answer.

    `root` is the run's temporary folder. The server that was launched ends with the run.
    """
    state = root / f"{name}.json"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not state.exists():
            state.write_text(json.dumps(launch()))
        return dict(json.loads(state.read_text()))


def run_root(factory: pytest.TempPathFactory) -> Path:
    """The temporary folder that all workers of this run have in common."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def find_program(*names: str) -> Path | None:
    """The first of these programs beside this interpreter or on PATH."""
    for name in names:
        beside = Path(sys.executable).parent / name
        found = str(beside) if beside.exists() else shutil.which(name)
        if found:
            return Path(found)
    return None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
