"""The calls that are measured, as real clients send them, and the data they are asked of."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.clients import Client, Work
from catalog_server.wire import hive_metastore as wire

DATABASE = "bench"
PARTITIONED = "events"
GROWING = "arrivals"
KEYS = (("dt", "string"), ("hr", "int"), ("region", "string"))
HOURS, REGIONS = 10, 100
"""A day has 1,000 partitions and an hour of it 100."""
DATABASES = 10
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


@dataclass(frozen=True, slots=True)
class Size:
    """How much data there is."""

    tables: int = 1000
    days: int = 100

    @property
    def partitions(self) -> int:
        """How many partitions the one partitioned table has."""
        return self.days * HOURS * REGIONS


def day(number: int) -> str:
    """A value of the key `dt`."""
    return f"2026-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}" + (f"-{number // 336}" if number >= 336 else "")


def _columns(count: int = 20) -> list[Any]:
    kinds = ("bigint", "string", "double", "timestamp", "decimal(18,2)")
    return [wire.FieldSchema(name=f"column_{n}", type=kinds[n % 5], comment=f"column {n}") for n in range(count)]


def _storage(location: str | None) -> Any:
    return wire.StorageDescriptor(
        cols=_columns(),
        location=location,
        inputFormat=f"{_PARQUET}.MapredParquetInputFormat",
        outputFormat=f"{_PARQUET}.MapredParquetOutputFormat",
        compressed=False,
        numBuckets=-1,
        serdeInfo=wire.SerDeInfo(
            serializationLib=f"{_PARQUET}.serde.ParquetHiveSerDe", parameters={"serialization.format": "1"}
        ),
        bucketCols=[],
        sortCols=[],
        parameters={},
    )


def table(name: str, folder: str, *, partitioned: bool = False, **parameters: str) -> Any:
    """An external table of 20 columns."""
    keys = KEYS if partitioned else ()
    return wire.Table(
        dbName=DATABASE,
        tableName=name,
        owner="benchmark",
        createTime=1,
        lastAccessTime=0,
        retention=0,
        sd=_storage(f"{folder}/{name}"),
        partitionKeys=[wire.FieldSchema(name=key, type=kind) for key, kind in keys],
        parameters={"EXTERNAL": "TRUE", "comment": f"the table {name}", "numRows": "1000", **parameters},
        tableType="EXTERNAL_TABLE",
    )


def partition(name: str, folder: str, values: list[str]) -> Any:
    """A partition with its own place and the usual statistics in its parameters."""
    parts = "/".join(f"{key}={value}" for (key, _), value in zip(KEYS, values, strict=True))
    return wire.Partition(
        dbName=DATABASE,
        tableName=name,
        values=values,
        createTime=1,
        lastAccessTime=0,
        sd=_storage(f"{folder}/{name}/{parts}"),
        parameters={"numFiles": "1", "numRows": "1000", "totalSize": "123456", "rawDataSize": "234567"},
    )


def values_of_day(number: int) -> Iterator[list[str]]:
    """The 1,000 partitions of a day."""
    for hour in range(HOURS):
        for region in range(REGIONS):
            yield [day(number), str(hour), f"region-{region:03}"]


def load(client: Client, folder: str, size: Size) -> None:
    """Make the databases, the tables and, a day at a time, the partitions."""
    for number in range(DATABASES):
        name = DATABASE if number == 0 else f"{DATABASE}_{number}"
        client.create_database(wire.Database(name=name, description="made to measure", locationUri=f"{folder}/{name}"))
    client.create_table(table(PARTITIONED, folder, partitioned=True))
    client.create_table(table(GROWING, folder, partitioned=True))
    for number in range(size.tables - 2):
        client.create_table(table(f"table_{number:05}", folder))


def load_days(client: Client, folder: str, first: int, size: Size, step: int) -> None:
    """Add the partitions of each `step`th day from `first` on, a day in one call."""
    for number in range(first, size.days, step):
        client.add_partitions([partition(PARTITIONED, folder, values) for values in values_of_day(number)])


# What is timed. Arguments: the client, its random numbers, and what `prepare` made.


@dataclass
class State:
    """What one client's calls need; made in its process."""

    folder: str
    size: Size
    client: int
    number: int = 0
    metadata: str = ""
    table: Any = None
    checked: set[str] = field(default_factory=set)
    """Methods whose answer was decoded once, and found whole."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Makes a client's state; an object, so that it can be sent to the client's process."""

    folder: str
    size: Size

    def __call__(self, client: Client, number: int) -> State:
        """With an Iceberg table of the client's own."""
        state = State(self.folder, self.size, number, metadata=f"{self.folder}/m/00000.metadata.json")
        name = f"iceberg_{number}_{uuid.uuid4().hex[:8]}"
        state.table = table(name, self.folder, table_type="ICEBERG", metadata_location=state.metadata)
        client.create_table(state.table)
        return state


def _any_table(numbers: random.Random, state: State) -> str:
    return f"table_{numbers.randrange(state.size.tables - 2):05}"


def get_database(client: Client, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """One of ten."""
    number = numbers.randrange(DATABASES)
    client.get_database(DATABASE if number == 0 else f"{DATABASE}_{number}")


def get_table(client: Client, numbers: random.Random, state: State) -> None:
    """Any of all tables."""
    client.get_table_req(wire.GetTableRequest(dbName=DATABASE, tblName=_any_table(numbers, state)))


def _many(
    client: Client, state: State, method: str, arguments: dict[str, Any], count: int, *, exactly: bool = True
) -> None:
    """A call with a large answer: the first is decoded and counted, the others only received.

    Decoding them takes the client longer than the server takes to make them, so that clients would be measured.
    """
    if f"{method}/{count}" in state.checked:
        assert client.drain(method, arguments) > count * 8
    else:
        found = len(client.call(method, arguments))
        assert found == count if exactly else found >= count
        state.checked.add(f"{method}/{count}")


def get_all_tables(client: Client, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """Names of the thousand, and of the clients' own."""
    _many(client, state, "get_all_tables", {"db_name": DATABASE}, state.size.tables, exactly=False)


def get_partition_names(client: Client, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """All of them."""
    arguments = {"db_name": DATABASE, "tbl_name": PARTITIONED, "max_parts": -1}
    _many(client, state, "get_partition_names", arguments, state.size.partitions)


def _by_filter(client: Client, state: State, text: str, count: int) -> None:
    arguments = {"db_name": DATABASE, "tbl_name": PARTITIONED, "filter": text, "max_parts": -1}
    _many(client, state, "get_partitions_by_filter", arguments, count)


def by_filter_100(client: Client, numbers: random.Random, state: State) -> None:
    """An hour of any day."""
    text = f'dt = "{day(numbers.randrange(state.size.days))}" and hr = {numbers.randrange(HOURS)}'
    _by_filter(client, state, text, REGIONS)


def by_filter_1000(client: Client, numbers: random.Random, state: State) -> None:
    """Any day."""
    _by_filter(client, state, f'dt = "{day(numbers.randrange(state.size.days))}"', HOURS * REGIONS)


def by_names_1000(client: Client, numbers: random.Random, state: State) -> None:
    """A thousand, of any days, hours and regions."""
    chosen = numbers.sample(range(state.size.partitions), 1000)
    names = [
        f"dt={day(number // (HOURS * REGIONS))}/hr={number // REGIONS % HOURS}/region=region-{number % REGIONS:03}"
        for number in chosen
    ]
    arguments = {"db_name": DATABASE, "tbl_name": PARTITIONED, "names": names}
    _many(client, state, "get_partitions_by_names", arguments, len(names))


def get_partitions(client: Client, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """All of them; the answer is not even decoded once, which takes a client a minute."""
    arguments = {"db_name": DATABASE, "tbl_name": PARTITIONED, "max_parts": -1}
    assert client.drain("get_partitions", arguments) > state.size.partitions * 100


def commit(client: Client, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """As Iceberg's HiveCatalog commits without HMS locks: the table as it is to be, if it still is as expected."""
    state.number += 1
    moved = f"{state.folder}/m/{state.number:05}-{uuid.uuid4()}.metadata.json"
    state.table.parameters |= {"metadata_location": moved, "previous_metadata_location": state.metadata}
    expected = {"expected_parameter_key": "metadata_location", "expected_parameter_value": state.metadata}
    client.alter_table_with_environment_context(
        DATABASE, state.table.tableName, state.table, wire.EnvironmentContext(properties=expected)
    )
    state.metadata = moved


def create_and_drop(client: Client, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """A table that nobody else has."""
    state.number += 1
    name = f"short_lived_{state.client}_{state.number}"
    client.create_table(table(name, state.folder))
    client.drop_table_with_environment_context(DATABASE, name, False, None)


def lock_cycle(client: Client, numbers: random.Random, state: State) -> None:
    """Lock a table, ask for the lock, give it back."""
    component = wire.LockComponent(type=3, level=2, dbname=DATABASE, tablename=_any_table(numbers, state))
    asked = wire.LockRequest(component=[component], user="benchmark", hostname="localhost", txnid=0)
    answer = client.lock(asked)
    client.check_lock(wire.CheckLockRequest(lockid=answer.lockid))
    client.unlock(wire.UnlockRequest(lockid=answer.lockid))


def add_partitions(client: Client, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """A day's thousand, to a table that grows."""
    state.number += 1
    key = f"{state.client}-{uuid.uuid4().hex[:12]}"
    new = [partition(GROWING, state.folder, [key, hour, region]) for _, hour, region in values_of_day(0)]
    assert client.add_partitions(new) == len(new)


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the table: what is timed, with how many clients its processor time is taken, and what it must reach."""

    name: str
    work: Work
    clients: int = 8
    least: int = 1
    most: int = 1 << 30


CALLS: tuple[Call, ...] = (
    Call("get_database", get_database),
    Call("get_table", get_table),
    Call("get_all_tables (1,000)", get_all_tables),
    Call("get_partition_names (100,000)", get_partition_names),
    Call("get_partitions_by_filter (100)", by_filter_100),
    Call("get_partitions_by_filter (1,000)", by_filter_1000),
    Call("get_partitions_by_names (1,000)", by_names_1000),
    Call("get_partitions (100,000)", get_partitions, clients=1, least=2, most=8),
    Call("Iceberg commit (alter_table)", commit),
    Call("create + drop table", create_and_drop),
    Call("lock + check + unlock", lock_cycle),
    Call("add_partitions (1,000)", add_partitions, clients=1, least=2, most=40),
)

PrepareWork = Callable[[Client, int], Any]
