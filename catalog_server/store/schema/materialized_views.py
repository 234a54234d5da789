"""The tables that materialized views are built from."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table

from catalog_server.store.schema.base import Id, metadata

materialized_view_sources = Table(
    "materialized_view_sources",
    metadata,
    Column("view_id", Id, primary_key=True),
    Column("source_id", Id, primary_key=True),
    Column("inserted", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("deleted", BigInteger, nullable=False),
    Index("materialized_view_sources_by_source", "source_id"),
)
"""Which tables a view was built from, and how many of their rows changed since, as Hive's clients count them."""
