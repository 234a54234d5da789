"""Hudi tables: what they are, their columns and their partitions, read from `hoodie.properties` and the timeline.

The timeline is a folder with a file for each commit that was completed (JSON; in tables of version 8 on Avro), which says the
schema that was written and what became of partitions. Old commits are moved to an archive, which is not read here.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import fastavro
import msgspec

from catalog_server.lake.files import FileSystem
from catalog_server.lake.formats import avro
from catalog_server.lake.formats.base import FileProblem
from catalog_server.lake.locations import base_name
from catalog_server.model.errors import Invalid
from catalog_server.model.partition import DEFAULT_PARTITION, unescape_folder
from catalog_server.model.table import Column

PROPERTIES = "hoodie.properties"
MERGE_ON_READ = "MERGE_ON_READ"
"""Of whose rows some are in files of changes, which readers merge."""
_TYPES = ("COPY_ON_WRITE", MERGE_ON_READ)
_VERSION_MAX = 9
OLD_VERSION = 6
"""The last version of tables before the timeline had a folder of its own."""
INSTANT = re.compile(r"(?P<began>\d+)(?:_(?P<ended>\d+))?\.(?:commit|deltacommit|replacecommit)")
"""The name of a commit that was completed, with the times by which commits are ordered."""
MARKS = (".hoodie_partition_metadata", ".hoodie_partition_metadata.parquet", ".hoodie_partition_metadata.orc")
"""Files that are in each partition's folder."""
OWN_COLUMNS = ("commit_time", "commit_seqno", "record_key", "partition_path", "file_name")
_BYTES_MAX = 64 * 1024 * 1024
"""The longest file that is read, and the most that one may be when it is unpacked."""
_TRUE = "true"
_WHOLE = re.compile(r"-?\d+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY_PATH = re.compile(r"(\d{4})/(\d{2})/(\d{2})")
_WALL_CLOCK = {
    ("long", f"{zone}timestamp-{unit}"): "timestamp" if zone else "timestamp with local time zone"
    for zone in ("", "local-")
    for unit in ("millis", "micros")
}
"""What times are in Parquet files, which all engines read as such."""


class Commit(msgspec.Struct):
    """What a file of the timeline says."""

    extraMetadata: dict[str, str | None] | None = None  # noqa: N815
    operationType: str | None = None  # noqa: N815
    partitionToWriteStats: dict[str, Any] | None = None  # noqa: N815
    partitionToReplaceFileIds: dict[str, Any] | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class HudiTable:
    """A table as its metadata says it is."""

    kind: str
    """COPY_ON_WRITE or MERGE_ON_READ."""
    version: int
    """Of the way in which the table is kept."""
    columns: tuple[Column, ...]
    """All columns, partition columns and Hudi's own among them."""
    partition_columns: tuple[Column, ...]
    partitions: Mapping[tuple[str, ...], str]
    """Paths below the table's folder, by values."""
    began: str | None
    """When the newest commit began, as Hudi writes times; None where there is none yet."""
    ended: str | None
    """When the last one was completed, where the timeline says so."""
    commits: int
    file: str
    """The file with the schema, by its name."""
    unfit: Sequence[str] = ()
    """Paths of partitions that are not named as the partition columns would have them."""


@dataclass(slots=True)
class _Timeline:
    """The completed commits, each read once."""

    files: FileSystem
    found: Mapping[str, re.Match[str]]
    """By location."""
    _read: dict[str, Commit] = field(default_factory=dict)

    @property
    def newest_first(self) -> list[str]:
        """Locations in the order in which commits were completed."""
        return sorted(self.found, key=lambda at: (self.ended(at), self.found[at]["began"]), reverse=True)

    def ended(self, location: str) -> str:
        """When a commit was completed; in old tables, when it began, for want of anything better."""
        return self.found[location]["ended"] or self.found[location]["began"]

    def read(self, location: str) -> Commit:
        """A commit; raises `Invalid` for one that is damaged."""
        if location not in self._read:
            self._read[location] = _decoded(base_name(location), _whole(self.files, location))
        return self._read[location]


def read(files: FileSystem, locations: Sequence[str], paths: Sequence[str]) -> HudiTable:
    """The table that these files of a `.hoodie` folder speak of; `paths` are the folders with the mark of a partition.

    Raises:
        Invalid: a file is damaged, or there is nothing that says the columns. What a store raises is raised.
    """
    said = _properties(files, locations)
    kind = said.get("hoodie.table.type", _TYPES[0])
    _check(said, kind)
    matches = {at: match for at in locations if (match := INSTANT.fullmatch(base_name(at)))}
    timeline = _Timeline(files, matches)
    schema, source = _schema(timeline, said)
    columns = _columns(schema, source, own=said.get("hoodie.populate.meta.fields", _TRUE) == _TRUE)
    names, timed = _partition_fields(said)
    dropped = _dropped(timeline) if names else frozenset()
    values, unfit = _values(names, sorted(set(paths) - dropped) if names else (), said)
    known = {column.key: column for column in columns}
    keys = [_key(name, known, [each[n] for each in values], timed) for n, name in enumerate(names)]
    began = max((match["began"] for match in matches.values()), default=None)
    ended = max((match["ended"] for match in matches.values() if match["ended"]), default=None)
    version = int(said.get("hoodie.table.version", "0"))
    return HudiTable(kind, version, columns, tuple(keys), values, began, ended, len(matches), source, unfit)


def _properties(files: FileSystem, locations: Sequence[str]) -> dict[str, str]:
    """The table's settings, written as Java writes them."""
    location = next((at for at in locations if base_name(at) == PROPERTIES), None)
    if location is None:
        raise Invalid(PROPERTIES, "is missing")
    said: dict[str, str] = {}
    for line in _whole(files, location).decode("utf-8", "replace").splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith(("#", "!")):
            said[_plain(key.strip())] = _plain(value.strip())
    if not said.get("hoodie.table.name"):
        raise Invalid(PROPERTIES, "is damaged: it says of no table")
    return said


def _whole(files: FileSystem, location: str) -> bytes:
    """All of a file; raises `Invalid` for one that is too long."""
    body = files.read(location, 0, _BYTES_MAX + 1)
    if len(body) > _BYTES_MAX:
        raise _too_large(base_name(location), f"{files.size(location)} bytes")
    return body


def _too_large(name: str, size: str) -> Invalid:
    what_to_do = "" if name == PROPERTIES else ": have its writer make smaller commits, and archive this one"
    return Invalid(name, f"is too large: it has {size}, and at most {_BYTES_MAX >> 20} MiB are read{what_to_do}")


def _plain(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})|\\(.)", lambda m: chr(int(m[1], 16)) if m[1] else m[2], text)


def _check(said: Mapping[str, str], kind: str) -> None:
    version, base = said.get("hoodie.table.version", "0"), said.get("hoodie.table.base.file.format", "PARQUET")
    if kind not in _TYPES:
        raise Invalid(PROPERTIES, f"says that the table is {kind}, which is none of {', '.join(_TYPES)}")
    if not version.isdecimal() or len(version) > 1 or int(version) > _VERSION_MAX:
        raise Invalid(PROPERTIES, f"says that the table has version {version[:20]}, of which nothing is known here")
    if base.upper() != "PARQUET":
        raise Invalid(PROPERTIES, f"says that the table's files are {base}: only those of Parquet are registered")


def _decoded(name: str, body: bytes) -> Commit:
    try:
        if not body.startswith(avro.MAGIC):
            return msgspec.json.decode(body, type=Commit)
        if _is_too_large(body):
            raise _too_large(name, f"more than {_BYTES_MAX} bytes when it is unpacked")
        return msgspec.convert(next(fastavro.reader(io.BytesIO(body))), type=Commit)
    except StopIteration as error:
        raise Invalid(name, "is damaged: it holds nothing") from error
    except Invalid:
        raise
    except Exception as error:  # fastavro raises whatever comes
        raise Invalid(name, f"is damaged: {type(error).__name__}: {error}") from error


def _is_too_large(body: bytes) -> bool:
    """Whether an Avro file is too large when it is unpacked.

    Raises `FileProblem` or `ValueError` for one a few bytes of which may stand for billions of values.
    """
    metadata, _, start = avro.header(body)
    avro.columns_of(json.loads(metadata["avro.schema"]))
    codec = metadata.get("avro.codec", b"null").decode()
    if codec == "null":  # as Hudi writes them
        return False
    if codec != "deflate":
        raise ValueError(f"it is packed by {codec}")
    block = io.BytesIO(body[start:])
    fastavro.schemaless_reader(block, "long", None)
    packed = fastavro.schemaless_reader(block, "bytes", None)
    unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacking.decompress(packed, _BYTES_MAX)
    return bool(unpacking.unconsumed_tail)


def _schema(timeline: _Timeline, said: Mapping[str, str]) -> tuple[str, str]:
    """The newest schema that was written, and the file that says it."""
    for location in timeline.newest_first:
        found = (timeline.read(location).extraMetadata or {}).get("schema")
        if found:
            return found, base_name(location)
    if created := said.get("hoodie.table.create.schema"):
        return created, PROPERTIES
    if timeline.found:
        raise Invalid("the timeline", "says of no schema: those of its commits that are not archived have none")
    raise Invalid("the timeline", "holds no completed commit: archived ones are not read")


def _columns(schema: str, source: str, *, own: bool) -> tuple[Column, ...]:
    try:
        decoded = msgspec.json.decode(schema)
        columns, _, notes = avro.columns_of(decoded, _WALL_CLOCK)
    except (msgspec.MsgspecError, FileProblem, AttributeError, RecursionError) as error:
        raise Invalid(source, f"has a schema that cannot be understood: {error}") from error
    if notes:
        raise Invalid(source, f"has a schema that cannot be kept: {notes[0]}")
    added = [Column(f"_hoodie_{name}", "string") for name in OWN_COLUMNS] if own else []
    names = {column.name for column in added}
    return (*added, *(column for column in columns if column.name not in names))


def _partition_fields(said: Mapping[str, str]) -> tuple[list[str], set[str]]:
    """Names of partition columns, and those of which folders are named by a time, however the column is."""
    names, timed = [], set()
    kind = said.get("hoodie.table.keygenerator.type", said.get("hoodie.table.keygenerator.class", ""))
    for one in said.get("hoodie.table.partition.fields", "").split(","):
        name, _, way = one.strip().partition(":")
        if name:
            names.append(name)
        if way.upper() == "TIMESTAMP" or "TIMESTAMP" in kind.upper():
            timed.add(name)
    return names, timed


def _key(name: str, known: Mapping[str, Column], values: Sequence[str], timed: set[str]) -> Column:
    """A partition column with the type that it has in the schema, if the folders are named by such values."""
    column = known.get(name.lower())
    present = [value for value in values if value != DEFAULT_PARTITION]
    if column is not None and name not in timed:
        form = {"int": _WHOLE, "bigint": _WHOLE, "date": _DAY}.get(column.type)
        if column.type in ("string", "boolean") or (form and all(form.fullmatch(value) for value in present)):
            return column
    return Column(name if column is None else column.name, "string", column.comment if column else None)


def _dropped(timeline: _Timeline) -> frozenset[str]:
    """Partitions that a commit dropped and no later one wrote to; their folders stay until they are cleaned."""
    dropped: set[str] = set()
    newest_first = timeline.newest_first
    oldest = max((n for n, at in enumerate(newest_first) if at.endswith(".replacecommit")), default=-1)
    for location in reversed(newest_first[: oldest + 1]):
        commit = timeline.read(location)
        dropped -= set(commit.partitionToWriteStats or ())
        if commit.operationType == "DELETE_PARTITION":
            dropped |= set(commit.partitionToReplaceFileIds or ())
    return frozenset(dropped)


def _values(
    names: Sequence[str], paths: Sequence[str], said: Mapping[str, str]
) -> tuple[dict[tuple[str, ...], str], list[str]]:
    """Paths of partitions by their values, and those that do not fit."""
    encoded = said.get("hoodie.datasource.write.partitionpath.urlencode") == _TRUE
    styled = said.get("hoodie.datasource.write.hive_style_partitioning") == _TRUE
    found: dict[tuple[str, ...], str] = {}
    unfit = []
    for path in paths:
        values = tuple(_parts(path, names, styled=styled))
        if len(values) != len(names) or not all(values):
            unfit.append(path)
            continue
        found[tuple(unquote(value) for value in values) if encoded else values] = path
    return found, unfit


def _parts(path: str, names: Sequence[str], *, styled: bool) -> Iterator[str]:
    """The values that a partition's path stands for, as Hudi's own sync with a Hive metastore takes them."""
    if len(names) == 1 and not styled:
        day = _DAY_PATH.fullmatch(path)
        yield "-".join(day.groups()) if day else path
        return
    for part in path.split("/"):
        key, equals, value = part.partition("=")
        if not styled:
            yield part
        elif equals and unescape_folder(key).lower() in {name.lower() for name in names}:
            yield unescape_folder(value)
