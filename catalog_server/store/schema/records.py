"""Documents that are kept as they were sent."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, UniqueConstraint

from catalog_server.store.schema.base import Json, Name, id_column, metadata, time_column

records = Table(
    "records",
    metadata,
    id_column(),
    Column("kind", Name, nullable=False),
    Column("scope", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("document", Json, nullable=False),
    Column("version", BigInteger, nullable=False),
    time_column("created_at"),
    UniqueConstraint("kind", "scope", "name"),
    sqlite_autoincrement=True,
)
