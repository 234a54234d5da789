"""Nouns and verbs of the command line against a running server."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def table(run: Run, name: str) -> None:
    assert run("databases", "create", name).code == 0
    columns = ("--column", "id:bigint", "--column", "delay:double", "--partition-key", "year:int")
    assert run("tables", "create", f"{name}.flights", *columns, "--comment", "departures").code == 0


def test_database_lives_and_dies(run: Run) -> None:
    made = run("databases", "create", "sales", "--comment", "what was sold", "--parameter", "team=shop")
    assert made.one["parameters"] == {"team": "shop"}
    assert run("databases", "show", "SALES").one["comment"] == "what was sold"
    assert "sales" in [database["name"] for database in run("databases", "list").lines]
    assert run("databases", "drop", "sales", "--yes").code == 0
    assert run("databases", "show", "sales").code == 3


def test_table_is_shown_for_people(run: Run) -> None:
    table(run, "people")
    shown = run("tables", "show", "people.flights", "-o", "table").out
    assert "departures" in shown
    assert "via cli" in shown
    assert ["year", "int", "partition"] in [line.split() for line in shown.splitlines()]
    assert run("tables", "show", "people.flights").one["lineage"]["created"]["via"] == "cli"


def test_partitions_are_added_listed_and_dropped(run: Run) -> None:
    table(run, "parts")
    for year in (2012, 2013, 2014):
        assert run("partitions", "create", "parts.flights", f"year={year}").code == 0
    listed = run("partitions", "list", "parts.flights", "--filter", "year > 2012").lines
    assert [partition["name"] for partition in listed] == ["year=2013", "year=2014"]
    assert run("partitions", "show", "parts.flights", "year=2013").one["values"] == ["2013"]
    assert run("partitions", "drop", "parts.flights", "year=2013", "-y").code == 0
    assert run("partitions", "show", "parts.flights", "year=2013").code == 3
    assert run("partitions", "create", "parts.flights", "month=1").code == 2


def test_versions_and_rollback(run: Run) -> None:
    table(run, "history")
    run("tables", "versions", "history.flights")
    assert [one["version"] for one in run("tables", "versions", "history.flights").lines] == [1]
    assert run("tables", "rollback", "history.flights", "1", "--yes").one["version"] == 2
    assert run("tables", "rollback", "history.flights", "9", "--yes").code == 3


def test_views_and_functions(run: Run) -> None:
    run("databases", "create", "logic")
    assert run("views", "create", "logic.v", "select 1 as x", "--column", "x:int").code == 0
    assert run("views", "show", "logic.v").one["view_original"] == "select 1 as x"
    assert [view["name"] for view in run("views", "list", "logic").lines] == ["v"]
    assert run("views", "drop", "logic.v", "--yes").code == 0
    made = run("functions", "create", "logic.f", "--class", "org.example.F", "--resource", "jar=s3://lake/f.jar")
    assert made.one["resources"] == [{"kind": "JAR", "uri": "s3://lake/f.jar"}]
    assert [function["name"] for function in run("functions", "list", "logic").lines] == ["f"]
    assert run("functions", "drop", "logic.f", "--yes").code == 0


def test_connection_hides_its_password(run: Run) -> None:
    made = run("connections", "create", "shop", "--url", "postgresql://ann:hunter2@127.0.0.1:1/shop")
    assert made.code == 0
    assert made.one["secret_names"] == ["password"]
    everything = made.out + run("connections", "list").out + run("connections", "show", "shop").out
    assert "hunter2" not in everything
    tested = run("connections", "test", "shop")
    assert tested.code == 1
    assert tested.one["ok"] is False
    assert run("connections", "drop", "shop", "--yes").code == 0


def test_storage_profile_from_flags(run: Run) -> None:
    flags = ("--kind", "s3", "--prefix", "s3://lake/", "--endpoint", "http://127.0.0.1:8333", "--path-style")
    secrets = ("--access-key-id", "env:KEY", "--secret-access-key", "file:/run/secret")
    made = run("connections", "create", "lake", *flags, *secrets).one
    assert made["options"] == {"endpoint": "http://127.0.0.1:8333", "path_style": "true"}
    assert made["secret_names"] == ["access_key_id", "secret_access_key"]


def test_password_is_not_asked_for_without_a_terminal(run: Run) -> None:
    answer = run("connections", "create", "x", "--url", "postgresql://ann@127.0.0.1/x", "--ask-password")
    assert answer.code == 2
    assert "--ask-password" in answer.err


def test_job_is_kept_with_its_script(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "delays.py"
    script.write_text("print('ä')\n", encoding="utf-8")
    made = run(
        "jobs",
        "create",
        "delays",
        "--script",
        str(script),
        "--output",
        "reports.delays=s3://lake/d/",
        "--arg",
        "year=2013",
    )
    assert made.one["outputs"] == ["reports.delays=s3://lake/d/"]
    assert made.one["arguments"] == {"year": "2013"}
    assert run("jobs", "show", "delays").one["script"] == "print('ä')\n"
    assert run("jobs", "create", "delays", "--script", str(script)).code == 4
    assert run("jobs", "create", "other", "--script", str(tmp_path / "none.py")).code == 2
    started = run("jobs", "run", "delays", "--arg", "year=2014").one
    assert (started["state"], started["arguments"]) == ("QUEUED", {"year": "2014"})
    assert run("jobs", "cancel", started["id"]).one["state"] == "CANCELLED"
    assert [one["id"] for one in run("jobs", "runs", "delays").lines] == [started["id"]]
    ended = run("jobs", "run", "nothing", "--wait")
    assert ended.code == 3


def test_search_and_events(run: Run) -> None:
    table(run, "lookup")
    hits = run("search", "lookup", "flights").lines
    assert [(hit["kind"], hit["name"]) for hit in hits] == [("table", "flights")]
    assert run("events", "--limit", "1").one["kind"] == "create_table"


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "table"])
def test_every_form_tells_the_same(run: Run, form: str) -> None:
    run("databases", "create", "forms", "--comment", 'a "quoted", word')
    out = run("databases", "list", "--filter", "forms", "-o", form).out
    if form == "json":
        assert [one["comment"] for one in json.loads(out)] == ['a "quoted", word']
    elif form == "jsonl":
        assert json.loads(out)["comment"] == 'a "quoted", word'
    elif form == "csv":
        assert [row["comment"] for row in csv.DictReader(out.splitlines())] == ['a "quoted", word']
    else:
        assert 'a "quoted", word' in out


def test_text_of_others_commands_no_terminal(run: Run) -> None:
    run("databases", "create", "esc", "--comment", "\x1b]0;owned\x07red")
    out = run("databases", "list", "--filter", "esc", "-o", "table").out
    assert "\x1b" not in out
    assert "\\x1b]0;owned" in out


def test_catalog_lives_and_dies(run: Run) -> None:
    assert run("catalogs", "create", "archive", "--comment", "old things").one["comment"] == "old things"
    assert run("databases", "create", "old", "--catalog", "archive").one["catalog"] == "archive"
    assert run("catalogs", "drop", "archive", "--yes").code == 4
    assert run("databases", "drop", "old", "--catalog", "archive", "--yes").code == 0
    assert run("catalogs", "drop", "archive", "--yes").code == 0
    assert [one["name"] for one in run("catalogs", "list").lines] == ["hive"]


def test_doctor_says_what_it_looked_at(run: Run, tmp_path: Path) -> None:
    run("connections", "create", "down", "--url", "postgresql://ann@127.0.0.1:1/x")
    found = run("doctor", "--data", str(tmp_path / "data"))
    by_check = {one["check"]: one for one in found.lines}
    assert by_check["data"]["state"] == by_check["store"]["state"] == by_check["server"]["state"] == "ok"
    assert by_check["connection down"]["state"] == "problem"
    assert found.code == 1
    assert run("connections", "drop", "down", "--yes").code == 0


def test_statements_come_from_standard_input(run: Run) -> None:
    answer = run("sql", stdin="select 1 as a; -- one\nselect 'x;y' as b, null as c;")
    assert answer.lines == [{"a": 1}, {"b": "x;y", "c": None}]
    failed = run("sql", "-", stdin="select 1 as a; selec 2; select 3 as c")
    assert failed.code == 1
    assert failed.lines == [{"a": 1}]


def test_rows_with_columns_of_one_name_are_all_printed(run: Run) -> None:
    assert run("sql", "-o", "csv", "select 1 as a, 2 as a").out.splitlines() == ["a,a", "1,2"]
    assert run("sql", "select 1 as a, 2 as a").one == {"a": 1, "a_2": 2}


def test_folder_of_this_machine_is_named_in_full(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = run("crawlers", "create", "here", "--target", "./raw/", "--target", "connection:shop/%", "--database", "raw")
    assert made.one["targets"] == [f"{tmp_path.as_uri()}/raw/", "connection:shop/%"]
