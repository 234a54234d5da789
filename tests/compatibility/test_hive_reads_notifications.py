"""Hive's own deserializer reads the messages of our notification log."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from catalog_server.config import Config
from catalog_server.facades.hms.app import handlers
from catalog_server.facades.hms.errors import translate
from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from tests.engines.hive_metastore4 import installed
from tests.engines.spark import spark_engine
from tests.facades.hms.metastore import Metastore, partition, table
from tests.facades.hms.running import running

READER = Path(__file__).with_name("ReadMessages.java")
STATES = {"enable_cstr": False, "validate_cstr": False, "rely_cstr": True}
FOUND = """\
CREATE_DATABASE told
ALTER_DATABASE a "first">second
CREATE_TABLE t 2 MANAGED_TABLE 0
ALTER_TABLE t>u false -1
CREATE_TABLE p 2 MANAGED_TABLE 0
ADD_PARTITION [{ds=a, hr=1}, {ds=a, hr=2}] [[a, 1], [a, 2]] 0 p
ALTER_PARTITION {ds=a, hr=1} null>x
ALTER_PARTITION {ds=a, hr=2} null>x
INSERT [f###] true [a, 2]
INSERT [f###] false null
RELOAD p [a, 2] true
DROP_PARTITION [{ds=a, hr=1}]
CREATE_TABLE k 2 MANAGED_TABLE 0
ADD_PRIMARYKEY pk
ADD_UNIQUECONSTRAINT uk
ADD_NOTNULLCONSTRAINT nn
ADD_DEFAULTCONSTRAINT dc
ADD_CHECKCONSTRAINT cc
ADD_FOREIGNKEY fk
DROP_CONSTRAINT nn
CREATE_FUNCTION f
DROP_FUNCTION f
DROP_TABLE u
OPEN_TXN [1, 2, 3, 4]
ALLOC_WRITE_ID_EVENT told.p [1:1, 2:2]
ABORT_TXN 2 [told]
COMMIT_TXN 1 null
ABORT_TXN 3 []
ABORT_TXN 4 []
DROP_DATABASE empty
"""


@pytest.mark.hive4
def test_hive_reads_every_kind_of_message(tmp_path: Path) -> None:
    home, java = installed(), f"{spark_engine().java_home}/bin/java"
    services = Services(Config(data=tmp_path / "data"))
    services.catalog.prepare()
    with running(handlers(services), translate) as server, Metastore(server.port) as hms:
        start = hms.get_current_notificationEventId().eventId
        _change(hms)
        events = hms.get_next_notification(wire.NotificationEventRequest(lastEvent=start)).events
    services.close()
    messages = tmp_path / "messages.tsv"
    shown = [event for event in events if event.dbName != "empty" or event.eventType == "DROP_DATABASE"]
    messages.write_text("".join(f"{event.eventType}\t{event.message}\n" for event in shown))
    classes = os.pathsep.join([f"{home}/server/lib/*", f"{home}/hadoop/*"])
    read = subprocess.run(
        [java, "-cp", classes, str(READER), str(messages)], capture_output=True, text=True, timeout=120, check=False
    )
    assert read.returncode == 0, read.stderr
    assert read.stdout == FOUND


def _change(hms: Metastore) -> None:
    hms.create_database(wire.Database(name="told", description='a "first"'))
    held = hms.get_database("told")
    held.description = "second"
    hms.alter_database("told", held)
    hms.create_table(table("told", "t"))
    held = hms.get_table("told", "t")
    held.tableName = "u"
    hms.alter_table("told", "t", held)
    hms.create_table(table("told", "p", "ds string, hr int"))
    hms.add_partitions([partition("told", "p", ["a", hour]) for hour in ("1", "2")])
    hms.alter_partitions("told", "p", [partition("told", "p", ["a", hour], parameters={"x": "x"}) for hour in "12"])
    _fire(hms, "p", wire.FireEventRequestData(insertData=_insert(replace=True)), ["a", "2"])
    _fire(hms, "u", wire.FireEventRequestData(insertData=_insert()))
    _fire(hms, "p", wire.FireEventRequestData(refreshEvent=True), ["a", "2"])
    hms.drop_partition("told", "p", ["a", "1"], False)
    _constrain(hms)
    hms.create_function(wire.Function(functionName="f", dbName="told", className="c", ownerType=1, functionType=1))
    hms.drop_function("told", "f")
    hms.drop_table("told", "u", True)
    _transact(hms)
    hms.create_database(wire.Database(name="empty"))
    hms.drop_database("empty", True, False)


def _transact(hms: Metastore) -> None:
    txns = hms.open_txns(wire.OpenTxnRequest(num_txns=4, user="u", hostname="h")).txn_ids
    hms.open_txns(wire.OpenTxnRequest(num_txns=1, user="u", hostname="h", txn_type=wire.TxnType.READ_ONLY))
    hms.allocate_table_write_ids(wire.AllocateTableWriteIdsRequest(dbName="told", tableName="p", txnIds=txns[:2]))
    changed = wire.AddDynamicPartitions(
        txnid=txns[1], writeid=2, dbname="told", tablename="p", partitionnames=["ds=a/hr=2"], operationType=3
    )
    hms.add_dynamic_partitions(changed)
    hms.abort_txn(wire.AbortTxnRequest(txnid=txns[1]))
    hms.commit_txn(wire.CommitTxnRequest(txnid=txns[0]))
    hms.abort_txns(wire.AbortTxnsRequest(txn_ids=txns[2:]))


def _insert(**more: Any) -> Any:
    return wire.InsertEventRequestData(filesAdded=["f"], **more)


def _fire(hms: Metastore, name: str, data: Any, values: list[str] | None = None) -> None:
    request = wire.FireEventRequest(
        successful=True, data=data, dbName="told", tableName=name, partitionVals=values
    )  # fmt: skip
    hms.fire_listener_event(request)


def _constrain(hms: Metastore) -> None:
    of_k: dict[str, Any] = {"table_db": "told", "table_name": "k", "column_name": "id"} | STATES
    hms.create_table_with_constraints(
        tbl=table("told", "k"),
        primaryKeys=[wire.SQLPrimaryKey(key_seq=1, pk_name="pk", **of_k)],
        uniqueConstraints=[wire.SQLUniqueConstraint(key_seq=1, uk_name="uk", **of_k)],
        notNullConstraints=[wire.SQLNotNullConstraint(nn_name="nn", **of_k)],
        defaultConstraints=[wire.SQLDefaultConstraint(default_value="0", dc_name="dc", **of_k)],
        checkConstraints=[wire.SQLCheckConstraint(check_expression="id > 0", dc_name="cc", **of_k)],
    )
    key = wire.SQLForeignKey(
        fktable_db="told", fktable_name="u", fkcolumn_name="id", pktable_db="told", pktable_name="k", pkcolumn_name="id",
        key_seq=1, update_rule=0, delete_rule=0, fk_name="fk", **STATES,
    )  # fmt: skip
    hms.add_foreign_key(wire.AddForeignKeyRequest(foreignKeyCols=[key]))
    hms.drop_constraint(wire.DropConstraintRequest(dbname="told", tablename="k", constraintname="nn"))
