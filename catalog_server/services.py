"""The one handle that every facade is given: the catalog and its workshops, made from a configuration."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.grants import Policy
from catalog_server.config import Config
from catalog_server.lake.filesystem import Lake

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from catalog_server.care.runs import CareRuns
    from catalog_server.crawlers.crawl import Crawls
    from catalog_server.crawlers.engine import Engine
    from catalog_server.crawlers.events import CrawlEvents
    from catalog_server.crawlers.targets import Targets
    from catalog_server.hive_migrations.migrations import HiveMigrations
    from catalog_server.jobs.conversions import Conversions
    from catalog_server.jobs.jobs import Jobs
    from catalog_server.query.queries import Queries
    from catalog_server.triggers.schedules import Schedules


class Services:
    """What facades call. The workshops are made on first use, since most processes never need all of them."""

    def __init__(self, config: Config, policy: Policy | None = None) -> None:
        self.config = config
        self.catalog = CatalogService(config, policy)
        self.addresses: dict[str, str | None] = {"http": None, "thrift": None, "iceberg": None, "grpc": None}
        """Where each surface answers, filled in when it listens."""
        self.started_at = time.time_ns() // 1_000_000
        self.closing = False
        """Whether the server is stopping: whoever holds an answer back gives it now."""
        self.wake_worker: Callable[[], None] = lambda: None
        """Tells the worker process that a run or crawl waits."""

    @property
    def lake(self) -> Lake:
        """The files that tables lie in."""
        return self.catalog.lake

    @cached_property
    def queries(self) -> Queries:
        """Federated SQL."""
        from catalog_server.query.queries import Queries

        return Queries(self.catalog, self.config)

    @cached_property
    def crawls(self) -> Crawls:
        """Crawlers and their crawls."""
        from catalog_server.crawlers.crawl import Crawls

        spools, engines = self.config.data / "crawls", {"spark": self._spark}
        return Crawls(self.catalog, lambda: self.wake_worker(), spools, self.targets, engines)

    def _spark(self, crawl_id: str, cancelled: Callable[[], bool]) -> AbstractContextManager[Engine]:
        from catalog_server.jobs.crawl_spark import Spark

        return Spark(self.config)(crawl_id, cancelled)

    @cached_property
    def targets(self) -> Targets:
        """What crawlers may reach."""
        from catalog_server.crawlers.targets import Targets

        return Targets(self.config.crawlers.allowed_targets, exposed=self.config.is_exposed)

    @cached_property
    def crawl_events(self) -> CrawlEvents:
        """Events that crawlers follow."""
        from catalog_server.crawlers.events import CrawlEvents

        return CrawlEvents(self.catalog, lambda: self.wake_worker())

    @cached_property
    def schedules(self) -> Schedules:
        """What is started by itself, and when."""
        from catalog_server.triggers.schedules import Schedules

        return Schedules(self.catalog.store, self.crawls)

    @cached_property
    def care(self) -> CareRuns:
        """Care of Iceberg tables."""
        from catalog_server.care.runs import CareRuns

        return CareRuns(self.catalog, wake=lambda: self.wake_worker())

    @cached_property
    def hive_migrations(self) -> HiveMigrations:
        """Migrations from Hive metastores."""
        from catalog_server.hive_migrations.migrations import HiveMigrations

        return HiveMigrations(self.catalog, wake=lambda: self.wake_worker())

    @cached_property
    def jobs(self) -> Jobs:
        """Jobs and their runs."""
        from catalog_server.jobs.jobs import Jobs

        return Jobs(self.catalog.store, self.config.data, self.catalog.grants.require, wake=lambda: self.wake_worker())

    @cached_property
    def conversions(self) -> Conversions:
        """Tables made of others, by jobs."""
        from catalog_server.jobs.conversions import Conversions

        return Conversions(self.catalog, self.jobs)

    def close(self) -> None:
        """End what runs on behalf of this process and give the store back."""
        if "queries" in self.__dict__:
            self.queries.close()
        self.catalog.close()
