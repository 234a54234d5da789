"""Tables and views over gRPC."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.model.errors import Conflict, Invalid, NotFound, Unsupported
from catalog_server.testing import RunningServer

STORAGE = m.Storage(
    input_format="in.Format",
    output_format="out.Format",
    serde=m.SerDe(library="ser.De", name="s", parameters={"field.delim": "|"}),
    compressed=True,
    bucket_count=4,
    bucket_columns=["a"],
    sort_columns=[m.SortColumn(column="a", order=1)],
    parameters={"p": "q"},
)


def test_a_table_is_kept_with_everything_that_was_said(client: Client, database: str) -> None:
    column = m.Column(name="A", type="struct<x:int>", comment="c", parameters={"k": "v"})
    said = m.Table(
        database=database,
        name="Whole",
        kind=m.TABLE_KIND_MANAGED,
        columns=[column],
        partition_keys=[m.Column(name="d", type="date")],
        storage=STORAGE,
        parameters={"x": "y"},
        owner="ops",
        owner_kind="ROLE",
        retention=7,
    )
    client.tables.create(said)
    found = client.tables.get(database, "whole")
    assert (found.name, found.kind, found.retention, found.owner_kind) == ("Whole", m.TABLE_KIND_MANAGED, 7, "ROLE")
    assert list(found.columns) == [column]
    assert found.storage == STORAGE
    assert found.parameters["x"] == "y"
    assert Path(found.location.removeprefix("file://")).is_dir()


def test_a_table_made_by_format_wears_the_faces_of_hive_and_spark(client: Client, database: str, table: str) -> None:
    found = client.tables.get(database, table)
    assert (found.format, found.kind, found.owner) == ("parquet", m.TABLE_KIND_EXTERNAL, "ann")
    assert "Parquet" in found.storage.serde.library
    assert found.parameters["spark.sql.sources.provider"] == "parquet"


def test_tables_are_listed_by_kind_and_name(client: Client, database: str, table: str) -> None:
    for number in range(3):
        client.tables.create(m.Table(database=database, name=f"other{number}"))
    client.views.create(m.View(database=database, name="seen", original="select 1"))
    assert [one.name for one in client.tables.list(database)] == [table, "other0", "other1", "other2", "seen"]
    assert [one.name for one in client.tables.list(database, kinds=[m.TABLE_KIND_VIEW])] == ["seen"]
    assert [one.name for one in client.tables.list(database, name_contains="HER1")] == ["other1"]


def test_a_mask_reaches_into_what_a_table_holds(client: Client, database: str, table: str) -> None:
    found = client.tables.get(database, table, fields=["name", "storage.serde.library"])
    assert [field.name for field, _ in found.ListFields()] == ["name", "storage"]
    assert [field.name for field, _ in found.storage.serde.ListFields()] == ["library"]


@pytest.mark.parametrize("path", ["nothing", "columns.name", "name.x", "parameters.k", ""])
def test_a_mask_that_names_no_field_is_refused(client: Client, database: str, table: str, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        client.tables.get(database, table, fields=["name", path])
    assert caught.value.field == "read_mask"


def test_a_change_touches_what_its_mask_names(client: Client, database: str, table: str) -> None:
    before = client.tables.get(database, table)
    columns = [*before.columns, m.Column(name="extra", type="string")]
    after = client.tables.alter(database, table, m.Table(columns=columns, owner="bob"), ["columns"])
    assert [one.name for one in after.columns] == ["id", "delay", "extra"]
    assert (after.owner, after.version, after.storage) == ("ann", before.version + 1, before.storage)


def test_a_table_gets_another_name_and_database(client: Client, database: str, table: str) -> None:
    client.databases.create(m.Database(name=f"{database}_2"))
    changed = client.tables.alter(database, table, m.Table(name="t2", database=f"{database}_2"), ["name", "database"])
    assert (changed.database, changed.name) == (f"{database}_2", "t2")
    with pytest.raises(NotFound):
        client.tables.get(database, table)


def test_a_change_from_an_older_version_is_a_conflict(client: Client, database: str, table: str) -> None:
    client.tables.alter(database, table, m.Table(owner="bob"), ["owner"], expected_version=1)
    with pytest.raises(Conflict):
        client.tables.alter(database, table, m.Table(owner="eve"), ["owner"], expected_version=1)
    assert client.tables.get(database, table).owner == "bob"


def test_files_of_an_external_table_stay_unless_they_are_purged(client: Client, database: str, table: str) -> None:
    folder = Path(client.tables.get(database, table).location.removeprefix("file://"))
    (folder / "part").write_text("x")
    client.tables.drop(database, table)
    assert (folder / "part").exists()
    client.tables.create(m.Table(database=database, name="again", location=f"file://{folder}"))
    client.tables.drop(database, "again", purge=True)
    assert not folder.exists()


@pytest.mark.parametrize("kind", [m.TABLE_KIND_VIEW, m.TABLE_KIND_CONNECTION, 99])
def test_only_tables_of_files_are_made_as_tables(client: Client, database: str, kind: m.TableKind) -> None:
    with pytest.raises(Invalid):
        client.tables.create(m.Table(database=database, name="t", kind=kind))


def test_what_an_iceberg_table_says_of_itself_is_changed_by_a_commit(
    client: Client, server: RunningServer, database: str
) -> None:
    schema = {"type": "struct", "fields": [{"id": 1, "name": "a", "type": "long", "required": False}]}
    body = {"name": "ice", "schema": schema, "properties": {"p": "1", "gone": "x"}}
    httpx.post(f"{server.iceberg}/v1/namespaces/{database}/tables", json=body).raise_for_status()
    found = client.tables.get(database, "ice")
    assert found.format == "iceberg"
    parameters = {key: value for key, value in found.parameters.items() if key != "gone"} | {"q": "2"}
    changed = client.tables.alter(database, "ice", m.Table(parameters=parameters, owner="bob"), ["parameters", "owner"])
    assert changed.owner == "bob"
    properties = httpx.get(f"{server.iceberg}/v1/namespaces/{database}/tables/ice").json()["metadata"]["properties"]
    assert (properties.get("p"), properties.get("q"), properties.get("gone")) == ("1", "2", None)
    with pytest.raises(Unsupported):
        client.tables.alter(database, "ice", m.Table(), ["columns"])
    with pytest.raises(Invalid):
        client.tables.alter(database, "ice", m.Table(parameters={"metadata_location": "x"}), ["parameters"])


def test_a_view_is_made_changed_and_dropped(client: Client, database: str) -> None:
    columns = [m.Column(name="one", type="int")]
    made = client.views.create(m.View(database=database, name="v", original="select 1", columns=columns, owner="ann"))
    assert (made.original, made.materialized, made.HasField("expanded")) == ("select 1", False, False)
    changed = client.views.alter(
        database, "v", m.View(original="select 2", expanded="SELECT 2"), ["original", "expanded"]
    )
    assert (changed.original, changed.expanded, changed.owner, list(changed.columns)) == (
        "select 2", "SELECT 2", "ann", columns,
    )  # fmt: skip
    renamed = client.views.alter(database, "v", m.View(name="w"), ["name"], expected_version=changed.version)
    assert (renamed.name, renamed.original) == ("w", "select 2")
    assert [one.name for one in client.views.list(database)] == ["w"]
    client.views.drop(database, "w")
    assert list(client.views.list(database)) == []


def test_a_table_is_no_view(client: Client, database: str, table: str) -> None:
    for ask in (client.views.get, client.views.drop):
        with pytest.raises(NotFound):
            ask(database, table)
    with pytest.raises(Invalid):
        client.views.create(m.View(database=database, name="v"))
    with pytest.raises(Invalid):
        client.views.create(m.View(database=database, name="v", original=""))


def test_an_iceberg_table_is_made_of_hives_columns(client: Client, server: RunningServer, database: str) -> None:
    kinds = {
        "a": ("smallint", "int"),
        "b": ("decimal(8,2)", "decimal(8, 2)"),
        "c": ("varchar(10)", "string"),
        "d": ("timestamp with local time zone", "timestamptz"),
    }
    columns = [m.Column(name=name, type=kind) for name, (kind, _) in kinds.items()]
    nested = "map<string,array<struct<x:int,y:array<double>>>>"
    columns.append(m.Column(name="n", type=nested, comment="deep"))
    keys = [m.Column(name="day", type="date")]
    new = m.Table(
        database=database, name="ice", columns=columns, partition_keys=keys, owner="ann", parameters={"k": "v"}
    )
    made = client.tables.create(new, format="iceberg")
    assert (made.format, made.owner, made.parameters["k"], len(made.partition_keys)) == ("iceberg", "ann", "v", 0)
    assert [(one.name, one.type) for one in made.columns][-2:] == [("n", nested), ("day", "date")]
    metadata = httpx.get(f"{server.iceberg}/v1/namespaces/{database}/tables/ice").json()["metadata"]
    fields = {one["name"]: one for one in metadata["schemas"][0]["fields"]}
    assert {name: fields[name]["type"] for name in kinds} == {name: kind for name, (_, kind) in kinds.items()}
    assert fields["n"]["doc"] == "deep"
    (partition,) = metadata["partition-specs"][0]["fields"]
    assert (partition["source-id"], partition["transform"]) == (fields["day"]["id"], "identity")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (m.Table(columns=[m.Column(name="i", type="interval_day_time")]), "type of i"),
        (m.Table(kind=m.TABLE_KIND_MANAGED), "kind"),
        (m.Table(parameters={"metadata_location": "x"}), "parameter metadata_location"),
        (m.Table(storage=STORAGE), "table.storage"),
    ],
)
def test_what_no_iceberg_table_can_be_is_refused(client: Client, database: str, said: m.Table, field: str) -> None:
    new = m.Table(database=database, name="never")
    new.MergeFrom(said)
    with pytest.raises(Invalid) as caught:
        client.tables.create(new, format="iceberg")
    assert caught.value.field == field
    assert list(client.tables.list(database)) == []
