"""Real metastores with something in them, and catalogs to copy it into."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, StoreConfig
from catalog_server.hive_migrations.migrations import HiveMigrations
from catalog_server.model.caller import Caller
from catalog_server.model.hive_migration import HiveMigration, MigrationItem, MigrationOptions, Mode
from catalog_server.wire import hive_metastore as wire
from tests.engines import hive_metastore, process
from tests.engines.hive_metastore4 import shared_hive_metastore_4
from tests.facades.hms.metastore import Metastore
from tests.hive_migrations.things import fill

CALLER = Caller("tester")
VARIABLES = {"hive4": "HIVE4_METASTORE", "hive2": "HIVE2_METASTORE"}


@dataclass(frozen=True)
class Filled:
    """A metastore with a database of ours in it."""

    server: str
    port: int
    database: str
    backing: str | None
    """URL of the metastore's own database, where it is known."""

    @property
    def uri(self) -> str:
        return f"thrift://127.0.0.1:{self.port}"

    def connect(self) -> Metastore:
        return Metastore(self.port)


def _metastore(server: str, factory: pytest.TempPathFactory) -> tuple[int, str | None]:
    named = os.environ.get(VARIABLES[server])
    if named:
        return urlsplit(named).port or 9083, os.environ.get(f"{VARIABLES[server]}_DATABASE")
    root = process.run_root(factory)
    if server == "hive2":
        return hive_metastore.shared_hive_metastore(root).port, None
    found, backing = shared_hive_metastore_4(root)
    return found.port, backing


@pytest.fixture(
    scope="module",
    params=[pytest.param("hive4", marks=pytest.mark.hive4), pytest.param("hive2", marks=pytest.mark.hive2)],
)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A real metastore with a database that holds a little of everything."""
    port, backing = _metastore(request.param, tmp_path_factory)
    name = f"mig_{uuid.uuid4().hex[:8]}"
    with Metastore(port) as hms:
        parameters = {"team": "sales", "empty": ""}
        hms.create_database(wire.Database(name=name, description="A database", parameters=parameters, ownerName="ann"))
        fill(hms, name, constraints=request.param == "hive4")
    yield Filled(request.param, port, name, backing)
    with contextlib.suppress(Exception), Metastore(port) as hms:
        hms.drop_function(name, "twice")
        hms.drop_database(name, True, True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CatalogService]:
    """An empty catalog of ours."""
    url = "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))
    service = CatalogService(Config(data=tmp_path / "data", store=StoreConfig(url=url)))
    service.prepare()
    yield service
    service.close()


@dataclass
class Ended:
    """A migration that has ended, with its items."""

    migration: HiveMigration
    items: list[MigrationItem]

    def states(self, kind: str = "table") -> dict[str, str]:
        """State by the last part of the name."""
        return {one.name.rpartition(".")[2]: one.state.value for one in self.items if one.kind == kind}

    def unlike(self) -> list[object]:
        """What differs, in words for a failing test."""
        bad = ("DIFFERENT", "MISSING", "EXTRA", "FAILED")
        return [
            (one.name, one.state.value, one.error, *one.differences) for one in self.items if one.state.value in bad
        ]

    def differences(self) -> set[str]:
        """Fields in which anything differs."""
        return {difference.field for one in self.items for difference in one.differences}


def migrate(service: CatalogService, source: str, mode: Mode = Mode.COPY, **options: Any) -> Ended:
    """Do a migration in this process, as a worker would."""
    migrations = HiveMigrations(service)
    begun = migrations.start(CALLER, mode, source, MigrationOptions(**{"into": "hive", **options}))
    migrations.execute(begun.id)
    return Ended(migrations.get(CALLER, begun.id), list(migrations.items(CALLER, begun.id, count=1000)))
