"""Partitions added, changed, moved and dropped."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import environment, partition, storage, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

DDL_TIME = "transient_lastDdlTime"
HIVE_4 = "the method came with Hive 4"
NO_CATALOG = "fails on a request that names no catalog, with a null pointer of its own"


@pytest.fixture
def days(hms: Client, database: str, tmp_path: Path) -> str:
    """A database with the tables `t`, of the partitions a/1 and a/2, and `v` of the keys dt and hr, and `u` without keys."""
    tmp_path.chmod(0o777)
    for parent in list(tmp_path.parents)[:3]:
        parent.chmod(0o755)
    for name, keys in (("t", "dt string, hr int"), ("v", "dt string, hr int"), ("u", "")):
        place = storage(location=f"file://{tmp_path}/{name}")
        hms.create_table(table(database, name, keys=keys, sd=place, parameters={"EXTERNAL": "FALSE"}))
    hms.add_partitions([partition(database, "t", ["a", hour]) for hour in "12"])
    return database


def names(hms: Client, database: str, of: str = "t") -> list[str]:
    return list(hms.get_partition_names(database, of, -1))


def below(hms: Client, database: str, *values: str) -> str:
    """A partition's place relative to its table's parent."""
    return hms.get_partition(database, "t", list(values)).sd.location.rpartition("/dt=")[0].rpartition("/")[2]


class TestAdd:
    def test_makes_a_directory(self, hms: Client, days: str, tmp_path: Path) -> None:
        added = hms.add_partition(partition(days, "t", ["c", "1"]))
        assert added.sd.location.endswith("/t/dt=c/hr=1")
        assert (tmp_path / "t" / "dt=c" / "hr=1").is_dir()
        elsewhere = storage(location=f"file://{tmp_path}/else/where")
        hms.add_partition(partition(days, "t", ["c", "2"], sd=elsewhere))
        assert (tmp_path / "else" / "where").is_dir()

    def test_sets_the_times(self, hms: Client, days: str) -> None:
        hms.add_partition(partition(days, "t", ["c", "1"], createTime=7, lastAccessTime=9))
        hms.add_partition(partition(days, "t", ["c", "2"], parameters={DDL_TIME: "5", "k": "v"}))
        now, said = hms.get_partition(days, "t", ["c", "1"]), hms.get_partition(days, "t", ["c", "2"])
        assert abs(now.createTime - time.time()) < 60
        assert abs(int(now.parameters[DDL_TIME]) - time.time()) < 60
        assert (now.lastAccessTime, said.parameters) == (9, {DDL_TIME: "5", "k": "v"})

    def test_keeps_columns_of_its_own(self, hms: Client, days: str) -> None:
        hms.add_partition_with_environment_context(partition(days, "t", ["c", "1"], sd=storage("other int")), None)
        assert [one.name for one in hms.get_partition(days, "t", ["c", "1"]).sd.cols] == ["other"]

    def test_takes_any_text_for_a_number(self, hms: Client, days: str) -> None:
        hms.add_partition(partition(days, "v", ["c", "007"]))
        hms.add_partition(partition(days, "v", ["c", "7"]))
        assert names(hms, days, "v") == ["dt=c/hr=007", "dt=c/hr=7"]

    def test_is_refused(self, hms: Client, days: str) -> None:
        with refused(wire.AlreadyExistsException):
            hms.add_partition(partition(days, "t", ["a", "1"]))
        with refused(wire.AlreadyExistsException):
            hms.add_partition_with_environment_context(partition(days, "t", ["a", "1"]), None)
        with refused(wire.MetaException):
            hms.add_partition(partition(days, "t", ["a"]))
        with refused(wire.MetaException):
            hms.add_partition(partition(days, "u", ["a"]))
        with refused(wire.InvalidObjectException):
            hms.add_partition(partition(days, "no", ["a", "1"]))
        with refused(wire.InvalidObjectException):
            hms.add_partition_with_environment_context(partition(days, "no", ["a", "1"]), None)

    def test_of_many_is_all_or_nothing(self, hms: Client, days: str) -> None:
        assert hms.add_partitions([]) == 0
        assert hms.add_partitions([partition(days, "t", ["d", hour]) for hour in "12"]) == 2
        before = names(hms, days)
        with refused(wire.AlreadyExistsException):
            hms.add_partitions([partition(days, "t", ["z", "1"]), partition(days, "t", ["a", "1"])])
        with refused(wire.MetaException):
            hms.add_partitions([partition(days, "t", ["z", "1"]), partition(days, "t", ["z", "1"])])
        with refused(wire.MetaException):
            hms.add_partitions([partition(days, "t", ["z", "1"]), partition(days, "v", ["z", "1"])])
        with refused(wire.InvalidObjectException):
            hms.add_partitions([partition(days, "no", ["z", "1"])])
        assert names(hms, days) == before

    def test_by_request_may_pass_over_what_exists(self, hms: Client, days: str) -> None:
        parts = [partition(days, "t", ["a", "1"]), partition(days, "t", ["d", "1"])]
        fields: dict[str, Any] = {"dbName": days, "tblName": "t", "parts": parts}
        answer = hms.add_partitions_req(wire.AddPartitionsRequest(ifNotExists=True, **fields))
        assert [one.values for one in answer.partitions] == [["d", "1"]]
        with refused(wire.AlreadyExistsException):
            hms.add_partitions_req(wire.AddPartitionsRequest(ifNotExists=False, **fields))
        fields["parts"] = [partition(days, "t", ["e", "1"])]
        assert hms.add_partitions_req(
            wire.AddPartitionsRequest(ifNotExists=False, needResult=False, **fields)
        ).partitions is None  # fmt: skip
        fields["parts"] = [partition(days, "v", ["e", "1"])]
        with refused(wire.MetaException):
            hms.add_partitions_req(wire.AddPartitionsRequest(ifNotExists=False, **fields))
        fields |= {"tblName": "no", "parts": [partition(days, "no", ["e", "1"])]}
        with refused(wire.InvalidObjectException):
            hms.add_partitions_req(wire.AddPartitionsRequest(ifNotExists=False, **fields))

    def test_by_spec_takes_places_from_the_root(self, hms: Client, days: str, tmp_path: Path) -> None:
        root = f"file://{tmp_path}/v"
        shared = wire.PartitionSpecWithSharedSD(
            sd=storage(location=root),
            partitions=[wire.PartitionWithoutSD(values=["b", "1"], relativePath="/other/place", parameters={})],
        )
        spec = wire.PartitionSpec(dbName=days, tableName="v", rootPath=root, sharedSDPartitionSpec=shared)
        assert hms.add_partitions_pspec([spec]) == 1
        assert hms.get_partition(days, "v", ["b", "1"]).sd.location.endswith("/v/other/place")
        assert (tmp_path / "v" / "other" / "place").is_dir()
        with refused(wire.AlreadyExistsException):
            hms.add_partitions_pspec([spec])
        spec.tableName = "no"
        with refused(wire.InvalidObjectException):
            hms.add_partitions_pspec([spec])

    @differs(HIVE4, NO_CATALOG)
    def test_by_spec_takes_lists(self, hms: Client, days: str) -> None:
        whole = wire.PartitionListComposingSpec(partitions=[partition(days, "v", ["a", hour]) for hour in "12"])
        assert hms.add_partitions_pspec([wire.PartitionSpec(dbName=days, tableName="v", partitionList=whole)]) == 2
        assert names(hms, days, "v") == ["dt=a/hr=1", "dt=a/hr=2"]


class TestAppend:
    def test_by_value_and_by_name(self, hms: Client, days: str, tmp_path: Path) -> None:
        assert hms.append_partition(days, "v", ["a", "1"]).sd.location.endswith("/v/dt=a/hr=1")
        hms.append_partition_by_name(days, "v", "hr=2/dt=a")
        hms.append_partition_with_environment_context(days, "v", ["a", "3"], None)
        hms.append_partition_by_name_with_environment_context(days, "v", "dt=a/hr=4", None)
        assert names(hms, days, "v") == [f"dt=a/hr={hour}" for hour in range(1, 5)]
        assert (tmp_path / "v" / "dt=a" / "hr=4").is_dir()

    def test_is_refused(self, hms: Client, days: str) -> None:
        with refused(wire.AlreadyExistsException):
            hms.append_partition(days, "t", ["a", "1"])
        with refused(wire.AlreadyExistsException):
            hms.append_partition_by_name(days, "t", "dt=a/hr=1")
        with refused(wire.AlreadyExistsException):
            hms.append_partition_with_environment_context(days, "t", ["a", "1"], None)
        with refused(wire.AlreadyExistsException):
            hms.append_partition_by_name_with_environment_context(days, "t", "dt=a/hr=1", None)
        with refused(wire.MetaException):
            hms.append_partition(days, "t", ["a"])
        with refused(wire.MetaException):
            hms.append_partition_by_name(days, "t", "")
        with refused(wire.InvalidObjectException):
            hms.append_partition_by_name(days, "t", "dt=a")
        with refused(wire.InvalidObjectException):
            hms.append_partition_by_name_with_environment_context(days, "no", "dt=a/hr=1", None)
        with refused(wire.InvalidObjectException):
            hms.append_partition(days, "no", ["a", "1"])
        with refused(wire.InvalidObjectException):
            hms.append_partition_with_environment_context(days, "no", ["a", "1"], None)

    @not_on(HIVE2, HIVE_4)
    def test_by_request(self, hms: Client, days: str) -> None:
        fields = {"catalogName": "hive", "dbName": days, "tableName": "v"}
        hms.append_partition_req(wire.AppendPartitionsRequest(name="dt=d/hr=1", **fields))
        hms.append_partition_req(wire.AppendPartitionsRequest(partVals=["d", "2"], **fields))
        assert names(hms, days, "v") == ["dt=d/hr=1", "dt=d/hr=2"]
        with refused(wire.AlreadyExistsException):
            hms.append_partition_req(wire.AppendPartitionsRequest(partVals=["d", "2"], **fields))
        with refused(wire.MetaException):
            hms.append_partition_req(wire.AppendPartitionsRequest(**fields))
        with refused(wire.InvalidObjectException):
            hms.append_partition_req(wire.AppendPartitionsRequest(dbName=days, tableName="no", partVals=["d", "2"]))


class TestAlter:
    def test_gives_new_definitions(self, hms: Client, days: str) -> None:
        changed = hms.get_partitions(days, "t", -1)
        for one in changed:
            one.parameters = {"k": "v"}
        hms.alter_partition(days, "t", changed[0])
        hms.alter_partitions(days, "t", changed[1:])
        found = hms.get_partitions(days, "t", -1)
        assert [one.parameters["k"] for one in found] == ["v", "v"]
        assert all(abs(int(one.parameters[DDL_TIME]) - time.time()) < 60 for one in found)
        changed[0].sd.cols = storage("other int").cols
        hms.alter_partition_with_environment_context(days, "t", changed[0], environment(DO_NOT_UPDATE_STATS="true"))
        hms.alter_partitions_with_environment_context(days, "t", changed[:1], None)
        assert [one.name for one in hms.get_partition(days, "t", changed[0].values).sd.cols] == ["other"]

    def test_moves_no_files(self, hms: Client, days: str, tmp_path: Path) -> None:
        changed = hms.get_partition(days, "t", ["a", "1"])
        changed.sd.location = f"file://{tmp_path}/moved"
        hms.alter_partition(days, "t", changed)
        assert hms.get_partition(days, "t", ["a", "1"]).sd.location.endswith("/moved")
        assert (tmp_path / "t" / "dt=a" / "hr=1").is_dir()

    def test_is_refused(self, hms: Client, days: str) -> None:
        one = hms.get_partition(days, "t", ["a", "1"])
        one.values = ["z", "1"]
        with refused(wire.InvalidOperationException):
            hms.alter_partition(days, "t", one)
        with refused(wire.InvalidOperationException):
            hms.alter_partition_with_environment_context(days, "t", one, None)
        with refused(wire.InvalidOperationException):
            hms.alter_partitions(days, "t", [hms.get_partition(days, "t", ["a", "1"]), one])
        with refused(wire.InvalidOperationException):
            hms.alter_partitions_with_environment_context(days, "t", [one], None)
        with refused(wire.InvalidOperationException):
            hms.alter_partition(days, "no", one)
        with refused(wire.MetaException):
            hms.alter_partition(days, "t", partition(days, "t", ["a"]))
        hms.alter_partitions(days, "t", [])

    @not_on(HIVE2, HIVE_4)
    def test_by_request(self, hms: Client, days: str) -> None:
        one = hms.get_partition(days, "t", ["a", "1"])
        one.parameters = {"k": "v"}
        hms.alter_partitions_req(wire.AlterPartitionsRequest(dbName=days, tableName="t", partitions=[one]))
        assert hms.get_partition(days, "t", ["a", "1"]).parameters["k"] == "v"
        one.values = ["z", "1"]
        with refused(wire.InvalidOperationException):
            hms.alter_partitions_req(wire.AlterPartitionsRequest(dbName=days, tableName="t", partitions=[one]))

    @differs(HIVE4, "fails on a definition without a place; here the partition stays where it is")
    @differs(HIVE2, "fails on a definition without a place; here the partition stays where it is")
    def test_keeps_the_place_that_it_does_not_say(self, hms: Client, days: str) -> None:
        hms.alter_partition(days, "t", partition(days, "t", ["a", "1"], parameters={"k": "v"}))
        assert below(hms, days, "a", "1") == "t"


class TestRename:
    def test_takes_the_files_along(self, hms: Client, days: str, tmp_path: Path) -> None:
        (tmp_path / "t" / "dt=a" / "hr=1" / "f").write_text("x")
        new = hms.get_partition(days, "t", ["a", "1"])
        new.values = ["c", "9"]
        hms.rename_partition(days, "t", ["a", "1"], new)
        assert names(hms, days) == ["dt=a/hr=2", "dt=c/hr=9"]
        assert hms.get_partition(days, "t", ["c", "9"]).sd.location.endswith("/t/dt=c/hr=9")
        assert (tmp_path / "t" / "dt=c" / "hr=9" / "f").read_text() == "x"

    def test_is_refused(self, hms: Client, days: str) -> None:
        new = hms.get_partition(days, "t", ["a", "1"])
        with refused(wire.InvalidOperationException):
            hms.rename_partition(days, "t", ["a", "1"], new)
        with refused(wire.InvalidOperationException):
            hms.rename_partition(days, "t", ["a", "2"], new)
        new.values = ["y", "1"]
        with refused(wire.InvalidOperationException):
            hms.rename_partition(days, "t", ["z", "1"], new)
        with refused(wire.InvalidOperationException):
            hms.rename_partition(days, "no", ["a", "1"], new)
        with refused(wire.MetaException):
            hms.rename_partition(days, "t", ["a"], new)

    @not_on(HIVE2, HIVE_4)
    def test_by_request(self, hms: Client, days: str) -> None:
        new = hms.get_partition(days, "t", ["a", "1"])
        new.values = ["c", "9"]
        fields = {"catName": "hive", "dbName": days, "tableName": "t", "newPart": new}
        hms.rename_partition_req(wire.RenamePartitionRequest(partVals=["a", "1"], **fields))
        assert names(hms, days) == ["dt=a/hr=2", "dt=c/hr=9"]
        with refused(wire.InvalidOperationException):
            hms.rename_partition_req(wire.RenamePartitionRequest(partVals=["z", "1"], **fields))


class TestDrop:
    def test_deletes_the_files_if_asked_to(self, hms: Client, days: str, tmp_path: Path) -> None:
        hms.add_partition(partition(days, "t", ["b", "1"]))
        assert hms.drop_partition(days, "t", ["a", "1"], False)
        assert hms.drop_partition(days, "t", ["a", "2"], True)
        assert (tmp_path / "t" / "dt=a" / "hr=1").is_dir()
        assert not (tmp_path / "t" / "dt=a" / "hr=2").exists()
        assert hms.drop_partition_with_environment_context(days, "t", ["b", "1"], True, None)
        assert not (tmp_path / "t" / "dt=b").exists()
        assert (tmp_path / "t").is_dir()

    def test_by_name(self, hms: Client, days: str) -> None:
        assert hms.drop_partition_by_name(days, "t", "dt=a/hr=1", True)
        assert hms.drop_partition_by_name_with_environment_context(days, "t", "hr=2/dt=a", True, None)
        assert names(hms, days) == []

    def test_is_refused(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.drop_partition(days, "t", ["z", "1"], True)
        with refused(wire.NoSuchObjectException):
            hms.drop_partition_with_environment_context(days, "t", ["z", "1"], True, None)
        with refused(wire.NoSuchObjectException):
            hms.drop_partition_by_name(days, "t", "dt=z/hr=1", True)
        with refused(wire.NoSuchObjectException):
            hms.drop_partition_by_name_with_environment_context(days, "t", "dt=a", True, None)
        with refused(wire.NoSuchObjectException):
            hms.drop_partition(days, "no", ["a", "1"], True)
        with refused(wire.MetaException):
            hms.drop_partition(days, "t", ["a"], True)
        with refused(wire.MetaException):
            hms.drop_partition_by_name(days, "t", "", True)

    @not_on(HIVE2, HIVE_4)
    def test_of_one_by_request(self, hms: Client, days: str) -> None:
        fields = {"catName": "hive", "dbName": days, "tblName": "t"}
        assert hms.drop_partition_req(wire.DropPartitionRequest(partName="dt=a/hr=1", deleteData=True, **fields))
        assert hms.drop_partition_req(wire.DropPartitionRequest(partVals=["a", "2"], **fields))
        with refused(wire.NoSuchObjectException):
            hms.drop_partition_req(wire.DropPartitionRequest(partVals=["a", "2"], **fields))
        with refused(wire.MetaException):
            hms.drop_partition_req(wire.DropPartitionRequest(**fields))

    def test_of_many_is_all_or_nothing(self, hms: Client, days: str, tmp_path: Path) -> None:
        def request(*said: str, **fields: Any) -> Any:
            parts = wire.RequestPartsSpec(names=list(said))
            return wire.DropPartitionsRequest(**{"dbName": days, "tblName": "t", "parts": parts} | fields)

        with refused(wire.NoSuchObjectException):
            hms.drop_partitions_req(request("dt=a/hr=1", "dt=z/hr=1", ifExists=False))
        assert len(names(hms, days)) == 2
        dropped = hms.drop_partitions_req(request("dt=a/hr=1", "dt=z/hr=1", "dt=a")).partitions
        assert [one.values for one in dropped] == [["a", "1"]]
        assert (tmp_path / "t" / "dt=a" / "hr=1").is_dir()
        assert hms.drop_partitions_req(request("dt=a/hr=2", deleteData=True, needResult=False)).partitions is None
        assert not (tmp_path / "t" / "dt=a" / "hr=2").exists()
        with refused(wire.NoSuchObjectException):
            hms.drop_partitions_req(request("dt=a/hr=1", tblName="no"))


class TestExchange:
    def test_moves_partitions_with_their_files(self, hms: Client, days: str, tmp_path: Path) -> None:
        (tmp_path / "t" / "dt=a" / "hr=1" / "f").write_text("x")
        moved = hms.exchange_partitions({"dt": "a"}, days, "t", days, "v")
        assert [one.values for one in moved] == [["a", "1"], ["a", "2"]]
        assert (names(hms, days), names(hms, days, "v")) == ([], ["dt=a/hr=1", "dt=a/hr=2"])
        assert hms.get_partition(days, "v", ["a", "1"]).sd.location.endswith("/v/dt=a/hr=1")
        assert (tmp_path / "v" / "dt=a" / "hr=1" / "f").read_text() == "x"
        hms.exchange_partition({"dt": "a", "hr": "2"}, days, "v", days, "t")
        assert names(hms, days) == ["dt=a/hr=2"]

    def test_is_refused(self, hms: Client, days: str) -> None:
        with refused(wire.MetaException):
            hms.exchange_partitions({"dt": "z"}, days, "t", days, "v")
        with refused(wire.MetaException):
            hms.exchange_partitions({"zz": "a"}, days, "t", days, "v")
        with refused(wire.MetaException):
            hms.exchange_partitions({}, days, "t", days, "v")

    @not_on(HIVE4, "leaves its own transaction open after the refusal, which blocks other clients")
    def test_is_refused_where_it_does_not_fit(self, hms: Client, days: str) -> None:
        with refused(wire.MetaException):
            hms.exchange_partitions({"dt": "a"}, days, "t", days, "u")
        hms.add_partition(partition(days, "v", ["a", "2"]))
        with refused(wire.MetaException):
            hms.exchange_partitions({"dt": "a", "hr": "2"}, days, "t", days, "v")
        assert len(names(hms, days)) == 2

    @differs(HIVE4, "answers MetaException, though the method declares NoSuchObjectException")
    @differs(HIVE2, "has no answer to such a call but an internal error")
    def test_with_a_missing_table_finds_no_table(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.exchange_partitions({"dt": "a"}, days, "no", days, "v")
