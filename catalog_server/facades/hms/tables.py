"""Calls that read tables: one, many, their names, their columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.remembered import Scopes
from catalog_server.catalog.tables import VISIBLE_TO_ENGINES
from catalog_server.facades.hms import convert
from catalog_server.facades.hms.call import Context, large
from catalog_server.facades.hms.materialized_views import with_sources
from catalog_server.facades.hms.noun import (
    Noun,
    caller_of,
    database_name,
    limit,
    pattern,
    split_database,
    table_name,
)
from catalog_server.facades.hms.projection import Projection
from catalog_server.facades.hms.remembered import remembered
from catalog_server.facades.hms.statistics import of_table
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.table import Table, TableKind
from catalog_server.wire import hive_metastore as wire

READ_AND_WRITE = 8
"""Hive's access type of a table that its client may read and write: capabilities of clients are no reason to refuse here."""
ASKED_ACCESS, ASKED_CAPABILITIES = 1, 2
"""Bits of GetTablesExtRequest's `requestedFields`."""


class Tables(Noun):
    """Tables by the old names and by the `_req` forms of Hive 2.3 to 4; a table of a connection is not shown."""

    @remembered(lambda catalog, call: catalog.freshness.of_table(table_name(call.dbname, call.tbl_name)))
    def get_table(self, context: Context, arguments: Any) -> Any:
        """One table; Hive 4 has this call no more, its clients use get_table_req."""
        return self._struct(context, self._get(context, table_name(arguments.dbname, arguments.tbl_name)))

    @remembered(lambda catalog, call: _rests_upon_table(catalog, call.req))
    def get_table_req(self, context: Context, arguments: Any) -> Any:
        """One table, with the statistics of its columns if asked for."""
        request = arguments.req
        found = self._get(context, table_name(request.dbName, request.tblName, request.catName))
        struct = self._struct(context, found)
        if request.processorCapabilities:
            struct.accessType = READ_AND_WRITE
        if request.getColumnStats:
            struct.colStats = of_table(self.catalog, caller_of(context), found, None, request.engine)
        return wire.GetTableResult(table=struct)

    def _get(self, context: Context, name: TableName) -> Table:
        found = self.catalog.tables.get(caller_of(context), name)
        if found.kind not in VISIBLE_TO_ENGINES:
            raise NotFound("table", str(found.full_name))
        return found

    def _struct(self, context: Context, found: Table) -> Any:
        struct = convert.from_table(found)
        if found.kind is TableKind.MATERIALIZED_VIEW:
            context.scopes = None  # the answer shows other tables too, and these change without the view
            with_sources(struct, self.catalog.materialized_views.sources(caller_of(context), [found]).get(found.id, ()))
        return struct

    @large
    def get_table_objects_by_name(self, context: Context, arguments: Any) -> list[Any]:
        """Those of the named tables that exist."""
        return self._get_many(context, database_name(arguments.dbname), arguments.tbl_names)

    @large
    def get_table_objects_by_name_req(self, context: Context, arguments: Any) -> Any:
        """Those of the named tables that exist, or all that match a pattern; with the fields that are asked for."""
        request = arguments.req
        database = database_name(request.dbName, request.catName)
        names = request.tblNames
        if names is None and request.tablesPattern is not None:
            names = self._names(context, database, request.tablesPattern, VISIBLE_TO_ENGINES)
        projection = Projection.of(request.projectionSpec)
        found = self._get_many(context, database, names)
        return wire.GetTablesResult(tables=[projection.project(struct) for struct in found])

    def _get_many(self, context: Context, database: DatabaseName, names: Sequence[str] | None) -> list[Any]:
        if names is None:
            raise Invalid("", f"{database.database} cannot find null tables")
        caller = caller_of(context)
        self.catalog.databases.get(caller, database)
        found = self.catalog.tables.get_many(caller, database, names)
        shown = [table for table in found if table.kind in VISIBLE_TO_ENGINES]
        views = [table for table in shown if table.kind is TableKind.MATERIALIZED_VIEW]
        sources = self.catalog.materialized_views.sources(caller, views) if views else {}
        return [with_sources(convert.from_table(table), sources.get(table.id, ())) for table in shown]

    def _names(
        self, context: Context, database: DatabaseName, text: str | None, kinds: Sequence[TableKind]
    ) -> list[str]:
        wanted = pattern(text)
        found = self.catalog.tables.list_names(caller_of(context), database, kinds=kinds)
        return [name_key(name) for name in found if wanted.fullmatch(name)]

    @remembered(lambda catalog, call: catalog.freshness.of_table_names(database_name(call.db_name)))
    def get_all_tables(self, context: Context, arguments: Any) -> list[str]:
        """Names of a database's tables; of a missing database none."""
        return self._names(context, database_name(arguments.db_name), None, VISIBLE_TO_ENGINES)

    @remembered(lambda catalog, call: catalog.freshness.of_table_names(database_name(call.db_name)))
    def get_tables(self, context: Context, arguments: Any) -> list[str]:
        """Names that match a pattern."""
        return self._names(context, database_name(arguments.db_name), arguments.pattern, VISIBLE_TO_ENGINES)

    @remembered(lambda catalog, call: catalog.freshness.of_table_names(database_name(call.db_name)))
    def get_tables_by_type(self, context: Context, arguments: Any) -> list[str]:
        """Names of tables of one kind that match a pattern."""
        try:
            kind = TableKind(arguments.tableType)
        except ValueError as error:
            raise Invalid("tableType", f"{arguments.tableType!r} is not a kind of table") from error
        wanted = (kind,) if kind in VISIBLE_TO_ENGINES else ()
        return self._names(context, database_name(arguments.db_name), arguments.pattern, wanted)

    @large
    def get_tables_ext(self, context: Context, arguments: Any) -> list[Any]:
        """Names that match a pattern, with access types and capabilities if asked for."""
        request = arguments.req
        database = database_name(request.database, request.catalog)
        names = self._names(context, database, request.tableNamePattern, VISIBLE_TO_ENGINES)
        names = names[: request.limit] if request.limit else names
        asked = request.requestedFields or 0
        access = READ_AND_WRITE if asked & ASKED_ACCESS else None
        if not asked & ASKED_CAPABILITIES:
            return [wire.ExtendedTableInfo(tblName=name, accessType=access) for name in names]
        found = self.catalog.tables.get_many(caller_of(context), database, names)
        return [
            wire.ExtendedTableInfo(
                tblName=name_key(table.name),
                accessType=access,
                requiredReadCapabilities=convert.said_in(table.extra).get("requiredReadCapabilities"),
                requiredWriteCapabilities=convert.said_in(table.extra).get("requiredWriteCapabilities"),
            )
            for table in found
        ]

    @large
    def get_table_meta(self, context: Context, arguments: Any) -> list[Any]:
        """Name, kind and comment of all tables that match."""
        caller = caller_of(context)
        catalog, said = split_database(arguments.db_patterns)
        wanted, named = pattern(said), pattern(arguments.tbl_patterns)
        kinds = [kind for kind in VISIBLE_TO_ENGINES if not arguments.tbl_types or kind.value in arguments.tbl_types]
        found = self.catalog.tables.summaries(caller, catalog, kinds)
        return [_meta(table) for table in found if wanted.fullmatch(table.database) and named.fullmatch(table.name)]

    @large
    def get_table_names_by_filter(self, context: Context, arguments: Any) -> list[str]:
        """Names of tables by owner, last access and parameters; of a missing database none. See model/table_filter.py."""
        if not arguments.dbname:
            raise NotFound("database", "without a name")
        if arguments.filter is None:
            raise Invalid("table filter", "is missing")
        found = self.catalog.tables.names_by_filter(
            caller_of(context), database_name(arguments.dbname), arguments.filter, limit(arguments.max_tables)
        )
        return [name_key(name) for name in found]

    def get_fields(self, context: Context, arguments: Any) -> list[Any]:
        """Columns of a table without its partition keys."""
        return self._fields(context, table_name(arguments.db_name, arguments.table_name))

    def get_fields_with_environment_context(self, context: Context, arguments: Any) -> list[Any]:
        """Columns of a table without its partition keys; the context names jars that no SerDe needs here."""
        return self._fields(context, table_name(arguments.db_name, arguments.table_name))

    def get_fields_req(self, context: Context, arguments: Any) -> Any:
        """Columns of a table without its partition keys."""
        request = arguments.req
        name = table_name(request.dbName, request.tblName, request.catName)
        return wire.GetFieldsResponse(fields=self._fields(context, name))

    def get_schema(self, context: Context, arguments: Any) -> list[Any]:
        """Columns of a table with its partition keys."""
        return self._fields(context, table_name(arguments.db_name, arguments.table_name), keys=True)

    def get_schema_with_environment_context(self, context: Context, arguments: Any) -> list[Any]:
        """Columns of a table with its partition keys."""
        return self._fields(context, table_name(arguments.db_name, arguments.table_name), keys=True)

    def get_schema_req(self, context: Context, arguments: Any) -> Any:
        """Columns of a table with its partition keys."""
        request = arguments.req
        name = table_name(request.dbName, request.tblName, request.catName)
        return wire.GetSchemaResponse(fields=self._fields(context, name, keys=True))

    def _fields(self, context: Context, name: TableName, *, keys: bool = False) -> list[Any]:
        found = self._get(context, name)
        return convert.from_columns((*found.columns, *found.partition_keys) if keys else found.columns)


def _rests_upon_table(catalog: CatalogService, request: Any) -> Scopes | None:
    """What an answer of get_table_req rests upon; statistics and transactions are not part of a table's definition."""
    if request.getColumnStats or request.validWriteIdList:
        return None
    name: TableName = table_name(request.dbName, request.tblName, request.catName)
    return catalog.freshness.of_table(name)


def _meta(table: Table) -> Any:
    return wire.TableMeta(
        dbName=name_key(table.database),
        tableName=name_key(table.name),
        tableType=table.kind.value,
        comments=table.parameters.get("comment"),
        catName=table.catalog,
        ownerName=table.owner,
        ownerType=convert.principal_number(table.owner_kind),
    )
