"""Undoing a crawl: the catalog is what it was before, row by row; what others did since stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import select, update

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.grants import StoredPolicy
from catalog_server.config import Config, StoreConfig
from catalog_server.model.caller import Caller
from catalog_server.model.constraint import Constraint, ConstraintKind
from catalog_server.model.crawler import Crawl
from catalog_server.model.errors import Invalid, NotFound, Overtaken
from catalog_server.model.grant import Action, Grant
from catalog_server.model.names import TableName
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Column
from catalog_server.store import grants
from catalog_server.store.schema import crawl_befores, crawls, metadata
from tests.crawlers.conftest import ME, Crawling, names
from tests.crawlers.test_crawl_files import months, parquet
from tests.lake.places import local_place

NOBODY_COUNTS = {"version", "updated_at", "updated_by", "encoded"}
"""What goes on while a thing comes back to what it was."""
OF_TABLES = (
    "databases", "tables", "partitions", "column_statistics", "constraints", "partition_marks", "grants", "records",
)  # fmt: skip
FLIGHTS = TableName("hive", "raw", "flights")
STATISTICS = ColumnStatistics("delay", "bigint", "long", {"low": 1, "high": 2, "num_nulls": 1, "num_distinct": 2})


def held(catalog: CatalogService) -> Any:
    """Every row of the catalog's own things."""
    with catalog.store.read() as tx:
        found = {}
        for name in OF_TABLES:
            table = metadata.tables[name]
            chosen = [column for column in table.c if column.name not in NOBODY_COUNTS]
            found[name] = [tuple(row) for row in tx.connection.execute(select(*chosen).order_by(*table.primary_key))]
        return found


def undo(crawling: Crawling, crawl: Crawl) -> Crawl:
    return crawling.crawls.execute(crawling.crawls.undo(ME, crawl.id).id)


def refusals(crawl: Crawl) -> dict[str, str]:
    entries: Any = crawl.summary.get("refused", ())
    return {entry["table"]: entry["reason"] for entry in entries}


def put_statistics(crawling: Crawling, *partitions: str) -> None:
    crawling.catalog.statistics.put(ME, FLIGHTS, [STATISTICS])
    crawling.catalog.statistics.put_partitions(ME, FLIGHTS, {name: [STATISTICS] for name in partitions})


def test_a_first_crawl_leaves_nothing_behind(crawling: Crawling) -> None:
    before = held(crawling.catalog)
    crawl = crawling.crawl(months(1, 2) | {"weather/w.parquet": parquet(temp=pa.array([1.5]))})
    done = undo(crawling, crawl)
    assert (done.state, done.undo_of, sorted(names(done, "removed"))) == (
        "SUCCEEDED", crawl.id, ["raw.flights", "raw.weather"],
    )  # fmt: skip
    assert held(crawling.catalog) == before
    assert crawling.place.files.read(f"{crawling.place.root}/flights/month=1/part.csv")
    undone = crawling.crawls.get_crawl(ME, crawl.id)
    assert (undone.undone_by, bool(undone.undone_at)) == ("mira", True)


def test_partitions_that_were_there_come_back_with_statistics(crawling: Crawling) -> None:
    crawling.crawl(months(1, 2))
    put_statistics(crawling, "month=1", "month=2")
    before = held(crawling.catalog)
    crawling.place.put(months(3) | {"flights/month=2/more.csv": b"Day,Carrier,delay\n3,UA,1\n"})
    crawling.place.files.remove_directory(f"{crawling.place.root}/flights/month=1")
    crawl = crawling.run()
    assert sorted(crawling.partitions("flights")) == ["2", "3"]
    done = undo(crawling, crawl)
    assert held(crawling.catalog) == before
    assert [done.summary[f"partitions_{what}"] for what in ("added", "changed", "dropped")] == [1, 1, 1]
    assert names(done, "changed") == ["raw.flights"]


def test_a_definition_goes_back_with_that_of_its_partitions(local: Crawling) -> None:
    local.crawl({f"flights/month={n}/a.json": b'{"delay": 1}\n' for n in (1, 2)})
    other = replace(local.partitions("flights")["2"], columns=(Column("delay", "int"),))
    local.catalog.partitions.alter(ME, FLIGHTS, [other])
    put_statistics(local, "month=1", "month=2")
    before = held(local.catalog)
    local.place.put({"flights/month=1/b.json": b'{"delay": 1.5, "new": "x"}\n'})
    crawl = local.run()
    assert [column.type for column in local.partitions("flights")["2"].columns or ()] == ["double", "string"]
    undo(local, crawl)
    assert held(local.catalog) == before


def test_a_dropped_table_comes_back_with_all_that_was_its_own(local: Crawling) -> None:
    local.crawl(months(1, 2), on_missing_table="drop")
    put_statistics(local, "month=1")
    key = Constraint(ConstraintKind.UNIQUE, FLIGHTS, "uk", ("day",))
    local.catalog.constraints.add(ME, [key])
    granted = Grant("user:ann", Action.SELECT, "table", ("hive", "raw", "flights"))
    local.catalog.privileges.grant(ME, [granted])
    local.catalog.notifications.mark(ME, FLIGHTS, {"month": "1"})
    before, table = held(local.catalog), local.table("flights")
    local.place.files.remove_directory(f"{local.place.root}/flights")
    local.place.put({"other/o.json": b'{"a": 1}\n'})
    crawl = local.run()
    assert (names(crawl, "removed"), local.tables()) == (["raw.flights"], ["other"])
    done = undo(local, crawl)
    assert held(local.catalog) == before
    assert (names(done, "added"), names(done, "removed")) == (["raw.flights"], ["raw.other"])
    assert local.table("flights").id == table.id
    assert next(one.version for one in local.catalog.versions.list(ME, FLIGHTS)) == local.table("flights").version


def by_hand(crawling: Crawling) -> None:
    table = crawling.table("flights")
    crawling.catalog.tables.alter(Caller(user="nora", via="api"), FLIGHTS, replace(table, owner="nora"))


def drop_a_partition(crawling: Crawling) -> None:
    crawling.catalog.partitions.drop(Caller(user="nora", via="thrift"), FLIGHTS, ["month=2"])


def analyze(crawling: Crawling) -> None:
    put_statistics(crawling, "month=2")


def grant(crawling: Crawling) -> None:
    granted = Grant("user:ann", Action.SELECT, "partition", ("hive", "raw", "flights"), partition="month=2")
    crawling.catalog.privileges.grant(ME, [granted])


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (by_hand, "nora changed it since, through api"),
        (drop_a_partition, "nora changed it since, through thrift"),
        (analyze, "statistics of partitions that would go were written since"),
        (grant, "rights on partitions that would go were granted since"),
        (lambda crawling: crawling.catalog.tables.drop(ME, FLIGHTS, delete_data=False), "it was dropped since"),
        (
            lambda crawling: crawling.catalog.tables.rename(ME, FLIGHTS, TableName("hive", "raw", "f2")),
            "mira changed it",
        ),
    ],
)
def test_what_others_changed_since_is_refused_and_the_rest_goes_back(
    local: Crawling, edit: Callable[[Crawling], None], reason: str
) -> None:
    local.crawl(months(1))
    local.place.put(months(2) | {"new/n.json": b'{"a": 1}\n'})
    crawl = local.run()
    edit(local)
    tables, kept = local.tables(), held(local.catalog)["partitions"]
    done = undo(local, crawl)
    assert [said.startswith(reason) for said in refusals(done).values()] == [True]
    assert (local.tables(), held(local.catalog)["partitions"]) == ([name for name in tables if name != "new"], kept)
    assert local.crawls.get_crawl(ME, crawl.id).undone_at is None
    again = undo(local, crawl)
    assert refusals(again) == refusals(done)


def test_a_later_crawl_is_named_and_undone_first(local: Crawling) -> None:
    local.crawl(months(1))
    before = held(local.catalog)
    local.place.put(months(2))
    second = local.run()
    local.place.files.remove_directory(f"{local.place.root}/flights/month=1")
    third = local.run()
    assert refusals(undo(local, second)) == {
        "raw.flights": f"crawl {third.id} changed it since: undo that one first"
    }  # fmt: skip
    assert [refusals(undo(local, crawl)) for crawl in (third, second)] == [{}, {}]
    assert held(local.catalog) == before


def test_a_crawl_before_one_that_dropped_its_table_can_be_undone_after_it(local: Crawling) -> None:
    empty = held(local.catalog)
    first = local.crawl(months(1, 2), on_missing_table="drop")
    local.place.files.remove_directory(f"{local.place.root}/flights")
    local.place.put({"other/o.json": b'{"a": 1}\n'})
    second = local.run()
    said = refusals(undo(local, first))
    assert said["raw.flights"] == f"crawl {second.id} dropped it since: undo that one first"
    assert [refusals(undo(local, crawl)) for crawl in (second, first)] == [{}, {}]
    assert held(local.catalog) == empty


def test_a_name_that_is_taken_keeps_a_dropped_table_from_coming_back(local: Crawling) -> None:
    local.crawl(months(1), on_missing_table="drop")
    gone = local.table("flights")
    local.place.files.remove_directory(f"{local.place.root}/flights")
    local.place.put({"other/o.json": b'{"a": 1}\n'})
    crawl = local.run()
    local.catalog.tables.create(ME, replace(gone, id=0), make_directory=False)
    assert refusals(undo(local, crawl)) == {"raw.flights": "another table of its name was made since"}


def test_an_undo_that_was_killed_goes_on_where_it_was(local: Crawling) -> None:
    before = held(local.catalog)
    crawl = local.crawl({f"{name}/month={n}/a.csv": b"a,b\n1,2\n" for name in "xyz" for n in (1, 2)})
    waiting, steps = local.crawls.undo(ME, crawl.id), 0

    def killed() -> bool:
        nonlocal steps
        steps += 1
        if steps == 5:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        local.crawls.execute(waiting.id, killed)
    assert local.tables() == ["x"]
    done = local.crawls.execute(waiting.id)
    assert (sorted(names(done, "removed")), held(local.catalog)) == (["raw.x", "raw.y", "raw.z"], before)
    again = local.crawls.execute(waiting.id)
    assert (again, held(local.catalog)) == (done, before)


def test_a_cancelled_undo_is_gone_on_with_by_another(local: Crawling) -> None:
    before = held(local.catalog)
    crawl = local.crawl(months(1) | {"x/a.csv": b"a,b\n1,2\n"})
    steps = iter((False, True))
    done = local.crawls.execute(local.crawls.undo(ME, crawl.id).id, lambda: next(steps))
    assert (done.state, local.crawls.get_crawl(ME, crawl.id).undone_at) == ("CANCELLED", None)
    assert refusals(undo(local, crawl)) == {}
    assert held(local.catalog) == before


def test_what_cannot_be_undone_says_why(local: Crawling) -> None:
    crawl = local.crawl(months(1))
    waiting = local.crawls.undo(ME, crawl.id)
    with pytest.raises(Overtaken, match=f"is being undone, by {waiting.id}"):
        local.crawls.undo(ME, crawl.id)
    local.crawls.execute(waiting.id)
    with pytest.raises(Overtaken, match=r"was undone already, on .* by mira"):
        local.crawls.undo(ME, crawl.id)
    with pytest.raises(Invalid, match="is the undo of crawl"):
        local.crawls.undo(ME, waiting.id)
    preview = local.crawls.run(ME, "raw", preview=True)
    with pytest.raises(Invalid, match="a preview changes nothing"):
        local.crawls.undo(ME, preview.id)
    queued = local.crawls.run(ME, "raw")
    with pytest.raises(Overtaken, match="has not ended"):
        local.crawls.undo(ME, queued.id)
    local.crawls.execute(queued.id)
    with pytest.raises(Invalid, match="it changed nothing"):
        local.crawls.undo(ME, local.run().id)
    with pytest.raises(NotFound):
        local.crawls.undo(ME, "none")


def test_an_undo_is_in_the_events_and_versions(local: Crawling) -> None:
    local.crawl({"t/a.json": b'{"n": 1}\n'})
    local.place.put({"t/b.json": b'{"n": 1.5}\n'})
    done = undo(local, local.run())
    newest = local.catalog.versions.list(ME, TableName("hive", "raw", "t"))[0]
    assert (newest.version, newest.via, newest.run, newest.by) == (3, "undo", done.id, "mira")
    events = local.catalog.events.after(ME, 0)[0][-2:]
    assert [(one.kind.value, one.run) for one in events] == [("alter_table", done.id), ("crawl_finished", done.id)]
    assert events[1].payload["undo_of"] == done.undo_of


def test_what_a_crawl_did_is_told_table_by_table(local: Crawling) -> None:
    local.crawl(months(1) | {"t/a.json": b'{"n": 1, "m": 1}\n'})
    local.place.put(months(2) | {"t/a.json": b'{"n": 1.5, "k": true, "m": 1}\n', "new/n.json": b'{"a": 1}\n'})
    crawl = local.run()
    told = {one.table: one for one in local.crawls.differences(ME, crawl.id)}
    assert {name: one.what for name, one in told.items()} == {"flights": "changed", "t": "changed", "new": "added"}
    assert (told["flights"].partitions_added, told["flights"].columns) == (1, ())
    assert [(one.name, one.before, one.after) for one in told["t"].columns] == [
        ("n", "bigint", "double"), ("k", None, "boolean"),
    ]  # fmt: skip
    assert (told["t"].version_before, told["t"].version_after) == (1, 2)
    undo(local, crawl)
    assert {one.undone for one in local.crawls.differences(ME, crawl.id)} == {True}


def test_a_crawl_after_an_undo_finds_it_all_again(local: Crawling) -> None:
    crawl = local.crawl(months(1, 2))
    undo(local, crawl)
    assert (names(local.run(), "added"), sorted(local.partitions("flights"))) == (["raw.flights"], ["1", "2"])


def test_what_was_before_goes_with_the_crawl(local: Crawling) -> None:
    local.crawl(months(1, 2))
    local.place.files.remove_directory(f"{local.place.root}/flights/month=1")
    crawl = local.run()
    with local.catalog.store.begin() as tx:
        assert tx.connection.execute(select(crawl_befores)).first() is not None
        tx.connection.execute(update(crawls).where(crawls.c.id == crawl.id).values(created_at=1))
        tx.connection.execute(crawls.delete())
        assert tx.connection.execute(select(crawl_befores)).first() is None


def test_only_the_newest_crawls_are_kept_for_undo(local: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_server.store.crawl_changes.CRAWLS_KEPT", 2)
    found = [local.crawl(months(1))]
    for month in (2, 3):
        local.place.put(months(month))
        found.append(local.run())
    with pytest.raises(Invalid, match="nothing is kept to undo it"):
        local.crawls.undo(ME, found[0].id)
    assert undo(local, found[2]).state == "SUCCEEDED"


@pytest.mark.postgresql
def test_undo_is_the_same_on_a_postgresql_store(tmp_path: Path, postgresql_url: str) -> None:
    service = CatalogService(Config(data=tmp_path, store=StoreConfig(url=postgresql_url)))
    service.prepare()
    crawling = Crawling(service, local_place(tmp_path))
    test_partitions_that_were_there_come_back_with_statistics(crawling)
    crawling.place.files.remove_directory(f"{crawling.place.root}/flights")
    crawling.crawls.drop(ME, "raw")
    crawling.create(on_missing_table="drop")
    crawling.catalog.privileges.grant(ME, [Grant("user:ann", Action.SELECT, "table", ("hive", "raw", "flights"))])
    crawling.place.put({"other/o.json": b'{"a": 1}\n'})
    before = held(service)
    crawl = crawling.run()
    assert crawling.tables() == ["other"]
    assert refusals(undo(crawling, crawl)) == {}
    assert held(service) == before
    service.close()


def test_whoever_may_run_a_crawler_undoes_only_what_they_may_change(tmp_path: Path) -> None:
    service = CatalogService(Config(data=tmp_path), StoredPolicy())
    service.prepare()
    with service.store.begin() as tx:
        everything = Grant("user:mira", Action.MANAGE, "server", ())
        grants.create(tx, [everything, Grant("user:ann", Action.RUN, "crawler", ("raw",))])
    crawling = Crawling(service, local_place(tmp_path))
    crawl = crawling.crawl(months(1))
    before, ann = held(service), Caller(user="ann")
    with pytest.raises(NotFound):
        crawling.crawls.undo(Caller(user="eve"), crawl.id)
    done = crawling.crawls.execute(crawling.crawls.undo(ann, crawl.id).id)
    assert (sorted(refusals(done)), held(service)) == (["raw", "raw.flights"], before)
    assert refusals(undo(crawling, crawl)) == {}
    service.close()
