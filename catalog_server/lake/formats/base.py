"""What every format has in common: a bounded look at one file, and the answer or the reason why there is none."""

from __future__ import annotations

import bz2
import io
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from catalog_server.lake.arrow import from_arrow
from catalog_server.lake.files import FileInfo, FileReader
from catalog_server.lake.formats.measures import Measure, joined
from catalog_server.lake.formats.packing import DAMAGED, packing_of, unpacked
from catalog_server.lake.locations import base_name
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Column

HEAD_BYTES = 1024 * 1024
"""Bytes read of a file's beginning; text is told from no more."""
TEXT_BYTES_MAX = 4 * 1024 * 1024
"""Bytes kept of what a compressed beginning unpacks to."""

_MEMBERS_MAX = 1_000
"""Packed parts one after another that are looked into."""


UNREADABLE = "cannot be read: "
"""How a problem begins that is the store's and not the file's."""


class FileProblem(Exception):
    """Why one file cannot be catalogued; the text is for people and names what was found in the file."""


@dataclass(frozen=True, slots=True)
class FileSchema:
    """What one file holds. Names of columns are as in the file; `options` say how it must be read.

    Types are of the catalog's language, where `timestamp with local time zone` is an instant and `timestamp` a wall
    clock's time. `options` of CSV: header, delimiter, quote, escape, multiLine, nullValue (Spark's names); `quoted` tells
    whether quotes were seen, `timestamps` the patterns of its times. All formats: compression.
    """

    format: str
    columns: tuple[Column, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None
    """Number of rows, where the file itself tells it."""
    notes: tuple[str, ...] = ()
    measures: Mapping[str, Measure] = field(default_factory=dict)
    """Ranges and nulls of columns by their keys, where the file's footer tells them."""
    certainty: float = 1.0
    """The share of the lines looked at that are as the format says."""


def statistics_of(columns: Iterable[Column], files: Sequence[FileSchema], at: int) -> list[ColumnStatistics]:
    """Statistics of the columns that the footers of all files tell of, see `measures.joined`."""
    said = [(one.rows or 0, one.measures, frozenset(column.key for column in one.columns)) for one in files]
    return joined(columns, said, at)


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of a file, unpacked: `complete` if it is all of it."""

    head: bytes
    """The file's own first bytes."""
    body: bytes
    compression: str | None
    complete: bool


def take_sample(files: FileReader, info: FileInfo, limit: int = HEAD_BYTES) -> Sample:
    """Read a file's beginning and unpack it; raises `FileProblem` for a packed file that is damaged or cut off."""
    head = files.read(info.location, 0, limit)
    compression = packing_of(head, base_name(info.location).lower())
    whole = len(head) >= info.size
    if compression is None:
        return Sample(head, head, None, whole)
    if compression == "zip":
        body, ended = _unpack_zip(files, info)
        return Sample(head, body, compression, ended)
    body, ended = _unpack(head, compression)
    if whole and not ended and len(body) < TEXT_BYTES_MAX:
        raise FileProblem(f"the {compression} data ends too early: the file is truncated")
    return Sample(head, body, compression, whole and ended)


def _unpack(head: bytes, compression: str) -> tuple[bytes, bool]:
    """The unpacked beginning, and whether the packed data ended with it."""
    if compression not in ("gzip", "bzip2"):
        return _unpack_stream(head, compression)
    body, rest, members = b"", head, 0
    try:
        while rest and len(body) < TEXT_BYTES_MAX:
            members += 1
            if members > _MEMBERS_MAX:
                return body, False
            unpacker = zlib.decompressobj(31) if compression == "gzip" else bz2.BZ2Decompressor()
            body += unpacker.decompress(rest, TEXT_BYTES_MAX - len(body))
            if not unpacker.eof:
                return body, False
            rest = unpacker.unused_data.lstrip(b"\x00")
    except DAMAGED as error:
        if not body:
            raise FileProblem(f"damaged {compression} data: {error}") from error
        return body, False
    return body, not rest


def _unpack_stream(head: bytes, compression: str) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    try:
        return _taken(unpacked(io.BytesIO(head), compression), parts)
    except DAMAGED as error:
        if not parts:
            raise FileProblem(f"damaged {compression} data: {error}") from error
    return b"".join(parts), False


def _taken(stream: IO[bytes], parts: list[bytes]) -> tuple[bytes, bool]:
    """What a stream holds up to `TEXT_BYTES_MAX`, and whether that is all; `parts` are what came before an error."""
    size = 0
    while size < TEXT_BYTES_MAX:
        part = stream.read(65536)
        if not part:
            return b"".join(parts), True
        parts.append(part)
        size += len(part)
    return b"".join(parts), False


def _unpack_zip(files: FileReader, info: FileInfo) -> tuple[bytes, bool]:
    try:
        with files.open_input(info.location) as file:
            return _taken(unpacked(file, "zip"), [])
    except ValueError as error:
        raise FileProblem(str(error)) from error
    except DAMAGED as error:
        raise FileProblem(f"damaged zip data: {first_line(error)}") from error


def columns_of(schema: Any) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The columns of an Arrow schema, and notes of those that Hive has nothing like; raises `FileProblem` if none is left."""
    columns, notes = [], []
    try:
        fields = [(item.name, item) for item in schema]
    except UnicodeDecodeError as error:
        raise FileProblem("a column's name is no UTF-8 text") from error
    for name, item in fields:
        kind = from_arrow(item.type)
        if kind is None:
            notes.append(f"column {name} of type {item.type} has no counterpart in Hive and is left out")
        else:
            comment = (item.metadata or {}).get(b"comment", b"").decode("utf-8", "replace") or None
            columns.append(Column(name, str(kind), comment))
    if not columns:
        raise FileProblem("no column that any engine could read")
    return tuple(columns), tuple(notes)


def first_line(error: Exception) -> str:
    """The beginning of what a library says of a damaged file."""
    return str(error).strip().split("\n")[0][:300] or type(error).__name__


def decode(body: bytes) -> tuple[str, str]:
    """The text of a sample and its encoding; raises `FileProblem` for what is no text that engines can read."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = body[: len(body) // 2 * 2].decode("utf-16", "replace")
        if "\x00" in text:
            raise FileProblem("binary content: neither Parquet nor text")
        return text.rstrip("\ufffd"), "UTF-16"
    if b"\x00" in body[:65536]:
        raise FileProblem("binary content: neither Parquet nor text")
    try:
        return body.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError as error:
        if error.start >= len(body) - 4:
            return body[: error.start].decode("utf-8-sig"), "UTF-8"
    printable = sum(byte >= 32 or byte in (9, 10, 13) for byte in body[:65536])
    if printable < 0.98 * len(body[:65536]):
        raise FileProblem("binary content: neither Parquet nor text")
    return body.decode("iso-8859-1"), "ISO-8859-1"


def whole_lines(text: str, complete: bool) -> str:
    """The text up to its last complete line, if the file goes on after it."""
    if complete:
        return text
    end = text.rfind("\n")
    return text if end < 0 else text[: end + 1]
