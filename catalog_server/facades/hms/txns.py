"""Calls about Hive's transactions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from catalog_server.catalog.txn_parameters import ReplicatedUpTo, Setting, TableParameter
from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.encode import struct_bytes
from catalog_server.facades.hms.noun import Noun, caller_of, needed, split_database
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.model.names import DatabaseName
from catalog_server.model.txn import Operation, Snapshot, TxnKind, TxnState, bits
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire

_STATES = {TxnState.COMMITTED: 1, TxnState.ABORTED: 2, TxnState.OPEN: 3}
OPERATIONS = {2: Operation.INSERT, 3: Operation.UPDATE, 4: Operation.DELETE}
"""DataOperationType; what it has no operation for here changes nothing that others could collide with."""


def kind_of(number: int | None) -> TxnKind:
    """The kind of txn of a TxnType; raises `Invalid` for one that no Hive has."""
    try:
        return TxnKind(number or 0)
    except ValueError as error:
        raise Invalid("txn_type", f"{number} is none of {', '.join(kind.name for kind in TxnKind)}") from error


class Txns(Noun):
    """Txns: begun, renewed, committed, aborted, listed."""

    def _caller(self, context: Context, request: Any) -> Caller:
        caller = caller_of(context)
        return replace(caller, user=request.user or caller.user)

    def open_txns(self, context: Context, arguments: Any) -> Any:
        """Begin txns, or those that stand for txns of a replicated warehouse."""
        request = arguments.rqst
        caller, kind = self._caller(context, request), kind_of(request.txn_type)
        who = {"host": request.hostname or "", "agent": request.agentInfo}
        if kind is TxnKind.REPL_CREATED:
            policy, sources = request.replPolicy or "", request.replSrcTxnIds or ()
            ids = self.catalog.txns.begin_replicated(caller, policy, sources, **who)
        else:
            (count,) = needed(request, "num_txns")
            ids = self.catalog.txns.begin(caller, count, kind, **who)
        return wire.OpenTxnsResponse(txn_ids=ids)

    def commit_txn(self, context: Context, arguments: Any) -> None:
        """Commit a txn, unless another changed the same before.

        Hive 4 leaves that check out unless asked, trusting that all writers exclude each other by locks of a mode that
        Hive 2 and 3 do not have. Here it is left out where the client says so (`exclWriteEnabled`).
        """
        request = arguments.rqst
        policy = request.replPolicy if request.txn_type == TxnKind.REPL_CREATED else None
        excluded = vars(request).get("exclWriteEnabled", False)
        self.catalog.txns.commit(
            caller_of(context), request.txnid, checked=not excluded, policy=policy, settings=_settings(request)
        )

    def abort_txn(self, context: Context, arguments: Any) -> None:
        """Abort a txn."""
        request = arguments.rqst
        policy = request.replPolicy if request.txn_type == TxnKind.REPL_CREATED else None
        self.catalog.txns.abort(caller_of(context), request.txnid, policy=policy)

    def abort_txns(self, context: Context, arguments: Any) -> None:
        """Abort those txns of a list that are open."""
        self.catalog.txns.abort_all(caller_of(context), arguments.rqst.txn_ids or ())

    def get_open_txns(self, context: Context, arguments: Any) -> bytes:  # noqa: ARG002
        """What a reader that begins now may not see; txns that only read are left out."""
        return _open_txns(self.catalog.txns.snapshot(), context.compact)

    def get_open_txns_req(self, context: Context, arguments: Any) -> bytes:
        """As `get_open_txns`, without the kinds of txns that the client names."""
        without = [kind_of(number) for number in arguments.getOpenTxnsRequest.excludeTxnTypes or ()]
        return _open_txns(self.catalog.txns.snapshot(without), context.compact)

    def get_open_txns_info(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """All txns that are open or aborted, and who began them."""
        newest, found = self.catalog.txns.shown(caller_of(context))
        infos = [
            wire.TxnInfo(
                id=one.id,
                state=_STATES[one.state],
                user=one.user,
                hostname=one.host,
                agentInfo=one.agent,
                startedTime=one.started_at,
                lastHeartbeatTime=one.heartbeat_at,
            )
            for one in found
        ]
        return wire.GetOpenTxnsInfoResponse(txn_high_water_mark=newest, open_txns=infos)

    def heartbeat_txn_range(self, context: Context, arguments: Any) -> Any:
        """Renew the leases of a range of txns; which of them are not open."""
        aborted, unknown = self.catalog.txns.heartbeat_range(caller_of(context), *needed(arguments.txns, "min", "max"))
        return wire.HeartbeatTxnRangeResponse(aborted=aborted, nosuch=unknown)

    def add_dynamic_partitions(self, context: Context, arguments: Any) -> None:
        """Say which partitions a txn has written to; without an operation (as of old clients) they are updated."""
        request = arguments.rqst
        catalog, database = split_database(request.dbname)
        key = self.catalog.txns.key(catalog, database or "", request.tablename or "")
        operation = OPERATIONS.get(request.operationType, Operation.UPDATE)
        self.catalog.txns.add_partitions(
            caller_of(context), request.txnid, key, request.partitionnames or (), operation, request.writeid
        )

    def seed_txn_id(self, context: Context, arguments: Any) -> None:
        """Let the next txn have this number."""
        self.catalog.txns.seed(caller_of(context), *needed(arguments.rqst, "seedTxnId"))

    def get_latest_txnid_in_conflict(self, context: Context, arguments: Any) -> int:
        """The newest committed txn that changed what an open one changes."""
        return self.catalog.txns.latest_in_conflict(caller_of(context), *needed(arguments, "txnId"))

    def get_replayed_txns_for_policy(self, context: Context, arguments: Any) -> Any:
        """The open txns of a replication policy: ids there and here."""
        pairs = self.catalog.txns.replicated(caller_of(context), arguments.policyName or "")
        return wire.ReplayedTxnsForPolicyResult(
            replTxnMapEntry={str(there): str(here) for there, here in pairs.items()}
        )

    def add_write_ids_to_min_history(self, context: Context, arguments: Any) -> None:
        """Keep the lowest write ids that an open txn reads."""
        self.catalog.txns.keep_least(caller_of(context), arguments.txnId, arguments.writeIds or {})

    def get_lock_materialization_rebuild(self, context: Context, arguments: Any) -> Any:
        """Take the right to rebuild a materialized view; the answer names the txn as the lock's number, as Hive does."""
        taken = self.catalog.txns.lock_rebuild(
            caller_of(context), arguments.dbName, arguments.tableName, arguments.txnId
        )
        return wire.LockResponse(lockid=arguments.txnId, state=1 if taken else 4)

    def heartbeat_lock_materialization_rebuild(self, context: Context, arguments: Any) -> bool:
        """Renew the right to rebuild a materialized view."""
        self.catalog.txns.renew_rebuild(caller_of(context), *needed(arguments, "dbName", "tableName", "txnId"))
        return True


def _settings(request: Any) -> list[Setting]:
    """What a commit sets beside."""
    found: list[Setting] = []
    said, up_to = getattr(request, "keyValue", None), getattr(request, "replLastIdInfo", None)
    if said is not None:
        found.append(TableParameter(said.tableId, said.key or "", said.value or ""))
    if up_to is not None:
        if up_to.partitionList:
            raise Unsupported("replLastIdInfo of partitions is not served: alter them")
        catalog, database = split_database(up_to.database, up_to.catalog)
        found.append(ReplicatedUpTo(DatabaseName(catalog, database or ""), up_to.table, up_to.lastReplId))
    return found


def _open_txns(snapshot: Snapshot, compact: bool) -> bytes:
    """A GetOpenTxnsResponse that every client reads: `open_txns` is a set in Hive 2 and a list since, so it is there as both.

    Thrift's generated readers skip a field whose type is not the one they know, and require this one.
    """
    ids = sorted((*snapshot.open, *snapshot.aborted))
    aborted = frozenset(snapshot.aborted)
    response = wire.GetOpenTxnsResponse(
        txn_high_water_mark=snapshot.high,
        open_txns=ids,
        min_open_txn=snapshot.open[0] if snapshot.open else None,
        abortedBits=bits([one in aborted for one in ids]),
    )
    return struct_bytes(response, compact)[:-1] + _open_set(ids, compact) + b"\0"


_OPEN_FIELD = 2


def _open_set(ids: list[int], compact: bool) -> bytes:
    if not compact:
        header = b"\x0e" + _OPEN_FIELD.to_bytes(2, "big") + b"\x0a" + len(ids).to_bytes(4, "big")
        return header + b"".join(one.to_bytes(8, "big") for one in ids)
    size = bytes((len(ids) << 4 | 6,)) if len(ids) < 15 else b"\xf6" + codec.varint(len(ids))
    return b"\x0a" + codec.varint(_OPEN_FIELD << 1) + size + b"".join(codec.varint(one << 1) for one in ids)
