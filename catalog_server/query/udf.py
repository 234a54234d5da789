"""Inside a worker: the few functions that need Python, made known to DuckDB only where a statement uses them."""

from __future__ import annotations

import json
from typing import Any


class _Number(float):
    """A number that is written as it was read."""

    said: str

    def __new__(cls, said: str) -> _Number:
        made = super().__new__(cls, said)
        made.said = said
        return made

    def __repr__(self) -> str:
        return self.said


def json_parse(text: str) -> str:
    """JSON as Trino keeps it: without blanks, the keys of objects in order. Raises `ValueError` for what is no JSON."""
    try:
        held = json.loads(text, parse_float=_Number, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"Cannot convert value to JSON: '{text[:100]}'") from error
    return json.dumps(held, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def define(connection: Any, sql: str) -> None:
    """Make the functions that a statement uses known to a connection."""
    if "trino_json_parse(" in sql:
        import duckdb

        try:
            connection.create_function("trino_json_parse", json_parse, ["VARCHAR"], "VARCHAR")
        except duckdb.Error as error:
            if "already created" not in str(error):
                raise
