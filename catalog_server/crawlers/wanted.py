"""The definition that a table should have after a crawl: what was found, and what people changed by hand stays.

What a person changed is told by what the last crawl wrote: a fingerprint of keys, SerDe and place, and one of each column. A
column that has another stays as it is, and so do SerDe and reader options; all else follows the source.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from catalog_server.crawlers.figures import FIGURES, KINDS
from catalog_server.crawlers.found import (
    COLUMNS,
    COMMIT_BEGAN,
    COMMIT_ENDED,
    DEPRECATED,
    SIGNATURE,
    SOURCE_COMMENT,
    STATISTICS,
    FoundTable,
)
from catalog_server.lake.formats.faces import OPEN_CSV, faces, hive_type
from catalog_server.lake.formats.widen import widen
from catalog_server.model.errors import Invalid
from catalog_server.model.spark_schema import PROVIDER, SCHEMA, spark_columns
from catalog_server.model.table import Column, Table, TableKind
from catalog_server.model.types import parse_type

_DATA = STATISTICS | FIGURES | {COMMIT_BEGAN, COMMIT_ENDED}
_NOTES = frozenset({SIGNATURE, COLUMNS})
FOUND_AGAIN = "found again"
"""Why a table is changed that was held for gone."""
OTHER_DATA = "other data"
"""Why a table is changed of which only the figures are others."""
_MARK = 6
"""Characters of a column's fingerprint."""


@dataclass(frozen=True, slots=True)
class Pins:
    """What of a table people changed by hand."""

    columns: frozenset[str]
    """Keys of columns."""
    storage: bool
    """Whether keys, SerDe, reader options or place."""

    @classmethod
    def of(cls, held: Table) -> Pins:
        """By what the last crawl wrote; where that noted no columns one by one, they are all pinned or none."""
        said, noted = held.parameters.get(SIGNATURE), held.parameters.get(COLUMNS)
        every = frozenset(column.key for column in held.columns)
        if noted is None:
            by_hand = said != whole_signature(held)
            return cls(every if by_hand else frozenset(), by_hand)
        written = set(noted.split())
        return cls(frozenset(c.key for c in held.columns if _mark(c) not in written), said != signature(held))

    def every(self, held: Table) -> Pins:
        """All of the columns and the storage."""
        return replace(self, columns=frozenset(column.key for column in held.columns), storage=True)


def merged(held: Table, one: FoundTable, *, only_add: bool = False) -> tuple[Table, list[str]]:
    """The definition that a table should have, and what is different in words; with `only_add` only new columns are.

    Comments, owner and other parameters stay as they are, and so does what is pinned.
    """
    new, pins = one.table, Pins.of(held)
    kept_as_is = pins.every(held) if only_add else pins
    if held.kind is TableKind.CONNECTION or not one.columns:
        columns, reasons = _columns(held.columns, new.columns, found_type, kept_as_is, keep_lost=False)
        wanted = replace(new, columns=columns)
    else:
        wanted, reasons = _files(held, one, kept_as_is)
    dropped = _DATA | {DEPRECATED}
    kept = {key: value for key, value in held.parameters.items() if key not in dropped}
    if new.kind is TableKind.CONNECTION:
        parameters = {**kept, **new.parameters}
    else:
        ours = {k: v for k, v in wanted.parameters.items() if not kept_as_is.storage or _is_ours(k)}
        if SIGNATURE not in held.parameters:
            ours = {key: value for key, value in ours.items() if not _is_a_face(key) or _has_one(held, key)}
        if any(key.startswith(SCHEMA) for key in ours):  # which may have been in parts, or with other keys
            kept = {key: value for key, value in kept.items() if not key.startswith(SCHEMA)}
        parameters = {**kept, **ours}
    wanted = replace(
        held,
        columns=wanted.columns,
        partition_keys=wanted.partition_keys,
        storage=held.storage if kept_as_is.storage else wanted.storage,
        parameters=parameters,
    )
    wanted = _noted(wanted, pins, new.columns)
    if DEPRECATED in held.parameters:
        reasons.append(FOUND_AGAIN)
    return wanted, reasons or _other_reasons(held, wanted)


def columns_told(held: Table, found: Table) -> list[str]:
    """What is different in the columns, in words, where all of them are as they were found."""
    return _columns(held.columns, found.columns, found_type, Pins(frozenset(), False), keep_lost=False)[1]


def _other_reasons(held: Table, wanted: Table) -> list[str]:
    other = {key for key in {*wanted.parameters, *held.parameters} if _differs_in(key, held, wanted)}
    if not other - _NOTES and held.storage == wanted.storage:
        return []
    if other & _DATA:
        return [OTHER_DATA]
    return ["described anew"] if other & KINDS else ["Spark's view of it follows what was changed by hand"]


def _differs_in(key: str, held: Table, wanted: Table) -> bool:
    return wanted.parameters.get(key) != held.parameters.get(key)


def with_data_of(held: Table, wanted: Table) -> Table:
    """The table as it is, but with the figures that were found, and not held for gone."""
    kept = {key: value for key, value in held.parameters.items() if key not in _DATA and key != DEPRECATED}
    found = {key: value for key, value in wanted.parameters.items() if key in _DATA}
    return replace(held, parameters={**kept, **found})


def differs(held: Table, wanted: Table) -> bool:
    """Whether a table is to be written: not for what crawls note for each other alone."""

    def said(table: Table) -> tuple[object, ...]:
        parameters = {key: value for key, value in table.parameters.items() if key not in _NOTES}
        return table.columns, table.partition_keys, table.storage, parameters

    return said(held) != said(wanted)


def _is_a_face(key: str) -> bool:
    """Whether engines go by a parameter to tell how a table is read."""
    return key in (PROVIDER, "classification") or key.startswith(SCHEMA)


def _has_one(held: Table, key: str) -> bool:
    """Whether a table that no crawl made is read by such a parameter; what it was not made with it does not get."""
    return key in held.parameters or (key.startswith(SCHEMA) and any(one.startswith(SCHEMA) for one in held.parameters))


def _is_ours(key: str) -> bool:
    return key in _DATA or key in KINDS or key == PROVIDER or key.startswith(SCHEMA)


def _files(held: Table, one: FoundTable, pins: Pins) -> tuple[Table, list[str]]:
    """The found table dressed anew with the columns that it shall have, each with the comment that it has."""
    exact = held.storage.serde.library != OPEN_CSV
    commented = tuple(_one_face(pair, exact and pair[0].key in pins.columns) for pair in _paired(held))
    positional = one.table.format == "csv"
    columns, reasons = _columns(commented, one.columns, wider_type, pins, keep_lost=not positional)
    dress = faces(one.table.format, columns, _keys(held, one), held.location or "", one.options)
    pinned = {column.key: column for column in held.columns if column.key in pins.columns}
    hive = tuple(pinned.get(column.key, column) for column in dress.columns)
    parameters = {**one.table.parameters, **dress.parameters}
    return replace(
        one.table, columns=hive, partition_keys=dress.partition_keys, storage=dress.storage, parameters=parameters
    ), reasons


def _paired(held: Table) -> list[tuple[Column, Column | None]]:
    """The columns as Hive is told them, each with the same column as Spark is told it."""
    spark = {column.key: column for column in spark_columns(held.parameters) or ()}
    return [(column, spark.get(column.key)) for column in held.columns]


def _one_face(pair: tuple[Column, Column | None], typed_by_hand: bool) -> Column:
    """The column with Spark's case and exact type, but with what people changed in Hive's face: comment and type."""
    hive, spark = pair
    if spark is None:
        return hive
    same = str(hive_type(parse_type(spark.type))) == hive.type
    chosen = hive.type if typed_by_hand and not same else spark.type
    return Column(spark.name, chosen, hive.comment or spark.comment)


def _keys(held: Table, one: FoundTable) -> tuple[Column, ...]:
    """The partition keys: types of the catalog stay, since partitions are compared by them."""
    types = {key.key: key for key in held.partition_keys}
    return tuple(replace(key, type=types[key.key].type, comment=types[key.key].comment) for key in one.keys)


def _columns(
    before: Sequence[Column],
    found: Sequence[Column],
    choose: Callable[[str, str], str],
    pins: Pins,
    *,
    keep_lost: bool,
) -> tuple[tuple[Column, ...], list[str]]:
    """The columns to have: those found in their order, then those that were there and were not found, if they are kept."""
    held = {column.key: column for column in before}
    renamed = _renamed(before, found)
    columns, reasons = [], []
    for column in found:
        old = held.pop(column.key, None)
        if old is None:
            was = renamed.get(column.key)
            seems = f"column {was.name} seems to be renamed to {column.name}" if was else f"new column {column.name}"
            reasons.append(seems)
            columns.append(column)
            continue
        kind = old.type if column.key in pins.columns else choose(old.type, column.type)
        if kind != old.type:
            reasons.append(f"column {column.name} is {kind}, was {old.type}")
        columns.append(replace(column, type=kind, comment=_comment(old, column)))
    told = {column.key for column in renamed.values()}
    for old in held.values():
        if keep_lost or old.key in pins.columns:
            columns.append(old)
        elif old.key not in told:
            reasons.append(f"column {old.name} is gone")
    return tuple(columns), reasons


def _renamed(before: Sequence[Column], found: Sequence[Column]) -> Mapping[str, Column]:
    """Columns that are not found any more, by the key of a new one that has their place and type."""
    there, known = {column.key for column in found}, {column.key for column in before}
    return {
        new.key: old
        for old, new in zip(before, found, strict=False)
        if old.key not in there and new.key not in known and old.type == new.type
    }


def _comment(old: Column, found: Column) -> str | None:
    """The comment that people gave; the source's own where that is what stands there, or nothing does."""
    if old.comment and old.comment != old.parameters.get(SOURCE_COMMENT):
        return old.comment
    return found.comment


def found_type(old: str, found: str) -> str:  # noqa: ARG001
    """The type in the source counts: it is no guess."""
    return found


def wider_type(old: str, found: str) -> str:
    """The type that holds both, so that another choice of samples does not narrow a column; else what was found."""
    try:
        common = widen(parse_type(old), parse_type(found), text=False)
    except Invalid:
        return found
    return str(common) if common is not None else found


def whole_signature(table: Table) -> str:
    """The fingerprint that crawls wrote before each column had one of its own: columns, keys, SerDe and place."""
    said: list[object] = [[[column.name, column.type] for column in (*table.columns, *table.partition_keys)]]
    return _digest([*said, _storage_said(table)])[:16]


def signature(table: Table) -> str:
    """A fingerprint of what a crawl decides but for the columns: keys, SerDe and place."""
    return _digest([[[key.name, key.type] for key in table.partition_keys], _storage_said(table)])[:16]


def _storage_said(table: Table) -> list[object]:
    serde = table.storage.serde
    return [serde.library, sorted(serde.parameters.items()), table.storage.input_format, table.location]


def _digest(said: object) -> str:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _mark(column: Column) -> str:
    return _digest([column.key, column.type])[:_MARK]


def noted(table: Table) -> Table:
    """A new table with what the next crawl knows it by."""
    return _noted(table, Pins(frozenset(), False), ())


def _noted(table: Table, pins: Pins, found: Sequence[Column]) -> Table:
    """With the fingerprints of columns that are not pinned, and of pinned ones as they are found: whoever gives one this
    type again lets it follow from then on."""
    source = {column.key: column for column in found}
    marks = []
    for column in table.columns:
        as_found = source.get(column.key, column)
        if column.key not in pins.columns:
            marks.append(_mark(column))
        elif as_found.type != column.type:
            marks.append(_mark(as_found))
    notes = {COLUMNS: " ".join(marks)}
    if not pins.storage:
        notes[SIGNATURE] = signature(table)
    return replace(table, parameters={**table.parameters, **notes})
