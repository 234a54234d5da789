"""Constraints of the rows of KEY_CONSTRAINTS, as the structs that the metastore would answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select

from catalog_server.hive.rows import Row, Rows, number
from catalog_server.model.table import Table
from catalog_server.wire import hive_metastore as wire

PRIMARY_KEY, FOREIGN_KEY, UNIQUE, NOT_NULL, DEFAULT, CHECK = range(6)
"""CONSTRAINT_TYPE, as Hive's MConstraint numbers them."""


def constraint_structs(rows: Rows, table: Table) -> Mapping[str, Sequence[Any]]:
    """Structs by the field of SQLAllTableConstraints; of a foreign key the table is the child."""
    keys = rows.table("KEY_CONSTRAINTS")
    if keys is None:
        return {}
    own = (keys.c["CONSTRAINT_TYPE"] != FOREIGN_KEY) & (keys.c["PARENT_TBL_ID"] == table.id)
    held = (keys.c["CONSTRAINT_TYPE"] == FOREIGN_KEY) & (keys.c["CHILD_TBL_ID"] == table.id)
    found = rows.read(select(keys).where(or_(own, held)).order_by(keys.c["CONSTRAINT_NAME"], keys.c["POSITION"]))
    if not found:
        return {}
    names = _Names(rows, found)
    made: dict[str, list[Any]] = {}
    for row in found:
        kind = number(row["CONSTRAINT_TYPE"])
        if kind == FOREIGN_KEY:
            made.setdefault("foreignKeys", []).append(_foreign_key(row, names, _key_name(rows, row)))
        elif kind in _PLAIN:
            field, struct, name, expression = _PLAIN[kind]
            made.setdefault(field, []).append(_plain(row, names, struct, name, expression))
    return made


_PLAIN = {
    PRIMARY_KEY: ("primaryKeys", "SQLPrimaryKey", "pk_name", None),
    UNIQUE: ("uniqueConstraints", "SQLUniqueConstraint", "uk_name", None),
    NOT_NULL: ("notNullConstraints", "SQLNotNullConstraint", "nn_name", None),
    DEFAULT: ("defaultConstraints", "SQLDefaultConstraint", "dc_name", "default_value"),
    CHECK: ("checkConstraints", "SQLCheckConstraint", "dc_name", "check_expression"),
}


class _Names:
    """Names of the tables and columns that constraints speak of, by their ids and places."""

    def __init__(self, rows: Rows, found: Sequence[Row]) -> None:
        tables = [row[f"{side}_TBL_ID"] for row in found for side in ("PARENT", "CHILD")]
        lists = [row[f"{side}_CD_ID"] for row in found for side in ("PARENT", "CHILD")]
        self._tables = rows.one("TBLS", "TBL_ID", tables)
        self._databases = rows.one("DBS", "DB_ID", [row["DB_ID"] for row in self._tables.values()])
        self._columns = rows.of("COLUMNS_V2", "CD_ID", lists, "INTEGER_IDX")
        self._keys = rows.of("PARTITION_KEYS", "TBL_ID", tables, "INTEGER_IDX")

    def table(self, id_: int) -> tuple[str, str]:
        row = self._tables[id_]
        return self._databases[row["DB_ID"]]["NAME"], row["TBL_NAME"]

    def column(self, row: Row, side: str) -> str | None:
        """The column of one side: of the table's column list, or a partition key where there is no list."""
        place, list_id = number(row[f"{side}_INTEGER_IDX"]), row[f"{side}_CD_ID"]
        if list_id is None:
            held, name = self._keys.get(row[f"{side}_TBL_ID"], []), "PKEY_NAME"
        else:
            held, name = self._columns.get(list_id, []), "COLUMN_NAME"
        return next((one[name] for one in held if number(one["INTEGER_IDX"]) == place), None)


def _states(row: Row) -> dict[str, bool]:
    bits = number(row["ENABLE_VALIDATE_RELY"]) or 0
    return {"enable_cstr": bool(bits & 4), "validate_cstr": bool(bits & 2), "rely_cstr": bool(bits & 1)}


def _plain(row: Row, names: _Names, struct: str, name: str, expression: str | None) -> Any:
    database, table = names.table(row["PARENT_TBL_ID"])
    said: dict[str, Any] = {
        "table_db": database,
        "table_name": table,
        "column_name": names.column(row, "PARENT"),
        name: row["CONSTRAINT_NAME"],
        **_states(row),
    }
    if expression is not None:
        said[expression] = row.get("DEFAULT_VALUE")
    if struct in ("SQLPrimaryKey", "SQLUniqueConstraint"):
        said["key_seq"] = number(row["POSITION"])
    return getattr(wire, struct)(**said)


def _foreign_key(row: Row, names: _Names, key_name: str | None) -> Any:
    parent_database, parent = names.table(row["PARENT_TBL_ID"])
    database, table = names.table(row["CHILD_TBL_ID"])
    return wire.SQLForeignKey(
        pktable_db=parent_database,
        pktable_name=parent,
        pkcolumn_name=names.column(row, "PARENT"),
        fktable_db=database,
        fktable_name=table,
        fkcolumn_name=names.column(row, "CHILD"),
        key_seq=number(row["POSITION"]),
        update_rule=number(row["UPDATE_RULE"]),
        delete_rule=number(row["DELETE_RULE"]),
        fk_name=row["CONSTRAINT_NAME"],
        pk_name=key_name,
        **_states(row),
    )


def _key_name(rows: Rows, row: Row) -> str | None:
    """The name of the primary key of the parent table, if it has one."""
    keys = rows.table("KEY_CONSTRAINTS")
    if keys is None:
        return None
    statement = select(keys.c["CONSTRAINT_NAME"]).where(
        keys.c["PARENT_TBL_ID"] == row["PARENT_TBL_ID"], keys.c["CONSTRAINT_TYPE"] == PRIMARY_KEY
    )
    found = rows.read(statement)
    return found[0]["CONSTRAINT_NAME"] if found else None
