"""Every page opens in light and in dark, says what it is, and asks nobody but its own server."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.conftest import OpenPage

pytestmark = pytest.mark.browser

TABLE = "/catalogs/hive/raw/flights"
PAGES = {
    "/": "What are you looking for?",
    "/search?q=flights": "Search for “flights”",
    "/catalogs/hive": "hive",
    "/catalogs/hive/raw": "raw",
    TABLE: "flights",
    f"{TABLE}?tab=partitions": "flights",
    f"{TABLE}?tab=sample": "flights",
    f"{TABLE}?tab=versions": "flights",
    f"{TABLE}?tab=lineage": "flights",
    f"{TABLE}?tab=properties": "flights",
    f"{TABLE}?tab=use&with=trino": "flights",
    "/catalogs/hive/raw/by_carrier?tab=definition": "by_carrier",
    "/crawlers": "Crawlers",
    "/new-crawler": "New crawler",
    "/jobs": "Jobs",
    "/new-job": "New job",
    "/connections": "Connections",
    "/new-connection": "New connection",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_opens(open_page: OpenPage, scheme: str) -> None:
    page = open_page("/", scheme=scheme)
    home = page.url.rstrip("/")
    for path, heading in PAGES.items():
        page.goto(home + path)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        expect(page.get_by_role("alert")).to_have_count(0)


def test_the_system_decides_between_dark_and_light_until_somebody_chooses(open_page: OpenPage) -> None:
    page = open_page("/", scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(background)
    assert dark != light
    page.get_by_role("button", name="Theme: system").click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate(background) == dark
    page.reload()
    assert page.evaluate(background) == dark


def test_a_table_that_is_not_there_says_so_with_the_request_s_id(open_page: OpenPage) -> None:
    page = open_page("/catalogs/hive/raw/nothing", expected=(404,))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("nothing")
    expect(alert).to_contain_text("NotFound")
    expect(alert).to_contain_text("request ")


def test_a_page_that_is_not_there_leads_back(open_page: OpenPage) -> None:
    page = open_page("/no/such/page")
    page.get_by_role("link", name="Back to the start").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What are you looking for?")


def test_the_policy_allows_no_foreign_and_no_inline_script(open_page: OpenPage) -> None:
    page = open_page("/")
    assert page.locator("script:not([src])").count() == 0
    policy = page.request.get(page.url).headers["content-security-policy"]
    scripts = next((part for part in policy.split(";") if "script-src" in part), policy.split(";")[0])
    assert "'self'" in scripts
    assert "unsafe" not in scripts
