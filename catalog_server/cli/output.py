"""What commands print: tables for people at a terminal, JSON or CSV for programs, errors and progress on stderr."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

Row = Mapping[str, Any]
WHOLE_WIDTH = 19
"""Characters of a cell that are never broken over lines at a terminal: a time, a kind, most names."""
LINE_SECONDS = 10.0
"""Between two lines about long work, where there is no terminal."""


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


Output = Annotated[
    Format | None,
    typer.Option("--output", "-o", help="How to print: a table on a terminal, JSON lines elsewhere, unless said here."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return once it is queued; else wait, and Ctrl-C cancels it.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before destroying something.")]


class Failure(Exception):
    """A command that ends without success: the words for people and the exit code for programs."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.message, self.code = message, code


def say(message: str) -> None:
    """A line for people, on stderr, so that stdout holds results alone."""
    print(clean(message), file=sys.stderr, flush=True)


def clean(text: str) -> str:
    """Text from elsewhere without characters that command a terminal; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def chosen(output: Format | None) -> Format:
    """The format asked for, or the one that fits where stdout goes."""
    return output or (Format.TABLE if sys.stdout.isatty() else Format.JSONL)


def print_list(items: Iterable[Row], columns: Sequence[str], output: Format | None) -> None:
    """Print items; a table and CSV show `columns`, JSON everything."""
    form = chosen(output)
    if form is Format.JSONL:
        for item in items:
            print(json.dumps(item, ensure_ascii=False))
    elif form is Format.JSON:
        print(json.dumps(list(items), ensure_ascii=False, indent=2))
    else:
        print_rows([[item.get(column) for column in columns] for item in items], columns, form)


def print_rows(rows: Sequence[Sequence[Any]], columns: Sequence[str], form: Format) -> None:
    """Print rows of values below the names of their columns."""
    if form is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if value is None else _plain(value) for value in row] for row in rows])
    elif form is Format.TABLE:
        _print_table([[_shown(column, v) for column, v in zip(columns, row, strict=True)] for row in rows], columns)
    else:
        names = unique(columns)
        print_list([dict(zip(names, row, strict=True)) for row in rows], names, form)


def unique(names: Sequence[str]) -> list[str]:
    """Names for an object's fields: the second of a name becomes `name_2`, and so on."""
    found: list[str] = []
    for name in names:
        number, free = 1, name
        while free in found:
            number += 1
            free = f"{name}_{number}"
        found.append(free)
    return found


def print_one(item: Row, output: Format | None) -> None:
    """Print one thing: JSON, or its fields below each other."""
    form = chosen(output)
    if form is Format.TABLE:
        width = max((len(name) for name in item), default=0)
        for name, value in item.items():
            text = _shown(name, value)
            print(f"{name:<{width}}  " + text.replace("\n", "\n" + " " * (width + 2)))
    elif form is Format.CSV:
        print_rows([list(item.values())], list(item), form)
    else:
        print(json.dumps(item, ensure_ascii=False, indent=2 if form is Format.JSON else None))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shown(column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and (column == "at" or column.endswith("_at")):
        return moment(value)
    return clean(_plain(value))


def moment(milliseconds: int | None) -> str:
    """A time as people write it, in UTC."""
    if not milliseconds:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """A span of time as people say it, in its two largest units."""
    if seconds < 10:
        return f"{seconds:.0f} s" if seconds >= 1 or not seconds else f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, smaller, small in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {small}" if rest else "")
    return f"{whole} s"


def _print_table(rows: list[list[str]], columns: Sequence[str]) -> None:
    if sys.stdout.isatty():
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for place, column in enumerate(columns):
            widest = max((len(row[place]) for row in rows), default=0)
            table.add_column(Text(column), overflow="fold", no_wrap=False, min_width=min(widest, WHOLE_WIDTH))
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        Console().print(table)
        return
    lines = [[cell.replace("\n", "\\n") for cell in row] for row in [list(columns), *rows]]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def confirm(question: str, yes: bool) -> None:
    """Ask before something is destroyed; without a terminal only `--yes` will do. Raises `Failure`."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(f"{question} Say --yes to do it: there is no terminal to ask at.", 2)
    if not typer.confirm(question, err=True):
        raise Failure("nothing was done")


class Progress:
    """Tells about long work: a bar that moves on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, label: str, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.label, self.quiet, self.clock = label, quiet, clock
        self.started = self.told = clock()
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self) -> Progress:
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            parts = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
            self.bar = Bar(*parts, console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task(self.label, total=None)
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def update(self, text: str, done: float | None = None, total: float | None = None) -> None:
        """Say how far the work is; `done` of `total`, where both are known."""
        shown = clean(f"{self.label}: {text}")
        if self.bar is not None:
            self.bar.update(self.task, description=shown, completed=done or 0, total=total)
        elif not self.quiet and self.clock() - self.told >= LINE_SECONDS:
            self.told = self.clock()
            say(f"{shown} ({self.told - self.started:.0f} s)")
