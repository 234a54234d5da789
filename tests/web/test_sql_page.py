"""The SQL page: run, read, correct, cancel, come back."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import OpenPage
from tests.web.seed import MONTHS, ROWS_PER_MONTH

pytestmark = pytest.mark.browser

_MANY = "UNNEST(sequence(1, 10000))"
SLOW = f"SELECT count(*) FROM {_MANY} a(x) CROSS JOIN {_MANY} b(y) CROSS JOIN {_MANY} c(z)"


def at(statement: str) -> str:
    """The page's address with a statement in it."""
    return f"/sql?database=raw&sql={quote(statement)}"


def run(page: Page) -> None:
    """Run the statement by the keyboard alone."""
    expect(page.get_by_role("textbox", name="SQL statement")).to_be_focused()
    page.keyboard.press("Control+Enter")


def test_control_enter_runs_and_the_result_is_a_grid_with_types(open_page: OpenPage) -> None:
    page = open_page(at("SELECT carrier, count(*) AS flights FROM flights GROUP BY carrier ORDER BY carrier"))
    run(page)
    grid = page.get_by_role("grid", name="Result")
    expect(grid.get_by_role("columnheader", name=re.compile("flights"))).to_contain_text("bigint")
    half = MONTHS * ROWS_PER_MONTH // 2
    expect(grid.get_by_role("gridcell")).to_have_text(["AA", str(half), "UA", str(half)])
    expect(page).to_have_url(re.compile("id="))
    page.reload()
    expect(grid.get_by_role("gridcell").first).to_have_text("AA")


def test_rows_arrive_as_one_scrolls_and_only_those_in_view_exist(open_page: OpenPage) -> None:
    page = open_page(at("SELECT x FROM UNNEST(sequence(1, 2500)) AS t(x) ORDER BY x"))
    run(page)
    grid = page.get_by_role("grid", name="Result")
    expect(grid.get_by_role("gridcell").first).to_have_text("1")
    assert grid.get_by_role("row").count() < 100
    last = grid.get_by_role("gridcell", name="2500", exact=True)
    for _ in range(20):
        grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
        page.wait_for_load_state("networkidle")
        if last.count():
            break
    expect(last).to_be_visible()


def test_an_error_is_marked_where_it_stands(open_page: OpenPage) -> None:
    page = open_page(at("SELECT 1;\n\nSELECT carrier,\n  nope\nFROM flights"), expected=(400,))
    run(page)
    expect(page.get_by_role("alert")).to_contain_text("nope")
    expect(page.get_by_role("alert")).to_contain_text("line 2, column 3")
    expect(page.locator(".cm-lintRange-error")).to_have_text("nope")


def test_names_are_completed_from_the_catalog(open_page: OpenPage) -> None:
    page = open_page(at("SELECT 1 FROM flights f WHERE f."))
    expect(page.get_by_role("textbox", name="SQL statement")).to_be_focused()
    page.keyboard.type("dep")
    page.get_by_role("option", name=re.compile("dep_delay")).click()
    expect(page.get_by_role("textbox", name="SQL statement")).to_contain_text("f.dep_delay")
    expect(page).to_have_url(re.compile("dep_delay"))


def test_a_long_statement_is_cancelled(open_page: OpenPage) -> None:
    page = open_page(at(SLOW))
    run(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="The statement was cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Run")).to_be_visible()


def test_the_result_is_downloaded_as_csv_and_the_statement_found_again(open_page: OpenPage) -> None:
    page = open_page(at("SELECT 1 AS one, 'a,b' AS two"))
    run(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text().split() == ["one,two", '1,"a,b"']
    page.get_by_role("button", name="History").click()
    page.get_by_role("link", name="SELECT 1 AS one").first.click()
    expect(page.get_by_role("grid", name="Result").get_by_role("gridcell")).to_have_text(["1", "a,b"])
