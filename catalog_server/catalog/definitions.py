"""Definitions from what a person says: a table of files from a format and columns, changes of an Iceberg table from words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalog_server.catalog.commits import Commits
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.names import TableName, name_key
from catalog_server.model.table import (
    METADATA_LOCATION,
    PREVIOUS_METADATA_LOCATION,
    TABLE_TYPE,
    Column,
    Table,
    TableKind,
)
from catalog_server.model.types import parse_type


def table_of_files(
    tables: Tables,
    caller: Caller,
    name: TableName,
    kind: TableKind,
    format: str,
    columns: Sequence[Column],
    partition_keys: Sequence[Column] = (),
    location: str | None = None,
    parameters: Mapping[str, str] | None = None,
    owner: str | None = None,
) -> Table:
    """The definition, not yet stored, of a table of files with the faces that Hive and Spark need.

    Raises `Invalid` for a format or type that is not known, `NotFound` for the database.
    """
    from catalog_server.lake.formats.faces import FORMATS, faces

    if format not in FORMATS:
        raise Invalid("format", f"{format!r} is not one of {', '.join(FORMATS)}")
    for column in (*columns, *partition_keys):
        parse_type(column.type)
    place = location or tables.default_location(caller, name)
    worn = faces(format, columns, partition_keys, place, {})
    said = {key: value for key, value in worn.parameters.items() if key != "EXTERNAL" or kind is TableKind.EXTERNAL}
    return Table(
        catalog=name.catalog,
        database=name.database,
        name=name.table,
        kind=kind,
        columns=worn.columns,
        partition_keys=worn.partition_keys,
        location=place,
        storage=worn.storage,
        parameters={**said, **(parameters or {})},
        owner=owner,
    )


def create_iceberg(commits: Commits, caller: Caller, new: Table) -> Table:
    """Make an Iceberg table of a definition: its keys become columns by whose values it is partitioned.

    Raises `Invalid` for a managed table and for a type that Iceberg has not, and what `Commits.stage` and `create` do.
    """
    from catalog_server.lake.iceberg.hive_types import identity_spec, schema_of

    if new.kind is not TableKind.EXTERNAL:
        raise Invalid("kind", f"an Iceberg table is external, not {new.kind.value}")
    for key in new.parameters:
        if key in RESERVED:
            raise Invalid(f"parameter {key}", "is Iceberg's own and cannot be set")
    schema = schema_of((*new.columns, *new.partition_keys))
    spec = identity_spec(schema, new.partition_keys) if new.partition_keys else None
    properties = dict(new.parameters) | ({"owner": new.owner} if new.owner else {})
    name = new.full_name
    staged = commits.stage(
        caller, name, schema, partition_spec=spec, properties=properties, location=new.location
    )  # fmt: skip
    return commits.create(caller, name, staged).table


RESERVED = frozenset({METADATA_LOCATION, PREVIOUS_METADATA_LOCATION, TABLE_TYPE, "uuid", "EXTERNAL"})
"""Parameters of an Iceberg table that say where its metadata is, and are nobody's to write."""


def alter_iceberg(
    commits: Commits,
    caller: Caller,
    found: Table,
    parameters: Mapping[str, str | None],
    comments: Mapping[str, str | None],
    rest: Mapping[str, Any],
    *,
    expected_version: int | None = None,
) -> Table:
    """Change an Iceberg table by a commit of its own, so that its metadata says the same as its row.

    `parameters` and `comments` of columns are set, or removed by None; `rest` are fields of the row alone, such as its
    name. With `expected_version` the change is made only if the table still is at that version. Raises what
    `iceberg_changes` and `Commits.commit` do.
    """
    name = found.full_name
    if parameters or comments:
        document = commits.load(caller, name).document
        requirements, updates = iceberg_changes(document, parameters, comments)
        found = commits.commit(caller, name, requirements, updates, expected_version=expected_version).table
    if rest:
        found = commits.tables.alter(caller, name, replace(found, **rest), expected_version=found.version)
    return found


def iceberg_changes(
    document: Mapping[str, Any], parameters: Mapping[str, str | None], comments: Mapping[str, str | None]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Requirements and updates of an Iceberg commit that sets parameters and comments of columns (None removes).

    Raises `Invalid` for a parameter that is Iceberg's own, `NotFound` for a column.
    """
    from catalog_server.lake.iceberg.document import current_schema

    for key in parameters:
        if key in RESERVED:
            raise Invalid(f"parameter {key}", "is Iceberg's own and cannot be set")
    updates: list[dict[str, Any]] = []
    put = {key: value for key, value in parameters.items() if value is not None}
    removed = [key for key, value in parameters.items() if value is None]
    if put:
        updates.append({"action": "set-properties", "updates": put})
    if removed:
        updates.append({"action": "remove-properties", "removals": removed})
    requirements = [{"type": "assert-table-uuid", "uuid": document["table-uuid"]}]
    if comments:
        schema = current_schema(dict(document))
        requirements.append({"type": "assert-current-schema-id", "current-schema-id": schema["schema-id"]})
        updates.append({"action": "add-schema", "schema": {**schema, "fields": _commented(schema["fields"], comments)}})
        updates.append({"action": "set-current-schema", "schema-id": -1})
    return requirements, updates


def _commented(fields: Sequence[Mapping[str, Any]], comments: Mapping[str, str | None]) -> list[dict[str, Any]]:
    wanted = {name_key(name): (name, comment) for name, comment in comments.items()}
    changed = []
    for field in fields:
        copy = dict(field)
        if name_key(field["name"]) in wanted:
            _, comment = wanted.pop(name_key(field["name"]))
            copy.pop("doc", None)
            if comment is not None:
                copy["doc"] = comment
        changed.append(copy)
    if wanted:
        raise NotFound("column", next(iter(wanted.values()))[0])
    return changed
