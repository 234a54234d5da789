"""A key of a request that comes twice."""

from __future__ import annotations

from catalog_server.catalog.catalog import CatalogService
from catalog_server.store import idempotency_keys as keys


def test_a_key_that_is_there_is_told_also_on_a_connection_that_was_used_before(catalog: CatalogService) -> None:
    for _ in range(10):
        with catalog.store.read() as tx:
            keys.get(tx, "key")
    added = [catalog.store.write(lambda tx: keys.add(tx, "key", b"x" * 32)) for _ in range(3)]
    assert added == [True, False, False]
