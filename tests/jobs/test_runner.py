"""Processes of runs: their output, their limits, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from catalog_server.jobs.command import Command
from catalog_server.jobs.runner import RUN_VARIABLE, Ended, Log, end_leftovers, run_process

GRANDCHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def run(tmp_path: Path, program: str, timeout: float = 60, stop: threading.Event | None = None) -> tuple[Ended, str]:
    log = Log(tmp_path / "run.log")
    command = Command([sys.executable, "-c", program], dict(os.environ))
    try:
        ended = run_process(command, tmp_path, log, timeout, stop or threading.Event())
    finally:
        log.close()
    return ended, (tmp_path / "run.log").read_text()


def gone(pid: int) -> bool:
    """Whether a process ends before the deadline; a zombie has ended."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_status_and_both_outputs_are_kept(tmp_path: Path) -> None:
    ended, log = run(tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")
    assert ended == Ended(7)
    assert sorted(log.split()) == ["err", "out"]


def test_a_limit_of_time_ends_the_whole_group(tmp_path: Path) -> None:
    ended, log = run(tmp_path, GRANDCHILD, timeout=2)
    assert ended.timed_out
    assert gone(int(log.split()[0]))


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    ended, _ = run(tmp_path, program, stop=stop)
    assert ended.stopped
    assert ended.status in (-signal.SIGKILL, -signal.SIGTERM)


def test_what_a_finished_process_left_in_its_group_is_ended(tmp_path: Path) -> None:
    ended, log = run(tmp_path, GRANDCHILD.replace("time.sleep(600)\n", "sys.exit(0)\n"))
    assert ended == Ended(0)
    assert gone(int(log.split()[0]))


def test_endless_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    log = Log(tmp_path / "run.log", bytes_max=4000, tail_bytes=1000)
    for number in range(10_000):
        log.write(f"line {number}\n".encode())
    log.close()
    text = (tmp_path / "run.log").read_text()
    assert len(text) < 5000
    assert text.startswith("line 0\n")
    assert text.endswith("line 9999\n")
    assert "bytes of output are left out here" in text


def test_a_program_that_is_not_there_says_so(tmp_path: Path) -> None:
    log = Log(tmp_path / "run.log")
    ended = run_process(Command(["/no/such/program"], dict(os.environ)), tmp_path, log, 60, threading.Event())
    log.close()
    assert ended.status == 1
    assert "/no/such/program cannot be started" in (tmp_path / "run.log").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
def test_a_run_dies_with_its_worker(tmp_path: Path) -> None:
    worker = f"""
import os, sys, threading
from pathlib import Path
from catalog_server.jobs.command import Command
from catalog_server.jobs.runner import Log, run_process
program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
command = Command([sys.executable, "-c", program], dict(os.environ))
run_process(command, Path({str(tmp_path)!r}), Log(Path({str(tmp_path / "run.log")!r})), 600, threading.Event())
"""
    process = subprocess.Popen([sys.executable, "-c", worker])
    log = tmp_path / "run.log"
    deadline = time.monotonic() + 60
    while not (log.exists() and log.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert gone(int(log.read_text()))


def test_leftovers_are_found_by_the_run_they_belong_to(tmp_path: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    mine = subprocess.Popen(sleep, env={**os.environ, RUN_VARIABLE: "run-1"}, start_new_session=True)
    other = subprocess.Popen(sleep, env={**os.environ, RUN_VARIABLE: "run-12"}, start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while f"{RUN_VARIABLE}=run-1".encode() not in Path(f"/proc/{mine.pid}/environ").read_bytes().split(b"\0"):
            assert time.monotonic() < deadline
        assert end_leftovers("run-1") == 1
        assert mine.wait(30) == -signal.SIGKILL
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
