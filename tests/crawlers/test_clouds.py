"""Crawls of what lies in Azure or Google Cloud Storage, against real servers of their protocols."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config
from catalog_server.crawlers.targets import Targets
from catalog_server.lake import google
from catalog_server.lake.files import FileSystem
from catalog_server.lake.filesystem import Lake
from catalog_server.model.connection import Connection
from catalog_server.model.errors import AlreadyExists, Denied, Invalid, NotFound, Unsupported
from catalog_server.query.queries import Queries
from tests.crawlers.conftest import ME, Crawling, names, types
from tests.engines.azure import Azure, azure_server
from tests.engines.gcs import PAGE, PUBLIC, Gcs, gcs_server
from tests.lake.places import Place, cloud_place, cloud_profile, local_place

FILES = {
    **{f"flights/month={n}/part.csv": f"Day,Carrier,delay\n1,UA,{n}\n2,AA,4\n".encode() for n in (1, 2)},
    "planes/p.json": b'{"tailNum": "N1", "seats": 5}\n',
}
ROOTS = {"azure": "abfss://box@account.dfs.core.windows.net", "gcs": "gs://box"}
NAMES = {"azure": "Azure", "gcs": "Google Cloud Storage"}


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    with azure_server() as server:
        yield server


@pytest.fixture(scope="module")
def gcs() -> Iterator[Gcs]:
    with gcs_server() as server:
        yield server


@pytest.fixture(params=list(ROOTS))
def cloud(request: pytest.FixtureRequest) -> Azure | Gcs:
    server: Azure | Gcs = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def place(cloud: Azure | Gcs) -> Place:
    return cloud_place(cloud, cloud.create_bucket())


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


def test_a_key_that_cannot_be_a_location_is_an_error_that_names_it(place: Place, cloud: Azure | Gcs) -> None:
    key = "data/t//b.csv"
    cloud.put(place.root.removesuffix("/data"), key)
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


def test_sql_refuses_tables_there_by_name(crawling: Crawling, cloud: Azure | Gcs, tmp_path: Path) -> None:
    crawling.crawl(FILES)
    queries = Queries(crawling.catalog, Config(data=tmp_path / "catalog"))
    with closing(queries), pytest.raises(Unsupported, match=f"hive.raw.planes lies in {NAMES[cloud.kind]}"):
        queries.run(ME, "SELECT * FROM hive.raw.planes")


def test_a_missing_bucket_is_named(crawling: Crawling, cloud: Azure | Gcs) -> None:
    missing = cloud.location("missing")
    crawling.catalog.connections.create(ME, replace(cloud_profile(cloud, missing), name="other"))
    crawling.create(f"{missing}/data")
    crawl = crawling.run()
    assert crawl.state == "FAILED"
    word = {"azure": "container", "gcs": "bucket"}[cloud.kind]
    assert f"{missing}/data: the {word} does not exist" in str(crawl.error)
    with pytest.raises(NotFound, match=r"file .*no/such"):
        crawling.place.files.read(f"{crawling.place.root}/no/such")


@pytest.mark.parametrize("kind", ROOTS)
def test_a_profile_serves_what_it_names_and_no_more(kind: str) -> None:
    root = ROOTS[kind]
    profile = Connection("store", kind, prefixes=(f"{root}/raw/",))
    lake = Lake(lambda: (profile, Connection("s3", "s3")))
    assert lake.profile(f"{root}/raw/x") is profile
    assert lake.profile("s3://box/raw/x") is not profile
    with pytest.raises(Unsupported, match=f"no connection of kind {kind}"):
        lake.filesystem(f"{root}/other")


@pytest.mark.parametrize("kind", ROOTS)
def test_a_profile_must_name_a_bucket(catalog: CatalogService, kind: str) -> None:
    other = {"azure": "gs://box/", "gcs": "abfss://box@account.dfs.core.windows.net/"}[kind]
    for prefixes in ((), ("s3://bucket/",), (other,), ("abfss://box@evil.example.com/",)):
        with pytest.raises(Invalid, match=r"abfss://container@account|gs://bucket/"):
            catalog.connections.create(ME, Connection("store", kind, prefixes=prefixes))


@pytest.mark.parametrize("kind", ROOTS)
def test_an_endpoint_at_a_metadata_address_is_refused(kind: str) -> None:
    profile = Connection("store", kind, options={"endpoint": "http://169.254.169.254/account"}, prefixes=(ROOTS[kind],))
    with pytest.raises(Invalid, match="a link-local or metadata address"):
        Targets().check_store(f"{ROOTS[kind]}/x", Lake(lambda: (profile,)))


def test_pages_are_followed_and_gone_on_with(gcs: Gcs) -> None:
    root, count = gcs.create_bucket(), PAGE + 2
    for number in range(count):
        gcs.put(root, f"t/{number:04}")
    files = cloud_place(gcs, root).files
    assert [info.location[-4:] for info in files.list(f"{root}/t")] == [f"{number:04}" for number in range(count)]
    rest = [entry[0] for page in files.scan(f"{root}/t", "0998") for entry in page]
    assert rest == ["0999", "1000", "1001"]


def test_etags_change_with_what_is_written(place: Place) -> None:
    def seen() -> tuple[str, str, str]:
        listed = next(iter(place.files.list(place.root)))
        scanned = next(entry for page in place.files.scan(place.root) for entry in page)
        return place.files.stat(f"{place.root}/x").etag, listed.etag, scanned[2]

    place.put({"x": b"1"})
    first = seen()
    place.put({"x": b"2"})
    second = seen()
    assert (len(set(first)), len(set(second)), len({*first, *second})) == (1, 1, 2)


def test_a_token_of_azure_serves_as_a_key_does_and_is_not_shown(azure: Azure) -> None:
    place = cloud_place(azure, azure.create_bucket())
    place.put({"t/a b.csv": b"a,b\n"})
    token = azure.sas_token()

    def files(token: str) -> FileSystem:
        profile = replace(cloud_profile(azure, place.root), secrets={"sas_token": token})
        return Lake(lambda: (profile,)).filesystem(place.root)

    assert [info.size for info in files(f"?{token}").list(place.root)] == [4]
    assert files(token).read(f"{place.root}/t/a b.csv") == b"a,b\n"
    wrong = token.replace("sp=rwdlac", "sp=rl")
    with pytest.raises(Denied, match="data") as error:
        list(files(wrong).list(place.root))
    assert "sig=" not in str(error.value)


def test_a_wrong_key_of_azure_is_denied_and_not_shown(azure: Azure) -> None:
    place = cloud_place(azure, azure.create_bucket())
    profile = cloud_profile(replace(azure, key="d3Jvbmc="), place.root)
    with pytest.raises(Denied, match="data") as error:
        Lake(lambda: (profile,)).filesystem(place.root).read(f"{place.root}/x")
    assert "d3Jvbmc" not in str(error.value)


def test_secrets_are_not_sent_to_another_account_of_azure(catalog: CatalogService) -> None:
    profile = Connection("store", "azure", options={"sas_token": "sig=secret"}, prefixes=(ROOTS["azure"],))
    made = catalog.connections.create(ME, profile)
    assert (made.options, catalog.connections.secret_names(ME, "store")) == ({}, ["sas_token"])
    with pytest.raises(Invalid, match="give its secrets again"):
        catalog.connections.alter(
            ME, "store", replace(profile, options={}, prefixes=("abfss://box@another.dfs.core.windows.net",))
        )


def test_a_key_of_another_account_of_google_is_denied_and_not_shown(gcs: Gcs) -> None:
    root = gcs.create_bucket()
    other = RSAKey.generate_key(2048).as_pem(private=True).decode()
    secret = {"service_account_key": json.dumps({**json.loads(gcs.key), "private_key": other})}
    with pytest.raises(Denied, match="data") as error:
        Lake(lambda: (replace(cloud_profile(gcs, root), secrets=secret),)).filesystem(root).read(f"{root}/data/x")
    assert "PRIVATE" not in str(error.value)


@pytest.mark.parametrize("key", ['{"private_key": "hidden', '{"client_email": "me", "private_key": "hidden"}', "{}"])
def test_what_is_no_key_of_google_is_refused_and_not_shown(key: str) -> None:
    profile = Connection("store", "gcs", secrets={"service_account_key": key}, prefixes=(ROOTS["gcs"],))
    with pytest.raises(Invalid, match=r"service_account_key: is not the JSON") as error:
        Lake(lambda: (profile,)).filesystem(ROOTS["gcs"]).read(f"{ROOTS['gcs']}/x")
    assert "hidden" not in str(error.value)


def test_a_key_of_google_may_lie_in_a_file(catalog: CatalogService, gcs: Gcs, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text(json.dumps(json.loads(gcs.key), indent=2))
    root = gcs.create_bucket()
    profile = replace(cloud_profile(gcs, root), secrets={"service_account_key": f"file:{tmp_path}/key.json"})
    assert catalog.connections.create(ME, profile).secrets == {}
    catalog.lake.filesystem(root).write(f"{root}/t/a.csv", b"a\n")
    assert catalog.lake.filesystem(root).read(f"{root}/t/a.csv") == b"a\n"


def test_a_public_bucket_of_google_is_read_without_a_key(gcs: Gcs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", gcs.key)  # which is not for whoever a connection names
    root, private = gcs.create_bucket(PUBLIC), gcs.create_bucket()
    gcs.put(root, "t/a.csv")
    files = Lake(lambda: (replace(cloud_profile(gcs, root, private), secrets={}),)).filesystem(root)
    assert [info.location for info in files.list(root)] == [f"{root}/t/a.csv"]
    with pytest.raises(Denied):
        list(files.list(private))
    with pytest.raises(Denied):
        files.write(f"{root}/t/b.csv", b"")


def test_the_machines_own_credentials_are_taken_where_that_is_asked(
    gcs: Gcs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key.json").write_text(gcs.key)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    monkeypatch.setattr(google, "GOOGLE", gcs.endpoint)
    root = gcs.create_bucket()
    profile = Connection("store", "gcs", options={"application_default": "true"}, prefixes=(root,))
    gcs.put(root, "t/a.csv")
    assert [info.size for info in Lake(lambda: (profile,)).filesystem(root).list(root)] == [0]
    with pytest.raises(Denied):
        list(Lake(lambda: (replace(profile, options={}),)).filesystem(root).list(root))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"application_default": "yes"}, "neither true nor false"),
        ({"application_default": "true", "endpoint": "http://127.0.0.1:1"}, "where an endpoint is named"),
        ({"region": "eu"}, "region is not known for gcs"),
    ],
)
def test_options_that_a_connection_to_google_cannot_have_are_refused(
    catalog: CatalogService, options: dict[str, str], reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        catalog.connections.create(ME, Connection("store", "gcs", options=options, prefixes=(ROOTS["gcs"],)))
