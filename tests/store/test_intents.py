"""Deletes and moves of files that a change asked for: carried out after it, kept when they fail, never too far."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.lake.local import LocalFileSystem
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Unavailable
from catalog_server.store import intents as rows
from tests.store.things import ORDERS, orders, years


class Away:
    """A store that does not answer when folders are to be deleted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch.context()
        self.monkeypatch = monkeypatch

    def __enter__(self) -> None:
        self.patch.__enter__().setattr(LocalFileSystem, "remove_directory", self._refuse)

    def __exit__(self, *_: object) -> None:
        self.patch.__exit__(None, None, None)

    @staticmethod
    def _refuse(_self: object, location: str) -> None:
        raise Unavailable(f"{location}: the store does not answer")


def waiting(catalog: CatalogService) -> int:
    with catalog.store.read() as tx:
        return len(tx.connection.execute(rows.intents.select()).all())


def make_due(catalog: CatalogService) -> None:
    with catalog.store.begin() as tx:
        tx.connection.execute(rows.intents.update().values(not_before=0))


def folder(location: str | None) -> Path:
    return Path((location or "").removeprefix("file://"))


def test_a_drop_succeeds_though_its_files_cannot_be_deleted_yet(
    catalog: CatalogService, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = catalog.tables.create(caller, orders())
    with Away(monkeypatch):
        catalog.tables.drop(caller, ORDERS)
    assert (folder(made.location).is_dir(), waiting(catalog)) == (True, 1)
    make_due(catalog)
    assert catalog.intents.carry_out() == 1
    assert (folder(made.location).is_dir(), waiting(catalog)) == (False, 0)


def test_a_late_delete_spares_the_table_that_was_made_again(
    catalog: CatalogService, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.tables.create(caller, orders())
    with Away(monkeypatch):
        catalog.tables.drop(caller, ORDERS)
    again = catalog.tables.create(caller, orders())
    (folder(again.location) / "new.parquet").write_bytes(b"rows")
    make_due(catalog)
    assert catalog.intents.carry_out() == 0
    assert (folder(again.location) / "new.parquet").is_file()
    assert waiting(catalog) == 0


def test_a_late_delete_spares_the_partition_that_was_added_again(
    catalog: CatalogService, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.tables.create(caller, orders())
    catalog.partitions.add(caller, ORDERS, years(2024, 2025))
    with Away(monkeypatch):
        catalog.partitions.drop(caller, ORDERS, ["year=2024/region=eu", "year=2025/region=eu"])
    _, (again,) = catalog.partitions.add(caller, ORDERS, years(2024))
    make_due(catalog)
    assert catalog.intents.carry_out() == 1
    assert folder(again.location).is_dir()
    assert not folder(again.location).parent.parent.joinpath("year=2025", "region=eu").exists()


def test_what_cannot_be_claimed_now_does_not_fail_the_change(
    catalog: CatalogService, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.tables.create(caller, orders())

    def away(*_: object) -> None:
        raise Unavailable("the store does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(catalog.intents, "_claim", away)
        assert catalog.tables.drop(caller, ORDERS).name == "orders"
    assert catalog.intents.carry_out() == 1
