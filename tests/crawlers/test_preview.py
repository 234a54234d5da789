"""Previews: what a crawl would do, told beforehand, and nothing written."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from catalog_server.crawlers.crawl import Crawls
from catalog_server.model.crawler import Crawl
from catalog_server.model.errors import NotFound
from catalog_server.model.names import DatabaseName
from tests.crawlers.conftest import ME, Crawling, names
from tests.crawlers.test_crawl_files import months, parquet


def preview(crawling: Crawling) -> Crawl:
    return crawling.crawls.execute(crawling.crawls.run(ME, "raw", preview=True).id)


def written(crawling: Crawling) -> Any:
    """All that the catalog holds of the database, with versions, and the last event."""
    tables = [crawling.table(name) for name in crawling.tables()]
    return tables, [crawling.partitions(table.name) for table in tables], crawling.catalog.events.latest()


def told(crawl: Crawl) -> dict[str, object]:
    return {key: value for key, value in crawl.summary.items() if key != "preview"}


def test_the_first_crawl_is_told_without_a_database(crawling: Crawling) -> None:
    crawling.place.put(months(1, 2) | {"weather/w.parquet": parquet(temp=pa.array([1.5])), "bad/x.csv": b""})
    crawling.create()
    before = crawling.catalog.events.latest()
    seen = preview(crawling)
    assert (seen.state, seen.preview, sorted(names(seen, "added"))) == (
        "SUCCEEDED", True, ["raw.flights", "raw.weather"],
    )  # fmt: skip
    assert (seen.summary["partitions_added"], crawling.catalog.events.latest()) == (2, before)
    try:
        crawling.catalog.databases.get(ME, DatabaseName("hive", "raw"))
    except NotFound:
        pass
    else:
        raise AssertionError("the preview made the database")
    done = crawling.run()
    assert (told(done), done.preview) == (told(seen), False)


def test_changes_are_told_as_they_are_made_then(crawling: Crawling) -> None:
    crawling.crawl(
        months(1, 2, 3) | {"gone/a.csv": b"a,b\n1,2\n", "weather/w.parquet": parquet(temp=pa.array([1.5]))},
        on_missing_table="drop",
    )
    for gone in ("gone/a.csv", "flights/month=2/part.csv"):
        crawling.place.files.delete(f"{crawling.place.root}/{gone}")
    crawling.place.put(
        months(4)
        | {
            "weather/w.parquet": parquet(temp=pa.array([1.5]), wind=pa.array([2])),
            "new/n.json": b'{"a": 1}\n{"a": 2}\n',
        }
    )
    before = written(crawling)
    seen = preview(crawling)
    assert written(crawling) == before
    assert (names(seen, "removed"), sorted(names(seen, "changed"))) == (["raw.gone"], ["raw.flights", "raw.weather"])
    assert told(crawling.run()) == told(seen)


def test_a_preview_that_was_interrupted_is_done_again_as_one(local: Crawling) -> None:
    local.place.put(months(1))
    local.create()
    waiting = local.crawls.run(ME, "raw", preview=True)
    again = Crawls(local.catalog).execute(waiting.id)
    assert (again.preview, [one.name for one in local.catalog.databases.list(ME)]) == (True, ["default"])


def test_what_is_only_told_or_marked_is_previewed_alike(local: Crawling) -> None:
    files = {"gone/a.csv": b"a,b\n1,2\n", "t/t.json": b'{"a": 1}\n'}
    local.crawl(files | months(1), on_missing_table="deprecate", on_changed_table="log")
    local.place.files.delete(f"{local.place.root}/gone/a.csv")
    local.place.put(months(2) | {"t/t.json": b'{"a": 1, "b": 2}\n'})
    before = written(local)
    seen = preview(local)
    assert written(local) == before
    assert (names(seen, "deprecated"), sorted(names(seen, "logged"))) == (["raw.gone"], ["raw.t"])
    assert told(local.run()) == told(seen)
