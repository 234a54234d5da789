"""Files of a storage profile as a source."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog_server.model.connection import Connection
from catalog_server.model.errors import Invalid, NotFound, Unsupported
from connectors.files import Files
from tests.engines.s3 import S3
from tests.lake.places import Place, local_place, s3_place


def parquet(**columns: pa.Array) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def fill(place: Place) -> None:
    place.put(
        {
            "numbers/a.parquet": parquet(N=[1, 2], m=["x", "y"]),
            "numbers/b.parquet": parquet(N=[3], m=["z"]),
            "numbers/_SUCCESS": b"",
            "one.csv": b"a,b\n1,2\n3,4\n",
            "broken.parquet": b"PAR1",
        }
    )


@pytest.fixture
def source(tmp_path: Path) -> Files:
    place = local_place(tmp_path)
    fill(place)
    return Files(Connection("lake", "files", options={"path": place.root}), place.lake)


@pytest.mark.s3
def test_folders_and_files_of_a_bucket_are_tables(s3_server: S3, s3_bucket: str) -> None:
    place = s3_place(s3_server, s3_bucket)
    fill(place)
    assert place.connection is not None
    source = Files(Connection(**{**fields(place.connection), "prefixes": (place.root,)}))
    assert source.test().endswith("1 folders and 2 files")
    assert list(source.tables("files")) == ["broken.parquet", "numbers", "one.csv"]
    columns = source.describe("files", "numbers").columns
    assert [(column.name, column.type) for column in columns] == [("N", "bigint"), ("m", "string")]


def fields(connection: Connection) -> dict[str, object]:
    return {
        "name": connection.name,
        "kind": connection.kind,
        "options": connection.options,
        "secrets": connection.secrets,
    }


def test_parquet_is_read_across_files(source: Files) -> None:
    rows = [row for batch in source.scan("files", "numbers", ["m", "n"]) for row in batch.to_pylist()]
    assert rows == [{"m": "x", "N": 1}, {"m": "y", "N": 2}, {"m": "z", "N": 3}]
    assert sum(batch.num_rows for batch in source.scan("files", "numbers", limit=2)) == 2


def test_a_file_alone_is_a_table(source: Files) -> None:
    assert [column.name for column in source.describe("files", "one.csv").columns] == ["a", "b"]
    with pytest.raises(Unsupported, match="crawl csv"):
        list(source.scan("files", "one.csv"))


def test_what_cannot_be_read_is_said_with_the_reason(source: Files) -> None:
    with pytest.raises(Invalid, match="too few for a Parquet file"):
        source.describe("files", "broken.parquet")
    with pytest.raises(NotFound, match="nothing"):
        source.describe("files", "nothing")


def test_a_connection_without_a_prefix_says_so() -> None:
    with pytest.raises(Invalid, match="names no prefix"):
        Files(Connection("lake", "s3")).databases()
