"""Brings a store's schema up to date at start, under a lock, from every released version."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from catalog_server.model.errors import Unavailable
from catalog_server.store.transaction import Store

HEAD = "0016"
"""The newest revision in versions/; a test compares it with Alembic's own answer."""
_LOCK = 7_305_810


def upgrade(store: Store) -> None:
    """Bring the schema to `HEAD`; quick when it is there. Raises `Unavailable` for a store newer than this code."""
    with store.read() as tx:
        found = current(tx.connection)
    if found == HEAD:
        return
    if found is not None and not _is_known(found):
        raise Unavailable(
            f"the store is at revision {found}, which is newer than this server knows ({HEAD}); upgrade the server"
        )
    with store.begin() as tx:
        if tx.is_postgresql:
            tx.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if current(tx.connection) != HEAD:
            _run(tx.connection)


def current(connection: Connection) -> str | None:
    """The revision a store is at, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _config() -> object:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "catalog_server.store:migrations")
    return config


def _is_known(revision: str) -> bool:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        return ScriptDirectory.from_config(_config()).get_revision(revision) is not None  # type: ignore[arg-type]
    except CommandError:
        return False


def _run(connection: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection  # type: ignore[attr-defined]
    command.upgrade(config, "head")  # type: ignore[arg-type]
