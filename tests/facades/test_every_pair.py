"""Created through any facade, seen the same through every facade: Thrift, Iceberg REST, gRPC and the web API, all pairs."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from catalog_server.client import Client
from catalog_server.model.errors import AlreadyExists, NotEmpty, NotFound
from catalog_server.testing import RunningServer, running_server
from tests.facades.doors import FILE_COLUMNS, ICEBERG_COLUMNS, KEYS, Door, FilesDoor
from tests.facades.every_door import DOORS

NAMES = [door.name for door in DOORS]
OF_FILES = [door.name for door in DOORS if door.shows_files]
OF_ICEBERG = [door.name for door in DOORS if door.makes_iceberg]


def pairs(makers: list[str], viewers: list[str]) -> Any:
    """A test runs for each maker with each viewer."""
    return pytest.mark.parametrize(("maker", "viewer"), list(itertools.product(makers, viewers)), indirect=True)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on either store."""
    store = ""
    if request.param == "postgresql":
        postgresql = request.getfixturevalue("postgresql")
        store = postgresql.url(postgresql.create_database())
    with running_server(tmp_path_factory.mktemp("pairs"), store=store) as running:
        yield running


@pytest.fixture(scope="module")
def doors(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Every door of the server by name."""
    found = {door.name: door(server, tmp_path_factory.mktemp("scratch")) for door in DOORS}
    yield found
    for door in found.values():
        door.close()


@pytest.fixture
def maker(request: pytest.FixtureRequest, doors: dict[str, Any]) -> Any:
    """The door through which a thing is made."""
    return doors[request.param]


@pytest.fixture
def viewer(request: pytest.FixtureRequest, doors: dict[str, Any]) -> Any:
    """The door through which it is seen."""
    return doors[request.param]


@pytest.fixture
def name() -> str:
    """A name that nothing has."""
    return f"d{uuid.uuid4().hex[:10]}"


@pytest.fixture
def database(maker: Door, name: str) -> str:
    """A database that the maker made."""
    maker.create_database(name, "ours", "ann", {"k": "v"})
    return name


@pairs(NAMES, NAMES)
def test_a_database_is_seen_as_it_was_made(maker: Door, viewer: Door, database: str) -> None:
    found = viewer.database(database)
    assert (found.name, found.comment, found.owner, found.parameters) == (database, "ours", "ann", {"k": "v"})
    assert found.location == maker.database(database).location
    assert database in viewer.databases()


@pairs(NAMES, NAMES)
def test_a_database_below_another_is_one_for_all(maker: Door, viewer: Door, database: str) -> None:
    maker.create_database(f"{database}.inner", "inner", "ann", {})
    assert viewer.database(f"{database}.inner").comment == "inner"
    with pytest.raises(NotEmpty):
        viewer.drop_database(database)


@pairs(NAMES, NAMES)
def test_a_change_of_a_database_is_seen(maker: Door, viewer: Door, database: str) -> None:
    viewer.comment_database(database, "theirs")
    assert maker.database(database).comment == "theirs"
    assert maker.database(database).parameters == {"k": "v"}


@pairs(NAMES, NAMES)
def test_a_name_that_is_taken_is_taken_for_all(maker: Door, viewer: Door, database: str) -> None:
    with pytest.raises(AlreadyExists):
        viewer.create_database(database, "", "", {})


@pairs(NAMES, NAMES)
def test_a_database_that_is_dropped_is_gone_for_all(maker: Door, viewer: Door, database: str) -> None:
    viewer.drop_database(database)
    with pytest.raises(NotFound):
        maker.database(database)
    assert database not in maker.databases()


@pairs(OF_ICEBERG, NAMES)
def test_an_iceberg_table_is_seen_as_it_was_made(maker: Door, viewer: Door, database: str) -> None:
    maker.create_iceberg(database, "t")
    found, made = viewer.table(database, "t"), maker.table(database, "t")
    assert (found.columns, found.keys, found.parameters["p"]) == (ICEBERG_COLUMNS, (), "1")
    assert (found.location, found.metadata_location) == (made.location, made.metadata_location)
    assert found.metadata_location is not None
    assert viewer.tables(database) == {"t"}


@pairs(OF_ICEBERG, NAMES)
def test_a_commit_through_one_door_is_at_once_what_the_other_sees(maker: Door, viewer: Door, database: str) -> None:
    maker.create_iceberg(database, "t")
    for number, door in enumerate((viewer, maker, viewer)):
        before = maker.table(database, "t").metadata_location
        door.set_parameter(database, "t", "q", str(number))
        one, other = maker.table(database, "t"), viewer.table(database, "t")
        assert one.parameters["q"] == other.parameters["q"] == str(number)
        assert one.metadata_location == other.metadata_location != before
        assert one.parameters["p"] == other.parameters["p"] == "1"


@pairs(OF_ICEBERG, NAMES)
def test_an_iceberg_table_is_renamed_and_dropped_for_all(maker: Door, viewer: Door, database: str) -> None:
    maker.create_iceberg(database, "t")
    viewer.rename(database, "t", "t2")
    assert maker.tables(database) == {"t2"}
    assert maker.table(database, "t2").columns == ICEBERG_COLUMNS
    with pytest.raises(NotFound):
        maker.table(database, "t")
    with pytest.raises(NotEmpty):
        maker.drop_database(database)
    viewer.drop(database, "t2")
    assert maker.tables(database) == set()
    with pytest.raises(NotFound):
        maker.table(database, "t2")


@pairs(OF_ICEBERG, OF_ICEBERG)
def test_a_table_s_name_is_taken_for_all(maker: Door, viewer: Door, database: str) -> None:
    maker.create_iceberg(database, "t")
    with pytest.raises(AlreadyExists):
        viewer.create_iceberg(database, "T")


@pairs(OF_FILES, OF_FILES)
def test_a_table_of_files_is_seen_as_it_was_made(maker: FilesDoor, viewer: FilesDoor, database: str) -> None:
    maker.create_files(database, "t")
    found, made = viewer.table(database, "t"), maker.table(database, "t")
    assert (found.columns, found.keys, found.parameters["p"]) == (FILE_COLUMNS, KEYS, "1")
    assert (found.location, found.metadata_location) == (made.location, None)
    assert found.parameters == made.parameters


@pairs(OF_FILES, ["iceberg-rest"])
def test_a_table_of_files_is_no_iceberg_table_but_takes_its_name(maker: FilesDoor, viewer: Door, database: str) -> None:
    maker.create_files(database, "t")
    assert viewer.tables(database) == set()
    with pytest.raises(NotFound):
        viewer.table(database, "t")
    with pytest.raises(AlreadyExists):
        viewer.create_iceberg(database, "t")


@pairs(OF_FILES, OF_FILES)
def test_a_change_of_a_table_of_files_is_seen(maker: FilesDoor, viewer: FilesDoor, database: str) -> None:
    maker.create_files(database, "t")
    viewer.set_parameter(database, "t", "q", "2")
    assert maker.table(database, "t").parameters["q"] == "2"
    viewer.rename(database, "t", "t2")
    viewer.drop(database, "t2")
    assert maker.tables(database) == set()


@pairs(OF_FILES, OF_FILES)
def test_partitions_are_seen_as_they_were_added(maker: FilesDoor, viewer: FilesDoor, database: str) -> None:
    maker.create_files(database, "t")
    for value in ("a b", "x/y"):
        maker.add_partition(database, "t", value)
    location = maker.table(database, "t").location
    names = ("city=a b", "city=x%2Fy")
    assert viewer.partitions(database, "t") == {one: f"{location}/{one}" for one in names}
    viewer.drop_partition(database, "t", "x/y")
    assert list(maker.partitions(database, "t")) == ["city=a b"]


@pairs(OF_FILES, OF_FILES)
def test_views_and_functions_are_seen_as_they_were_made(maker: FilesDoor, viewer: FilesDoor, database: str) -> None:
    maker.create_view(database, "v", "SELECT 1 AS one")
    assert viewer.view(database, "v") == "SELECT 1 AS one"
    maker.create_function(database, "f", "org.example.F")
    assert viewer.function(database, "f") == ("f", "org.example.F")


@pytest.mark.parametrize("maker", OF_ICEBERG, indirect=True)
def test_the_history_tells_through_which_door_a_change_came(
    maker: Door, doors: dict[str, Any], server: RunningServer, database: str
) -> None:
    maker.create_iceberg(database, "t")
    others = [door for door in doors.values() if door is not maker]
    for door in others:
        door.set_parameter(database, "t", "q", door.name)
    with Client(server.grpc) as client:
        found = [one.via for one in client.versions.list(database, "t")]
    spelled = {"web": "api"}
    assert found[::-1] == [spelled.get(door.name, door.name) for door in (maker, *others)]
