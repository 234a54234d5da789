"""What others do to the catalog while a crawl goes on is not undone by it."""

from __future__ import annotations

from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
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
