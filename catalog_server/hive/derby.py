"""An export of the Derby database of a metastore: a folder of CSV files, read into a temporary SQLite database.

For each table of the metastore there is `TABLE.csv` as Derby's SYSCS_EXPORT_TABLE writes it, which has no line with the
names of columns; these stand in `COLUMNS.csv` (table, column, place), exported from Derby's own SYS.SYSCOLUMNS.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import URL

from catalog_server.hive.database_reader import DatabaseReader
from catalog_server.hive.rows import Rows
from catalog_server.model.errors import Invalid

COLUMNS = "COLUMNS.csv"
ROWS_AT_ONCE = 5000
_FIELD = re.compile(r'"((?:[^"]|"")*)"|([^,\r\n"]*)')
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
Value = str | int | float | None


class Export(DatabaseReader):
    """A metastore's database out of a file that `load` made, which goes when this is closed."""

    def __init__(self, file: Path, where: str, catalog: str, remote: str) -> None:
        super().__init__(Rows(URL.create("sqlite", database=str(file))), catalog, remote)
        self.where = where
        self._file = file

    def close(self) -> None:
        """Delete the file."""
        super().close()
        self._file.unlink(missing_ok=True)


def load(folder: Path) -> Path:
    """Read an export into a new SQLite file, which the caller deletes. Raises `Invalid` for what is no such export."""
    columns = _columns(folder)
    handle = tempfile.NamedTemporaryFile(prefix="metastore-", suffix=".db", delete=False)  # noqa: SIM115
    handle.close()
    made = Path(handle.name)
    try:
        with sqlite3.connect(made) as database:
            for table, names in columns.items():
                path = folder / f"{table}.csv"
                if path.is_file():
                    _load(database, path, table, names)
        database.close()
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    return made


def _columns(folder: Path) -> dict[str, list[str]]:
    path = folder / COLUMNS
    if not path.is_file():
        raise Invalid("database", f"{folder} is no export of a metastore's Derby database: it has no {COLUMNS}")
    found: dict[str, list[tuple[int, str]]] = {}
    for row in records(path):
        if len(row) != 3 or not isinstance(row[2], int):
            raise Invalid("database", f"{path}: a line must name table, column and place, not {row!r}")
        found.setdefault(str(row[0]), []).append((row[2], str(row[1])))
    return {table: [name for _, name in sorted(names)] for table, names in found.items()}


def _load(database: sqlite3.Connection, path: Path, table: str, names: list[str]) -> None:
    listed = ", ".join(f'"{name}"' for name in names)
    database.execute(f'CREATE TABLE "{table}" ({listed})')
    insert = f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(names))})'
    held: list[list[Value]] = []
    for number, row in enumerate(records(path), start=1):
        if len(row) != len(names):
            raise Invalid("database", f"{path}: row {number} has {len(row)} values for {len(names)} columns")
        held.append(row)
        if len(held) >= ROWS_AT_ONCE:
            database.executemany(insert, held)
            held.clear()
    database.executemany(insert, held)
    for key in ("TBL_ID", "SD_ID", "SD_ID_OID", "CD_ID", "SERDE_ID", "PART_ID", "DB_ID", "FUNC_ID", "STRING_LIST_ID"):
        if key in names:
            database.execute(f'CREATE INDEX "{table}_{key}" ON "{table}" ("{key}")')


def records(path: Path) -> Iterator[list[Value]]:
    """Rows of a CSV file of Derby's: text in quotation marks, numbers without, nothing for null."""
    with path.open(encoding="utf-8", newline="") as file:
        held = ""
        for line in file:
            held += line
            if held.count('"') % 2 == 0:  # else a text goes on behind the end of the line
                text = held.rstrip("\r\n")
                held = ""
                if text:
                    yield _values(path, text)
        if held:
            raise Invalid("database", f"{path}: the last text is not ended by a quotation mark")


def _values(path: Path, text: str) -> list[Value]:
    values: list[Value] = []
    place = 0
    while True:
        match = _FIELD.match(text, place)
        if match is None:
            raise Invalid("database", f"{path}: {text[place : place + 40]!r} is no value")
        values.append(_value(match))
        place = match.end()
        if place == len(text):
            return values
        if text[place] != ",":
            raise Invalid("database", f"{path}: {text[place : place + 40]!r} where a comma should be")
        place += 1


def _value(match: re.Match[str]) -> Value:
    quoted, plain = match.groups()
    if quoted is not None:
        return quoted.replace('""', '"')
    if not plain:
        return None
    number = _NUMBER.fullmatch(plain)
    if number is None:
        return plain
    return float(plain) if number.group(1) or number.group(2) else int(plain)
