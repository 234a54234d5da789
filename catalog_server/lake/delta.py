"""Delta tables: version, columns and partition columns, read from the table's log (`_delta_log`).

The log is JSON commits, one file a version and one action a line, and checkpoints (Parquet, or JSON) that say again what all
before came to. Of the actions only `metaData` counts here: which files are rows is not asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from catalog_server.lake.files import FileSystem
from catalog_server.lake.locations import base_name
from catalog_server.model.errors import Invalid
from catalog_server.model.spark_schema import from_spark
from catalog_server.model.table import Column

_NAME = re.compile(
    r"(?P<version>\d{20})\.(?:json|checkpoint(?:\.(?P<part>\d{10})\.(?P<parts>\d{10})|\.[0-9a-fA-F-]{36})?\.(?:parquet|json))"
)


class Metadata(msgspec.Struct):
    """The action that says what a table is."""

    schemaString: str  # noqa: N815
    partitionColumns: list[str] = []  # noqa: N815


class _Action(msgspec.Struct):
    metaData: Metadata | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class DeltaTable:
    """A table as its log says it is."""

    version: int
    schema: str
    """Spark's JSON of all columns."""
    columns: tuple[Column, ...]
    """All columns, partition columns among them."""
    partition_columns: tuple[str, ...]
    file: str
    """The file of the log with the schema, by its name."""


def newest_checkpoint(locations: Sequence[str]) -> tuple[int, list[str]]:
    """The version of the newest checkpoint that is complete, and its files; -1 and none where there is none."""
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for location in locations:
        match = _NAME.fullmatch(base_name(location))
        if match and ".checkpoint" in location:
            found[int(match["version"]), int(match["parts"] or 0)].append(location)
    whole = [(version, files) for (version, parts), files in found.items() if len(files) >= parts]
    return max(whole, key=lambda one: one[0], default=(-1, []))


def read(files: FileSystem, locations: Sequence[str]) -> DeltaTable:
    """The table that the files of a log speak of.

    Raises:
        Invalid: a commit is missing, a file is damaged, or there is no schema. What a store raises is raised.
    """
    began, checkpoint = newest_checkpoint(locations)
    commits = {version: one for one in locations if (version := _commit(one)) is not None and version > began}
    last = max(commits, default=began)
    missing = next((version for version in range(began + 1, last) if version not in commits), None)
    if last < 0:
        raise Invalid("the log", "holds no commit")
    if missing is not None:
        raise Invalid("the log", f"commit {missing:020d}.json is missing")
    for version in range(last, began, -1):
        for action in _of_json(files, commits[version]):
            if action.metaData is not None:
                return _table(last, action.metaData, commits[version])
    for location in checkpoint:
        for said in _of_json(files, location) if location.endswith(".json") else _of_parquet(files, location):
            if said.metaData is not None:
                return _table(last, said.metaData, location)
    raise Invalid("the log", "says of no schema")


def _commit(location: str) -> int | None:
    name = base_name(location)
    return int(name[:20]) if ".checkpoint" not in name and _NAME.fullmatch(name) else None


def _of_json(files: FileSystem, location: str) -> Iterator[_Action]:
    """The actions of a commit, the last one first: of two that speak of the same, it counts."""
    for line in reversed(files.read(location).splitlines()):
        if line.strip():
            try:
                yield msgspec.json.decode(line, type=_Action)
            except msgspec.MsgspecError as error:
                raise Invalid(base_name(location), f"is damaged: {error}") from error


def _of_parquet(files: FileSystem, location: str) -> Iterator[_Action]:
    try:
        with files.open_input(location) as opened:
            for batch in pq.ParquetFile(pa.PythonFile(opened)).iter_batches(columns=["metaData"]):
                for row in batch.column(0).drop_null().to_pylist():
                    yield msgspec.convert({"metaData": _plain(row)}, type=_Action)
    except (pa.ArrowException, msgspec.MsgspecError, IndexError) as error:
        raise Invalid(base_name(location), f"is damaged: {error}") from error


def _plain(row: Mapping[str, object]) -> dict[str, object]:
    return {
        "schemaString": row.get("schemaString"),
        "partitionColumns": row.get("partitionColumns") or [],
    }


def _table(version: int, said: Metadata, location: str) -> DeltaTable:
    try:
        fields = msgspec.json.decode(said.schemaString)["fields"]
        columns = tuple(_column(field) for field in fields)
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, RecursionError, Invalid) as error:
        raise Invalid(base_name(location), f"has a schema that cannot be understood: {error}") from error
    names = {column.name for column in columns}
    lost = [name for name in said.partitionColumns if name not in names]
    if lost:
        raise Invalid(base_name(location), f"has partition columns that are none of its columns: {', '.join(lost)}")
    return DeltaTable(version, said.schemaString, columns, tuple(said.partitionColumns), base_name(location))


def _column(field: Mapping[str, object]) -> Column:
    metadata = field.get("metadata")
    comment = metadata.get("comment") if isinstance(metadata, Mapping) else None
    return Column(str(field["name"]), str(from_spark(field["type"])), str(comment) if comment else None)
