"""Iceberg tables, databases behind connections, object stores, and the grants that hold for all of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config
from catalog_server.model.caller import Caller
from catalog_server.model.connection import Connection
from catalog_server.model.errors import Denied, InvalidQuery
from catalog_server.model.grant import Action, Decision, Resource, Visibility
from catalog_server.model.names import TableName
from catalog_server.model.table import Column, Table, TableKind
from catalog_server.query.queries import Queries
from tests.query.conftest import CALLER, Sql, close_sql
from tests.query.tables import make_iceberg, make_table, write_parquet


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Any]:
    """A PyIceberg catalog in a folder of the test's own."""
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog("test", uri=f"sqlite:///{tmp_path}/iceberg.db", warehouse=f"file://{tmp_path}/warehouse")
    catalog.create_namespace("n")
    yield catalog
    catalog.close()


def iceberg_table(warehouse: Any, name: str) -> Any:
    import pyarrow as pa

    schema = pa.schema([("id", pa.int64()), ("v", pa.string())])
    table = warehouse.create_table(f"n.{name}", schema=schema)
    table.append(pa.table({"id": [1, 2, 3], "v": ["a", "b", "c"]}))
    table.append(pa.table({"id": [4], "v": ["d"]}))
    return table


COLUMNS = [("id", "bigint"), ("v", "string")]


def test_iceberg_rows_are_those_of_the_registered_metadata(sql: Sql, warehouse: Any) -> None:
    table = iceberg_table(warehouse, "t1")
    make_iceberg(sql, "ice_plain", table, COLUMNS)
    table.append(__import__("pyarrow").table({"id": [5], "v": ["e"]}))
    assert sql("select * from ice_plain order by id") == [[1, "a"], [2, "b"], [3, "c"], [4, "d"]]
    assert sql("select count(*) from ice_plain") == [[4]]
    assert sql("select v from ice_plain where id > 3") == [["d"]]


def test_deleted_iceberg_rows_stay_deleted(sql: Sql, warehouse: Any) -> None:
    table = iceberg_table(warehouse, "t2")
    table.delete("id = 2")
    make_iceberg(sql, "ice_deleted", table, COLUMNS)
    assert sql("select id from ice_deleted order by id") == [[1], [3], [4]]


def test_renamed_and_added_iceberg_columns_are_read_by_field_id(sql: Sql, warehouse: Any) -> None:
    from pyiceberg.types import LongType

    table = iceberg_table(warehouse, "t3")
    with table.update_schema() as update:
        update.rename_column("v", "name")
    with table.update_schema() as update:
        update.add_column("v", LongType())
    make_iceberg(sql, "ice_renamed", table, [("id", "bigint"), ("name", "string"), ("v", "bigint")])
    assert sql("select id, name, v from ice_renamed order by id limit 2") == [[1, "a", None], [2, "b", None]]
    assert sql("select count(*) from ice_renamed where id >= 3") == [[2]]


def test_positional_deletes_are_honoured(sql: Sql, warehouse: Any, tmp_path: Path) -> None:
    """A delete file, as Spark and Trino write them, is added to the metadata by hand."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyiceberg.io.pyarrow import schema_to_pyarrow
    from pyiceberg.manifest import (
        DataFile,
        DataFileContent,
        FileFormat,
        ManifestContent,
        ManifestEntry,
        ManifestEntryStatus,
        write_manifest,
        write_manifest_list,
    )

    assert schema_to_pyarrow is not None
    table = iceberg_table(warehouse, "t4")
    task = next(task for task in table.scan().plan_files() if task.file.record_count == 3)
    delete = tmp_path / "delete.parquet"
    fields = [
        pa.field("file_path", pa.string(), nullable=False, metadata={b"PARQUET:field_id": b"2147483546"}),
        pa.field("pos", pa.int64(), nullable=False, metadata={b"PARQUET:field_id": b"2147483545"}),
    ]
    pq.write_table(pa.table([[task.file.file_path], [1]], schema=pa.schema(fields)), delete)
    snapshot = table.current_snapshot()
    made = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES,
        file_path=f"file://{delete}",
        file_format=FileFormat.PARQUET,
        partition=__import__("pyiceberg.typedef", fromlist=["Record"]).Record(),
        record_count=1,
        file_size_in_bytes=delete.stat().st_size,
    )
    io, snapshot_id = table.io, snapshot.snapshot_id
    path = f"file://{tmp_path}/delete-manifest.avro"

    with write_manifest(2, table.spec(), table.schema(), io.new_output(path), snapshot_id, "deflate") as writer:
        writer.content = lambda: ManifestContent.DELETES  # type: ignore[method-assign]
        entry = ManifestEntry.from_args(
            status=ManifestEntryStatus.ADDED, snapshot_id=snapshot.snapshot_id, data_file=made
        )
        writer.add_entry(entry)
    deletes = writer.to_manifest_file()
    listed = f"file://{tmp_path}/list.avro"
    with write_manifest_list(
        2, io.new_output(listed), snapshot.snapshot_id, snapshot.parent_snapshot_id, snapshot.sequence_number, "deflate"
    ) as lister:
        lister.add_manifests([*snapshot.manifests(io), deletes])
    metadata = Path(table.metadata_location.removeprefix("file://"))
    text = metadata.read_text().replace(snapshot.manifest_list, listed)
    changed = metadata.with_name("99999-deletes.metadata.json")
    changed.write_text(text)
    sql.catalog.tables.create(
        CALLER,
        Table(
            "hive",
            "default",
            "ice_positions",
            TableKind.EXTERNAL,
            columns=tuple(Column(*each) for each in COLUMNS),
            location=table.location(),
            parameters={"table_type": "ICEBERG", "metadata_location": f"file://{changed}"},
        ),
        make_directory=False,
    )
    assert sql("select id from ice_positions order by id") == [[1], [3], [4]]


def test_an_iceberg_table_without_snapshot_is_empty(sql: Sql, warehouse: Any) -> None:
    import pyarrow as pa

    table = warehouse.create_table("n.t5", schema=pa.schema([("id", pa.int64())]))
    make_iceberg(sql, "ice_empty", table, [("id", "bigint")])
    assert sql("select * from ice_empty") == []


@pytest.fixture
def people(sql: Sql, tmp_path: Path) -> Iterator[str]:
    """A connection to a SQLite database with a table of odd names and loose types."""
    path = tmp_path / "people.db"
    with sqlite3.connect(path) as database:
        database.execute(
            'CREATE TABLE "People" (id INTEGER PRIMARY KEY, "Full Name" TEXT, weight REAL, born DATE, loose INTEGER)'
        )
        database.execute("INSERT INTO \"People\" VALUES (1, 'Ann', 1.5, '2020-01-02', 7), (2, 'Bob', NULL, NULL, 8)")
    database.close()
    name = f"lite{abs(hash(str(tmp_path))) % 10**9}"
    sql.catalog.connections.create(CALLER, Connection(name, "sqlite", None, {"path": str(path)}))
    yield name
    sql.catalog.connections.drop(CALLER, name)


def test_a_connection_is_a_catalog_of_its_own(sql: Sql, people: str) -> None:
    assert [people] in sql("show catalogs")
    assert sql(f"show tables from {people}.main") == [["people"]]
    assert sql(f'select id, "full name", weight, born from {people}.main.people order by id') == [
        [1, "Ann", 1.5, "2020-01-02"],
        [2, "Bob", None, None],
    ]
    assert sql(f"select count(*) from {people}.main.people where id = 2") == [[1]]
    with pytest.raises(InvalidQuery, match="does not exist"):
        sql(f"select * from {people}.main.nobody")


def test_files_and_a_database_meet_in_one_statement(sql: Sql, people: str, tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "visits" / "a.parquet", [{"person": 1, "n": 3}, {"person": 1, "n": 4}, {"person": 2, "n": 5}]
    )
    make_table(sql, f"visits_{people}", f"file://{tmp_path}/visits", [("person", "bigint"), ("n", "bigint")])
    rows = sql(
        f'select p."full name", sum(v.n) from visits_{people} v '
        f"join {people}.main.people p on p.id = v.person group by 1 order by 1"
    )
    assert rows == [["Ann", 7], ["Bob", 5]]


def test_a_crawled_table_of_a_connection_is_read_under_its_catalog_name(sql: Sql, people: str) -> None:
    described = Table(
        "hive",
        "default",
        f"crawled_{people}",
        TableKind.CONNECTION,
        columns=(Column("id", "bigint"), Column("Full Name", "string")),
        parameters={"connection.schema": "main", "connection.table": "People"},
        connection=people,
    )
    sql.catalog.tables.create(CALLER, described)
    assert sql(f'select "full name" from crawled_{people} where id = 1') == [["Ann"]]


@pytest.mark.postgresql
def test_postgresql_tables_are_joined_with_their_types(sql: Sql, postgresql_url: str) -> None:
    import psycopg

    from catalog_server.connector import connection_from_url

    url = postgresql_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(
            "CREATE TABLE facts (id int, name varchar(5), code char(4), amount numeric(10,2), any_size numeric, day date, "
            "at timestamp, zoned timestamptz, flag boolean, ids int[], doc jsonb, big bigint, u uuid)"
        )
        database.execute(
            "INSERT INTO facts VALUES (1, 'x', 'ab', 12.50, 0.1234567890123456789, '2020-01-02', '2020-01-02 03:04:05.123456', "
            "'2020-01-02 03:04:05+02', true, '{1,2}', '{\"a\": 1}', 9007199254740993, '00000000-0000-0000-0000-000000000001'), "
            "(2, null, null, null, null, null, null, null, null, null, null, null, null)"
        )
    sql.catalog.connections.create(CALLER, connection_from_url("warehouse_pg", url))
    assert sql(
        "select id, name, code, amount, day, at, zoned, flag, big, u from warehouse_pg.public.facts order by id"
    )[0] == [
        1,
        "x",
        "ab  ",
        "12.50",
        "2020-01-02",
        "2020-01-02 03:04:05.123456",
        "2020-01-02 01:04:05.000000 UTC",
        True,
        9007199254740993,
        "00000000-0000-0000-0000-000000000001",
    ]
    assert sql(
        "select amount * 2, ids[2], json_extract_scalar(doc, '$.a') from warehouse_pg.public.facts where id = 1"
    ) == [["25.00", 2, "1"]]
    assert sql("select count(*), sum(amount) from warehouse_pg.public.facts") == [[2, "12.50"]]
    exact = sql("select cast(any_size as varchar) from warehouse_pg.public.facts where id = 1")[0][0]
    assert exact.startswith("0.12345678901234567")


@pytest.mark.s3
def test_files_in_an_object_store_are_read(sql: Sql, s3_server: Any, s3_bucket: str, tmp_path: Path) -> None:
    options = {"endpoint": s3_server.endpoint, "region": "us-east-1", "path_style": "true", "allow_http": "true"}
    secrets = {"access_key_id": s3_server.access_key, "secret_access_key": s3_server.secret_key}
    prefix = f"s3://{s3_bucket}/"
    sql.catalog.connections.create(CALLER, Connection(f"store-{s3_bucket}", "s3", None, options, secrets, (prefix,)))
    write_parquet(tmp_path / "a.parquet", [{"x": 1}, {"x": 2}])
    location = f"{prefix}data"
    files = sql.catalog.lake.filesystem(location)
    files.write(f"{location}/k=a/a.parquet", (tmp_path / "a.parquet").read_bytes())
    files.write(f"{location}/k=b [1]/a.parquet", (tmp_path / "a.parquet").read_bytes())
    table = make_table(
        sql,
        f"stored_{s3_bucket.replace('-', '_')}",
        location.replace("s3://", "s3a://"),
        [("x", "bigint")],
        keys=[("k", "string")],
    )
    from catalog_server.model.partition import Partition

    added = [Partition(("a",), f"{location}/k=a"), Partition(("b [1]",), f"{location}/k=b [1]")]
    sql.catalog.partitions.add(CALLER, table, added, make_directories=False)
    assert sql(f"select k, sum(x) from {table.table} group by k order by k") == [["a", 3], ["b [1]", 3]]


@pytest.mark.s3
def test_iceberg_tables_in_an_object_store_are_read(sql: Sql, s3_server: Any, s3_bucket: str, tmp_path: Path) -> None:
    from pyiceberg.catalog.sql import SqlCatalog

    options = {"endpoint": s3_server.endpoint, "region": "us-east-1", "path_style": "true", "allow_http": "true"}
    secrets = {"access_key_id": s3_server.access_key, "secret_access_key": s3_server.secret_key}
    store = Connection(f"ice-{s3_bucket}", "s3", None, options, secrets, (f"s3://{s3_bucket}/",))
    sql.catalog.connections.create(CALLER, store)
    properties = {
        "s3.endpoint": s3_server.endpoint,
        "s3.access-key-id": s3_server.access_key,
        "s3.secret-access-key": s3_server.secret_key,
        "s3.region": "us-east-1",
    }
    catalog = SqlCatalog("s3", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"s3://{s3_bucket}/wh", **properties)
    catalog.create_namespace("n")
    table = iceberg_table(catalog, "t")
    name = f"ice_{s3_bucket}".replace("-", "_")
    make_iceberg(sql, f"{name}_plain", table, COLUMNS)
    table.delete("id = 1")
    make_iceberg(sql, f"{name}_less", table, COLUMNS)
    catalog.close()
    assert sql(f"select count(*), max(v) from {name}_plain") == [[4, "d"]]
    assert sql(f"select a.id from {name}_plain a left join {name}_less b on a.id = b.id where b.id is null") == [[1]]


class OnlySome:
    """A policy under which `guest` reads column `id` of rows above 1, and nothing of table `hidden`."""

    def decide(self, tx: object, caller: Caller, action: Action, resource: Resource) -> Decision:
        if caller.user != "guest" or resource.kind != "table":
            return Decision(True)
        if resource.path[-1] == "hidden":
            return Decision(False)
        if resource.path[-1] == "listed" and action is not Action.DESCRIBE:
            return Decision(False)
        return Decision(True, frozenset({"id"}), "secret > 's1'")

    def visible(self, tx: object, caller: Caller) -> Visibility:
        return Visibility()


def test_grants_cut_columns_and_rows_and_hide_tables(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "data")
    catalog = CatalogService(config, OnlySome())
    catalog.prepare()
    guarded = Sql(catalog, Queries(catalog, config), tmp_path)
    guest = Caller("guest")
    try:
        write_parquet(tmp_path / "t" / "a.parquet", [{"id": n, "secret": f"s{n}"} for n in range(4)])
        for name in ("partly", "hidden", "listed"):
            make_table(guarded, name, f"file://{tmp_path}/t", [("id", "bigint"), ("secret", "string")])
        run = guarded.queries.run
        assert run(guest, "select * from partly order by id")[1] == [[2], [3]]
        assert run(guest, "select count(*) from partly")[1] == [[2]]
        assert run(guest, "select count(*) from partly where id = 0")[1] == [[0]]
        assert run(CALLER, "select count(*), min(secret) from partly")[1] == [[4, "s0"]]
        with pytest.raises(InvalidQuery, match="Column 'secret' cannot be resolved"):
            run(guest, "select secret from partly")
        with pytest.raises(InvalidQuery, match="does not exist"):
            run(guest, "select * from hidden")
        with pytest.raises(Denied):
            run(guest, "select * from listed")
        assert guarded.queries.sample(guest, TableName("hive", "default", "partly"))[1] == [[2], [3]]
        assert run(guest, "describe partly")[1] == [["id", "bigint", "", ""]]
    finally:
        close_sql(guarded)
