"""Calls about write ids, and about what readers of ACID tables may see."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of, split_database
from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.model.txn import TableKey, WriteIds
from catalog_server.wire import hive_metastore as wire


class TableWriteIds(Noun):
    """Write ids: given to txns, and told to readers."""

    def _key(self, database: str | None, table: str | None) -> TableKey:
        catalog, own = split_database(database)
        if not own or not table:
            raise Invalid("table", f"{own or ''}.{table or ''} is not the name of a table")
        return self.catalog.txns.key(catalog, own, table)

    def _full(self, name: str) -> tuple[str, TableKey]:
        catalog, database, table = "", *name.rpartition(".")[::2]
        if "." in database:
            catalog, _, database = database.partition(".")
        if not database or not table:
            raise Invalid("fullTableNames", f"{name!r} is not of the form DATABASE.TABLE")
        return name, self.catalog.txns.key(catalog, database, table)

    def allocate_table_write_ids(self, context: Context, arguments: Any) -> Any:
        """Give txns write ids for a table."""
        request = arguments.rqst
        key, caller = self._key(request.dbName, request.tableName), caller_of(context)
        if request.replPolicy is not None:
            there = [(pair.txnId, pair.writeId) for pair in request.srcTxnToWriteIdList or ()]
            pairs = self.catalog.write_ids.allocate_replicated(caller, key, request.replPolicy, there)
        else:
            again = bool(request.reallocate)
            pairs = self.catalog.write_ids.allocate(caller, key, request.txnIds or (), again=again)
        return wire.AllocateTableWriteIdsResponse(
            txnToWriteIds=[wire.TxnToWriteId(txnId=txn_id, writeId=number) for txn_id, number in pairs]
        )

    def get_valid_write_ids(self, context: Context, arguments: Any) -> Any:
        """Which write ids of tables a snapshot lets a reader see."""
        request = arguments.rqst
        tables = [self._full(name) for name in request.fullTableNames or ()]
        found = self.catalog.write_ids.valid(caller_of(context), tables, request.validTxnList, request.writeId)
        return wire.GetValidWriteIdsResponse(tblValidWriteIds=[_valid(one) for one in found])

    def get_max_allocated_table_write_id(self, context: Context, arguments: Any) -> Any:
        """The newest write id of a table."""
        request = arguments.rqst
        newest = self.catalog.write_ids.last(caller_of(context), self._key(request.dbName, request.tableName))
        return wire.MaxAllocatedTableWriteIdResponse(maxWriteId=newest)

    def seed_write_id(self, context: Context, arguments: Any) -> None:
        """Let the write ids of a table begin after this one."""
        request = arguments.rqst
        key = self._key(request.dbName, request.tableName)
        self.catalog.write_ids.start(caller_of(context), key, request.seedWriteId)

    def repl_tbl_writeid_state(self, context: Context, arguments: Any) -> None:
        """Let a table have the write ids of a replicated one."""
        request = arguments.rqst
        caller = caller_of(context)
        self.catalog.write_ids.replicate_state(
            replace(caller, user=request.user or caller.user),
            self._key(request.dbName, request.tableName),
            request.validWriteIdlist or "",
            host=request.hostName or "",
            partitions=request.partNames or (),
        )

    def get_materialization_invalidation_info(self, context: Context, arguments: Any) -> Any:
        """What happened to the tables of a materialized view since it was built; no answer when it cannot be told."""
        metadata = getattr(arguments, "creation_metadata", None)
        if metadata is None:
            raise Unsupported(
                "get_materialization_invalidation_info by names of views, as only Hive 3.0 asks, is not served"
            )
        tables = [self._full(name) for name in sorted(metadata.tablesUsed or ())]
        then = _built_from(metadata.validTxnList)
        if not tables or then is None:
            return None
        found = self.catalog.write_ids.changed(caller_of(context), tables, then, arguments.validTxnList or "")
        if found is None:
            return None
        changed, compacted = found
        return wire.Materialization(sourceTablesUpdateDeleteModified=changed, sourceTablesCompacted=compacted)


def _built_from(text: str | None) -> str | None:
    """Hive 3 keeps the snapshot of a view as it is, Hive 4 in a JSON document; None where that tells of Iceberg snapshots."""
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Invalid("validTxnList", "is not valid JSON") from error
    found = document.get("validTxnList")
    return found if isinstance(found, str) and not document.get("tableSnapshots") else None


def _valid(found: WriteIds) -> Any:
    return wire.TableValidWriteIds(
        fullTableName=found.table,
        writeIdHighWaterMark=found.high,
        invalidWriteIds=list(found.invalid),
        minOpenWriteId=found.least_open,
        abortedBits=found.aborted_bits(),
    )
