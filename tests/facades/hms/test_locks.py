"""Locks and txns of a client that is killed, and the snapshot that clients of every age can read."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.Thrift import TType
from thrift.transport.TTransport import TMemoryBuffer

from catalog_server.config import Config, ThriftConfig
from catalog_server.facades.hms.app import handlers
from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.errors import translate
from catalog_server.facades.hms.txns import Txns
from catalog_server.facades.hms.write_ids import TableWriteIds
from catalog_server.model.errors import Unsupported
from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore
from tests.facades.hms.running import running

LEASE_SECONDS = 1.5
CLIENT = """
import sys, time
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore
hms = Metastore(int(sys.argv[1]))
(txn,) = hms.open_txns(wire.OpenTxnRequest(num_txns=1, user="ann", hostname="here")).txn_ids
for table, txnid in (("own", 0), ("of_txn", txn)):
    component = wire.LockComponent(type=3, level=2, dbname="d", tablename=table, operationType=2)
    hms.lock(wire.LockRequest(component=[component], user="ann", hostname="here", txnid=txnid))
print(txn, flush=True)
time.sleep(60)
"""


def test_what_a_killed_client_held_is_free_after_the_lease(tmp_path: Path) -> None:
    services = Services(Config(data=tmp_path, thrift=ThriftConfig(lease_seconds=LEASE_SECONDS)))
    services.catalog.prepare()
    with running(handlers(services), translate) as server:
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(server.port)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
        )
        assert client.stdout is not None
        txn = int(client.stdout.readline())
        client.kill()
        client.wait()
        client.stdout.close()
        with Metastore(server.port) as hms:
            waiting = [hms.lock(_request(table)) for table in ("own", "of_txn")]
            assert [lock.state for lock in waiting] == [2, 2]
            deadline = time.monotonic() + LEASE_SECONDS + 5
            states = [2, 2]
            while states != [1, 1] and time.monotonic() < deadline:
                time.sleep(0.1)
                states = [hms.check_lock(wire.CheckLockRequest(lockid=lock.lockid)).state for lock in waiting]
            assert states == [1, 1]
            with pytest.raises(wire.TxnAbortedException):
                hms.commit_txn(wire.CommitTxnRequest(txnid=txn))
    services.close()


def _request(table: str) -> wire.LockRequest:
    component = wire.LockComponent(type=3, level=2, dbname="d", tablename=table)
    return wire.LockRequest(component=[component], user="bob", hostname="there")


@pytest.mark.parametrize("compact", [False, True], ids=["binary", "compact"])
@pytest.mark.parametrize("count", [0, 3, 40])
def test_open_txns_are_a_list_for_new_clients_and_a_set_for_old_ones(tmp_path: Path, compact: bool, count: int) -> None:
    services = Services(Config(data=tmp_path))
    services.catalog.prepare()
    noun = Txns(services)
    context = Context("here", 1, compact)
    ids: list[int] = []
    if count:
        request = wire.OpenTxnRequest(num_txns=count, user="ann", hostname="here")
        ids = noun.open_txns(context, wire.method("open_txns").arguments[0](rqst=request)).txn_ids
    answer = noun.get_open_txns(context, wire.method("get_open_txns").arguments[0]())
    assert _fields(answer, compact) == {
        (1, TType.I64): count,
        (2, TType.LIST): ids,
        (2, TType.SET): set(ids),
        (4, TType.STRING): b"",
    } | ({(3, TType.I64): 1} if count else {})
    services.close()


def _fields(data: bytes, compact: bool) -> dict[tuple[int, int], object]:
    """What Apache Thrift's own reader finds in a struct, by number and type."""
    buffer = TMemoryBuffer(data)
    protocol = (TCompactProtocol if compact else TBinaryProtocol)(buffer)
    protocol.readStructBegin()
    found: dict[tuple[int, int], object] = {}
    while (field := protocol.readFieldBegin())[1] != TType.STOP:
        _, kind, number = field
        if kind == TType.I64:
            found[number, kind] = protocol.readI64()
        elif kind == TType.STRING:
            found[number, kind] = protocol.readBinary()
        elif kind == TType.LIST:
            found[number, kind] = [protocol.readI64() for _ in range(protocol.readListBegin()[1])]
            protocol.readListEnd()
        else:
            found[number, kind] = {protocol.readI64() for _ in range(protocol.readSetBegin()[1])}
            protocol.readSetEnd()
        protocol.readFieldEnd()
    assert buffer.read(1) == b""
    return found


def test_hive_3_0_is_told_that_it_asks_for_views_in_a_way_that_is_not_served(tmp_path: Path) -> None:
    services = Services(Config(data=tmp_path))
    older = wire.method("get_materialization_invalidation_info").older
    assert older is not None
    with pytest.raises(Unsupported, match="by names of views"):
        TableWriteIds(services).get_materialization_invalidation_info(
            Context("here", 1), older.arguments[0](dbname="d", tbl_names=["mv"])
        )
    services.close()
