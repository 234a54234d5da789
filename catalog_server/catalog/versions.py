"""Versions: the history of a table's definition, and the way back to one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from catalog_server.catalog.core import Core
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.errors import NotFound, Unsupported
from catalog_server.model.grant import Action
from catalog_server.model.names import TableName
from catalog_server.model.table import Column, Table
from catalog_server.model.version import Difference, TableVersion
from catalog_server.store import versions as rows


class Versions:
    """Rules of versions; all methods raise `NotFound`, `Denied` and the errors they name."""

    def __init__(self, core: Core, of: Tables) -> None:
        self.core = core
        self.tables = of

    def get(self, caller: Caller, name: TableName, version: int) -> TableVersion:
        """One version of a table."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            found = rows.get(tx, table.id, version)
            if found is None:
                raise NotFound("version", f"{version} of table {table.full_name}")
            return found

    def diff(self, caller: Caller, name: TableName, before: int, after: int | None = None) -> list[Difference]:
        """What differs between two versions of a table, by field; without `after` between one and the newest."""
        newest = self.tables.get(caller, name).version
        old, new = self.get(caller, name, before).table, self.get(caller, name, after or newest).table
        was, now = dict(_fields(old)), dict(_fields(new))
        both = [*was, *(field for field in now if field not in was)]
        return [Difference(field, was.get(field), now.get(field)) for field in both if was.get(field) != now.get(field)]

    def rollback(self, caller: Caller, name: TableName, version: int) -> Table:
        """Give a table the definition it had at a version, as a new version; its name stays.

        Raises `Unsupported` for Iceberg tables, whose snapshots are rolled back by Iceberg's own means.
        """
        wanted = self.get(caller, name, version).table
        current = self.tables.get(caller, name)
        if current.is_iceberg or wanted.is_iceberg:
            raise Unsupported(f"table {current.full_name} is an Iceberg table: roll back to a snapshot instead")
        back = replace(wanted, catalog=current.catalog, database=current.database, name=current.name)
        return self.tables.alter(caller, name, back, expected_version=current.version)

    def list(
        self, caller: Caller, name: TableName, *, before: int | None = None, count: int = 50
    ) -> list[TableVersion]:
        """Versions of a table, newest first: up to `count` below version `before`."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            return rows.list_page(tx, table.id, before or table.version + 1, count)


_PLAIN = (
    "name", "database", "location", "owner", "owner_kind", "retention", "view_original", "view_expanded", "connection",
)  # fmt: skip


def _fields(table: Table) -> Iterator[tuple[str, object]]:
    """Everything that a definition says, each under a name of its own."""
    yield "kind", table.kind.value
    for field in _PLAIN:
        yield field, getattr(table, field)
    yield from _columns("columns", table.columns)
    yield from _columns("partition_keys", table.partition_keys)
    storage = table.storage
    for field in ("input_format", "output_format", "compressed", "bucket_count"):
        yield f"storage.{field}", getattr(storage, field)
    yield "storage.bucket_columns", list(storage.bucket_columns)
    yield "storage.sort_columns", [list(one) for one in storage.sort_columns]
    yield "storage.serde.library", storage.serde.library
    yield "storage.serde.name", storage.serde.name
    yield from _map("storage.serde.parameters", storage.serde.parameters)
    yield from _map("storage.parameters", storage.parameters)
    yield from _map("parameters", table.parameters)


def _columns(label: str, columns: Sequence[Column]) -> Iterator[tuple[str, object]]:
    yield label, [column.name for column in columns]
    for column in columns:
        yield f"{label}.{column.name}.type", column.type
        yield f"{label}.{column.name}.comment", column.comment
        yield from _map(f"{label}.{column.name}.parameters", column.parameters)


def _map(label: str, held: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    yield from ((f"{label}.{key}", value) for key, value in held.items())
