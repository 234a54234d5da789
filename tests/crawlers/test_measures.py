"""Column statistics of crawled Parquet tables: from the footers of all files, or none."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from catalog_server.crawlers import file_tables
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.names import TableName
from catalog_server.model.statistics import ColumnStatistics
from tests.crawlers.conftest import ME, Crawling, names
from tests.crawlers.corpus.kit import orc, parquet, parquet_of, text

NAME = TableName("hive", "raw", "t")
DAYS = [datetime.date(1970, 1, 3), None]


def statistics(crawling: Crawling, *partitions: str) -> dict[str, dict[str, object]]:
    """What is known of the table's columns, or of those of one partition."""
    if not partitions:
        found = crawling.catalog.statistics.get(ME, NAME)
    else:
        said = crawling.catalog.statistics.get_partitions(ME, NAME, partitions, ["n", "s"])
        found = [one for columns in said.values() for one in columns]
    return {one.column: dict(one.data) for one in found}


def test_a_table_gets_the_ranges_and_nulls_of_its_columns(local: Crawling) -> None:
    prices = pa.array([Decimal("1.50"), Decimal("-2.25")], pa.decimal128(9, 2))
    first = parquet(n=[1, 5], x=[1.5, None], day=DAYS, ok=[True, None], s=["a", "b"], price=prices)
    local.crawl({"t/a.parquet": first, "t/b.parquet": parquet(n=[None, 9], more=[7, 8])}, grouping="folders")
    assert statistics(local) == {
        "n": {"low": 1, "high": 9, "num_nulls": 1, "num_distinct": 3},
        "x": {"low": 1.5, "high": 1.5, "num_nulls": 3, "num_distinct": 1},
        "day": {"low": 2, "high": 2, "num_nulls": 3, "num_distinct": 1},
        "ok": {"num_trues": 1, "num_falses": 0, "num_nulls": 3},
        "price": {"low": "-225e-2", "high": "150e-2", "num_nulls": 2, "num_distinct": 2},
        "more": {"low": 7, "high": 8, "num_nulls": 2, "num_distinct": 2},
    }


def test_each_partition_has_its_own_and_only_what_is_different_is_written(local: Crawling) -> None:
    local.crawl({f"t/k={k}/a.parquet": parquet(n=[k, k * 10]) for k in (1, 2)})
    assert statistics(local, "k=2")["n"] == {"low": 2, "high": 20, "num_nulls": 0, "num_distinct": 2}
    own = ColumnStatistics("n", "bigint", "long", {"low": 0, "high": 99, "num_nulls": 0, "num_distinct": 2})
    local.catalog.statistics.put_partitions(ME, NAME, {"k=1": [own]})
    local.place.put({"t/k=2/a.parquet": parquet(n=[5]), "t/k=3/a.parquet": parquet(n=[7])})
    local.run()
    assert [statistics(local, f"k={k}")["n"]["high"] for k in (1, 2, 3)] == [99, 5, 7]


def test_statistics_go_where_they_are_not_true_any_more(local: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    local.crawl({"t/a.parquet": parquet(n=[1])})
    monkeypatch.setattr(file_tables, "FOOTERS_MAX", 1)
    local.change(sample="1")
    local.place.put({"t/b.parquet": parquet(n=[2]), "t/c.parquet": parquet(n=[3])})
    local.run()
    assert statistics(local) == {}


def test_orc_has_them_too(local: Crawling) -> None:
    local.crawl({"t/a.orc": orc(n=[1, None], s=["a", "b"]), "t/b.orc": orc(n=[7])})
    assert statistics(local) == {"n": {"low": 1, "high": 7, "num_nulls": 1, "num_distinct": 2}}


def test_a_file_that_tells_nothing_of_a_column_leaves_it_out(local: Crawling) -> None:
    silent = parquet_of(pa.table({"n": [1], "m": [2]}), write_statistics=["m"])
    local.crawl({"t/a.parquet": silent, "t/b.parquet": parquet(n=[3], m=[4])})
    assert set(statistics(local)) == {"m"}


def test_a_file_that_cannot_be_read_leaves_all_out(local: Crawling) -> None:
    whole = parquet(n=[3])
    damaged = whole[:-60] + b"\xff" * 52 + whole[-8:]
    local.crawl({"t/a.parquet": parquet(n=[1]), "t/b.parquet": parquet(n=[2]), "t/c.parquet": damaged})
    assert statistics(local) == {}


def test_without_footers_nothing_is_written(local: Crawling) -> None:
    local.crawl({"t/a.parquet": parquet(n=[1]), "u/a.csv": text("a,b", "1,2")}, statistics="none")
    assert statistics(local) == {}
    with pytest.raises(Invalid, match="neither footers nor none"):
        local.create(name="other", statistics="samples")


def test_a_second_crawl_changes_nothing(local: Crawling) -> None:
    local.crawl({"t/k=1/a.parquet": parquet(n=[1]), "u/a.parquet": parquet(m=[1])}, recrawl="everything")
    crawl = local.run()
    assert names(crawl, "changed") == []


def test_undo_restores_statistics(local: Crawling) -> None:
    local.crawl({"t/k=1/a.parquet": parquet(n=[1]), "t/k=2/a.parquet": parquet(n=[2])})
    before = [local.catalog.statistics.get_partitions(ME, NAME, [f"k={k}"], ["n"]) for k in (1, 2)]
    local.place.put({"t/k=2/a.parquet": parquet(n=[5, 6]), "t/k=3/a.parquet": parquet(n=[7])})
    crawl = local.run()
    assert statistics(local, "k=2")["n"]["high"] == 6
    undo = local.crawls.execute(local.crawls.undo(ME, crawl.id).id)
    assert (undo.state, undo.summary.get("refused", [])) == ("SUCCEEDED", [])
    assert [local.catalog.statistics.get_partitions(ME, NAME, [f"k={k}"], ["n"]) for k in (1, 2)] == before
    assert statistics(local, "k=3") == {}


def test_undo_of_the_first_crawl_drops_a_table_with_statistics(local: Crawling) -> None:
    crawl = local.crawl({"t/a.parquet": parquet(n=[1])})
    undo = local.crawls.execute(local.crawls.undo(ME, crawl.id).id)
    assert (undo.state, undo.summary.get("refused", [])) == ("SUCCEEDED", [])
    with pytest.raises(NotFound):
        local.table("t")


@pytest.mark.parametrize("files", ["t/a.parquet", "t/k=1/a.parquet"])
def test_undo_leaves_a_table_whose_statistics_others_wrote_since(local: Crawling, files: str) -> None:
    crawl = local.crawl({files: parquet(n=[1])})
    own = [ColumnStatistics("n", "bigint", "long", {"low": 0, "high": 9, "num_nulls": 0, "num_distinct": 2})]
    if "k=" in files:
        local.catalog.statistics.put_partitions(ME, NAME, {"k=1": own})
    else:
        local.catalog.statistics.put(ME, NAME, own)
    undo = local.crawls.execute(local.crawls.undo(ME, crawl.id).id)
    assert "statistics of it were written since" in str(undo.summary["refused"])
    assert local.tables() == ["t"]
