"""Calls that make, change and drop tables."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog_server.catalog.hive_rules import with_statistics_state
from catalog_server.catalog.table_writes import DDL_TIME
from catalog_server.catalog.tables import VISIBLE_TO_ENGINES
from catalog_server.catalog.truncate import truncate
from catalog_server.facades.common.turns import Contended
from catalog_server.facades.hms import convert
from catalog_server.facades.hms.call import Context, large
from catalog_server.facades.hms.constraints import said_with_table
from catalog_server.facades.hms.materialized_views import counts_of, kept_metadata
from catalog_server.facades.hms.noun import Noun, caller_of, properties, split_database, table_name
from catalog_server.facades.hms.privileges import granted_with_table
from catalog_server.model.errors import Conflict, Invalid, NotFound
from catalog_server.model.names import TableName, name_key
from catalog_server.model.table import Table, TableKind
from catalog_server.wire import hive_metastore as wire

EXPECTED_KEY = "expected_parameter_key"
EXPECTED_VALUE = "expected_parameter_value"
CASCADE = "CASCADE"


class TableChanges(Noun):
    """Changes of tables by the old names and by the `_req` forms of Hive 4."""

    def create_table(self, context: Context, arguments: Any) -> None:
        """Make a table and its directory."""
        self._create(context, arguments.tbl)

    def create_table_with_environment_context(self, context: Context, arguments: Any) -> None:
        """Make a table and its directory."""
        self._create(context, arguments.tbl)

    def create_table_with_constraints(self, context: Context, arguments: Any) -> None:
        """Make a table and its directory, with constraints."""
        self._create(context, arguments.tbl, arguments)

    def create_table_req(self, context: Context, arguments: Any) -> None:
        """Make a table and its directory, with constraints."""
        self._create(context, arguments.request.table, arguments.request)

    def _create(self, context: Context, struct: Any, constrained: Any = None) -> None:
        table = self._new(struct)
        said = said_with_table(constrained, table.full_name) if constrained is not None else []
        caller = caller_of(context)
        metadata = struct.creationMetadata if table.kind is TableKind.MATERIALIZED_VIEW else None
        if metadata is not None:
            table = replace(table, extra=convert.merged(table.extra, kept_metadata(metadata)))
        granted = granted_with_table(struct.privileges, table.full_name)
        privileges = self.catalog.privileges
        made = self.catalog.constraints.create_table(
            caller,
            table,
            said,
            hive_rules=True,
            then=(lambda tx, _made: privileges.grant_in(tx, caller, granted)) if granted else None,
        )
        if metadata is not None:
            counts = counts_of(metadata, made.catalog)
            self.catalog.materialized_views.rebuilt(caller, made.full_name, None, counts)

    def _new(self, struct: Any) -> Table:
        if struct is None:
            raise Invalid("table", "is missing")
        if struct.sd is None:
            raise Invalid("table", f"{struct.tableName} has no storage descriptor")
        catalog, struct.dbName = split_database(struct.dbName)
        table = convert.to_table(struct, catalog)
        if table.kind is TableKind.CONNECTION:
            raise Invalid("tableType", "a table of a connection is made by a crawl")
        return _dated(table)

    def translate_table_dryrun(self, context: Context, arguments: Any) -> Any:
        """The table as `create_table_req` would keep it: as it was sent, with its place; nothing is made."""
        table = self._new(arguments.request.table)
        location = table.location or self.catalog.tables.default_location(caller_of(context), table.full_name)
        return convert.from_table(replace(table, location=None if table.kind is TableKind.VIEW else location))

    def alter_table(self, context: Context, arguments: Any) -> None:
        """Give a table a new definition."""
        self._alter(context, table_name(arguments.dbname, arguments.tbl_name), arguments.new_tbl, {})

    def alter_table_with_cascade(self, context: Context, arguments: Any) -> None:
        """Give a table a new definition, and its partitions its columns if `cascade`."""
        said = {CASCADE: "true"} if arguments.cascade else {}
        self._alter(context, table_name(arguments.dbname, arguments.tbl_name), arguments.new_tbl, said)

    def alter_table_with_environment_context(self, context: Context, arguments: Any) -> None:
        """Give a table a new definition, if it still has the parameter that the context expects."""
        name = table_name(arguments.dbname, arguments.tbl_name)
        self._alter(context, name, arguments.new_tbl, properties(arguments.environment_context))

    def alter_table_req(self, context: Context, arguments: Any) -> Any:
        """Give a table a new definition, if it still has the parameter that is expected."""
        request = arguments.req
        said = properties(request.environmentContext)
        if request.expectedParameterKey is not None:
            said |= {EXPECTED_KEY: request.expectedParameterKey, EXPECTED_VALUE: request.expectedParameterValue or ""}
        self._alter(context, table_name(request.dbName, request.tableName, request.catName), request.table, said)
        return wire.AlterTableResponse()

    def _alter(self, context: Context, name: TableName, struct: Any, said: Mapping[str, str]) -> None:
        if struct is None or struct.sd is None:
            raise Invalid("table", f"{name.table} has no new definition, or one without storage descriptor")
        caller = caller_of(context)
        struct.dbName = split_database(struct.dbName)[1] or name.database
        new = with_statistics_state(_dated(convert.to_table(struct, name.catalog)), said)
        expected = {said[EXPECTED_KEY]: said.get(EXPECTED_VALUE, "")} if said.get(EXPECTED_KEY) else None
        cascade = said.get(CASCADE, "").lower() == "true"
        contended = Contended((name.catalog, name_key(name.database), name_key(name.table)), lost=False)
        try:
            self.catalog.tables.alter(
                caller,
                name,
                new,
                expected_parameters=expected,
                cascade=cascade,
                hive_rules=True,
                completed=_completed,
            )
        except Conflict:
            contended = replace(contended, lost=True)
            raise
        finally:
            context.contended = contended

    def drop_table(self, context: Context, arguments: Any) -> None:
        """Drop a table; its files too, if it is managed and that is asked for."""
        self._drop(context, table_name(arguments.dbname, arguments.name), arguments.deleteData)

    def drop_table_with_environment_context(self, context: Context, arguments: Any) -> None:
        """Drop a table; its files too, if it is managed and that is asked for."""
        self._drop(context, table_name(arguments.dbname, arguments.name), arguments.deleteData)

    def drop_table_req(self, context: Context, arguments: Any) -> None:
        """Drop a table; its files too, if it is managed and that is asked for."""
        request = arguments.dropTableReq
        self._drop(context, table_name(request.dbName, request.tableName, request.catalogName), request.deleteData)

    def _drop(self, context: Context, name: TableName, delete_data: bool | None) -> None:
        self.catalog.tables.drop(
            caller_of(context), name, delete_data=bool(delete_data), kinds=VISIBLE_TO_ENGINES
        )  # fmt: skip

    @large
    def truncate_table(self, context: Context, arguments: Any) -> None:
        """Delete a table's files, or those of some partitions; its folders stay."""
        name = table_name(arguments.dbName, arguments.tableName)
        truncate(self.catalog.partitions, caller_of(context), name, arguments.partNames)

    @large
    def truncate_table_req(self, context: Context, arguments: Any) -> Any:
        """Delete a table's files, or those of some partitions; its folders stay."""
        request = arguments.req
        name = table_name(request.dbName, request.tableName)
        truncate(self.catalog.partitions, caller_of(context), name, request.partNames)
        return wire.TruncateTableResponse()


def _completed(held: Table, new: Table) -> Table:
    """A definition with what Hive keeps of the one before where nothing is said; raises `NotFound` for no table of Hive's."""
    if held.kind not in VISIBLE_TO_ENGINES:
        raise NotFound("table", str(held.full_name))
    location = held.location if new.location is None and new.kind is not TableKind.VIEW else new.location
    return replace(new, location=location, extra=convert.merged(held.extra, new.extra))


def _dated(table: Table) -> Table:
    """A definition with the time of its last change, where it was not sent along."""
    if DDL_TIME in table.parameters:
        return table
    return replace(table, parameters={**table.parameters, DDL_TIME: str(int(time.time()))})
