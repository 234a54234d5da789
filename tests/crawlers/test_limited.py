"""Looks at files by a process of its own: no file takes the crawl with it, nor another file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog_server.crawlers import limited
from catalog_server.crawlers.limited import LimitedLooks, Limits
from catalog_server.crawlers.looker import AT_ONCE
from catalog_server.lake.files import FileInfo, FileReader
from catalog_server.lake.filesystem import Lake
from catalog_server.lake.formats import sniff
from catalog_server.lake.formats.base import FileProblem, FileSchema
from catalog_server.model.errors import CatalogError, Denied
from tests.crawlers.conftest import Crawling, problems

COLUMNS = b"a,b\n1,x\n2,y\n"


@contextmanager
def limited_to(limits: Limits) -> Iterator[LimitedLooks]:
    made = LimitedLooks(limits)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def looks() -> Iterator[LimitedLooks]:
    with limited_to(Limits()) as made:
        yield made


class Files(FileReader):
    """Files in memory; reading one that is deadly has the processes killed that look at files."""

    def __init__(self, files: dict[str, bytes], deadly: str = "") -> None:
        self.files = files
        self.deadly = deadly

    def size(self, location: str) -> int:
        return len(self.files[location])

    def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
        if location == self.deadly:
            for pid in lookers(os.getpid()):
                os.kill(pid, signal.SIGSEGV)
        return self.files[location][start : None if length is None else start + length]

    def info(self, location: str) -> FileInfo:
        return FileInfo(location, self.size(location), "", 0)


def lookers(above: int) -> list[int]:
    """The processes that look at files for another one."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == above and b"crawlers.looker" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (OSError, ValueError):
            continue
    return found


def outcome(looks: LimitedLooks, files: Files, location: str) -> FileSchema | str:
    try:
        return looks.inspect(files, files.info(location), {})
    except FileProblem as problem:
        return str(problem)


def test_the_process_tells_what_a_look_in_this_one_does(looks: LimitedLooks, tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1, 2], "t": ["x", None]}), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_bytes(COLUMNS)
    (tmp_path / "c.json").write_bytes(b'{"a": {"b": [1.5]}}\n')
    (tmp_path / "d.parquet").write_bytes(b"PAR1 and no more than that")
    for path in sorted(tmp_path.iterdir()):
        files = Lake().filesystem(str(path))
        info = files.stat(str(path))
        found: list[FileSchema | str] = []
        for inspect in (sniff.inspect, looks.inspect):
            try:
                found.append(inspect(files, info, {"csv.header": "present"}))
            except FileProblem as problem:
                found.append(str(problem))
        assert found[0] == found[1], path.name


def test_a_file_that_breaks_its_reader_is_told_and_its_neighbours_are_read(looks: LimitedLooks) -> None:
    files = Files({f"{number}.csv": COLUMNS for number in range(16)}, deadly="7.csv")
    with ThreadPoolExecutor(8) as pool:
        found = dict(zip(files.files, pool.map(lambda name: outcome(looks, files, name), files.files), strict=True))
    assert found.pop("7.csv") == "whatever reads it breaks down (SIGSEGV)"
    assert {name for name, told in found.items() if isinstance(told, str)} == set()


def test_a_file_that_needs_too_much_memory_is_told() -> None:
    body = b'{"a": [' + b"{}," * 1_200_000 + b"{}]}"
    with limited_to(Limits(memory_bytes=64 << 20)) as looks:
        assert outcome(looks, Files({"a.json": body}), "a.json") == "it takes more than 64 MiB of memory to look at"
        assert isinstance(outcome(looks, Files({"b.json": b'{"a": 1}\n'}), "b.json"), FileSchema)


def test_a_file_that_takes_too_long_is_told() -> None:
    with limited_to(Limits(seconds=0.01)) as looks:
        assert outcome(looks, Files({"a.csv": COLUMNS}), "a.csv") == "it takes longer than 0.01 seconds to look at"


def test_the_time_that_the_store_takes_does_not_count(looks: LimitedLooks, monkeypatch: pytest.MonkeyPatch) -> None:
    passed, clock = 0, time.monotonic

    class Slow(Files):
        def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
            nonlocal passed
            passed += 1000
            return super().read(location, start, length)

    monkeypatch.setattr(limited, "monotonic", lambda: clock() + passed)
    assert isinstance(outcome(looks, Slow({"a.csv": COLUMNS}), "a.csv"), FileSchema)
    assert passed


def test_what_the_store_refuses_is_told_as_it_was_refused(looks: LimitedLooks) -> None:
    class Closed(Files):
        def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
            raise Denied("read", location)

    files = Closed({"a.csv": COLUMNS})
    assert "cannot be read" in str(outcome(looks, files, "a.csv"))
    files = Closed({"a.parquet": COLUMNS})
    with pytest.raises((CatalogError, FileProblem), match="read"):
        looks.inspect(files, files.info("a.parquet"), {})


@pytest.mark.parametrize("error", [RuntimeError("broken"), Denied("read", "a\udc80")], ids=["unexpected", "not UTF-8"])
def test_looks_that_a_store_breaks_off_leave_room_for_others(error: Exception) -> None:
    class Broken(Files):
        def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
            raise error

    broken = Broken({"a.parquet": COLUMNS})
    with limited_to(Limits(seconds=10)) as looks:
        for _ in range(AT_ONCE):
            with suppress(FileProblem, type(error)):
                looks.inspect(broken, broken.info("a.parquet"), {})
        first = looks.pid
        assert isinstance(outcome(looks, Files({"b.csv": COLUMNS}), "b.csv"), FileSchema)
        assert looks.pid == first


def test_looks_that_wait_for_others_do_not_run_out_of_time() -> None:
    release = threading.Event()

    class Held(Files):
        def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
            release.wait()
            return super().read(location, start, length)

    held, files = Held({"a.csv": COLUMNS}), Files({"b.csv": COLUMNS})
    with limited_to(Limits(seconds=4)) as looks, ThreadPoolExecutor(AT_ONCE + 1) as pool:
        assert isinstance(outcome(looks, files, "b.csv"), FileSchema)
        first = looks.pid
        waiting = [pool.submit(outcome, looks, held, "a.csv") for _ in range(AT_ONCE)]
        last = pool.submit(outcome, looks, files, "b.csv")
        time.sleep(5)
        release.set()
        assert isinstance(last.result(), FileSchema)
        assert all(isinstance(one.result(), FileSchema) for one in waiting)
        assert looks.pid == first


def test_the_process_has_no_secrets(looks: LimitedLooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    assert isinstance(outcome(looks, Files({"a.csv": COLUMNS}), "a.csv"), FileSchema)
    assert b"hidden" not in Path(f"/proc/{looks.pid}/environ").read_bytes()


KILLED = """
import os, signal, tempfile
from catalog_server.crawlers.limited import LimitedLooks
from catalog_server.lake.filesystem import Lake
looks, files = LimitedLooks(), Lake().filesystem("{path}")
looks.inspect(files, files.stat("{path}"), {{}})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_temporary_files_of_a_killed_worker_are_swept_by_the_next_and_those_of_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_bytes(COLUMNS)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    killed = [sys.executable, "-c", KILLED.format(path=tmp_path / "a.csv")]
    subprocess.run(killed, env={**os.environ, "TMPDIR": str(temporary)}, check=False)
    [left] = temporary.iterdir()
    (left / "half.csv").write_bytes(COLUMNS)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with limited_to(Limits()) as one, limited_to(Limits()) as other:
        for looks in (one, other):
            assert isinstance(outcome(looks, Files({"a.csv": COLUMNS}), "a.csv"), FileSchema)
        assert (left.exists(), len(list(temporary.iterdir()))) == (False, 2)
    while any(temporary.iterdir()):
        pass


def test_a_process_that_nobody_needs_ends_and_another_one_begins() -> None:
    files = Files({"a.csv": COLUMNS})
    with limited_to(Limits(idle_seconds=0.2)) as looks:
        assert isinstance(outcome(looks, files, "a.csv"), FileSchema)
        while looks.pid is not None:
            time.sleep(0.05)
        assert isinstance(outcome(looks, files, "a.csv"), FileSchema)


def test_a_crawl_goes_on_when_the_process_that_looks_is_killed(
    local: Crawling, looks: LimitedLooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited, "inspect", looks.inspect)

    def kill_one() -> None:
        while (pid := looks.pid) is None:
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    crawl = local.crawl({f"{letter}/a.csv": COLUMNS for letter in "abcdefghij"})
    killer.join()
    assert (crawl.state, len(local.tables()), problems(crawl)) == ("SUCCEEDED", 10, {})
