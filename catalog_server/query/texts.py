"""Inside a worker: rows of text files that DuckDB does not read itself, unpacked and decoded as they are read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, cast

from catalog_server.lake.files import FileSystem
from catalog_server.lake.formats.grok import compiled_by_re2
from catalog_server.lake.formats.json import at_path, documents, parse_path
from catalog_server.lake.formats.packing import DAMAGED, packing_of, unpacked
from catalog_server.lake.locations import base_name
from catalog_server.model.errors import Unsupported
from catalog_server.model.types import parse_type
from catalog_server.query.rows import Rows, open_files

LINE_CHARACTERS_MAX = 16 * 1024 * 1024
"""A longer line is refused, so that one file cannot fill the memory."""
_AHEAD_BYTES = 1024 * 1024
"""Read at once, since each reading of a distant file is a request."""
_BATCH_ROWS = 10_000
_BATCH_CHARACTERS = 8 * 1024 * 1024

Row = Sequence[str | None]


def read(files: Sequence[str], options: Mapping[str, Any], columns: Sequence[str]) -> Rows:
    """The rows of all files: text columns of these names and `file_index`, the number of a row's file.

    `options` are those of the format's reader, with `storage` and `rows`, which names the kind of file: `csv`; `lines`, which has
    the one column of its lines; `documents`, whose objects are the one column, as are those of `xml` and `ion`; `excel`; or
    `matches`, the groups of a pattern. Raises `Unsupported`, also while the rows are taken.
    """
    import pyarrow as pa

    schema = pa.schema([*((name, pa.string()) for name in columns), ("file_index", pa.int64())])
    source = open_files(options["storage"])
    return Rows(schema, _batches(source, files, options, schema))


def _batches(source: FileSystem, files: Sequence[str], options: Mapping[str, Any], schema: Any) -> Iterator[Any]:
    import pyarrow as pa

    width = len(schema) - 1
    for index, location in enumerate(files):
        for rows in _chunks(_rows(source, location, options)):
            held = [pa.array([row[n] if n < len(row) else None for row in rows], pa.string()) for n in range(width)]
            yield pa.RecordBatch.from_arrays([*held, pa.array([index] * len(rows), pa.int64())], schema=schema)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += sum(len(value) for value in row if value)
        if len(chunk) >= _BATCH_ROWS or size >= _BATCH_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _rows(source: FileSystem, location: str, options: Mapping[str, Any]) -> Iterator[Row]:
    try:
        with source.open_input(location) as file:
            ahead = io.BufferedReader(cast("io.RawIOBase", file), _AHEAD_BYTES)
            packing = packing_of(ahead.read(16), base_name(location).lower())
            ahead.seek(0)
            stream = unpacked(ahead, packing if options["rows"] != "excel" else None)
            yield from _KINDS[options["rows"]](stream, options)
    except (*DAMAGED, csv.Error) as error:
        raise Unsupported(f"{base_name(location)} cannot be read: {str(error)[:300]}") from error


def text_lines(stream: IO[bytes], options: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a stream with their ends, a mark of the encoding left out; raises `ValueError` for an endless one."""
    encoding = options.get("encoding") or "utf-8"
    encoding = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    lines = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
    while line := lines.readline(LINE_CHARACTERS_MAX):
        if len(line) == LINE_CHARACTERS_MAX:
            raise ValueError(f"a line is longer than {LINE_CHARACTERS_MAX} characters")
        yield line


def _csv(stream: IO[bytes], options: Mapping[str, Any]) -> Iterator[Row]:
    quote, escape = options.get("quote") or "", options.get("escape") or ""
    said: dict[str, Any] = {"delimiter": options["delimiter"], "strict": False}
    if quote:
        said["quotechar"] = quote
        if escape not in ("", quote):
            said |= {"escapechar": escape, "doublequote": False}
    else:
        said |= {"quoting": csv.QUOTE_NONE, "escapechar": escape or None}
    csv.field_size_limit(LINE_CHARACTERS_MAX)
    yield from _skipped(csv.reader(text_lines(stream, options), **said), options)


def _skipped(rows: Iterable[list[str]], options: Mapping[str, Any]) -> Iterator[Row]:
    """Rows after those that are skipped, with their nulls."""
    null, skip = options.get("null"), int(options.get("skip", 0))
    for row in rows:
        if not row:
            continue
        if skip:
            skip -= 1
            continue
        yield row if null is None else [None if value == null else value for value in row]


def _excel(stream: IO[bytes], options: Mapping[str, Any]) -> Iterator[Row]:
    from catalog_server.lake.formats.excel import rows

    yield from _skipped(rows(stream), options)


def _ion(stream: IO[bytes], _: Mapping[str, Any]) -> Iterator[Row]:
    from catalog_server.lake.formats.ion import as_json, rows

    for row in rows(stream):
        yield (as_json(row),)


def _lines(stream: IO[bytes], options: Mapping[str, Any]) -> Iterator[Row]:
    for line in text_lines(stream, options):
        if line.strip():
            yield (line.strip(),)


def _documents(stream: IO[bytes], options: Mapping[str, Any]) -> Iterator[Row]:
    names = parse_path(options["path"]) if "path" in options else ()
    for document in documents(io.TextIOWrapper(stream, options.get("encoding") or "utf-8-sig", errors="replace")):
        if names:
            yield from ((json.dumps(item),) for item in at_path(json.loads(document), names))
        else:
            yield (document,)


def _xml(stream: IO[bytes], options: Mapping[str, Any]) -> Iterator[Row]:
    from catalog_server.lake.formats.xml import rows, shape

    kinds = {name: parse_type(kind) for name, kind in options["types"].items()}
    for row in rows(stream, options["tag"]):
        yield (json.dumps({name: shape(row.get(name), kind) for name, kind in kinds.items()}),)


def _matches(stream: IO[bytes], options: Mapping[str, Any]) -> Iterator[Row]:
    try:
        pattern = compiled_by_re2(options["pattern"])  # whatever a table's pattern is, it must not keep the worker busy
    except ValueError as error:
        raise Unsupported(f"the table's pattern cannot be used: {error}") from error
    for line in text_lines(stream, options):
        match = pattern.fullmatch(line.rstrip("\r\n"))
        yield match.groups() if match else ()


_KINDS: dict[str, Callable[[IO[bytes], Mapping[str, Any]], Iterator[Row]]] = {
    "csv": _csv,
    "lines": _lines,
    "documents": _documents,
    "matches": _matches,
    "xml": _xml,
    "excel": _excel,
    "ion": _ion,
}
