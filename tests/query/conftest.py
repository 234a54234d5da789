"""A catalog with its queries, real worker processes and all, for the tests of SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, QueryConfig
from catalog_server.model.caller import Caller
from catalog_server.model.query import Query
from catalog_server.query.queries import Queries

CALLER = Caller("tester")


@dataclass(frozen=True, slots=True)
class Sql:
    """A catalog and its SQL."""

    catalog: CatalogService
    queries: Queries
    folder: Path

    def __call__(self, statement: str, **options: Any) -> list[list[Any]]:
        """The rows of a statement; raises what it fails with."""
        return self.queries.run(CALLER, statement, **options)[1]

    def query(self, statement: str, **options: Any) -> Query:
        """The state of a statement once it is over."""
        return self.queries.wait(CALLER, self.queries.submit(CALLER, statement, **options).id)


def open_sql(folder: Path, **limits: Any) -> Sql:
    """A new catalog below a folder, with SQL under these limits."""
    config = Config(data=folder, query=replace(QueryConfig(memory_limit="512MB", threads=1), **limits))
    catalog = CatalogService(config)
    catalog.prepare()
    return Sql(catalog, Queries(catalog, config), folder)


def close_sql(opened: Sql) -> None:
    """End its workers and close its store."""
    opened.queries.close()
    opened.catalog.close()


@pytest.fixture(scope="session")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sql]:
    """One catalog for all tests that leave its workers as they were; each makes tables under names of its own."""
    opened = open_sql(tmp_path_factory.mktemp("sql"))
    yield opened
    close_sql(opened)
