"""Calls about locks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from catalog_server.catalog.locks import ACQUIRED, NOT_ACQUIRED, Asked, LockPart, LockRow, describe
from catalog_server.catalog.txns import Change
from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of, split_database
from catalog_server.facades.hms.txns import OPERATIONS
from catalog_server.model.errors import NotFound
from catalog_server.model.txn import Operation
from catalog_server.wire import hive_metastore as wire

_MODES = {1: "shared_read", 2: "shared_write", 3: "exclusive", 4: "exclusive_write"}
_MODE_NUMBERS = {mode: number for number, mode in _MODES.items()}
_STATES = {ACQUIRED: 1, NOT_ACQUIRED: 4}
_WAITING = 2
_UNSET = 5


class Locks(Noun):
    """Locks as leases, of their own or of a txn."""

    def lock(self, context: Context, arguments: Any) -> Any:
        """Ask for locks; the answer says whether they are held or waited for."""
        request = arguments.rqst
        caller = caller_of(context)
        components = request.component or ()
        txn_id = request.txnid or 0
        asked = self.catalog.locks.lock(
            replace(caller, user=request.user or caller.user),
            [self._part(component) for component in components],
            host=request.hostname or "",
            agent=request.agentInfo,
            txn_id=txn_id,
            changes=self._changes(components) if txn_id else (),
            readers_wait=not request.zeroWaitReadEnabled,
            creators_wait=not request.exclusiveCTAS,
        )
        return wire.LockResponse(
            lockid=asked.lock_id, state=_STATES.get(asked.state, _WAITING), errorMessage=_obstacle(asked)
        )

    def _part(self, component: Any) -> LockPart:
        catalog, database = split_database(component.dbname)
        mode = _MODES.get(component.type, "exclusive")
        resolved = self.catalog.core.catalog_name(catalog)
        return LockPart(resolved, database or "", component.tablename, component.partitionname, mode)

    def _changes(self, components: Any) -> list[Change]:
        """What a statement that asks for these locks is going to change, as Hive's own server gathers it.

        A statement that finds its partitions as it runs is kept as changing its table, once, until it says which they are.
        """
        found: dict[Any, Change] = {}
        for component in components:
            operation = _operation(component)
            if operation is None or component.tablename is None or component.isTransactional is False:
                continue
            catalog, database = split_database(component.dbname)
            key = self.catalog.txns.key(catalog, database or "", component.tablename)
            if not component.isDynamicPartitionWrite:
                found[key, component.partitionname, operation] = Change(key, component.partitionname, operation)
            elif operation is not Operation.INSERT or (key, None) not in found:
                kept = Operation.INSERT if operation is Operation.INSERT else Operation.UPDATE
                found[key, None] = Change(key, None, kept)
        return list(found.values())

    def check_lock(self, context: Context, arguments: Any) -> Any:
        """Whether a lock that was waited for is held now."""
        lock_id = arguments.rqst.lockid
        self._check_use(context, lock_id)
        return wire.LockResponse(lockid=lock_id, state=_STATES.get(self.catalog.locks.check(lock_id), _WAITING))

    def unlock(self, context: Context, arguments: Any) -> None:
        """Give a lock back."""
        if self.catalog.locks.may_use(caller_of(context), arguments.rqst.lockid):
            self.catalog.locks.unlock(arguments.rqst.lockid)

    def _check_use(self, context: Context, lock_id: int) -> None:
        if not self.catalog.locks.may_use(caller_of(context), lock_id):
            raise NotFound("lock", str(lock_id))

    def heartbeat(self, context: Context, arguments: Any) -> None:
        """Renew the lease of a txn, a lock or both."""
        if arguments.ids.txnid:
            self.catalog.txns.heartbeat(caller_of(context), arguments.ids.txnid)
        if arguments.ids.lockid:
            self._check_use(context, arguments.ids.lockid)
            self.catalog.locks.heartbeat(arguments.ids.lockid)

    def show_locks(self, context: Context, arguments: Any) -> Any:
        """Locks of everything, or of a database, table, partition or txn."""
        request = arguments.rqst
        database = split_database(request.dbname)[1]
        found = self.catalog.locks.list(
            caller_of(context), database, request.tablename, request.partname, request.txnid
        )
        return wire.ShowLocksResponse(locks=[_element(row) for row in found])


def _operation(component: Any) -> Operation | None:
    """What is done to a component; clients of Hive 1 do not say, and change what they do not lock for reading."""
    if component.operationType in (None, _UNSET):
        return None if component.type == 1 else Operation.UPDATE
    return OPERATIONS.get(component.operationType)


def _obstacle(asked: Asked) -> str | None:
    if asked.blocker is None:
        return None
    what = describe(asked.blocker)
    if asked.exclusive_create:
        return f"Failed to initiate a concurrent CTAS operation with the same table name, lockInfo : {what}"
    return f"Unable to acquire read lock due to an existing exclusive lock {{{what}}}"


def _element(row: LockRow) -> Any:
    return wire.ShowLocksResponseElement(
        lockid=row.lock_id,
        dbname=row.part.database,
        tablename=row.part.table,
        partname=row.part.partition,
        state=_STATES.get(row.state, _WAITING),
        type=_MODE_NUMBERS.get(row.part.mode, 3),
        txnid=row.txn_id,
        lastheartbeat=0 if row.txn_id else row.heartbeat_at,
        acquiredat=row.acquired_at or None,
        user=row.user,
        hostname=row.host,
        agentInfo=row.agent,
        blockedByExtId=row.blocked_by,
        blockedByIntId=None if row.blocked_by is None else 1,
        lockIdInternal=row.number,
    )
