"""Calls about indexes, which Hive had up to 2.3: their definitions are kept as they were sent, and nothing uses them."""

from __future__ import annotations

import time
from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.documents import database_of, document_of, struct_of, table_of
from catalog_server.facades.hms.noun import Noun, caller_of, limit, split_database, table_name
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.model.record import Record
from catalog_server.wire import hive_metastore as wire

_KIND = "index"


class Indexes(Noun):
    """Indexes of tables. The table that Hive would keep an index in is not made: no client of today reads one."""

    def add_index(self, context: Context, arguments: Any) -> Any:
        """Keep an index of a table that is there."""
        said, caller = arguments.new_index, caller_of(context)
        if said is None or not said.indexName or said.sd is None:
            raise Invalid("index", "a name and a storage descriptor are needed")
        try:
            self.catalog.tables.get(caller, table_name(said.dbName, said.origTableName))
        except NotFound as error:
            told = "Unable to add index because database or the original table do not exist"
            raise wire.InvalidObjectException(message=told) from error
        scope = self._scope(said.dbName, said.origTableName)
        made = document_of(said) | {"indexName": name_key(said.indexName), "createTime": int(time.time())}
        return _index(self.catalog.records.create(caller, _KIND, scope, said.indexName, made))

    def alter_index(self, context: Context, arguments: Any) -> None:
        """Give an index another definition; its name stays."""
        name, new = arguments.idx_name or "", document_of(arguments.new_idx)
        scope = self._scope(arguments.dbname, arguments.base_tbl_name)
        try:
            self.catalog.records.alter(
                caller_of(context), _KIND, scope, name, lambda found: new | {"indexName": found["indexName"]}
            )
        except NotFound as error:
            raise wire.InvalidOperationException(message=f"index {name} doesn't exist") from error

    def drop_index_by_name(self, context: Context, arguments: Any) -> bool:
        """Forget an index."""
        scope = self._scope(arguments.db_name, arguments.tbl_name)
        try:
            self.catalog.records.drop(caller_of(context), _KIND, scope, arguments.index_name or "")
        except NotFound as error:
            raise _missing(arguments) from error
        return True

    def get_index_by_name(self, context: Context, arguments: Any) -> Any:
        """One index."""
        scope = self._scope(arguments.db_name, arguments.tbl_name)
        try:
            return _index(self.catalog.records.get(caller_of(context), _KIND, scope, arguments.index_name or ""))
        except NotFound as error:
            raise _missing(arguments) from error

    def get_indexes(self, context: Context, arguments: Any) -> list[Any]:
        """The indexes of a table; of one that is not there none."""
        return [_index(one) for one in self._list(context, arguments)]

    def get_index_names(self, context: Context, arguments: Any) -> list[str]:
        """Names of the indexes of a table."""
        return [one.name for one in self._list(context, arguments)]

    def _list(self, context: Context, arguments: Any) -> list[Record]:
        scope = self._scope(arguments.db_name, arguments.tbl_name)
        return self.catalog.records.list(caller_of(context), _KIND, scope)[: limit(arguments.max_indexes)]

    def _scope(self, database: str | None, table: str | None) -> str:
        catalog, name = split_database(database)
        return f"{self.catalog.records.scope(DatabaseName(catalog, name or ''))}/{name_key(table or '')}"


def _index(record: Record) -> Any:
    index = struct_of("Index", record.document)
    index.dbName = database_of(record, index.dbName)
    index.origTableName = table_of(record, index.origTableName)
    return index


def _missing(arguments: Any) -> Exception:
    told = f"{arguments.db_name}.{arguments.tbl_name} index={arguments.index_name} not found"
    missing: Exception = wire.NoSuchObjectException(message=told)
    return missing
