"""What a server and its database cost: processor time of whole process trees, and the peak of a process's memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = [int(child) for child in children.read_text(encoding="ascii").split()]
        except FileNotFoundError:  # the thread has ended
            continue
        for child in below:
            yield from tree(child)


def seconds(pid: int) -> float:
    """Processor time of a process tree so far, user and system, with that of children that ended and were waited for."""
    total = 0
    for one in tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / _TICKS


class Memory:
    """The most that a process held in memory since this was made, beyond what it held then; in MB (10^6 bytes)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")  # the peak is counted from now
        self._before = self._status("VmRSS")

    def grown_megabytes(self) -> float:
        """How far it grew."""
        return (self._status("VmHWM") - self._before) / 1e6

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self._pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
