"""What a WHERE says about single columns of tables, in the catalog's own predicates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog_server.model.expressions import Both, Comparison, Membership, Predicate
from catalog_server.query.expressions import Expressions
from catalog_server.query.scope import Origin, Scan
from catalog_server.query.types import Type

_OPERATORS = {"EQ": "=", "NEQ": "!=", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def conjuncts(node: Any) -> Iterator[Any]:
    """The parts that AND joins."""
    while type(node).__name__ == "Paren":
        node = node.this
    if type(node).__name__ == "And":
        yield from conjuncts(node.this)
        yield from conjuncts(node.expression)
    else:
        yield node


def predicate_of(expressions: Expressions, node: Any) -> tuple[Scan, Predicate] | None:
    """The scan and predicate that a conjunct amounts to, None when it says nothing simple about one column."""
    kind = type(node).__name__
    if kind in _OPERATORS:
        column, literal, operator = _sides(expressions, node, _OPERATORS[kind])
        if column is None or literal is None:
            return None
        return column.scan, Comparison(column.column, operator, literal)
    if kind == "Between" and not node.args.get("symmetric"):
        column, column_type = _column(expressions, node.this)
        low, high = (_literal(expressions, node.args[side], column_type) for side in ("low", "high"))
        if column is None or low is None or high is None:
            return None
        return column.scan, Both((Comparison(column.column, ">=", low), Comparison(column.column, "<=", high)))
    if kind == "In" and node.args.get("query") is None and node.expressions:
        column, column_type = _column(expressions, node.this)
        values = [_literal(expressions, each, column_type) for each in node.expressions]
        known = tuple(value for value in values if value is not None)
        if column is None or len(known) != len(values):
            return None
        return column.scan, Membership(column.column, known)
    return None


def _sides(expressions: Expressions, node: Any, operator: str) -> tuple[Origin | None, str | int | None, str]:
    column, kind = _column(expressions, node.this)
    if column is not None:
        return column, _literal(expressions, node.expression, kind), operator
    column, kind = _column(expressions, node.expression)
    return column, _literal(expressions, node.this, kind), _FLIPPED[operator]


def _column(expressions: Expressions, node: Any) -> tuple[Origin | None, Type | None]:
    if type(node).__name__ != "Column" or type(node.this).__name__ != "Identifier":
        return None, None
    found = expressions.scope.lookup([part.name.lower() for part in node.parts])
    if len(found) != 1 or not expressions.scope.owns(found[0]):
        return None, None
    return found[0].origin, found[0].type


_LITERALS = ("Literal", "Cast", "Neg", "Paren")


def _literal(expressions: Expressions, node: Any, kind: Type | None) -> str | int | None:
    """A constant comparable as the catalog compares: whole numbers with numbers, texts with texts, dates with dates."""
    if kind is None or type(node).__name__ not in _LITERALS:
        return None
    value = expressions.value(node)
    if value.literal is None:
        return None
    same = (
        (kind.integral and value.type.integral)
        or (kind.name == "varchar" and value.type.name == "varchar")
        or (kind.name == "date" and value.type.name == "date")
    )
    return value.literal if same else None
