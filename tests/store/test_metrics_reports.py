"""Reports of a table's scans and commits: the newest are kept."""

from __future__ import annotations

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.names import TableName

NAME = TableName("hive", "sales", "orders")
SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": False}]}


@pytest.fixture(autouse=True)
def orders(catalog: CatalogService, caller: Caller) -> None:
    catalog.iceberg.create(caller, NAME, catalog.iceberg.stage(caller, NAME, SCHEMA))


def test_only_the_newest_are_kept(catalog: CatalogService, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_server.catalog.metrics_reports.KEPT", 3)
    for number in range(5):
        catalog.metrics_reports.add(caller, NAME, "scan-report", {"n": number})
    kept = catalog.metrics_reports.list(caller, NAME)
    assert [one.report["n"] for one in kept] == [4, 3, 2]
    assert [one.report["n"] for one in catalog.metrics_reports.list(caller, NAME, before=kept[0].id, count=1)] == [3]


def test_a_new_table_of_the_name_begins_with_none(catalog: CatalogService, caller: Caller) -> None:
    catalog.metrics_reports.add(caller, NAME, "commit-report", {})
    catalog.tables.drop(caller, NAME)
    with pytest.raises(NotFound):
        catalog.metrics_reports.list(caller, NAME)
    catalog.iceberg.create(caller, NAME, catalog.iceberg.stage(caller, NAME, SCHEMA))
    assert catalog.metrics_reports.list(caller, NAME) == []


def test_what_cannot_be_kept_is_refused(catalog: CatalogService, caller: Caller) -> None:
    for kind, report in (("gossip", {}), ("scan-report", {"filter": "\x00"})):
        with pytest.raises(Invalid):
            catalog.metrics_reports.add(caller, NAME, kind, report)
