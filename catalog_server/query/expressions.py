"""Expressions: from a parsed Trino expression to a DuckDB expression that gives the same answer, with its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from catalog_server.model.errors import Invalid, InvalidQuery
from catalog_server.query.casts import coerce
from catalog_server.query.parse import Source
from catalog_server.query.scope import Field, Query, Scope, Value
from catalog_server.query.types import (
    BOOLEAN,
    Type,
    widen,
)
from catalog_server.query.values import field_of

DEPTH_MAX = 200


class Subqueries(Protocol):
    """What expressions need of the part that translates queries."""

    user: str

    def query(self, tree: Any, scope: Scope) -> Query:
        """Translate a query that stands inside an expression."""


_PLAIN_PARTS = frozenset(("this", "expression", "expressions"))
_PARTS = {
    name: _PLAIN_PARTS | frozenset(parts.split())
    for name, parts in {
        "Column": "table db catalog",
        "Identifier": "quoted",
        "Literal": "is_string",
        "Cast": "to _type",
        "TryCast": "to safe _type",
        "ParseJSON": "is_literal",
        "Div": "typed safe",
        "DPipe": "safe",
        "Between": "low high symmetric",
        "In": "query unnest field",
        "Like": "negate",
        "Case": "ifs default",
        "If": "true false",
        "Array": "value_constructor",
        "AtTimeZone": "zone",
        "Substring": "start length",
        "StrPosition": "substr",
        "Trim": "position",
        "Window": "partition_by order spec alias over",
        "Interval": "unit",
        "Subquery": "alias",
        "Ordered": "desc nulls_first",
    }.items()
}


def check_understood(source: Source, node: Any) -> None:
    """Refuse a node that says something which the translation would overlook."""
    known = _PARTS.get(type(node).__name__, _PLAIN_PARTS)
    for key, held in node.args.items():
        if held and key not in known:
            raise source.error(node, f"{key.upper()} is not supported here")


FORMS: dict[str, Callable[[Expressions, Any], Value]] = {}
"""What translates a kind of node, filled by `forms`."""


class Expressions:
    """Translates the expressions of one SELECT: knows its scope, its grouping and where aggregates may stand."""

    def __init__(self, source: Source, scope: Scope, queries: Subqueries) -> None:
        self.source = source
        self.scope = scope
        self.queries = queries
        self.grouped: set[str] | None = None
        """Expressions of GROUP BY once the query is known to aggregate; None while it is not."""
        self.strays: list[tuple[Any, str]] = []
        """Columns met outside GROUP BY and aggregates, to be forgiven when a whole around them is grouped."""
        self.aggregates_allowed = True
        self.inside_aggregate = False
        self.aggregated = False
        self.lambdas: list[dict[str, Value]] = []
        self.named_windows: dict[str, Any] = {}
        self.aliases: dict[str, Value] = {}
        self.depth = 0
        self.user = queries.user

    def value(self, node: Any) -> Value:
        """Translate an expression; raises `InvalidQuery` that points to what is wrong."""
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise self.source.error(node, "the expression is nested too deeply")
        strays = len(self.strays)
        try:
            handler = FORMS.get(type(node).__name__)
            if handler is None:
                raise self.source.error(node, f"{type(node).__name__} is not supported here")
            check_understood(self.source, node)
            made = handler(self, node)
        except InvalidQuery:
            raise
        except Invalid as error:
            raise self.source.error(node, error.reason) from error
        finally:
            self.depth -= 1
        if self.grouped is not None and made.sql in self.grouped:
            del self.strays[strays:]
        return made

    def values(self, nodes: list[Any]) -> list[Value]:
        """Translate several expressions."""
        return [self.value(node) for node in nodes]

    def condition(self, node: Any, what: str) -> str:
        """A boolean expression for WHERE, HAVING, ON, FILTER."""
        made = self.value(node)
        if made.type.name not in ("boolean", "unknown"):
            raise self.source.error(node, f"{what} must evaluate to a boolean: actual type {made.type}")
        return coerce(made, BOOLEAN).sql

    def as_type(self, node: Any, kind: Type, what: str) -> str:
        """An expression in a wanted type."""
        made = self.value(node)
        if widen(made.type, kind) is None:
            raise self.source.error(node, f"{what} must be {kind}, not {made.type}")
        return coerce(made, kind).sql

    def column(self, node: Any) -> Value:
        """A dotted name: a column, a field of a row column, or a lambda's parameter."""
        parts = path_of(node)
        path = [part.name.lower() for part in parts]
        for frame in reversed(self.lambdas):
            if path[0] in frame:
                return self._dereference(node, frame[path[0]], path[1:])
        if len(path) == 1 and path[0] in self.aliases:
            return self.aliases[path[0]]
        for length in range(len(path), 0, -1):
            found = self.scope.lookup(path[:length])
            if len(found) > 1:
                raise self.source.error(node, f"Column '{'.'.join(path[:length])}' is ambiguous")
            if found:
                return self._dereference(node, self._field(node, found[0], path[:length]), path[length:])
        raise self.source.error(node, f"Column '{'.'.join(path)}' cannot be resolved")

    def _field(self, node: Any, found: Field, path: list[str]) -> Value:
        if found.origin is not None:
            found.origin.scan.used.add(found.origin.column)
        if (
            self.grouped is not None
            and not self.inside_aggregate
            and self.scope.owns(found)
            and found.sql not in self.grouped
        ):
            self.strays.append((node, ".".join(path)))
        return Value(found.sql, found.type)

    def _dereference(self, node: Any, value: Value, path: list[str]) -> Value:
        for part in path:
            if value.type.name != "row":
                raise self.source.error(node, f"Expression {part} is not of type ROW")
            names = [name.lower() for name, _ in value.type.fields]
            if part not in names:
                raise self.source.error(node, f"Column '{part}' cannot be resolved")
            index = names.index(part)
            value = field_of(value, index)
        return value

    def check_grouping(self) -> None:
        """Raise `InvalidQuery` for the first column that is neither grouped nor aggregated."""
        if self.strays:
            node, name = self.strays[0]
            raise self.source.error(node, f"'{name}' must be an aggregate expression or appear in GROUP BY clause")

    def lambda_of(self, node: Any, kinds: list[Type]) -> tuple[list[str], Value]:
        """A lambda's parameters as DuckDB names and its body, given the types of its arguments."""
        if type(node).__name__ != "Lambda" or len(node.expressions) != len(kinds):
            raise self.source.error(
                node, f"Expected a lambda that takes {len(kinds)} argument{'s' if len(kinds) > 1 else ''}"
            )
        level = len(self.lambdas)
        names = [f"catalog_lambda_{level}_{index}" for index in range(len(kinds))]
        labels = [parameter.name.lower() for parameter in node.expressions]
        self.lambdas.append({label: Value(name, kind) for label, name, kind in zip(labels, names, kinds, strict=True)})
        try:
            return names, self.value(node.this)
        finally:
            self.lambdas.pop()


def path_of(node: Any) -> list[Any]:
    """The identifiers of a dotted name."""
    if type(node).__name__ == "Identifier":
        return [node]
    return list(node.parts)
