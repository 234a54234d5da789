"""Catalogs and databases: the named roots and what holds tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog_server.model.names import DatabaseName

NATIVE = "native"
HIVE = "hive"


@dataclass(frozen=True, slots=True)
class Catalog:
    """A named root of databases."""

    name: str
    comment: str | None = None
    location: str | None = None
    """Where managed databases of this catalog go; None means the server's warehouse."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    kind: str = NATIVE
    """`native`: its rows are in our store; `hive`: it is a Hive metastore elsewhere, mounted here (see `uri`)."""
    uri: str | None = None
    """Where a mounted metastore answers: `thrift://host:9083[,thrift://...]`."""
    id: int = 0
    version: int = 0
    created_at: int = 0
    """Milliseconds since 1970, UTC, as all times of the model."""


@dataclass(frozen=True, slots=True)
class Database:
    """A holder of tables; its name is a path of levels joined by dots."""

    catalog: str
    name: str
    comment: str | None = None
    location: str | None = None
    owner: str | None = None
    owner_kind: str = "USER"
    """`USER`, `GROUP` or `ROLE`."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    """What a protocol set and the model has no field for, by protocol, so that it is there when the protocol asks again."""
    id: int = 0
    version: int = 0
    created_at: int = 0
    created_by: str | None = None

    @property
    def full_name(self) -> DatabaseName:
        """Catalog and database name."""
        return DatabaseName(self.catalog, self.name)
