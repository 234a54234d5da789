"""Engines connected to the REST catalog by what their guides say, at the address of the server under test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog

from catalog_server.query.worker import extension_path
from catalog_server.testing import RunningServer
from tests.engines.spark import SparkSession
from tests.engines.trino import Trino

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
ADDRESS = "http://127.0.0.1:8181/iceberg"


@dataclass(frozen=True)
class Client:
    """One engine: how it makes a table of an id and a name, adds a row, and reads the rows, for names `database.table`."""

    make: Callable[[str, str | None], None]
    add: Callable[[str, int, str], None]
    read: Callable[[str], list[list[Any]]]


def said(guide: str, holding: str) -> str:
    """The block of a guide that holds a text."""
    blocks = re.findall(r"```\w+\n(.*?)```", (GUIDES / f"{guide}.md").read_text(encoding="utf-8"), re.DOTALL)
    return next(str(block) for block in blocks if holding in block)


def at(server: RunningServer, text: str) -> str:
    """A guide's text with the server's own address."""
    assert ADDRESS in text
    return text.replace(ADDRESS, server.iceberg)


def spark_client(spark: SparkSession, server: RunningServer, more: dict[str, str]) -> Client:
    """Spark's catalog; `more` are properties of it beside the guide's."""
    name = "lake" + "".join(sorted(more))[-4:].replace("-", "")
    told = re.findall(
        r"--conf (spark\.sql\.catalog\.lake\S*?)=(\S+)", at(server, said("connecting-spark", "type=rest"))
    )
    for key, value in [*told, *((f"spark.sql.catalog.lake.{key}", value) for key, value in more.items())]:
        spark.python(f"spark.conf.set({key.replace('catalog.lake', f'catalog.{name}')!r}, {value!r})")

    def make(table: str, location: str | None) -> None:
        where = f"location '{location}'" if location else ""
        spark.sql(f"create table {name}.{table} (id bigint, name string) using iceberg {where}")

    def read(table: str) -> list[list[Any]]:
        spark.sql(f"refresh table {name}.{table}")
        return spark.sql(f"select * from {name}.{table} order by id")

    return Client(make, lambda table, id_, text: _none(spark.sql(_insert(f"{name}.{table}", id_, text))), read)


@contextmanager
def trino_client(trino: Trino, server: RunningServer, more: dict[str, str]) -> Iterator[Client]:
    """Trino's catalog; `more` are properties of it beside the guide's."""
    lines = at(server, said("connecting-trino", "type=rest")).split()
    told = dict(line.split("=", 1) for line in lines) | more
    if not more:  # as the guide says for local files
        told["fs.hadoop.enabled"] = told.pop("fs.native-s3.enabled")
    with trino.catalog(told.pop("connector.name"), told) as catalog:

        def make(table: str, location: str | None) -> None:
            where = f"with (location = '{location}')" if location else ""
            trino.sql(f"create table {table} (id bigint, name varchar) {where}", catalog)

        yield Client(
            make,
            lambda table, id_, text: _none(trino.sql(_insert(table, id_, text), catalog)),
            lambda table: trino.sql(f"select * from {table} order by id", catalog),
        )


@contextmanager
def duckdb_client(server: RunningServer) -> Iterator[Client]:
    """DuckDB with the catalog attached."""
    with attached(server) as duck:

        def make(table: str, location: str | None) -> None:
            where = f"with ('location' = '{location}')" if location else ""
            duck.execute(f"create table lake.{table} (id bigint, name varchar) {where}")

        yield Client(
            make,
            lambda table, id_, text: _none(duck.execute(_insert(f"lake.{table}", id_, text))),
            lambda table: [list(row) for row in duck.sql(f"select * from lake.{table} order by id").fetchall()],
        )


@contextmanager
def attached(server: RunningServer) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB after the guide's statements, with the extensions of the wheels."""
    with duckdb.connect() as connection:
        for name in ("httpfs", "avro", "iceberg"):
            connection.execute(f"LOAD '{extension_path(name)}'")
        for statement in at(server, said("connecting-duckdb", "ATTACH")).split(";"):
            if statement.strip() and not statement.strip().startswith(("INSTALL", "LOAD", "SELECT")):
                connection.execute(statement)
        yield connection


def pyiceberg_client(server: RunningServer) -> Client:
    """PyIceberg's catalog."""
    (call,) = re.findall(r"^catalog = (.*)$", at(server, said("connecting-pyiceberg", "load_catalog")), re.MULTILINE)
    catalog: Catalog = eval(call, {"load_catalog": load_catalog})
    schema = pa.schema([("id", pa.int64()), ("name", pa.string())])

    def make(table: str, location: str | None) -> None:
        catalog.create_table(table, schema, location=location)

    def read(table: str) -> list[list[Any]]:
        rows = catalog.load_table(table).scan().to_arrow().sort_by("id").to_pylist()
        return [list(row.values()) for row in rows]

    return Client(
        make, lambda table, id_, text: catalog.load_table(table).append(pa.table([[id_], [text]], schema=schema)), read
    )


def _insert(table: str, id_: int, text: str) -> str:
    return f"insert into {table} values ({id_}, '{text}')"


def _none(answer: object) -> None:
    """Take no notice of an answer."""
