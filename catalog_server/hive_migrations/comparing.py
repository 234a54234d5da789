"""Compares nouns of a source with ours field by field; pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from catalog_server.model.constraint import Constraint
from catalog_server.model.database import Database
from catalog_server.model.function import Function
from catalog_server.model.hive_migration import Difference
from catalog_server.model.names import name_key
from catalog_server.model.partition import Partition
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Column, Storage, Table

_TABLE = ("kind", "location", "owner", "owner_kind", "retention", "view_original", "view_expanded")
_TIMES = ("created_at", "last_access_at")
_ABSENT = "(not there)"
_LONG = 200


def databases(source: Database, here: Database) -> list[Difference]:
    """Differences of two databases."""
    found = list(_plain(source, here, ("comment", "location", "owner", "owner_kind")))
    found += _maps("parameters", source.parameters, here.parameters)
    if source.created_at:
        found += _plain(source, here, ("created_at",))
    return [*found, *_extra("extra", source.extra, here.extra)]


def tables(source: Table, here: Table) -> list[Difference]:
    """Differences of two tables, without their partitions and statistics."""
    found = list(_plain(source, here, _TABLE))
    found += _columns("columns", source.columns, here.columns)
    found += _columns("partition_keys", source.partition_keys, here.partition_keys)
    found += _storages(source.storage, here.storage)
    found += _maps("parameters", source.parameters, here.parameters)
    found += _extra("extra", source.extra, here.extra)
    return [*found, *_times(source, here)]


def partitions(table: Table, name: str, source: Partition, here: Partition) -> list[Difference]:
    """Differences of two partitions of one table; fields are named `partition k=v: field`."""
    columns = table.columns if source.columns is None else source.columns
    storage = table.storage if source.storage is None else source.storage
    found = list(_plain(source, here, ("values", "location")))
    if columns != here.columns:
        found += _columns("columns", columns, here.columns or ())
    found += _storages(storage, here.storage or table.storage)
    found += _maps("parameters", source.parameters, here.parameters)
    found += _times(source, here)
    return [Difference(f"partition {name}: {one.field}", one.source, one.here) for one in found]


def functions(source: Function, here: Function) -> list[Difference]:
    """Differences of two functions."""
    found = list(_plain(source, here, ("class_name", "owner", "owner_kind", "function_kind", "resources")))
    return [*found, *_times(source, here)]


def statistics(
    what: str, source: Sequence[ColumnStatistics], here: Sequence[ColumnStatistics]
) -> list[Difference]:  # fmt: skip
    """Differences of two sets of column statistics, of the engines that the source tells of; `what` goes before the column."""
    engines = {one.engine for one in source} or {"hive"}
    left = {(one.engine, name_key(one.column)): one for one in source}
    right = {(one.engine, name_key(one.column)): one for one in here if one.engine in engines}
    found = []
    for key in sorted(left.keys() | right.keys()):
        label, theirs, ours = f"{what}statistics {key[1]}", left.get(key), right.get(key)
        if theirs is None or ours is None:
            found.append(Difference(label, _short(theirs), _short(ours)))
        elif (theirs.kind, theirs.type) != (ours.kind, ours.type):
            found.append(Difference(label, f"{theirs.kind} {theirs.type}", f"{ours.kind} {ours.type}"))
        else:
            found += _maps(label, theirs.data, ours.data)
    return found


def constraints(source: Sequence[Constraint], here: Sequence[Constraint]) -> list[Difference]:
    """Differences of the constraints of two tables, by name; those without a name are compared as what they say."""
    left, right = {_named(one): _said(one) for one in source}, {_named(one): _said(one) for one in here}
    return list(_maps("constraint", left, right))


def _named(one: Constraint) -> str:
    return name_key(one.name) or f"{one.kind.value} of {', '.join(one.columns)}"


def _said(one: Constraint) -> str:
    parent = (
        "" if one.parent is None else f" -> {one.parent.database}.{one.parent.table}({','.join(one.parent_columns)})"
    )
    states = f"{one.enabled:d}{one.validated:d}{one.relied:d}"
    return f"{one.kind.value}({','.join(one.columns)}){parent} {one.expression or ''} {states}".lower()


def _plain(source: Any, here: Any, names: Sequence[str]) -> Iterator[Difference]:
    for name in names:
        theirs, ours = getattr(source, name), getattr(here, name)
        if theirs != ours:
            yield Difference(name, _short(theirs), _short(ours))


def _times(source: Any, here: Any) -> Iterator[Difference]:
    """Times that the source tells; one that it does not tell is the time of the copy here."""
    return _plain(source, here, [name for name in _TIMES if getattr(source, name, 0)])


def _maps(label: str, source: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[Difference]:
    if source == here:
        return
    for key in sorted(source.keys() | here.keys()):
        theirs, ours = source.get(key, _ABSENT), here.get(key, _ABSENT)
        if theirs != ours:
            yield Difference(f"{label} {key}", _short(theirs), _short(ours))


def _extra(label: str, source: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[Difference]:
    """What both sides say beyond the model: ways to read a source differ in what they tell."""
    theirs, ours = source.get("hms", {}), here.get("hms", {})
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping) and theirs != ours:
        both = theirs.keys() & ours.keys() - {"writeId"}
        yield from _maps(label, {key: theirs[key] for key in both}, {key: ours[key] for key in both})


def _columns(label: str, source: Sequence[Column], here: Sequence[Column]) -> Iterator[Difference]:
    if len(source) != len(here):
        yield Difference(label, f"{len(source)} columns", f"{len(here)} columns")
    for place, (theirs, ours) in enumerate(zip(source, here, strict=False), start=1):
        for name in ("name", "type", "comment"):
            if getattr(theirs, name) != getattr(ours, name):
                yield Difference(f"{label} {place} {name}", _short(getattr(theirs, name)), _short(getattr(ours, name)))


def _storages(source: Storage, here: Storage) -> Iterator[Difference]:
    if source == here:
        return
    for one in fields(Storage):
        theirs, ours = getattr(source, one.name), getattr(here, one.name)
        if one.name == "serde":
            for part in ("library", "name"):
                if getattr(theirs, part) != getattr(ours, part):
                    yield Difference(f"serde {part}", getattr(theirs, part), getattr(ours, part))
            yield from _maps("serde parameter", theirs.parameters, ours.parameters)
        elif one.name == "parameters":
            yield from _maps("storage parameter", theirs, ours)
        elif one.name == "extra":
            yield from _extra("storage extra", theirs, ours)
        elif theirs != ours:
            yield Difference(one.name, _short(theirs), _short(ours))


def _short(value: Any) -> object:
    """A value as a report shows it: plain, and not longer than a person reads."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}... ({len(text)} characters)"
