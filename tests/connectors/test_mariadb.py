"""MariaDB as a source, against a real server where one is installed; and MySQL's types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest

from catalog_server.connector import connection_from_url
from catalog_server.model.connection import Connection
from catalog_server.testing.connector_suite import ConnectorSuite
from connectors.mysql import MariaDB, MySQL
from tests.connectors.mariadb_server import MariaDBServer, shared_mariadb
from tests.engines import process

SUITE = "suite"


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> MariaDBServer:
    return shared_mariadb(process.run_root(tmp_path_factory))


@pytest.fixture
def connection(mariadb: MariaDBServer) -> Iterator[Connection]:
    yield connection_from_url("shop", mariadb.url)
    mariadb.execute(f"DROP DATABASE IF EXISTS {SUITE}")


@pytest.mark.xdist_group("mariadb")
class TestMariaDB(ConnectorSuite):
    connector = MariaDB
    database = SUITE


RICH = """
CREATE TABLE suite.rich (
  tiny tinyint, flag tinyint(1), big bigint unsigned, whole int unsigned, price decimal(10,2), f float, d double,
  day date, wall datetime(6), at timestamp NULL, t time, y year, b bit(8), raw varbinary(4), e enum('a','b'), s set('x','y'),
  j json, txt mediumtext, g point, c char(3)
) CHARACTER SET utf8mb4
"""
ROW = """
INSERT INTO suite.rich VALUES (-5, 1, 18446744073709551615, 4294967295, 1.25, 1.5, 2.5, '2020-01-02',
  '2020-01-02 03:04:05.678901', '2020-01-02 03:04:05', '30:00:00', 2020, b'00000101', x'00ff', 'b', 'x,y', '{"a": 1}',
  'grün', ST_GeomFromText('POINT(1 2)'), 'ab')
"""
VALUES = {
    "tiny": ("tinyint", -5),
    "flag": ("boolean", True),
    "big": ("decimal(20,0)", Decimal(18446744073709551615)),
    "whole": ("bigint", 4294967295),
    "price": ("decimal(10,2)", Decimal("1.25")),
    "f": ("float", 1.5),
    "d": ("double", 2.5),
    "day": ("date", dt.date(2020, 1, 2)),
    "wall": ("timestamp", dt.datetime(2020, 1, 2, 3, 4, 5, 678901)),
    "at": ("timestamp with local time zone", dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
    "t": ("string", "1 day, 6:00:00"),
    "y": ("int", 2020),
    "b": ("binary", b"\x05"),
    "raw": ("binary", b"\x00\xff"),
    "e": ("string", "b"),
    "s": ("string", "x,y"),
    "j": ("string", '{"a": 1}'),
    "txt": ("string", "grün"),
    "g": ("string", "POINT(1 2)"),
    "c": ("char(3)", "ab"),
}


@pytest.mark.xdist_group("mariadb")
def test_rich_types_are_described_and_read(connection: Connection, mariadb: MariaDBServer) -> None:
    mariadb.execute("CREATE DATABASE suite", RICH, "SET time_zone = '+00:00'", ROW)
    with MariaDB(connection) as source:
        columns = source.describe("suite", "rich").columns
        (row,) = [row for batch in source.scan("suite", "rich") for row in batch.to_pylist()]
    assert {column.name: column.type for column in columns} == {name: kind for name, (kind, _) in VALUES.items()}
    assert {name: repr(value).replace("<UTC>", "UTC") for name, value in row.items() if name != "at"} == {
        name: repr(value) for name, (_, value) in VALUES.items() if name != "at"
    }
    assert row["at"] == VALUES["at"][1]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("tinyint(1)", "boolean"),
        ("tinyint(1) unsigned", "smallint"),
        ("int(11)", "int"),
        ("int unsigned", "bigint"),
        ("bigint(20) unsigned", "decimal(20,0)"),
        ("decimal(65,30)", "string"),
        ("varchar(20)", "varchar(20)"),
        ("enum('a','b')", "string"),
        ("json", "json"),
        ("datetime(6)", "timestamp"),
        ("timestamp", "timestamp with local time zone"),
        ("year(4)", "int"),
        ("longblob", "binary"),
        ("double", "double"),
        ("geometry", "string"),
    ],
)
def test_raw_types_have_their_counterparts(raw: str, expected: str) -> None:
    assert MySQL(Connection("c", "mysql")).column_type(raw) == expected


def test_trino_and_duckdb_are_told_how_to_connect() -> None:
    made = connection_from_url("c", "mysql://me:word@db.example/shop")
    source = MySQL(made)
    assert source.trino_properties() == {
        "connector.name": "mysql",
        "connection-url": "jdbc:mysql://db.example:3306",
        "connection-user": "me",
        "connection-password": "word",
    }
    assert source.duckdb_attach().secret == {
        "HOST": "db.example",
        "PORT": "3306",
        "DATABASE": "shop",
        "USER": "me",
        "PASSWORD": "word",
    }
