"""Work outlives the process that does it, and steps that are done are not done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

WORK = """
import os, signal, sys, threading, time
from pathlib import Path
from catalog_server.jobs import durable

folder, die = Path(sys.argv[1]), sys.argv[2] == "die"
ended = threading.Event()

def note(word):
    with (folder / "notes").open("a") as file:
        file.write(word + "\\n")
    return word

def perhaps_die(word):
    note(word)
    if die:
        os.kill(os.getpid(), signal.SIGKILL)
    return word

def handle(id_, step):
    said = [step("first", note, "first"), step("second", perhaps_die, "second"), step("third", note, "third")]
    note(" ".join(said))
    ended.set()

work = durable.Durable(f"sqlite:///{folder}/jobs.db", "worker-1", {"run": handle})
assert work.adopt("run", "id-1")
assert ended.wait(60)
work.close()
assert not die
work.launch()
assert not work.adopt("run", "id-1"), "what is over is not done again"
durable.REMEMBERED_DAYS = 0
work.close()
work.launch()
assert work.adopt("run", "id-1"), "what was forgotten is new"
"""


def work(folder: Path, die: bool) -> int:
    command = [sys.executable, "-c", WORK, str(folder), "die" if die else "live"]
    return subprocess.run(command, check=False, timeout=120, env=dict(os.environ)).returncode


def test_a_killed_process_goes_on_at_the_step_in_flight(tmp_path: Path) -> None:
    assert work(tmp_path, die=True) == -signal.SIGKILL
    assert (tmp_path / "notes").read_text().split("\n")[:-1] == ["first", "second"]
    assert work(tmp_path, die=False) == 0
    assert (tmp_path / "notes").read_text().split("\n")[:5] == [
        "first",
        "second",
        "second",
        "third",
        "first second third",
    ]
