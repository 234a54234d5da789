"""Crawls of a container of Azure, against a real server of its protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config
from catalog_server.crawlers.targets import Targets
from catalog_server.lake.files import FileSystem
from catalog_server.lake.filesystem import Lake
from catalog_server.model.connection import Connection
from catalog_server.model.errors import AlreadyExists, Denied, Invalid, NotFound, Unsupported
from catalog_server.query.queries import Queries
from tests.crawlers.conftest import ME, Crawling, names, types
from tests.engines.azure import Azure, azure_server
from tests.lake.places import Place, azure_place, azure_profile, local_place

FILES = {
    **{f"flights/month={n}/part.csv": f"Day,Carrier,delay\n1,UA,{n}\n2,AA,4\n".encode() for n in (1, 2)},
    "planes/p.json": b'{"tailNum": "N1", "seats": 5}\n',
}
ROOT = "abfss://box@account.dfs.core.windows.net"


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    with azure_server() as server:
        yield server


@pytest.fixture
def place(azure: Azure) -> Place:
    return azure_place(azure, azure.create_container())


@pytest.fixture
def crawling(catalog: CatalogService, place: Place) -> Crawling:
    assert place.connection is not None
    catalog.connections.create(ME, place.connection)
    return Crawling(catalog, replace(place, lake=catalog.lake))


def found(crawling: Crawling) -> dict[str, object]:
    return {name: (types(crawling.table(name)), sorted(crawling.partitions(name))) for name in crawling.tables()}


def test_a_crawl_finds_what_it_finds_on_local_files(crawling: Crawling, tmp_path: Path) -> None:
    crawl = crawling.crawl(FILES)
    assert (crawl.state, crawl.error) == ("SUCCEEDED", None)
    here = found(crawling)
    assert list(here) == ["flights", "planes"]
    assert crawling.table("flights").location == f"{crawling.place.root}/flights"
    local = Crawling(crawling.catalog, local_place(tmp_path))
    local.place.put(FILES)
    local.create(name="local", prefix="l_")
    local.run("local")
    assert {f"l_{name}": what for name, what in here.items()}.items() <= found(local).items()


def test_a_second_crawl_finds_only_what_is_new(crawling: Crawling) -> None:
    crawling.crawl(FILES)
    before = crawling.table("planes").version
    crawling.place.put({"flights/month=3/part.csv": b"Day,Carrier,delay\n1,UA,3\n", "new/a.csv": b"a,b\n1,2\n3,4\n"})
    crawl = crawling.run()
    assert names(crawl, "added") == ["raw.new"]
    assert sorted(crawling.partitions("flights")) == ["1", "2", "3"]
    assert crawling.table("planes").version == before


@pytest.mark.parametrize(
    "name", ["a b.csv", "ä é.csv", "100%.csv", "%41.csv", "a+b#c?.csv", "k=v:w.csv", "[x]*{y}.csv"]
)
def test_files_of_odd_names_are_read_and_listed_by_their_names(place: Place, name: str) -> None:
    place.put({f"t/{name}": b"a,b\n"})
    location = f"{place.root}/t/{name}"
    assert place.files.read(location) == b"a,b\n"
    assert place.files.read(location, 2, 9) == b"b\n"
    assert [info.location for info in place.files.list_folder(f"{place.root}/t")[1]] == [location]
    assert [entry[0] for page in place.files.scan(place.root) for entry in page] == [f"t/{name}"]


def test_a_key_that_cannot_be_a_location_is_an_error_that_names_it(place: Place, azure: Azure) -> None:
    key = "data/t//b.csv"
    azure.put(place.root.removesuffix("/data"), key)
    with pytest.raises(Invalid, match=f"{place.root}: .*{key}"):
        list(place.files.scan(place.root))


def test_files_and_folders_are_written_moved_and_removed(place: Place) -> None:
    place.put({"a/x": b"1", "a/b/y": b"2"})
    with pytest.raises(AlreadyExists, match="a/x"):
        place.files.write(f"{place.root}/a/x", b"2", overwrite=False)
    place.files.move_directory(f"{place.root}/a", f"{place.root}/c")
    assert [info.location for info in place.files.list(place.root)] == [f"{place.root}/c/b/y", f"{place.root}/c/x"]
    place.files.remove_directory(f"{place.root}/c")
    place.files.delete(f"{place.root}/c/x")
    assert not place.files.is_directory(f"{place.root}/c")


def test_sql_refuses_tables_there_by_name(crawling: Crawling, tmp_path: Path) -> None:
    crawling.crawl(FILES)
    queries = Queries(crawling.catalog, Config(data=tmp_path / "catalog"))
    with closing(queries), pytest.raises(Unsupported, match=r"hive.raw.planes lies in Azure"):
        queries.run(ME, "SELECT * FROM hive.raw.planes")


def test_a_missing_container_is_named(crawling: Crawling, azure: Azure) -> None:
    missing = azure.location("missing")
    crawling.catalog.connections.create(ME, replace(azure_profile(azure, missing), name="other"))
    crawling.create(f"{missing}/data")
    crawl = crawling.run()
    assert crawl.state == "FAILED"
    assert "container" in str(crawl.error)
    assert f"{missing}/data" in str(crawl.error)
    with pytest.raises(NotFound, match=r"file .*no/such"):
        crawling.place.files.read(f"{crawling.place.root}/no/such")


def test_a_token_serves_as_a_key_does_and_is_not_shown(place: Place, azure: Azure) -> None:
    place.put({"t/a b.csv": b"a,b\n"})
    token = azure.sas_token()

    def files(token: str) -> FileSystem:
        profile = replace(azure_profile(azure, place.root), secrets={"sas_token": token})
        return Lake(lambda: (profile,)).filesystem(place.root)

    assert [info.size for info in files(f"?{token}").list(place.root)] == [4]
    assert files(token).read(f"{place.root}/t/a b.csv") == b"a,b\n"
    wrong = token.replace("sp=rwdlac", "sp=rl")
    with pytest.raises(Denied, match="data") as error:
        list(files(wrong).list(place.root))
    assert "sig=" not in str(error.value)


def test_a_wrong_key_is_denied_and_not_shown(place: Place, azure: Azure) -> None:
    profile = azure_profile(replace(azure, key="d3Jvbmc="), place.root)
    with pytest.raises(Denied, match="data") as error:
        Lake(lambda: (profile,)).filesystem(place.root).read(f"{place.root}/x")
    assert "d3Jvbmc" not in str(error.value)


def test_a_profile_serves_what_it_names_and_no_more() -> None:
    profile = Connection("store", "azure", prefixes=(f"{ROOT}/raw/",))
    lake = Lake(lambda: (profile, Connection("s3", "s3")))
    assert lake.profile(f"abfs{ROOT[5:]}/raw/x") is profile
    assert lake.profile("s3://bucket/x") is not profile
    with pytest.raises(Unsupported, match="no connection of kind azure"):
        lake.filesystem(f"{ROOT}/other")


def test_a_profile_must_name_a_container(catalog: CatalogService) -> None:
    for prefixes in ((), ("s3://bucket/",), ("abfss://box@evil.example.com/",)):
        with pytest.raises(Invalid, match="abfss://container@account"):
            catalog.connections.create(ME, Connection("store", "azure", prefixes=prefixes))


def test_secrets_are_not_sent_to_another_account(catalog: CatalogService) -> None:
    profile = Connection("store", "azure", options={"sas_token": "sig=secret"}, prefixes=(ROOT,))
    made = catalog.connections.create(ME, profile)
    assert (made.options, catalog.connections.secret_names(ME, "store")) == ({}, ["sas_token"])
    with pytest.raises(Invalid, match="give its secrets again"):
        catalog.connections.alter(
            ME, "store", replace(profile, options={}, prefixes=("abfss://box@another.dfs.core.windows.net",))
        )


def test_an_endpoint_at_a_metadata_address_is_refused() -> None:
    profile = Connection("store", "azure", options={"endpoint": "http://169.254.169.254/account"}, prefixes=(ROOT,))
    with pytest.raises(Invalid, match="a link-local or metadata address"):
        Targets().check_store(f"{ROOT}/x", Lake(lambda: (profile,)))
