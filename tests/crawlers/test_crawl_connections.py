"""Crawls of databases: their tables, with types, comments and keys."""

from __future__ import annotations

import json
import socket
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from catalog_server.connector import connection_from_url
from catalog_server.crawlers.sources import parse_target
from catalog_server.model.errors import Invalid
from catalog_server.model.table import TableKind
from tests.crawlers.conftest import ME, Crawling, names, problems, types

SHOP = """
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id integer PRIMARY KEY, name varchar(20) NOT NULL, balance numeric(10,2));
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer integer REFERENCES shop.customers, at timestamptz);
CREATE TABLE shop.other (doc jsonb, tags text[]);
CREATE VIEW shop.rich AS SELECT * FROM shop.customers WHERE balance > 100;
COMMENT ON TABLE shop.customers IS 'who buys';
COMMENT ON COLUMN shop.customers.name IS 'what they go by';
"""


@pytest.fixture
def shop(local: Crawling, postgresql_url: str) -> Crawling:
    with psycopg.connect(postgresql_url, autocommit=True) as session:
        session.execute(SHOP.encode())
    local.catalog.connections.create(ME, connection_from_url("db", postgresql_url))
    return local


@pytest.mark.postgresql
def test_tables_of_a_database_become_tables_of_the_connection(shop: Crawling) -> None:
    shop.create("connection:db/shop/%")
    crawl = shop.run()
    assert (crawl.state, crawl.error) == ("SUCCEEDED", None)
    assert sorted(names(crawl, "added")) == ["raw.customers", "raw.orders", "raw.other", "raw.rich"]
    table = shop.table("customers")
    assert (table.kind, table.connection) == (TableKind.CONNECTION, "db")
    assert types(table) == {"id": "int", "name": "varchar(20)", "balance": "decimal(10,2)"}
    assert types(shop.table("other")) == {"doc": "json", "tags": "array<string>"}


@pytest.mark.postgresql
def test_comments_keys_and_raw_types_are_kept(shop: Crawling) -> None:
    shop.create("connection:db/shop")
    shop.run()
    customers, orders = shop.table("customers"), shop.table("orders")
    assert customers.parameters["comment"] == "who buys"
    assert customers.columns[1].comment == "what they go by"
    assert customers.columns[1].parameters == {
        "raw_type": "character varying(20)",
        "nullable": "false",
        "source_comment": "what they go by",
    }
    assert (customers.parameters["connection.schema"], customers.parameters["connection.table"]) == (
        "shop",
        "customers",
    )
    assert json.loads(orders.parameters["primary_key"]) == ["id"]
    assert json.loads(orders.parameters["foreign_keys"]) == [
        {"columns": ["customer"], "schema": "shop", "table": "customers", "references": ["id"]}
    ]


@pytest.mark.postgresql
def test_a_changed_table_is_followed_and_an_unchanged_one_is_not_written(shop: Crawling, postgresql_url: str) -> None:
    shop.create("connection:db/shop/%")
    shop.run()
    with psycopg.connect(postgresql_url, autocommit=True) as session:
        session.execute(b"ALTER TABLE shop.orders ADD COLUMN note text")
        session.execute(b"ALTER TABLE shop.orders ALTER COLUMN customer TYPE bigint")
        session.execute(b"DROP TABLE shop.other")
    crawl = shop.run()
    assert names(crawl, "changed") == ["raw.orders"]
    assert names(crawl, "missing") == ["raw.other"]
    assert types(shop.table("orders"))["customer"] == "bigint"
    assert shop.table("customers").version == 1


@pytest.mark.postgresql
def test_comments_follow_the_source_until_people_give_their_own(shop: Crawling, postgresql_url: str) -> None:
    shop.create("connection:db/shop/customers")
    shop.run()
    with psycopg.connect(postgresql_url, autocommit=True) as session:
        session.execute(b"COMMENT ON COLUMN shop.customers.name IS 'full name'")
        shop.run()
        table = shop.table("customers")
        assert table.columns[1].comment == "full name"
        by_hand = replace(
            table, columns=(table.columns[0], replace(table.columns[1], comment="ours"), table.columns[2])
        )
        shop.catalog.tables.alter(ME, table.full_name, by_hand)
        session.execute(b"COMMENT ON COLUMN shop.customers.name IS 'another'")
    shop.run()
    assert shop.table("customers").columns[1].comment == "ours"


@pytest.mark.postgresql
def test_patterns_choose_tables(shop: Crawling) -> None:
    shop.create("connection:db/SH%/o%")
    assert sorted(names(shop.run(), "added")) == ["raw.orders", "raw.other"]


@pytest.mark.postgresql
def test_a_schema_that_is_not_there_is_told(shop: Crawling) -> None:
    shop.create("connection:db/nowhere/%")
    crawl = shop.run()
    assert "no schema of this name" in problems(crawl)["nowhere"]


def test_an_sqlite_file_is_crawled(local: Crawling, tmp_path: Path) -> None:
    path = tmp_path / "ports.db"
    with closing(sqlite3.connect(path)) as session:
        session.execute("CREATE TABLE Airports (faa TEXT PRIMARY KEY, lat REAL, tz INTEGER)")
        session.commit()
    local.catalog.connections.create(ME, connection_from_url("ports", f"sqlite:///{path}"))
    local.create("connection:ports", prefix="nyc_")
    local.run()
    assert types(local.table("nyc_airports")) == {"faa": "string", "lat": "double", "tz": "bigint"}
    assert local.table("nyc_airports").parameters["connection.table"] == "Airports"


def test_an_unreachable_database_fails_the_crawl_by_name(local: Crawling) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    local.catalog.connections.create(ME, connection_from_url("gone", f"postgresql://me:secret@127.0.0.1:{port}/shop"))
    local.create("connection:gone/shop/%")
    crawl = local.run()
    assert crawl.state == "FAILED"
    assert f"127.0.0.1:{port} cannot be reached" in (crawl.error or "")
    assert "secret" not in str(crawl)


def test_a_connection_that_is_not_there_is_named(local: Crawling) -> None:
    local.create("connection:nobody/shop/%")
    assert "nobody" in (local.run().error or "")


@pytest.mark.parametrize("text", ["connection:", "connection:a//b", "connection:a/b/c/d", "elsewhere:a"])
def test_targets_that_name_no_tables_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_target(text)
