"""Filters of Hive clients, held to the types of a table's partition keys as Hive holds them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from catalog_server.model.errors import Invalid
from catalog_server.model.expressions import (
    Both,
    Comparison,
    Either,
    Membership,
    Not,
    Predicate,
    Unset,
    parse_filter,
)
from catalog_server.model.partition import DEFAULT_PARTITION, unescape
from catalog_server.model.table import Column
from catalog_server.model.types import parse_type

_TEXT = frozenset(("string", "varchar", "char"))
_WHOLE = frozenset(("tinyint", "smallint", "int", "bigint"))
_TIMES = frozenset(("date", "timestamp"))
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{1,9})?)?")
_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_LONGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class Filter:
    """A predicate that is yet to be held to the types of a table's keys.

    With `names` set, its texts are parts of partitions' names: escaped, and quoted whatever the type of the key.
    """

    predicate: Predicate | None
    names: bool = False

    @classmethod
    def parse(cls, text: str | None, *, names: bool = False) -> Filter:
        """The filter that a client sent; none, or an empty one, means all. Raises `Invalid`."""
        if text and not text.strip():
            raise Invalid("filter", "holds nothing but spaces")
        return cls(parse_filter(text or ""), names)

    def against(self, keys: Sequence[Column]) -> Predicate | None:
        """The predicate over these keys: as Hive has it, text keys are compared with text only, whole numbers with
        numbers, dates and times with such, and keys of other types with nothing. Raises `Invalid`."""
        if self.predicate is None:
            return None
        kinds = {column.key: _kind(column) for column in keys}
        return _typed(_named(self.predicate, kinds) if self.names else self.predicate, kinds)


def sort_key(column: Column) -> Callable[[str], tuple[int, int, str]]:
    """By what values of a key are sorted: whole numbers as such, with what is none after them, others as text."""
    if _kind(column) not in _WHOLE:
        return lambda value: (0, 0, value)
    return lambda value: (0, int(value), "") if _INTEGER.fullmatch(value) else (1, 0, value)


def _kind(column: Column) -> str:
    try:
        return parse_type(column.type).name
    except Invalid:
        return column.type


def _named(predicate: Predicate, kinds: dict[str, str]) -> Predicate:
    """The predicate with values in place of the parts of names that stand for them."""
    if isinstance(predicate, Both):
        return Both(tuple(_named(part, kinds) for part in predicate.parts))
    if isinstance(predicate, Either):
        return Either(tuple(_named(part, kinds) for part in predicate.parts))
    if not isinstance(predicate, Comparison) or not isinstance(predicate.value, str):
        return predicate
    value = unescape(predicate.value)
    whole = kinds.get(predicate.key) in _WHOLE and _INTEGER.fullmatch(value)
    return Comparison(predicate.key, predicate.op, int(value) if whole else value)


def _typed(predicate: Predicate, kinds: dict[str, str]) -> Predicate:
    if isinstance(predicate, Both):
        return Both(tuple(_typed(part, kinds) for part in predicate.parts))
    if isinstance(predicate, Either):
        return Either(tuple(_typed(part, kinds) for part in predicate.parts))
    if isinstance(predicate, Not):
        return Not(_typed(predicate.part, kinds))
    kind = kinds.get(predicate.key)
    if kind is None:
        raise Invalid("filter", f"{predicate.key} is not a partition key of the table")
    if isinstance(predicate, Unset):
        return predicate
    if isinstance(predicate, Membership):
        return _membership(predicate, kind)
    return _comparison(predicate, kind)


def _comparison(said: Comparison, kind: str) -> Predicate:
    if said.value == DEFAULT_PARTITION and said.op in ("=", "!=") and kind in _TEXT | _WHOLE | _TIMES:
        return Unset(said.key) if said.op == "=" else Not(Unset(said.key))
    if said.op == "like":
        if kind in _WHOLE or not isinstance(said.value, str):
            raise _mismatch(said.key, kind, said.value)
        return said if kind in _TEXT else _with_value(said)
    compared = Comparison(said.key, said.op, _value(said.key, kind, said.value))
    return compared if kind in _TEXT else _with_value(compared)


def _membership(said: Membership, kind: str) -> Predicate:
    if DEFAULT_PARTITION in said.values:
        parts = tuple(_comparison(Comparison(said.key, "=", value), kind) for value in said.values)
        found: Predicate = Either(parts)
        return Not(found) if said.negated else found
    values = tuple(_value(said.key, kind, value) for value in said.values)
    member = Membership(said.key, values, said.negated)
    return _with_value(member) if said.negated and kind not in _TEXT else member


def _with_value(found: Comparison | Membership) -> Predicate:
    """Without the default partition, whose name would compare as a text."""
    if isinstance(found, Comparison) and found.op == "=":
        return found
    return Both((found, Not(Unset(found.key))))


def _value(key: str, kind: str, value: str | int) -> str | int:
    """The value as it is compared with a key of a kind."""
    if kind in _TEXT and isinstance(value, str):
        return value
    if kind in _WHOLE and isinstance(value, int):
        if not -_LONGEST <= value < _LONGEST:
            raise Invalid("filter", f"{value} is not a whole number of 64 bits")
        return value
    if kind in _TIMES and isinstance(value, str):
        return _time(key, kind, value)
    raise _mismatch(key, kind, value)


def _time(key: str, kind: str, value: str) -> str:
    match = _DATE.fullmatch(value)
    if match is None:
        raise _mismatch(key, kind, value)
    day, clock, fraction = match.groups()[:3], match.groups()[3:6], match[7] or ""
    try:
        if kind == "date":
            return date(*map(int, day)).isoformat()
        parts = [*map(int, day), *(int(part or 0) for part in clock)]
        return datetime(*parts).isoformat(" ") + fraction  # type: ignore[arg-type]
    except ValueError as error:
        raise _mismatch(key, kind, value) from error


def _mismatch(key: str, kind: str, value: str | int) -> Invalid:
    if kind not in _TEXT | _WHOLE | _TIMES:
        return Invalid("filter", f"the partition key {key} is of type {kind}, which cannot be filtered by")
    return Invalid("filter", f"the partition key {key} is of type {kind} and is not compared with {value!r}")
