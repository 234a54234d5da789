"""One table through two protocols: what REST makes is what Iceberg's Hive catalog sees, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pyarrow as pa
import pytest
from pyiceberg.catalog.hive import HiveCatalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.types import LongType

from catalog_server.testing import RunningServer

ROWS = pa.table({"id": [1, 2, 3], "name": ["a", "b", "c"]})


@pytest.fixture
def hive(server: RunningServer) -> Iterator[HiveCatalog]:
    """pyiceberg's client of a metastore, without its locks."""
    with closing(HiveCatalog("hive", uri=server.thrift)) as catalog:
        yield catalog


def test_a_table_made_by_rest_is_read_and_written_by_thrift(
    rest: RestCatalog, hive: HiveCatalog, namespace: str
) -> None:
    rest.create_table(f"{namespace}.t", ROWS.schema).append(ROWS)
    seen = hive.load_table(f"{namespace}.t")
    assert seen.scan().to_arrow().num_rows == 3
    seen.append(ROWS)
    assert rest.load_table(f"{namespace}.t").scan().to_arrow().num_rows == 6


def test_a_table_made_by_thrift_is_read_and_written_by_rest(
    rest: RestCatalog, hive: HiveCatalog, namespace: str
) -> None:
    hive.create_table(f"{namespace}.t", ROWS.schema).append(ROWS)
    seen = rest.load_table(f"{namespace}.t")
    assert seen.scan().to_arrow().num_rows == 3
    with seen.update_schema() as update:
        update.add_column("more", LongType())
    assert [field.name for field in hive.load_table(f"{namespace}.t").schema().fields] == ["id", "name", "more"]


def test_a_stale_thrift_writer_does_not_win_over_rest(rest: RestCatalog, hive: HiveCatalog, namespace: str) -> None:
    rest.create_table(f"{namespace}.t", ROWS.schema, properties={"commit.retry.num-retries": "0"})
    stale = hive.load_table(f"{namespace}.t")
    rest.load_table(f"{namespace}.t").append(ROWS)
    with pytest.raises(CommitFailedException):
        stale.append(ROWS)
    assert rest.load_table(f"{namespace}.t").scan().to_arrow().num_rows == 3


def test_a_stale_thrift_writer_that_tries_again_loses_nothing(
    rest: RestCatalog, hive: HiveCatalog, namespace: str
) -> None:
    rest.create_table(f"{namespace}.t", ROWS.schema)
    stale = hive.load_table(f"{namespace}.t")
    rest.load_table(f"{namespace}.t").append(ROWS)
    stale.append(ROWS)
    assert rest.load_table(f"{namespace}.t").scan().to_arrow().num_rows == 6


def test_both_list_the_same_tables(rest: RestCatalog, hive: HiveCatalog, namespace: str) -> None:
    rest.create_table(f"{namespace}.by_rest", ROWS.schema)
    hive.create_table(f"{namespace}.by_thrift", ROWS.schema)
    assert sorted(rest.list_tables(namespace)) == sorted(hive.list_tables(namespace))
    hive.drop_table(f"{namespace}.by_rest")
    rest.drop_table(f"{namespace}.by_thrift")
    assert rest.list_tables(namespace) == hive.list_tables(namespace) == []
