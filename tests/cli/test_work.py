"""The whole road by commands, against a whole server: discover, ask, change, ask again."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from catalog_server.testing import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with its worker."""
    with running_server(tmp_path_factory.mktemp("work")) as running:
        yield running


def start(server: RunningServer, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "CATALOG_SERVER__CLIENT__URL": server.http, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "catalog_server.cli", *arguments]
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # ignored where the tests run in the background
    )


def run(server: RunningServer, *arguments: str, code: int = 0) -> str:
    process = start(server, *arguments)
    out, err = process.communicate(timeout=240)
    assert process.returncode == code, err
    return out


@pytest.fixture(scope="module")
def flights(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A crawled table of delays in folders by month; the fixture's value is its name."""
    folder = tmp_path_factory.mktemp("lake") / "flights"
    for month, delays in ((1, (5, 15)), (2, (40,))):
        (folder / f"month={month}").mkdir(parents=True)
        (folder / f"month={month}" / "part.csv").write_text("carrier,delay\n" + "".join(f"AA,{d}\n" for d in delays))
    run(server, "databases", "create", "raw")
    run(server, "crawlers", "create", "lake", "--target", folder.as_uri(), "--database", "raw")
    crawl = json.loads(run(server, "crawlers", "run", "lake", "--wait"))
    assert crawl["state"] == "SUCCEEDED"
    return "raw.flights"


def test_crawled_table_says_which_crawl_made_it(server: RunningServer, flights: str) -> None:
    made = json.loads(run(server, "tables", "show", flights))["lineage"]["created"]
    crawls = [json.loads(line)["id"] for line in run(server, "crawlers", "runs", "lake").splitlines()]
    assert made["via"] == "crawl"
    assert made["run"] in crawls
    partitions = run(server, "partitions", "list", flights, "--filter", "month > 1").splitlines()
    assert [json.loads(line)["values"] for line in partitions] == [["2"]]


def test_tables_of_the_catalog_are_brought_up_to_date(server: RunningServer, tmp_path: Path) -> None:
    folder = tmp_path / "sold"
    (folder / "day=1").mkdir(parents=True)
    (folder / "day=1" / "a.csv").write_text("x,y\n1,2\n")
    run(server, "crawlers", "create", "first", "--target", folder.as_uri(), "--database", "shop")
    run(server, "crawlers", "run", "first", "--wait")
    (folder / "day=2").mkdir()
    (folder / "day=2" / "a.csv").write_text("x,y\n3,4\n")
    made = json.loads(run(server, "crawlers", "create", "again", "--target", "catalog:shop/s%"))
    assert (made["targets"], made["database"]) == (["catalog:shop/s%"], "shop")
    crawl = json.loads(run(server, "crawlers", "run", "again", "--wait"))
    assert [entry["table"] for entry in crawl["summary"]["changed"]] == ["shop.sold"]


def test_a_crawl_is_undone_in_one_command(server: RunningServer, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "undone" / name).mkdir(parents=True)
        (tmp_path / "undone" / name / "part.csv").write_text("x,y\n1,2\n")
    target = (tmp_path / "undone").as_uri()
    run(server, "crawlers", "create", "undone", "--target", target, "--database", "undone")
    crawl = json.loads(run(server, "crawlers", "run", "undone", "--wait"))["id"]
    table = f"{server.http}/api/v1/catalogs/hive/databases/undone/tables/b"
    httpx.patch(table, json={"parameters": {"note": "ours"}}, trust_env=False).raise_for_status()
    asked = start(server, "crawlers", "undo", crawl)
    assert f"Undo crawl {crawl} of undone: drop 2 tables?" in asked.communicate(timeout=60)[1]
    partly = json.loads(run(server, "crawlers", "undo", crawl, "--yes", code=1))
    assert [one["table"] for one in partly["summary"]["removed"]] == ["undone.a"]
    assert [one["table"] for one in partly["summary"]["refused"]] == ["undone.b", "undone"]
    run(server, "tables", "drop", "undone.b", "--yes")
    run(server, "crawlers", "undo", crawl, "--yes")
    assert json.loads(run(server, "crawlers", "crawl", crawl))["undone_at"]
    run(server, "databases", "show", "undone", code=3)


def test_a_crawler_is_scheduled_and_tells_its_history(server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.csv").write_text("x,y\n1,2\n")
    schedule = ("--schedule", "15 3 * * mon", "--zone", "Europe/Berlin")
    made = run(server, "crawlers", "create", "due", "--target", tmp_path.as_uri(), "--database", "due", *schedule)
    assert json.loads(made)["schedule"]["words"] == "At 03:15 on Monday, Europe/Berlin"
    shown = run(server, "crawlers", "schedule", "due", "cron(0 6 ? * 2 *)", "--overlap", "queue", "-o", "table")
    assert re.search(r"next_times +Mon \d{4}-\d\d-\d\d 06:00 CES?T\n", shown)
    assert "At 06:00 on Monday, Europe/Berlin" in run(server, "crawlers", "list", "-o", "table")
    assert json.loads(run(server, "crawlers", "schedule", "due", "--pause"))["next_at"] is None
    run(server, "crawlers", "schedule", "due", "99 * * * *", code=2)
    run(server, "crawlers", "run", "due", "--wait")
    line = json.loads(run(server, "crawlers", "history", "due"))
    assert (line["state"], line["started_by"], line["tables_added"], line["objects"]) == ("SUCCEEDED", "person", 1, 1)
    assert "+1" in run(server, "crawlers", "history", "due", "-o", "table")
    run(server, "crawlers", "schedule", "due", "--remove")
    run(server, "crawlers", "schedule", "due", code=3)


def test_sql_over_what_was_crawled(server: RunningServer, flights: str) -> None:
    sql = f"select month, sum(delay) as delay from {flights} group by month order by month"
    assert list(csv.reader(run(server, "sql", "-o", "csv", sql).splitlines())) == [
        ["month", "delay"],
        ["1", "20"],
        ["2", "40"],
    ]
    assert json.loads(run(server, "sql", "--database", "raw", "select count(*) as n from flights")) == {"n": 3}
    run(server, "sql", "select nothing from raw.flights", code=1)


def test_an_answer_is_exported_to_a_file(server: RunningServer, flights: str, tmp_path: Path) -> None:
    file = tmp_path / "flights.parquet"
    run(server, "sql", "--export", str(file), f"select month, delay from {flights}")
    assert pq.read_table(file).num_rows == 3
    assert [one.name for one in tmp_path.iterdir()] == [file.name]
    run(server, "sql", "--export", str(file), "select 1; select 2", code=2)
    run(server, "sql", "--export", str(tmp_path / "no" / "x.parquet"), "select 1", code=1)


def test_crawler_is_told_what_cannot_be_guessed(server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "app.log").write_text("WARN [a] took 5 ms\nINFO [b] took 7 ms\n")
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "a.xml").write_text("<?xml version='1.0'?><order><id>7</id></order>\n")
    pattern = r"grok.pattern=%{LOGLEVEL:level} \[%{WORD:thread}\] took %{INT:took:int} ms"
    options = ["--option", pattern, "--option", "xml.row_tag=order"]
    run(server, "crawlers", "create", "told", "--target", tmp_path.as_uri(), "--database", "told", *options)
    crawl = json.loads(run(server, "crawlers", "run", "told", "--wait"))
    assert (crawl["state"], crawl["summary"]["problems"]) == ("SUCCEEDED", [])
    sql = "select sum(took) as took, (select sum(id) from told.orders) as id from told.app"
    assert json.loads(run(server, "sql", sql)) == {"took": 12, "id": 7}
    table = json.loads(run(server, "tables", "show", "told.orders"))
    assert table["parameters"]["readable_by"] == "sql, spark"


def test_events_are_followed_with_the_token_that_is_told_once(server: RunningServer, tmp_path: Path) -> None:
    def put(month: int) -> str:
        path = tmp_path / "lake" / "t" / f"k={month}" / "a.csv"
        path.parent.mkdir(parents=True)
        path.write_text("a,b\n1,2\n")
        return f"file://{path}"  # nothing in a location is encoded

    put(1)
    target = (tmp_path / "lake").as_uri()
    run(server, "crawlers", "create", "lake2", "--target", target, "--database", "lake2", "--option", "events=webhook")
    token = json.loads(run(server, "crawlers", "events", "token", "lake2"))["token"]
    run(server, "crawlers", "run", "lake2", "--wait")
    body = [{"location": put(2)}, {"folder": target}]
    headers = {"Authorization": f"Bearer {token}"}
    events = f"{server.http}/api/v1/crawlers/lake2/events"
    assert httpx.post(events, json=body, headers=headers, trust_env=False).json() == {"folders": 2}
    while json.loads(run(server, "crawlers", "events", "show", "lake2"))["waiting"]:
        time.sleep(0.05)
    assert json.loads(run(server, "sql", "select count(*) as n from lake2.t where k = 2")) == {"n": 1}
    run(server, "crawlers", "events", "drop-token", "lake2", "--yes")
    assert not json.loads(run(server, "crawlers", "events", "show", "lake2"))["has_token"]


def test_job_writes_a_table_that_is_there_at_once(server: RunningServer, flights: str, tmp_path: Path) -> None:
    pytest.importorskip("pysail")
    script = tmp_path / "late.py"
    script.write_text(
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        f"late = spark.sql('select carrier, max(delay) as delay from {flights} group by carrier')\n"
        "late.write.saveAsTable('raw.late')\n"
        "print('wrote it')\n"
    )
    run(server, "jobs", "create", "late", "--script", str(script))
    ended = json.loads(run(server, "jobs", "run", "late", "--wait"))
    assert ended["state"] == "SUCCEEDED"
    assert "wrote it" in run(server, "jobs", "logs", ended["id"], "-f")
    assert json.loads(run(server, "sql", "select carrier, delay from raw.late")) == {"carrier": "AA", "delay": 40}
    assert json.loads(run(server, "tables", "show", "raw.late"))["lineage"]["created"]["run"] == ended["id"]


def test_interrupt_cancels_the_run_on_the_server(server: RunningServer, tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text("import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    run(server, "jobs", "create", "slow", "--script", str(script))
    waiting = start(server, "jobs", "run", "slow", "--wait")
    with httpx.Client(base_url=f"{server.http}/api/v1", trust_env=False, timeout=60) as api:
        deadline = time.monotonic() + 120
        while not (found := api.get("/runs", params={"job": "slow"}).json()["items"]) or found[0]["state"] == "QUEUED":
            assert time.monotonic() < deadline
        while "begun" not in api.get(f"/runs/{found[0]['id']}/logs").json()["text"]:
            assert time.monotonic() < deadline
        waiting.send_signal(signal.SIGINT)
        _, err = waiting.communicate(timeout=60)
        assert waiting.returncode == 130, err
        assert found[0]["id"] in err
        ended = api.get(f"/runs/{found[0]['id']}", params={"wait_ms": 30_000}).json()
    assert ended["state"] == "CANCELLED"


def test_second_server_on_the_same_data_is_refused(server: RunningServer) -> None:
    second = start(
        server, "serve", "--data", str(server.data), "--http-port", "0", "--thrift-port", "0", "--grpc-port", "0"
    )
    _, err = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "uses" in err


def test_server_that_would_be_open_to_all_does_not_start(tmp_path: Path, server: RunningServer) -> None:
    refused = start(server, "serve", "--data", str(tmp_path), "--host", "0.0.0.0", "--http-port", "0")
    _, err = refused.communicate(timeout=60)
    assert refused.returncode == 2
    assert "authentication" in err


def test_server_ends_well_while_a_page_follows_events(tmp_path: Path) -> None:
    with running_server(tmp_path) as running:
        url = f"{running.http}/api/v1/events/stream"
        with httpx.stream("GET", url, trust_env=False, timeout=60) as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("retry")
            assert running.stop() == 0


def test_gate_stands_before_every_protocol_of_the_port(server: RunningServer) -> None:
    body = {"namespace": ["evil"]}
    with httpx.Client(base_url=server.iceberg, trust_env=False) as client:
        foreign = client.post("/v1/namespaces", json=body, headers={"Origin": "https://evil.example"})
        form = client.post("/v1/namespaces", content='{"namespace": ["evil"]}', headers={"Content-Type": "text/plain"})
        host = client.post("/v1/namespaces", json=body, headers={"Host": "evil.example"})
        assert [answer.status_code for answer in (foreign, form, host)] == [403, 415, 403]
        assert client.get("/v1/namespaces/evil").status_code == 404
        assert foreign.json()["error"]["code"] == 403


class Terminal:
    """A command that believes it runs at a terminal, and what it showed."""

    def __init__(self, server: RunningServer, home: Path, *arguments: str) -> None:
        self.screen, inside = pty.openpty()
        environment = {**os.environ, "CATALOG_SERVER__CLIENT__URL": server.http, "TERM": "dumb", "HOME": str(home)}
        environment.pop("XDG_STATE_HOME", None)
        command = [sys.executable, "-m", "catalog_server.cli", *arguments]
        self.process = subprocess.Popen(command, env=environment, stdin=inside, stdout=inside, stderr=inside)
        os.close(inside)
        self.shown = ""

    def until(self, words: str) -> str:
        """What is shown up to and including `words`."""
        deadline = time.monotonic() + 120
        while words not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.screen], [], [], 1)[0]:
                try:
                    self.shown += os.read(self.screen, 4096).decode()
                except OSError:  # the other side is closed
                    assert words in self.shown, self.shown
        before, _, self.shown = self.shown.partition(words)
        return before + words

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.screen, text.encode())


def test_shell_takes_statements_over_lines_and_keeps_them(server: RunningServer, flights: str, tmp_path: Path) -> None:
    shell = Terminal(server, tmp_path, "sql")
    shell.until("sql> ")
    shell.type(f"select sum(delay) as total\n  from {flights};\n")
    shell.until("  -> ")
    assert "60" in shell.until("1 row in")
    shell.until("sql> ")
    shell.type("select 1 from nowhere;\n")
    shell.until("error: line 1:")
    shell.until("sql> ")
    shell.type("use raw;\nselect count(*) as n from flights;\n")
    shell.until("1 row in")
    shell.until("sql> ")
    shell.type("\\q\n")
    assert shell.process.wait(60) == 0
    os.close(shell.screen)
    history = tmp_path / ".local" / "state" / "catalog-server" / "sql_history"
    assert "select sum(delay) as total" in history.read_text()


def test_terminal_gets_a_table_and_a_question_before_harm(server: RunningServer, flights: str, tmp_path: Path) -> None:
    listed = Terminal(server, tmp_path, "tables", "list", "raw")
    assert "EXTERNAL_TABLE" in listed.until("EXTERNAL_TABLE")
    assert listed.process.wait(60) == 0
    os.close(listed.screen)
    asked = Terminal(server, tmp_path, "tables", "drop", flights)
    asked.until("[y/N]")
    asked.type("n\n")
    asked.until("nothing was done")
    assert asked.process.wait(60) == 1
    os.close(asked.screen)
    run(server, "tables", "show", flights)
