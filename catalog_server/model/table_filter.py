"""Filters over tables, as `get_table_names_by_filter` takes them: by owner, name, kind, time of last access and parameters.

Keys are those of Hive's `hive_metastoreConstants`: `hive_filter_field_owner__`, `hive_filter_field_last_access__`,
`hive_filter_field_params__NAME`, and since Hive 4 `hive_filter_field_tableName__` and `hive_filter_field_tableType__`.
A table without an owner or a parameter meets no comparison with it. `like` takes `.*` for any text, as Hive does, and
`%` as well. Parameters are found in any case, where Hive looks for the very spelling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_server.model.errors import Invalid
from catalog_server.model.expressions import (
    Both,
    Comparison,
    Either,
    Membership,
    Not,
    Predicate,
    keys_of,
    like_pattern,
    matches,
    parse_filter,
)
from catalog_server.model.names import name_key

_OWNER = "hive_filter_field_owner__"
_LAST_ACCESS = "hive_filter_field_last_access__"
_NAME = "hive_filter_field_tablename__"
_KIND = "hive_filter_field_tabletype__"
_PARAMETER = "hive_filter_field_params__"
_FIELDS = (_OWNER, _LAST_ACCESS, _NAME, _KIND)
_EQUALITIES = ("=", "!=", "like")


@dataclass(frozen=True, slots=True)
class TableFilter:
    """A filter that has been read; `predicate` None lets all tables through."""

    predicate: Predicate | None

    @classmethod
    def parse(cls, text: str) -> TableFilter:
        """The filter of a text; an empty one lets all through. Raises `Invalid`, whose field is `filter`."""
        predicate = parse_filter(text)
        if predicate is not None:
            _check(predicate)
        return cls(predicate)

    def meets(self, name: str, kind: str, owner: str | None, last_access: int, parameters: Mapping[str, str]) -> bool:
        """Whether a table of these meets the filter; `last_access` in seconds since 1970, `kind` as Hive's tableType."""
        if self.predicate is None:
            return True
        held = {_NAME: name_key(name), _KIND: kind, _OWNER: owner, _LAST_ACCESS: str(last_access)}
        by_key = {key.lower(): value for key, value in parameters.items()}
        for key in keys_of(self.predicate):
            if key.startswith(_PARAMETER):
                held[key] = by_key.get(key.removeprefix(_PARAMETER))
        return _holds(self.predicate, held)

    def values(self) -> list[str]:
        """Values of which every table that meets the filter has each in some parameter."""
        parts = self.predicate.parts if isinstance(self.predicate, Both) else (self.predicate,)
        return [
            str(part.value)
            for part in parts
            if isinstance(part, Comparison) and part.op == "=" and part.key.startswith(_PARAMETER)
        ]


def _check(predicate: Predicate) -> None:
    if isinstance(predicate, Both | Either):
        for part in predicate.parts:
            _check(part)
    elif isinstance(predicate, Not):
        _check(predicate.part)
    else:
        _check_key(predicate.key, predicate.op if isinstance(predicate, Comparison) else "=")


def _check_key(key: str, op: str) -> None:
    if key == _LAST_ACCESS and op == "like":
        raise Invalid("filter", f"like is not supported for {_LAST_ACCESS}, which is a number")
    if key.startswith(_PARAMETER) and op not in _EQUALITIES:
        raise Invalid("filter", f"{op} is not supported for {key}: parameters are compared by =, != and like")
    if key not in _FIELDS and not key.startswith(_PARAMETER):
        raise Invalid("filter", f"{key} is none of {', '.join(_FIELDS)} and {_PARAMETER}...")


def _holds(predicate: Predicate, held: Mapping[str, str | None]) -> bool:
    if isinstance(predicate, Both):
        return all(_holds(part, held) for part in predicate.parts)
    if isinstance(predicate, Either):
        return any(_holds(part, held) for part in predicate.parts)
    if isinstance(predicate, Not):
        return not _holds(predicate.part, held)
    value = held[predicate.key]
    if value is None:
        return False
    if isinstance(predicate, Comparison) and predicate.op == "like":
        return like_pattern(str(predicate.value)).fullmatch(value) is not None
    if isinstance(predicate, Comparison | Membership):
        numeric = frozenset((_LAST_ACCESS,))
        return matches(predicate, {predicate.key: value}, numeric)
    return value == ""
