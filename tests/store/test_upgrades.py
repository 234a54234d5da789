"""Stores of the first schema keep what they hold when they are brought up to date."""

from __future__ import annotations

from typing import Any

from alembic import command
from sqlalchemy import text

from catalog_server.catalog.grants import StoredPolicy
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import StartedBy
from catalog_server.model.grant import Action, Resource
from catalog_server.store import crawlers, grants, migrations
from catalog_server.store.engine import open_engine
from catalog_server.store.transaction import Store

GRANTS = [
    ("ann", "select", "table", '["hive","sales","orders"]', '["id","day"]', "id > 5"),
    ("ann", "select", "table", '["hive","sales","items"]', None, None),
    ("ann", "describe", "database", '["hive","sales"]', None, None),
    ("*", "select", "table", '["hive","sales","orders"]', None, None),
]


def test_grants_say_the_same_after_an_upgrade(new_store_url: str) -> None:
    store = Store(open_engine(new_store_url))
    config: Any = migrations._config()
    names = ("principal", "action", "kind", "path", "columns", "row_filter")
    listed = ", ".join(f'"{name}"' for name in names)
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for row in GRANTS:
            values = ", ".join(f":{name}" for name in names)
            statement = text(f"INSERT INTO grants ({listed}) VALUES ({values})")
            connection.execute(statement, dict(zip(names, row, strict=True)))
    migrations.upgrade(store)
    with store.read() as tx:
        found = grants.held(tx, ["ann", "*"])
        orders = Resource("table", ("hive", "sales", "orders"))
        assert StoredPolicy().decide(tx, Caller(user="ann"), Action.SELECT, orders).allowed
        assert not StoredPolicy().decide(tx, Caller(user="ann"), Action.DROP, orders).allowed
    assert [(one.principal, one.action.value, one.path, one.row_filter) for one in found] == [
        ("ann", "select", ("hive", "sales", "orders"), "id > 5"),
        ("ann", "select", ("hive", "sales", "items"), None),
        ("ann", "describe", ("hive", "sales"), None),
        ("*", "select", ("hive", "sales", "orders"), None),
    ]
    store.close()


def test_iceberg_views_of_hive_clients_are_told_from_others(new_store_url: str) -> None:
    store = Store(open_engine(new_store_url))
    config: Any = migrations._config()
    blank = "'', 1, 1, 1, 'USER', 0, '{}', 1, 0, 0, 0"
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        for statement in (
            "INSERT INTO catalogs (id, name, name_key, parameters, version) VALUES (1, 'hive', 'hive', '{}', 1)",
            "INSERT INTO databases (id, catalog_id, name, name_key, owner_kind, parameters, extra, version)"
            " VALUES (1, 1, 'd', 'd', 'USER', '{}', '{}', 1)",
            "INSERT INTO blobs (id, digest, body) VALUES (1, '', '[]')",
        ):
            connection.execute(text(statement))
        for number, (kind, type_) in enumerate(
            [("VIRTUAL_VIEW", "ICEBERG-VIEW"), ("VIRTUAL_VIEW", "x"), ("EXTERNAL_TABLE", "ICEBERG")]
        ):
            statement = text(
                "INSERT INTO tables (id, database_id, name, name_key, kind, parameters, format, columns_id,"
                " partition_keys_id, storage_id, owner_kind, retention, extra, version, created_at, last_access_at, updated_at)"
                f" VALUES (:id, 1, :name, :name, :kind, :parameters, {blank})"
            )
            parameters = f'{{"table_type":"{type_}"}}'
            connection.execute(
                statement, {"id": number + 1, "name": f"t{number}", "kind": kind, "parameters": parameters}
            )
    migrations.upgrade(store)
    with store.engine.connect() as connection:
        found = connection.execute(text("SELECT format FROM tables ORDER BY id")).scalars().all()
    assert found == ["iceberg-view", "", ""]
    store.close()


def test_previews_are_told_from_crawls_after_an_upgrade(new_store_url: str) -> None:
    store = Store(open_engine(new_store_url))
    config: Any = migrations._config()
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0013")
        for name, summary in (("crawl", '{"objects":1}'), ("preview", '{"preview":true,"objects":1}')):
            statement = text(
                "INSERT INTO crawls (id, crawler, state, progress, summary, cancel_requested)"
                " VALUES (:id, 'raw', 'SUCCEEDED', '{}', :summary, false)"
            )
            connection.execute(statement, {"id": name, "summary": summary})
    migrations.upgrade(store)
    with store.read() as tx:
        found = {one.id: one for one in crawlers.list_crawls(tx)}
    assert {name: (one.preview, one.started_by) for name, one in found.items()} == {
        "crawl": (False, StartedBy.PERSON),
        "preview": (True, StartedBy.PERSON),
    }
    store.close()
