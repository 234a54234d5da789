"""What a name can mean at one place of a statement: fields of relations, outer scopes, parameters of lambdas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog_server.model.expressions import Predicate
from catalog_server.query.types import Type


@dataclass(frozen=True, slots=True)
class Value:
    """An expression in DuckDB's SQL with the Trino type of its values."""

    sql: str
    type: Type
    literal: str | int | None = None
    """The constant's value where the expression is one: a text, or a whole number."""


@dataclass(slots=True)
class Scan:
    """One reading of a table: what of it the statement uses, and what is known to hold for the rows it needs."""

    alias: str
    table: Any
    used: set[str] = field(default_factory=set)
    predicates: list[Predicate] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Origin:
    """A column of a scan, by its key."""

    scan: Scan
    column: str


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a relation: its name (lower case, None for unnamed), how it may be qualified, and its expression."""

    name: str | None
    type: Type
    sql: str
    qualifiers: tuple[str, ...] = ()
    """Of a table `("catalog", "schema", "table")`, of anything with an alias `("alias",)`."""
    hidden: bool = False
    """Left out of `*`, such as a join's right-hand column of USING."""
    label: str | None = None
    """The name as written, where it is shown."""
    origin: Origin | None = None
    """The column of a table that this is, unchanged."""

    def answers(self, path: Sequence[str]) -> bool:
        """Whether a dotted path (lower case) names this field."""
        if self.name is None or path[-1] != self.name:
            return False
        wanted = tuple(path[:-1])
        return not wanted or (len(wanted) <= len(self.qualifiers) and self.qualifiers[-len(wanted) :] == wanted)


@dataclass(frozen=True, slots=True)
class Relation:
    """A FROM item in DuckDB's SQL and the fields it offers."""

    sql: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query in DuckDB's SQL; its columns are named c0, c1, ... there."""

    sql: str
    columns: tuple[tuple[str | None, Type], ...]
    """Name as written (None where Trino would say `_col0`) and type."""
    origins: tuple[Origin | None, ...] = ()
    """The table columns that the columns are, where filters on them may be passed on to the tables."""


@dataclass(slots=True)
class Scope:
    """The fields in reach, then those of the query around."""

    fields: tuple[Field, ...] = ()
    parent: Scope | None = None
    ctes: dict[str, Query] = field(default_factory=dict)

    def lookup(self, path: Sequence[str]) -> list[Field]:
        """The fields of the nearest scope that the dotted path names; more than one means the name is ambiguous."""
        found = [each for each in self.fields if each.answers(path)]
        if found or self.parent is None:
            visible = [each for each in found if not each.hidden]
            return visible or found[:1]
        return self.parent.lookup(path)

    def owns(self, each: Field) -> bool:
        """Whether the field is this scope's own, not an outer query's."""
        return any(each is mine for mine in self.fields)


def rename(fields: Iterable[Field], alias: str, names: Sequence[str] = ()) -> tuple[Field, ...]:
    """The fields under a new alias, and new names where they are given."""
    renamed = []
    for index, each in enumerate(each for each in fields if not each.hidden):
        label = names[index] if index < len(names) else each.label
        name = label.lower() if label is not None else each.name
        renamed.append(Field(name, each.type, each.sql, (alias.lower(),), False, label, each.origin))
    return tuple(renamed)
