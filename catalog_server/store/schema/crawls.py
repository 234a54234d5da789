"""What crawls keep for the next one."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from catalog_server.store.schema.base import Id, Name, metadata

crawl_manifests = Table(
    "crawl_manifests",
    metadata,
    Column("crawler_id", Id, primary_key=True, autoincrement=False),
    Column("target", Name, primary_key=True, comment="a digest of it"),
    Column(
        "number", BigInteger, primary_key=True, autoincrement=False, comment="0 is the head, which names the others"
    ),
    Column("stamp", BigInteger, nullable=False, comment="another with each change"),
    Column("body", LargeBinary, nullable=False),
)
