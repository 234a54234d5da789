"""Partitions as clients find them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import columns, partition, storage, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

VALUES = (("a", "1"), ("a", "2"), ("b", "03"))
NAMES = ["dt=a/hr=1", "dt=a/hr=2", "dt=b/hr=03"]
EMPTY = "finds no partitions in a table that is not there; ours says that there is no such table"
HIVE_4 = "the method came with Hive 4"


@pytest.fixture
def days(hms: Client, database: str) -> str:
    """A database with the table `t` of three partitions of the keys dt and hr, and `u` without keys."""
    hms.create_table(table(database, "t", keys="dt string, hr int"))
    hms.create_table(table(database, "u"))
    hms.add_partitions([partition(database, "t", one, parameters={"a.x": "1", "b.y": "2"}) for one in VALUES])
    return database


def values(found: Sequence[Any]) -> list[list[str]]:
    return [one.values for one in found]


def request(database: str, name: str = "t", **fields: Any) -> Any:
    return wire.PartitionsRequest(catName="hive", dbName=database, tblName=name, **fields)


def test_one_is_found_by_values_and_by_name(hms: Client, days: str) -> None:
    found = hms.get_partition(days, "t", ["a", "1"])
    assert (found.dbName, found.tableName, found.values) == (days, "t", ["a", "1"])
    assert found.sd.location.endswith("/t/dt=a/hr=1")
    assert hms.get_partition_by_name(days, "t", "dt=a/hr=1") == found
    assert hms.get_partition_by_name(days, "t", "hr=1/dt=a") == found
    assert hms.get_partition_with_auth(days, "t", ["a", "1"], "someone", []).values == found.values


def test_names_of_tables_are_found_in_any_case(hms: Client, days: str) -> None:
    assert hms.get_partition(days.upper(), "T", ["a", "1"]).tableName == "t"


@not_on(HIVE2, "knows no catalogs")
def test_a_catalog_may_stand_before_the_database(hms: Client, days: str) -> None:
    assert hms.get_partition(f"@hive#{days}", "t", ["a", "1"]).dbName == days
    assert len(hms.get_partitions_by_names(f"@hive#{days}", "t", NAMES)) == 3


def test_values_are_compared_as_texts(hms: Client, days: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.get_partition(days, "t", ["a", "01"])


class TestMissing:
    def test_partition(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.get_partition(days, "t", ["z", "1"])
        with refused(wire.NoSuchObjectException):
            hms.get_partition_by_name(days, "t", "dt=z/hr=1")
        with refused(wire.NoSuchObjectException):
            hms.get_partition_with_auth(days, "t", ["z", "1"], "someone", [])

    def test_table(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.get_partition(days, "no", ["a", "1"])
        with refused(wire.NoSuchObjectException):
            hms.get_partitions_ps(days, "no", ["a"], -1)
        with refused(wire.NoSuchObjectException):
            hms.get_partitions_ps_with_auth(days, "no", ["a"], -1, "someone", [])
        with refused(wire.NoSuchObjectException):
            hms.get_partition_names_ps(days, "no", ["a"], -1)
        with refused(wire.NoSuchObjectException):
            hms.get_partitions_pspec(days, "no", -1)
        with refused(wire.NoSuchObjectException):
            hms.get_part_specs_by_filter(days, "no", "dt = 'a'", -1)

    @differs(HIVE4, EMPTY)
    def test_table_to_list(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.get_partitions(days, "no", -1)

    @differs(HIVE4, EMPTY)
    @differs(HIVE2, "has no answer to such a call but an internal error")
    def test_table_to_list_names_of(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.get_partition_names(days, "no", -1)

    @differs(HIVE2, EMPTY)
    def test_table_to_list_with_privileges(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.get_partitions_with_auth(days, "no", -1, "someone", [])

    @differs(HIVE4, "answers InvalidObjectException, which clients of Hive 2 and 3 do not know for this method")
    def test_table_to_find_names_in(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.get_partitions_by_names(days, "no", NAMES)

    @not_on(HIVE2, HIVE_4)
    def test_thing_of_a_request(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.get_partition_req(wire.GetPartitionRequest(dbName=days, tblName="t", partVals=["z", "1"]))
        with refused(wire.NoSuchObjectException):
            hms.get_partition_names_ps_req(wire.GetPartitionNamesPsRequest(dbName=days, tblName="no", partValues=["a"]))
        with refused(wire.NoSuchObjectException):
            hms.get_partitions_ps_with_auth_req(
                wire.GetPartitionsPsWithAuthRequest(dbName=days, tblName="no", partVals=["a"])
            )

    @differs(HIVE4, EMPTY)
    @not_on(HIVE2, HIVE_4)
    def test_table_of_a_request(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.get_partitions_req(request(days, "no"))

    @differs(HIVE4, EMPTY)
    @not_on(HIVE2, HIVE_4)
    def test_table_of_a_request_for_names(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.fetch_partition_names_req(request(days, "no"))

    @differs(HIVE4, "answers InvalidObjectException; ours is the same whichever way the names come")
    @not_on(HIVE2, HIVE_4)
    def test_table_of_a_request_by_names(self, hms: Client, days: str) -> None:
        with refused(wire.NoSuchObjectException):
            hms.get_partitions_by_names_req(wire.GetPartitionsByNamesRequest(db_name=days, tbl_name="no", names=NAMES))


@pytest.mark.parametrize("said", [["a"], ["a", "1", "2"], []])
def test_the_wrong_number_of_values_is_refused(hms: Client, days: str, said: list[str]) -> None:
    with refused(wire.MetaException):
        hms.get_partition(days, "t", said)


def test_a_name_that_lacks_a_key_names_nothing(hms: Client, days: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.get_partition_by_name(days, "t", "dt=a")
    with refused(wire.MetaException):
        hms.get_partition_by_name(days, "t", "")


def test_listings_agree(hms: Client, days: str) -> None:
    listed = hms.get_partitions(days, "t", -1)
    assert values(listed) == [list(one) for one in VALUES]
    assert hms.get_partition_names(days, "t", -1) == NAMES
    assert values(hms.get_partitions_with_auth(days, "t", -1, "someone", [])) == values(listed)
    assert sorted(values(hms.get_partitions_by_names(days, "t", NAMES))) == values(listed)
    assert hms.get_partitions(days, "u", -1) == hms.get_partition_names(days, "u", -1) == []


def test_a_listing_has_its_limit(hms: Client, days: str) -> None:
    assert [len(hms.get_partitions(days, "t", count)) for count in (-1, -5, 0, 2, 9)] == [3, 3, 0, 2, 3]
    assert hms.get_partition_names(days, "t", 2) == NAMES[:2]
    (found,) = hms.get_partition_names_ps(days, "t", ["a"], 1)
    assert found in NAMES[:2]  # Hive puts them in no order
    assert hms.get_partition_names_ps(days, "t", ["a"], 0) == []


def test_names_that_name_nothing_are_left_out(hms: Client, days: str) -> None:
    said = ["dt=b/hr=03", "dt=z/hr=9", "DT=a/HR=1", "hr=1/dt=a", "x", "dt=a", "dt=b/hr=03"]
    assert values(hms.get_partitions_by_names(days, "t", said)) == [["b", "03"]]
    assert hms.get_partitions_by_names(days, "t", []) == []
    assert hms.get_partitions_by_names(days, "u", NAMES) == []


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (["a"], NAMES[:2]),
        (["a", ""], NAMES[:2]),
        (["", "1"], NAMES[:1]),
        (["", "3"], []),
        ([""], NAMES),
        (["z"], []),
        (["a", "2"], NAMES[1:2]),
    ],
)
def test_leading_values_narrow_a_listing(hms: Client, days: str, said: list[str], wanted: list[str]) -> None:
    assert sorted(hms.get_partition_names_ps(days, "t", said, -1)) == wanted  # Hive puts them in no order
    found = values(hms.get_partitions_ps(days, "t", said, -1))
    assert sorted(f"dt={dt}/hr={hr}" for dt, hr in found) == wanted
    again = hms.get_partitions_ps_with_auth(days, "t", said, -1, "someone", [])
    assert sorted(values(again)) == sorted(found)


def test_too_many_leading_values_are_refused(hms: Client, days: str) -> None:
    with refused(wire.MetaException):
        hms.get_partitions_ps(days, "t", ["a", "1", "2"], -1)
    with refused(wire.MetaException):
        hms.get_partition_names_ps(days, "u", ["a"], -1)
    with refused(wire.MetaException):
        hms.get_partition_names_ps(days, "t", [], -1)


@not_on(HIVE2, HIVE_4)
class TestRequests:
    def test_find_the_same(self, hms: Client, days: str) -> None:
        one = wire.GetPartitionRequest(dbName=days, tblName="t", partVals=["a", "1"])
        assert hms.get_partition_req(one).partition == hms.get_partition(days, "t", ["a", "1"])
        assert values(hms.get_partitions_req(request(days, maxParts=2)).partitions) == [["a", "1"], ["a", "2"]]
        assert hms.fetch_partition_names_req(request(days, maxParts=2)) == NAMES[:2]
        named = wire.GetPartitionNamesPsRequest(dbName=days, tblName="t", partValues=["a"])
        assert hms.get_partition_names_ps_req(named).names == NAMES[:2]
        by_name = wire.GetPartitionsByNamesRequest(db_name=days, tbl_name="t", names=NAMES[1:])
        assert values(hms.get_partitions_by_names_req(by_name).partitions) == [["a", "2"], ["b", "03"]]
        leading = wire.GetPartitionsPsWithAuthRequest(dbName=days, tblName="t", partVals=["a"], maxParts=1)
        assert values(hms.get_partitions_ps_with_auth_req(leading).partitions) == [["a", "1"]]
        named = wire.GetPartitionsPsWithAuthRequest(dbName=days, tblName="t", partNames=["dt=a/hr=2"])
        assert values(hms.get_partitions_ps_with_auth_req(named).partitions) == [["a", "2"]]

    def test_leave_columns_out(self, hms: Client, days: str) -> None:
        (found,) = hms.get_partitions_req(request(days, maxParts=1, skipColumnSchemaForPartition=True)).partitions
        assert found.sd.cols == []
        assert found.sd.location.endswith("/t/dt=a/hr=1")

    @pytest.mark.parametrize(
        ("patterns", "wanted"),
        [
            ({"includeParamKeyPattern": "a%"}, {"a.x"}),
            ({"includeParamKeyPattern": "_.y"}, {"b.y"}),
            ({"excludeParamKeyPattern": "a%"}, {"b.y", "transient_lastDdlTime"}),
            ({"excludeParamKeyPattern": "%"}, set()),
        ],
    )
    def test_choose_parameters(self, hms: Client, days: str, patterns: dict[str, str], wanted: set[str]) -> None:
        (found,) = hms.get_partitions_req(request(days, maxParts=1, **patterns)).partitions
        assert found.parameters.keys() == wanted


class TestSpecs:
    def test_the_old_calls_list_whole_partitions(self, hms: Client, days: str) -> None:
        (spec,) = hms.get_partitions_pspec(days, "t", -1)
        assert spec.rootPath.endswith("/t")
        assert values(spec.partitionList.partitions) == [list(one) for one in VALUES]
        (filtered,) = hms.get_part_specs_by_filter(days, "t", "dt = 'b'", -1)
        assert values(filtered.partitionList.partitions) == [["b", "03"]]

    def test_a_table_may_ask_for_groups(self, hms: Client, database: str) -> None:
        grouped = {"hive.hcatalog.partition.spec.grouping.enabled": "true"}
        hms.create_table(table(database, "g", keys="p int", parameters=grouped))
        hms.add_partitions([partition(database, "g", [one]) for one in "12"])
        (spec,) = hms.get_partitions_pspec(database, "g", -1)
        found = spec.sharedSDPartitionSpec
        assert found.sd.location == spec.rootPath
        assert [one.relativePath for one in found.partitions] == ["/p=1", "/p=2"]

    @not_on(HIVE2, HIVE_4)
    def test_what_partitions_share_is_told_once(self, hms: Client, days: str) -> None:
        root = hms.get_table_req(wire.GetTableRequest(dbName=days, tblName="t")).table.sd.location
        hms.add_partition(partition(days, "t", ["c", "4"], sd=storage(location=root.rpartition("/")[0] + "/elsewhere")))
        hms.add_partition(partition(days, "t", ["d", "5"], sd=storage("other int")))
        specs = self._specs(hms, days)
        shared = [spec.sharedSDPartitionSpec for spec in specs if spec.sharedSDPartitionSpec is not None]
        assert sorted(len(one.partitions) for one in shared) == [1, 3]
        (listed,) = [spec for spec in specs if spec.partitionList is not None]
        assert listed.rootPath is None
        assert values(listed.partitionList.partitions) == [["c", "4"]]

    @not_on(HIVE2, HIVE_4)
    @pytest.mark.parametrize(
        ("mode", "filters", "wanted"),
        [
            ("BY_NAMES", ["dt=a/hr=1", "zz"], ["1"]),
            ("BY_VALUES", ["a"], ["1", "2"]),
            ("BY_VALUES", ["", "1"], ["1"]),
            ("BY_EXPR", ["dt = 'a'", "hr > 1"], ["2"]),
        ],
    )
    def test_they_are_chosen_by(self, hms: Client, days: str, mode: str, filters: list[str], wanted: list[str]) -> None:
        chosen = wire.GetPartitionsFilterSpec(filterMode=getattr(wire.PartitionFilterMode, mode), filters=filters)
        fields = wire.GetProjectionsSpec(fieldList=["values"])
        (spec,) = self._specs(hms, days, filterSpec=chosen, projectionSpec=fields)
        assert [one.values[1] for one in spec.sharedSDPartitionSpec.partitions] == wanted

    @differs(HIVE4, "passes over the filter of a request that names no fields, and answers with all partitions")
    @not_on(HIVE2, HIVE_4)
    def test_they_are_chosen_though_no_fields_are_named(self, hms: Client, days: str) -> None:
        chosen = wire.GetPartitionsFilterSpec(filterMode=wire.PartitionFilterMode.BY_VALUES, filters=["b"])
        (spec,) = self._specs(hms, days, filterSpec=chosen)
        assert values(spec.sharedSDPartitionSpec.partitions) == [["b", "03"]]

    @not_on(HIVE2, HIVE_4)
    def test_only_the_fields_named_are_told(self, hms: Client, days: str) -> None:
        fields = ["values", "parameters", "sd.cols.name", "sd.serdeInfo.serializationLib"]
        wanted = wire.GetProjectionsSpec(fieldList=fields, includeParamKeyPattern="a%")
        (spec,) = self._specs(hms, days, projectionSpec=wanted)
        shared = spec.sharedSDPartitionSpec
        assert spec.rootPath is None
        assert (shared.partitions[0].parameters, shared.partitions[0].createTime) == ({"a.x": "1"}, 0)
        assert [(one.name, one.type) for one in shared.sd.cols] == [("id", None), ("name", None)]
        assert shared.sd.serdeInfo.name is None
        assert shared.sd.serdeInfo.serializationLib.endswith("ParquetHiveSerDe")

    @not_on(HIVE2, HIVE_4)
    @pytest.mark.parametrize("field", ["nonsense", "sd", "privileges", "Values"])
    def test_a_field_that_is_none_is_refused(self, hms: Client, days: str, field: str) -> None:
        wanted = wire.GetProjectionsSpec(fieldList=[field])
        with refused(wire.MetaException):
            hms.get_partitions_with_specs(
                wire.GetPartitionsRequest(
                    dbName=days, tblName="t", projectionSpec=wanted, filterSpec=wire.GetPartitionsFilterSpec()
                )
            )

    def _specs(self, hms: Client, database: str, **fields: Any) -> list[Any]:
        fields = {"projectionSpec": wire.GetProjectionsSpec(), "filterSpec": wire.GetPartitionsFilterSpec()} | fields
        request = wire.GetPartitionsRequest(dbName=database, tblName="t", **fields)
        return list(hms.get_partitions_with_specs(request).partitionSpec)


class TestValues:
    def test_each_is_told_once_unless_all_are_asked_for(self, hms: Client, days: str) -> None:
        assert self._rows(hms, days, "dt string") == [["a"], ["b"]]
        assert self._rows(hms, days, "dt string", applyDistinct=False) == [["a"], ["a"], ["b"]]
        assert self._rows(hms, days, "dt string", maxParts=1) == [["a"]]

    @differs(HIVE4, "tells all keys of partitions that a filter chose, whichever were asked for")
    @differs(HIVE2, "tells all keys of partitions that a filter chose, whichever were asked for")
    def test_of_what_a_filter_chose(self, hms: Client, days: str) -> None:
        assert self._rows(hms, days, "hr int", filter="dt = 'a'") == [["1"], ["2"]]

    @differs(HIVE4, "keeps no order but that of names")
    @differs(HIVE2, "keeps no order but that of names")
    def test_are_in_the_order_asked_for(self, hms: Client, days: str) -> None:
        ordered = self._rows(hms, days, "dt string, hr int", partitionOrder=columns("hr int"), ascending=False)
        assert ordered == [["b", "03"], ["a", "2"], ["a", "1"]]

    @differs(HIVE4, "tells another key in place of one that is not there")
    @differs(HIVE2, "tells another key in place of one that is not there")
    def test_of_keys_that_are_none_are_refused(self, hms: Client, days: str) -> None:
        keys = columns("zz int")
        with refused(wire.MetaException):
            hms.get_partition_values(wire.PartitionValuesRequest(dbName=days, tblName="t", partitionKeys=keys))

    @differs(HIVE4, "reports its own null pointer; ours says that there is no such table")
    @differs(HIVE2, "reports its own null pointer; ours says that there is no such table")
    def test_of_a_missing_table_are_not_found(self, hms: Client, days: str) -> None:
        keys = columns("dt string")
        with refused(wire.NoSuchObjectException):
            hms.get_partition_values(wire.PartitionValuesRequest(dbName=days, tblName="no", partitionKeys=keys))

    def _rows(self, hms: Client, database: str, keys: str, **fields: Any) -> list[list[str]]:
        request = wire.PartitionValuesRequest(dbName=database, tblName="t", partitionKeys=columns(keys), **fields)
        return [one.row for one in hms.get_partition_values(request).partitionValues]


class TestNames:
    @pytest.mark.parametrize(
        ("name", "wanted"),
        [
            ("a=1/b=2", ["1", "2"]),
            ("", []),
            ("x", []),
            ("a=1/x", ["1"]),
            ("a=b=c", ["c"]),
            ("a=", []),
            ("a=%41%zz%4", ["A%zz%4"]),
            ("a=1//b=2", ["1", "2"]),
        ],
    )
    def test_are_read_as_values(self, hms: Client, name: str, wanted: list[str]) -> None:
        assert hms.partition_name_to_vals(name) == wanted

    @pytest.mark.parametrize(
        ("name", "wanted"), [("A=1/b=b=c", {"A": "1", "b=b": "c"}), ("%41=%42", {"A": "B"}), ("", {}), ("x", {})]
    )
    def test_are_read_as_keys_and_values(self, hms: Client, name: str, wanted: dict[str, str]) -> None:
        assert hms.partition_name_to_spec(name) == wanted

    @pytest.mark.parametrize("said", [["a", "é", "a/b", "{"], [], ["a,b\n"]])
    def test_may_hold_any_text(self, hms: Client, said: list[str]) -> None:
        assert hms.partition_name_has_valid_characters(said, False)
        assert hms.partition_name_has_valid_characters(said, True)

    def test_are_escaped(self, hms: Client, database: str) -> None:
        hms.create_table(table(database, "t", keys="p string"))
        value = "a/b=c%d{e'f\"g:h#i}j é\\k[l]^m?n*o"
        hms.add_partition(partition(database, "t", [value]))
        (name,) = hms.get_partition_names(database, "t", -1)
        assert name == "p=a%2Fb%3Dc%25d%7Be%27f%22g%3Ah%23i}j é%5Ck%5Bl%5D%5Em%3Fn%2Ao"
        assert hms.get_partition_by_name(database, "t", name).values == [value]

    def test_an_empty_value_has_the_default_partitions_name(self, hms: Client, database: str) -> None:
        hms.create_table(table(database, "t", keys="p string"))
        hms.add_partition(partition(database, "t", [""]))
        assert hms.get_partition_names(database, "t", -1) == ["p=__HIVE_DEFAULT_PARTITION__"]
        assert values(hms.get_partitions(database, "t", -1)) == [[""]]
        with refused(wire.AlreadyExistsException):
            hms.add_partition(partition(database, "t", ["__HIVE_DEFAULT_PARTITION__"]))
