"""What a connector tells Trino of a source is enough for Trino to read it, with the same values."""

from __future__ import annotations

import psycopg
import pytest

from catalog_server.connector import connection_from_url
from connectors.postgresql import PostgreSQL
from tests.engines.trino import Trino


@pytest.mark.trino
@pytest.mark.postgresql
def test_trino_reads_a_database_by_its_connection(trino_server: Trino, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as session:
        session.execute(
            b"CREATE TABLE airports (faa char(3) PRIMARY KEY, name text, lat double precision, tz smallint)"
        )
        session.execute(b"INSERT INTO airports VALUES ('JFK', 'John F Kennedy', 40.6, -5), ('AAA', NULL, NULL, NULL)")
    source = PostgreSQL(connection_from_url("ports", postgresql_url))
    properties = dict(source.trino_properties())
    connector = properties.pop("connector.name")
    with trino_server.catalog(connector, properties) as name:
        rows = trino_server.sql(f"SELECT faa, name, lat, tz FROM {name}.public.airports ORDER BY faa")
    with source:
        read = [list(row.values()) for batch in source.scan("public", "airports") for row in batch.to_pylist()]
    assert sorted(rows) == sorted(read, key=str) == [["AAA", None, None, None], ["JFK", "John F Kennedy", 40.6, -5]]
