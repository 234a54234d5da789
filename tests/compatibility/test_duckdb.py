"""DuckDB's own Iceberg extension, attached to the REST catalog as its guide says."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.catalog.rest import RestCatalog

from tests.compatibility.conftest import SMOKE, Home, Lakehouse
from tests.compatibility.delegated import bucket_of
from tests.compatibility.guides import attached
from tests.facades.hms.metastore import Metastore

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": ["a", "b", None]})


@pytest.fixture
def duck(lakehouse: Lakehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the catalog attached as its guide says."""
    with attached(lakehouse.server) as connection:
        yield connection


@pytest.fixture
def rest(lakehouse: Lakehouse) -> Iterator[RestCatalog]:
    """PyIceberg beside it."""
    catalog = RestCatalog("rest", uri=lakehouse.server.iceberg)
    yield catalog
    catalog.close()


@SMOKE
def test_it_reads_what_others_wrote_and_others_read_what_it_wrote(
    duck: duckdb.DuckDBPyConnection, rest: RestCatalog, local: Home
) -> None:
    rest.create_table(f"{local}.t", ROWS.schema).append(ROWS)
    assert duck.sql(f"SELECT * FROM lake.{local}.t ORDER BY id").fetchall() == [(1, "a"), (2, "b"), (3, None)]
    duck.execute(f"INSERT INTO lake.{local}.t VALUES (4, 'd')")
    duck.execute(f"ALTER TABLE lake.{local}.t ADD COLUMN extra INTEGER")
    found = rest.load_table(f"{local}.t").scan().to_arrow().sort_by("id")
    assert found.to_pydict() == {"id": [1, 2, 3, 4], "name": ["a", "b", None, "d"], "extra": [None] * 4}


def test_its_tables_are_there_for_the_metastore_too(
    duck: duckdb.DuckDBPyConnection, local: Home, metastore: Metastore
) -> None:
    duck.execute(f"CREATE TABLE lake.{local}.made (a INTEGER, b VARCHAR)")
    duck.execute(f"INSERT INTO lake.{local}.made SELECT range, 'x' FROM range(10)")
    duck.execute(f"UPDATE lake.{local}.made SET b = 'y' WHERE a = 3")
    duck.execute(f"DELETE FROM lake.{local}.made WHERE a = 4")
    assert duck.sql(f"SELECT count(*), sum(a), max(b) FROM lake.{local}.made").fetchall() == [(9, 41, "y")]
    assert [(c.name, c.type) for c in metastore.get_table(local.name, "made").sd.cols] == [
        ("a", "int"),
        ("b", "string"),
    ]
    duck.execute(f"DROP TABLE lake.{local}.made")
    assert metastore.get_all_tables(local.name) == []


def test_what_a_transaction_undoes_nobody_sees(duck: duckdb.DuckDBPyConnection, rest: RestCatalog, local: Home) -> None:
    for name in ("t", "u"):
        rest.create_table(f"{local}.{name}", ROWS.schema).append(ROWS)
    duck.execute("BEGIN")
    duck.execute(f"INSERT INTO lake.{local}.t VALUES (4, 'd')")
    duck.execute("ROLLBACK")
    duck.execute("BEGIN")
    for name in ("t", "u"):
        duck.execute(f"DELETE FROM lake.{local}.{name} WHERE id < 3")
    assert rest.load_table(f"{local}.t").scan().count() == 3
    duck.execute("COMMIT")
    assert [rest.load_table(f"{local}.{name}").scan().count() for name in ("t", "u")] == [1, 1]


@pytest.mark.s3
def test_it_reaches_the_store_with_the_keys_it_is_given(
    duck: duckdb.DuckDBPyConnection, rest: RestCatalog, local: Home, lakehouse: Lakehouse
) -> None:
    bucket = bucket_of(lakehouse, vending=True, role=True)
    rest.create_table(f"{local}.t", ROWS.schema, location=f"s3://{bucket}/t").append(ROWS)
    duck.execute(f"INSERT INTO lake.{local}.t VALUES (4, 'd')")
    assert duck.sql(f"SELECT count(*) FROM lake.{local}.t").fetchall() == [(4,)]
    assert rest.load_table(f"{local}.t").scan().count() == 4
