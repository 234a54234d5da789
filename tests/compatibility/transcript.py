"""Runs files of statements through an engine, and compares each answer with what the same engine got from a real metastore.

    python -m tests.compatibility.transcript trino_hive      writes statements/trino_hive.answers.jsonl anew

Statements stand in statements/NAME.sql, separated by empty lines. An answer is the rows, sorted where the statement does
not order them, or the name of the error; names that differ from run to run are left out of it. Before a statement is run
`${query}` in it becomes the one value that the query answers. A comment `-- differs: reason` above a statement says that
ours is meant to answer otherwise, and then it must.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engines.spark import SparkFailed, SparkSession
from tests.engines.trino import Trino, hive_properties, iceberg_properties, trino_server

DIFFERS = "-- differs: "
FOLDER = Path(__file__).parent / "statements"
COLUMNS_MAY_CHANGE = "hive.metastore.disallow.incompatible.col.type.changes"
WHAT_CLIENTS_NEED = {
    "metastore.metadata.transformer.class": " ",
    f"metastore.{COLUMNS_MAY_CHANGE.removeprefix('hive.metastore.')}": "false",
    "datanucleus.connectionPool.maxPoolSize": "40",
}
"""Settings without which 4.0.1 changes tables that clients make, refuses Iceberg's column changes, and starves."""

TPCH = {"tpch": {"connector.name": "tpch"}}

Ask = Callable[[str], list[list[Any]]]
"""Runs one statement; returns its rows or raises the engine's own error."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A statement and what was answered."""

    statement: str
    answer: Any


def statements(name: str) -> list[str]:
    """The statements of a file, without its comments."""
    return [text for text, _ in _blocks(name)]


def _blocks(name: str) -> list[tuple[str, bool]]:
    """The statements of a file, and whether a comment says that the answer is meant to be another one."""
    blocks = [block.splitlines() for block in (FOLDER / f"{name}.sql").read_text(encoding="utf-8").split("\n\n")]
    texts = [
        (
            "\n".join(line for line in lines if not line.startswith("--")),
            any(line.startswith(DIFFERS) for line in lines),
        )
        for lines in blocks
    ]
    return [(text, differs) for text, differs in texts if text]


def recorded(name: str) -> list[Exchange]:
    """What the real metastore's clients were answered."""
    lines = (FOLDER / f"{name}.answers.jsonl").read_text(encoding="utf-8").splitlines()
    return [Exchange(**json.loads(line)) for line in lines]


def run(name: str, ask: Ask, unstable: dict[str, str]) -> Iterator[Exchange]:
    """Run the statements one after another; `unstable` maps texts of this run to what stands in the answers."""
    for statement in statements(name):
        text = statement.replace("current_schema_name", next(iter(unstable), ""))
        try:
            text = re.sub(r"\$\{(.*?)\}", lambda inner: str(ask(inner[1])[0][0]), text)
            answer: Any = ask(text)
            answer = (
                answer if " order by " in statement else sorted(answer, key=lambda row: json.dumps(row, default=str))
            )
        except Exception as error:
            answer = {"error": _kind(error)}
        yield Exchange(statement, json.loads(_stable(json.dumps(answer, default=str, ensure_ascii=False), unstable)))


def _kind(error: Exception) -> str:
    if isinstance(error, SparkFailed):
        condition = re.match(r"\[([A-Z0-9_.]+)\]", error.message)
        return condition[1] if condition else error.kind
    kind = getattr(error, "error_name", None)
    if kind is None:
        raise error
    return str(kind)


def _stable(text: str, unstable: dict[str, str]) -> str:
    for found, replacement in unstable.items():
        text = text.replace(found, replacement)
    text = re.sub(r"(transient_lastDdlTime' = ')\d+", r"\1TIME", text)
    text = re.sub(r"\b\d{16,19}\b", "1", text)  # ids of snapshots
    text = re.sub(r"file:/[^'\"\s,;)\\]*", "PATH", text)
    return re.sub(r"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC", "TIME", text)


def compare(name: str, ask: Ask, unstable: dict[str, str]) -> list[str]:
    """What was answered otherwise than by the real metastore, a line each."""
    different = []
    meant = [differs for _, differs in _blocks(name)]
    for expected, found, differs in zip(recorded(name), run(name, ask, unstable), meant, strict=True):
        assert expected.statement == found.statement, "write the answers anew"
        if (expected.answer != found.answer) != differs:
            different.append(f"{found.statement}\n    there: {expected.answer}\n    here:  {found.answer}")
    return different


@contextmanager
def trino_asks(trino: Trino, kind: str, metastore_uri: str) -> Iterator[tuple[Ask, dict[str, str]]]:
    """Statements of Trino's connector `kind`, "hive" or "iceberg", in a schema of their own."""
    properties = hive_properties(metastore_uri) if kind == "hive" else iceberg_properties(metastore_uri)
    schema = f"s{uuid.uuid4().hex[:8]}"
    with trino.catalog(kind, properties) as catalog:
        trino.sql(f"create schema {catalog}.{schema}")
        try:
            yield lambda statement: trino.sql(statement, catalog, schema), {schema: "SCHEMA", catalog: "CATALOG"}
        finally:
            trino.sql(f"drop schema {catalog}.{schema} cascade")


@contextmanager
def spark_asks(spark: SparkSession, catalog: str = "spark_catalog") -> Iterator[tuple[Ask, dict[str, str]]]:
    """Statements of Spark in a database of their own."""
    schema = f"s{uuid.uuid4().hex[:8]}"
    spark.sql(f"create database {catalog}.{schema}")
    spark.sql(f"use {catalog}.{schema}")
    try:
        yield spark.sql, {schema: "SCHEMA"}
    finally:
        spark.sql(f"drop database {catalog}.{schema} cascade")
        spark.sql("use spark_catalog.default")


def _record(name: str) -> None:
    from tests.engines.hive_metastore import hive_metastore
    from tests.engines.hive_metastore4 import hive_metastore_4
    from tests.engines.postgresql import postgresql_server
    from tests.engines.spark import ICEBERG_EXTENSIONS, spark_conf

    engine, _, kind = name.partition("_")
    found: list[Exchange] = []
    if engine == "trino":
        with postgresql_server() as postgresql:
            url = postgresql.url(postgresql.create_database())
            with hive_metastore_4(url, "1g", WHAT_CLIENTS_NEED) as metastore, trino_server(TPCH) as trino:
                with trino_asks(trino, kind, metastore.uri) as (ask, unstable):
                    found = list(run(name, ask, unstable))
    else:
        with hive_metastore(properties={COLUMNS_MAY_CHANGE: "false"}) as metastore:
            conf = spark_conf(
                metastore_uri=metastore.uri,
                warehouse=metastore.warehouse,
                iceberg={"ice": {"type": "hive", "uri": metastore.uri}},
                extra={"spark.hadoop.hive.exec.dynamic.partition.mode": "nonstrict"},
            )
            assert ICEBERG_EXTENSIONS in conf.values()
            with SparkSession(conf) as spark:
                with spark_asks(spark, "ice" if kind == "iceberg" else "spark_catalog") as (ask, unstable):
                    found = list(run(name, ask, unstable))
    lines = (json.dumps({"statement": one.statement, "answer": one.answer}, ensure_ascii=False) for one in found)
    (FOLDER / f"{name}.answers.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{name}: {len(found)} answers, {sum('error' in one.answer for one in found)} of them errors")


if __name__ == "__main__":
    for named in sys.argv[1:]:
        _record(named)
