"""Reports of Iceberg clients about scans and commits, over the JSON API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from catalog_server.facades.web.convert import when
from catalog_server.facades.web.messages import Page
from catalog_server.facades.web.paging import Paged, place, token
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.model.names import TableName

routes = Routes("Metrics reports")
PATH = "/catalogs/{catalog}/databases/{database}/tables/{table}/metrics-reports"


class MetricsReportAnswer(msgspec.Struct):
    """What a client told of one scan or commit, as it was sent."""

    kind: str
    at: int | None
    by: str | None
    report: Mapping[str, Any]


@routes.get(PATH)
def list_metrics_reports(
    call: Call, catalog: str, database: str, table: str, query: Paged
) -> Page[MetricsReportAnswer]:
    """List what Iceberg clients told of their scans and commits of a table, newest first."""
    name, size = TableName(catalog, database, table), query.page_size
    before = place(query.page_token, int)
    found = call.services.catalog.metrics_reports.list(call.caller, name, before=before, count=size + 1)
    shown = [MetricsReportAnswer(one.kind, when(one.at), one.by, one.report) for one in found[:size]]
    return Page(shown, token(found[size - 1].id) if len(found) > size else None)
