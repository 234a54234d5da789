"""Whatever was there, whatever people did by hand and whatever a crawl found: undone, all is as it was before."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, StoreConfig
from catalog_server.crawlers.crawl import Crawls
from catalog_server.model.constraint import Constraint, ConstraintKind
from catalog_server.model.crawler import Crawl, Crawler
from catalog_server.model.errors import CatalogError, Invalid
from catalog_server.model.grant import Action, Grant
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.partition import Partition, partition_name
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Column, Table
from tests.crawlers.conftest import ME
from tests.crawlers.test_undo import held, refusals
from tests.engines.postgresql import PostgreSQL
from tests.lake.places import Place, local_place

NUMBERS = itertools.count()
BODIES = {
    "json": (b'{"n": 1}\n', b'{"n": 1.5}\n', b'{"n": 1, "k": true}\n', b'{"m": "x", "n": 2}\n', b'{"n": "a"}\n'),
    "csv": (b"n,m\n1,2\n", b"n,m\n1.5,x\n", b"n,p\n1,2\n", b"n\n1\n2\n", b"n,m,q\n1,2,3\n"),
}
OPTIONS = {
    "on_changed_table": ("update", "update", "add_columns", "log"),
    "on_missing_table": ("keep", "deprecate", "drop"),
    "on_missing_partition": ("drop", "keep"),
}
TABLES = ("one", "two")


@st.composite
def layouts(draw: st.DrawFn) -> dict[str, bytes]:
    """Files of up to two tables, flat or with partitions; never none at all."""
    files = {"always/a.csv": b"a,b\n1,2\n"}
    for name in TABLES:
        form = draw(st.sampled_from(("json", "csv", "none")))
        if form == "none":
            continue
        bodies = st.sampled_from(BODIES[form])
        for month in draw(st.lists(st.integers(1, 4), max_size=3, unique=True)):
            files[f"{name}/month={month}/f.{form}"] = draw(bodies)
        if not any(path.startswith(f"{name}/") for path in files):
            files[f"{name}/f.{form}"] = draw(bodies)
    return files


@st.composite
def successions(draw: st.DrawFn) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Files, and those that are there later: some of them changed or gone, and others."""
    before = draw(layouts())
    after = dict(before) if draw(st.booleans()) else draw(layouts())
    for path in sorted(after):
        if path.startswith("always"):
            continue
        fate = draw(st.sampled_from(("stays", "changes", "changes", "goes")))
        if fate == "goes":
            del after[path]
        elif fate == "changes":
            after[path] = draw(st.sampled_from(BODIES[path.rpartition(".")[2]]))
    return before, after


Edit = Callable[[CatalogService, Table], object]


def _partitions(catalog: CatalogService, table: Table) -> list[Partition]:
    return catalog.partitions.list(ME, table.full_name)[1] if table.partition_keys else []


def _first_name(catalog: CatalogService, table: Table) -> str:
    keys = [key.name for key in table.partition_keys]
    return partition_name(keys, _partitions(catalog, table)[0].values)


def comment(catalog: CatalogService, table: Table) -> None:
    columns = (replace(table.columns[0], comment="by hand"), *table.columns[1:])
    catalog.tables.alter(ME, table.full_name, replace(table, columns=columns))


def retype(catalog: CatalogService, table: Table) -> None:
    columns = (replace(table.columns[0], type="string"), *table.columns[1:])
    catalog.tables.alter(ME, table.full_name, replace(table, columns=columns), cascade=True)


def own_parameter(catalog: CatalogService, table: Table) -> None:
    catalog.tables.alter(ME, table.full_name, replace(table, parameters={**table.parameters, "note": "ours"}))


def own_columns_of_a_partition(catalog: CatalogService, table: Table) -> None:
    first = _partitions(catalog, table)[0]
    catalog.partitions.alter(ME, table.full_name, [replace(first, columns=(Column("n", "int"),))])


def drop_partition(catalog: CatalogService, table: Table) -> None:
    catalog.partitions.drop(ME, table.full_name, [_first_name(catalog, table)])


def add_partition(catalog: CatalogService, table: Table) -> None:
    new = Partition(("77",), f"{table.location}/elsewhere", created_at=1, parameters={"by": "hand"})
    catalog.partitions.add(ME, table.full_name, [new], make_directories=False)


def put_statistics(catalog: CatalogService, table: Table) -> None:
    known = [ColumnStatistics(column.name, column.type, "long", {"low": 1, "num_nulls": 0}) for column in table.columns]
    catalog.statistics.put(ME, table.full_name, known)
    if table.partition_keys:
        keys = [key.name for key in table.partition_keys]
        named = [partition_name(keys, one.values) for one in _partitions(catalog, table)]
        catalog.statistics.put_partitions(ME, table.full_name, dict.fromkeys(named, known))


def constrain(catalog: CatalogService, table: Table) -> None:
    columns = tuple(column.key for column in table.columns)
    catalog.constraints.add(ME, [Constraint(ConstraintKind.UNIQUE, table.full_name, "uk", columns)])


def grant(catalog: CatalogService, table: Table) -> None:
    path = (table.catalog, table.database, table.name)
    catalog.privileges.grant(ME, [Grant("user:ann", Action.SELECT, "table", path, (table.columns[0].name,))])
    if table.partition_keys:
        of_partition = Grant("user:ann", Action.SELECT, "partition", path, partition=_first_name(catalog, table))
        catalog.privileges.grant(ME, [of_partition])


def mark(catalog: CatalogService, table: Table) -> None:
    catalog.notifications.mark(ME, table.full_name, {key.name: "1" for key in table.partition_keys})


def drop(catalog: CatalogService, table: Table) -> None:
    catalog.tables.drop(ME, table.full_name, delete_data=False)


EDITS: tuple[Edit, ...] = (
    comment, retype, own_parameter, own_columns_of_a_partition, drop_partition, add_partition, put_statistics,
    constrain, grant, mark, drop,
)  # fmt: skip
EDITED = st.lists(st.sampled_from(EDITS), max_size=6, unique=True)
CHOSEN = st.fixed_dictionaries({name: st.sampled_from(said) for name, said in OPTIONS.items()})


class World:
    """A catalog that all examples share, each with a crawler, a database and a folder of its own."""

    def __init__(self, catalog: CatalogService, folder: Path) -> None:
        self.catalog = catalog
        self.folder = folder
        self.crawls = Crawls(catalog)

    def begin(self, options: dict[str, str]) -> tuple[str, Place]:
        """The name of a new crawler, which is that of its database too, and what it crawls."""
        name = f"w{next(NUMBERS)}"
        place = local_place(self.folder / name)
        self.crawls.create(ME, Crawler(name, (place.root,), "hive", name, options=options))
        return name, place

    def crawl(self, name: str, place: Place, files: dict[str, bytes]) -> Crawl:
        place.files.remove_directory(place.root)
        place.put(files)
        return self.crawls.execute(self.crawls.run(ME, name).id)

    def edit(self, name: str, edits: Sequence[Edit]) -> None:
        """Do by hand what can be done, to every table."""
        for edit, table in itertools.product(edits, TABLES):
            try:
                edit(self.catalog, self.catalog.tables.get(ME, TableName("hive", name, table)))
            except (CatalogError, IndexError):
                continue


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, url = tmp_path_factory.mktemp("undo"), ""
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        name = server.create_database()
        url = server.url(name)
    catalog = CatalogService(Config(data=folder, store=StoreConfig(url=url)))
    catalog.prepare()
    yield World(catalog, folder)
    catalog.close()
    if url:
        server.drop_database(name)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(successions(), EDITED, CHOSEN, st.integers(1, 12))
def test_a_crawl_that_is_undone_leaves_the_catalog_as_it_was(
    world: World,
    files: tuple[dict[str, bytes], dict[str, bytes]],
    edits: Sequence[Edit],
    options: dict[str, str],
    killed_at: int,
) -> None:
    before, after = files
    name, place = world.begin(options)
    world.crawl(name, place, before)
    world.edit(name, edits)
    held_before = held(world.catalog)
    crawl = world.crawl(name, place, after)
    assert crawl.state == "SUCCEEDED"
    try:
        waiting = world.crawls.undo(ME, crawl.id)
    except Invalid:
        assert held(world.catalog) == held_before
        return
    steps = iter(range(killed_at))

    def killed() -> bool:
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return False

    try:
        world.crawls.execute(waiting.id, killed)
    except KeyboardInterrupt:
        world.crawls.execute(waiting.id)
    assert refusals(world.crawls.get_crawl(ME, waiting.id)) == {}
    assert held(world.catalog) == held_before


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(successions(), EDITED, CHOSEN)
@example(
    (
        {"always/a.csv": b"a,b\n1,2\n", "two/month=1/f.json": b'{"n": 1}\n'},
        {"always/a.csv": b"a,b\n1,2\n", "two/month=1/f.json": b'{"n": 1.5}\n'},
    ),
    [put_statistics],
    {"on_changed_table": "update", "on_missing_table": "keep", "on_missing_partition": "drop"},
)
def test_tables_that_people_changed_since_stay_and_all_others_go_back(
    world: World,
    files: tuple[dict[str, bytes], dict[str, bytes]],
    edits: Sequence[Edit],
    options: dict[str, str],
) -> None:
    before, after = files
    name, place = world.begin(options)
    world.crawl(name, place, before)
    held_before = _by_table(world, name)
    crawl = world.crawl(name, place, after)
    crawled = _by_table(world, name)
    world.edit(name, edits)
    edited = _by_table(world, name)
    try:
        done = world.crawls.execute(world.crawls.undo(ME, crawl.id).id)
    except Invalid:
        return
    refused = {table.partition(".")[2] for table in refusals(done)}
    now = _by_table(world, name)
    for table in held_before.keys() | edited.keys():
        if table in refused:
            assert edits
            assert now.get(table) == edited.get(table)
        elif edited.get(table) == crawled.get(table):
            assert now.get(table) == held_before.get(table)


def _by_table(world: World, name: str) -> dict[str, object]:
    """What engines are told of each table of a database."""
    found: dict[str, object] = {}
    for one in world.catalog.tables.list(ME, DatabaseName("hive", name)):
        plain = replace(one, version=0, updated_at=0, updated_by=None)
        keys = [key.name for key in one.partition_keys]
        parts = {
            partition_name(keys, part.values): replace(part, version=0) for part in _partitions(world.catalog, one)
        }
        columns = [column.name for column in one.columns]
        found[one.name] = (
            plain,
            parts,
            world.catalog.statistics.get(ME, one.full_name),
            world.catalog.statistics.get_partitions(ME, one.full_name, list(parts), columns) if parts else {},
            world.catalog.constraints.of_table(ME, one.full_name),
            [
                grant
                for grant in world.catalog.privileges.list(ME)
                if grant.path == (one.catalog, one.database, one.name)
            ],
        )
    return found
