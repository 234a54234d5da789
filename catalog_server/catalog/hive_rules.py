"""What a Hive metastore asks of definitions that its clients send; clients rely on being refused by it.

Iceberg tables are left alone: their columns live in their metadata, and the ones shown here only follow it. So are views,
whose columns follow from their statement. Other doors (crawlers, the JSON API, Iceberg REST) have rules of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalog_server.model.errors import Invalid
from catalog_server.model.table import Column, Table, TableKind

STATS_ACCURATE = "COLUMN_STATS_ACCURATE"
"""Parameter in which Hive keeps which statistics its planner may answer queries from."""

_WORD = re.compile(r"\w*", re.ASCII)
_TYPES = frozenset(
    "void boolean tinyint smallint int bigint float double string varchar char date datetime timestamp decimal binary "
    "interval_year_month interval_day_time array map struct uniontype timestamp_ns variant geometry geography".split()
)
"""The first words of types that Hive 2.3 to 4.1 knows, in lower case as everywhere in Hive."""
_NUMERIC = {
    name: place for place, name in enumerate(("tinyint", "smallint", "int", "bigint", "decimal", "float", "double"))
}
_TEXT = frozenset(("string", "varchar", "char"))
_SAID_AS_TEXT = _TEXT | frozenset(("date", "datetime", "timestamp")) | _NUMERIC.keys()


def check_new(table: Table) -> None:
    """Raise `Invalid` for a column or partition key of a type that Hive does not know (such as `INT` in upper case)."""
    if table.is_iceberg:
        return
    _check_types("column", table.columns)
    _check_types("partition column", table.partition_keys)


def check_change(found: Table, new: Table) -> None:
    """Raise `Invalid` for a change that a Hive metastore refuses.

    Partition keys keep their number and names. Columns are compared by place, as under Hive's setting
    `metastore.disallow.incompatible.col.type.changes`, which is on by default: a type may become a wider one, or text.
    """
    if found.is_iceberg or new.is_iceberg:
        return
    _check_types("column", new.columns)
    if found.kind is TableKind.VIEW:
        return
    if [key.key for key in found.partition_keys] != [key.key for key in new.partition_keys]:
        raise Invalid("", "partition keys can not be changed.")
    pairs = zip(found.columns, new.columns, strict=False)
    refused = [after.name for before, after in pairs if not becomes(before.type, after.type)]
    if refused:
        raise Invalid(
            "",
            "The following columns have types incompatible with the existing columns in their respective positions :\n"
            + ",".join(refused),
        )


def with_statistics_state(table: Table, environment: Mapping[str, str]) -> Table:
    """The new definition of an altered table with what Hive's planner may take from its counts of rows and files.

    A client that says the counts are right (`STATS_GENERATED`) has that noted. From one that says nothing the note is taken
    away, as a Hive metastore does, so that no query is answered from old counts; `DO_NOT_UPDATE_STATS` leaves it.
    Files are not listed here: `numFiles` and `totalSize` stay what the client sent.
    """
    if table.is_iceberg or table.is_view or table.partition_keys:
        return table
    if environment.get("DO_NOT_UPDATE_STATS", "").lower() == "true":
        return table
    kept = {key: value for key, value in table.parameters.items() if key != STATS_ACCURATE}
    if environment.get("STATS_GENERATED") in ("TASK", "USER"):
        kept[STATS_ACCURATE] = _noted(table.parameters.get(STATS_ACCURATE))
    return table if kept == table.parameters else replace(table, parameters=kept)


def _noted(before: str | None) -> str:
    try:
        said = json.loads(before or "{}")
    except ValueError:
        said = {}
    return json.dumps({"BASIC_STATS": "true", **(said if isinstance(said, dict) else {})}, separators=(",", ":"))


def becomes(before: str, after: str) -> bool:
    """Whether a column of one type may be declared one of the other without making stored data unreadable to Hive."""
    old, new = _first_word(before), _first_word(after)
    if old == new:
        return True
    if new in _TEXT:
        return old in _SAID_AS_TEXT
    return old in _NUMERIC and new in _NUMERIC and _NUMERIC[old] < _NUMERIC[new]


def _check_types(what: str, columns: Sequence[Column]) -> None:
    for column in columns:
        if _first_word(column.type) not in _TYPES:
            raise Invalid("", f"Invalid {what} type: {column.type}")


def _first_word(text: str) -> str:
    match = _WORD.match(text)
    return match.group() if match else ""
