"""Tables and views over the JSON API."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from catalog_server.catalog.definitions import alter_iceberg, create_iceberg, table_of_files
from catalog_server.facades.web import convert
from catalog_server.facades.web.bodies import Body, ColumnBody, Maybe, Merge, Version, changes, check_version, merged
from catalog_server.facades.web.messages import Lineage, Page, TableAnswer, TableSummary
from catalog_server.facades.web.paging import Filtered, collected, literal
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.model.errors import Invalid, NotFound, Unsupported
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.table import Column, Table, TableKind

routes = Routes("Tables")
Kind = Literal["MANAGED_TABLE", "EXTERNAL_TABLE", "VIRTUAL_VIEW", "MATERIALIZED_VIEW", "CONNECTION_TABLE"]
VIEWS = (TableKind.VIEW, TableKind.MATERIALIZED_VIEW)


class TablesQuery(Filtered):
    """Which tables of a database are listed."""

    kind: Kind | None = None


class NewTable(Body):
    """A table of files or a view to be made."""

    name: str
    kind: Literal["MANAGED_TABLE", "EXTERNAL_TABLE", "VIRTUAL_VIEW"] = "EXTERNAL_TABLE"
    columns: list[ColumnBody] = msgspec.field(default_factory=list)
    partition_keys: list[ColumnBody] = msgspec.field(default_factory=list)
    location: str | None = None
    format: str = "parquet"
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    comment: str | None = None
    owner: str | None = None
    view_original: str | None = None
    view_expanded: str | None = None


class ChangedTable(Body):
    """What is to be different in a table."""

    name: str | UnsetType = UNSET
    database: str | UnsetType = UNSET
    comment: Maybe = UNSET
    owner: Maybe = UNSET
    location: str | UnsetType = UNSET
    parameters: Merge | UnsetType = UNSET
    columns: list[ColumnBody] | UnsetType = UNSET
    column_comments: dict[str, str | None] | UnsetType = UNSET
    view_original: str | UnsetType = UNSET
    view_expanded: Maybe = UNSET
    expected_version: Version | None = None


class Dropping(Body):
    """How a table is dropped."""

    purge: bool = False
    """Its files too, also of an external table."""


@routes.get("/catalogs/{catalog}/databases/{database}/tables")
def list_tables(call: Call, catalog: str, database: str, query: TablesQuery) -> Page[TableSummary]:
    """List the tables and views of a database by name."""
    return _page(call, DatabaseName(catalog, database), query, [TableKind(query.kind)] if query.kind else None)


@routes.get("/catalogs/{catalog}/databases/{database}/views")
def list_views(call: Call, catalog: str, database: str, query: Filtered) -> Page[TableSummary]:
    """List the views of a database by name."""
    return _page(call, DatabaseName(catalog, database), query, list(VIEWS))


def _page(call: Call, name: DatabaseName, query: Filtered, kinds: list[TableKind] | None) -> Page[TableSummary]:
    held = literal(query.filter)

    def fetch(after: str, count: int) -> list[Table]:
        tables = call.services.catalog.tables
        return tables.list(call.caller, name, kinds=kinds, contains=held, after=after, count=count)

    items, following = collected(fetch, lambda item: item.name, query)
    return Page([convert.summary(item) for item in items], following)


@routes.post("/catalogs/{catalog}/databases/{database}/tables")
def create_table(call: Call, catalog: str, database: str, body: NewTable) -> TableAnswer:
    """Create a table of files, an Iceberg table, or a view."""
    name = TableName(catalog, database, body.name)
    parameters = dict(body.parameters)
    if body.comment is not None:
        parameters[convert.COMMENT] = body.comment
    columns, keys = _columns(body.columns), _columns(body.partition_keys)
    tables = call.services.catalog.tables
    kind = TableKind(body.kind)
    plain = Table(
        catalog=catalog,
        database=database,
        name=body.name,
        kind=kind,
        columns=columns,
        partition_keys=keys,
        location=body.location,
        parameters=parameters,
        owner=body.owner,
    )
    if kind is TableKind.VIEW:
        if not body.view_original:
            raise Invalid("view_original", "a view needs its statement")
        new = replace(plain, view_original=body.view_original, view_expanded=body.view_expanded)
    elif body.format == "iceberg":
        return answer(call, create_iceberg(call.services.catalog.iceberg, call.caller, plain))
    else:
        new = table_of_files(
            tables, call.caller, name, kind, body.format, columns, keys, body.location, parameters, body.owner
        )
    return answer(call, tables.create(call.caller, new))


@routes.get("/catalogs/{catalog}/databases/{database}/tables/{table}")
def get_table(call: Call, catalog: str, database: str, table: str) -> TableAnswer:
    """Get a table's whole definition, its statistics, and where it came from."""
    return answer(call, call.services.catalog.tables.get(call.caller, TableName(catalog, database, table)))


def answer(call: Call, found: Table) -> TableAnswer:
    """A table with its statistics and lineage."""
    catalog, name = call.services.catalog, found.full_name
    columns = [] if found.is_view else catalog.statistics.get(call.caller, name)
    count = catalog.partitions.count(call.caller, name) if found.partition_keys else None
    first = catalog.versions.get(call.caller, name, 1)
    last = catalog.versions.get(call.caller, name, found.version)
    lineage = Lineage(convert.made(first), convert.made(last))
    return convert.table(found, convert.statistics(found, columns, count), lineage)


@routes.patch("/catalogs/{catalog}/databases/{database}/tables/{table}")
def alter_table(call: Call, catalog: str, database: str, table: str, body: ChangedTable) -> TableAnswer:
    """Change a table: its name, database, comments, parameters, columns or location."""
    tables, name = call.services.catalog.tables, TableName(catalog, database, table)
    found = tables.get(call.caller, name)
    check_version(f"table {found.full_name}", body.expected_version, found.version)
    if found.is_iceberg:
        return answer(call, _alter_iceberg(call, found, body))
    parameters = merged(found.parameters, body.parameters)
    if not isinstance(body.comment, UnsetType):
        parameters = merged(parameters, {convert.COMMENT: body.comment})
    columns = found.columns if isinstance(body.columns, UnsetType) else _columns(body.columns)
    comments = {} if isinstance(body.column_comments, UnsetType) else dict(body.column_comments)
    new = replace(
        found,
        parameters=parameters,
        columns=_commented(columns, comments),
        partition_keys=_commented(found.partition_keys, comments),
        **changes(body, "name", "database", "owner", "location", "view_original", "view_expanded"),
    )
    if comments:
        raise NotFound("column", next(iter(comments)))
    return answer(call, tables.alter(call.caller, name, new, expected_version=found.version))


def _alter_iceberg(call: Call, found: Table, body: ChangedTable) -> Table:
    """Change an Iceberg table by a commit of its own, so that its metadata says the same as its row."""
    if not (body.columns is UNSET and body.location is UNSET and body.view_original is UNSET):
        raise Unsupported(f"columns and location of {found.full_name} are Iceberg's: an engine changes them")
    parameters: dict[str, str | None] = {} if isinstance(body.parameters, UnsetType) else dict(body.parameters)
    if not isinstance(body.comment, UnsetType):
        parameters[convert.COMMENT] = body.comment
    comments = {} if isinstance(body.column_comments, UnsetType) else body.column_comments
    rest, expected = changes(body, "name", "database", "owner"), body.expected_version
    return alter_iceberg(
        call.services.catalog.iceberg, call.caller, found, parameters, comments, rest, expected_version=expected
    )


def _commented(columns: tuple[Column, ...], comments: dict[str, str | None]) -> tuple[Column, ...]:
    """The columns with new comments; what was used is taken out of `comments`."""
    by_key = {column.key: column for column in columns}
    for name in list(comments):
        key = Column(name, "").key
        if key in by_key:
            by_key[key] = replace(by_key[key], comment=comments.pop(name))
    return tuple(by_key[column.key] for column in columns)


def _columns(given: list[ColumnBody]) -> tuple[Column, ...]:
    return tuple(Column(one.name, one.type, one.comment, one.parameters) for one in given)


@routes.delete("/catalogs/{catalog}/databases/{database}/tables/{table}")
def drop_table(call: Call, catalog: str, database: str, table: str, query: Dropping) -> None:
    """Drop a table; the files of a managed one go too, those of an external one only with `purge`."""
    call.services.catalog.tables.drop(call.caller, TableName(catalog, database, table), purge=query.purge)
