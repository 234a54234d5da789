"""Tables for the tests of SQL: files of each format, Iceberg tables as PyIceberg writes them, views."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catalog_server.lake.formats.faces import faces
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition, partition_name
from catalog_server.model.table import Column, Table, TableKind
from tests.query.conftest import CALLER, Sql

Columns = Sequence[tuple[str, str]]


def write_parquet(path: Path, rows: list[dict[str, Any]], schema: Any = None) -> None:
    """One Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def make_table(
    sql: Sql,
    name: str,
    location: str,
    columns: Columns,
    format: str = "parquet",
    keys: Columns = (),
    options: Mapping[str, str] | None = None,
) -> TableName:
    """Register files as a table, with the faces a crawler gives."""
    made = faces(format, [Column(*each) for each in columns], [Column(*each) for each in keys], location, options or {})
    table = Table(
        "hive",
        "default",
        name,
        TableKind.EXTERNAL,
        columns=made.columns,
        partition_keys=made.partition_keys,
        location=location,
        storage=made.storage,
        parameters=made.parameters,
    )
    sql.catalog.tables.create(CALLER, table, make_directory=False)
    return table.full_name


def add_partitions(
    sql: Sql, table: TableName, location: str, keys: Sequence[str], values: Sequence[Sequence[str]]
) -> None:
    """Register partitions in the folders of their names."""
    added = [Partition(tuple(each), f"{location}/{partition_name(keys, each)}") for each in values]
    sql.catalog.partitions.add(CALLER, table, added, make_directories=False)


def make_iceberg(sql: Sql, name: str, table: Any, columns: Columns) -> None:
    """Register an Iceberg table at its present metadata file."""
    sql.catalog.tables.create(
        CALLER,
        Table(
            "hive",
            "default",
            name,
            TableKind.EXTERNAL,
            columns=tuple(Column(*each) for each in columns),
            location=table.location(),
            parameters={"table_type": "ICEBERG", "metadata_location": table.metadata_location},
        ),
        make_directory=False,
    )


def make_trino_view(sql: Sql, name: str, statement: str, columns: Columns) -> None:
    """Register a view as Trino writes one."""
    said = {
        "originalSql": statement,
        "catalog": "hive",
        "schema": "default",
        "columns": [{"name": label, "type": kind} for label, kind in columns],
        "runAsInvoker": False,
    }
    text = "/* Presto View: " + base64.b64encode(json.dumps(said).encode()).decode() + " */"
    view = Table(
        "hive",
        "default",
        name,
        TableKind.VIEW,
        columns=tuple(Column(*each) for each in columns),
        parameters={"presto_view": "true"},
        view_original=text,
        view_expanded="/* Presto View */",
    )
    sql.catalog.tables.create(CALLER, view)


def make_view(sql: Sql, name: str, statement: str, columns: Columns) -> None:
    """Register a view as Hive and Spark write one."""
    view = Table(
        "hive",
        "default",
        name,
        TableKind.VIEW,
        columns=tuple(Column(*each) for each in columns),
        view_original=statement,
        view_expanded=statement,
    )
    sql.catalog.tables.create(CALLER, view)
