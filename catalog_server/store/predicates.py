"""Turns a predicate over partition keys into SQL over the typed key columns, as far as SQL can say it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, not_, or_

from catalog_server.model.expressions import UNSET, Both, Comparison, Either, Membership, Not, Predicate, Unset
from catalog_server.store.schema import PARTITION_KEYS_INDEXED, partitions

Keys = Mapping[str, tuple[int, bool]]
"""By key (lower case): its place, and whether it is compared as a number."""

_WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_RANGE = range(-(1 << 63), 1 << 63)


def integer(text: str | int) -> int | None:
    """The integer a value stands for, None when it is none that fits 64 bits."""
    number = int(text) if _WHOLE.fullmatch(str(text)) else None
    return number if number is not None and number in _RANGE else None


def condition(predicate: Predicate, keys: Keys) -> tuple[ColumnElement[bool] | None, bool]:
    """SQL that holds for every matching row, and whether it holds for no other; None says nothing could be said."""
    if isinstance(predicate, Both):
        parts = [condition(part, keys) for part in predicate.parts]
        said = [clause for clause, _ in parts if clause is not None]
        return (and_(*said) if said else None), all(exact for _, exact in parts)
    if isinstance(predicate, Either):
        parts = [condition(part, keys) for part in predicate.parts]
        clauses = [clause for clause, _ in parts if clause is not None]
        if len(clauses) < len(parts):
            return None, False
        return or_(*clauses), all(exact for _, exact in parts)
    if isinstance(predicate, Not):
        clause, exact = condition(predicate.part, keys)
        return (not_(clause), True) if clause is not None and exact and _total(predicate.part, keys) else (None, False)
    place, numeric = keys[predicate.key]
    if place >= PARTITION_KEYS_INDEXED:
        return None, False
    if isinstance(predicate, Unset):
        return partitions.c[f"k{place}"].in_(UNSET), True
    if isinstance(predicate, Membership):
        return _membership(predicate, place, numeric)
    return _comparison(predicate, place, numeric)


def _total(predicate: Predicate, keys: Keys) -> bool:
    """Whether no comparison in it can be unknown (NULL), which `not` would keep unknown: text columns are never NULL."""
    if isinstance(predicate, Unset):
        return True
    if isinstance(predicate, Comparison | Membership):
        return not keys[predicate.key][1]
    if isinstance(predicate, Not):
        return _total(predicate.part, keys)
    return all(_total(part, keys) for part in predicate.parts)


def _membership(predicate: Membership, place: int, numeric: bool) -> tuple[ColumnElement[bool] | None, bool]:
    if numeric:
        column = partitions.c[f"n{place}"]
        numbers = [number for number in map(integer, predicate.values) if number is not None]
        return (column.not_in(numbers) & column.is_not(None) if predicate.negated else column.in_(numbers)), True
    text = partitions.c[f"k{place}"]
    values = [str(value) for value in predicate.values]
    return (text.not_in(values) if predicate.negated else text.in_(values)), True


def _comparison(predicate: Comparison, place: int, numeric: bool) -> tuple[ColumnElement[bool] | None, bool]:
    if predicate.op == "like":
        return _like(predicate, place)
    if numeric:
        number = integer(predicate.value)
        return (None, False) if number is None else (_compare(partitions.c[f"n{place}"], predicate.op, number), True)
    return _compare(partitions.c[f"k{place}"], predicate.op, str(predicate.value)), True


def _like(predicate: Comparison, place: int) -> tuple[ColumnElement[bool] | None, bool]:
    prefix = re.split(r"\\?[%_]|\.\*", str(predicate.value), maxsplit=1)[0]
    return (partitions.c[f"k{place}"].startswith(prefix, autoescape=True), False) if prefix else (None, False)


def _compare(column: ColumnElement[object], op: str, value: str | int) -> ColumnElement[bool]:
    operator = {"=": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}[op]
    compared: ColumnElement[bool] = getattr(column, operator)(value)
    return compared
