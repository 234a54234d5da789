"""Crawlers, jobs and connections from their forms to what they made, without leaving the browser."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import OpenPage
from tests.web.seed import Seed, location_of, write_airports

pytestmark = pytest.mark.browser

RUN_MILLISECONDS = 60_000
SCRIPT = """from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.table("raw.flights").groupBy("carrier").count().write.saveAsTable("raw.delays")
print("hello", 6 * 7)
"""


def fill_target(page: Page, name: str, target: str, database: str) -> None:
    """The first step of the wizard."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Targets").fill(target)
    page.get_by_label("Database").fill(database)
    page.get_by_role("button", name="Next: options").click()


def test_a_crawler_is_made_run_and_its_table_opened(open_page: OpenPage, seeded: Seed) -> None:
    write_airports(seeded.folder / "found" / "stations")
    page = open_page("/crawlers")
    page.get_by_role("link", name="New crawler").click()
    fill_target(page, "stations", location_of(seeded.folder / "found"), "found")
    page.get_by_role("button", name="Next: preview").click()
    expect(page.get_by_text("nothing is written to the catalog until it runs")).to_be_visible()
    expect(page.get_by_text("1 table would be made.")).to_be_visible(timeout=RUN_MILLISECONDS)
    page.reload()
    expect(page.get_by_text("1 table would be made.")).to_be_visible()
    page.get_by_role("button", name="Run stations now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Crawl of stations")
    expect(page.get_by_text("succeeded", exact=True)).to_be_visible(timeout=RUN_MILLISECONDS)
    page.get_by_role("main").get_by_role("link", name="stations").last.click()
    expect(page).to_have_url(re.compile("/catalogs/hive/found/stations$"))
    page.get_by_role("tab", name="Where it came from").click()
    page.get_by_role("link", name=re.compile("the crawl")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Crawl of stations")


def test_a_crawl_says_what_it_changed_and_is_undone(open_page: OpenPage, seeded: Seed) -> None:
    write_airports(seeded.folder / "trial" / "airfields")
    page = open_page("/new-crawler", expected=(404,))
    fill_target(page, "trial", location_of(seeded.folder / "trial"), "trial")
    page.get_by_role("button", name="Create crawler without a preview").click()
    expect(page.get_by_role("heading", name="It has not run yet")).to_be_visible()
    page.get_by_role("button", name="Run trial now").click()
    changed = page.get_by_role("region", name="airfields")
    expect(changed.get_by_role("row", name=re.compile("faa"))).to_be_visible(timeout=RUN_MILLISECONDS)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 table it made: dropped again")
    page.get_by_label("Type trial to go on").fill("trial")
    page.get_by_role("button", name="Undo crawl").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Undo of a crawl of trial")
    expect(page.get_by_text("the crawl had made it", exact=True)).to_be_visible(timeout=RUN_MILLISECONDS)
    page.get_by_role("link", name="the crawl").click()
    expect(page.get_by_text("undone", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_form_that_the_server_refuses_says_why(open_page: OpenPage) -> None:
    page = open_page("/new-crawler", expected=(400,))
    fill_target(page, "wrong", "not a target", "found")
    page.get_by_role("button", name="Next: preview").click()
    expect(page.get_by_role("alert")).to_contain_text("not a target")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Targets")).to_have_value("not a target")


def test_what_a_preview_shows_is_changed_and_previewed_again(open_page: OpenPage, seeded: Seed) -> None:
    for name in ("ports", "piers"):
        write_airports(seeded.folder / "coast" / name)
    (seeded.folder / "coast" / "wreck.parquet").write_bytes(b"PAR1 and no more")
    page = open_page("/new-crawler")
    fill_target(page, "coast", location_of(seeded.folder / "coast"), "coast")
    page.get_by_role("button", name="Next: preview").click()
    expect(page.get_by_text("2 tables would be made; 1 problem.")).to_be_visible(timeout=RUN_MILLISECONDS)
    expect(page.get_by_role("row", name=re.compile("wreck.parquet"))).to_contain_text("truncated")
    page.go_back()
    page.get_by_label("Files that are left out").fill("piers/**, *.parquet")
    page.get_by_label("Tables of which nothing is left").select_option("are dropped")
    page.get_by_role("button", name="Next: preview").click()
    expect(page.get_by_text("1 table would be made.")).to_be_visible(timeout=RUN_MILLISECONDS)
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Crawler coast is discarded")).to_be_visible()
    expect(page.get_by_role("link", name="coast")).to_have_count(0)


def test_the_engine_of_a_crawler_is_chosen_and_changed_back(open_page: OpenPage, seeded: Seed) -> None:
    page = open_page("/new-crawler")
    fill_target(page, "wide", location_of(seeded.folder / "wide"), "wide")
    engine = page.get_by_label("Files are looked at by")
    expect(engine).to_have_value("this server")
    expect(page.get_by_text("Spark is for lakes beyond one machine")).to_be_visible()
    engine.select_option("a Spark application")
    page.get_by_role("button", name="Create crawler without a preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("wide")
    api = f"{seeded.http}/api/v1/crawlers/wide"
    assert httpx.get(api).json()["options"] == {"engine": "spark"}
    page.goto(f"{seeded.http}/new-crawler?crawler=wide&step=options")
    expect(engine).to_have_value("a Spark application")
    engine.select_option("this server")
    page.get_by_role("button", name="Save without a preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("wide")
    assert httpx.get(api).json()["options"] == {}


def test_a_crawler_is_scheduled_paused_and_has_a_history(open_page: OpenPage, seeded: Seed) -> None:
    write_airports(seeded.folder / "nightly" / "fields")
    page = open_page("/new-crawler", expected=(400,))
    fill_target(page, "nightly", location_of(seeded.folder / "nightly"), "nightly")
    page.get_by_label("Crawl", exact=True).select_option("every week")
    page.get_by_label("At", exact=True).fill("03:15")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    expect(page.get_by_text("At 03:15 on Monday, Europe/Berlin")).to_be_visible()
    expect(page.get_by_role("list", name="Next times").get_by_role("listitem")).to_have_count(5)
    page.get_by_role("button", name="Create crawler without a preview").click()
    expect(page.get_by_text("15 3 * * mon")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_label("Crawl", exact=True).select_option("cron text")
    page.get_by_label("Cron text").fill("99 * * * *")
    expect(page.get_by_role("alert")).to_contain_text("bad minute")
    page.get_by_label("Cron text").fill("cron(0 6 ? * 2 *)")
    page.get_by_label("If a crawl is still at work then").select_option("crawl once more afterwards")
    page.get_by_role("button", name="Save schedule").click()
    expect(page.get_by_text("At 06:00 on Monday, Europe/Berlin")).to_be_visible()
    page.get_by_role("button", name="Run nightly now").click()
    expect(page.get_by_text("succeeded", exact=True)).to_be_visible(timeout=RUN_MILLISECONDS)
    page.get_by_role("navigation", name="Where this is").get_by_role("link", name="nightly").click()
    expect(page.get_by_role("row", name=re.compile("succeeded"))).to_contain_text("+1")
    page.get_by_role("link", name="Crawlers").first.click()
    expect(page.get_by_role("row", name=re.compile("nightly"))).to_contain_text("in ")
    page.get_by_role("link", name="nightly").first.click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("It crawls when somebody starts it")).to_be_visible()


def test_a_job_is_made_run_and_its_table_says_what_it_came_from(open_page: OpenPage) -> None:
    page = open_page("/jobs")
    page.get_by_role("link", name="New job").click()
    page.get_by_label("Name").fill("delays")
    page.get_by_role("textbox", name="Script").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(SCRIPT)
    page.get_by_role("button", name="Create job").click()
    page.get_by_role("button", name="Run delays now").click()
    expect(page.get_by_label("Log", exact=True)).to_contain_text("hello 42", timeout=RUN_MILLISECONDS)
    expect(page.get_by_text("succeeded", exact=True)).to_be_visible(timeout=RUN_MILLISECONDS)
    page.get_by_role("main").get_by_role("link", name="delays", exact=True).last.click()
    expect(page).to_have_url(re.compile("/catalogs/hive/raw/delays$"))
    page.get_by_role("tab", name="Where it came from").click()
    page.get_by_role("tabpanel").get_by_role("link", name="flights").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("flights")


def test_a_connection_to_azure_keeps_its_key_to_itself(open_page: OpenPage, seeded: Seed) -> None:
    prefix = "abfss://lake@account.dfs.core.windows.net/"
    page = open_page("/new-connection", expected=(400,))
    page.get_by_label("Name").fill("blobs")
    page.get_by_label("Kind").select_option("azure")
    page.get_by_label("Prefixes").fill("s3://lake/")
    page.get_by_label("Account key").fill("env:AZURE_KEY")
    page.get_by_label("Options").fill("endpoint = http://127.0.0.1:10000/account")
    page.get_by_role("button", name="Create connection").click()
    expect(page.get_by_role("alert")).to_contain_text("abfss://container@account")
    page.get_by_label("Prefixes").fill(prefix)
    page.get_by_role("button", name="Create connection").click()
    expect(page.get_by_text("account_key", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Crawl it")).to_have_attribute("href", re.compile("target=abfss"))
    made = seeded.call("GET", "/connections/blobs")
    assert (made["kind"], made["prefixes"], made["secret_names"]) == ("azure", [prefix], ["account_key"])
    assert made["options"] == {"endpoint": "http://127.0.0.1:10000/account"}
    seeded.call("DELETE", "/connections/blobs")


def test_a_connection_is_made_tested_and_deleted_by_typing_its_name(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute("create table orders (id integer, price real)")
    database.close()
    page = open_page("/new-connection", expected=(404,))
    page.get_by_label("Name").fill("shop")
    page.get_by_label("Kind").select_option("sqlite")
    page.get_by_label("URL").fill(f"sqlite://{path}")
    page.get_by_role("button", name="Create connection").click()
    page.get_by_role("button", name="Test shop").click()
    expect(page.get_by_text(re.compile("answers in"))).to_be_visible()
    expect(page.get_by_role("treeitem", name="Connections")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_label("Type shop to go on").fill("shop")
    page.get_by_role("button", name="Delete connection").click()
    expect(page.get_by_role("heading", name="No connections yet")).to_be_visible()


def test_a_connection_to_google_cloud_storage_is_made(open_page: OpenPage) -> None:
    page = open_page("/new-connection", expected=(404,))
    page.get_by_label("Name").fill("google")
    page.get_by_label("Kind").select_option("gcs")
    page.get_by_label("Prefixes").fill("gs://lake/raw/")
    page.get_by_label("Service account key").fill("env:NO_SUCH_KEY")
    page.get_by_role("button", name="Create connection").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("google")
    expect(page.get_by_text("service_account_key")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_label("Type google to go on").fill("google")
    page.get_by_role("button", name="Delete connection").click()
    expect(page.get_by_role("heading", name="No connections yet")).to_be_visible()
