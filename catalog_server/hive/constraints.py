"""The model's constraints of Hive's structs, of which there is one per column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from catalog_server.model.constraint import Constraint, ConstraintKind
from catalog_server.model.names import TableName, name_key

_PLAIN = {
    "uniqueConstraints": (ConstraintKind.UNIQUE, "uk_name", None),
    "notNullConstraints": (ConstraintKind.NOT_NULL, "nn_name", None),
    "defaultConstraints": (ConstraintKind.DEFAULT, "dc_name", "default_value"),
    "checkConstraints": (ConstraintKind.CHECK, "dc_name", "check_expression"),
}
"""By field of SQLAllTableConstraints: the kind, the field of the name, and that of the expression."""


def to_constraints(structs: Mapping[str, Sequence[Any]], catalog: str) -> list[Constraint]:
    """Constraints of one table from structs by the field of SQLAllTableConstraints; columns by their `key_seq`."""
    found = []
    for pieces in _grouped(structs.get("primaryKeys", ()), "pk_name"):
        found.append(_constraint(ConstraintKind.PRIMARY_KEY, "pk_name", pieces, catalog))
    for pieces in _grouped(structs.get("foreignKeys", ()), "fk_name"):
        found.append(_foreign_key(pieces, catalog))
    for field, (kind, name, expression) in _PLAIN.items():
        for pieces in _grouped(structs.get(field, ()), name):
            found.append(_constraint(kind, name, pieces, catalog, expression))
    return found


def _grouped(structs: Sequence[Any], name: str) -> list[list[Any]]:
    ordered = sorted(structs, key=lambda one: (getattr(one, name) or "", getattr(one, "key_seq", 0) or 0))
    return [list(pieces) for _, pieces in groupby(ordered, key=lambda one: getattr(one, name) or "")]


def _constraint(
    kind: ConstraintKind, name: str, pieces: Sequence[Any], catalog: str, expression: str | None = None
) -> Constraint:
    first = pieces[0]
    return Constraint(
        kind=kind,
        table=TableName(catalog, first.table_db, first.table_name),
        name=getattr(first, name) or "",
        columns=tuple(name_key(one.column_name) for one in pieces if one.column_name),
        expression=getattr(first, expression) if expression else None,
        enabled=bool(first.enable_cstr),
        validated=bool(first.validate_cstr),
        relied=bool(first.rely_cstr),
    )


def _foreign_key(pieces: Sequence[Any], catalog: str) -> Constraint:
    first = pieces[0]
    return Constraint(
        kind=ConstraintKind.FOREIGN_KEY,
        table=TableName(catalog, first.fktable_db, first.fktable_name),
        name=first.fk_name or "",
        columns=tuple(name_key(one.fkcolumn_name) for one in pieces),
        parent=TableName(catalog, first.pktable_db, first.pktable_name),
        parent_columns=tuple(name_key(one.pkcolumn_name) for one in pieces),
        parent_key=first.pk_name,
        update_rule=first.update_rule or 0,
        delete_rule=first.delete_rule or 0,
        enabled=bool(first.enable_cstr),
        validated=bool(first.validate_cstr),
        relied=bool(first.rely_cstr),
    )
