"""How connectors are found and connections are read from URLs."""

from __future__ import annotations

import pytest

from catalog_server.connector import connection_from_url, connector_class, kinds
from catalog_server.model.errors import Invalid, Unsupported
from connectors.postgresql import PostgreSQL


def test_built_in_kinds_come_by_entry_point() -> None:
    assert {"files", "postgresql", "mysql", "mariadb", "sqlite"} <= set(kinds())
    assert connector_class("postgresql") is PostgreSQL
    assert connector_class("postgres") is PostgreSQL


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Unsupported, match=r"oracle.*postgresql"):
        connector_class("oracle")


def test_a_url_gives_options_and_keeps_the_password_apart() -> None:
    made = connection_from_url("c", "postgresql://me:p%40ss@db.example:6543/shop?sslmode=require")
    assert made.kind == "postgresql"
    assert dict(made.options) == {
        "host": "db.example",
        "port": "6543",
        "database": "shop",
        "user": "me",
        "sslmode": "require",
    }
    assert dict(made.secrets) == {"password": "p@ss"}
    assert made.url == "postgresql://db.example:6543/shop"


@pytest.mark.parametrize("parameter", ["host_file=/etc/passwd", "local_infile=1", "sslpassword=x"])
def test_parameters_that_are_not_known_are_refused(parameter: str) -> None:
    with pytest.raises(Invalid, match=parameter.split("=")[0]):
        connection_from_url("c", f"postgresql://h/d?{parameter}")


def test_an_sqlite_url_names_a_file() -> None:
    made = connection_from_url("c", "sqlite:////data/my%20shop.db")
    assert (made.kind, dict(made.options)) == ("sqlite", {"path": "/data/my shop.db"})


def test_an_s3_url_makes_a_storage_profile() -> None:
    made = connection_from_url(
        "lake",
        "s3://bucket/raw/?endpoint=http://127.0.0.1:9000&region=eu-1",
        {"access_key_id": "k", "secret_access_key": "s"},
    )
    assert (made.kind, made.prefixes) == ("s3", ("s3://bucket/raw/",))
    assert dict(made.options) == {"endpoint": "http://127.0.0.1:9000", "region": "eu-1"}
    assert dict(made.secrets) == {"access_key_id": "k", "secret_access_key": "s"}


@pytest.mark.parametrize("url", ["shop", "postgresql:///nohost", "postgresql://h:notaport/d"])
def test_urls_that_name_no_source_are_refused(url: str) -> None:
    with pytest.raises(Invalid):
        connection_from_url("c", url)
