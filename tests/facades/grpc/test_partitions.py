"""Partitions over gRPC: streams in both directions."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from tests.facades.grpc.calls import stream


def some(count: int, year: int = 2020) -> Iterator[m.Partition]:
    return (m.Partition(values=[str(year), f"c{number:05d}"]) for number in range(count))


def test_more_partitions_than_a_message_holds_are_added_and_streamed_by_name(
    client: Client, database: str, table: str
) -> None:
    assert client.partitions.add(database, table, some(2500)) == 2500
    names = [one.name for one in client.partitions.list(database, table)]
    assert names == [f"year=2020/city=c{number:05d}" for number in range(2500)]
    assert client.partitions.count(database, table) == 2500


def test_a_partition_is_kept_with_everything_that_was_said(client: Client, database: str, table: str) -> None:
    own = m.ColumnList(columns=[m.Column(name="id", type="int")])
    storage = m.Storage(input_format="in", serde=m.SerDe(library="lib"))
    said = m.Partition(
        values=["2021", "a/b"], location="file:///tmp/somewhere", parameters={"k": "v"}, columns=own, storage=storage
    )
    client.partitions.add(database, table, [said])
    found = client.partitions.get(database, table, ["2021", "a/b"])
    assert (found.name, found.location, found.parameters["k"]) == ("year=2021/city=a%2Fb", "file:///tmp/somewhere", "v")
    assert (found.columns, found.storage.serde.library, found.version) == (own, "lib", 1)


def test_what_a_partition_shares_with_its_table_is_not_said_again(client: Client, database: str, table: str) -> None:
    client.partitions.add(database, table, some(1))
    (found,) = client.partitions.list(database, table)
    assert not found.HasField("columns")
    assert not found.HasField("storage")
    assert Path(found.location.removeprefix("file://")).is_dir()


def test_a_stream_is_narrowed_by_filter_prefix_place_and_number(client: Client, database: str, table: str) -> None:
    client.partitions.add(database, table, [*some(20, 2020), *some(20, 2021)])

    def names(**said: object) -> list[str]:
        return [one.name for one in client.partitions.list(database, table, fields=["name"], **said)]  # type: ignore[arg-type]

    assert len(names(filter="year = 2021")) == 20
    assert names(filter="year > 2020 and city < 'c00002'") == ["year=2021/city=c00000", "year=2021/city=c00001"]
    assert len(names(prefix=["2020"])) == 20
    assert names(after="year=2020/city=c00018", limit=2) == ["year=2020/city=c00019", "year=2021/city=c00000"]
    assert client.partitions.count(database, table, filter="city = 'c00003'") == 2


def test_a_limit_ends_a_stream_across_batches(client: Client, database: str, table: str) -> None:
    client.partitions.add(database, table, some(1500))
    assert len(list(client.partitions.list(database, table, limit=1200))) == 1200


def test_a_batch_is_added_whole_or_not_at_all_and_those_before_stay(client: Client, database: str, table: str) -> None:
    with pytest.raises(AlreadyExists):
        client.partitions.add(database, table, [*some(30), *some(10, 2021), *some(1)], batch=20)
    assert client.partitions.count(database, table) == 40
    assert client.partitions.add(database, table, some(35), if_not_exists=True) == 5


def test_each_message_is_answered_when_it_is_committed(
    client: Client, channel: grpc.Channel, database: str, table: str
) -> None:
    waiting: queue.Queue[m.AddPartitionsRequest | None] = queue.Queue()
    answers = stream(channel, "Partitions/AddPartitions", iter(waiting.get, None))
    waiting.put(m.AddPartitionsRequest(table=m.TableName(database=database, table=table), partitions=some(3)))
    assert next(answers).added == 3
    assert client.partitions.count(database, table) == 3
    waiting.put(m.AddPartitionsRequest(partitions=some(2, 2021)))
    assert next(answers).added == 2
    waiting.put(None)
    assert list(answers) == []


def test_what_goes_wrong_while_partitions_are_made_is_raised(client: Client, database: str, table: str) -> None:
    def broken() -> Iterator[m.Partition]:
        yield from some(5)
        raise KeyError("mine")

    with pytest.raises(KeyError):
        client.partitions.add(database, table, broken(), batch=2)
    assert client.partitions.count(database, table) == 4


def test_a_stream_of_partitions_names_its_table(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        list(stream(channel, "Partitions/AddPartitions", iter([m.AddPartitionsRequest(partitions=some(1))])))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "the first message names none" in caught.value.details()


def test_partitions_are_changed_by_their_values(client: Client, database: str, table: str) -> None:
    client.partitions.add(database, table, some(3))
    changed = m.Partition(values=["2020", "c00001"], parameters={"numRows": "5"})
    client.partitions.alter(database, table, [changed])
    found = client.partitions.get(database, table, changed.values)
    assert found.parameters["numRows"] == "5"
    assert found.location.endswith("year=2020/city=c00001")
    with pytest.raises(NotFound):
        client.partitions.alter(database, table, [m.Partition(values=["1", "x"])])


def test_partitions_are_dropped_all_or_none(client: Client, database: str, table: str) -> None:
    client.partitions.add(database, table, some(3))
    names = [one.name for one in client.partitions.list(database, table)]
    with pytest.raises(NotFound):
        client.partitions.drop(database, table, [names[0], "year=1/city=x"])
    assert client.partitions.drop(database, table, [names[0], "year=1/city=x"], if_exists=True) == 1
    assert client.partitions.count(database, table) == 2


@pytest.mark.parametrize(
    ("said", "field"),
    [({"filter": "nope = 1"}, "filter"), ({"filter": "year ="}, "filter"), ({"limit": -1}, "limit"),
     ({"fields": ["x"]}, "read_mask"), ({"prefix": ["a", "b", "c"]}, "partition values"), ({"after": "\x00"}, "after")],
)  # fmt: skip
def test_what_makes_no_sense_is_named(
    client: Client, database: str, table: str, said: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        list(client.partitions.list(database, table, **said))  # type: ignore[arg-type]
    assert caught.value.field == field


def test_partitions_of_a_missing_table_are_not_found(client: Client, database: str) -> None:
    with pytest.raises(NotFound):
        list(client.partitions.list(database, "nothing"))
    with pytest.raises(NotFound):
        client.partitions.add(database, "nothing", some(1))
