"""An object that is put into a store is a row that Trino reads, once its event has been applied."""

from __future__ import annotations

from pathlib import Path

import pytest
from trino.exceptions import TrinoExternalError

from catalog_server.testing import running_server
from tests.crawlers.test_events_webhook import ROWS, Door, hook, profile
from tests.engines.s3 import s3_server
from tests.engines.trino import Trino, hive_properties

pytestmark = [pytest.mark.s3, pytest.mark.timeout(180)]


def test_trino_reads_what_was_put_and_no_more_what_was_deleted(trino_server: Trino, tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, s3_server(hook(server)) as store, Door(server) as door:
        bucket = store.create_bucket()
        store.put(bucket, {"raw/t/k=1/a.csv": ROWS})
        door.client.post("/connections", json=profile(store, bucket)).raise_for_status()
        door.create(f"s3://{bucket}/raw/")
        door.until("1")
        properties = hive_properties(server.thrift) | store.trino_properties()
        with trino_server.catalog("hive", properties) as catalog:

            def read() -> list[list[int]]:
                """The rows of each partition; asked again where one was dropped between Trino's plan and its read."""
                while True:
                    try:
                        return trino_server.sql(
                            f'SELECT k, sum(a), sum(b) FROM "{catalog}".raw.t GROUP BY k ORDER BY k'
                        )
                    except TrinoExternalError as error:
                        if error.error_name != "HIVE_PARTITION_DROPPED_DURING_QUERY":
                            raise

            assert read() == [[1, 1, 2]]
            store.put(bucket, {"raw/t/k=2/a.csv": ROWS + b"3,4\n", "raw/t/k=3/a.csv": ROWS})
            while len(read()) < 3:
                pass
            assert read() == [[1, 1, 2], [2, 4, 6], [3, 1, 2]]
            store.client().delete_object(Bucket=bucket, Key="raw/t/k=1/a.csv")
            while [1, 1, 2] in read():
                pass
            assert [one[0] for one in read()] == [2, 3]
            door.until("2", "3")
            assert trino_server.sql(f'SELECT k FROM "{catalog}".raw."t$partitions" ORDER BY k') == [[2], [3]]
