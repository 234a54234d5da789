"""The second crawl: it comes to what a first one would, and looks at nothing that it knows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, StoreConfig
from catalog_server.crawlers import manifest
from catalog_server.crawlers.crawl import Crawls
from catalog_server.lake.files import FileInfo
from catalog_server.lake.local import LocalFileSystem
from catalog_server.model.crawler import Crawl, Crawler
from catalog_server.model.errors import Denied, Invalid
from catalog_server.model.names import TableName
from catalog_server.store.schema.crawls import crawl_manifests
from tests.crawlers.conftest import ME, Crawling, names, problems, types
from tests.crawlers.test_crawl_files import months
from tests.lake.places import local_place
from tests.store.statements import counted

FLIGHTS = TableName("hive", "raw", "flights")


@contextmanager
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Locations that are read from in the block, by the ends of their paths."""
    read, seen = LocalFileSystem.read, list[str]()

    def noted(self: LocalFileSystem, location: str, *rest: Any) -> bytes:
        seen.append("/".join(location.split("/")[-2:]))
        return read(self, location, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(LocalFileSystem, "read", noted)
        yield seen


def test_what_is_as_it_was_is_not_read_again(local: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    first = local.crawl({**months(1, 2), "flights/month=2/bad.csv": b""})
    with reads(monkeypatch) as seen:
        crawls = [local.run(), local.run()]
    assert seen == []
    for crawl in crawls:
        assert names(crawl, "unchanged") == ["raw.flights"]
        assert {key: crawl.summary[key] for key in ("objects", "bytes", "problems", "decisions")} == {
            key: first.summary[key] for key in ("objects", "bytes", "problems", "decisions")
        }


def test_only_what_is_new_or_different_is_read(local: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    local.crawl(months(1, 2, 3))
    local.place.put({**months(4), "flights/month=2/part.csv": b"Day,Carrier,delay,gate\n1,UA,5,7\n"})
    with reads(monkeypatch) as seen:
        crawl = local.run()
    assert set(seen) == {"month=4/part.csv", "month=2/part.csv"}
    assert crawl.summary["changed"][0]["reason"].startswith("new column gate")  # type: ignore[index]


def test_an_unchanged_crawl_asks_the_store_as_often_for_many_tables_as_for_one(local: Crawling) -> None:
    counts = []
    for tables in (1, 40):
        local.place.put({f"t{n}/k={m}/a.csv": b"a,b\n1,2\n" for n in range(tables) for m in range(3)})
        if tables == 1:
            local.create()
        for _ in range(2):
            local.run()
        with counted(local.catalog) as seen:
            crawl = local.run()
        assert len(names(crawl, "unchanged")) == tables
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_what_people_take_away_comes_back_though_no_file_is_different(local: Crawling) -> None:
    local.crawl(months(1, 2))
    for _ in range(2):
        local.run()
    local.catalog.partitions.drop(ME, FLIGHTS, ["month=1"], delete_data=False)
    assert local.run().summary["partitions_added"] == 1
    local.run()
    local.catalog.tables.drop(ME, FLIGHTS, delete_data=False)
    assert names(local.run(), "added") == ["raw.flights"]


def test_everything_is_looked_at_again_where_the_crawler_says_so(
    local: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.crawl(months(1, 2), recrawl="everything")
    with reads(monkeypatch) as seen:
        local.run()
    assert set(seen) == {"month=1/part.csv", "month=2/part.csv"}


def test_other_code_is_not_believed_what_files_are(local: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    local.crawl(months(1))
    monkeypatch.setattr("catalog_server.crawlers.files.code_digest", lambda: "another")
    with reads(monkeypatch) as seen:
        local.run()
    assert set(seen) == {"month=1/part.csv"}


def test_new_folders_only(local: Crawling) -> None:
    local.crawl(months(1, 2), recrawl="new_folders")
    before = local.partitions("flights")
    local.place.files.remove_directory(f"{local.place.root}/flights/month=1")
    local.place.put({**months(3), "flights/month=2/more.csv": b"Day,Carrier,delay\n1,UA,5\n"})
    local.run()
    after = local.partitions("flights")
    assert sorted(after) == ["1", "2", "3"]
    assert (after["1"].parameters, after["2"].parameters) == (before["1"].parameters, before["2"].parameters)


def test_what_new_folders_passed_over_is_seen_by_a_crawl_of_changes(local: Crawling) -> None:
    local.crawl({"t/a.csv": b"a,b\n1,2\n", **months(1, 2)})
    local.change(recrawl="new_folders")
    local.place.put({"t/b.csv": b"a,b,c\n1,2,3\n", "flights/month=2/more.csv": b"Day,Carrier,delay\n1,UA,5\n"})
    for _ in range(2):
        assert names(local.run(), "unchanged") == ["raw.flights", "raw.t"]
    local.change(recrawl="changes")
    assert names(local.run(), "changed") == ["raw.flights", "raw.t"]
    assert list(types(local.table("t"))) == ["a", "b", "c"]
    assert local.partitions("flights")["2"].parameters["numFiles"] == "2"


def test_an_unknown_way_to_crawl_again_is_refused(local: Crawling) -> None:
    with pytest.raises(Invalid, match="'some' is none of everything, changes, new_folders"):
        local.create(recrawl="some")


def test_a_dropped_crawler_leaves_no_manifest(local: Crawling) -> None:
    crawler = local.create()
    local.place.put(months(1))
    local.run()
    local.crawls.drop(ME, "raw")
    assert manifest.Manifest(local.catalog.store, crawler.id, local.place.root).head is None


def test_files_that_the_store_refuses_are_told_and_nothing_is_taken_for_gone(
    local: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.crawl({**months(1, 2), "planes/p.csv": b"a,b\n1,2\n"})
    read = LocalFileSystem.read

    def refused(self: LocalFileSystem, location: str, *rest: Any) -> bytes:
        if "month=2" in location or "planes" in location:
            raise Denied("read", location)
        return read(self, location, *rest)

    local.place.put(
        {**months(2), "planes/p.csv": b"a,b\n1,23\n", "flights/month=2/more.csv": b"Day,Carrier,delay\n1,UA,4\n"}
    )
    with monkeypatch.context() as patch:
        patch.setattr(LocalFileSystem, "read", refused)
        crawl = local.run()
    assert set(problems(crawl)) == {"part.csv", "more.csv", "p.csv"}
    assert "not allowed to read" in problems(crawl)["p.csv"]
    assert (sorted(local.partitions("flights")), local.tables()) == (["1", "2"], ["flights", "planes"])
    assert "missing" not in crawl.summary
    assert local.run().summary["problems"] == []
    assert local.partitions("flights")["2"].parameters["numFiles"] == "2"


def test_what_was_kept_for_an_unreadable_file_is_gone_once_all_can_be_read(
    local: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.crawl({**months(1, 2, 3), "other/a.csv": b"a,b\n1,2\n"})
    local.run()
    local.place.files.remove_directory(f"{local.place.root}/flights/month=2")
    local.place.put({"other/b.csv": b"a,b\n1,2\n"})
    read = LocalFileSystem.read

    def refused(self: LocalFileSystem, location: str, *rest: Any) -> bytes:
        if location.endswith("other/b.csv"):
            raise Denied("read", location)
        return read(self, location, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(LocalFileSystem, "read", refused)
        for _ in range(2):
            local.run()
    assert sorted(local.partitions("flights")) == ["1", "2", "3"]
    assert local.run().summary["partitions_dropped"] == 1
    assert sorted(local.partitions("flights")) == ["1", "3"]


def parts(crawling: Crawling) -> int:
    """How many parts of manifests are kept, heads among them."""
    with crawling.catalog.store.read() as tx:
        return tx.connection.execute(select(func.count()).select_from(crawl_manifests)).scalar_one()


def test_crawls_that_do_not_end_well_leave_nothing_of_their_manifests(local: Crawling) -> None:
    local.place.put({f"t{n}/a.csv": b"a,b\n1,2\n" for n in range(3)})
    local.create(tables_max="1", grouping="folders")
    assert local.run().state == "FAILED"
    assert parts(local) == 0
    local.change(grouping="folders")
    assert local.run().state == "SUCCEEDED"
    kept = parts(local)
    local.place.put({"u/a.csv": b"a,b\n1,2\n"})
    crawl = local.crawls.execute(local.crawls.run(ME, "raw").id, lambda: parts(local) > kept)
    assert (crawl.state, parts(local)) == ("CANCELLED", kept)


# A crawl of changes comes to what a crawl of everything does.

CONTENTS = (
    b"a,b\n1,2\n",
    b"a,b,c\n1,2,x\n",
    b"a,b\n1.5,2\n",
    b'{"a": 1}\n',
    b'{"a": {"b": "x"}}\n{"a": {"c": 1}}\n',
    b"",
    b"only words\nin here\n",
    b"a,b\n1,2\n3",
)
FOLDERS = (
    "t",
    "t/k=1",
    "t/k=2",
    "t/k=2/sub",
    "u",
    "u/2020-01-01",
    "v/x=1/y=a",
    "v/x=1/y=b",
    "w/_hidden",
    "d/_delta_log",
)
FILES = ("a.csv", "b.csv", "c.json", "d", "_SUCCESS", "e.txt")


def said(crawl: Crawl) -> dict[str, Any]:
    """A summary in an order that does not depend on when tables were looked at."""
    return {key: sorted(value, key=repr) if isinstance(value, list) else value for key, value in crawl.summary.items()}


def held(catalog: CatalogService, database: str) -> list[Any]:
    """All tables of a database with their partitions, but what is of this moment."""
    found: list[Any] = []
    for name in catalog.tables.list_names(ME, TableName("hive", database, "x").parent):
        table = catalog.tables.get(ME, TableName("hive", database, name))
        partitions = catalog.partitions.list(ME, table.full_name)[1] if table.partition_keys else ()
        found.append(
            (
                name,
                table.columns,
                table.partition_keys,
                table.location,
                table.storage,
                {
                    key: value
                    for key, value in table.parameters.items()
                    if key not in ("crawler", "UPDATED_BY_CRAWLER", "transient_lastDdlTime")
                },
                sorted(
                    (
                        one.values,
                        one.location,
                        sorted((k, v) for k, v in one.parameters.items() if not k.startswith("tr")),
                    )
                    for one in partitions
                ),
            )
        )
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crawling]:
    """Crawling of a local folder into a catalog on each kind of store."""
    url = "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))
    service = CatalogService(Config(data=tmp_path, store=StoreConfig(url=url)))
    service.prepare()
    yield Crawling(service, local_place(tmp_path))
    service.close()


@pytest.mark.parametrize("seed", range(4))
def test_a_crawl_of_changes_comes_to_what_a_crawl_of_everything_does(
    seed: int, stored: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    monkeypatch.setattr(manifest, "PART_FILES", 3)
    monkeypatch.setattr("catalog_server.crawlers.listing.PART_FILES", chance.choice((2, 100)))
    options = {"peek": chance.choice(("0", "4", "1000")), "sample": "2"}
    for name, recrawl in (("all", "everything"), ("some", "changes")):
        crawler = Crawler(name, (stored.place.root,), "hive", name, options={**options, "recrawl": recrawl})
        stored.crawls.create(ME, crawler)
    there: dict[str, bytes] = {}
    for _ in range(8):
        for _ in range(chance.choice((0, 1, 3, 10))):
            path = f"{chance.choice(FOLDERS)}/{chance.choice(FILES)}"
            if path in there and chance.random() < 0.4:
                del there[path]
                stored.place.files.delete(f"{stored.place.root}/{path}")
            else:
                there[path] = chance.choice(CONTENTS)
                stored.place.put({path: there[path]})
        if not there:
            continue
        everything, changes = stored.run("all"), stored.run("some")
        assert changes.state == everything.state == "SUCCEEDED"
        told = str(said(changes)).replace("some.", "all.")
        assert told == str(said(everything))
        assert held(stored.catalog, "some") == held(stored.catalog, "all")


# A crawl whose process is killed.

KILLED = """
import sys
from pathlib import Path
from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, StoreConfig
from catalog_server.crawlers import glances, spool
from catalog_server.crawlers.crawl import Crawls
spool._COMMIT_SECONDS = 0
glances._BATCH = 2
data = Path(sys.argv[1])
catalog = CatalogService(Config(data=data))
Crawls(catalog, spools=data / "crawls").execute(sys.argv[2])
"""


@pytest.fixture
def many(tmp_path: Path, catalog: CatalogService) -> Crawling:
    crawling = Crawling(catalog, local_place(tmp_path))
    crawling.crawls = Crawls(catalog, spools=tmp_path / "catalog" / "crawls")
    crawling.place.put({f"t/k={n:02}/{name}.csv": b"a,b\n1,%d\n" % n for n in range(20) for name in "xy"})
    crawling.create()
    return crawling


def killed(crawling: Crawling, tmp_path: Path, failpoint: str) -> str:
    """Begin a crawl in a process that is killed at a place; the crawl's id."""
    crawl = crawling.crawls.run(ME, "raw")
    environment = {**os.environ, "CATALOG_SERVER_FAILPOINT": failpoint}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "catalog"), crawl.id]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == -9, ended.stderr
    return crawl.id


@pytest.mark.parametrize("failpoint", ["folder_listed:9", "glances_noted:5", "crawl_written"])
def test_a_killed_crawl_goes_on_and_comes_to_the_same(
    many: Crawling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failpoint: str
) -> None:
    crawl_id = killed(many, tmp_path, failpoint)
    listed: list[str] = []
    list_folder = LocalFileSystem.list_folder

    def noted(self: LocalFileSystem, location: str) -> tuple[Sequence[str], Sequence[FileInfo]]:
        listed.append(location)
        return list_folder(self, location)

    monkeypatch.setattr(LocalFileSystem, "list_folder", noted)
    with reads(monkeypatch) as seen:
        crawl = many.crawls.execute(crawl_id)
    assert crawl.state == "SUCCEEDED"
    assert (crawl.summary["objects"], len(many.partitions("t"))) == (40, 20)
    head = manifest.Manifest(many.catalog.store, many.crawls.get(ME, "raw").id, many.place.root).head
    assert head is not None
    assert parts(many) == 1 + len(head.parts) + len(head.tables)
    if failpoint == "folder_listed:9":
        assert len([location for location in listed if "k=" in location]) <= 20 - 9 + 1
    elif failpoint == "glances_noted:5":
        assert not [location for location in listed if "k=" in location]
        assert len(set(seen)) < 40
    else:
        assert names(crawl, "unchanged") == ["raw.t"]
    assert not list((tmp_path / "catalog" / "crawls").iterdir())
