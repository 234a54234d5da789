"""The history of a crawler: what each crawl was started by and what it counted, page by page."""

from __future__ import annotations

import pytest

from catalog_server.model.crawler import Crawl, StartedBy
from catalog_server.store import crawlers as rows
from tests.crawlers.conftest import ME, Crawling, names


def test_history_counts_what_crawls_did(local: Crawling) -> None:
    local.crawl({f"flights/month={n}/part.csv": f"Day,delay\n1,{n}\n".encode() for n in (1, 2)})
    local.place.put({"flights/month=3/part.csv": b"Day,delay\n1,3\n", "bad/x.parquet": b"PAR1 not"})
    local.run()
    second, first = local.crawls.history(ME, "raw")
    assert first.counts is not None
    assert second.counts is not None
    assert (first.counts["tables_added"], first.counts["partitions_added"], first.counts["objects"]) == (1, 2, 2)
    assert (second.counts["tables_changed"], second.counts["partitions_added"], second.counts["problems"]) == (1, 1, 1)
    assert (first.summary, first.started_by, first.by) == ({}, StartedBy.PERSON, "mira")
    assert [one.id for one in local.crawls.history(ME, "raw", (second.created_at, second.id))] == [first.id]


def test_lists_of_old_crawls_are_left_out_and_their_counts_stay(
    local: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "SUMMARIES_KEPT", 2)
    first = local.crawl({"flights/part.csv": b"Day,delay\n1,2\n"}).id
    assert local.run().summary["objects"] == 1
    assert local.run().summary["objects"] == 1
    assert local.crawls.get_crawl(ME, first).summary == {}
    counts = local.crawls.history(ME, "raw")[-1].counts
    assert counts is not None
    assert (counts["tables_added"], counts["objects"]) == (1, 1)


def test_what_was_skipped_has_no_lists_of_crawls_left_out(local: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "SUMMARIES_KEPT", 2)
    first = local.crawl({"flights/part.csv": b"Day,delay\n1,2\n"}).id
    skipped = [Crawl(str(at), "raw", "SKIPPED", by="mira", due_at=at) for at in range(3)]
    local.catalog.store.write(lambda tx: rows.create_due(tx, skipped))
    local.run()
    assert names(local.crawls.get_crawl(ME, first), "added") == ["raw.flights"]
