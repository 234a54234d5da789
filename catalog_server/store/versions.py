"""Rows of history: parameters as changes from the version before, whole in every 32nd; all else by reference."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from catalog_server.model.caller import Caller
from catalog_server.model.table import Table, TableKind
from catalog_server.model.version import TableVersion
from catalog_server.store.prepared import Prepared, inserted
from catalog_server.store.schema import catalogs, databases, table_versions
from catalog_server.store.transaction import Transaction

WHOLE_EVERY = 32
_TABLES_AT_ONCE = 100


def record(
    tx: Transaction, before: Table | None, after: Table, database_id: int, ids: dict[str, int], caller: Caller
) -> None:
    """Keep the version `after.version` of a table, in the transaction that made it."""
    row: dict[str, Any] = {
        **ids,
        "table_id": after.id,
        "version": after.version,
        "database_id": database_id,
        "name": after.name,
        "kind": after.kind.value,
        "rest": _rest(after),
        "at": tx.at,
        "by": caller.user,
        "via": caller.via,
        "run": caller.run,
    }
    if before is None or after.version % WHOLE_EVERY == 1:
        row |= {"parameters": dict(after.parameters), "parameters_set": None, "parameters_removed": None}
    else:
        old, new = before.parameters, after.parameters
        row["parameters"] = None
        row["parameters_set"] = {key: value for key, value in new.items() if old.get(key) != value}
        row["parameters_removed"] = [key for key in old if key not in new]
    _RECORD.later(tx, **row)


_RECORD = Prepared(lambda: inserted(table_versions))


def _rest(table: Table) -> dict[str, Any]:
    rest = {
        "location": table.location,
        "owner": table.owner,
        "owner_kind": table.owner_kind,
        "retention": table.retention,
        "view_original": table.view_original,
        "view_expanded": table.view_expanded,
        "connection": table.connection,
        "extra": dict(table.extra),
        "created_at": table.created_at,
    }
    return {key: value for key, value in rest.items() if value not in (None, 0, {})}


def _joined() -> Any:
    names = table_versions.outerjoin(databases, databases.c.id == table_versions.c.database_id).outerjoin(catalogs)
    return select(
        table_versions, databases.c.name.label("database_name"), catalogs.c.name.label("catalog_name")
    ).select_from(names)  # fmt: skip


def get(tx: Transaction, table_id: int, version: int) -> TableVersion | None:
    """One version of a table; reads at most 32 rows."""
    whole = select(table_versions.c.version).where(
        table_versions.c.table_id == table_id,
        table_versions.c.version <= version,
        table_versions.c.parameters.is_not(None),
    )
    start = tx.connection.execute(whole.order_by(table_versions.c.version.desc()).limit(1)).scalar()
    if start is None:
        return None
    found = _between(tx, table_id, start, version)
    return found[-1] if found and found[-1].version == version else None


def list_page(tx: Transaction, table_id: int, before: int, count: int) -> list[TableVersion]:
    """Up to `count` versions below version `before`, newest first."""
    first = max(1, before - count)
    start = first - (first - 1) % WHOLE_EVERY
    found = _between(tx, table_id, start, before - 1)
    return [version for version in reversed(found) if version.version >= first]


def get_many(tx: Transaction, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Table]:
    """Definitions by (id of the table, version), those that are known; one statement for each 100 tables."""
    ranges: dict[int, tuple[int, int]] = {}
    for table_id, version in wanted:
        start, (low, high) = version - (version - 1) % WHOLE_EVERY, ranges.get(table_id, (version, version))
        ranges[table_id] = (min(low, start), max(high, version))
    found: dict[tuple[int, int], Table] = {}
    listed = list(ranges.items())
    for begin in range(0, len(listed), _TABLES_AT_ONCE):
        tests = [
            and_(table_versions.c.table_id == table_id, table_versions.c.version.between(low, high))
            for table_id, (low, high) in listed[begin : begin + _TABLES_AT_ONCE]
        ]
        found |= {(one.table.id, one.version): one.table for one in _read(tx, or_(*tests))}
    return found


def _between(tx: Transaction, table_id: int, start: int, end: int) -> list[TableVersion]:
    return _read(tx, and_(table_versions.c.table_id == table_id, table_versions.c.version.between(start, end)))


def _read(tx: Transaction, wanted: ColumnElement[bool]) -> list[TableVersion]:
    """Versions in order; the first that is wanted of each table must be one that is kept whole."""
    statement = _joined().where(wanted).order_by(table_versions.c.table_id, table_versions.c.version)
    rows = tx.connection.execute(statement).all()
    column_lists = tx.blobs.columns(tx, [i for row in rows for i in (row.columns_id, row.partition_keys_id)])
    storages = tx.blobs.storages(tx, [row.storage_id for row in rows])
    found: list[TableVersion] = []
    parameters: dict[str, str] = {}
    for row in rows:
        if row.parameters is not None:
            parameters = dict(row.parameters)
        else:
            parameters = {key: value for key, value in parameters.items() if key not in set(row.parameters_removed)}
            parameters.update(row.parameters_set)
        rest = row.rest
        table = Table(
            catalog=row.catalog_name or "",
            database=row.database_name or "",
            name=row.name,
            kind=TableKind(row.kind),
            columns=column_lists[row.columns_id],
            partition_keys=column_lists[row.partition_keys_id],
            storage=storages[row.storage_id],
            parameters=parameters,
            location=rest.get("location"),
            owner=rest.get("owner"),
            owner_kind=rest.get("owner_kind", "USER"),
            retention=rest.get("retention", 0),
            view_original=rest.get("view_original"),
            view_expanded=rest.get("view_expanded"),
            connection=rest.get("connection"),
            extra=rest.get("extra", {}),
            id=row.table_id,
            version=row.version,
            created_at=rest.get("created_at", 0),
            updated_at=row.at,
            updated_by=row.by,
        )
        found.append(TableVersion(table, row.version, row.at, row.by, row.via, row.run))
    return found
