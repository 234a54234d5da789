"""Calls about compactions: requests, and what workers elsewhere make of them."""

from __future__ import annotations

from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of, needed
from catalog_server.model.compaction import (
    ABORTED,
    DEFAULT_POOL,
    FAILED,
    INITIATED,
    KINDS,
    NOT_INITIATED,
    READY,
    REFUSED,
    SUCCEEDED,
    WORKING,
    Compaction,
    Request,
)
from catalog_server.model.errors import Invalid
from catalog_server.wire import hive_metastore as wire

_STATES = {
    "i": INITIATED, "w": WORKING, "r": READY, "s": SUCCEEDED, "f": FAILED, "a": NOT_INITIATED, "c": REFUSED,
    "x": ABORTED,
}  # fmt: skip
"""The letters that Hive's clients filter by."""


class Compactions(Noun):
    """Compactions as records."""

    def compact(self, context: Context, arguments: Any) -> None:
        """Ask for a compaction."""
        self.catalog.compactions.request(caller_of(context), _request(arguments.rqst))

    def compact2(self, context: Context, arguments: Any) -> Any:
        """Ask for a compaction; which one it is, or that there is one already."""
        made, other = self.catalog.compactions.request(caller_of(context), _request(arguments.rqst))
        if made is not None:
            return wire.CompactionResponse(id=made, state=INITIATED, accepted=True)
        said = "" if other is None else f"Compaction is already scheduled with state='{other.state}' and id={other.id}"
        return wire.CompactionResponse(id=-1, state=REFUSED, accepted=False, errormessage=said)

    def submit_for_cleanup(self, context: Context, arguments: Any) -> bool:
        """Ask for the deletion of old files up to a write id, once a txn is committed."""
        self.catalog.compactions.request_cleaning(
            caller_of(context), _request(arguments.o1), arguments.o2 or 0, arguments.o3 or 0
        )
        return True

    def show_compact(self, context: Context, arguments: Any) -> Any:
        """Requests, waiting and past."""
        request = arguments.rqst
        state = request.state
        found = self.catalog.compactions.list(
            caller_of(context),
            request.order,
            request.limit if request.limit and request.limit > 0 else None,
            id=request.id or None,
            pool=request.poolName,
            database=request.dbName,
            table=request.tbName,
            partition=request.partName,
            kind=request.type,
            state=None if state is None else _STATES.get(state, state),
        )
        return wire.ShowCompactResponse(compacts=[_element(one) for one in found])

    def find_next_compact(self, context: Context, arguments: Any) -> Any:
        """Give the oldest waiting request of no pool to a worker."""
        return _optional(self.catalog.compactions.claim(caller_of(context), arguments.workerId))

    def find_next_compact2(self, context: Context, arguments: Any) -> Any:
        """Give the oldest waiting request of a pool to a worker."""
        request = arguments.rqst
        found = self.catalog.compactions.claim(
            caller_of(context), request.workerId, request.workerVersion, request.poolName
        )
        return _optional(found)

    def update_compactor_state(self, context: Context, arguments: Any) -> None:
        """A worker has begun."""
        info = arguments.cr
        self.catalog.compactions.began(
            caller_of(context), info.id, write_id=info.highestWriteId, run_as=info.runas, txn_id=arguments.txn_id
        )

    def set_hadoop_jobid(self, context: Context, arguments: Any) -> None:
        """Which job does the work."""
        self.catalog.compactions.job(caller_of(context), arguments.cq_id, arguments.jobId)

    def mark_compacted(self, context: Context, arguments: Any) -> None:
        """The new files are written."""
        self.catalog.compactions.compacted(caller_of(context), arguments.cr.id)

    def mark_cleaned(self, context: Context, arguments: Any) -> None:
        """The old files are deleted."""
        info = arguments.cr
        self.catalog.compactions.cleaned(caller_of(context), info.id, info.partitionname, info.highestWriteId or 0)

    def mark_failed(self, context: Context, arguments: Any) -> None:
        """A worker gives up."""
        self._ended(context, FAILED, arguments.cr)

    def mark_refused(self, context: Context, arguments: Any) -> None:
        """A worker will not do it."""
        self._ended(context, REFUSED, arguments.cr)

    def _ended(self, context: Context, state: str, info: Any) -> None:
        database, table, kind = needed(info, "dbname", "tablename", "type")
        request = Request(database, table, info.partitionname, kind, info.runas, None, pool=info.poolname)
        self.catalog.compactions.ended(caller_of(context), state, info.id or 0, request, info.errorMessage)

    def abort_Compactions(self, context: Context, arguments: Any) -> Any:  # noqa: N802
        """Abort requests that no worker has begun."""
        found = self.catalog.compactions.abort(caller_of(context), arguments.rqst.compactionIds or ())
        return wire.AbortCompactResponse(abortedcompacts={id_: _aborted(id_, state) for id_, state in found.items()})

    def get_latest_committed_compaction_info(self, context: Context, arguments: Any) -> Any:
        """The newest compaction of each partition whose new files can be read."""
        request = arguments.rqst
        database, table = needed(request, "dbname", "tablename")
        found = self.catalog.compactions.latest(
            caller_of(context), database, table, request.partitionnames, request.lastCompactionId
        )
        infos = [
            wire.CompactionInfoStruct(
                id=one.id,
                dbname=one.request.database,
                tablename=one.request.table,
                partitionname=one.request.partition,
                type=one.request.kind,
            )
            for one in found
        ]
        return wire.GetLatestCommittedCompactionInfoResponse(compactions=infos)

    def find_columns_with_stats(self, context: Context, arguments: Any) -> list[str]:
        """Names of the columns that have statistics."""
        info = arguments.cr
        database, table = needed(info, "dbname", "tablename")
        return self.catalog.compactions.columns_with_statistics(caller_of(context), database, table, info.partitionname)

    def update_compaction_metrics_data(self, context: Context, arguments: Any) -> bool:
        """Keep what a worker counted, or forget it below the threshold."""
        data = arguments.data
        needed(data, "dbname", "tblname", "type", "metricvalue", "threshold")
        self.catalog.compactions.keep_metric(
            caller_of(context),
            data.dbname,
            data.tblname,
            data.partitionname,
            data.type,
            data.metricvalue,
            data.threshold,
        )
        return True

    def remove_compaction_metrics_data(self, context: Context, arguments: Any) -> None:
        """Forget what was counted."""
        request = arguments.request
        self.catalog.compactions.drop_metric(
            caller_of(context), request.dbName, request.tblName, request.partitionName, request.type
        )


def _request(sent: Any) -> Request:
    if sent.type not in KINDS:
        raise Invalid("type", f"{sent.type} is none of {', '.join(KINDS.values())}")
    return Request(
        database=sent.dbname,
        table=sent.tablename,
        partition=sent.partitionname,
        kind=sent.type,
        run_as=sent.runas,
        properties=sent.properties,
        initiator=sent.initiatorId,
        initiator_version=sent.initiatorVersion,
        pool=sent.poolName or DEFAULT_POOL,
        buckets=sent.numberOfBuckets,
        order_by=sent.orderByClause,
    )


def _element(one: Compaction) -> Any:
    request = one.request
    return wire.ShowCompactResponseElement(
        dbname=request.database,
        tablename=request.table,
        partitionname=request.partition,
        type=request.kind,
        state=one.state,
        workerid=one.worker,
        start=one.started_at,
        runAs=request.run_as,
        hightestTxnId=one.write_id or 0,
        endTime=one.finished_at,
        hadoopJobId=one.hadoop_job,
        id=one.id,
        errorMessage=one.error,
        enqueueTime=one.enqueued_at,
        workerVersion=one.worker_version,
        initiatorId=request.initiator,
        initiatorVersion=request.initiator_version,
        poolName=request.pool,
        nextTxnId=one.next_txn_id or 0,
        txnId=one.txn_id or 0,
        commitTime=one.committed_at or 0,
    )


def _optional(one: Compaction | None) -> Any:
    """A claimed request as Hive gives it: what the worker is to know, and zeros for the rest."""
    if one is None:
        return wire.OptionalCompactionInfoStruct()
    request = one.request
    info = wire.CompactionInfoStruct(
        id=one.id,
        dbname=request.database,
        tablename=request.table,
        partitionname=request.partition,
        type=request.kind,
        properties=_properties(request.properties),
        toomanyaborts=False,
        hasoldabort=False,
        state="\0",
        start=0,
        enqueueTime=0,
        retryRetention=0,
        highestWriteId=0,
        poolname=None if request.pool == DEFAULT_POOL else request.pool,
        numberOfBuckets=request.buckets or 0,
        orderByClause=request.order_by,
    )
    return wire.OptionalCompactionInfoStruct(ci=info)


def _properties(properties: Any) -> str | None:
    """A map as Hive's workers read it: how many pairs, then the length and the text of each key and value."""
    if not properties:
        return None
    parts = [part for pair in properties.items() for part in pair]
    return f"{len(properties)}:" + "".join(f"{len(part)}:{part}" for part in parts)


def _aborted(id_: int, state: str | None) -> Any:
    if state is None:
        status, message = "Success", "Successfully aborted compaction"
    elif state:
        status, message = "Error", f"Error while aborting compaction as compaction is in state-{state}"
    else:
        status, message = "Error", "No Such Compaction Id Available"
    return wire.AbortCompactionResponseElement(compactionId=id_, status=status, message=message)
