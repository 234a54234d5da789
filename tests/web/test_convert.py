"""Converting a table that not all engines read, from the note on its page to the new table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.conftest import OpenPage
from tests.web.seed import Seed

pytestmark = pytest.mark.browser


@pytest.fixture
def invoices(seeded: Seed, tmp_path: Path) -> Iterator[str]:
    """A table of XML that a crawler found, gone afterwards; the path of its page."""
    (tmp_path / "invoices").mkdir()
    body = "<all><invoice><Total>1.5</Total></invoice><invoice><Total>2.5</Total></invoice></all>"
    (tmp_path / "invoices" / "a.xml").write_text(body)
    name = re.sub(r"\W", "_", tmp_path.name)[-40:].lower()
    seeded.call("POST", "/crawlers", {"name": name, "targets": [tmp_path.as_uri()], "database": name})
    crawl = seeded.call("POST", f"/crawlers/{name}/crawls", {})
    seeded.call("GET", f"/crawls/{crawl['id']}?wait_ms=30000")
    yield f"/catalogs/hive/{name}/invoices"
    seeded.call("DELETE", f"/catalogs/hive/databases/{name}?cascade=true")
    seeded.call("DELETE", f"/crawlers/{name}")


def test_the_note_leads_to_a_job_and_the_job_to_the_table(open_page: OpenPage, invoices: str) -> None:
    page = open_page(invoices)
    note = page.get_by_role("note")
    expect(note).to_contain_text("The server's SQL and Spark read this table rightly; Trino cannot.")
    note.get_by_role("button", name="Convert…").click()
    dialog = page.get_by_role("dialog", name="Convert invoices")
    dialog.get_by_label("Parquet").check()
    expect(dialog.get_by_label("New table")).to_have_value(re.compile(r"invoices_parquet$"))
    dialog.get_by_text("The job convert-").click()
    expect(dialog.get_by_label("Script of the job")).to_contain_text("read_sql")
    dialog.get_by_role("button", name="Make and run the job").click()
    expect(page).to_have_url(re.compile("/runs/"))
    expect(page.get_by_text("Succeeded", exact=False).first).to_be_visible()
    page.get_by_role("link", name=re.compile("invoices_parquet")).first.click()
    expect(page.get_by_role("tab", name="Columns")).to_be_visible()
    expect(page.get_by_role("note")).to_have_count(0)


def test_a_name_that_is_taken_is_told_before_anything_is_made(open_page: OpenPage, invoices: str) -> None:
    page = open_page(invoices, expected=(409,))
    page.get_by_role("button", name="Convert…").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("New table").fill("raw.airports")
    expect(dialog.get_by_role("alert")).to_contain_text("airports already exists")
    expect(dialog.get_by_role("button", name="Make and run the job")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
