"""Versions, events, grants, search, statistics, connections and migrations on every store."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.grants import StoredPolicy
from catalog_server.config import Config, SecurityConfig, StoreConfig
from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.model.connection import Connection
from catalog_server.model.errors import AlreadyExists, Denied, Invalid, NotFound, Unavailable
from catalog_server.model.function import Function
from catalog_server.model.grant import Action, Grant, Resource
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Column
from catalog_server.store import migrations
from catalog_server.store.engine import open_engine
from catalog_server.store.schema import metadata
from catalog_server.store.transaction import Store
from tests.store.things import ORDERS, orders, years


def test_events_are_numbered_without_gaps_among_many_writers(catalog: CatalogService, caller: Caller) -> None:
    def write(number: int) -> None:
        for n in range(5):
            catalog.tables.create(caller, orders(f"t{number}_{n}"))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for writer in writers:
        writer.start()
    read = []
    last = 0
    while any(writer.is_alive() for writer in writers) or catalog.events.latest() > last:
        found, last = catalog.events.after(caller, last, 7)
        read += [event.number for event in found]
    assert read == list(range(1, len(read) + 1))
    assert len(read) == catalog.events.latest()


def test_a_reader_is_woken_by_a_write(catalog: CatalogService, caller: Caller) -> None:
    last = catalog.events.latest()
    assert not catalog.events.wait(last, 0)
    writer = threading.Timer(0.05, lambda: catalog.tables.create(caller, orders()))
    writer.start()
    assert catalog.events.wait(last, 30)
    writer.join()


def test_search_finds_words_of_names_columns_comments_and_parameters(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders("dailyOrders_2024", parameters={"team": "logistics"}))
    for query in ("daily", "ord 2024", "amount", "paid", "LOGIST", "region"):
        assert [hit.table for hit in catalog.search.find(caller, query)] == ["dailyOrders_2024"], query
    catalog.tables.alter(caller, made.full_name, replace(made, columns=(Column("other", "int"),), parameters={}))
    assert catalog.search.find(caller, "amount") == []
    catalog.tables.drop(caller, made.full_name)
    assert catalog.search.find(caller, "daily") == []


@pytest.mark.parametrize("query", ["'", '"', "a AND", "NEAR(", "*", ":", "", "a & | !", "é%_"])
def test_search_takes_any_text(catalog: CatalogService, caller: Caller, query: str) -> None:
    assert catalog.search.find(caller, query) == []


@pytest.fixture
def guarded(config: Config, catalog: CatalogService) -> CatalogService:
    catalog.tables.create(SYSTEM, orders())
    catalog.tables.create(SYSTEM, orders("secrets"))
    return CatalogService(config, StoredPolicy())


def test_what_is_not_granted_cannot_be_seen(guarded: CatalogService) -> None:
    ann = Caller("ann")
    with pytest.raises(NotFound):
        guarded.tables.get(ann, ORDERS)
    assert guarded.databases.list(ann) == []
    assert guarded.search.find(ann, "orders") == []
    assert guarded.events.after(ann, 0)[0] == []
    guarded.close()


def test_a_grant_on_one_table_shows_that_one(guarded: CatalogService) -> None:
    ann = Caller("ann", groups=("readers",))
    guarded.grants.grant(SYSTEM, Grant("group:readers", Action.SELECT, "table", ("hive", "sales", "orders")))
    assert guarded.tables.get(ann, ORDERS).name == "orders"
    assert guarded.tables.list_names(ann, ORDERS.parent) == ["orders"]
    assert [d.name for d in guarded.databases.list(ann)] == ["sales"]
    with pytest.raises(Denied):
        guarded.tables.drop(ann, ORDERS)
    with pytest.raises(Denied):
        guarded.tables.create(ann, orders("mine"))
    guarded.close()


def test_a_grant_may_leave_columns_and_rows_out(guarded: CatalogService) -> None:
    path = ("hive", "sales", "orders")
    guarded.grants.grant(SYSTEM, Grant("user:ann", Action.SELECT, "table", path, ("id",), "id > 3"))
    decision = guarded.grants.decide(Caller("ann"), Action.SELECT, Resource("table", path))
    assert (decision.allowed, decision.columns, decision.row_filter) == (True, {"id"}, "(id > 3)")
    guarded.close()


LOW = ColumnStatistics("id", "bigint", "long", {"low": 1, "high": 9, "num_nulls": 0, "num_distinct": 9})


def test_statistics_are_kept_beside_the_definition(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders())
    catalog.partitions.add(caller, ORDERS, years(2024))
    catalog.statistics.put(caller, ORDERS, [LOW])
    catalog.statistics.put_partitions(caller, ORDERS, {"year=2024/region=eu": [LOW]})
    assert catalog.statistics.get(caller, ORDERS, ["ID"])[0].data == LOW.data
    assert list(catalog.statistics.get_partitions(caller, ORDERS, ["year=2024/region=eu"], ["id"])) == [
        "year=2024/region=eu"
    ]
    assert catalog.tables.get(caller, ORDERS).version == 1
    catalog.tables.alter(caller, ORDERS, replace(made, columns=(Column("id", "string"),)))
    assert catalog.statistics.get(caller, ORDERS) == []


def test_statistics_of_no_column_or_partition_are_refused(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    with pytest.raises(Invalid, match="nope is not a column"):
        catalog.statistics.put(caller, ORDERS, [replace(LOW, column="nope")])
    with pytest.raises(NotFound, match="year=1"):
        catalog.statistics.put_partitions(caller, ORDERS, {"year=1/region=x": [LOW]})


def test_functions_are_kept(catalog: CatalogService, caller: Caller) -> None:
    made = Function("hive", "sales", "Double", "org.example.Double", resources=(("JAR", "s3://b/x.jar"),))
    catalog.functions.create(caller, made)
    assert catalog.functions.get(caller, ORDERS.parent, "double").resources == made.resources
    with pytest.raises(AlreadyExists):
        catalog.functions.create(caller, made)
    catalog.functions.drop(caller, ORDERS.parent, "DOUBLE")
    assert catalog.functions.list(caller) == []


CANARY = "canary-5f1d"


def test_secrets_are_encrypted_and_never_shown(catalog: CatalogService, caller: Caller, config: Config) -> None:
    options = {"endpoint": "http://127.0.0.1:1", "secret_access_key": CANARY}
    catalog.connections.create(caller, Connection("lake", "s3", options=options, prefixes=("s3://b/",)))
    assert CANARY not in repr(catalog.connections.list(caller))
    with catalog.store.read() as tx:
        row = tx.connection.execute(text("SELECT * FROM connections")).one()
    assert CANARY not in str(row)
    assert catalog.connections.resolve(caller, "lake").secrets == {"secret_access_key": CANARY}
    assert CANARY not in str(catalog.events.after(caller, 0))
    other = CatalogService(replace(config, security=SecurityConfig(secret_key="another")))
    with pytest.raises(Unavailable, match="another key"):
        other.connections.resolve(caller, "lake")
    other.close()


def test_connections_and_catalogs_share_their_names(catalog: CatalogService, caller: Caller) -> None:
    with pytest.raises(AlreadyExists, match="catalog"):
        catalog.connections.create(caller, Connection("HIVE", "sqlite"))


def test_a_secret_may_be_a_reference(catalog: CatalogService, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", CANARY)
    catalog.connections.create(caller, Connection("shop", "postgresql", secrets={"password": "env:SHOP_PASSWORD"}))
    assert catalog.connections.resolve(caller, "shop").secrets == {"password": CANARY}


def test_migrations_make_the_schema_that_the_code_sees(new_store_url: str, tmp_path: Path) -> None:
    catalog = CatalogService(Config(data=tmp_path / "data", store=StoreConfig(url=new_store_url)))
    catalog.prepare()
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def is_ours(_thing: object, name: str | None, *_rest: object) -> bool:
        return not (name or "").startswith(("search_index", "alembic", "dbos"))

    with catalog.store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        assert compare_metadata(context, metadata) == []
        assert migrations.current(connection) == migrations.HEAD
    catalog.close()


def test_the_newest_revision_is_known() -> None:
    from alembic.script import ScriptDirectory

    from catalog_server.store.migrations import _config

    assert ScriptDirectory.from_config(_config()).get_current_head() == migrations.HEAD  # type: ignore[arg-type]


def test_a_store_newer_than_the_code_is_refused(catalog: CatalogService, config: Config) -> None:
    with catalog.store.begin() as tx:
        tx.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="newer than this server"):
        migrations.upgrade(catalog.store)


def test_two_servers_may_start_at_once(new_store_url: str, tmp_path: Path) -> None:
    config = Config(data=tmp_path / "data", store=StoreConfig(url=new_store_url))
    services = [CatalogService(config) for _ in range(3)]
    failed: list[Exception] = []

    def prepare(service: CatalogService) -> None:
        try:
            service.prepare()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=prepare, args=(service,)) for service in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [d.name for d in services[0].databases.list(Caller())] == ["default"]
    for service in services:
        service.close()


def test_a_store_that_does_not_answer_says_so() -> None:
    store = Store(open_engine("postgresql+psycopg://nobody@127.0.0.1:1/x"))
    with pytest.raises(Unavailable, match="the store does not answer"), store.read():
        pass


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "nonsense"])
def test_a_url_that_cannot_hold_the_store_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match=r"store\.url"):
        open_engine(url)


def test_secrets_do_not_follow_a_connection_to_another_address(catalog: CatalogService, caller: Caller) -> None:
    shop = Connection("shop", "postgresql", options={"host": "a.example", "user": "x"}, secrets={"password": CANARY})
    catalog.connections.create(caller, shop)
    moved = replace(shop, options={"host": "b.example", "user": "x"}, secrets={})
    with pytest.raises(Invalid, match="give its secrets again"):
        catalog.connections.alter(caller, "shop", moved)
    catalog.connections.alter(caller, "shop", replace(moved, secrets={"password": "new"}))
    assert catalog.connections.resolve(caller, "shop").secrets == {"password": "new"}


def test_secrets_are_given_again_where_they_would_be_kept_less_well_on_their_way(
    catalog: CatalogService, caller: Caller
) -> None:
    said = {"brokers": "a.example:9093", "security_protocol": "SASL_SSL", "user": "x"}
    catalog.connections.create(caller, Connection("k", "kafka", options=said, secrets={"password": CANARY}))
    bare = Connection("k", "kafka", options={**said, "security_protocol": "SASL_PLAINTEXT"})
    with pytest.raises(Invalid, match="give its secrets again"):
        catalog.connections.alter(caller, "k", bare)
