"""Tables: made and read, with all that a definition says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import environment, storage, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused
from tests.metastore.tables import fields, folder, got, names, types

GONE = "the call was taken out with 4.0; it is served here for clients of Hive 2 and 3"
TRANSLATED = (
    "turns managed tables into external ones that take their files along; here a table stays what the client sent"
)


def test_a_table_keeps_every_field(hms: Client, database: str) -> None:
    sd = storage()
    sd.numBuckets, sd.bucketCols, sd.sortCols = 4, ["id"], [wire.Order(col="name", order=0)]
    sd.parameters, sd.storedAsSubDirectories, sd.compressed = {"s": "d"}, True, True
    sd.skewedInfo = wire.SkewedInfo(skewedColNames=["id"], skewedColValues=[["1"]], skewedColValueLocationMaps={})
    said = table(database, "t", keys="dt string, hr int", sd=sd, retention=7, owner="ann", parameters={"a": "b"})
    said.partitionKeys[0].comment = "the day"
    hms.create_table(said)
    found = got(hms, database, "t")
    for name in ("cols", "numBuckets", "bucketCols", "sortCols", "parameters", "storedAsSubDirectories", "serdeInfo"):
        assert getattr(found.sd, name) == getattr(sd, name), name
    assert found.sd.skewedInfo == sd.skewedInfo
    assert found.partitionKeys == said.partitionKeys
    assert (found.retention, found.owner, found.parameters["a"]) == (7, "ann", "b")


@differs(HIVE4, TRANSLATED)
def test_a_managed_table_stays_managed(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    found = got(hms, database, "t")
    assert (found.tableType, found.parameters.keys()) == ("MANAGED_TABLE", {"transient_lastDdlTime"})


def test_the_parameter_external_decides_the_kind(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", tableType="EXTERNAL_TABLE", parameters={"EXTERNAL": "TRUE"}))
    assert got(hms, database, "t").tableType == "EXTERNAL_TABLE"


@differs(
    HIVE2, "answers MANAGED_TABLE for an external table without the parameter EXTERNAL; here its kind is what was sent"
)
@differs(
    HIVE4, "answers MANAGED_TABLE for an external table without the parameter EXTERNAL; here its kind is what was sent"
)
def test_an_external_table_needs_no_parameter_to_stay_one(hms: Client, database: str, tmp_path: Path) -> None:
    hms.create_table(table(database, "t", tableType="EXTERNAL_TABLE", sd=storage(location=f"file:{tmp_path}")))
    assert got(hms, database, "t").tableType == "EXTERNAL_TABLE"


def test_times_are_set_by_the_server(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", lastAccessTime=78, parameters={}))
    found = got(hms, database, "t")
    assert found.createTime > 1_700_000_000
    assert found.lastAccessTime == 78
    assert abs(int(found.parameters["transient_lastDdlTime"]) - found.createTime) <= 1


def test_the_time_of_the_last_change_is_kept_if_sent(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", parameters={"transient_lastDdlTime": "77"}))
    assert got(hms, database, "t").parameters["transient_lastDdlTime"] == "77"


def test_names_are_lower_case_and_found_in_any(hms: Client, database: str) -> None:
    hms.create_table(table(database, "T_Upper"))
    assert got(hms, database.upper(), "t_UPPER").tableName == "t_upper"


@differs(HIVE2, "lowers names of columns; here they stay as sent and are compared without regard to case")
@differs(HIVE4, "lowers names of columns; here they stay as sent and are compared without regard to case")
def test_columns_keep_their_case(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", sd=storage("Id int")))
    assert names(got(hms, database, "t").sd.cols) == ["Id"]


def test_a_table_lies_below_its_database(hms: Client, database: str) -> None:
    hms.create_table(table(database, "T"))
    place = folder(got(hms, database, "t").sd.location)
    assert place == folder(hms.get_database(database).locationUri) / "t"
    assert place.is_dir()


def test_a_table_without_columns_is_accepted(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", sd=storage("")))
    assert got(hms, database, "t").sd.cols == []


@not_on(HIVE4, GONE)
def test_the_old_call_and_the_new_one_answer_alike(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    assert hms.get_table(database, "T") == got(hms, database, "t")


@not_on(HIVE4, GONE)
def test_many_tables_are_had_by_name(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    assert hms.get_table_objects_by_name(database, ["t", "missing"]) == [got(hms, database, "t")]
    assert hms.get_table_objects_by_name(database, []) == []


def test_many_tables_are_had_by_a_request(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t1"))
    hms.create_table(table(database, "t2"))
    request = wire.GetTablesRequest(dbName=database, catName="hive", tblNames=["T2", "t1", "t2", "missing"])
    found = hms.get_table_objects_by_name_req(request).tables
    assert sorted(one.tableName for one in found) == ["t1", "t2"]
    assert hms.get_table_objects_by_name_req(wire.GetTablesRequest(dbName=database, tblNames=[])).tables == []


@not_on(HIVE2, "patterns and projections came with 4.0")
def test_tables_are_had_by_pattern_with_the_fields_that_are_asked_for(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t1"))
    hms.create_table(table(database, "other"))
    asked = wire.GetProjectionsSpec(fieldList=["tableName", "owner"])
    request = wire.GetTablesRequest(dbName=database, tablesPattern="t*", projectionSpec=asked)
    (found,) = hms.get_table_objects_by_name_req(request).tables
    assert (found.tableName, found.owner, found.sd, found.parameters) == ("t1", "tester", None, None)


@not_on(HIVE2, "projections came with 4.0")
@differs(HIVE4, "answers all fields as soon as one inside of a struct, or a map, is among those asked for")
def test_a_projection_reaches_into_structs(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t1", parameters={"keep": "1", "drop": "2"}))
    spec = wire.GetProjectionsSpec(fieldList=["sd.location", "parameters"], includeParamKeyPattern="k%")
    request = wire.GetTablesRequest(dbName=database, tablesPattern="t*", projectionSpec=spec)
    (found,) = hms.get_table_objects_by_name_req(request).tables
    assert (found.tableName, found.sd.cols, found.parameters) == (None, None, {"keep": "1"})
    assert found.sd.location.endswith("/t1")


@not_on(HIVE2, "capabilities of clients came with 4.0")
def test_a_client_with_all_capabilities_may_read_and_write(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    capabilities = ["EXTREAD", "EXTWRITE", "HIVEFULLACIDREAD", "HIVEFULLACIDWRITE"]
    request = wire.GetTableRequest(
        dbName=database, tblName="t", processorCapabilities=capabilities, processorIdentifier="x"
    )
    assert hms.get_table_req(request).table.accessType == 8


@not_on(HIVE2, "statistics along with a table came with 4.0")
def test_statistics_come_along_if_asked_for(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    data = wire.ColumnStatisticsData(longStats=wire.LongColumnStatsData(lowValue=1, highValue=5, numNulls=0, numDVs=3))
    what = wire.ColumnStatisticsDesc(isTblLevel=True, dbName=database, tableName="t")
    one = wire.ColumnStatisticsObj(colName="id", colType="int", statsData=data)
    hms.update_table_column_statistics(wire.ColumnStatistics(statsDesc=what, statsObj=[one]))
    request = wire.GetTableRequest(dbName=database, tblName="t", getColumnStats=True)
    assert hms.get_table_req(request).table.colStats.statsObj == [one]


def test_columns_are_told_without_and_with_keys(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", keys="p string"))
    assert names(hms.get_fields(database, "t")) == ["id", "name"]
    assert names(hms.get_schema(database, "t")) == ["id", "name", "p"]
    assert names(hms.get_fields_with_environment_context(database, "t", environment(a="b"))) == ["id", "name"]
    assert names(hms.get_schema_with_environment_context(database, "t", None)) == ["id", "name", "p"]


@not_on(HIVE2, "these calls came with 4.0")
def test_columns_are_told_by_request(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", keys="p string"))
    fields_request = wire.GetFieldsRequest(catName="hive", dbName=database, tblName="t")
    schema_request = wire.GetSchemaRequest(catName="hive", dbName=database, tblName="t")
    assert names(hms.get_fields_req(fields_request).fields) == ["id", "name"]
    assert names(hms.get_schema_req(schema_request).fields) == ["id", "name", "p"]


def test_a_table_is_made_with_an_environment(hms: Client, database: str) -> None:
    hms.create_table_with_environment_context(table(database, "t"), environment(a="b"))
    assert hms.get_all_tables(database) == ["t"]


@not_on(HIVE2, "these calls came with 4.0")
def test_a_table_is_made_by_request_or_only_tried(hms: Client, database: str) -> None:
    tried = hms.translate_table_dryrun(wire.CreateTableRequest(table=table(database, "t")))
    assert tried.sd.location == f"{hms.get_database(database).locationUri}/t"
    assert hms.get_all_tables(database) == []
    hms.create_table_req(wire.CreateTableRequest(table=table(database, "t", writeId=3, id=5)))
    assert got(hms, database, "t").sd.location == tried.sd.location


@pytest.mark.parametrize(
    "kind", ["array<int>", "map<string,struct<a:int,b:decimal(10,2)>>", "varchar(5)", "timestamp with local time zone"]
)
def test_types_are_kept(hms: Client, database: str, kind: str) -> None:
    if hms.server == HIVE2 and kind.endswith("zone"):
        kind = "timestamp"
    sd = storage("")
    sd.cols = fields(("c", kind))
    hms.create_table(table(database, "t", sd=sd))
    assert types(hms.get_fields(database, "t")) == [kind]


def test_a_missing_table_is_named(hms: Client, database: str) -> None:
    with refused(wire.NoSuchObjectException) as caught:
        hms.get_table_req(wire.GetTableRequest(dbName=database, tblName="nope"))
    assert caught.value.message.endswith(f"{database}.nope table not found")
    with refused(wire.NoSuchObjectException):
        hms.get_table_req(wire.GetTableRequest(dbName="nope", tblName="nope"))


@not_on(HIVE4, GONE)
def test_a_missing_table_is_named_by_the_old_calls(hms: Client, database: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.get_table(database, "nope")
    with refused(wire.UnknownDBException):
        hms.get_table_objects_by_name("nope", ["t"])
    with refused(wire.InvalidOperationException):
        hms.get_table_objects_by_name(database, None)


def test_tables_of_a_missing_database_are_refused(hms: Client, database: str) -> None:
    with refused(wire.UnknownDBException):
        hms.get_table_objects_by_name_req(wire.GetTablesRequest(dbName="nope", tblNames=["t"]))
    with refused(wire.InvalidOperationException, match="cannot find null tables"):
        hms.get_table_objects_by_name_req(wire.GetTablesRequest(dbName=database))


@not_on(HIVE2, "projections came with 4.0")
def test_a_field_that_no_table_has_is_refused(hms: Client, database: str) -> None:
    spec = wire.GetProjectionsSpec(fieldList=["nofield"])
    with refused(wire.MetaException, match="Invalid table fields in the projection spec"):
        hms.get_table_objects_by_name_req(
            wire.GetTablesRequest(dbName=database, tablesPattern="*", projectionSpec=spec)
        )


@pytest.mark.parametrize("method", ["get_fields", "get_schema"])
def test_columns_of_a_missing_table_are_refused(hms: Client, database: str, method: str) -> None:
    with refused(wire.UnknownTableException):
        getattr(hms, method)(database, "nope")


@pytest.mark.parametrize(
    "method", ["create_table", "create_table_with_constraints", "create_table_with_environment_context"]
)
def test_what_cannot_be_made_is_refused(hms: Client, database: str, method: str) -> None:
    create: Any = getattr(hms, method)
    create(table(database, "t"))
    with refused(wire.AlreadyExistsException):
        getattr(hms, method)(table(database, "T"))
    with refused(wire.InvalidObjectException):
        getattr(hms, method)(table("nope", "t"))
    with refused(wire.InvalidObjectException, match="Invalid column type: INT"):
        getattr(hms, method)(table(database, "t2", sd=storage("a INT")))


@not_on(HIVE2, "the method came with 4.0")
def test_what_cannot_be_made_is_refused_by_the_call_of_hive_4(hms: Client, database: str) -> None:
    hms.create_table_req(wire.CreateTableRequest(table=table(database, "t")))
    with refused(wire.AlreadyExistsException):
        hms.create_table_req(wire.CreateTableRequest(table=table(database, "t")))
    with refused(wire.InvalidObjectException):
        hms.create_table_req(wire.CreateTableRequest(table=table("nope", "t")))


@pytest.mark.parametrize(
    ("columns", "keys", "said"),
    [("a foo", "", "Invalid column type: foo"), ("a int", "p foo", "Invalid partition column type: foo")],
)
def test_an_unknown_type_is_refused(hms: Client, database: str, columns: str, keys: str, said: str) -> None:
    with refused(wire.InvalidObjectException, match=said):
        hms.create_table(table(database, "t", sd=storage(columns), keys=keys))


def test_a_column_twice_is_refused(hms: Client, database: str) -> None:
    with refused(wire.InvalidObjectException, wire.MetaException):
        hms.create_table(table(database, "t", sd=storage("a int, A int")))


@differs(HIVE2, "takes a column that is a partition key as well; no engine can read such a table")
@differs(HIVE4, "takes a column that is a partition key as well; no engine can read such a table")
def test_a_column_that_is_a_key_as_well_is_refused(hms: Client, database: str) -> None:
    with refused(wire.InvalidObjectException):
        hms.create_table(table(database, "t", keys="id int"))


@differs(HIVE2, "takes a column without a name")
@differs(HIVE4, "takes a column without a name")
def test_a_column_without_a_name_is_refused(hms: Client, database: str) -> None:
    sd = storage("")
    sd.cols = fields(("", "int"))
    with refused(wire.InvalidObjectException):
        hms.create_table(table(database, "t", sd=sd))


@differs(HIVE2, "takes any word for a kind of table")
@differs(HIVE4, "takes any word for a kind of table, and cannot list the tables of the database from then on")
def test_an_unknown_kind_is_refused(hms: Client, database: str) -> None:
    with refused(wire.InvalidObjectException):
        hms.create_table(table(database, "t", tableType="NO_SUCH_KIND"))


def test_a_table_without_a_storage_descriptor_is_refused(hms: Client, database: str) -> None:
    with refused(wire.InvalidObjectException, wire.MetaException):
        hms.create_table(wire.Table(dbName=database, tableName="t"))


@differs(HIVE2, "allows ASCII letters, digits and _ in names; here a name may hold anything that Iceberg's may")
@differs(HIVE4, "allows ASCII characters in names; here a name may hold anything that Iceberg's may")
def test_a_name_may_hold_any_letter(hms: Client, database: str) -> None:
    hms.create_table(table(database, "día"))
    assert got(hms, database, "día").tableName == "día"
