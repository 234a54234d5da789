"""The page of one table: columns, partitions, rows, versions, comments, snippets."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import OpenPage
from tests.web.seed import MONTHS, Seed, location_of

pytestmark = pytest.mark.browser

FLIGHTS = "/catalogs/hive/raw/flights"


def test_a_nested_type_is_laid_out_line_by_line(open_page: OpenPage) -> None:
    page = open_page(FLIGHTS)
    lines = page.get_by_role("row", name=re.compile("crew")).locator(".type-tree > span")
    expect(lines).to_have_text(["array", "element struct", "id bigint", "name string", "hours map<string, int>"])


def test_tabs_are_in_the_address_and_the_back_button_walks_them(open_page: OpenPage) -> None:
    page = open_page(FLIGHTS)
    page.get_by_role("tab", name="Columns").press("ArrowRight")
    expect(page).to_have_url(re.compile("tab=partitions"))
    page.get_by_role("tab", name="Properties").click()
    expect(page.get_by_role("cell", name="nycflights13")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("tab", name="Partitions")).to_have_attribute("aria-selected", "true")


def test_partitions_are_counted_and_filtered_by_an_expression(open_page: OpenPage) -> None:
    page = open_page(f"{FLIGHTS}?tab=partitions")
    rows = page.get_by_role("tabpanel").get_by_role("row")
    expect(rows).to_have_count(MONTHS + 1)
    page.get_by_label("Filter expression").fill("month >= 20")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(MONTHS - 20 + 1 + 1)
    expect(page).to_have_url(re.compile("where=month"))


def test_a_filter_that_cannot_be_read_is_told(open_page: OpenPage) -> None:
    page = open_page(f"{FLIGHTS}?tab=partitions&where=mnth%20%3D%201", expected=(400,))
    expect(page.get_by_role("alert")).to_contain_text("mnth")


def test_the_sample_shows_rows_with_types_and_nothing_as_null(open_page: OpenPage) -> None:
    page = open_page(f"{FLIGHTS}?tab=sample")
    grid = page.get_by_role("grid", name="Sample rows")
    expect(grid.get_by_role("columnheader", name=re.compile("dep_delay"))).to_contain_text("double")
    expect(grid.locator(".null").first).to_have_text("null")


def test_a_version_shows_what_it_changed(open_page: OpenPage) -> None:
    page = open_page(f"{FLIGHTS}?tab=versions&version=2")
    added = page.get_by_role("row", name=re.compile("dep_delay"))
    expect(added).to_have_class("added")
    page.get_by_role("button", name=re.compile("Version 3")).click()
    expect(page.get_by_role("row", name=re.compile("nycflights13"))).to_have_class("added")


def test_a_comment_is_written_in_place_and_an_old_version_restored(open_page: OpenPage, seeded: Seed) -> None:
    page = open_page("/catalogs/hive/raw/airports")
    page.get_by_role("button", name="Say what this table holds").click()
    page.keyboard.type("Where flights start")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Where flights start")).to_be_visible()
    address = "/catalogs/hive/databases/raw/tables/airports"
    assert seeded.call("GET", address)["comment"] == "Where flights start"
    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("button", name="Version 1").click()
    page.get_by_role("button", name="Restore version 1").click()
    restore = page.get_by_role("button", name="Restore", exact=True)
    expect(restore).to_be_disabled()
    page.get_by_label("Type airports to go on").fill("airports")
    restore.click()
    expect(page.get_by_role("button", name="Say what this table holds")).to_be_visible()
    assert seeded.call("GET", address)["comment"] is None


def test_a_change_from_elsewhere_shows_by_itself(open_page: OpenPage, seeded: Seed) -> None:
    page = open_page("/catalogs/hive/raw")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    columns = [{"name": "a", "type": "int"}]
    location = location_of(seeded.folder / "lake" / "late")
    tables = "/catalogs/hive/databases/raw/tables"
    seeded.call("POST", tables, {"name": "late", "columns": columns, "location": location})
    expect(page.get_by_role("table").get_by_role("link", name="late")).to_be_visible()
    seeded.call("DELETE", f"{tables}/late")
    expect(page.get_by_role("table").get_by_role("link", name="late")).to_have_count(0)


def test_windows_of_one_browser_share_one_stream_of_events(open_page: OpenPage, seeded: Seed) -> None:
    first = open_page("/catalogs/hive/raw")
    expect(first.get_by_text("live", exact=True)).to_be_visible()
    second = first.context.new_page()
    streams: list[str] = []
    second.on("request", lambda request: streams.append(request.url) if request.url.endswith("/stream") else None)
    second.goto(first.url)
    expect(second.get_by_text("live", exact=True)).to_be_visible()
    assert streams == []
    with second.expect_request("**/events/stream"):
        first.close()
    expect(second.get_by_text("live", exact=True)).to_be_visible()


def test_snippets_name_this_server_and_are_copied(open_page: OpenPage, seeded: Seed) -> None:
    page = open_page(f"{FLIGHTS}?tab=use")
    page.get_by_role("button", name="Spark").click()
    expect(page).to_have_url(re.compile("with=spark"))
    page.get_by_role("button", name="Copy Spark snippet").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert seeded.call("GET", "/info")["addresses"]["thrift"] in copied
    assert "raw.flights" in copied


def test_the_grid_is_walked_by_keys_and_a_value_shown_whole(open_page: OpenPage) -> None:
    page = open_page(f"{FLIGHTS}?tab=sample")
    grid = page.get_by_role("grid", name="Sample rows")
    grid.get_by_role("gridcell").first.click()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(grid.locator("[aria-selected=true]")).to_have_text('[{id: 1, name: "Kim", hours: {2013: 8}}]')
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == '[{id: 1, name: "Kim", hours: {2013: 8}}]'
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Value of crew")).to_contain_text('"name": "Kim"')
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(grid).to_be_focused()
