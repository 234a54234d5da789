"""Constraints: keys and rules of a table's columns, kept for engines that plan by them; nothing here enforces them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catalog_server.model.names import TableName


class ConstraintKind(StrEnum):
    """What a constraint says."""

    PRIMARY_KEY = "primary_key"
    FOREIGN_KEY = "foreign_key"
    UNIQUE = "unique"
    NOT_NULL = "not_null"
    DEFAULT = "default"
    CHECK = "check"


KEYS = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
"""Kinds that a foreign key may reference."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint of a table; its name is unique among those of the table, whatever their kinds."""

    kind: ConstraintKind
    table: TableName
    name: str = ""
    """Empty until the catalog has made one up."""
    columns: tuple[str, ...] = ()
    """Keys of the columns in the order of the constraint; a check of the whole table has none."""
    expression: str | None = None
    """The value of a default, the condition of a check."""
    parent: TableName | None = None
    """The table that a foreign key references."""
    parent_columns: tuple[str, ...] = ()
    """The referenced columns, in the order of `columns`."""
    parent_key: str | None = None
    """The name of the referenced primary or unique key."""
    update_rule: int = 0
    delete_rule: int = 0
    """What a foreign key's owner wants done on changes of the parent, as JDBC numbers it; kept, not acted upon."""
    enabled: bool = False
    validated: bool = False
    relied: bool = False
    id: int = 0


def to_document(constraint: Constraint) -> dict[str, Any]:
    """A constraint as a JSON document, for the event that tells of it."""
    return {
        "kind": constraint.kind.value,
        "table": _path(constraint.table),
        "name": constraint.name,
        "columns": list(constraint.columns),
        "expression": constraint.expression,
        "parent": None if constraint.parent is None else _path(constraint.parent),
        "parent_columns": list(constraint.parent_columns),
        "parent_key": constraint.parent_key,
        "rules": [constraint.update_rule, constraint.delete_rule],
        "states": [constraint.enabled, constraint.validated, constraint.relied],
    }


def from_document(document: Mapping[str, Any]) -> Constraint:
    """The constraint of a document that `to_document` made."""
    parent = document["parent"]
    update_rule, delete_rule = document["rules"]
    enabled, validated, relied = document["states"]
    return Constraint(
        kind=ConstraintKind(document["kind"]),
        table=TableName(*document["table"]),
        name=document["name"],
        columns=tuple(document["columns"]),
        expression=document["expression"],
        parent=None if parent is None else TableName(*parent),
        parent_columns=tuple(document["parent_columns"]),
        parent_key=document["parent_key"],
        update_rule=update_rule,
        delete_rule=delete_rule,
        enabled=enabled,
        validated=validated,
        relied=relied,
    )


def _path(name: TableName) -> list[str]:
    return [name.catalog, name.database, name.table]
