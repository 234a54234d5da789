"""Alembic's entry: runs the revisions on the connection that `migrations.upgrade` holds."""

from __future__ import annotations

from alembic import context

from catalog_server.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
