"""What the nouns of this facade share: who is calling, and names as Hive clients spell them."""

from __future__ import annotations

import re
from typing import Any

from catalog_server.facades.hms.call import Context, Handler
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.services import Services

VIA = "thrift"
CALLER = "caller"
"""Key of a connection's state under which set_ugi, or authentication, leaves the caller."""
AUTHENTICATED = "authenticated"
"""Key of a connection's state that is there if the client has proved who it is; set_ugi then changes nothing."""


class Noun:
    """A group of methods, each named as in idl/hive_metastore.thrift; all public methods are handlers."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.catalog = services.catalog

    def handlers(self) -> dict[str, Handler]:
        """The methods of this noun by name."""
        return {name: getattr(self, name) for name in self.served()}

    @classmethod
    def served(cls) -> list[str]:
        """Names of the methods of this noun, sorted."""
        return [name for name in dir(cls) if not name.startswith("_") and name not in _OWN]


_OWN = frozenset(("handlers", "served"))


def caller_of(context: Context) -> Caller:
    """Who is calling on this connection."""
    found: Caller | None = context.state.get(CALLER)
    return found or Caller(via=VIA)


def split_database(name: str | None, catalog: str | None = None) -> tuple[str, str | None]:
    """Catalog and database of a name that may be `@catalog#database`; `@catalog#` and `@catalog#!` name no database.

    The form is Hive 3's `MetaStoreUtils.prependCatalogToDbName`.
    """
    if name is not None and name.startswith("@") and "#" in name:
        said, _, rest = name[1:].partition("#")
        return said, None if rest in ("", "!") else rest
    return catalog or "", name


def database_name(name: str | None, catalog: str | None = None) -> DatabaseName:
    """The database that a Hive client names."""
    said, database = split_database(name, catalog)
    return DatabaseName(said, database or "")


def table_name(database: str | None, table: str | None, catalog: str | None = None) -> TableName:
    """The table that a Hive client names."""
    said, own = split_database(database, catalog)
    return TableName(said, own or "", table or "")


def pattern(text: str | None) -> re.Pattern[str]:
    """Hive's name patterns: `*` any characters, `.` one, `|` between alternatives; case is ignored. None means all."""
    alternatives = []
    for part in ("*" if text is None else text).split("|"):
        alternatives.append("".join(".*" if c == "*" else "." if c == "." else re.escape(c) for c in part.strip()))
    return re.compile("|".join(f"(?:{one})" for one in alternatives), re.IGNORECASE | re.DOTALL)


def needed(struct: Any, *names: str) -> tuple[Any, ...]:
    """Fields without which a call means nothing. Raises `Invalid` where one is missing."""
    for name in names:
        if getattr(struct, name) is None:
            raise Invalid(name, "it is missing in the call")
    return tuple(getattr(struct, name) for name in names)


def properties(environment: Any) -> dict[str, str]:
    """The properties of an EnvironmentContext."""
    return dict(environment.properties or {}) if environment is not None else {}


def limit(count: int | None) -> int | None:
    """Hive's maximum as ours: below zero, or nothing, means all."""
    return None if count is None or count < 0 else count
