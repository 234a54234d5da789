"""Merging: the schemas of several files of one table become one, and the files that do not fit are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from catalog_server.lake.files import FileInfo
from catalog_server.lake.formats import xml
from catalog_server.lake.formats.avro import LITERAL, join
from catalog_server.lake.formats.base import FileSchema
from catalog_server.lake.formats.grok import FORMAT
from catalog_server.lake.formats.logs import PATTERN
from catalog_server.lake.formats.widen import settle, widen
from catalog_server.model.table import Column
from catalog_server.model.types import DataType, parse_type

SIMILAR = 0.5
"""Share of its columns that a file must have in common with the others to belong to them."""
TEXTS = ("csv", "json", "xml", "excel", "ion")
"""Formats in which values are written, or read here, as text, so that a string holds any of them."""
POSITIONAL = ("csv", "orc", "excel", FORMAT)
"""Formats that engines read by the position of columns; of ORC that is Trino, unless it is told otherwise."""
_DIALECT = {
    "csv": ("delimiter", "header", "encoding", "skip"),
    "xml": ("rowTag",),
    "excel": ("header",),
    FORMAT: (PATTERN,),
}


@dataclass(slots=True)
class Merged:
    """What a table's files have in common; `problems` by location."""

    columns: tuple[Column, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    """Number of rows by location, of those files that tell it."""
    problems: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


def merge(files: Iterable[tuple[FileInfo, FileSchema]]) -> Merged:
    """One schema for all: the one of most columns leads, others widen it; files that differ too much are problems."""
    merged = Merged()
    looked = list(files)
    if not looked:
        return merged
    format = looked[0][1].format
    alike = _same_dialect if format in _DIALECT else _same_spread if format == "json" else _all
    kept = alike(looked, merged)
    positional = format in POSITIONAL
    leading = max(kept, key=lambda one: len(one[1].columns))[1] if positional else _commonest(kept)
    types: dict[str, DataType] = {}
    columns: dict[str, Column] = {}
    for info, schema in sorted(kept, key=lambda one: one[1] is not leading):
        reason = _misfit_in_order(schema, leading) if positional else _misfit(schema, leading)
        reason = reason or _absorb(schema, types, columns, text=format in TEXTS)
        if reason:
            merged.problems.append((info.location, reason))
            continue
        merged.notes.extend((info.location, note) for note in schema.notes)
        if schema.rows is not None:
            merged.rows[info.location] = schema.rows
        _join_options(merged.options, schema.options)
    merged.columns = tuple(Column(c.name, str(settle(types[c.key])), c.comment) for c in columns.values())
    return merged


def _commonest(files: Sequence[tuple[FileInfo, FileSchema]]) -> FileSchema:
    """The schema whose columns most files have; the first of several."""
    names = Counter(frozenset(column.key for column in schema.columns) for _, schema in files)
    best = max(names.values())
    return next(s for _, s in files if names[frozenset(column.key for column in s.columns)] == best)


def _same_dialect(files: Sequence[tuple[FileInfo, FileSchema]], merged: Merged) -> list[tuple[FileInfo, FileSchema]]:
    keys = _DIALECT[files[0][1].format]
    dialects = Counter(tuple(schema.options.get(key, "") for key in keys) for _, schema in files)
    chosen = max(dialects, key=lambda one: dialects[one])
    kept = []
    for info, schema in files:
        differences = [
            f"{key} {schema.options.get(key, '') or 'UTF-8'!r} where the others have {wanted or 'UTF-8'!r}"
            for key, wanted in zip(keys, chosen, strict=True)
            if schema.options.get(key, "") != wanted
        ]
        if differences:
            merged.problems.append((info.location, "has " + " and ".join(differences)))
        else:
            kept.append((info, schema))
    return kept


def _all(files: list[tuple[FileInfo, FileSchema]], _: Merged) -> list[tuple[FileInfo, FileSchema]]:
    return files


def _same_spread(files: list[tuple[FileInfo, FileSchema]], merged: Merged) -> list[tuple[FileInfo, FileSchema]]:
    """Files of JSON lines, or files of arrays and documents, whichever are more; a file of one line is both."""
    several = [schema.options.get("multiLine") == "true" for _, schema in files]
    lines = [not many and schema.rows != 1 for many, (_, schema) in zip(several, files, strict=True)]
    if not any(several) or not any(lines):
        return files
    misfits, reason = (lines, "JSON lines where the other files are arrays or documents") if sum(several) > sum(lines) else (
        several, "a JSON array or document over several lines where the other files are JSON lines"
    )  # fmt: skip
    merged.problems.extend(
        (info.location, f"is {reason}") for misfit, (info, _) in zip(misfits, files, strict=True) if misfit
    )
    return [file for misfit, file in zip(misfits, files, strict=True) if not misfit]


def _misfit_in_order(schema: FileSchema, leading: FileSchema) -> str | None:
    """What is read by position must have the first ones of the leading file's columns, in the same order."""
    pairs = zip(schema.columns, leading.columns, strict=False)
    differing = [(one.name, other.name) for one, other in pairs if one.key != other.key]
    if not differing:
        return None
    here, there = differing[0]
    return f"its columns differ from those of the other files: {here!r} where they have {there!r}"


def _misfit(schema: FileSchema, leading: FileSchema) -> str | None:
    here, there = {column.key for column in schema.columns}, {column.key for column in leading.columns}
    if len(here & there) >= SIMILAR * min(len(here), len(there)):
        return None
    names = ", ".join(column.name for column in schema.columns[:5])
    return f"its columns ({names}) are not those of the other files: it needs a folder of its own"


def _absorb(schema: FileSchema, types: dict[str, DataType], columns: dict[str, Column], *, text: bool) -> str | None:
    """Widen the types by those of a file, or say why that cannot be done and change nothing."""
    widened: dict[str, DataType] = {}
    xml_like = schema.format == "xml"
    for column in schema.columns:
        kind = parse_type(column.type)
        known = types.get(column.key, kind)
        common = xml.join(known, kind) if xml_like else widen(known, kind, text=text)
        if common is None:
            return f"its column {column.name} is {column.type} where the other files have {types[column.key]}"
        widened[column.key] = common
    types.update(widened)
    for column in schema.columns:
        columns.setdefault(column.key, column)
    return None


def _join_options(options: dict[str, str], more: Mapping[str, str]) -> None:
    """What one file needs its table gets: quotes, several lines; time patterns of all; the first word for nulls."""
    for key, value in more.items():
        if key == "timestamps" and key in options:
            options[key] = ",".join(sorted({*options[key].split(","), *value.split(",")}))
        elif key == LITERAL and key in options:
            options[key] = join(options[key], value)
        else:
            options.setdefault(key, value)
