"""Metrics reports: what Iceberg clients tell of their scans and commits, kept for people to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_server.catalog.core import Core
from catalog_server.catalog.records import check_document
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.grant import Action
from catalog_server.model.metrics_report import MetricsReport
from catalog_server.model.names import TableName
from catalog_server.store import metrics_reports as rows
from catalog_server.store.transaction import Transaction

KINDS = ("scan-report", "commit-report")
KEPT = 100
"""Reports of one table; older ones are forgotten."""


class MetricsReports:
    """Reports by table; all methods raise `NotFound` and `Denied`."""

    def __init__(self, core: Core, of: Tables) -> None:
        self.core = core
        self.tables = of

    def add(self, caller: Caller, name: TableName, kind: str, report: Mapping[str, Any]) -> None:
        """Keep a report of an Iceberg table; raises `Invalid` for one that is of no known kind or cannot be kept."""
        if kind not in KINDS:
            raise Invalid("report-type", f"must be {' or '.join(KINDS)}, not {kind}")
        check_document("report", kind, report)

        def work(tx: Transaction) -> None:
            found = self.tables.find(tx, caller, Action.DESCRIBE, name)
            if not found.is_iceberg:
                raise NotFound("table", str(found.full_name))
            rows.add(tx, found.id, kind, report, caller.user, KEPT)

        self.core.store.write(work)

    def list(
        self, caller: Caller, name: TableName, *, before: int | None = None, count: int = KEPT
    ) -> list[MetricsReport]:
        """Reports of a table, newest first."""
        with self.core.store.read() as tx:
            found = self.tables.find(tx, caller, Action.DESCRIBE, name)
            return rows.list_page(tx, found.id, before=before, count=count)
