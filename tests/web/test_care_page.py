"""The care of an Iceberg table: how it stands, previews and runs, policies, and what was done."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.table import Table

from tests.care.tables import SCHEMA, rows
from tests.web.conftest import OpenPage
from tests.web.seed import Seed

pytestmark = pytest.mark.browser

SHORT = {"history.expire.max-snapshot-age-ms": "1", "history.expire.min-snapshots-to-keep": "2"}
"""Snapshots that are not among the newest two expire at once."""


def made(seeded: Seed, name: str, appends: int = 0, **properties: str) -> Table:
    """An Iceberg table `cared.NAME`, with a snapshot for each append."""
    rest = RestCatalog("rest", uri=f"{seeded.http}/iceberg")
    rest.create_namespace_if_not_exists("cared")
    table = rest.create_table(f"cared.{name}", SCHEMA, properties=properties)
    for number in range(appends):
        table.append(rows(number))
    return table


def care_of(name: str) -> str:
    return f"/catalogs/hive/cared/{name}?tab=care"


def properties_of(seeded: Seed, name: str) -> dict[str, str]:
    found: dict[str, str] = seeded.call("GET", f"/catalogs/hive/databases/cared/tables/{name}")["parameters"]
    return found


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True).first


def history(page: Page) -> Locator:
    return page.locator(".care-history tbody tr")


def test_snapshots_are_previewed_and_then_expired(open_page: OpenPage, seeded: Seed) -> None:
    table = made(seeded, "expiring", 6, **SHORT)
    page = open_page(care_of("expiring"))
    expect(card(page, "Expire snapshots")).to_contain_text("4 of 6 snapshots would expire now")
    page.get_by_role("button", name="Preview expiring snapshots").click()
    preview = page.get_by_role("region", name="Preview of expiring snapshots")
    expect(preview).to_be_focused()
    expect(preview.get_by_role("status")).to_contain_text("4 snapshots would expire; 4 files")
    expect(preview.get_by_role("row", name=re.compile("Lists of manifests"))).to_contain_text("4")
    preview.get_by_text("The files", exact=True).click()
    expect(preview.get_by_text(re.compile(r"^metadata/snap-"))).to_have_count(4)
    assert len(table.refresh().metadata.snapshots) == 6
    preview.get_by_role("button", name="Expire 4 snapshots").click()
    expect(page.get_by_role("status").filter(has_text="4 snapshots expired")).to_be_visible()
    expect(card(page, "Expire snapshots")).to_contain_text("None is old enough now")
    assert len(table.refresh().metadata.snapshots) == 2
    expect(history(page)).to_have_count(2)
    expect(history(page).first).to_contain_text("4 snapshots expired; 4 files")
    page.go_back()
    expect(page.get_by_role("region", name="Preview of expiring snapshots")).to_be_visible()


def test_young_orphans_go_only_after_the_name_was_typed(open_page: OpenPage, seeded: Seed) -> None:
    table = made(seeded, "littered", 1)
    left = Path(table.location().removeprefix("file://")) / "data" / "left.parquet"
    left.write_bytes(b"left")
    page = open_page(care_of("littered"), expected=(400,))
    orphans = card(page, "Remove orphan files")
    orphans.get_by_text("Options").click()
    orphans.get_by_label("Older than").fill("soon")
    expect(orphans.get_by_role("alert")).to_contain_text("such as 7d")
    expect(orphans.get_by_role("button", name="Preview")).to_be_disabled()
    orphans.get_by_label("Older than").fill("0s")
    orphans.get_by_role("button", name="Preview").click()
    expect(orphans.get_by_role("alert")).to_contain_text("less than an hour")
    orphans.get_by_label("Also files younger than an hour").check()
    orphans.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Delete 1 file").click()
    page.get_by_label("Type littered to go on").fill("littered")
    assert left.exists()
    page.get_by_role("dialog").get_by_role("button", name="Delete 1 file").click()
    expect(page.get_by_role("status").filter(has_text="1 file (4 B) was deleted.")).to_be_visible()
    assert not left.exists()


def test_a_rewrite_frees_nothing_and_says_so(open_page: OpenPage, seeded: Seed) -> None:
    table = made(seeded, "crumbs", 3)
    page = open_page(care_of("crumbs"))
    rewriting = card(page, "Rewrite small files")
    expect(rewriting).to_contain_text(re.compile("3 files of .* on average"))
    rewriting.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("status").filter(has_text="no small files worth a rewrite")).to_be_visible()
    rewriting.get_by_text("Options").click()
    rewriting.get_by_label("Small files worth a rewrite").fill("2")
    rewriting.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Rewrite 3 files").click()
    done = page.get_by_role("status").filter(has_text="became 1 new file")
    expect(done).to_contain_text("Nothing is freed by that")
    assert len(list(table.refresh().scan().plan_files())) == 1


def test_a_policy_is_made_and_taken_back(open_page: OpenPage, seeded: Seed) -> None:
    made(seeded, "minded", 1, **{"care.rewrite.every": "often"})
    page = open_page(care_of("minded"))
    lines = page.get_by_role("listitem")
    expect(lines.filter(has_text="'often' is no age")).to_be_visible()
    page.get_by_role("button", name="Change: Expire snapshots").click()
    expect(page.get_by_label("Repeat every")).to_be_focused()
    page.get_by_label("Repeat every").fill("5m")
    expect(page.get_by_role("alert")).to_contain_text("At least 1 hour")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_label("Repeat every").fill("12h")
    page.get_by_label("Newest that stay").last.fill("3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Change: Expire snapshots")).to_be_focused()
    expect(lines.filter(has_text="every 12 hours, the newest 3 of each branch stay")).to_be_visible()
    assert properties_of(seeded, "minded")["care.expire-snapshots.every"] == "12h"
    page.get_by_role("button", name="Undo").click()
    expect(lines.filter(has_text="every 12 hours")).to_have_count(0)
    assert not [key for key in properties_of(seeded, "minded") if key.startswith("care.expire")]
    page.get_by_role("button", name="Change: Retention").click()
    page.get_by_label("Snapshots stay for").fill("7d")
    page.keyboard.press("Enter")
    expect(lines.filter(has_text="Snapshots stay for 7 days")).to_be_visible()
    assert properties_of(seeded, "minded")["history.expire.max-snapshot-age-ms"] == "604800000"


def test_files_that_may_not_be_deleted_are_told_and_allowed_by_name(open_page: OpenPage, seeded: Seed) -> None:
    made(seeded, "shared", 0, **{"gc.enabled": "false"})
    page = open_page(care_of("shared"))
    expect(card(page, "Expire snapshots")).to_contain_text("let files be deleted under Policies")
    expect(page.get_by_role("button", name="Preview expiring snapshots")).to_be_disabled()
    page.get_by_role("button", name="Allow").click()
    page.get_by_label("Type shared to go on").fill("shared")
    page.get_by_role("dialog").get_by_role("button", name="Allow").click()
    expect(page.get_by_role("button", name="Preview expiring snapshots")).to_be_enabled()
    assert "gc.enabled" not in properties_of(seeded, "shared")


def test_a_run_that_fails_says_what_to_do_next(open_page: OpenPage, seeded: Seed) -> None:
    made(seeded, "failing", 2)
    run = seeded.call("POST", "/catalogs/hive/databases/cared/tables/failing/care/rewrite")
    httpx.get(f"{seeded.http}/api/v1/care-runs/{run['id']}?wait_ms=30000", timeout=60, trust_env=False)
    seeded.call("PATCH", "/catalogs/hive/databases/cared/tables/failing", {"parameters": {"gc.enabled": "false"}})
    run = seeded.call("POST", "/catalogs/hive/databases/cared/tables/failing/care/expire-snapshots")
    page = open_page(f"{care_of('failing')}&run={run['id']}")
    failed = page.get_by_role("region", name="Expiring snapshots")
    expect(failed.get_by_role("alert")).to_contain_text("gc.enabled: is false")
    expect(failed).to_contain_text("Whoever owns the table knows")
    expect(history(page)).to_have_count(2)
    history(page).last.get_by_role("link", name="Rewrite small files").click()
    expect(page).to_have_url(re.compile("run="))
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Preview again")).to_have_count(0)


def test_a_table_of_files_has_no_care(open_page: OpenPage) -> None:
    page = open_page("/catalogs/hive/raw/airports?tab=care")
    expect(page.get_by_role("tab", name="Columns")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name="Care")).to_have_count(0)


def test_a_new_table_has_an_empty_history(open_page: OpenPage, seeded: Seed) -> None:
    made(seeded, "fresh")
    page = open_page("/catalogs/hive/cared/fresh")
    page.get_by_role("tab", name="Care").click()
    expect(page.get_by_role("heading", name="Nothing was done for this table yet")).to_be_visible()
    expect(page.get_by_text("nothing was written yet")).to_be_visible()
