"""Which targets may be crawled, and what nobody gets to see of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, GrpcConfig, ServerConfig, ThriftConfig
from catalog_server.crawlers.crawl import Crawls
from catalog_server.crawlers.targets import Targets
from catalog_server.lake.filesystem import Lake
from catalog_server.model.connection import Connection
from catalog_server.model.crawler import Crawler
from catalog_server.model.errors import Invalid, Unavailable
from tests.crawlers.conftest import ME, Crawling
from tests.engines.s3 import S3
from tests.lake.places import s3_profile

SECRET = "canary-0123456789"


def profile(endpoint: str) -> Lake:
    found = Connection("store", "s3", options={"endpoint": endpoint}, prefixes=("s3://bucket/",))
    return Lake(lambda: (found,))


@pytest.mark.parametrize(
    ("allowed", "target", "fits"),
    [
        ((), "s3://any/where", True),
        (("s3://bucket/raw/",), "s3://bucket/raw/t", True),
        (("s3://bucket/raw/",), "s3a://bucket/raw", True),
        (("s3://bucket/raw",), "s3://bucket/raw2", False),
        (("s3://bucket/raw",), "/srv/data", False),
        (("/srv/data",), "file:///srv/data/x", True),
        (("/srv/data",), "file:///srv/database", False),
        (("connection:shop",), "connection:shop/public/%", True),
        (("connection:shop/public",), "connection:shop", False),
        (("connection:shop",), "connection:shop2", False),
    ],
)
def test_targets_must_be_below_an_allowed_prefix(allowed: tuple[str, ...], target: str, fits: bool) -> None:
    targets = Targets(allowed)
    if fits:
        targets.check(target)
    else:
        with pytest.raises(Invalid, match="below none of"):
            targets.check(target)


def test_a_link_does_not_lead_out_of_an_allowed_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    targets = Targets((str(tmp_path / "in"),))
    targets.check(str(tmp_path / "in"))
    with pytest.raises(Invalid, match="allowed_targets"):
        targets.check(str(tmp_path / "in" / "link"))


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[fd00:ec2::254]",
    ],
)
def test_link_local_addresses_are_refused_however_they_are_spelled(host: str) -> None:
    with pytest.raises(Invalid, match="a link-local or metadata address"):
        Targets().check_store("s3://bucket/x", profile(f"http://{host}:80"))
    found = Connection("x", "postgresql", options={"host": host.strip("[]")})
    with pytest.raises(Invalid, match="a link-local or metadata address"):
        Targets().check_connection("connection:x", found, Lake())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433"])
def test_loopback_is_refused_once_others_reach_the_server(host: str) -> None:
    lake = profile(f"http://{host}:9000")
    Targets().check_store("s3://bucket/x", lake)
    with pytest.raises(Invalid, match="the server's own machine"):
        Targets(exposed=True).check_store("s3://bucket/x", lake)
    Targets(("s3://bucket/",), exposed=True).check_store("s3://bucket/x", lake)


@pytest.mark.parametrize("options", [{}, {"host": ""}, {"host": "127.0.0.1"}])
def test_a_database_without_a_host_is_one_of_the_servers_own_machine(options: Mapping[str, str]) -> None:
    database = Connection("x", "postgresql", options={**options, "port": "5432"})
    Targets().check_connection("connection:x", database, Lake())
    with pytest.raises(Invalid, match="the server's own machine"):
        Targets(exposed=True).check_connection("connection:x", database, Lake())
    Targets(exposed=True).check_connection("connection:x", Connection("x", "sqlite", options={"path": "/x"}), Lake())


def test_a_connection_to_a_store_is_checked_as_the_store_is() -> None:
    store = Connection("store", "s3", options={"endpoint": "http://127.0.0.1:9000"}, prefixes=("s3://bucket/",))
    with pytest.raises(Invalid, match="the server's own machine"):
        Targets(exposed=True).check_connection("connection:store", store, Lake(lambda: (store,)))


BROKEN = [
    "http:/127.0.0.1:9000",
    "127.0.0.1:9000",
    "http://",
    "http:///x",
    "ftp://store",
    "http://[::1",
    "http://store:99999",
    "http://two words",
    "http://127.0.0.1\\@elsewhere",
    "http://me:word@store",
]


@pytest.mark.parametrize("endpoint", BROKEN)
def test_an_endpoint_that_is_no_address_is_refused(catalog: CatalogService, endpoint: str) -> None:
    with pytest.raises(Invalid, match="option endpoint"):
        catalog.connections.create(ME, Connection("store", "s3", options={"endpoint": endpoint}))
    with pytest.raises(Invalid, match="option endpoint"):
        Targets().check_store("s3://bucket/x", profile(endpoint))


@pytest.mark.parametrize("endpoint", ["http:/127.0.0.1:9000", "http://two words"])
def test_a_store_that_cannot_be_asked_is_unavailable(endpoint: str) -> None:
    with pytest.raises(Unavailable, match="the store at"):
        list(profile(endpoint).filesystem("s3://bucket/x").scan("s3://bucket/x"))


def test_a_server_is_exposed_by_any_of_its_ports() -> None:
    assert not Config().is_exposed
    assert Config(thrift=ThriftConfig(host="0.0.0.0")).is_exposed
    assert Config(grpc=GrpcConfig(host="192.0.2.1")).is_exposed
    assert Config(server=ServerConfig(host="::")).is_exposed


def test_a_crawler_of_what_is_not_allowed_is_refused_and_an_older_one_fails(local: Crawling) -> None:
    local.place.put({"t/a.csv": b"a,b\n1,2\n"})
    local.create()
    local.crawls = Crawls(local.catalog, targets=Targets(("s3://elsewhere/",)))
    with pytest.raises(Invalid, match="allowed_targets"):
        local.create(name="other")
    crawl = local.run()
    assert crawl.state == "FAILED"
    assert "allowed_targets" in (crawl.error or "")
    assert local.tables() == []


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("postgresql", {"host": "h", "sslcert": "/etc/passwd"}),
        ("postgresql", {"host": "h", "service": "x"}),
        ("postgresql", {"host": "h", "port": "5432?options=x"}),
        ("mysql", {"host": "h", "allowLoadLocalInfile": "true"}),
        ("mysql", {"host": "h", "autoDeserialize": "true"}),
        ("mysql", {"host": "h", "init_command": "set x"}),
        ("sqlite", {"path": "/x.db", "socketFactory": "x"}),
        ("s3", {"endpoint": "http://h", "credential_process": "sh"}),
    ],
)
def test_options_that_drivers_might_know_are_refused(
    catalog: CatalogService, kind: str, options: Mapping[str, str]
) -> None:
    with pytest.raises(Invalid, match=r"options|option port"):
        catalog.connections.create(ME, Connection("tricky", kind, options=options))


@pytest.mark.s3
def test_a_store_that_refuses_fails_the_crawl_without_its_secrets(catalog: CatalogService, s3_server: S3) -> None:
    bucket = s3_server.create_bucket()
    profile = s3_profile(s3_server, f"s3://{bucket}/")
    secrets = {"access_key_id": "testkey", "secret_access_key": SECRET}
    catalog.connections.create(ME, Connection("store", "s3", None, profile.options, secrets, profile.prefixes))
    crawls = Crawls(catalog)
    crawls.create(ME, Crawler("raw", (f"s3://{bucket}/data",), "hive", "raw"))
    crawl = crawls.execute(crawls.run(ME, "raw").id)
    assert crawl.state == "FAILED"
    assert "not allowed to" in (crawl.error or "")
    assert SECRET not in repr(crawl)


@pytest.mark.parametrize("url", [f"postgresql://me:{SECRET}@127.0.0.1:1/x", f"mysql://me:{SECRET}@127.0.0.1:1/x"])
def test_a_database_that_does_not_answer_fails_the_crawl_without_its_secrets(
    catalog: CatalogService, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    from catalog_server.connector import connection_from_url

    catalog.connections.create(ME, connection_from_url("source", url))
    crawls = Crawls(catalog)
    crawls.create(ME, Crawler("raw", ("connection:source",), "hive", "raw"))
    crawl = crawls.execute(crawls.run(ME, "raw").id)
    assert (crawl.state, SECRET in repr(crawl), SECRET in caplog.text) == ("FAILED", False, False)
    assert "127.0.0.1:1" in (crawl.error or "")
