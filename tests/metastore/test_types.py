"""Named types, statistics of runs, file metadata, and calls that no server serves."""

from __future__ import annotations

import uuid

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import columns
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused


def test_a_type_is_kept_as_it_was_sent(hms: Client) -> None:
    said = wire.Type(name=f"t{uuid.uuid4().hex}", fields=columns("a int, b string"))
    assert hms.create_type(said) is True
    assert hms.get_type(said.name) == said
    with refused(wire.AlreadyExistsException):
        hms.create_type(said)
    assert hms.drop_type(said.name) is True
    assert hms.drop_type(said.name) is True
    with refused(wire.NoSuchObjectException):
        hms.get_type(said.name)


@pytest.mark.parametrize("name", ["", "a b"])
def test_a_type_needs_a_name(hms: Client, name: str) -> None:
    with refused(wire.InvalidObjectException):
        hms.create_type(wire.Type(name=name, fields=[]))


def test_types_of_a_name_are_served_by_nobody(hms: Client) -> None:
    with refused(wire.MetaException, match="Not yet implemented"):
        hms.get_type_all("t")


@not_on(HIVE2, "properties came with Hive 4.0")
def test_properties_have_no_namespace(hms: Client) -> None:
    with refused(wire.NoSuchObjectException, match="no PropertyManager namespace is declared"):
        hms.get_properties(wire.PropertyGetRequest(nameSpace="hms"))
    with refused(wire.NoSuchObjectException, match="no PropertyManager namespace is declared"):
        hms.set_properties(wire.PropertySetRequest(nameSpace="hms", propertyMap={"a": "b"}))


@not_on(HIVE2, "statistics of runs came with Hive 3.0")
def test_statistics_of_runs_are_answered_up_to_a_weight(hms: Client) -> None:
    for payload, weight in ((b"\x00\xffold", 3), (b"new", 2)):
        hms.add_runtime_stats(wire.RuntimeStat(createTime=1_600_000_000, weight=weight, payload=payload))
    everything = hms.get_runtime_stats(wire.GetRuntimeStatsRequest(maxWeight=-1, maxCreateTime=-1))
    assert {b"\x00\xffold", b"new"} <= {one.payload for one in everything}
    assert all(one.createTime > 1_700_000_000 for one in everything)
    one = hms.get_runtime_stats(wire.GetRuntimeStatsRequest(maxWeight=1, maxCreateTime=-1))
    assert len(one) == 1
    assert hms.get_runtime_stats(wire.GetRuntimeStatsRequest(maxWeight=-1, maxCreateTime=1_650_000_000)) == []


def test_metadata_of_files_is_not_kept(hms: Client, database: str) -> None:
    hms.put_file_metadata(wire.PutFileMetadataRequest(fileIds=[1], metadata=[b"\x00m"]))
    found = hms.get_file_metadata(wire.GetFileMetadataRequest(fileIds=[1]))
    assert (found.isSupported, found.metadata) == (False, {})
    found = hms.get_file_metadata_by_expr(wire.GetFileMetadataByExprRequest(fileIds=[1], expr=b"x"))
    assert (found.isSupported, found.metadata) == (False, {})
    assert hms.cache_file_metadata(wire.CacheFileMetadataRequest(dbName=database, tblName="t")).isSupported is False


@differs(HIVE4, "answers an internal error")
@differs(HIVE2, "answers an internal error")
def test_metadata_of_files_may_be_cleared(hms: Client) -> None:
    assert hms.clear_file_metadata(wire.ClearFileMetadataRequest(fileIds=[1])) == wire.ClearFileMetadataResult()
