"""Grants, roles and their members, and tokens."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from catalog_server.store.schema.base import Id, Json, Name, id_column, metadata, time_column

grants = Table(
    "grants",
    metadata,
    id_column(),
    Column("identity", LargeBinary(32), nullable=False, unique=True),
    Column("principal", Name, nullable=False),
    Column("action", Name, nullable=False),
    Column("privilege", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("path", Json, nullable=False),
    Column("partition", Name),
    Column("columns", Json),
    Column("row_filter", Text),
    Column("grantor", Name),
    Column("grantor_kind", Name, nullable=False),
    Column("grant_option", Boolean, nullable=False),
    Column("authorizer", Name),
    time_column("granted_at"),
    Index("grants_by_principal", "principal"),
    Index("grants_by_path", "path"),
    sqlite_autoincrement=True,
)
"""One row per privilege; `path` holds keys of names, `identity` is a digest of what makes a grant this one."""

roles = Table(
    "roles",
    metadata,
    id_column(),
    Column("name", Name, nullable=False, unique=True),
    Column("owner", Name),
    time_column("created_at"),
    sqlite_autoincrement=True,
)

role_members = Table(
    "role_members",
    metadata,
    id_column(),
    Column("role_id", Id, ForeignKey("roles.id"), nullable=False),
    Column("principal", Name, nullable=False),
    Column("grant_option", Boolean, nullable=False),
    Column("grantor", Name),
    Column("grantor_kind", Name, nullable=False),
    time_column("granted_at"),
    UniqueConstraint("role_id", "principal"),
    Index("role_members_by_principal", "principal"),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    id_column(),
    Column("identifier", Name, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("owner", Name),
    Column("renewer", Name),
    time_column("created_at"),
    Column("expires_at", BigInteger),
    Column("ends_at", BigInteger),
    sqlite_autoincrement=True,
)
"""Tokens that log clients in (those with an owner), and tokens that others keep here; secrets are sealed."""

master_keys = Table(
    "master_keys",
    metadata,
    id_column(),
    Column("sealed", LargeBinary, nullable=False),
    time_column("created_at"),
    sqlite_autoincrement=True,
)
