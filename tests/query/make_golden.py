"""Asks a real Trino for the answers to the golden statements and writes them down: `python -m tests.query.make_golden`."""

from __future__ import annotations

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from tests.engines.trino import trino_server
from tests.query.golden import DATA, FOLDER, statements

TABLES = {
    "region": "true",
    "nation": "true",
    "supplier": "s_suppkey <= 40",
    "customer": "c_custkey <= 300",
    "part": "p_partkey <= 400",
    "partsupp": "ps_partkey <= 400 and ps_suppkey <= 40",
    "orders": "o_orderkey <= 6000",
    "lineitem": "l_orderkey <= 3000",
}
"""What of Trino's TPC-H generator is kept, small enough to be committed."""
CATALOGS = {
    "memory": {"connector.name": "memory"},
    "tpch": {"connector.name": "tpch", "tpch.double-type-mapping": "DECIMAL", "tpch.column-naming": "STANDARD"},
}
HEADERS = {
    "X-Trino-User": "golden",
    "X-Trino-Time-Zone": "UTC",
    "X-Trino-Catalog": "memory",
    "X-Trino-Schema": "default",
    "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
}


def ask(client: httpx.Client, url: str, sql: str) -> dict[str, Any]:
    """One statement's answer as the client protocol has it."""
    page = client.post(f"{url}/v1/statement", content=sql.encode(), headers=HEADERS).json()
    columns: list[list[str]] | None = None
    rows: list[list[Any]] = []
    while True:
        if page.get("columns") is not None:
            columns = [[column["name"], column["type"]] for column in page["columns"]]
        rows += page.get("data") or []
        if "error" in page:
            error = page["error"]
            where = error.get("errorLocation") or {}
            return {
                "sql": sql,
                "error": {
                    "name": error["errorName"],
                    "message": error["message"],
                    "line": where.get("lineNumber"),
                    "column": where.get("columnNumber"),
                },
            }
        if "nextUri" not in page:
            return {"sql": sql, "columns": columns, "rows": rows}
        page = client.get(page["nextUri"], headers=HEADERS).json()


def keep_tables(client: httpx.Client, url: str) -> None:
    """Make the tables in Trino's memory, and write the same rows as Parquet files."""
    DATA.mkdir(exist_ok=True)
    for name, condition in TABLES.items():
        made = ask(client, url, f"create table {name} as select * from tpch.tiny.{name} where {condition}")
        assert "error" not in made, made
        answer = ask(client, url, f"select * from {name}")
        path = DATA / f"{name}.parquet"
        if not path.exists():
            write_table(path, answer["columns"], answer["rows"])


def write_table(path: Path, columns: list[list[str]], rows: list[list[Any]]) -> None:
    """Rows as the client protocol has them, as a Parquet file of the same types."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays, fields = [], []
    for index, (name, kind) in enumerate(columns):
        values = [row[index] for row in rows]
        target = {"bigint": pa.int64(), "integer": pa.int32(), "date": pa.date32()}.get(kind, pa.string())
        if kind == "date":
            values = [date.fromisoformat(value) for value in values]
        if kind.startswith("decimal"):
            precision, scale = (int(part) for part in kind[8:-1].split(","))
            values, target = [Decimal(value) for value in values], pa.decimal128(precision, scale)
        arrays.append(pa.array(values, target))
        fields.append(pa.field(name, target, metadata={"trino": kind}))
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), path, compression="zstd")


def main(only: list[str]) -> None:
    """Ask for the answers of all files, or of those named."""
    with trino_server(CATALOGS, plugins=("memory", "tpch")) as server, httpx.Client(timeout=60) as client:
        keep_tables(client, server.url)
        shown = ask(client, server.url, "show functions")
        names = sorted({row[0] for row in shown["rows"]})
        (FOLDER / "functions.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
        for name, listed in statements().items():
            if only and name not in only:
                continue
            answers = [ask(client, server.url, sql) for sql in listed]
            lines = ",\n".join(json.dumps(answer, ensure_ascii=False) for answer in answers)
            (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
            print(f"{name}: {len(answers)} answers")


if __name__ == "__main__":
    main(sys.argv[1:])
