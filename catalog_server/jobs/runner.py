"""Runs one process of a job: in a group of its own, its output kept, ended by a time limit or a wish to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from catalog_server.jobs.command import Command

LOG_BYTES_MAX = 16 << 20
LOG_TAIL_BYTES = 1 << 20
GRACE_SECONDS = 5.0
POLL_SECONDS = 0.1
PIPE_SECONDS = 5.0
RUN_VARIABLE = "CATALOG_RUN"
"""Environment variable that marks every process of a run."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit status (negative: the signal), or why it was ended."""

    status: int
    timed_out: bool = False
    stopped: bool = False


class Log:
    """A run's log file: its beginning and its end; what is too much in between is counted and left out."""

    def __init__(self, path: Path, bytes_max: int = LOG_BYTES_MAX, tail_bytes: int = LOG_TAIL_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        self._room = max(0, bytes_max - tail_bytes - self._file.tell())
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._tail_bytes_max = tail_bytes
        self._left_out = 0
        self._lock = threading.Lock()

    def write(self, body: bytes) -> None:
        """Append output as it comes."""
        with self._lock:
            now, later = body[: self._room], body[self._room :]
            if now:
                self._file.write(now)
                self._file.flush()
                self._room -= len(now)
            if later:
                self._tail.append(later)
                self._tail_bytes += len(later)
            while self._tail_bytes > self._tail_bytes_max and len(self._tail) > 1:
                dropped = self._tail.popleft()
                self._tail_bytes -= len(dropped)
                self._left_out += len(dropped)

    def say(self, text: str) -> None:
        """Append a line of our own."""
        self.write(f"[catalog] {text}\n".encode())

    def close(self) -> None:
        """Write what was held back for the end."""
        with self._lock:
            if self._left_out:
                self._file.write(f"\n[catalog] {self._left_out} bytes of output are left out here\n".encode())
            self._file.writelines(self._tail)
            self._tail.clear()
            self._file.close()


def run_process(command: Command, directory: Path, log: Log, timeout_seconds: float, stop: threading.Event) -> Ended:
    """Run a program in `directory` until it ends, the time is over or `stop` is set; nothing of its group is left.

    The process dies with this one. Raises `OSError` when it cannot be started at all.
    """
    leash = [sys.executable, "-m", "catalog_server.jobs.leash", str(os.getpid())]
    process = subprocess.Popen(
        [*leash, *command.arguments],
        cwd=directory,
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    copier = threading.Thread(target=_copy, args=(process.stdout, log), name="run-log", daemon=True)
    copier.start()
    try:
        return _wait(process, timeout_seconds, stop)
    finally:
        _signal(process.pid, signal.SIGKILL)
        process.wait()
        copier.join(PIPE_SECONDS)
        if not copier.is_alive():  # else a process that left the group still holds the pipe
            process.stdout.close()


def _wait(process: subprocess.Popen[bytes], timeout_seconds: float, stop: threading.Event) -> Ended:
    deadline = time.monotonic() + timeout_seconds
    while True:
        status = process.poll()
        if status is not None:
            return Ended(status)
        left = deadline - time.monotonic()
        if left <= 0:
            return Ended(_end(process), timed_out=True)
        if stop.wait(min(POLL_SECONDS, left)):
            return Ended(_end(process), stopped=True)


def _end(process: subprocess.Popen[bytes]) -> int:
    """Ask the whole group to end, then make it."""
    _signal(process.pid, signal.SIGTERM)
    try:
        return process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(process.pid, signal.SIGKILL)
        return process.wait()


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass


def _copy(pipe: BinaryIO, log: Log) -> None:
    read: Callable[[int], bytes] = getattr(pipe, "read1", pipe.read)
    try:
        while body := read(64 << 10):
            log.write(body)
    except ValueError:
        pass  # closed by another thread


def end_leftovers(run_id: str) -> int:
    """Kill the processes that an earlier worker's death left behind of a run; how many there were."""
    mark = f"{RUN_VARIABLE}={run_id}".encode()
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\x00"):
                os.kill(int(entry.name), signal.SIGKILL)
                found += 1
        except (OSError, ValueError):
            continue
    return found
