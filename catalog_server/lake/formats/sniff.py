"""What a file is: its content is asked first, its name second, and a contradiction between the two is told."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from catalog_server.lake.files import FileInfo, FileReader
from catalog_server.lake.formats import avro, csv, excel, grok, ion, json, logs, orc, parquet, xml
from catalog_server.lake.formats.base import (
    HEAD_BYTES,
    TEXT_BYTES_MAX,
    UNREADABLE,
    FileProblem,
    FileSchema,
    Sample,
    decode,
    take_sample,
)
from catalog_server.lake.formats.faces import PATH, UNPACKED
from catalog_server.lake.formats.packing import OWN, named_packing
from catalog_server.lake.locations import base_name
from catalog_server.model.errors import CatalogError

_BY_ENDING = {
    ".parquet": "parquet",
    ".parq": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".psv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".orc": "orc",
    ".avro": "avro",
    ".xml": "xml",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "old Excel",
    ".ion": "ion",
    ".10n": "ion",
}
_FOREIGN = (
    (b"%PDF", "PDF"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x89PNG", "a picture"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"ARROW1\x00\x00", "a file of Arrow (Feather)"),
    (b"FEA1", "a file of Feather"),
)
_DOCUMENTS = {".md": "Markdown", ".rst": "reStructuredText", ".html": "HTML", ".htm": "HTML"}
"""Texts for people, by the ending of their names."""
_SHOWN = {
    "csv": "CSV",
    "json": "JSON",
    "parquet": "Parquet",
    "orc": "ORC",
    "avro": "Avro",
    "xml": "XML",
    "excel": "Excel",
    "ion": "Ion",
}
_BINARY: dict[str, Any] = {"parquet": parquet, "orc": orc, "avro": avro}
"""Formats that tell of themselves at both ends of a file."""
FORCED = "forced"
"""Option: the format that a file has as far as its text allows, whatever its name says."""
_TEXTS = ("csv", "json")
_QUOTED = re.compile(r'(^|[,;\t|])"[^"]*"([,;\t|]|$)')
"""A field in quotes, next to another one."""
_HIDDEN = ("_", ".")
_PEEK_BYTES = 4096
_TAIL_BYTES = 65_536


def is_hidden(relative: str) -> bool:
    """Whether engines overlook a file: a part of its path below the table begins with `_` or `.` (and is no key=value)."""
    parts = relative.split("/")
    return any(part.startswith(_HIDDEN) and "=" not in part for part in parts) or parts[-1].endswith(
        (".crc", "_$folder$")
    )


def named_format(location: str) -> tuple[str | None, str | None]:
    """The format and the compression that a file's name speaks of, each None if it does not."""
    name = base_name(location).lower()
    compression = named_packing(name)
    if compression:
        name = name.rpartition(".")[0]
    dot = name.rfind(".")
    return (_BY_ENDING.get(name[dot:]) if dot > 0 else None), compression


def bare_name(name: str) -> str:
    """A file's name without the endings that tell its format and its packing."""
    bare = name.rpartition(".")[0] if named_packing(name.lower()) else name
    stem, ending = posixpath.splitext(bare)
    return stem if ending.lower() in _BY_ENDING else bare


Inspect = Callable[[FileReader, FileInfo, Mapping[str, str]], FileSchema]
"""A close look at one file, with what is said of formats."""


def peek(files: FileReader, info: FileInfo, options: Mapping[str, str], closely: Inspect) -> str:
    """The format of one file from a few kilobytes; raises `FileProblem` where it is not what its name says, or is nothing.

    A text that does not end with a line's end may be cut off: it is looked at closely, by `closely`.
    """
    packed_and_small = named_format(info.location)[1] is not None and info.size <= HEAD_BYTES
    format, sample = _judged(files, info, None if packed_and_small else _PEEK_BYTES, options)
    if sample is not None and sample.compression is None and not _ends_a_line(files, info, sample):
        return closely(files, info, options).format
    return format


def _ends_a_line(files: FileReader, info: FileInfo, sample: Sample) -> bool:
    return (sample.body[-1:] if sample.complete else files.read(info.location, info.size - 1, 1)) == b"\n"


def inspect(files: FileReader, info: FileInfo, options: Mapping[str, str] | None = None) -> FileSchema:
    """All that one file tells of its columns; `options` may hold `csv.header` and `csv.delimiter`.

    Whatever is wrong with the file comes as `FileProblem`; errors of the store come as they are.
    """
    format, sample = _judged(files, info, None, options or {})
    if sample is None:
        found: FileSchema = {**_BINARY, "excel": excel}[format].inspect(files, info)
        return found
    found, sample = _inspect_whole(files, info, format, sample, options or {})
    if sample.compression in OWN:
        found = replace(found, options={**found.options, UNPACKED: "true"})
    if (
        not sample.complete
        and sample.compression is None
        and "encoding" not in found.options
        and not _ends_a_line(files, info, sample)
    ):
        _check_end(files, info, found)
    return found


def _inspect_whole(
    files: FileReader, info: FileInfo, format: str, sample: Sample, said: Mapping[str, str]
) -> tuple[FileSchema, Sample]:
    """A text by its beginning, or by all of it where it is one JSON document that is not too large; and what was read."""
    try:
        return _inspect_text(format, sample, said), sample
    except FileProblem:
        if format != "json" or sample.complete or sample.compression or info.size > TEXT_BYTES_MAX:
            raise
    whole = take_sample(files, info, TEXT_BYTES_MAX)
    return _inspect_text(format, whole, said), whole


def _inspect_text(format: str, sample: Sample, said: Mapping[str, str]) -> FileSchema:
    if format == "json":
        return json.inspect(sample, said.get("json.path", ""))
    if format == "ion":
        return ion.inspect(sample)
    if format == "xml":
        return xml.inspect(sample, said.get("xml.row_tag", ""))
    if format in logs.LOGS or format == grok.FORMAT:
        return logs.inspect(sample, format, said.get("grok.pattern", ""))
    return csv.inspect(sample, csv.Said.of(said))


def _check_end(files: FileReader, info: FileInfo, found: FileSchema) -> None:
    """Look at the last line of a long text that does not end it; raises `FileProblem` if it breaks off."""
    tail = files.read(info.location, max(0, info.size - _TAIL_BYTES), _TAIL_BYTES)
    last = tail.rpartition(b"\n")[2]
    if found.format == "json" and (found.options.get("multiLine") or PATH in found.options):
        if tail.rstrip()[-1:] not in (b"]", b"}"):
            raise FileProblem("its end is no end of JSON: the file is truncated")
    elif found.format == "json":
        if not json.is_object(last):
            raise FileProblem("its last line breaks off: the file is truncated")
    elif found.format == "csv" and found.options.get("quoted") != "true" and b"\n" in tail:
        count = last.count(found.options["delimiter"].encode()) + 1
        if count < len(found.columns):
            raise FileProblem(f"its last row has {count} of {len(found.columns)} fields: the file is truncated")


def _judged(files: FileReader, info: FileInfo, limit: int | None, said: Mapping[str, str]) -> tuple[str, Sample | None]:
    if info.size == 0:
        raise FileProblem("empty: 0 bytes")
    document = _DOCUMENTS.get(posixpath.splitext(info.location)[1].lower())
    if document:
        raise FileProblem(f"{document}: a text for people, not for tables")
    expected, packing = named_format(info.location)
    if expected == "excel":
        excel.check_ends(files, info)
        return "excel", None
    try:
        # what is named like a binary format, or like none, is asked for its first bytes before it is read as a text
        sample = take_sample(files, info, limit or (HEAD_BYTES if expected in _TEXTS else _PEEK_BYTES))
        if limit is None and expected not in _TEXTS and not _binary(sample) and not sample.complete:
            sample = take_sample(files, info)
    except CatalogError as error:
        raise FileProblem(f"{UNREADABLE}{error.message}") from error
    binary = _binary(sample)
    if binary is not None and not packing and (binary == expected or not _is_text(sample)):
        _BINARY[binary].check_ends(files, info, sample.head if len(sample.head) == info.size else b"")
        return _agree(binary, expected), None
    _refuse_foreign(sample, expected, packing)
    if expected == "ion" or ion.looks_like_ion(sample.body):
        return _agree("ion", expected), sample
    if xml.looks_like_xml(sample.body) or (expected == "xml" and sample.body.lstrip().startswith(b"<")):
        return _agree("xml", expected), sample
    text, _ = decode(sample.body)
    if not text.strip():
        raise FileProblem("empty: nothing but white space")
    forced = said.get(FORCED)
    log = (
        logs.log_of(text, sample.complete, said.get("grok.pattern", ""))
        if forced == grok.FORMAT or not expected
        else None
    )
    if log is not None and (log == forced or not expected):
        return log, sample
    found = "json" if json.looks_like_json(text) else "csv"
    if found == "json" and expected == "csv" and not text.lstrip().startswith(('{"', "[{")):
        found = "csv"
    if (
        found == "csv"
        and not (expected or forced)
        and not csv.heading(text)
        and not _has_columns(text, sample.complete)
    ):
        raise FileProblem("text without columns: neither CSV nor JSON lines")
    return _agree(found, expected), sample


def _binary(sample: Sample) -> str | None:
    return next((name for name, format in _BINARY.items() if sample.head.startswith(format.MAGIC)), None)


def _agree(found: str, expected: str | None) -> str:
    if expected is not None and expected != found:
        raise FileProblem(f"wrongly named: its name says {_SHOWN.get(expected, expected)}, its content is "
                          f"{'no ' + _SHOWN.get(expected, expected) if found == 'csv' else _SHOWN[found]}")  # fmt: skip
    return found


def _refuse_foreign(sample: Sample, expected: str | None, packing: str | None) -> None:
    if (sample.compression or "").partition(" ")[0] != (packing or ""):
        held = f"{sample.compression} data" if sample.compression else "not packed"
        name = f"its name says {packing}" if packing else "its name does not say so, and engines go by the name"
        raise FileProblem(f"wrongly named: {held}, but {name}")
    for magic, kind in _FOREIGN:
        if sample.body.startswith(magic):
            raise FileProblem(f"{kind}: not a format that can be catalogued yet")
    if expected in _BINARY:
        kind = _SHOWN[expected]
        raise FileProblem(f"wrongly named: its name says {kind}, its content does not begin as {kind} does")


def _is_text(sample: Sample) -> bool:
    """Whether a file that begins with a format's first letters is a text that begins so (`ORCHID,...`)."""
    begins = sample.head[:256]
    return begins.isascii() and not any(byte < 32 and byte not in (9, 10, 13) for byte in begins)


def _has_columns(text: str, complete: bool) -> bool:
    """Whether a text without a telling name has a separator in each of its first lines, equally often."""
    lines = [line for line in text.splitlines() if line.strip()][: None if complete else -1][:20]
    for delimiter in (",", "\t", ";", "|", "\x01"):
        counts = {line.count(delimiter) for line in lines if '"' not in line}
        if len(lines) > 1 and counts and 0 not in counts and (len(counts) == 1 or len(lines) > len(counts) * 5):
            return True
    return any(_QUOTED.search(line) for line in lines)
