"""Versions, functions, search and statistics over gRPC."""

from __future__ import annotations

import pytest

from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.model.errors import AlreadyExists, Conflict, Invalid, NotFound


def test_versions_are_listed_newest_first_with_who_made_them(client: Client, database: str, table: str) -> None:
    for number in range(4):
        client.tables.alter(database, table, m.Table(owner=f"o{number}"), ["owner"])
    found = list(client.versions.list(database, table))
    assert [one.version for one in found] == [5, 4, 3, 2, 1]
    assert (found[0].by, found[0].via, found[0].table.owner) == ("anonymous", "grpc", "o3")
    assert client.versions.get(database, table, 2, fields=["table.owner"]) == m.Version(table=m.Table(owner="o0"))


def test_a_diff_tells_each_field_with_both_sides(client: Client, database: str, table: str) -> None:
    before = client.tables.get(database, table)
    columns = [m.Column(name="id", type="string"), *before.columns[1:], m.Column(name="new", type="int", comment="n")]
    parameters = {key: value for key, value in before.parameters.items() if key != "classification"} | {"k": "v"}
    client.tables.alter(database, table, m.Table(columns=columns, parameters=parameters), ["columns", "parameters"])
    found = {one.field: one for one in client.versions.diff(database, table, 1)}
    assert (found["columns.id.type"].before.string_value, found["columns.id.type"].after.string_value) == (
        "bigint", "string",
    )  # fmt: skip
    assert [one.string_value for one in found["columns"].after.list_value.values] == ["id", "delay", "new"]
    assert not found["columns.new.type"].HasField("before")
    assert not found["parameters.classification"].HasField("after")
    assert found["parameters.k"].after.string_value == "v"
    assert "owner" not in found
    back = {one.field: one for one in client.versions.diff(database, table, 2, 1)}
    assert back["columns.id.type"].after.string_value == "bigint"
    assert list(client.versions.diff(database, table, 2, 2)) == []


def test_a_rollback_is_a_new_version(client: Client, database: str, table: str) -> None:
    client.tables.alter(database, table, m.Table(owner="bob"), ["owner"])
    with pytest.raises(Conflict):
        client.versions.roll_back(database, table, 1, expected_version=1)
    back = client.versions.roll_back(database, table, 1, expected_version=2)
    assert (back.version, back.owner) == (3, "ann")
    with pytest.raises(NotFound):
        client.versions.get(database, table, 9)


def test_a_function_is_registered_changed_and_dropped(client: Client, database: str) -> None:
    jar = m.FunctionResource(kind="JAR", uri="s3://b/f.jar")
    said = m.Function(database=database, name="f", class_name="org.F", resources=[jar], parameters={"a": "b"})
    made = client.functions.create(said)
    assert (made.function_kind, list(made.resources), dict(made.parameters)) == ("JAVA", [jar], {"a": "b"})
    with pytest.raises(AlreadyExists):
        client.functions.create(said)
    changed = client.functions.alter(database, "f", m.Function(class_name="org.G"), ["class_name"])
    assert (changed.class_name, list(changed.resources)) == ("org.G", [jar])
    assert [one.name for one in client.functions.list(database)] == ["f"]
    client.functions.drop(database, "f")
    with pytest.raises(NotFound):
        client.functions.get(database, "f")


def test_functions_are_listed_over_pages(client: Client, database: str) -> None:
    for number in range(105):
        client.functions.create(m.Function(database=database, name=f"f{number:03d}", class_name="org.F"))
    assert [one.name for one in client.functions.list(database)] == [f"f{number:03d}" for number in range(105)]


def test_search_finds_by_the_beginnings_of_words(client: Client, database: str, table: str) -> None:
    hits = list(client.search.find(f"{database} delay"))
    assert [(one.database, one.table) for one in hits] == [(database, table)]
    assert list(client.search.find("")) == []


STATISTICS = [
    m.ColumnStatistics(column="id", type="bigint", long=m.LongStatistics(low=-(2**62), high=2**62, num_nulls=0)),
    m.ColumnStatistics(
        column="delay",
        type="double",
        double=m.DoubleStatistics(low=float("-inf"), high=2.5, num_nulls=3, num_distinct=9),
        bit_vectors=b"\x00\xff",
    ),
]


def test_statistics_are_given_back_as_they_were_written(client: Client, database: str, table: str) -> None:
    client.statistics.put(database, table, STATISTICS)
    found = {one.column: one for one in client.statistics.get(database, table)}
    for said in STATISTICS:
        one = found[said.column]
        assert (one.WhichOneof("data"), one.long, one.double) == (said.WhichOneof("data"), said.long, said.double)
        assert (one.engine, one.bit_vectors, one.HasField("updated_at")) == ("hive", said.bit_vectors, True)
    assert [one.column for one in client.statistics.get(database, table, ["ID"])] == ["id"]
    client.statistics.drop(database, table, ["id"])
    assert [one.column for one in client.statistics.get(database, table)] == ["delay"]


def test_statistics_of_further_rows_are_added(client: Client, database: str, table: str) -> None:
    client.statistics.put(database, table, STATISTICS[1:])
    more = m.DoubleStatistics(low=-1, high=7, num_nulls=1, num_distinct=2)
    client.statistics.put(database, table, [m.ColumnStatistics(column="delay", type="double", double=more)], merge=True)
    (found,) = client.statistics.get(database, table)
    assert (found.double.low, found.double.high, found.double.num_nulls) == (float("-inf"), 7, 4)


def test_statistics_of_partitions_are_kept_by_their_names(client: Client, database: str, table: str) -> None:
    client.partitions.add(database, table, [m.Partition(values=["2020", city]) for city in "ab"])
    names = ["year=2020/city=a", "year=2020/city=b"]
    held = {names[0]: m.ColumnStatisticsList(columns=STATISTICS)}
    client.statistics.put_partitions(database, table, held)
    found = client.statistics.get_partitions(database, table, names, ["id", "delay"])
    assert list(found) == names[:1]
    assert {one.column for one in found[names[0]].columns} == {"id", "delay"}
    client.statistics.drop(database, table, partitions=names[:1])
    assert not client.statistics.get_partitions(database, table, names, ["id", "delay"])


def test_statistics_speak_of_columns_that_are_there_and_hold_something(
    client: Client, database: str, table: str
) -> None:
    for wrong in (m.ColumnStatistics(column="id"), m.ColumnStatistics(column="x", long=m.LongStatistics())):
        with pytest.raises(Invalid) as caught:
            client.statistics.put(database, table, [wrong])
        assert caught.value.field == "column statistics"
