"""What a layout of the corpus is: files by their paths, the tables that a crawl must make of them, and what it must tell."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc as pyarrow_orc

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Expected:
    """One table: `columns` and `keys` as `name type` lines of the crawler's own types, in the case that files have."""

    columns: str
    keys: str = ""
    partitions: int = 0
    rows: int = 0
    """Rows that engines must find."""
    sums: Mapping[str, float] = field(default_factory=dict)
    """Sums of numeric columns over these rows."""
    format: str = "csv"
    kind: str = ""
    """The row of the matrix format x engine that the table belongs to, where it is not its format's."""

    def selected(self, quote: str) -> str:
        """What to select: the number of rows and the sums, names in an engine's quotes."""
        named = (column if "(" in column else f"{quote}{column}{quote}" for column in self.sums)
        return "count(*)" + "".join(f", sum(CAST({column} AS double))" for column in named)


@dataclass(frozen=True, slots=True)
class Layout:
    """Files as somebody might have left them; `problems` and `decisions` are parts of what must be told of places.

    Every problem must be expected, by the last part of its place; decisions may be more than those named.
    """

    name: str
    files: Files | Callable[[], Files]
    tables: Mapping[str, Expected] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    decisions: Sequence[str] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    def made(self) -> Files:
        """The files; made anew each time, since some are large."""
        return self.files() if callable(self.files) else self.files


def table(
    columns: str, rows: int, *, keys: str = "", partitions: int = 0, format: str = "csv", kind: str = "", **sums: float
) -> Expected:
    """What is expected of a table; `sums` by lower-case names of columns, or by expressions such as `year(at)`."""
    return Expected(columns, keys, partitions, rows, sums, format, kind)


def parquet(**columns: Any) -> bytes:
    """A Parquet file of these columns."""
    return parquet_of(pa.table(columns))


def parquet_of(held: pa.Table, **options: Any) -> bytes:
    """A Parquet file of an Arrow table."""
    sink = io.BytesIO()
    pq.write_table(held, sink, **options)
    return sink.getvalue()


def orc(**columns: Any) -> bytes:
    """An ORC file of these columns."""
    sink = io.BytesIO()
    pyarrow_orc.write_table(pa.table(columns), sink)
    return sink.getvalue()


def lines(*rows: Mapping[str, Any]) -> bytes:
    """JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def text(*rows: str, end: str = "\n", encoding: str = "utf-8") -> bytes:
    """Lines of text."""
    return "".join(row + end for row in rows).encode(encoding)
