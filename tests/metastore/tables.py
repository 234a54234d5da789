"""Short ways to read tables and their folders, on every server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import Client


def got(hms: Client, database: str, name: str) -> Any:
    """A table, by the call that all versions have."""
    return hms.get_table_req(wire.GetTableRequest(dbName=database, tblName=name, catName="hive")).table


def folder(location: str) -> Path:
    """The folder of a local location."""
    return Path("/" + location.removeprefix("file:").lstrip("/"))


def names(columns: list[Any]) -> list[str]:
    """Names of columns."""
    return [column.name for column in columns]


def types(columns: list[Any]) -> list[str]:
    """Types of columns."""
    return [column.type for column in columns]


def fields(*columns: tuple[str, str]) -> list[Any]:
    """Columns of names and types that may hold commas."""
    return [wire.FieldSchema(name=name, type=kind) for name, kind in columns]
