"""`catalog sql`: one statement, or a shell with history when none is given."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog_server.cli.client import Catalog, Client, Server, connect, path
from catalog_server.cli.output import (
    Failure,
    Format,
    Output,
    Progress,
    Quiet,
    chosen,
    print_list,
    print_rows,
    say,
    unique,
)

SHELL_ROWS_MAX = 1000
PROMPT, CONTINUED = "sql> ", "  -> "
HELP = """Statements end with `;` and may span lines. `\\q` or Ctrl-D leaves, Ctrl-C drops what was typed or cancels what runs.
`use catalog.database` or `use database` changes where names are looked up."""


def run_sql(
    statement: Annotated[str | None, typer.Argument(help="A SELECT in Trino's SQL; `-` reads it from stdin.")] = None,
    database: Annotated[str | None, typer.Option(help="Where names without a database are looked up.")] = None,
    rows_max: Annotated[int | None, typer.Option(min=1, help="Keep at most so many rows.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write all rows, however many, to a Parquet file.")] = None,
    catalog: Catalog = None,
    quiet: Quiet = False,
    output: Output = None,
    server: Server = None,
) -> None:
    """Ask the catalog's tables in SQL; without a statement, open a shell.

    \b
    Examples:
      catalog sql "select count(*) from hive.sales.orders"
      catalog sql -o csv "select * from sales.orders" > orders.csv
      catalog sql --export orders.parquet "select * from sales.orders"
    """
    client = connect(server)
    session = Session(client, catalog, database, rows_max, quiet, output)
    if statement is None and sys.stdin.isatty():
        if export is not None:
            raise Failure("--export needs a statement", 2)
        shell(session)
        return
    if statement is None or statement == "-":
        statement = sys.stdin.read()
    parts = list(split(statement))
    if export is not None and len(parts) != 1:
        raise Failure(f"--export takes one statement, not {len(parts)}", 2)
    for part in parts:
        if export is not None:
            session.export(part, export)
        else:
            session.run(part)


class Session:
    """Where names are looked up, how much is kept and how it is printed, from one statement to the next."""

    def __init__(
        self,
        client: Client,
        catalog: str | None,
        database: str | None,
        rows_max: int | None,
        quiet: bool,
        output: Format | None,
    ) -> None:
        self.client, self.catalog, self.database = client, catalog, database
        self.rows_max, self.quiet, self.form = rows_max, quiet, chosen(output)

    def run(self, statement: str) -> None:
        """Run one statement and print its answer. Raises `Failure` with the server's words."""
        if self._use(statement):
            return
        query, where = self._finished(statement, rows_max=self.rows_max)
        columns = [column["name"] for column in query["columns"] or []]
        self._print(columns, self._rows(where))
        if query["truncated"]:
            say(f"only the first {query['row_count']} rows were kept; --rows-max takes more")
        if self.form is Format.TABLE and not self.quiet:
            count = query["row_count"]
            say(f"{count} row{'' if count == 1 else 's'} in {query['statistics']['elapsed_ms'] / 1000:.2f} s")

    def export(self, statement: str, file: Path) -> None:
        """Run one statement and write its answer to a Parquet file. Raises `Failure` with the server's words."""
        query, where = self._finished(statement, export=True)
        size = self.client.download(where + "/rows.parquet", file)
        self.client.delete(where, forget=True)
        if not self.quiet:
            say(f"wrote {query['row_count']} rows, {size} bytes, to {file}")

    def _finished(self, statement: str, **more: Any) -> tuple[dict[str, Any], str]:
        body = {"sql": statement, "catalog": self.catalog, "database": self.database, **more}
        query = self.client.post("/queries", body)
        where = path("queries", query["id"])
        with Progress("query", self.quiet) as told:
            query = self.client.wait(where, query, told)
        _raise_failed(query)
        return query, where

    def _rows(self, where: str) -> Iterator[list[Any]]:
        token: str | None = None
        while True:
            page = self.client.get(where + "/rows", page_token=token, page_size=10000)
            yield from page["rows"]
            token = page["next_page_token"]
            if token is None:
                return

    def _print(self, columns: list[str], rows: Iterator[list[Any]]) -> None:
        if self.form is Format.JSONL:
            names = unique(columns)
            print_list((dict(zip(names, row, strict=True)) for row in rows), names, self.form)
        else:
            print_rows(list(rows), columns, self.form)

    def _use(self, statement: str) -> bool:
        words = statement.split()
        if len(words) != 2 or words[0].lower() != "use":
            return False
        first, dot, second = words[1].partition(".")
        if dot:
            self.catalog, self.database = first, second
        else:
            self.database = first
        return True


def _raise_failed(query: dict[str, Any]) -> None:
    if query["state"] == "FINISHED":
        return
    error = query["error"] or {"type": query["state"], "message": f"query {query['id']} {query['state'].lower()}"}
    where = f"line {error['line']}:{error['column']}: " if "line" in error else ""
    codes = {"TimedOut": 6, "NotFound": 3, "Denied": 5}
    raise Failure(where + error["message"], codes.get(error["type"], 1))


def split(text: str) -> list[str]:
    """The statements of a text, without their `;`; one inside quotes or a comment ends nothing."""
    found, current, at = [], 0, 0
    while at < len(text):
        skipped = _skip(text, at)
        if skipped > at:
            at = skipped
            continue
        if text[at] == ";":
            found.append(text[current:at])
            current = at + 1
        at += 1
    found.append(text[current:])
    return [statement.strip() for statement in found if statement.strip()]


def complete(text: str) -> bool:
    """Whether what was typed ends with a `;` that ends a statement."""
    at, ended = 0, False
    while at < len(text):
        skipped = _skip(text, at)
        if skipped > at:
            ended = ended and text[at : at + 2] in ("--", "/*")
            at = skipped
            continue
        ended = text[at] == ";" or (ended and text[at].isspace())
        at += 1
    return ended


def _skip(text: str, at: int) -> int:
    """Where a quoted text or comment that begins at `at` ends; `at` itself when none begins there."""
    for mark, close in (("'", "'"), ('"', '"'), ("--", "\n"), ("/*", "*/")):
        if text.startswith(mark, at):
            end = text.find(close, at + len(mark))
            return len(text) if end < 0 else end + len(close)
    return at


def shell(session: Session) -> None:
    """Read statements until the end; errors are printed and the shell goes on."""
    if session.rows_max is None:
        session.rows_max = SHELL_ROWS_MAX
    say(f"Connected to {session.client.url}. {HELP}")
    session.client.get("/info")
    with _history():
        while True:
            try:
                text = _read()
            except EOFError:
                return
            if text.strip() in ("\\q", "exit", "quit", "exit;", "quit;"):
                return
            for statement in split(text):
                try:
                    session.run(statement)
                except Failure as failure:
                    say(f"error: {failure.message}")
                    break
                except KeyboardInterrupt:
                    say("interrupted")
                    break


def _read() -> str:
    lines: list[str] = []
    while True:
        try:
            lines.append(input(CONTINUED if lines else PROMPT))
        except KeyboardInterrupt:
            print()
            lines.clear()
            continue
        text = "\n".join(lines)
        if not text.strip():
            lines.clear()
        elif complete(text) or text.strip() in ("\\q", "exit", "quit"):
            return text


@contextmanager
def _history() -> Iterator[None]:
    try:
        import readline
    except ImportError:  # a Python without readline: the shell works, without history
        yield
        return
    kept = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "catalog-server" / "sql_history"
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        if kept.exists():
            readline.read_history_file(kept)
        readline.set_history_length(5000)
    except OSError as error:
        say(f"history is not kept: {error}")
    try:
        yield
    finally:
        try:
            readline.write_history_file(kept)
            kept.chmod(0o600)
        except OSError:
            pass  # already said when it could not be read
