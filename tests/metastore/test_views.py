"""Views, and materialized views with what they are built from."""

from __future__ import annotations

from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import storage, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused
from tests.metastore.tables import got

LATER = "what a materialized view is built from came with 3.0"


def _view(database: str, name: str, kind: str = "VIRTUAL_VIEW", **said: Any) -> Any:
    texts = {"viewOriginalText": "/* one */ select 1", "viewExpandedText": "select 1"}
    return table(database, name, tableType=kind, sd=storage(), **texts, **said)


@pytest.fixture
def materialized(hms: Client, database: str) -> str:
    """A database with the tables `a` and `b` and a materialized view `m` of `a`."""
    for name in "ab":
        hms.create_table(table(database, name))
    source = wire.SourceTable(table=got(hms, database, "a"), insertedCount=1, updatedCount=2, deletedCount=3)
    said = _built(database, "a", sourceTables=[source])
    hms.create_table(_view(database, "m", "MATERIALIZED_VIEW", rewriteEnabled=True, creationMetadata=said))
    return database


def _built(database: str, *tables: str, **said: Any) -> Any:
    used = {f"{database}.{name}" for name in tables}
    said = {"validTxnList": "1:2:"} | said
    return wire.CreationMetadata(catName="hive", dbName=database, tblName="m", tablesUsed=used, **said)


def test_a_view_keeps_its_texts_and_has_no_place(hms: Client, database: str) -> None:
    hms.create_table(_view(database, "v"))
    found = got(hms, database, "v")
    assert (found.tableType, found.viewOriginalText, found.viewExpandedText) == (
        "VIRTUAL_VIEW", "/* one */ select 1", "select 1",
    )  # fmt: skip
    assert not found.sd.location
    assert "transient_lastDdlTime" in found.parameters


def test_a_view_is_altered_to_any_columns(hms: Client, database: str) -> None:
    hms.create_table(_view(database, "v"))
    new = got(hms, database, "v")
    new.viewExpandedText, new.sd = "select 2", storage("id string, name int")
    hms.alter_table(database, "v", new)
    assert got(hms, database, "v").viewExpandedText == "select 2"
    assert hms.get_fields(database, "v") == new.sd.cols


def test_a_view_is_dropped(hms: Client, database: str) -> None:
    hms.create_table(_view(database, "v"))
    hms.drop_table(database, "v", True)
    assert hms.get_all_tables(database) == []


@not_on(HIVE2, LATER)
def test_a_materialized_view_tells_what_it_is_built_from(hms: Client, materialized: str) -> None:
    found = got(hms, materialized, "m")
    said = found.creationMetadata
    assert (found.rewriteEnabled, said.tablesUsed, said.validTxnList) == (True, {f"{materialized}.a"}, "1:2:")
    assert said.materializationTime > 1_700_000_000_000
    assert found.sd.location.endswith(f"{materialized}.db/m")
    (source,) = said.sourceTables
    assert (source.table.tableName, source.insertedCount, source.updatedCount, source.deletedCount) == ("a", 1, 2, 3)


@not_on(HIVE2, LATER)
def test_changes_of_its_tables_are_counted(hms: Client, materialized: str) -> None:
    source = got(hms, materialized, "a").id
    counted = {"insertCount": 10, "updatedCount": 20, "deletedCount": 30}
    hms.update_transaction_statistics(wire.UpdateTransactionalStatsRequest(tableId=source, **counted))
    (found,) = got(hms, materialized, "m").creationMetadata.sourceTables
    assert (found.insertedCount, found.updatedCount, found.deletedCount) == (11, 22, 33)


@not_on(HIVE2, LATER)
def test_a_rebuilt_view_tells_what_it_is_built_from_now(hms: Client, materialized: str) -> None:
    hms.update_creation_metadata("hive", materialized, "m", _built(materialized, "a", "b", validTxnList="7:8:"))
    found = got(hms, materialized, "m").creationMetadata
    assert (found.validTxnList, {one.table.tableName for one in found.sourceTables}) == ("7:8:", {"a", "b"})


@not_on(HIVE2, LATER)
def test_views_to_rewrite_with_are_listed(hms: Client, materialized: str) -> None:
    plain = _built(materialized, "b")
    plain.tblName = "other"
    hms.create_table(_view(materialized, "other", "MATERIALIZED_VIEW", creationMetadata=plain))
    assert hms.get_materialized_views_for_rewriting(materialized) == ["m"]
    assert hms.get_materialized_views_for_rewriting("nope") == []
    found = hms.get_all_materialized_view_objects_for_rewriting()
    (ours,) = [one for one in found if one.dbName == materialized]
    assert [one.table.tableName for one in ours.creationMetadata.sourceTables] == ["a"]


@not_on(HIVE2, LATER)
@differs(HIVE4, "fails inside for a view that is not there, or is none; here the call is refused")
@pytest.mark.parametrize("name", ["nope", "a"])
def test_what_is_no_materialized_view_is_not_rebuilt(hms: Client, materialized: str, name: str) -> None:
    with refused(wire.InvalidOperationException):
        hms.update_creation_metadata("hive", materialized, name, _built(materialized, "a"))


@not_on(HIVE2, LATER)
@differs(HIVE4, "fails inside for a database that is not there; here the call is refused")
def test_a_view_of_a_missing_database_is_not_rebuilt(hms: Client, materialized: str) -> None:
    with refused(wire.UnknownDBException):
        hms.update_creation_metadata("hive", "nope", "m", _built(materialized, "a"))
