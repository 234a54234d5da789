"""A real metastore copied over Thrift and out of its database: everything arrives as it was, and no file is touched."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.hive_migration import Mode
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.table import TableKind
from tests.hive_migrations.conftest import CALLER, Ended, Filled, migrate
from tests.hive_migrations.things import PARTITIONS, a_partition


def copied(target: CatalogService, filled: Filled, **options: object) -> Ended:
    return migrate(target, filled.uri, databases=(filled.database,), **options)


def test_a_metastore_is_copied_and_both_sides_are_the_same(target: CatalogService, filled: Filled) -> None:
    copy = copied(target, filled)
    assert copy.migration.state == "SUCCEEDED", copy.migration.error
    assert copy.states()["parted"] == "MADE"
    check = migrate(target, filled.uri, Mode.VERIFY, databases=(filled.database,))
    assert check.unlike() == []
    assert check.migration.summary["partitions"] == PARTITIONS


def test_parameters_texts_owners_and_times_are_kept_exactly(target: CatalogService, filled: Filled) -> None:
    copied(target, filled)
    plain = target.tables.get(CALLER, TableName("hive", filled.database, "plain"))
    assert plain.parameters["odd key"] == 'with "quotes" and ünïcode'
    assert plain.storage.serde.parameters["field.delim"] == "\t"
    assert (plain.storage.bucket_columns, plain.storage.bucket_count) == (("id",), 4)
    assert (plain.owner, plain.retention) == ("tester", 7)
    seen = target.tables.get(CALLER, TableName("hive", filled.database, "seen"))
    assert seen.kind is TableKind.VIEW
    assert seen.view_original == f"SELECT id\n  FROM `{filled.database}`.plain -- as written"
    database = target.databases.get(CALLER, DatabaseName("hive", filled.database))
    assert (database.owner, database.comment) == ("ann", "A database")


def test_partitions_keep_their_places_values_and_statistics(target: CatalogService, filled: Filled) -> None:
    copied(target, filled)
    name = TableName("hive", filled.database, "parted")
    _, found = target.partitions.get(CALLER, name, ("a/b=c", "1"))
    assert found.location == f"file:/tmp/elsewhere/{filled.database}/1"
    assert found.parameters["note"] == "n° 1"
    held = target.statistics.get_partitions(CALLER, name, ["day=2026-01-01/hour=0"], ["id"])
    assert held["day=2026-01-01/hour=0"][0].data["high"] == 2


def test_no_directory_is_made(target: CatalogService, filled: Filled, tmp_path: Path) -> None:
    shutil.rmtree(f"/tmp/elsewhere/{filled.database}", ignore_errors=True)
    copied(target, filled)
    assert not Path(f"/tmp/elsewhere/{filled.database}").exists()
    assert not [one for one in (tmp_path / "data" / "warehouse").rglob("*") if filled.database in one.name]


def test_functions_come_along(target: CatalogService, filled: Filled) -> None:
    copied(target, filled)
    found = target.functions.get(CALLER, DatabaseName("hive", filled.database), "twice")
    assert found.resources == (("JAR", "s3://jars/twice.jar"),)


def test_a_dry_run_says_what_a_copy_would_make_and_makes_nothing(target: CatalogService, filled: Filled) -> None:
    tried = copied(target, filled, mode=Mode.DRY_RUN)
    assert (tried.states()["plain"], tried.states("database")[filled.database]) == ("MADE", "MADE")
    assert tried.migration.summary["partitions"] == PARTITIONS
    assert target.tables.list_names(CALLER, DatabaseName("hive", filled.database)) == []


def test_verifying_finds_what_was_changed_and_what_is_missing(target: CatalogService, filled: Filled) -> None:
    copied(target, filled)
    name = TableName("hive", filled.database, "parted")
    target.partitions.drop(CALLER, name, ["day=a%2Fb%3Dc/hour=1"], delete_data=False)
    target.tables.drop(CALLER, TableName("hive", filled.database, "seen"))
    database = DatabaseName("hive", filled.database)
    target.databases.set_parameters(CALLER, database, {"team": "other"}, frozenset())
    check = migrate(target, filled.uri, Mode.VERIFY, databases=(filled.database,))
    assert check.states() | {"plain": "SAME", "seen": "MISSING", "parted": "DIFFERENT"} == check.states()
    assert {"parameters team", "partition day=a%2Fb%3Dc/hour=1"} <= check.differences()


def test_verifying_finds_what_is_only_here(target: CatalogService, filled: Filled) -> None:
    copied(target, filled)
    with filled.connect() as hms:
        hms.drop_partition_by_name_with_environment_context(filled.database, "parted", "day=50%25/hour=24", False, None)
        check = migrate(target, filled.uri, Mode.VERIFY, databases=(filled.database,))
        hms.add_partitions([a_partition(filled.database, 24)])
    assert check.differences() == {"partition day=50%25/hour=24"}


@pytest.mark.parametrize(
    ("policy", "state", "kept"), [("skip", "SKIPPED", "other"), ("replace", "REPLACED", "what we sell")]
)
def test_a_table_that_is_here_is_kept_or_replaced(
    target: CatalogService, filled: Filled, policy: str, state: str, kept: str
) -> None:
    copied(target, filled)
    name = TableName("hive", filled.database, "plain")
    found = target.tables.get(CALLER, name)
    target.tables.alter(CALLER, name, replace(found, parameters={**found.parameters, "comment": "other"}))
    again = copied(target, filled, on_conflict=policy)
    assert again.states()["plain"] == state
    assert target.tables.get(CALLER, name).parameters["comment"] == kept


def test_a_conflict_ends_the_migration_where_that_is_asked_for(target: CatalogService, filled: Filled) -> None:
    copied(target, filled)
    again = copied(target, filled, on_conflict="fail")
    assert again.migration.state == "FAILED"
    assert "already exists" in (again.migration.error or "")


def test_a_copy_goes_into_another_catalog(target: CatalogService, filled: Filled) -> None:
    copied(target, filled, into="legacy")
    assert "legacy" in [one.name for one in target.catalogs.list(CALLER)]
    assert target.tables.get(CALLER, TableName("legacy", filled.database, "plain")).catalog == "legacy"
