"""A catalog of its own for each test, and crawls in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config
from catalog_server.crawlers.crawl import Crawls
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawl, Crawler
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.partition import Partition
from catalog_server.model.table import Table
from tests.lake.places import Place, local_place, s3_place

ME = Caller(user="mira")


class Crawling:
    """A catalog, the crawls in it, and a place to crawl."""

    def __init__(self, catalog: CatalogService, place: Place) -> None:
        self.catalog = catalog
        self.place = place
        self.crawls = Crawls(catalog)

    def create(self, *targets: str, name: str = "raw", prefix: str = "", **options: str) -> Crawler:
        """A crawler of the place (or of other targets) into the database raw."""
        crawler = Crawler(name, targets or (self.place.root,), "hive", "raw", prefix, options)
        return self.crawls.create(ME, crawler)

    def change(self, name: str = "raw", **options: str) -> Crawler:
        """Give a crawler other options."""
        return self.crawls.update(ME, replace(self.crawls.get(ME, name), options=options))

    def run(self, name: str = "raw") -> Crawl:
        """One crawl from start to end."""
        return self.crawls.execute(self.crawls.run(ME, name).id)

    def crawl(self, files: Mapping[str, bytes], **options: str) -> Crawl:
        """Put files to the place and crawl it for the first time."""
        self.place.put(dict(files))
        self.create(**options)
        return self.run()

    def table(self, name: str) -> Table:
        """A table of the database raw."""
        return self.catalog.tables.get(ME, TableName("hive", "raw", name))

    def tables(self) -> list[str]:
        """Names of the tables of the database raw."""
        return self.catalog.tables.list_names(ME, DatabaseName("hive", "raw"))

    def partitions(self, name: str) -> dict[str, Partition]:
        """Partitions of a table by name."""
        found = self.catalog.partitions.list(ME, TableName("hive", "raw", name))[1]
        return {"/".join(partition.values): partition for partition in found}


def types(table: Table) -> dict[str, str]:
    """The types of a table's columns by name."""
    return {column.name: column.type for column in table.columns}


def names(crawl: Crawl, key: str) -> list[str]:
    """Names of the tables in one list of a crawl's summary."""
    entries: Any = crawl.summary.get(key, ())
    return [str(entry["table"]) for entry in entries]


def problems(crawl: Crawl) -> dict[str, str]:
    """Reasons by the last part of the place."""
    entries: Any = crawl.summary["problems"]
    return {str(entry["place"]).rpartition("/")[2]: str(entry["reason"]) for entry in entries}


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[CatalogService]:
    folder = tmp_path / "catalog"
    folder.mkdir()
    service = CatalogService(Config(data=folder))
    service.prepare()
    yield service
    service.close()


@pytest.fixture
def local(catalog: CatalogService, tmp_path: Path) -> Crawling:
    """Crawling of a folder of this machine."""
    return Crawling(catalog, local_place(tmp_path))


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def crawling(request: pytest.FixtureRequest, catalog: CatalogService, tmp_path: Path) -> Crawling:
    """Crawling of a folder of this machine, and again of an S3 bucket through its storage profile."""
    if request.param == "local":
        return Crawling(catalog, local_place(tmp_path))
    place = s3_place(request.getfixturevalue("s3_server"), request.getfixturevalue("s3_bucket"))
    assert place.connection is not None
    catalog.connections.create(ME, place.connection)
    return Crawling(catalog, Place(catalog.lake, place.root, place.connection))
