"""Crawls whose targets are tables of the catalog: these are brought up to date, whoever made them, and none is made."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table as IcebergTable

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.grants import StoredPolicy
from catalog_server.config import Config
from catalog_server.crawlers.catalog_targets import CatalogTarget, parse_catalog_target
from catalog_server.crawlers.refresh import Refresh
from catalog_server.crawlers.targets import Targets
from catalog_server.lake.formats.faces import LAZY_SIMPLE, PARQUET_SERDE
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawl
from catalog_server.model.database import Database
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.grant import Action, Grant
from catalog_server.model.names import TableName
from catalog_server.model.table import Column, SerDe, Storage, Table, TableKind
from catalog_server.store import grants
from tests.crawlers.conftest import ME, Crawling, names, problems, types
from tests.crawlers.corpus.hudi import hudi_files
from tests.crawlers.test_crawl_again import reads
from tests.crawlers.test_crawl_files import months, parquet
from tests.crawlers.test_found_tables import append, decisions, reason, written
from tests.crawlers.test_undo import held, refusals, undo
from tests.lake.places import Place, local_place

PARQUET = Storage("org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat", None, SerDe(PARQUET_SERDE))
TEXT = Storage("org.apache.hadoop.mapred.TextInputFormat", None, SerDe(LAZY_SIMPLE, parameters={"field.delim": ","}))


def refresh(crawling: Crawling, *targets: str, preview: bool = False, **options: str) -> Crawl:
    """One crawl of tables of the catalog by a crawler of its own, which is made if it is not there."""
    try:
        crawling.crawls.get(ME, "again")
    except NotFound:
        crawling.create(*(targets or ("catalog:raw",)), name="again", **options)
    return crawling.crawls.execute(crawling.crawls.run(ME, "again", preview=preview).id)


def make(crawling: Crawling, table: str, storage: Storage = PARQUET, keys: str = "", **columns: str) -> Table:
    """A table that a person made, at a folder of its name."""
    if "raw" not in [one.name for one in crawling.catalog.databases.list(ME)]:
        crawling.catalog.databases.create(ME, Database("hive", "raw"))
    made = Table(
        catalog="hive",
        database="raw",
        name=table,
        kind=TableKind.EXTERNAL,
        columns=tuple(Column(key, kind) for key, kind in columns.items()),
        partition_keys=tuple(Column(key, "string") for key in keys.split()),
        location=f"{crawling.place.root}/{table}",
        storage=storage,
        parameters={"EXTERNAL": "TRUE"},
    )
    return crawling.catalog.tables.create(ME, made, make_directory=False)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("catalog:raw", CatalogTarget("raw", "%")),
        ("catalog:raw/", CatalogTarget("raw", "%")),
        ("catalog:raw/t%", CatalogTarget("raw", "t%")),
        ("catalog:%/t", CatalogTarget("%", "t")),
    ],
)
def test_a_target_taken_apart(text: str, parsed: CatalogTarget) -> None:
    assert parse_catalog_target(text) == parsed


@pytest.mark.parametrize("text", ["catalog:", "catalog:a/b/c", "catalog:/t"])
def test_what_is_no_target_is_refused(local: Crawling, text: str) -> None:
    with pytest.raises(Invalid, match="not of the form catalog:DATABASE/TABLE"):
        local.create(text)


def test_a_crawler_refreshes_or_makes_tables(local: Crawling) -> None:
    with pytest.raises(Invalid, match="give them a crawler of their own"):
        local.create("catalog:raw", local.place.root)
    with pytest.raises(Invalid, match="give those of connections and the catalog"):
        local.create("catalog:raw", events="webhook")


def test_the_database_is_that_of_the_targets_where_nothing_is_said(local: Crawling) -> None:
    made = local.create("catalog:sales/t", name="a")
    assert local.crawls.create(ME, replace(made, name="b", database="")).database == "sales"
    with pytest.raises(Invalid, match="database: must be said"):
        local.crawls.create(ME, replace(made, name="c", database="", targets=("catalog:%/t",)))


def test_tables_follow_their_data_and_none_is_made(crawling: Crawling) -> None:
    crawling.crawl(months(1) | {"weather/a.parquet": parquet(temp=pa.array([1.5]))})
    crawling.place.put(months(2) | {"weather/b.parquet": parquet(temp=pa.array([2.5]), wind=pa.array([1]))})
    crawling.place.put({"new/a.csv": b"a,b\n1,2\n"})
    crawl = refresh(crawling)
    assert (crawl.state, sorted(names(crawl, "changed"))) == ("SUCCEEDED", ["raw.flights", "raw.weather"])
    assert crawling.tables() == ["flights", "weather"]
    assert crawling.partitions("flights").keys() == {"1", "2"}
    assert types(crawling.table("weather")) == {"temp": "double", "wind": "bigint"}
    parameters = crawling.table("weather").parameters
    assert (parameters["crawler"], parameters["UPDATED_BY_CRAWLER"], parameters["numRows"]) == ("raw", "again", "2")


def test_one_table_of_several_and_a_pattern(local: Crawling) -> None:
    tables = {f"{name}/a.parquet": parquet(n=pa.array([1])) for name in ("sales_of_a", "sales_of_b", "other")}
    local.crawl(tables, grouping="folders")
    local.place.put({path.replace("/a.", "/b."): body for path, body in tables.items()})
    assert names(refresh(local, "catalog:raw/other", "catalog:raw/oth%"), "changed") == ["raw.other"]
    local.create("catalog:ra%/SALES%", name="more")
    assert sorted(names(local.run("more"), "changed")) == ["raw.sales_of_a", "raw.sales_of_b"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("catalog:nowhere", "catalog:nowhere: database hive.nowhere not found"),
        ("catalog:no%", "catalog:no%: database hive.no% not found"),
        ("catalog:raw/nothing", "catalog:raw/nothing: table hive.raw.nothing not found"),
    ],
)
def test_what_is_not_there_is_named(local: Crawling, target: str, said: str) -> None:
    local.crawl(months(1))
    crawl = refresh(local, target, "catalog:raw/flights")
    assert (crawl.state, crawl.error, names(crawl, "unchanged")) == ("FAILED", said, ["raw.flights"])


def test_a_pattern_that_names_nothing_is_told(local: Crawling) -> None:
    local.crawl(months(1))
    crawl = refresh(local, "catalog:raw/x%")
    assert (crawl.state, problems(crawl)) == ("SUCCEEDED", {"x%": "no table of this name is there, or may be seen"})


def test_unchanged_tables_are_not_read_again(local: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    local.crawl(months(1, 2) | hudi_files("mor6"))
    before = held(local.catalog)
    first = refresh(local)
    assert sorted(names(first, "unchanged")) == ["raw.flights", "raw.t", "raw.t_ro"]
    with reads(monkeypatch) as seen:
        crawl = refresh(local)
    assert (seen, sorted(names(crawl, "unchanged"))) == ([], ["raw.flights", "raw.t", "raw.t_ro"])
    assert held(local.catalog) == before


def test_a_preview_and_an_undo(local: Crawling) -> None:
    local.crawl(months(1))
    before = held(local.catalog)
    local.place.put(months(2))
    assert reason(refresh(local, preview=True), "changed") == "other data, 1 partition added"
    assert held(local.catalog) == before
    crawl = refresh(local)
    assert local.partitions("flights").keys() == {"1", "2"}
    undo(local, crawl)
    assert held(local.catalog) == before


@pytest.mark.parametrize(("policy", "key"), [("keep", "missing"), ("deprecate", "deprecated"), ("drop", "removed")])
def test_a_table_whose_location_holds_nothing_is_told(local: Crawling, policy: str, key: str) -> None:
    local.crawl(months(1) | {"weather/a.parquet": parquet(temp=pa.array([1.5]))})
    local.place.files.remove_directory(f"{local.place.root}/weather")
    crawl = refresh(local, on_missing_table=policy)
    assert (crawl.state, names(crawl, key)) == ("SUCCEEDED", ["raw.weather"])
    assert local.tables() == (["flights"] if policy == "drop" else ["flights", "weather"])
    assert ("DEPRECATED_BY_CRAWLER" in local.table("flights").parameters) is False


def test_a_table_that_was_made_anew_during_the_crawl_is_not_dropped(
    local: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.place.put({"other/a.parquet": parquet(temp=pa.array([1.5]))})
    make(local, "t", n="int")
    look = Refresh._look

    def overtaken(self: Refresh, *args: Any) -> bool:
        gone = look(self, *args)
        local.catalog.tables.drop(ME, TableName("hive", "raw", "t"), delete_data=False)
        make(local, "t", n="int")
        return gone

    monkeypatch.setattr(Refresh, "_look", overtaken)
    crawl = refresh(local, on_missing_table="drop")
    assert local.tables() == ["t"]
    assert "modified" in refusals(crawl)["raw.t"]


def test_partitions_of_which_nothing_is_left_go_as_the_crawler_says(local: Crawling) -> None:
    local.crawl(months(1, 2))
    local.place.files.remove_directory(f"{local.place.root}/flights/month=1")
    refresh(local, on_missing_partition="keep")
    assert local.partitions("flights").keys() == {"1", "2"}
    local.crawls.update(ME, replace(local.crawls.get(ME, "again"), options={}))
    refresh(local)
    assert local.partitions("flights").keys() == {"2"}


def test_a_table_that_a_person_made_keeps_its_columns_and_gets_new_ones(local: Crawling) -> None:
    make(local, "t", keys="day", n="int", gone="double")
    files = {"t/day=1/a.parquet": parquet(extra=pa.array(["x"]), n=pa.array([1]))}
    local.place.put(files)
    crawl = refresh(local)
    assert reason(crawl, "changed") == "new column extra, 1 partition added"
    table = local.table("t")
    assert types(table) == {"n": "int", "extra": "string", "gone": "double"}
    assert (set(local.partitions("t")), table.storage) == ({"1"}, PARQUET)
    assert not {"crawler", "classification", "spark.sql.sources.provider", "spark.sql.sources.schema"} & set(
        table.parameters
    )
    assert (table.parameters["UPDATED_BY_CRAWLER"], table.parameters["objectCount"]) == ("again", "1")
    assert names(refresh(local), "unchanged") == ["raw.t"]


def test_columns_that_go_by_position_stay_as_a_person_wrote_them(local: Crawling) -> None:
    made = make(local, "t", TEXT, keys="day", id="bigint", name="string")
    local.place.put({"t/day=1/a.csv": b"1,a\n2,b\n", "t/day=2/a.csv": b"3,c\n"})
    refresh(local)
    table = local.table("t")
    assert (table.columns, table.storage, table.format) == (made.columns, made.storage, made.format)
    assert (set(local.partitions("t")), table.parameters["objectCount"]) == ({"1", "2"}, "2")


def test_keys_that_folders_do_not_name_are_called_as_in_the_catalog(local: Crawling) -> None:
    make(local, "t", keys="country year", n="bigint")
    local.place.put({f"t/{path}/a.parquet": parquet(n=pa.array([1])) for path in ("de/2025", "us/2026")})
    refresh(local)
    assert local.partitions("t").keys() == {"de/2025", "us/2026"}


def test_on_changed_table_holds_for_tables_of_the_catalog(local: Crawling) -> None:
    local.crawl({"t/a.parquet": parquet(n=pa.array([1]))})
    local.place.put({"t/b.parquet": parquet(n=pa.array([1]), m=pa.array([1]))})
    assert reason(refresh(local, on_changed_table="log"), "logged") == "new column m"
    assert (types(local.table("t")), local.table("t").parameters["numFiles"]) == ({"n": "bigint"}, "2")


def test_files_of_other_tables_and_those_left_out_do_not_count(local: Crawling) -> None:
    make(local, "t", keys="day", n="bigint")
    local.catalog.tables.create(
        ME, replace(local.table("t"), id=0, name="u", location=f"{local.place.root}/t/inner", partition_keys=())
    )
    body = parquet(n=pa.array([1]))
    local.place.put({"t/day=1/a.parquet": body, "t/inner/a.parquet": body, "t/day=2/tmp/a.parquet": body})
    refresh(local, exclude="**/tmp/**")
    assert local.partitions("t").keys() == {"1"}
    assert local.table("u").parameters["objectCount"] == "1"


def test_what_is_no_table_of_files_is_left_out_and_told(local: Crawling) -> None:
    local.crawl({"t/a.parquet": parquet(n=pa.array([1]))})
    view = Table("hive", "raw", "v", TableKind.VIEW, columns=(Column("n", "bigint"),), view_original="select 1 as n")
    local.catalog.tables.create(ME, view)
    acid = make(local, "acid", n="bigint")
    local.catalog.tables.alter(ME, acid.full_name, replace(acid, parameters={"transactional": "true"}))
    crawl = refresh(local)
    told = decisions(crawl)
    assert (crawl.summary["problems"], told["v"]) == ([], "left out: it is a view")
    assert told["acid"].startswith("left out: it is a transactional table of Hive")


def test_an_iceberg_table_follows_only_where_it_would_anyway(local: Crawling, tmp_path: Path) -> None:
    outside = written(local, tmp_path)
    local.create()
    local.run()
    local.catalog.iceberg.register(
        ME, TableName("hive", "raw", "mine"), written(local, tmp_path, "mine").metadata_location
    )
    append(outside, {"id": [4], "Item": ["d"]})
    append(written_again(tmp_path), {"id": [4], "Item": ["d"]})
    crawl = refresh(local)
    assert names(crawl, "changed") == ["raw.orders"]
    assert local.table("orders").metadata_location == outside.metadata_location
    assert local.table("orders").parameters["crawler"] == "raw"
    assert "it was not registered by a crawl" in refusals(crawl)["raw.mine"]


def written_again(tmp_path: Path) -> IcebergTable:
    return SqlCatalog("other", uri=f"sqlite:///{tmp_path}/outside.db").load_table("sales.mine")


@pytest.mark.parametrize("name", ["cow8", "mor6"])
def test_a_hudi_table_follows_its_timeline(local: Crawling, name: str) -> None:
    local.crawl(hudi_files(name, commits=1))
    kinds = {table: local.table(table).storage for table in local.tables()}
    local.place.put(hudi_files(name))
    crawl = refresh(local)
    assert sorted(names(crawl, "changed")) == [f"raw.{table}" for table in kinds]
    assert {table: local.table(table).storage for table in kinds} == kinds
    assert all("tip" in types(local.table(table)) for table in kinds)


def test_a_hudi_table_of_its_own_sync_follows_and_keeps_how_it_is_written(local: Crawling) -> None:
    local.crawl(hudi_files("cow6", commits=1))
    found = local.table("t")
    columns = tuple(replace(column, name="Id") if column.key == "id" else column for column in found.columns)
    kept = {key: value for key, value in found.parameters.items() if not key.startswith("crawler")}
    made = replace(found, id=0, name="synced", columns=columns, parameters=kept)
    local.catalog.tables.create(ME, made, make_directory=False)
    local.place.put(hudi_files("cow6"))
    assert reason(refresh(local, "catalog:raw/synced"), "changed") == "new column tip, 3 partitions added"
    now = local.table("synced")
    assert [column.name for column in now.columns] == [*(column.name for column in columns), "tip"]
    assert (now.storage, now.parameters["last_commit_time_sync"] > kept["last_commit_time_sync"]) == (
        made.storage,
        True,
    )


def test_files_that_cannot_be_understood_do_not_make_a_table_gone(local: Crawling) -> None:
    local.crawl({"t/a.parquet": parquet(n=pa.array([1]))})
    local.place.put({"t/a.parquet": b"PAR1"})
    crawl = refresh(local, on_missing_table="drop")
    assert (local.tables(), problems(crawl)["t"]) == (["t"], "holds files, but none that the table t could be of")


def test_an_empty_folder_holds_nothing(local: Crawling) -> None:
    local.crawl({"t/a.parquet": parquet(n=pa.array([1]))})
    local.place.files.delete(f"{local.place.root}/t/a.parquet")
    local.place.files.make_directory(f"{local.place.root}/t")
    assert names(refresh(local), "missing") == ["raw.t"]


def test_what_is_not_reached_is_not_gone(local: Crawling) -> None:
    local.crawl({"deep/t/a.parquet": parquet(n=pa.array([1]))})
    local.place.files.remove_directory(f"{local.place.root}/deep")
    crawl = refresh(local, on_missing_table="drop")
    assert (local.tables(), names(crawl, "removed"), list(problems(crawl))) == (["t"], [], ["t"])


def test_whoever_runs_it_must_be_allowed_to_alter_the_tables(tmp_path: Path) -> None:
    service = CatalogService(Config(data=tmp_path), StoredPolicy())
    service.prepare()
    with service.store.begin() as tx:
        allowed = [(Action.RUN, "crawler", ("again",)), (Action.DESCRIBE, "database", ("hive", "raw"))]
        allowed.append((Action.ALTER, "table", ("hive", "raw", "flights")))
        everything = Grant("user:mira", Action.MANAGE, "server", ())
        grants.create(tx, [everything, *(Grant("user:ann", *one) for one in allowed)])
    crawling = Crawling(service, local_place(tmp_path))
    crawling.crawl(months(1) | {"weather/a.parquet": parquet(temp=pa.array([1.5]))})
    crawling.place.put({"weather/b.parquet": parquet(temp=pa.array([1.5]))})
    crawling.create("catalog:raw", name="again")
    before = held(service)
    crawl = crawling.crawls.execute(crawling.crawls.run(Caller(user="ann"), "again").id)
    assert names(crawl, "unchanged") == ["raw.flights"]
    assert "not allowed to alter" in refusals(crawl)["raw.weather"]
    assert held(service) == before
    service.close()


def test_locations_that_may_not_be_crawled_are_told(local: Crawling) -> None:
    local.crawl(months(1))
    local.create("catalog:raw", name="again")
    local.crawls._targets = Targets(("/srv/elsewhere",))
    crawl = local.crawls.execute(local.crawls.run(ME, "again").id)
    assert "allowed_targets" in problems(crawl)["flights"]


# It is what an ordinary crawl does, of tables that are there.


class _Twin:
    """A second catalog over the same files."""

    def __init__(self, folder: Path, place: Place) -> None:
        folder.mkdir()
        self.service = CatalogService(Config(data=folder))
        self.service.prepare()
        self.crawling = Crawling(self.service, place)


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[tuple[Crawling, Crawling]]:
    place = local_place(tmp_path)
    one, other = _Twin(tmp_path / "one", place), _Twin(tmp_path / "other", place)
    yield one.crawling, other.crawling
    one.service.close()
    other.service.close()


def step(chance: random.Random, place: Place) -> None:
    """Change some files of the tables at random."""
    table, day, file = chance.choice(["a", "b", "c"]), chance.randint(1, 3), chance.choice(["x", "y"])
    columns = {"n": pa.array(range(chance.randint(1, 3)), chance.choice([pa.int32(), pa.int64()]))}
    if chance.random() < 0.5:
        columns[chance.choice(["m", "k"])] = pa.array([chance.random()] * len(columns["n"]))
    path = {"a": f"a/day={day}/{file}.parquet", "b": f"b/{file}.parquet", "c": f"c/{file}.csv"}[table]
    if chance.random() < 0.25 and place.files.is_file(f"{place.root}/{path}"):
        place.files.delete(f"{place.root}/{path}")
    else:
        place.put({path: b"id,name\n1,z\n" if table == "c" else parquet(**columns)})


def shown(crawling: Crawling) -> dict[str, Any]:
    """All that the catalog says of its tables, but for who said it last."""
    found: dict[str, Any] = {}
    for name in crawling.tables():
        table = crawling.table(name)
        ignored = ("UPDATED_BY_CRAWLER", "transient_lastDdlTime", "numFilesErasureCoded")
        parameters = {key: value for key, value in table.parameters.items() if key not in ignored}
        parts: Mapping[str, Any] = crawling.partitions(name) if table.partition_keys else {}
        rows = {value: (part.location, dict(part.parameters)) for value, part in parts.items()}
        for _, said in rows.values():
            said.pop("transient_lastDdlTime", None)
        found[name] = (table.columns, table.partition_keys, table.storage, parameters, rows)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_refresh_does_what_an_ordinary_crawl_does(twins: tuple[Crawling, Crawling], seed: int) -> None:
    ordinary, refreshed = twins
    chance = random.Random(seed)
    ordinary.place.put({"a/day=1/z.parquet": parquet(n=pa.array([1])), "b/z.parquet": parquet(n=pa.array([1]))})
    ordinary.place.put({"c/z.csv": b"id,name\n1,a\n2,b\n"})
    for crawling in twins:
        crawling.create()
        crawling.run()
    assert shown(ordinary) == shown(refreshed)
    for _ in range(3):
        for _ in range(chance.randint(1, 4)):
            step(chance, ordinary.place)
        ordinary.run()
        assert refresh(refreshed).state == "SUCCEEDED"
        assert shown(ordinary) == shown(refreshed)
        assert refreshed.tables() == ["a", "b", "c"]
