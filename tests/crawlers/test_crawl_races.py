"""What others do to the catalog while a crawl goes on is not undone by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers import crawl
from catalog_server.crawlers.crawl import Crawls
from catalog_server.crawlers.reconcile import Reconciler
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
from catalog_server.store.transaction import now
from tests.crawlers.conftest import ME, Crawling


def test_a_partition_added_during_a_crawl_stays(local: Crawling) -> None:
    local.crawl({f"flights/month={n}/part.csv": f"Day,delay\n1,{n}\n".encode() for n in (1, 2)})
    flights, added = TableName("hive", "raw", "flights"), False

    def meanwhile() -> bool:
        nonlocal added
        if not added:
            local.catalog.partitions.add(ME, flights, [Partition(("3",))])
            added = True
        return False

    crawl = local.crawls.execute(local.crawls.run(ME, "raw").id, meanwhile)
    assert (crawl.state, added) == ("SUCCEEDED", True)
    assert sorted(local.partitions("flights")) == ["1", "2", "3"]


def test_an_empty_partition_from_before_is_gone_after_a_crawl(local: Crawling) -> None:
    local.crawl({f"flights/month={n}/part.csv": f"Day,delay\n1,{n}\n".encode() for n in (1, 2)})
    local.catalog.partitions.add(ME, TableName("hive", "raw", "flights"), [Partition(("3",))])
    local.run()
    assert sorted(local.partitions("flights")) == ["1", "2"]


class Killed(BaseException):
    """The end of a crawl's process."""


def test_a_partition_added_while_nobody_works_on_a_crawl_stays(
    catalog: CatalogService, local: Crawling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.crawls = Crawls(catalog, spools=tmp_path / "spools")
    local.crawl({f"flights/month={n}/part.csv": f"Day,delay\n1,{n}\n".encode() for n in (1, 2)})
    crawl_id = local.crawls.run(ME, "raw").id

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Reconciler, "run", killed)
        with pytest.raises(Killed):
            local.crawls.execute(crawl_id)
    local.place.put({"flights/month=3/part.csv": b"Day,delay\n1,3\n"})
    catalog.partitions.add(ME, TableName("hive", "raw", "flights"), [Partition(("3",))])

    class Later:
        """A clock by which everything so far is long ago."""

        time_ns = staticmethod(lambda: (now() + 10_000) * 1_000_000)

    monkeypatch.setattr(crawl, "time", Later)
    assert local.crawls.execute(crawl_id).state == "SUCCEEDED"
    assert sorted(local.partitions("flights")) == ["1", "2", "3"]


def test_an_empty_partition_that_one_crawl_left_is_gone_after_the_next(
    local: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.crawl({f"flights/month={n}/part.csv": f"Day,delay\n1,{n}\n".encode() for n in (1, 2)})
    local.catalog.partitions.add(ME, TableName("hive", "raw", "flights"), [Partition(("3",))])
    drop = Reconciler._drop

    def as_if_new(self: Reconciler, *some: Any) -> int:
        self.began_at = 0
        return drop(self, *some)

    with monkeypatch.context() as patch:
        patch.setattr(Reconciler, "_drop", as_if_new)
        local.run()
    assert sorted(local.partitions("flights")) == ["1", "2", "3"]
    local.run()
    assert sorted(local.partitions("flights")) == ["1", "2"]
