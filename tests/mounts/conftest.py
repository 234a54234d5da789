"""Real metastores mounted as catalogs of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_server.config import Config
from catalog_server.model.caller import Caller
from catalog_server.model.database import Catalog
from catalog_server.services import Services
from tests.hive_migrations.conftest import Filled, filled

__all__ = ["filled"]
CALLER = Caller("tester")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """A server's services with an empty store."""
    made = Services(Config(data=tmp_path / "data"))
    made.catalog.prepare()
    yield made
    made.close()


@pytest.fixture
def mounted(services: Services, filled: Filled) -> Services:
    """The same with a real metastore mounted as `old`."""
    services.catalog.catalogs.create(CALLER, Catalog("old", kind="hive", uri=filled.uri))
    return services
