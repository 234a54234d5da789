"""SQLite files as sources."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from catalog_server.model.connection import Connection
from catalog_server.model.errors import Invalid, NotFound, Unavailable
from catalog_server.testing.connector_suite import ConnectorSuite
from connectors.sqlite import SQLite


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    path = tmp_path / "a b.db"
    path.touch()
    return Connection("files", "sqlite", options={"path": str(path)})


class TestSQLite(ConnectorSuite):
    connector = SQLite
    database = "main"


def test_a_missing_file_is_not_found_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(NotFound, match=r"none\.db"):
        SQLite(Connection("c", "sqlite", options={"path": str(path)})).databases()
    assert not path.exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("dear diary, today I wrote no database")
    with pytest.raises(Unavailable, match=r"notes\.db is not an SQLite database"):
        SQLite(Connection("c", "sqlite", options={"path": str(path)})).databases()


def test_a_value_that_does_not_fit_its_column_is_named(connection: Connection) -> None:
    with sqlite3.connect(connection.options["path"]) as session:
        session.execute("CREATE TABLE t (n INTEGER)")
        session.execute("INSERT INTO t VALUES ('many')")
    session.close()
    with pytest.raises(Invalid, match=r"column n.*'many'"):
        list(SQLite(connection).scan("main", "t"))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("INTEGER", "bigint"),
        ("int unsigned", "bigint"),
        ("VARCHAR(20)", "string"),
        ("NUMERIC(10, 2)", "decimal(10,2)"),
        ("DOUBLE PRECISION", "double"),
        ("DATETIME", "timestamp"),
        ("", "string"),
    ],
)
def test_declared_types_have_their_counterparts(raw: str, expected: str) -> None:
    assert SQLite(Connection("c", "sqlite")).column_type(raw) == expected
