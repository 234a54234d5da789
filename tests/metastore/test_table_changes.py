"""Tables: altered, renamed, truncated and dropped, and what becomes of their folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import columns, environment, partition, storage, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused
from tests.metastore.tables import fields, folder, got, names, types

EXTERNAL = {"tableType": "EXTERNAL_TABLE", "parameters": {"EXTERNAL": "TRUE"}}
LISTS_FILES = "lists the table's files and sets numFiles and totalSize; here they stay what the client sent"


def _made(hms: Client, database: str, name: str, **said: object) -> Path:
    """A table with one file; its folder."""
    hms.create_table(table(database, name, **said))
    place = folder(got(hms, database, name).sd.location)
    (place / "file").write_text("x")
    return place


def test_a_definition_is_replaced(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    new = got(hms, database, "t")
    made = new.createTime
    new.owner, new.retention, new.createTime, new.parameters["k"] = "bob", 9, 5, "v"
    hms.alter_table(database, "t", new)
    found = got(hms, database, "t")
    assert (found.owner, found.retention, found.createTime, found.parameters["k"]) == ("bob", 9, made, "v")


def test_columns_are_added_and_dropped_at_the_end(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    for text in ("id int, name string, extra map<string>", "id int"):
        new = got(hms, database, "t")
        new.sd.cols = columns(text)
        hms.alter_table(database, "t", new)
        assert hms.get_fields(database, "t") == new.sd.cols


def test_comments_and_names_of_columns_may_change(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", keys="p string"))
    new = got(hms, database, "t")
    new.sd.cols[0].name, new.sd.cols[1].comment, new.partitionKeys[0].comment = "number", "what it is called", "the key"
    hms.alter_table(database, "t", new)
    assert hms.get_schema(database, "t") == [*new.sd.cols, *new.partitionKeys]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("int", "bigint"), ("bigint", "decimal(20,0)"), ("decimal(10,2)", "double"), ("float", "double"), ("int", "string"),
        ("date", "varchar(10)"), ("string", "char(5)"), ("decimal(12,4)", "decimal(10,2)"), ("timestamp", "string"),
    ],
)  # fmt: skip
def test_a_type_may_become_a_wider_one_or_text(hms: Client, database: str, before: str, after: str) -> None:
    sd = storage("")
    sd.cols = fields(("c", before))
    hms.create_table(table(database, "t", sd=sd))
    new = got(hms, database, "t")
    new.sd.cols = fields(("c", after))
    hms.alter_table(database, "t", new)
    assert types(hms.get_fields(database, "t")) == [after]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("bigint", "int"), ("string", "int"), ("double", "float"), ("float", "decimal(10,2)"), ("boolean", "string"),
        ("string", "date"), ("binary", "string"), ("int", "array<int>"), ("array<int>", "map<int,int>"),
    ],
)  # fmt: skip
def test_a_type_may_not_become_another(hms: Client, database: str, before: str, after: str) -> None:
    sd = storage("")
    sd.cols = fields(("c", before))
    hms.create_table(table(database, "t", sd=sd))
    new = got(hms, database, "t")
    new.sd.cols = fields(("c", after))
    with refused(
        wire.InvalidOperationException, match="types incompatible with the existing columns in their respective"
    ):
        hms.alter_table(database, "t", new)


def test_types_of_columns_are_held_to_their_places(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    new = got(hms, database, "t")
    new.sd.cols = columns("name string, id int")
    with refused(wire.InvalidOperationException, match="positions :\nid"):
        hms.alter_table(database, "t", new)


def test_an_unknown_type_is_refused(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    new = got(hms, database, "t")
    new.sd.cols = columns("id foo")
    with refused(wire.InvalidOperationException, match="Invalid column type: foo"):
        hms.alter_table(database, "t", new)


@pytest.mark.parametrize("keys", ["p string, q string", "r string", ""])
def test_partition_keys_stay(hms: Client, database: str, keys: str) -> None:
    hms.create_table(table(database, "t", keys="p string"))
    new = got(hms, database, "t")
    new.partitionKeys = columns(keys)
    with refused(wire.InvalidOperationException, match=r"partition keys can not be changed\."):
        hms.alter_table(database, "t", new)


def test_the_type_of_a_partition_key_may_change(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", keys="p string"))
    new = got(hms, database, "t")
    new.partitionKeys = columns("p int")
    hms.alter_table(database, "t", new)
    assert types(got(hms, database, "t").partitionKeys) == ["int"]


@pytest.mark.parametrize("way", ["alter_table", "alter_table_with_cascade", "alter_table_with_environment_context"])
def test_partitions_get_new_columns_with_cascade_only(hms: Client, database: str, way: str) -> None:
    hms.create_table(table(database, "t", keys="p string"))
    hms.add_partitions([partition(database, "t", ["x"])])
    new = got(hms, database, "t")
    new.sd.cols = columns("id bigint, name string, extra double")
    more = {"alter_table": [], "alter_table_with_cascade": [True]}.get(way, [environment(CASCADE="true")])
    getattr(hms, way)(database, "t", new, *more)
    (found,) = hms.get_partitions(database, "t", -1)
    assert types(found.sd.cols) == (["int", "string"] if way == "alter_table" else ["bigint", "string", "double"])


def test_the_time_of_the_last_change_is_set_where_it_is_not_sent(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", parameters={"transient_lastDdlTime": "77"}))
    new = got(hms, database, "t")
    hms.alter_table(database, "t", new)
    assert got(hms, database, "t").parameters["transient_lastDdlTime"] == "77"
    del new.parameters["transient_lastDdlTime"]
    hms.alter_table(database, "t", new)
    assert int(got(hms, database, "t").parameters["transient_lastDdlTime"]) > 1_700_000_000


def test_counts_are_trusted_only_if_the_client_says_they_are_right(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", **EXTERNAL))
    accurate = "COLUMN_STATS_ACCURATE"
    for said, kept in ((environment(STATS_GENERATED="TASK"), True), (environment(), False)):
        hms.alter_table_with_environment_context(database, "t", got(hms, database, "t"), said)
        assert (got(hms, database, "t").parameters.get(accurate) == '{"BASIC_STATS":"true"}') is kept


def test_counts_stay_as_sent_where_the_client_says_so(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    new = got(hms, database, "t")
    new.parameters |= {"numRows": "5", "numFiles": "7"}
    hms.alter_table_with_environment_context(database, "t", new, environment(DO_NOT_UPDATE_STATS="true"))
    found = got(hms, database, "t").parameters
    assert (found["numRows"], found["numFiles"], "DO_NOT_UPDATE_STATS" in found) == ("5", "7", False)


@differs(HIVE2, LISTS_FILES)
@differs(HIVE4, LISTS_FILES)
def test_counts_stay_as_sent(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    new = got(hms, database, "t")
    new.parameters |= {"numRows": "5", "numFiles": "7"}
    hms.alter_table(database, "t", new)
    assert got(hms, database, "t").parameters["numFiles"] == "7"


@differs(HIVE2, "fails inside for a table without a location; here it keeps the one it has")
@differs(HIVE4, "fails inside for a table without a location; here it keeps the one it has")
def test_a_location_that_is_not_said_stays(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    new = got(hms, database, "t")
    before, new.sd.location = new.sd.location, None
    hms.alter_table(database, "t", new)
    assert got(hms, database, "t").sd.location == before


def test_a_renamed_table_takes_its_files_along(hms: Client, database: str) -> None:
    before = _made(hms, database, "old")
    new = got(hms, database, "old")
    new.tableName = "New"
    hms.alter_table(database, "old", new)
    assert hms.get_all_tables(database) == ["new"]
    after = folder(got(hms, database, "new").sd.location)
    assert (after.name, before.exists(), (after / "file").is_file()) == ("new", False, True)


def test_partitions_move_with_their_table(hms: Client, database: str) -> None:
    hms.create_table(table(database, "old", keys="p string"))
    hms.add_partitions([partition(database, "old", ["x"])])
    new = got(hms, database, "old")
    new.tableName = "new"
    hms.alter_table(database, "old", new)
    (found,) = hms.get_partitions(database, "new", -1)
    assert folder(found.sd.location) == folder(got(hms, database, "new").sd.location) / "p=x"
    assert folder(found.sd.location).is_dir()


def test_a_table_moves_to_another_database(hms: Client, database: str) -> None:
    before = _made(hms, database, "t")
    hms.create_database(wire.Database(name=f"{database}_2"))
    new = got(hms, database, "t")
    new.dbName = f"{database}_2"
    hms.alter_table(database, "t", new)
    after = folder(got(hms, f"{database}_2", "t").sd.location)
    assert (before.exists(), (after / "file").is_file(), after.parent.name) == (False, True, f"{database}_2.db")
    hms.drop_database(f"{database}_2", True, True)


def test_files_of_a_renamed_external_table_stay(hms: Client, database: str) -> None:
    before = _made(hms, database, "old", **EXTERNAL)
    new = got(hms, database, "old")
    new.tableName = "new"
    hms.alter_table(database, "old", new)
    assert folder(got(hms, database, "new").sd.location) == before
    assert (before / "file").is_file()


def test_a_taken_name_is_refused(hms: Client, database: str) -> None:
    hms.create_table(table(database, "a"))
    hms.create_table(table(database, "b"))
    new = got(hms, database, "a")
    new.tableName = "b"
    with refused(wire.InvalidOperationException, match=f"new table {database}.b already exists"):
        hms.alter_table(database, "a", new)


def test_a_taken_folder_is_refused(hms: Client, database: str) -> None:
    place = _made(hms, database, "a")
    (place.parent / "b").mkdir()
    new = got(hms, database, "a")
    new.tableName = "b"
    with refused(wire.InvalidOperationException, match="New location for this table .*already exists"):
        hms.alter_table(database, "a", new)
    assert (place / "file").is_file()


@pytest.mark.parametrize("way", ["alter_table", "alter_table_with_cascade", "alter_table_with_environment_context"])
def test_a_missing_table_is_refused(hms: Client, database: str, way: str) -> None:
    with refused(wire.InvalidOperationException):
        getattr(hms, way)(database, "nope", table(database, "nope", sd=storage(location="file:/tmp/nope")))


def test_a_missing_database_to_move_to_is_refused(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    new = got(hms, database, "t")
    new.dbName = "nope"
    with refused(wire.InvalidOperationException, wire.MetaException):
        hms.alter_table(database, "t", new)


@pytest.mark.parametrize(("expected", "fits"), [("v", True), ("other", False)])
def test_a_change_may_expect_a_parameter(hms: Client, database: str, expected: str, fits: bool) -> None:
    hms.create_table(table(database, "t", parameters={"k": "v"}))
    new = got(hms, database, "t")
    context = environment(expected_parameter_key="k", expected_parameter_value=expected)
    if fits:
        hms.alter_table_with_environment_context(database, "t", new, context)
        return
    with refused(wire.MetaException, match="The table has been modified. The parameter value for key 'k' is 'v'"):
        hms.alter_table_with_environment_context(database, "t", new, context)


@not_on(HIVE2, "the method came with 4.0")
def test_a_request_of_hive_4_changes_the_same(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", parameters={"k": "v"}))
    request = wire.AlterTableRequest(catName="hive", dbName=database, tableName="t", table=got(hms, database, "t"))
    request.table.owner, request.expectedParameterKey, request.expectedParameterValue = "bob", "k", "v"
    hms.alter_table_req(request)
    assert got(hms, database, "t").owner == "bob"
    request.expectedParameterValue = "other"
    with refused(wire.MetaException, match="The table has been modified"):
        hms.alter_table_req(request)
    request.tableName = "nope"
    with refused(wire.InvalidOperationException):
        hms.alter_table_req(request)


@pytest.mark.parametrize("way", ["drop_table", "drop_table_with_environment_context"])
def test_a_dropped_table_takes_its_files_along(hms: Client, database: str, way: str) -> None:
    place = _made(hms, database, "t")
    getattr(hms, way)(database, "T", True)
    assert hms.get_all_tables(database) == []
    assert not place.exists()
    with refused(wire.NoSuchObjectException):
        getattr(hms, way)(database, "t", True)


@pytest.mark.parametrize(("said", "delete"), [(EXTERNAL, True), ({}, False)], ids=["of an external table", "not to go"])
def test_files_stay(hms: Client, database: str, said: dict[str, object], delete: bool) -> None:
    place = _made(hms, database, "t", **said)
    hms.drop_table(database, "t", delete)
    assert (place / "file").is_file()


def test_to_purge_is_no_wish_to_lose_files_of_an_external_table(hms: Client, database: str) -> None:
    place = _made(hms, database, "t", **EXTERNAL)
    hms.drop_table_with_environment_context(database, "t", True, environment(ifPurge="TRUE"))
    assert (place / "file").is_file()


@differs(HIVE2, "does not know the parameter external.table.purge, which came with 3.1")
def test_an_external_table_may_ask_to_take_its_files_along(hms: Client, database: str) -> None:
    purged = {"tableType": "EXTERNAL_TABLE", "parameters": {"EXTERNAL": "TRUE", "external.table.purge": "true"}}
    place = _made(hms, database, "t", **purged)
    hms.drop_table(database, "t", True)
    assert not place.exists()


@not_on(HIVE2, "the method came with 4.0")
def test_a_table_is_dropped_by_request(hms: Client, database: str) -> None:
    place = _made(hms, database, "t")
    request = wire.DropTableRequest(catalogName="hive", dbName=database, tableName="t", deleteData=True)
    hms.drop_table_req(request)
    assert not place.exists()
    with refused(wire.NoSuchObjectException):
        hms.drop_table_req(request)


@not_on(HIVE2, "truncation came with 3.0")
@pytest.mark.parametrize("said", [{}, EXTERNAL], ids=["managed", "external"])
def test_a_truncated_table_keeps_its_folder_and_loses_its_files(
    hms: Client, database: str, said: dict[str, object]
) -> None:
    place = _made(hms, database, "t", **said)
    (place / "below").mkdir()
    (place / "below" / "file").write_text("x")
    hms.truncate_table(database, "t", None)
    assert place.is_dir()
    assert list(place.iterdir()) == []


@not_on(HIVE2, "truncation came with 3.0")
def test_partitions_are_truncated_by_name(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", keys="p string"))
    hms.add_partitions([partition(database, "t", [value]) for value in ("x", "y")])
    places = [folder(one.sd.location) for one in hms.get_partitions(database, "t", -1)]
    for place in places:
        (place / "file").write_text("x")
    hms.truncate_table_req(wire.TruncateTableRequest(dbName=database, tableName="t", partNames=["p=x", "p=nope"]))
    assert [(place.name, len(list(place.iterdir()))) for place in sorted(places)] == [("p=x", 0), ("p=y", 1)]


@not_on(HIVE2, "truncation came with 3.0")
@differs(HIVE4, "fails inside for a missing table")
@pytest.mark.parametrize("way", ["truncate_table", "truncate_table_req"])
def test_a_missing_table_is_not_truncated(hms: Client, database: str, way: str) -> None:
    request = wire.TruncateTableRequest(dbName=database, tableName="nope")
    arguments = [request] if way == "truncate_table_req" else [database, "nope", None]
    with refused(wire.MetaException):
        getattr(hms, way)(*arguments)


@not_on(HIVE2, "truncation came with 3.0")
def test_what_has_no_files_is_not_truncated(hms: Client, database: str) -> None:
    hms.create_table(table(database, "v", tableType="VIRTUAL_VIEW", viewOriginalText="select 1", sd=storage()))
    with refused(wire.MetaException):
        hms.truncate_table(database, "v", None)


@differs(
    HIVE2, "holds columns of Iceberg tables to their places; here they follow the table's metadata, whatever it says"
)
@differs(
    HIVE4, "holds columns of Iceberg tables to their places; here they follow the table's metadata, whatever it says"
)
def test_columns_of_iceberg_tables_follow_their_metadata(hms: Client, database: str, tmp_path: Path) -> None:
    said = {"EXTERNAL": "TRUE", "table_type": "ICEBERG", "metadata_location": "m0"}
    hms.create_table(
        table(database, "t", tableType="EXTERNAL_TABLE", parameters=said, sd=storage(location=f"file:{tmp_path}"))
    )
    new = got(hms, database, "t")
    new.sd.cols = columns("name string, id int")
    new.parameters |= {"metadata_location": "m1", "previous_metadata_location": "m0"}
    hms.alter_table(database, "t", new)
    assert names(hms.get_fields(database, "t")) == ["name", "id"]
