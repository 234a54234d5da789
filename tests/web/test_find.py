"""Finding things: the search box, its keys, the tree at the left."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import OpenPage

pytestmark = pytest.mark.browser


def test_slash_searches_and_enter_opens_the_chosen_suggestion(open_page: OpenPage) -> None:
    page = open_page("/crawlers")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("fligh")
    option = page.get_by_role("option").first
    expect(option).to_contain_text("hive.raw")  # what was found for fewer letters is gone
    expect(option).to_contain_text("flights")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/catalogs/hive/raw/(flights|by_carrier)"))


def test_a_column_is_found_by_its_name_and_marked(open_page: OpenPage) -> None:
    page = open_page("/search?q=dep_delay")
    hit = page.get_by_role("list", name="Hits").get_by_role("listitem")
    expect(hit.locator("mark").first).to_be_visible()
    hit.get_by_role("link").first.click()
    expect(page.locator("td mark")).to_have_text("dep_delay")


def test_the_kind_of_hit_is_in_the_address(open_page: OpenPage) -> None:
    page = open_page("/search?q=carrier")
    page.get_by_role("button", name="Views").click()
    expect(page).to_have_url(re.compile("kind=view"))
    expect(page.get_by_role("list", name="Hits").get_by_role("link")).to_have_text(["by_carrier"])
    page.go_back()
    expect(page.get_by_role("button", name="Everything")).to_have_attribute("aria-pressed", "true")


def test_what_is_not_found_is_told(open_page: OpenPage) -> None:
    page = open_page("/search?q=zebra")
    expect(page.get_by_role("heading", name="Nothing matches “zebra”")).to_be_visible()


def test_the_tree_is_walked_with_arrow_keys(open_page: OpenPage) -> None:
    page = open_page("/crawlers")
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem", name="raw")).to_be_visible()
    page.keyboard.press("t")
    for key in ("Home", "End"):
        page.keyboard.press(key)
    expect(tree).to_have_attribute("aria-activedescendant", re.compile("raw|Connections"))
    page.keyboard.press("Home")
    while "raw" not in (tree.get_attribute("aria-activedescendant") or ""):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name="flights")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/catalogs/hive/raw/airports$"))
    expect(tree.get_by_role("treeitem", name="airports")).to_have_attribute("aria-selected", "true")


def test_the_tree_narrows_as_one_types(open_page: OpenPage) -> None:
    page = open_page("/catalogs/hive/raw/flights")
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem", name="airports")).to_be_visible()
    page.get_by_label("Filter the tree").fill("port")
    expect(tree.get_by_role("treeitem", name="flights")).to_have_count(0)
    expect(tree.get_by_role("treeitem", name="airports")).to_be_visible()
