"""The care page while runs wait and go on: on a server without a worker, whose part each test plays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from pyiceberg.catalog.rest import RestCatalog

from catalog_server.config import Config
from catalog_server.server import application
from catalog_server.store import care as runs
from tests.care.tables import SCHEMA, rows
from tests.facades.web.serving import Served, serve
from tests.web.conftest import OpenPage
from tests.web.seed import Seed

pytestmark = pytest.mark.browser

ADDRESS = "/catalogs/hive/databases/cared/tables"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(Config(data=tmp_path_factory.mktemp("care")), application) as running:
        yield running


@pytest.fixture(scope="module")
def seeded(pages_built: None, served: Served, tmp_path_factory: pytest.TempPathFactory) -> Seed:
    return Seed(served.url, tmp_path_factory.mktemp("pages"))


def start(seeded: Seed, name: str, **body: Any) -> str:
    """Make a table of six snapshots, queue a rewrite of it, and return the run's id."""
    rest = RestCatalog("rest", uri=f"{seeded.http}/iceberg")
    rest.create_namespace_if_not_exists("cared")
    table = rest.create_table(f"cared.{name}", SCHEMA)
    for number in range(6):
        table.append(rows(number))
    id_: str = seeded.call("POST", f"{ADDRESS}/{name}/care/rewrite", body)["id"]
    return id_


def test_a_run_that_another_keeps_out_leads_there_and_that_one_is_cancelled(
    open_page: OpenPage, seeded: Seed, served: Served
) -> None:
    first = start(seeded, "busy")
    tried = seeded.call("POST", f"{ADDRESS}/busy/care/rewrite", {"dry_run": True})["id"]
    served.services.care.execute(tried)
    page = open_page(f"/catalogs/hive/cared/busy?tab=care&run={tried}", expected=(409,))
    expect(page.get_by_text("One run at a time changes a table")).to_be_visible()
    page.get_by_role("button", name="Rewrite 6 files").click()
    expect(page.get_by_role("alert")).to_contain_text(f"run {first} (rewrite) changes table")
    page.get_by_role("link", name="Follow that run").click()
    running = page.get_by_role("region", name="Rewriting small files", exact=True)
    expect(running.get_by_role("status")).to_contain_text("It waits its turn")
    running.get_by_role("button", name="Cancel").click()
    expect(running.get_by_role("status")).to_contain_text("What it had done stays done")
    expect(page.get_by_text("One run at a time changes a table")).to_have_count(0)
    running.get_by_role("button", name="Preview again").click()
    expect(page.get_by_role("region", name="Preview of rewriting small files")).to_be_visible()


def test_how_far_a_run_is_shows_until_it_ends(open_page: OpenPage, seeded: Seed, served: Served) -> None:
    id_ = start(seeded, "slow")
    begun = {"state": "RUNNING", "progress": {"phase": "rewriting", "done": 3, "total": 10}}
    served.services.catalog.store.write(lambda tx: runs.change(tx, id_, ("QUEUED",), begun))
    page = open_page(f"/catalogs/hive/cared/slow?tab=care&run={id_}")
    running = page.get_by_role("region", name="Rewriting small files", exact=True)
    bar = running.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "30")
    expect(running).to_contain_text("Rewriting3 of 10")
    expect(page.locator(".care-history tbody tr")).to_contain_text("running")
    served.services.care.execute(id_)
    expect(running.get_by_role("status")).to_contain_text("became 1 new file")
    expect(bar).to_have_count(0)
    expect(page.get_by_role("region", name="Rewrite small files")).to_contain_text("1 file of")


def test_what_a_policy_began_shows_by_itself(open_page: OpenPage, seeded: Seed, served: Served) -> None:
    seeded.call("DELETE", f"/care-runs/{start(seeded, 'minded')}")
    page = open_page("/catalogs/hive/cared/minded?tab=care")
    expect(page.locator(".care-history tbody tr")).to_have_count(1)
    properties = {"care.expire-snapshots.every": "1d"}
    seeded.call("PATCH", f"{ADDRESS}/minded", {"parameters": properties})
    served.services.care.apply_policies()
    seeded.call("PATCH", f"{ADDRESS}/minded", {"parameters": {"seen": "yes"}})
    expect(page.locator(".care-history tbody tr").first).to_contain_text("policy")
    expect(page.get_by_text("at work since")).to_contain_text("for a policy")
