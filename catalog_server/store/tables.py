"""Rows of tables: found by name, swapped by version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.derived import derived
from catalog_server.model.errors import AlreadyExists
from catalog_server.model.grant import Visibility
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.table import Table, TableKind, format_of
from catalog_server.store.blobs import columns_text, storage_text
from catalog_server.store.databases import PATH_KEY
from catalog_server.store.many import among
from catalog_server.store.prepared import Prepared, inserted
from catalog_server.store.schema import (
    catalogs,
    column_statistics,
    constraints,
    databases,
    partition_changes,
    partition_marks,
    partitions,
    table_data_versions,
    tables,
)
from catalog_server.store.transaction import Transaction

_JOINED = tables.join(databases).join(catalogs)


def _select() -> Select[Any]:
    return select(
        tables, databases.c.name.label("database_name"), catalogs.c.name.label("catalog_name")
    ).select_from(_JOINED)  # fmt: skip


def seen(visible: Visibility) -> ColumnElement[bool]:
    """The predicate that leaves the tables a caller may see."""
    if visible.everything:
        return true()
    return or_(PATH_KEY.in_(visible.databases), (PATH_KEY + "." + tables.c.name_key).in_(visible.tables))


def _is(name: TableName) -> ColumnElement[bool]:
    return (
        (catalogs.c.name_key == name_key(name.catalog))
        & (databases.c.name_key == name_key(name.database))
        & (tables.c.name_key == name_key(name.table))
    )


def _in(name: DatabaseName) -> ColumnElement[bool]:
    return (catalogs.c.name_key == name_key(name.catalog)) & (databases.c.name_key == name_key(name.database))


def from_rows(tx: Transaction, rows: Sequence[Any]) -> list[Table]:
    """Tables of joined rows; reads the blobs that are not cached."""
    column_lists = tx.blobs.columns(tx, [i for row in rows for i in (row.columns_id, row.partition_keys_id)])
    storages = tx.blobs.storages(tx, [row.storage_id for row in rows])
    return [
        Table(
            catalog=row.catalog_name,
            database=row.database_name,
            name=row.name,
            kind=TableKind(row.kind),
            columns=column_lists[row.columns_id],
            partition_keys=column_lists[row.partition_keys_id],
            location=row.location,
            storage=storages[row.storage_id],
            parameters=row.parameters,
            owner=row.owner,
            owner_kind=row.owner_kind,
            retention=row.retention,
            view_original=row.view_original,
            view_expanded=row.view_expanded,
            connection=row.connection,
            extra=row.extra,
            id=row.id,
            version=row.version,
            created_at=row.created_at,
            last_access_at=row.last_access_at,
            updated_at=row.updated_at,
            updated_by=row.updated_by,
            database_id=row.database_id,
        )
        for row in rows
    ]


_storage_text = derived(storage_text)


def blob_ids(tx: Transaction, table: Table) -> dict[str, int]:
    """Ids of a table's column list, partition keys and storage, made where they are new."""
    texts = {
        "columns_id": columns_text(table.columns),
        "partition_keys_id": columns_text(table.partition_keys),
        "storage_id": _storage_text(table.storage),
    }
    ids = tx.blobs.ids(tx, texts.values())
    return {name: ids[text] for name, text in texts.items()}


def get(tx: Transaction, name: TableName, *, lock: bool = False) -> Table | None:
    """The table of a name; `lock` holds its row until the transaction ends."""
    row = (_GET_LOCKED if lock else _GET).first(
        tx, catalog=name_key(name.catalog), database=name_key(name.database), table=name_key(name.table)
    )
    return from_rows(tx, [row])[0] if row else None


def _named() -> Select[Any]:
    return _select().where(
        catalogs.c.name_key == bindparam("catalog"),
        databases.c.name_key == bindparam("database"),
        tables.c.name_key == bindparam("table"),
    )


_GET = Prepared(_named)
_GET_LOCKED = Prepared(lambda: _named().with_for_update(of=tables))


def hold(tx: Transaction, table: Table) -> bool:
    """Hold a table's row until the transaction ends if it still has this version and name; whether it has."""
    name = {"catalog": name_key(table.catalog), "database": name_key(table.database), "table": name_key(table.name)}
    return _HOLD.first(tx, b_id=table.id, b_version=table.version, **name) is not None


_HOLD = Prepared(
    lambda: (
        select(tables.c.id)
        .select_from(_JOINED)
        .where(
            tables.c.id == bindparam("b_id"),
            tables.c.version == bindparam("b_version"),
            catalogs.c.name_key == bindparam("catalog"),
            databases.c.name_key == bindparam("database"),
            tables.c.name_key == bindparam("table"),
        )
        .with_for_update(of=tables)
    )
)


def get_many(tx: Transaction, database: DatabaseName, names: Iterable[str], visible: Visibility) -> list[Table]:
    """Those of the named tables that exist and may be seen, in the order of the names."""
    order = {name_key(name): place for place, name in reversed(list(enumerate(names)))}
    rows = tx.connection.execute(
        _select().where(_in(database), among(tx, tables.c.name_key, order), seen(visible))
    ).all()
    return from_rows(tx, sorted(rows, key=lambda row: order[row.name_key]))


def name_of(tx: Transaction, table_id: int) -> TableName | None:
    """The name of the table with an id."""
    named = select(catalogs.c.name, databases.c.name, tables.c.name).select_from(_JOINED).where(tables.c.id == table_id)
    row = tx.connection.execute(named).first()
    return None if row is None else TableName(*row)


def list_page(
    tx: Transaction,
    database: DatabaseName,
    visible: Visibility,
    *,
    kinds: Sequence[TableKind] | None = None,
    formats: Sequence[str] | None = None,
    contains: str = "",
    after: str = "",
    count: int | None = None,
) -> list[Table]:
    """Tables of a database by name key: of some kinds or formats, whose name holds a text, `count` after key `after`."""
    statement = _select().where(_in(database), tables.c.name_key > after, seen(visible))
    statement = _narrowed(statement, kinds, formats, contains)
    return from_rows(tx, tx.connection.execute(statement.order_by(tables.c.name_key).limit(count)).all())


def list_names(
    tx: Transaction,
    database: DatabaseName,
    visible: Visibility,
    *,
    kinds: Sequence[TableKind] | None = None,
    formats: Sequence[str] | None = None,
    after: str = "",
    count: int | None = None,
) -> list[str]:
    """Names of the tables of a database, by name key; see `list_page`."""
    statement = (
        select(tables.c.name).select_from(_JOINED).where(_in(database), tables.c.name_key > after, seen(visible))
    )
    statement = _narrowed(statement, kinds, formats, "")
    return list(tx.connection.execute(statement.order_by(tables.c.name_key).limit(count)).scalars())


def _narrowed(
    statement: Select[Any], kinds: Sequence[TableKind] | None, formats: Sequence[str] | None, contains: str
) -> Select[Any]:
    if kinds is not None:
        statement = statement.where(tables.c.kind.in_([kind.value for kind in kinds]))
    if formats is not None:
        statement = statement.where(tables.c.format.in_(formats))
    if contains:
        statement = statement.where(tables.c.name_key.contains(name_key(contains), autoescape=True))
    return statement


def any_in_folder(tx: Transaction, location: str, *, but: int = 0) -> bool:
    """Whether a table, not counting the one with the id `but`, has its files in a folder or below it; both spelled alike."""
    folder = location.rstrip("/")
    inside = or_(
        tables.c.location.in_((folder, f"{folder}/")), tables.c.location.startswith(f"{folder}/", autoescape=True)
    )
    return bool(tx.connection.execute(select(exists().where(inside, tables.c.id != but))).scalar_one())


def _values(table: Table, ids: dict[str, int]) -> dict[str, Any]:
    return {
        **ids,
        "name": table.name,
        "name_key": name_key(table.name),
        "kind": table.kind.value,
        "format": format_of(table),
        "location": table.location,
        "parameters": dict(table.parameters),
        "owner": table.owner,
        "owner_kind": table.owner_kind,
        "retention": table.retention,
        "view_original": table.view_original,
        "view_expanded": table.view_expanded,
        "connection": table.connection,
        "extra": dict(table.extra),
        "last_access_at": table.last_access_at,
        "updated_at": table.updated_at,
        "updated_by": table.updated_by,
    }


def create(tx: Transaction, database_id: int, table: Table, ids: dict[str, int]) -> int:
    """Insert a table and return its id; raises `AlreadyExists`."""
    row = {**_values(table, ids), "database_id": database_id, "version": 1, "created_at": table.created_at or tx.at}
    try:
        table_id = int(_CREATE.first(tx, **row).id)
    except IntegrityError as error:
        raise AlreadyExists("table", str(table.full_name)) from error
    _CREATE_DATA_VERSION.later(tx, table_id=table_id, data_version=0)
    return table_id


_CREATE = Prepared(lambda: inserted(tables, without=("id",)).returning(tables.c.id))
_CREATE_DATA_VERSION = Prepared(lambda: inserted(table_data_versions))


def swap(
    tx: Transaction, expected_version: int, table: Table, database_id: int, ids: dict[str, int], *, held: bool
) -> bool:
    """Write the definition under `table.id` if its version is still the expected one; whether it was.

    `held` says that this transaction holds the row at that version and leaves its name as it is, so that nobody needs to
    wait for the answer. Raises `AlreadyExists` when the table was renamed to a taken name.
    """
    row = {**_values(table, ids), "database_id": database_id, "version": expected_version + 1}
    if held:
        _SWAP.later(tx, b_id=table.id, b_version=expected_version, **row)
        return True
    try:
        return _SWAP.run(tx, b_id=table.id, b_version=expected_version, **row) == 1
    except IntegrityError as error:
        raise AlreadyExists("table", str(table.full_name)) from error


_SWAP = Prepared(
    lambda: (
        update(tables)
        .where(tables.c.id == bindparam("b_id"), tables.c.version == bindparam("b_version"))
        .values({column.name: bindparam(column.name) for column in tables.c if column.name not in ("id", "created_at")})
    )
)


def drop(tx: Transaction, table_id: int) -> None:
    """Delete a table with its partitions, statistics, history of partitions and constraints, and the foreign keys that
    reference it; its versions are kept for the log."""
    for statement in _DROPS:
        statement.later(tx, table=table_id)


def _deleting(child: Any) -> Prepared:
    return Prepared(lambda: delete(child).where(child.c.table_id == bindparam("table")))


_DROPS = (
    *map(_deleting, (partitions, column_statistics, table_data_versions, partition_changes, partition_marks)),
    Prepared(
        lambda: delete(constraints).where(
            or_(constraints.c.table_id == bindparam("table"), constraints.c.parent_id == bindparam("table"))
        )
    ),
    Prepared(lambda: delete(tables).where(tables.c.id == bindparam("table"))),
)


def bump_data_version(tx: Transaction, table_id: int) -> None:
    """Say that partitions or statistics of a table changed."""
    _BUMP.later(tx, table=table_id)


_BUMP = Prepared(
    lambda: (
        update(table_data_versions)
        .where(table_data_versions.c.table_id == bindparam("table"))
        .values(data_version=table_data_versions.c.data_version + 1)
    )
)


def data_version(tx: Transaction, table_id: int) -> int:
    """The count of changes to a table's partitions and statistics."""
    statement = select(table_data_versions.c.data_version).where(table_data_versions.c.table_id == table_id)
    return int(tx.connection.execute(statement).scalar() or 0)


def locations(tx: Transaction, database: DatabaseName) -> list[str]:
    """Where the tables of a database lie, of those that have files."""
    rows = tx.connection.execute(select(tables.c.location).select_from(_JOINED).where(_in(database)))
    return [row.location for row in rows if row.location]


def versions(tx: Transaction, database: DatabaseName) -> dict[str, tuple[int, int, int]]:
    """Id, version and data version of all tables of a database, by the keys of their names."""
    joined = _JOINED.join(table_data_versions, table_data_versions.c.table_id == tables.c.id)
    columns = tables.c.name_key, tables.c.id, tables.c.version, table_data_versions.c.data_version
    rows = tx.connection.execute(select(*columns).select_from(joined).where(_in(database)))
    return {row.name_key: (row.id, row.version, row.data_version) for row in rows}
