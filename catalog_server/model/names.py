"""Names: stored as sent, compared by a key, checked once for every door."""

from __future__ import annotations

import re
from dataclasses import dataclass

from catalog_server.model.errors import Invalid

NAME_LENGTH_MAX = 255
"""Characters in one name; Hive allows 256 bytes or fewer in most of its schemas."""

DEFAULT_CATALOG = "hive"
"""The name that Hive clients use for the default catalog."""

UNKEPT = re.compile("[\x00\ud800-\udfff]")
"""What no text may hold that is to be kept: NUL characters and halves of surrogate pairs."""

_UPPER = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})
_WORDS = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def name_key(name: str) -> str:
    """The form under which a name is unique: ASCII letters lowered, everything else as it is."""
    return name.lower() if name.isascii() else name.translate(_UPPER)


def check_name(kind: str, name: str, *, dots: bool = True) -> str:
    """Return `name`, or raise `Invalid` for an empty or too long name, one with NUL, or with a dot where none may be."""
    if not name or not name.strip():
        raise Invalid(f"{kind} name", "may not be empty")
    if len(name) > NAME_LENGTH_MAX:
        raise Invalid(f"{kind} name", f"{name[:40]!r}... has {len(name)} characters, more than {NAME_LENGTH_MAX}")
    if "\x00" in name:
        raise Invalid(f"{kind} name", f"{name!r} holds a NUL character")
    if not name.isascii() and any("\ud800" <= c <= "\udfff" for c in name):
        raise Invalid(f"{kind} name", f"{name!r} is not valid Unicode")
    if not dots and "." in name:
        raise Invalid(f"{kind} name", f"{name!r} may not contain a dot")
    return name


def levels(database: str) -> tuple[str, ...]:
    """The levels of a database's path: `a.b` is `("a", "b")`."""
    return tuple(database.split("."))


def join_levels(path: tuple[str, ...] | list[str]) -> str:
    """The name of the database at a path of levels; a level may be neither empty nor hold a dot."""
    if not path:
        raise Invalid("namespace", "may not be empty")
    for level in path:
        check_name("namespace level", level, dots=False)
    return ".".join(path)


def check_database_name(name: str) -> str:
    """Return a database's name if each of its levels is a valid name."""
    check_name("database", name)
    for level in name.split("."):
        if not level:
            raise Invalid("database name", f"{name!r} has an empty level")
    return name


def words(text: str) -> list[str]:
    """The lower-case words of a text for search: `flightsByDay_2013` gives flights, by, day, 2013."""
    return [word.lower() for word in _WORDS.findall(_CAMEL.sub(" ", text))]


@dataclass(frozen=True, slots=True)
class DatabaseName:
    """Where a database is: its catalog and its own name (levels joined by dots)."""

    catalog: str
    database: str

    def __str__(self) -> str:
        return f"{self.catalog}.{self.database}"

    def table(self, name: str) -> TableName:
        """The name of a table in this database."""
        return TableName(self.catalog, self.database, name)


@dataclass(frozen=True, slots=True)
class TableName:
    """Where a table is: catalog, database and its own name, each as sent."""

    catalog: str
    database: str
    table: str

    def __str__(self) -> str:
        return f"{self.catalog}.{self.database}.{self.table}"

    @property
    def parent(self) -> DatabaseName:
        """The database that holds the table."""
        return DatabaseName(self.catalog, self.database)
