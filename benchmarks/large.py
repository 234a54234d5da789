"""A million partitions in one table and 200,000 tables in one database: how long calls of engines take there, and memory.

There is no peer: a Hive Metastore would take hours to be filled. The tables are copies, in the database, of one. Each
call is timed at once after a change that makes its answer a new one, and again. `--quick` takes a hundredth of everything.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import calls, processor
from benchmarks.clients import Client
from benchmarks.metastore import LOADERS, Side, ours
from benchmarks.result import save
from catalog_server.wire import hive_metastore as wire

MANY = "many"
_DAY = 1000
"""Partitions of a day."""
_TABLE = "table_000000"
_NAMED = "'table_' || lpad(n::text, 6, '0')"


def load(side: Side, tables: int, days: int) -> dict[str, float]:
    """Fill the store: partitions through the metastore, tables as copies of the rows of one; seconds."""
    first = Client(side.port)
    calls.load(first, side.folder, calls.Size(tables=2))
    first.create_database(wire.Database(name=MANY, locationUri=f"{side.folder}/{MANY}"))
    began = time.perf_counter()
    _tables(side, first, tables)
    then = time.perf_counter()
    with ThreadPoolExecutor(LOADERS) as threads:
        list(threads.map(partial(_days, side, calls.Size(days=days)), range(LOADERS)))
    return {"tables": round(then - began, 1), "partitions": round(time.perf_counter() - then, 1)}


def _tables(side: Side, client: Client, count: int) -> None:
    made = calls.table(_TABLE, side.folder)
    made.dbName = MANY
    client.create_table(made)
    with psycopg.connect(side.database_url, autocommit=True) as connection:
        _copy(connection, "tables", {"name": _NAMED, "name_key": _NAMED}, ("id",), count)
        rest = "SELECT id, 0 FROM tables ON CONFLICT DO NOTHING"
        connection.execute(f"INSERT INTO table_data_versions (table_id, data_version) {rest}")  # type: ignore[arg-type]
        connection.execute("ANALYZE")


def _copy(connection: Any, table: str, changed: dict[str, str], without: Sequence[str], count: int) -> None:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = current_schema()",
        (table,),
    )
    columns = [f'"{name}"' for (name,) in found.fetchall() if name not in (*without, *changed)]
    into, values = ", ".join([*columns, *changed]), ", ".join([*columns, *changed.values()])
    connection.execute(
        f"INSERT INTO {table} ({into}) SELECT {values} FROM {table}, generate_series(1, {count - 1}) AS n"
        f" WHERE name = '{_TABLE}'"
    )


def _days(side: Side, size: calls.Size, first: int) -> None:
    calls.load_days(Client(side.port), side.folder, first, size, LOADERS)


def timed(side: Side, change: Callable[[], None], call: Callable[[], int], least: int) -> dict[str, float]:
    """Seconds of a call whose answer is new, and of the same call again; the memory that the server grew by."""
    change()
    memory, found = processor.Memory(side.pid), []
    for _ in range(2):
        began = time.perf_counter()
        assert call() >= least
        found.append(round(time.perf_counter() - began, 4))
    return {"new": found[0], "again": found[1], "memory_grown_mb": round(memory.grown_megabytes(), 1)}


def measure(side: Side, tables: int, days: int) -> dict[str, Any]:
    """Each call by its name."""
    client, numbers = Client(side.port), random.Random(1)
    of_table = {"db_name": calls.DATABASE, "tbl_name": calls.PARTITIONED}

    def another_table() -> None:
        made = calls.table(f"late_{numbers.randrange(10**9)}", side.folder)
        made.dbName = MANY
        client.create_table(made)

    def another_partition() -> None:
        values = ["2099-01-01", "1", str(numbers.randrange(10**9))]
        client.add_partitions([calls.partition(calls.PARTITIONED, side.folder, values)])

    def drained(method: str, **arguments: Any) -> Callable[[], int]:
        return partial(client.drain, method, arguments)

    text = f'dt = "{calls.day(days // 2)}"'
    names = _names(numbers, days)
    on_tables: Sequence[tuple[str, Callable[[], int], int]] = (
        ("get_all_tables", drained("get_all_tables", db_name=MANY), tables * 10),
        ("get_tables by pattern", drained("get_tables", db_name=MANY, pattern="table_0000*"), 100),
        ("get_table", drained("get_table", dbname=MANY, tbl_name="table_000001"), 100),
    )
    on_partitions: Sequence[tuple[str, Callable[[], int], int]] = (
        ("get_partition_names", drained("get_partition_names", **of_table, max_parts=-1), days * _DAY * 20),
        (
            "get_partitions_by_filter (1,000)",
            drained("get_partitions_by_filter", **of_table, filter=text, max_parts=-1),
            _DAY * 100,
        ),
        ("get_partitions_by_names (1,000)", drained("get_partitions_by_names", **of_table, names=names), _DAY * 100),
        ("get_partitions (all)", drained("get_partitions", **of_table, max_parts=-1), days * _DAY * 100),
    )
    found = {name: timed(side, another_table, call, least) for name, call, least in on_tables}
    return found | {name: timed(side, another_partition, call, least) for name, call, least in on_partitions}


def _names(numbers: random.Random, days: int) -> list[str]:
    return [
        f"dt={calls.day(numbers.randrange(days))}/hr={numbers.randrange(10)}/region=region-{number % 100:03}"
        for number in range(_DAY)
    ]


def main() -> None:
    """Load, measure, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a hundredth of everything")
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    tables, days = (2_000, 10) if arguments.quick else (200_000, 1_000)
    with tempfile.TemporaryDirectory(prefix="large-benchmark-") as folder:
        Path(folder).chmod(0o755)
        with ours(Path(folder), 1) as side:
            loaded = load(side, tables, days)
            print(
                f"loaded {tables} tables in {loaded['tables']} s, {days * _DAY} partitions in {loaded['partitions']} s"
            )
            found = measure(side, tables, days)
    for name, figures in found.items():
        print(
            f"{name:34} new {figures['new']:>9} s   again {figures['again']:>9} s   + {figures['memory_grown_mb']} MB"
        )
    if arguments.save:
        document = {"tables": tables, "partitions": days * _DAY, "seconds_to_load": loaded, "seconds": found}
        print(save("large", document))


if __name__ == "__main__":
    main()
