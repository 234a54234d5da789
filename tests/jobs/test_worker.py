"""Runs by a real server and its worker: how they end, whatever the script does and whoever is killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing import RunningServer, running_server, start_server
from tests.jobs.conftest import DEADLINE_SECONDS, Api
from tests.jobs.test_runner import gone

pytestmark = pytest.mark.slow
SLEEP = "import os, time\nprint('pid', os.getpid(), flush=True)\ntime.sleep(600)\n"


def worker_of(server: RunningServer) -> int:
    """The process that the server started as its worker."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == server.process.pid and b"catalog_server.worker" in (entry / "cmdline").read_bytes():
                    return int(entry.name)
            except (OSError, ValueError):
                continue
        time.sleep(0.05)
    raise AssertionError("the server has no worker")


def states(run: dict[str, Any]) -> list[tuple[str, int]]:
    return [(entry["state"], entry["attempt"]) for entry in run["history"]]


def test_a_script_gets_its_arguments_and_its_output_is_kept(api: Api) -> None:
    script = "import sys\nprint(sys.argv[1:])\nprint('bad news', file=sys.stderr)"
    run = api.run("arguments", script, arguments={"year": "2012", "name": "ü ä"}, run_arguments={"year": "2013"})
    log = api.log(run["id"])
    assert run["state"] == "SUCCEEDED"
    assert "['--year', '2013', '--name', 'ü ä']" in log
    assert "bad news" in log
    assert states(run) == [("QUEUED", 1), ("RUNNING", 1), ("SUCCEEDED", 1)]


@pytest.mark.parametrize(
    ("name", "script", "error"),
    [
        ("syntax", "x = 1\ny = = 2", "line 2: SyntaxError: invalid syntax"),
        ("raises", "def f():\n    raise ValueError('no such day')\nf()", "line 2: ValueError: no such day"),
        ("status", "import sys; sys.exit(3)", "the script ended with status 3"),
        ("message", "import sys; sys.exit('no data today')", "no data today"),
        ("killed", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by signal 9"),
    ],
)
def test_a_script_that_fails_says_why(api: Api, name: str, script: str, error: str) -> None:
    run = api.run(name, script)
    assert run["state"] == "FAILED"
    assert error in run["error"]


def test_endless_output_is_cut_and_the_limit_of_time_holds(api: Api) -> None:
    run = api.run("endless", "while True: print('x' * 1000)", timeout_seconds=8)
    assert run["state"] == "TIMED_OUT"
    assert "limit of 8 seconds" in run["error"]
    log = api.server.data / "logs" / "runs" / f"{run['id']}.log"
    assert log.stat().st_size < 20 << 20


def test_a_running_job_is_cancelled(api: Api) -> None:
    run = api.start("cancelled", SLEEP)
    api.wait_for_log(run, "pid ")
    pid = int(api.log(run).partition("pid ")[2].split()[0])
    assert api.client.delete(f"/runs/{run}").status_code == 202
    assert api.wait(run)["state"] == "CANCELLED"
    assert gone(pid)


def test_an_engine_that_is_not_installed_says_how_to_get_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    run = api.run("no-engine", "print(1)", engine="spark")
    assert run["state"] == "FAILED"
    assert "catalog engines install spark" in run["error"]


def test_a_script_runs_beside_a_spark_that_is_reached_by_url(api: Api) -> None:
    from pysail.spark import SparkConnectServer

    elsewhere = SparkConnectServer("127.0.0.1", 0)
    elsewhere.start(background=True)
    url = f"sc://127.0.0.1:{elsewhere.listening_address[1]}"
    script = "from pyspark.sql import SparkSession\nprint(SparkSession.builder.getOrCreate().range(7).count())"
    run = api.run("connect", script, engine="connect", master=url)
    elsewhere.stop()
    assert run["state"] == "SUCCEEDED", run["error"]
    assert "7" in api.log(run["id"]).split()


def test_failed_attempts_are_repeated_as_often_as_was_said(api: Api, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    script = f"from pathlib import Path\nflag = Path({str(flag)!r})\nseen = flag.exists()\nflag.touch()\nassert seen"
    run = api.run("again", script, retries_max=2)
    assert (run["state"], run["attempt"]) == ("SUCCEEDED", 2)
    assert states(run) == [("QUEUED", 1), ("RUNNING", 1), ("RUNNING", 2), ("SUCCEEDED", 2)]


@pytest.mark.parametrize(("retries", "state", "attempt"), [(0, "FAILED", 1), (1, "SUCCEEDED", 2)])
def test_a_killed_worker_leaves_no_run_behind(api: Api, tmp_path: Path, retries: int, state: str, attempt: int) -> None:
    flag = tmp_path / "flag"
    script = f"from pathlib import Path\nflag = Path({str(flag)!r})\nif flag.exists(): raise SystemExit\nflag.touch()\n{SLEEP}"
    run = api.start(f"orphan-{retries}", script, retries_max=retries)
    api.wait_for_log(run, "pid ")
    pid = int(api.log(run).partition("pid ")[2].split()[0])
    os.kill(worker_of(api.server), signal.SIGKILL)
    assert gone(pid)
    ended = api.wait(run)
    assert (ended["state"], ended["attempt"]) == (state, attempt)
    if state == "FAILED":
        assert "the worker process ended" in ended["error"]


@pytest.mark.postgresql
@pytest.mark.parametrize(("retries", "state"), [(0, "FAILED"), (1, "SUCCEEDED")])
def test_another_server_takes_over_the_runs_of_one_that_was_killed(
    postgresql_url: str, tmp_path: Path, retries: int, state: str
) -> None:
    flag = tmp_path / "flag"
    script = f"from pathlib import Path\nflag = Path({str(flag)!r})\nif flag.exists(): raise SystemExit\nflag.touch()\n{SLEEP}"
    first = start_server(tmp_path / "first", store=postgresql_url)
    try:
        with httpx.Client(base_url=f"{first.http}/api/v1", trust_env=False, timeout=60) as client:
            run = Api(client, first).start("moves", script, retries_max=retries)
            Api(client, first).wait_for_log(run, "pid ")
            pid = int(Api(client, first).log(run).partition("pid ")[2].split()[0])
    finally:
        first.kill()
    assert gone(pid)
    with running_server(tmp_path / "second", store=postgresql_url) as second:
        with httpx.Client(base_url=f"{second.http}/api/v1", trust_env=False, timeout=60) as client:
            ended = Api(client, second).wait(run)
    assert (ended["state"], ended["attempt"]) == (state, retries + 1)
