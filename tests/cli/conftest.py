"""The commands, run in this process against a real server of the web facade."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from catalog_server.cli import main
from catalog_server.config import Config
from tests.facades.web.serving import Served, serve


@dataclass(frozen=True)
class Result:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """What was printed as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def one(self) -> Any:
        """The one thing that was printed."""
        (found,) = self.lines
        return found


Run = Callable[..., Result]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for the commands of a module of tests."""
    with serve(Config(data=tmp_path_factory.mktemp("cli"))) as running:
        yield running


@pytest.fixture
def run(served: Served, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command: `run("databases", "list")`; what `stdin` holds comes from no terminal."""
    monkeypatch.setenv("CATALOG_SERVER__CLIENT__URL", served.url)

    def command(*arguments: str, stdin: str = "") -> Result:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["catalog", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code: Any = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = ended.code
        return Result(int(code or 0), out.getvalue(), err.getvalue())

    return command
