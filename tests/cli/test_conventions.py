"""What every command keeps to: exit codes, help, questions, and where output goes."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import typer

from catalog_server.cli import app
from catalog_server.cli.output import Failure, Progress
from catalog_server.cli.sql import complete, split
from catalog_server.testing.reference import main as reference
from tests.cli.conftest import Run


def commands(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found = [(path, command)]
    for name, inner in getattr(command, "commands", {}).items():
        found += commands(inner, (*path, name))
    return found


ALL = commands(typer.main.get_command(app))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) or "catalog" for path, _ in ALL])
def test_help_shows_an_example(run: Run, path: tuple[str, ...], command: Any) -> None:
    shown = run(*path, "--help")
    assert shown.code == 0
    assert "Example" in shown.out
    assert "catalog " + " ".join(path[:2]) in shown.out.replace("Usage:", "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("databases", "show", "nothing"), 3),
        (("databases", "create", "default"), 4),
        (("databases", "create", ""), 2),
        (("databases", "creat", "x"), 2),
        (("tables", "show", "nodot"), 2),
        (("tables", "create", "a.b", "--column", "x"), 2),
        (("tables", "list", "nothing"), 3),
        (("databases", "list", "-o", "yaml"), 2),
        (("jobs", "runs", "nothing"), 3),
        (("engines", "remove", "flink", "--yes"), 2),
    ],
)
def test_exit_codes(run: Run, arguments: tuple[str, ...], code: int) -> None:
    answer = run(*arguments)
    assert answer.code == code
    assert answer.err
    assert not answer.out


def test_nothing_is_destroyed_unasked(run: Run) -> None:
    run("databases", "create", "precious")
    answer = run("databases", "drop", "precious", stdin="y\n")
    assert answer.code == 2
    assert "--yes" in answer.err
    assert run("databases", "show", "precious").code == 0


def test_server_that_does_not_answer_is_told_with_the_way_to_start_one(run: Run) -> None:
    answer = run("--server", "http://127.0.0.1:1", "databases", "list")
    assert answer.code == 1
    assert "catalog serve" in answer.err
    assert run("databases", "list", "--server", "127.0.0.1:1").code == 1


def test_server_that_is_something_else_is_told(run: Run) -> None:
    answer = run("databases", "list", "--server", "not a url")
    assert answer.code == 1
    assert "Traceback" not in answer.err


def test_other_version_is_warned_about_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_server.cli.client.__version__", "0.0.1")
    answer = run("databases", "list")
    assert answer.code == 0
    assert answer.err.count("warning: the server is version") == 1


def test_help_does_not_load_what_it_does_not_need() -> None:
    code = (
        "import sys; sys.argv = ['catalog', '--help']\n"
        "import catalog_server.cli\n"
        "try: catalog_server.cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'httpx', 'rich', 'sqlalchemy', 'pyarrow', 'duckdb', 'sqlglot', 'starlette', 'uvicorn', 'obstore'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_reader_that_leaves_early_is_no_error(run: Run) -> None:
    command = f"{sys.executable} -m catalog_server.cli --help | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_reference_pages_are_current() -> None:
    assert reference(["--check"]) == 0


def test_statements_are_split_at_their_ends_only() -> None:
    assert split("select ';' ; select 2 -- ;\n; /* ; */ ;") == ["select ';'", "select 2 -- ;", "/* ; */"]
    assert split('select "a;b"') == ['select "a;b"']
    assert split("  ;; ") == []


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("select 1;", True),
        ("select 1; ", True),
        ("select 1", False),
        ("select ';", False),
        ("select 1; -- done", True),
        ("select 1 -- ;", False),
        ("select 1; select 2", False),
    ],
)
def test_shell_knows_when_a_statement_has_ended(text: str, ended: bool) -> None:
    assert complete(text) is ended


def test_progress_without_a_terminal_is_a_line_each_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 5.0, 11.0, 11.0, 12.0, 22.0, 22.0])
    with Progress("crawl lake", quiet=False, clock=lambda: next(times)) as told:
        for words in ("a", "b", "c", "d"):
            told.update(words)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["crawl lake: b (11 s)", "crawl lake: d (22 s)"]


def test_failure_keeps_its_code() -> None:
    assert Failure("words", 4).code == 4
