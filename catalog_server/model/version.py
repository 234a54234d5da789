"""Versions: what a table's definition was, when and through which door it became so."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_server.model.table import Table


@dataclass(frozen=True, slots=True)
class TableVersion:
    """One version of a table's definition and who made it."""

    table: Table
    version: int
    at: int
    by: str | None
    via: str | None
    run: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two versions: a field such as `owner`, `parameters.k` or `columns.name.type`.

    A side on which the field is not there is None.
    """

    field: str
    before: object
    after: object
