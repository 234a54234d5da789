"""Calls about materialized views, and what of them a Table struct shows."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable
from typing import Any

from catalog_server.catalog.materialized_views import Counts, Source
from catalog_server.facades.hms import convert
from catalog_server.facades.hms.call import Context, large
from catalog_server.facades.hms.encode import struct_bytes
from catalog_server.facades.hms.noun import Noun, caller_of, database_name, split_database, table_name
from catalog_server.model.errors import Invalid
from catalog_server.model.names import TableName, name_key
from catalog_server.model.table import Table
from catalog_server.wire import hive_metastore as wire


class MaterializedViews(Noun):
    """Materialized views as Hive rewrites queries with them; whether one is stale is told from write ids."""

    def get_materialized_views_for_rewriting(self, context: Context, arguments: Any) -> list[str]:
        """Names of a database's materialized views that queries may be rewritten with."""
        wanted = self.catalog.core.database_name(database_name(arguments.db_name))
        return [
            name_key(view.name)
            for view in self._rewriting(context)
            if (name_key(view.catalog), name_key(view.database))
            == (name_key(wanted.catalog), name_key(wanted.database))
        ]

    @large
    def get_all_materialized_view_objects_for_rewriting(self, context: Context, arguments: Any) -> list[Any]:  # noqa: ARG002
        """All materialized views that queries may be rewritten with."""
        views = self._rewriting(context)
        sources = self.catalog.materialized_views.sources(caller_of(context), views)
        return [with_sources(convert.from_table(view), sources.get(view.id, ())) for view in views]

    def _rewriting(self, context: Context) -> list[Table]:
        found = self.catalog.materialized_views.list(caller_of(context))
        return [view for view in found if convert.said_in(view.extra).get("rewriteEnabled")]

    def update_creation_metadata(self, context: Context, arguments: Any) -> None:
        """Say what a materialized view was built from, as it is after a rebuild."""
        metadata = arguments.creation_metadata
        if metadata is None:
            raise Invalid("creation_metadata", "is missing")
        caller, name = caller_of(context), table_name(arguments.dbname, arguments.tbl_name, arguments.catName)
        found = self.catalog.tables.get(caller, name) if self._is_there(context, name) else None
        extra = None if found is None else convert.merged(found.extra, kept_metadata(metadata))
        self.catalog.materialized_views.rebuilt(caller, name, extra, counts_of(metadata, name.catalog))

    def _is_there(self, context: Context, name: TableName) -> bool:
        return bool(self.catalog.tables.get_many(caller_of(context), name.parent, [name.table]))

    def update_transaction_statistics(self, context: Context, arguments: Any) -> None:
        """Count rows of a table that a transaction changed, for the materialized views that are built from it."""
        request = arguments.req
        self.catalog.materialized_views.count_changes(
            caller_of(context),
            request.tableId,
            inserted=request.insertCount,
            updated=request.updatedCount,
            deleted=request.deletedCount,
        )


def kept_metadata(metadata: Any) -> dict[str, Any]:
    """A CreationMetadata as it is kept: its tables stand in rows of their own, its time is that of now."""
    kept = wire.CreationMetadata(
        catName=metadata.catName,
        dbName=metadata.dbName,
        tblName=metadata.tblName,
        tablesUsed=metadata.tablesUsed,
        validTxnList=metadata.validTxnList,
        materializationTime=int(time.time() * 1000),
    )
    return {convert.EXTRA: {"creationMetadata": base64.b64encode(struct_bytes(kept)).decode()}}


def counts_of(metadata: Any, catalog: str = "") -> Counts:
    """The tables that a view is built from, with how many of their rows changed since."""
    found: dict[TableName, tuple[int, int, int]] = {}
    for said in metadata.tablesUsed or ():
        database, _, table = said.rpartition(".")
        own, plain = split_database(database, catalog)
        found[TableName(own, plain or "", table)] = (0, 0, 0)
    for source in metadata.sourceTables or ():
        own, plain = split_database(source.table.dbName, catalog)
        name = TableName(own, plain or "", source.table.tableName)
        found[name] = (source.insertedCount or 0, source.updatedCount or 0, source.deletedCount or 0)
    return found


def with_sources(struct: Any, sources: Iterable[Source]) -> Any:
    """A Table struct whose creation metadata, if it has any, tells the tables that the view is built from."""
    if struct.creationMetadata is not None:
        struct.creationMetadata.sourceTables = [
            wire.SourceTable(
                table=convert.from_table(one.table),
                insertedCount=one.inserted,
                updatedCount=one.updated,
                deletedCount=one.deleted,
            )
            for one in sources
        ]
    return struct
