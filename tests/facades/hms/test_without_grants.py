"""Every method, called by somebody who was granted nothing: nothing is seen, nothing is changed, nothing is given away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from catalog_server.catalog.grants import StoredPolicy
from catalog_server.config import Config
from catalog_server.facades.hms.app import handlers
from catalog_server.facades.hms.call import Context, Handler
from catalog_server.facades.hms.errors import translate
from catalog_server.facades.hms.noun import CALLER
from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.services import Services
from catalog_server.store.schema.base import metadata
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.filled import filled
from tests.facades.hms.metastore import partition, storage, table

METHODS = sorted(wire.BINDINGS.method_names())
SECRET = "s3cr3t"
THERE, ABSENT = "vault", "nohow"
"""What names of things begin with that are there, and of things that are not."""
EVE = Caller("eve", groups=("outsiders",), via="thrift")
OWN = {"get_delegation_token"}
"""Methods that give every caller something of its own."""


class Vault:
    """A catalog with one of everything, and its methods as the system and as a stranger call them."""

    def __init__(self, services: Services, guarded: Services) -> None:
        self.services = guarded
        self._open = handlers(services)
        self._guarded = handlers(guarded)
        self.numbers: dict[str, int] = {}

    def make(self, method: str, *arguments: Any) -> Any:
        """Call as the system, to whom all is allowed."""
        fields = [field[2] for field in wire.method(method).arguments[1] if field is not None]
        said = wire.method(method).arguments[0](**dict(zip(fields, arguments, strict=False)))
        return self._open[method](Context("", 1, state={CALLER: SYSTEM}), said)

    def ask(self, method: str, said: Any) -> str:
        """What a stranger is told: the answer, or the exception."""
        return _told(self._guarded[method], method, said, EVE)

    def shows(self, method: str, said: Any) -> bool:
        """Whether the system, asking the same, is told something that the stranger must not be."""
        return SECRET in _told(self._open[method], method, said, SYSTEM)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that is kept."""
        with self.services.catalog.store.read() as tx:
            return {
                name: sorted(map(tuple, tx.connection.execute(select(one))), key=repr)
                for name, one in metadata.tables.items()
            }


def _told(handler: Handler, method: str, said: Any, caller: Caller) -> str:
    try:
        answer = handler(Context("", 1, state={CALLER: caller}), said)
        if isinstance(answer, Iterator):
            answer = b"".join(answer)
    except Exception as error:
        answer = translate(wire.method(method), error)
    return repr(answer)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """A catalog in which every name begins with `vault`, and all that is said of things is secret."""
    config = Config(data=tmp_path_factory.mktemp("vault"))
    services, guarded = Services(config), Services(config, StoredPolicy())
    services.catalog.prepare()
    made = Vault(services, guarded)
    _fill(made)
    yield made
    guarded.close()
    services.close()


def _fill(vault: Vault) -> None:
    make, secret = vault.make, {"a": SECRET}
    name = {kind: f"{THERE}{kind}" for kind in ("db", "table", "col", "role", "user")}
    place = {"dbName": name["db"], "catName": "hive"}
    make("create_catalog", wire.CreateCatalogRequest(catalog=wire.Catalog(
        name=f"{THERE}cat", description=SECRET, locationUri=f"{vault.services.catalog.core.warehouse}/c")))  # fmt: skip
    make("create_database", wire.Database(name=name["db"], description=SECRET, parameters=secret, ownerName=SECRET))
    columns = [wire.FieldSchema(name=name["col"], type="int", comment=SECRET)]
    made = table(name["db"], name["table"], "ds string", parameters=secret, owner=SECRET, sd=storage())
    made.sd.cols = columns
    make("create_table", made)
    make("add_partition", partition(name["db"], name["table"], [THERE], parameters=secret))
    view = table(name["db"], f"{THERE}view", tableType="MATERIALIZED_VIEW", viewOriginalText=SECRET)
    view.creationMetadata = wire.CreationMetadata(
        catName="hive", tblName=view.tableName, tablesUsed={f"{name['db']}.{name['table']}"}, dbName=name["db"]
    )
    make("create_table", view)
    key = {"table_db": name["db"], "table_name": name["table"], "column_name": name["col"], "key_seq": 1}
    make("add_primary_key", wire.AddPrimaryKeyRequest(primaryKeyCols=[wire.SQLPrimaryKey(pk_name=f"{THERE}pk", **key)]))
    make("create_function", wire.Function(functionName=f"{THERE}fn", className=SECRET, functionType=1, ownerType=1,
        dbName=name["db"]))  # fmt: skip
    make("add_index", wire.Index(indexName=f"{THERE}index", origTableName=name["table"], indexTableName=SECRET,
        dbName=name["db"], sd=storage()), None)  # fmt: skip
    make("create_stored_procedure", wire.StoredProcedure(name=f"{THERE}proc", source=SECRET, **place))
    make("add_package", wire.AddPackageRequest(packageName=f"{THERE}pack", header=SECRET, body=SECRET, **place))
    make("create_ischema", wire.ISchema(schemaType=1, name=f"{THERE}schema", description=SECRET, **place))
    schema = wire.ISchemaName(schemaName=f"{THERE}schema", **place)
    make("add_schema_version", wire.SchemaVersion(schema=schema, version=1, createdAt=1, cols=columns))
    make("add_serde", wire.SerDeInfo(name=f"{THERE}serde", description=SECRET))
    _fill_server(vault)
    _fill_txns(vault)


def _fill_server(vault: Vault) -> None:
    make = vault.make
    make("create_dataconnector_req", wire.CreateDataConnectorRequest(connector=wire.DataConnector(
        name=f"{THERE}conn", type="postgres", url=SECRET)))  # fmt: skip
    make("create_resource_plan", wire.WMCreateResourcePlanRequest(resourcePlan=wire.WMResourcePlan(
        name=f"{THERE}plan")))  # fmt: skip
    make("scheduled_query_maintenance", wire.ScheduledQueryMaintenanceRequest(
        type=1,
        scheduledQuery=wire.ScheduledQuery(
            scheduleKey=wire.ScheduledQueryKey(scheduleName=f"{THERE}query", clusterNamespace="hive"),
            enabled=True, schedule="0 0 * * * ? *", query=SECRET, user=SECRET,
        ),
    ))  # fmt: skip
    make("create_role", wire.Role(roleName=f"{THERE}role", ownerName=SECRET))
    make("grant_role", f"{THERE}role", f"{THERE}user", 1, SECRET, 1, True)
    make("add_token", f"{THERE}token", SECRET)
    make("add_master_key", SECRET)
    make("create_type", wire.Type(name=f"{THERE}type", type1=SECRET))
    make("add_replication_metrics", wire.ReplicationMetricList(replicationMetricList=[
        wire.ReplicationMetrics(scheduledExecutionId=1, policy=f"{THERE}policy", dumpExecutionId=1, metadata=SECRET)
    ]))  # fmt: skip
    make("add_runtime_stats", wire.RuntimeStat(weight=1, payload=SECRET.encode(), createTime=1))


def _fill_txns(vault: Vault) -> None:
    make, database, name = vault.make, f"{THERE}db", f"{THERE}table"
    txns = make("open_txns", wire.OpenTxnRequest(num_txns=3, user=SECRET, hostname=SECRET)).txn_ids
    make("allocate_table_write_ids", wire.AllocateTableWriteIdsRequest(dbName=database, tableName=name, txnIds=txns))
    part = wire.LockComponent(type=1, level=2, dbname=database, tablename=name)
    held = make("lock", wire.LockRequest(component=[part], user=SECRET, hostname=SECRET))
    make("lock", wire.LockRequest(component=[part], txnid=txns[0], user=SECRET, hostname=SECRET))
    make("compact2", wire.CompactionRequest(dbname=database, tablename=name, partitionname=f"ds={THERE}", type=1,
        runas=SECRET))  # fmt: skip
    files = wire.InsertEventRequestData(filesAdded=[SECRET])
    make("add_write_notification_log", wire.WriteNotificationLogRequest(
        txnId=txns[0], writeId=1, db=database, table=name, fileInfo=files))  # fmt: skip
    make("markPartitionForEvent", database, name, {"ds": THERE}, 1)
    vault.numbers = {"txn": txns[0], "lock": held.lockid}
    make("get_metastore_db_uuid")


def names(start: str, numbers: dict[str, int]) -> dict[str, Any]:
    """Values for fields by their names; of things that are there, or of things that are not, which are as many letters."""
    database, table_, txn = f"{start}db", f"{start}table", numbers["txn"]
    strings = {
        "db": database, "dbname": database, "database": database, "databasename": database, "tabledb": database,
        "table": table_, "tblname": table_, "tablename": table_, "basetblname": table_, "origtablename": table_,
        "sourcedb": database, "destdb": database, "sourcetablename": table_, "desttablename": table_,
        "parentdbname": database, "parenttblname": table_, "foreigndbname": database, "foreigntblname": table_,
        "olddbname": database, "catname": "hive", "catalogname": "hive", "functionname": f"{start}fn",
        "funcname": f"{start}fn", "idxname": f"{start}index", "indexname": f"{start}index",
        "procname": f"{start}proc", "packagename": f"{start}pack", "schemaname": f"{start}schema",
        "serdename": f"{start}serde", "resourceplanname": f"{start}plan", "schedulename": f"{start}query",
        "clusternamespace": "hive", "role": f"{start}role", "rolename": f"{start}role", "name": database,
        "principalname": f"{start}user", "username": f"{start}user", "user": f"{start}user",
        "tokenidentifier": f"{start}token", "policy": f"{start}policy", "policyname": f"{start}policy",
        "columnname": f"{start}col", "colname": f"{start}col", "partname": f"ds={start}",
        "partitionname": f"ds={start}", "constraintname": f"{start}pk", "typename": f"{start}type",
        "filter": f"ds = '{start}'", "expr": f"ds = '{start}'".encode(), "parttype": None, "connectorname": f"{start}conn",
        "validtxnlist": None, "validwriteidlist": None, "processorcapabilities": None,
        "ns": "default",
        "pattern": "*",
        "order": None,
        "tabletype": None, "fulltablename": f"{database}.{table_}",
    }  # fmt: skip
    lists = {
        "names": [f"ds={start}"], "tblnames": [table_], "tablenames": [table_], "partnames": [f"ds={start}"],
        "fulltablenames": [f"{database}.{table_}"], "colnames": [f"{start}col"], "partvals": [start],
        "partitionvals": [start], "partvalues": [start], "values": [start], "txnids": [txn], "compactionids": [1],
        "partitionnames": [f"ds={start}"], "columns": None, "eventtypelist": None,
        "fieldlist": None,
        "tblfields": None,
        "partitionkeys": None, "eventtypeskiplist": None,
    }  # fmt: skip
    ids = {"txnid": txn, "lockid": numbers["lock"], "maxparts": -1, "maxevents": 1000, "lastevent": 0, "min": txn,
           "max": txn, "fromeventid": 0, "writeid": 1, "version": 1, "tableid": 1}  # fmt: skip
    return {**strings, **lists, **ids}


READ = [method for method in METHODS if method.startswith(("get_", "show_", "find_", "list_"))]
SHOWN_MIN = 40


def test_there_is_something_to_be_told(vault: Vault) -> None:
    said = {method: filled(method, names(THERE, vault.numbers), whole=True) for method in READ}
    shown = [method for method in READ if method in vault._guarded and vault.shows(method, said[method])]
    assert len(shown) >= SHOWN_MIN


NOBODY = {"txn": 10**6, "lock": 10**6}


@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_is_told_nothing_and_changes_nothing(vault: Vault, method: str) -> None:
    if method not in vault._guarded:
        pytest.skip("is not served")
    before = vault.rows()
    said = filled(method, names(THERE, vault.numbers), whole=True)
    told = vault.ask(method, said)
    assert SECRET not in told
    if method not in OWN:
        assert changed(before, vault.rows()) == []


@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_is_not_told_what_there_is(vault: Vault, method: str) -> None:
    if method not in vault._guarded or method in OWN:
        pytest.skip("is not served, or answers with something of the caller's own")
    there = vault.ask(method, filled(method, names(THERE, vault.numbers), whole=True))
    absent = vault.ask(method, filled(method, names(ABSENT, NOBODY), whole=True))
    numbers = {str(vault.numbers["txn"]): str(NOBODY["txn"]), str(vault.numbers["lock"]): str(NOBODY["lock"])}
    assert plain(there, numbers) == absent


@pytest.mark.parametrize("method", METHODS)
def test_lists_of_everything_hold_nothing(vault: Vault, method: str) -> None:
    if method not in vault._guarded:
        pytest.skip("is not served")
    for pattern in ("*", "", None):
        anything = dict.fromkeys(
            ("dbname", "tablename", "pattern", "dbpatterns", "tblname", "username", "principalname", "name"), pattern
        )
        told = vault.ask(method, filled(method, {"maxparts": -1, "lastevent": 0, "maxevents": 1000, **anything}))
        assert THERE not in told
        assert SECRET not in told


def plain(told: str, numbers: dict[str, str]) -> str:
    """What was told, without the names and numbers that were asked for."""
    told = told.replace(THERE, ABSENT)
    for number, instead in numbers.items():
        told = told.replace(f"id:{number}", f"id:{instead}").replace(f"txnId={number})", f"txnId={instead})")
        told = told.replace(f"={{{number}}}", f"={{{instead}}}")
    return told


def changed(before: dict[str, list[tuple[Any, ...]]], after: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    return [name for name in before if before[name] != after[name]]
