"""A schema of a film rental, as the well-known samples of PostgreSQL and MySQL have one, has its types at the first crawl."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
import pytest

from catalog_server.connector import connection_from_url
from tests.connectors.mariadb_server import MariaDBServer, shared_mariadb
from tests.crawlers.conftest import ME, Crawling, types
from tests.engines import process

POSTGRESQL = """
CREATE SCHEMA rental;
SET search_path = rental;
CREATE TYPE mpaa_rating AS ENUM ('G', 'PG', 'PG-13', 'R', 'NC-17');
CREATE DOMAIN year AS integer CHECK (VALUE >= 1901 AND VALUE <= 2155);
CREATE DOMAIN bigdecimal AS numeric(12,4);
CREATE TABLE language (
  language_id serial PRIMARY KEY, name character(20) NOT NULL, last_update timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE film (
  film_id serial PRIMARY KEY, title text NOT NULL, description text, release_year year,
  language_id integer NOT NULL REFERENCES language, rental_duration smallint NOT NULL DEFAULT 3,
  rental_rate numeric(4,2) NOT NULL DEFAULT 4.99, length smallint, replacement_cost numeric(5,2) NOT NULL DEFAULT 19.99,
  rating mpaa_rating DEFAULT 'G', special_features text[], fulltext tsvector, revenue bigdecimal
);
CREATE TABLE customer (
  customer_id bigserial PRIMARY KEY, first_name varchar(45) NOT NULL, email varchar, activebool boolean NOT NULL DEFAULT true,
  create_date date NOT NULL DEFAULT current_date, active integer, picture bytea, code uuid, address inet
);
CREATE TABLE payment (
  payment_id bigint GENERATED ALWAYS AS IDENTITY, customer_id bigint NOT NULL REFERENCES customer,
  amount numeric(5,2) NOT NULL, payment_date timestamp NOT NULL, PRIMARY KEY (payment_date, payment_id)
) PARTITION BY RANGE (payment_date);
CREATE TABLE payment_2022 PARTITION OF payment FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
CREATE VIEW film_list AS SELECT film_id, title, rental_rate AS price, rating FROM film;
CREATE MATERIALIZED VIEW rental_by_day AS SELECT date(payment_date) AS day, sum(amount) AS total FROM payment GROUP BY 1;
"""
EXPECTED_OF_POSTGRESQL: Mapping[str, Mapping[str, str]] = {
    "language": {"language_id": "int", "name": "char(20)", "last_update": "timestamp with local time zone"},
    "film": {
        "film_id": "int",
        "title": "string",
        "description": "string",
        "release_year": "int",
        "language_id": "int",
        "rental_duration": "smallint",
        "rental_rate": "decimal(4,2)",
        "length": "smallint",
        "replacement_cost": "decimal(5,2)",
        "rating": "string",
        "special_features": "array<string>",
        "fulltext": "string",
        "revenue": "decimal(12,4)",
    },
    "customer": {
        "customer_id": "bigint",
        "first_name": "varchar(45)",
        "email": "string",
        "activebool": "boolean",
        "create_date": "date",
        "active": "int",
        "picture": "binary",
        "code": "uuid",
        "address": "string",
    },
    "payment": {"payment_id": "bigint", "customer_id": "bigint", "amount": "decimal(5,2)", "payment_date": "timestamp"},
    "film_list": {"film_id": "int", "title": "string", "price": "decimal(4,2)", "rating": "string"},
    "rental_by_day": {"day": "date", "total": "decimal(38,18)"},
}
MARIADB = """
CREATE DATABASE rental;
CREATE TABLE rental.language (
  language_id tinyint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name char(20) NOT NULL, last_update timestamp NOT NULL
);
CREATE TABLE rental.film (
  film_id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, title varchar(128) NOT NULL, description text, release_year year,
  language_id tinyint unsigned NOT NULL, rental_duration tinyint unsigned NOT NULL DEFAULT 3,
  rental_rate decimal(4,2) NOT NULL DEFAULT 4.99, length smallint unsigned, rating enum('G','PG','R') DEFAULT 'G',
  special_features set('Trailers','Commentaries'), FOREIGN KEY (language_id) REFERENCES rental.language (language_id)
);
CREATE TABLE rental.customer (
  customer_id int unsigned NOT NULL PRIMARY KEY, first_name varchar(45) NOT NULL, active tinyint(1) NOT NULL DEFAULT 1,
  create_date datetime NOT NULL, birthday date, picture blob, total bigint unsigned
);
CREATE VIEW rental.film_list AS SELECT film_id, title, rental_rate AS price, rating FROM rental.film
"""
EXPECTED_OF_MARIADB: Mapping[str, Mapping[str, str]] = {
    "language": {"language_id": "smallint", "name": "char(20)", "last_update": "timestamp with local time zone"},
    "film": {
        "film_id": "int",
        "title": "varchar(128)",
        "description": "string",
        "release_year": "int",
        "language_id": "smallint",
        "rental_duration": "smallint",
        "rental_rate": "decimal(4,2)",
        "length": "int",
        "rating": "string",
        "special_features": "string",
    },
    "customer": {
        "customer_id": "bigint",
        "first_name": "varchar(45)",
        "active": "boolean",
        "create_date": "timestamp",
        "birthday": "date",
        "picture": "binary",
        "total": "decimal(20,0)",
    },
    "film_list": {"film_id": "int", "title": "varchar(128)", "price": "decimal(4,2)", "rating": "string"},
}


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> MariaDBServer:
    return shared_mariadb(process.run_root(tmp_path_factory))


def found_in(local: Crawling, url: str) -> dict[str, dict[str, str]]:
    """Types by table, as a first crawl finds them."""
    local.catalog.connections.create(ME, connection_from_url("db", url))
    local.create("connection:db/rental")
    crawl = local.run()
    assert (crawl.state, crawl.error, crawl.summary["problems"]) == ("SUCCEEDED", None, [])
    return {name: dict(types(local.table(name))) for name in local.tables()}


@pytest.mark.postgresql
def test_types_of_postgresql(local: Crawling, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as session:
        session.execute(POSTGRESQL.encode())
    found = found_in(local, postgresql_url)
    assert {name: found[name] for name in EXPECTED_OF_POSTGRESQL} == EXPECTED_OF_POSTGRESQL
    assert set(found) - set(EXPECTED_OF_POSTGRESQL) <= {"payment_2022"}


@pytest.mark.xdist_group("mariadb")
def test_types_of_mariadb(local: Crawling, mariadb: MariaDBServer) -> None:
    mariadb.execute(*MARIADB.split(";\n"))
    try:
        assert found_in(local, mariadb.url) == EXPECTED_OF_MARIADB
    finally:
        mariadb.execute("DROP DATABASE rental")
