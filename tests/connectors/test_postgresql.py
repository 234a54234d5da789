"""PostgreSQL as a source, against a real server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest

from catalog_server.connector import connection_from_url
from catalog_server.model.connection import Connection
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.testing.connector_suite import ConnectorSuite
from connectors.postgresql import PostgreSQL

pytestmark = pytest.mark.postgresql


@pytest.fixture
def connection(postgresql_url: str) -> Connection:
    return connection_from_url("shop", postgresql_url)


@pytest.fixture
def session(postgresql_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgresql_url, autocommit=True) as opened:
        yield opened


class TestPostgreSQL(ConnectorSuite):
    connector = PostgreSQL


RICH = """
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE DOMAIN short_text AS varchar(7) NOT NULL;
CREATE TABLE rich (
  free numeric, wide numeric(50,2), rounded numeric(3,-2), price numeric(10,2), at timestamptz, wall timestamp(3),
  t time, tz timetz, span interval, id uuid, doc jsonb, tags text[], grid int[], m mood, short short_text, raw bytea,
  net inet, flag boolean, tiny smallint, letters char(3), r int4range, moods mood[], ids uuid[]
);
INSERT INTO rich VALUES (1.5, 123456789012345678901234567890123456789012345678, 1200, 1.25, '2020-01-01 12:00+02',
  '2020-01-01 01:02:03.5', '01:02:03.5', '01:02:03+02', '1 day 2 hours', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  '{"a": [1, 2]}', '{a,NULL,"b c"}', '{1,2}', 'sad', 'abc', '\\x00ff', '10.0.0.1', true, 3, 'ab', '[1,5)', '{glad}',
  '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}');
"""
TYPES = {
    "free": "decimal(38,18)",
    "wide": "string",
    "rounded": "decimal(5,0)",
    "price": "decimal(10,2)",
    "at": "timestamp with local time zone",
    "wall": "timestamp",
    "t": "time",
    "tz": "string",
    "span": "string",
    "id": "uuid",
    "doc": "json",
    "tags": "array<string>",
    "grid": "array<int>",
    "m": "string",
    "short": "varchar(7)",
    "raw": "binary",
    "net": "string",
    "flag": "boolean",
    "tiny": "smallint",
    "letters": "char(3)",
    "r": "string",
    "moods": "array<string>",
    "ids": "array<uuid>",
}
VALUES = {
    "free": Decimal("1.5"),
    "wide": "123456789012345678901234567890123456789012345678.00",
    "rounded": Decimal(1200),
    "price": Decimal("1.25"),
    "at": dt.datetime(2020, 1, 1, 10, tzinfo=dt.UTC),
    "wall": dt.datetime(2020, 1, 1, 1, 2, 3, 500000),
    "t": dt.time(1, 2, 3, 500000),
    "tz": "01:02:03+02",
    "span": "1 day 02:00:00",
    "id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "doc": '{"a": [1, 2]}',
    "tags": ["a", None, "b c"],
    "grid": [1, 2],
    "m": "sad",
    "short": "abc",
    "raw": b"\x00\xff",
    "net": "10.0.0.1/32",
    "flag": True,
    "tiny": 3,
    "letters": "ab ",
    "r": "[1,5)",
    "moods": ["glad"],
    "ids": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
}


def test_rich_types_have_their_counterparts(connection: Connection, session: psycopg.Connection) -> None:
    session.execute(RICH.encode())
    with PostgreSQL(connection) as source:
        columns = source.describe("public", "rich").columns
    assert {column.name: column.type for column in columns} == TYPES


def test_values_of_rich_types_are_read(connection: Connection, session: psycopg.Connection) -> None:
    session.execute(RICH.encode())
    with PostgreSQL(connection) as source:
        (row,) = [row for batch in source.scan("public", "rich") for row in batch.to_pylist()]
    assert {name: str(v) if isinstance(VALUES[name], dt.datetime) else v for name, v in row.items()} == {
        name: str(v) if isinstance(v, dt.datetime) else v for name, v in VALUES.items()
    }


def test_a_number_that_is_none_is_named(connection: Connection, session: psycopg.Connection) -> None:
    session.execute(b"CREATE TABLE odd (n numeric); INSERT INTO odd VALUES ('NaN')")
    with PostgreSQL(connection) as source, pytest.raises(Invalid, match=r"column n.*NaN"):
        list(source.scan("public", "odd"))


def test_row_estimates_come_from_analyze(connection: Connection, session: psycopg.Connection) -> None:
    session.execute(b"CREATE TABLE counted AS SELECT generate_series(1, 1000) AS n")
    with PostgreSQL(connection) as source:
        assert source.describe("public", "counted").rows_estimate is None
        session.execute(b"ANALYZE counted")
        assert source.describe("public", "counted").rows_estimate == 1000


def test_partitioned_and_materialized_tables_are_seen(connection: Connection, session: psycopg.Connection) -> None:
    session.execute(b"CREATE TABLE p (n int) PARTITION BY LIST (n)")
    session.execute(b"CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one")
    with PostgreSQL(connection) as source:
        assert list(source.tables("public")) == ["mv", "p"]
        assert source.describe("public", "mv").is_view


def test_an_unknown_database_of_the_server_is_not_found(connection: Connection, postgresql_url: str) -> None:
    gone = connection_from_url("gone", postgresql_url.rsplit("/", 1)[0] + "/nowhere")
    with PostgreSQL(gone) as source, pytest.raises(NotFound, match="nowhere"):
        source.databases()


def test_duckdb_and_trino_are_told_how_to_connect(connection: Connection) -> None:
    source = PostgreSQL(connection)
    options = connection.options
    assert source.duckdb_attach().secret == {
        "HOST": "127.0.0.1",
        "PORT": options["port"],
        "DATABASE": options["database"],
        "USER": options["user"],
        "PASSWORD": connection.secrets["password"],
    }
    said = source.trino_properties()
    assert said["connection-url"] == f"jdbc:postgresql://127.0.0.1:{options['port']}/{options['database']}"
