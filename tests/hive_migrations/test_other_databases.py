"""The database of a metastore in MySQL (MariaDB) and as an export of Derby, of schema 2.3 and of 4: all come out the same."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config
from catalog_server.hive.derby import records
from catalog_server.model.errors import Invalid
from catalog_server.model.hive_migration import Mode
from catalog_server.model.names import DatabaseName, TableName
from tests.connectors.mariadb_server import USER, MariaDBServer, shared_mariadb
from tests.engines import process
from tests.hive_migrations.conftest import CALLER, migrate
from tests.hive_migrations.schema import PARTITIONS, export, mysql

MODERN = pytest.mark.parametrize("modern", [True, False], ids=["schema 4", "schema 2.3"])


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> MariaDBServer:
    return shared_mariadb(process.run_root(tmp_path_factory))


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[CatalogService]:
    service = CatalogService(Config(data=tmp_path / "data"))
    service.prepare()
    yield service
    service.close()


def check(service: CatalogService, source: str) -> None:
    """Copy, look at what is hard, and compare."""
    copy = migrate(service, source)
    assert copy.migration.state == "SUCCEEDED", (copy.migration.error, copy.unlike())
    assert copy.migration.summary["partitions"] == PARTITIONS
    database = service.databases.get(CALLER, DatabaseName("hive", "shop"))
    assert (database.comment, database.owner_kind) == ('of "things", sold\nand bought', "ROLE")
    assert database.parameters == {"team": ""}
    name = TableName("hive", "shop", "orders")
    orders = service.tables.get(CALLER, name)
    assert orders.parameters == {"EXTERNAL": "TRUE", "odd": 'a,b "c"\nd'}
    assert [(one.name, one.type, one.comment) for one in orders.columns][1] == ("price", "decimal(10,2)", "in €")
    assert (orders.storage.bucket_columns, orders.storage.sort_columns) == (("id",), (("id", 1),))
    assert orders.storage.extra["hms"]["storedAsSubDirectories"] is True  # type: ignore[index]
    assert (
        service.tables.get(CALLER, TableName("hive", "shop", "cheap")).view_original == 'select "id",\n 1 from orders'
    )
    _, found = service.partitions.get(CALLER, name, ("2499",))
    assert (found.location, found.parameters) == ("hdfs://n/p/2499", {"numRows": "2499"})
    assert found.created_at == (1_600_000_000 + 2499) * 1000
    held = service.statistics.get_partitions(CALLER, name, ["day=3"], ["price"])["day=3"][0]
    assert (held.data["low"], held.data["num_distinct"], held.updated_at) == ("-150e-2", 7, 1_650_000_000_000)
    assert [one.name for one in service.constraints.of_table(CALLER, name)] == ["pk"]
    assert service.functions.get(CALLER, DatabaseName("hive", "shop"), "f").resources == (("JAR", "hdfs://n/f.jar"),)
    assert migrate(service, source, Mode.VERIFY).unlike() == []


@MODERN
@pytest.mark.xdist_group("mariadb")
def test_out_of_mysql(mariadb: MariaDBServer, empty: CatalogService, modern: bool) -> None:
    import pymysql

    name = f"hive_{uuid.uuid4().hex[:8]}"
    connect = pymysql.connect(
        host="127.0.0.1", port=mariadb.port, user=USER, password=mariadb.password, charset="utf8mb4"
    )
    with closing(connect) as session:
        for statement, rows in mysql(name, modern):
            cursor = session.cursor()
            cursor.executemany(statement, rows) if rows else cursor.execute(statement)
        session.commit()
    try:
        check(empty, f"mysql://{USER}:{mariadb.password}@127.0.0.1:{mariadb.port}/{name}")
    finally:
        mariadb.execute(f"DROP DATABASE {name}")


@MODERN
def test_out_of_an_export_of_derby(empty: CatalogService, tmp_path: Path, modern: bool) -> None:
    export(tmp_path / "export", modern)
    check(empty, f"derby:{tmp_path}/export")


def test_a_folder_that_is_no_export_is_told(empty: CatalogService, tmp_path: Path) -> None:
    done = migrate(empty, f"derby:{tmp_path}")
    assert "COLUMNS.csv" in (done.migration.error or "")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('1,"a","b ""c"""', [1, "a", 'b "c"']),
        ('"two\nlines",2.5E0,', ["two\nlines", 2.5, None]),
        ('"",,"12"', ["", None, "12"]),
    ],
)
def test_values_as_derby_writes_them(tmp_path: Path, text: str, values: list[object]) -> None:
    (tmp_path / "a.csv").write_text(text + "\n", encoding="utf-8")
    assert list(records(tmp_path / "a.csv")) == [values]


@pytest.mark.parametrize("text", ['"open', '"a"b', '1,"a" "b"'])
def test_broken_files_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text + "\n", encoding="utf-8")
    with pytest.raises(Invalid, match=r"a\.csv"):
        list(records(tmp_path / "a.csv"))
