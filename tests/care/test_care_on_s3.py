"""Care of tables in a real S3 server, whose files may be spelled `s3:` and `s3a:`."""

from __future__ import annotations

import httpx
import pytest
from pyiceberg.catalog.rest import RestCatalog

from catalog_server.model.care import Operation
from catalog_server.model.names import TableName
from tests.care.tables import CALLER, SCHEMA, Lake, contents, read, rows
from tests.engines.s3 import S3
from tests.facades.web.serving import Served

pytestmark = pytest.mark.s3


def test_files_are_the_same_however_their_store_is_spelled(
    served: Served, lake: Lake, s3_server: S3, s3_bucket: str
) -> None:
    profile = {
        "name": s3_bucket,
        "kind": "s3",
        "options": {
            "endpoint": s3_server.endpoint,
            "region": s3_server.region,
            "path_style": "true",
            "allow_http": "true",
        },
        "secrets": {"access_key_id": s3_server.access_key, "secret_access_key": s3_server.secret_key},
        "prefixes": [f"s3://{s3_bucket}/"],
    }
    assert httpx.post(f"{served.url}/api/v1/connections", json=profile, trust_env=False).status_code == 201
    rest = RestCatalog("s3", uri=f"{served.url}/iceberg", **s3_server.iceberg_properties())
    table = rest.create_table(f"{lake.database}.t", SCHEMA, location=f"s3://{s3_bucket}/t")
    other = rest.create_table(f"{lake.database}.other", SCHEMA, location=f"s3://{s3_bucket}/other")
    for number in range(6):
        table.append(rows(number))
    shared = next(iter(table.scan().plan_files())).file.file_path
    other.add_files([shared.replace("s3://", "s3a://")])
    held = contents(other)
    moved = [{"action": "set-location", "location": f"s3a://{s3_bucket}/t"}]
    served.services.catalog.iceberg.commit(CALLER, TableName("hive", lake.database, "t"), [], moved)
    before = contents(table)
    s3_server.put(s3_bucket, {"t/data/lost.parquet": b"lost"})
    done = lake.remove_orphans()
    assert (done["files"], contents(table)) == (1, before)
    assert lake.care(Operation.REWRITE)["files"] == 6
    done = lake.expire()
    assert (done["data"]["files"], done["spared"]) == (5, 1)
    table.refresh()
    assert len(read(table, None)) == 6
    assert contents(other) == held
    assert lake.remove_orphans()["spared"] == 1
    rest.close()
