"""What crawls keep for the next one."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text

from catalog_server.store.schema.base import Id, Name, metadata, time_column

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

crawler_events = Table(
    "crawler_events",
    metadata,
    Column("crawler_id", Id, primary_key=True, autoincrement=False),
    Column("by", Text, nullable=False, comment="who had the crawler follow events, on whose behalf it does"),
    Column("token_hash", Text),
    Column("received", BigInteger, nullable=False),
    time_column("received_at", nullable=True),
    time_column("applied_at", nullable=True),
    Column("confirm_url", Text, comment="where a subscription waits to be confirmed"),
    Column("skipped", BigInteger, nullable=False, server_default="0"),
    Column("problem", Text, comment="why events cannot be had, or what is wrong with the last that was skipped"),
    time_column("problem_at", nullable=True),
)
"""One row per crawler that follows events."""

crawler_touches = Table(
    "crawler_touches",
    metadata,
    Column("crawler_id", Id, primary_key=True, autoincrement=False),
    Column("digest", Name, primary_key=True, comment="of the folder"),
    Column("folder", Text, nullable=False),
    Column("deep", Boolean, nullable=False, comment="whether all below it is meant"),
    Column("object", Text, comment="name of one that is new, empty if one is gone"),
    Column("stamp", BigInteger, nullable=False, comment="another with each event"),
    Column("waiting", Boolean, nullable=False, comment="if not, it was applied and is still to be settled"),
    time_column("touched_at"),
    Index("crawler_touches_by_time", "crawler_id", "waiting", "touched_at"),
)
"""Folders that events spoke of."""
