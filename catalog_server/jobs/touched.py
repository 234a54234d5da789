"""Reads the notes of a run: which tables and folders its script wrote and read, by any door, SQL statements included."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog_server.model.names import TableName, name_key

SESSION_CATALOGS = frozenset({"spark_catalog", "iceberg"})
"""Names under which engines see the default catalog."""
NOTES_BYTES_MAX = 64 << 20
_STRONGER = ("read", "append", "overwrite", "create")


@dataclass(slots=True)
class Touched:
    """Tables written (how: `append`, `overwrite`, `create` or `write`), tables and locations read."""

    written: dict[TableName, str] = field(default_factory=dict)
    read: set[TableName] = field(default_factory=set)
    paths_written: dict[str, str] = field(default_factory=dict)
    paths_read: set[str] = field(default_factory=set)


class Reader:
    """Gathers what notes say. Names that a script left short are completed as its session did."""

    def __init__(self, catalog: str) -> None:
        self._catalog = catalog
        self._database = "default"
        self.touched = Touched()

    def read(self, notes: Path) -> Touched:
        """All notes of a file; a line that was cut off by the end of its process is left out."""
        for note in _lines(notes):
            if isinstance(note.get("sql"), str):
                self._statement(note["sql"])
            elif isinstance(note.get("query"), str):
                self._asked(note)
            elif "write" in note:
                self._written(note)
            elif note.get("read") == "table" and isinstance(note.get("table"), str):
                self.touched.read.add(self._name(_parts(note["table"])))
            elif note.get("read") == "path":
                own = notes.parent.absolute().as_uri()
                self.touched.paths_read.update(path for path in _paths(note.get("path")) if not path.startswith(own))
        return self.touched

    def _written(self, note: Mapping[str, Any]) -> None:
        mode = str(note.get("mode", "write"))
        if note["write"] == "table" and isinstance(note.get("table"), str):
            self._write(self._name(_parts(note["table"])), mode)
        for path in _paths(note.get("path")):
            self.touched.paths_written[path] = mode

    def _write(self, name: TableName, how: str) -> None:
        how = "create" if how in ("error", "errorifexists", "ignore", "default") else how
        held = self.touched.written.get(name)
        if held is None or (held in _STRONGER and how in _STRONGER and _STRONGER.index(how) > _STRONGER.index(held)):
            self.touched.written[name] = how

    def _name(self, parts: list[str]) -> TableName:
        if len(parts) > 1 and name_key(parts[0]) in SESSION_CATALOGS:
            parts = parts[1:]
        if len(parts) == 1:
            parts = [self._database, *parts]
        return TableName(self._catalog, ".".join(parts[:-1]), parts[-1])

    def _statement(self, text: str) -> None:
        for statement in _statements(text, "spark"):
            self._parsed(statement)

    def _asked(self, note: Mapping[str, Any]) -> None:
        """The tables of a statement that the server's SQL was asked, whose names may begin with a catalog."""
        catalog, database = note.get("catalog") or self._catalog, note.get("database") or "default"
        for statement in _statements(note["query"], "trino"):
            for parts in _tables(statement):
                if len(parts) <= 3:
                    self.touched.read.add(TableName(*[catalog, database][: 3 - len(parts)], *parts))

    def _parsed(self, statement: Any) -> None:
        from sqlglot import expressions as exp

        if isinstance(statement, exp.Use):
            used = [part.name for part in statement.find_all(exp.Identifier)]
            self._database = ".".join(p for p in used if name_key(p) not in SESSION_CATALOGS) or self._database
            return
        target = self._target(statement)
        if target is not None:
            how = "overwrite" if statement.args.get("overwrite") or statement.args.get("replace") else "append"
            self._write(target[0], "create" if isinstance(statement, exp.Create) and how == "append" else how)
        for parts in _tables(statement, target and target[1]):
            self.touched.read.add(self._name(parts))

    def _target(self, statement: Any) -> tuple[TableName, Any] | None:
        """The table that a statement writes rows to, if it is one that does."""
        from sqlglot import expressions as exp

        kinds = (exp.Insert, exp.Merge, exp.Update, exp.Delete)
        makes = isinstance(statement, exp.Create) and statement.args.get("kind") == "TABLE"
        if not makes and not isinstance(statement, kinds):
            return None
        table = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
        if not isinstance(table, exp.Table) or not all(part.name for part in table.parts):
            return None
        return self._name([part.name for part in table.parts]), table


def _statements(text: str, dialect: str) -> list[Any]:
    import logging

    import sqlglot
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        return [one for one in sqlglot.parse(text, dialect=dialect) if one is not None]
    except (SqlglotError, RecursionError):
        return []


def _tables(statement: Any, but: Any = None) -> Iterator[list[str]]:
    """The names of the tables in a statement, but one, in their parts."""
    from sqlglot import expressions as exp

    common = {name_key(cte.alias) for cte in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        parts = [part.name for part in table.parts]
        is_common = len(parts) == 1 and name_key(parts[0]) in common
        if parts and all(parts) and not is_common and table is not but:
            yield parts


def _lines(notes: Path) -> Iterator[dict[str, Any]]:
    try:
        with notes.open("rb") as file:
            body = file.read(NOTES_BYTES_MAX)
    except FileNotFoundError:
        return
    for line in body.splitlines():
        try:
            note = json.loads(line)
        except ValueError:
            continue
        if isinstance(note, dict):
            yield note


def _parts(name: str) -> list[str]:
    return [part.strip("`") for part in re.findall(r"`[^`]+`|[^.`]+", name)]


def _paths(said: Any) -> list[str]:
    if isinstance(said, str):
        return [said]
    return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []
