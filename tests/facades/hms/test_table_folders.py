"""Folders of databases and tables in an object store: made, moved, emptied and removed with them."""

from __future__ import annotations

import uuid

import pytest

from catalog_server.lake.filesystem import FileSystem
from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from tests.engines.s3 import S3
from tests.facades.hms.metastore import Metastore, partition, table


@pytest.fixture
def bucket(s3_server: S3, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The location of an empty bucket that the environment leads to."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    return f"s3://{s3_bucket}"


@pytest.fixture
def there(hms: Metastore, bucket: str) -> str:
    """The name of a database in the bucket."""
    name = f"d{uuid.uuid4().hex[:8]}"
    hms.create_database(wire.Database(name=name, locationUri=f"{bucket}/{name}.db"))
    return name


def _files(services: Services, bucket: str) -> FileSystem:
    return services.catalog.core.lake.filesystem(bucket)


def _held(files: FileSystem, folder: str) -> list[str]:
    """Files below a folder, without the empty ones that mark folders."""
    return [one.location for one in files.list(folder) if one.size]


def test_files_move_and_go_with_their_table(hms: Metastore, there: str, bucket: str, hms_services: Services) -> None:
    files, home = _files(hms_services, bucket), f"{bucket}/{there}.db"
    hms.create_table(table(there, "old", keys="p string"))
    hms.add_partitions([partition(there, "old", ["x"])])
    files.write(f"{home}/old/p=x/file", b"x")
    new = hms.get_table(there, "old")
    new.tableName = "new"
    hms.alter_table(there, "old", new)
    assert _held(files, home) == [f"{home}/new/p=x/file"]
    hms.truncate_table(there, "new", ["p=x"])
    assert _held(files, home) == []
    files.write(f"{home}/new/p=x/file", b"x")
    hms.drop_table(there, "new", True)
    assert not files.is_directory(f"{home}/new")


def test_a_taken_folder_is_refused(hms: Metastore, there: str, bucket: str, hms_services: Services) -> None:
    files = _files(hms_services, bucket)
    files.write(f"{bucket}/{there}.db/taken/file", b"x")
    hms.create_table(table(there, "t"))
    new = hms.get_table(there, "t")
    new.tableName = "taken"
    with pytest.raises(wire.InvalidOperationException, match="already exists"):
        hms.alter_table(there, "t", new)
