"""Short ways to ask for txns, write ids and locks."""

from __future__ import annotations

import socket
import uuid
from typing import Any

from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import Client

SHARED_READ, SHARED_WRITE, EXCLUSIVE, EXCL_WRITE = 1, 2, 3, 4
ACQUIRED, WAITING, NOT_ACQUIRED = 1, 2, 4
SELECT, INSERT, UPDATE, DELETE, UNSET, NO_TXN = 1, 2, 3, 4, 5, 6
UNKNOWN = 2**40
"""A txn that there is not."""


def place() -> str:
    """The name of a database that nobody else speaks of; for txns and locks it need not exist."""
    return f"x{uuid.uuid4().hex[:8]}"


def begun(hms: Client, count: int = 1, **fields: Any) -> list[int]:
    """Txns that were just begun."""
    request = wire.OpenTxnRequest(num_txns=count, user="ann", hostname="here", **fields)
    ids: list[int] = hms.open_txns(request).txn_ids
    return ids


def commit(hms: Client, txn: int, **fields: Any) -> None:
    """Commit a txn, as a client that does not say how it locks unless told to."""
    hms.commit_txn(wire.CommitTxnRequest(txnid=txn, **{"exclWriteEnabled": None} | fields))


def abort(hms: Client, *txns: int) -> None:
    """Abort txns."""
    hms.abort_txns(wire.AbortTxnsRequest(txn_ids=list(txns)))


def allocate(hms: Client, database: str, *txns: int, table: str = "t", **fields: Any) -> list[tuple[int, int]]:
    """Write ids of txns for a table, by txn."""
    request = wire.AllocateTableWriteIdsRequest(dbName=database, tableName=table, txnIds=list(txns), **fields)
    return sorted((pair.txnId, pair.writeId) for pair in hms.allocate_table_write_ids(request).txnToWriteIds)


def valid(hms: Client, name: str, **fields: Any) -> tuple[int, list[int], int | None, bytes]:
    """The newest write id that a reader sees of a table, those not valid, the lowest open one, and the bits of aborted ones."""
    request = wire.GetValidWriteIdsRequest(fullTableNames=[name], **fields)
    (found,) = hms.get_valid_write_ids(request).tblValidWriteIds
    assert found.fullTableName == name
    return found.writeIdHighWaterMark, found.invalidWriteIds, found.minOpenWriteId, found.abortedBits


def touch(
    hms: Client, txn: int, database: str, operation: int = UPDATE, table: str = "t", names: Any = ("p=1",)
) -> None:
    """Say that a txn changes partitions."""
    hms.add_dynamic_partitions(
        wire.AddDynamicPartitions(
            txnid=txn, writeid=1, dbname=database, tablename=table, partitionnames=list(names), operationType=operation
        )
    )


def touch_as_hive_2(hms: Client, txn: int, database: str) -> None:
    """As `touch` of `p=1`, by the field numbers of Hive 2."""
    method = wire.method("add_dynamic_partitions").older
    assert method is not None
    request = wire.AddDynamicPartitions(
        txnid=txn, dbname=database, tablename="t", partitionnames=["p=1"], operationType=UPDATE
    )
    body = codec.encode(method.arguments[0](rqst=request), method.arguments)
    with socket.create_connection(("127.0.0.1", hms.port), 20) as connection:
        connection.sendall(codec.message_header(method.name, codec.CALL, 1) + body)
        assert connection.recv(4)[3] == codec.REPLY


def component(
    database: str, table: str | None = "t", partition: str | None = None, mode: int = EXCLUSIVE, **more: Any
) -> Any:
    """One thing to lock."""
    level = 1 if table is None else 2 if partition is None else 3
    return wire.LockComponent(type=mode, level=level, dbname=database, tablename=table, partitionname=partition, **more)


def ask(*components: Any, **more: Any) -> Any:
    """A request to lock."""
    return wire.LockRequest(component=list(components), user="ann", hostname="here", agentInfo="test", **more)
