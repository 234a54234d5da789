"""A real metastore mounted as a catalog: read through like our own, changed by nobody here."""

from __future__ import annotations

import pytest

from catalog_server.facades.hms.app import handlers
from catalog_server.facades.hms.errors import translate
from catalog_server.model.database import Catalog, Database
from catalog_server.model.errors import Invalid, NotFound, Unsupported
from catalog_server.model.expressions import parse_filter
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.table import Table, TableKind
from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore, table
from tests.facades.hms.running import running
from tests.hive_migrations.conftest import Filled
from tests.hive_migrations.things import PARTITIONS
from tests.mounts.conftest import CALLER


def test_its_databases_and_tables_are_found(mounted: Services, filled: Filled) -> None:
    catalog, name = mounted.catalog, DatabaseName("old", filled.database)
    assert filled.database in [one.name for one in catalog.databases.list(CALLER, "old")]
    assert catalog.databases.get(CALLER, name).comment == "A database"
    assert {"plain", "parted", "seen"} <= set(catalog.tables.list_names(CALLER, name))
    assert catalog.tables.list_names(CALLER, name, kinds=[TableKind.VIEW]) == ["seen"]
    assert [one.name for one in catalog.tables.list(CALLER, name, contains="art", count=1)] == ["parted"]
    found = catalog.tables.get(CALLER, TableName("old", filled.database, "plain"))
    assert (found.catalog, found.parameters["comment"]) == ("old", "what we sell")


def test_its_partitions_are_filtered(mounted: Services, filled: Filled) -> None:
    partitions, name = mounted.catalog.partitions, TableName("old", filled.database, "parted")
    assert partitions.count(CALLER, name) == PARTITIONS
    predicate = parse_filter("hour >= 10 and day = '2026-01-01'")
    _, found = partitions.list(CALLER, name, predicate)
    assert sorted(int(one.values[1]) for one in found) == [10, 15, 20]
    _, begun = partitions.list(CALLER, name, prefix=["50%", ""])
    assert len(begun) == 5
    assert partitions.get(CALLER, name, ("a/b=c", "1"))[1].parameters["note"] == "n° 1"
    assert partitions.names(CALLER, name, count=2) == sorted(partitions.names(CALLER, name))[:2]


def test_its_statistics_and_functions_are_read(mounted: Services, filled: Filled) -> None:
    name = TableName("old", filled.database, "plain")
    assert {one.column for one in mounted.catalog.statistics.get(CALLER, name)} >= {"id", "name"}
    parted = TableName("old", filled.database, "parted")
    held = mounted.catalog.statistics.get_partitions(CALLER, parted, ["day=2026-01-01/hour=0"], ["id"])
    assert held["day=2026-01-01/hour=0"][0].data["high"] == 2
    found = mounted.catalog.functions.get(CALLER, DatabaseName("old", filled.database), "twice")
    assert found.class_name == "org.example.Twice"


def test_what_it_has_not_is_not_found(mounted: Services, filled: Filled) -> None:
    with pytest.raises(NotFound):
        mounted.catalog.databases.get(CALLER, DatabaseName("old", "nowhere"))
    with pytest.raises(NotFound):
        mounted.catalog.tables.get(CALLER, TableName("old", filled.database, "nothing"))
    with pytest.raises(NotFound):
        mounted.catalog.partitions.get(CALLER, TableName("old", filled.database, "parted"), ("never", "1"))


def test_nothing_in_it_can_be_changed_here(mounted: Services, filled: Filled) -> None:
    catalog, name = mounted.catalog, TableName("old", filled.database, "plain")
    with pytest.raises(Unsupported, match="mounted from thrift://"):
        catalog.tables.drop(CALLER, name)
    with pytest.raises(Unsupported):
        catalog.tables.create(CALLER, Table("old", filled.database, "new", TableKind.EXTERNAL))
    with pytest.raises(Unsupported):
        catalog.databases.create(CALLER, Database("old", "new"))
    with pytest.raises(Unsupported):
        catalog.databases.drop(CALLER, name.parent)
    with pytest.raises(Unsupported):
        catalog.partitions.drop(CALLER, TableName("old", filled.database, "parted"), ["day=50%25/hour=4"])
    with pytest.raises(Unsupported):
        catalog.functions.drop(CALLER, name.parent, "twice")


def test_hive_clients_see_it_under_its_name(mounted: Services, filled: Filled) -> None:
    with running(handlers(mounted), translate) as server, Metastore(server.port) as hms:
        assert {"plain", "parted"} <= set(hms.get_all_tables(f"@old#{filled.database}"))
        request = wire.GetTableRequest(dbName=filled.database, tblName="plain", catName="old")
        assert hms.get_table_req(request).table.catName == "old"
        found = hms.get_partitions_by_filter(f"@old#{filled.database}", "parted", "hour = 7", -1)
        assert [one.values[1] for one in found] == ["7"]
        assert len(hms.get_partition_names(f"@old#{filled.database}", "parted", -1)) == PARTITIONS
        statistics = wire.TableStatsRequest(dbName=filled.database, tblName="plain", colNames=["id"], catName="old")
        assert len(hms.get_table_statistics_req(statistics).tableStats) == 1
        with pytest.raises(wire.MetaException, match="can only be read"):
            hms.drop_table(f"@old#{filled.database}", "plain", False)
        with pytest.raises((wire.MetaException, wire.InvalidObjectException), match="can only be read"):
            hms.create_table(table(f"@old#{filled.database}", "new"))


def test_the_version_of_a_table_stays_until_it_changes(mounted: Services, filled: Filled) -> None:
    name = TableName("old", filled.database, "plain")
    first = mounted.catalog.tables.get(CALLER, name)
    assert mounted.catalog.tables.get(CALLER, name).version == first.version
    assert mounted.catalog.tables.get(CALLER, TableName("old", filled.database, "seen")).version != first.version


def test_unmounting_leaves_the_metastore_alone(mounted: Services, filled: Filled) -> None:
    mounted.catalog.catalogs.drop(CALLER, "old")
    with pytest.raises(NotFound):
        mounted.catalog.tables.get(CALLER, TableName("old", filled.database, "plain"))
    with filled.connect() as hms:
        assert "plain" in hms.get_all_tables(filled.database)


def test_it_can_be_tested(mounted: Services) -> None:
    tested = mounted.catalog.catalogs.test(CALLER, "old")
    assert tested.ok
    assert "databases" in tested.message
    with pytest.raises(Invalid):
        mounted.catalog.catalogs.test(CALLER, "hive")


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"kind": "hive"}, "uri"),
        ({"kind": "hive", "uri": "http://h:1"}, "thrift"),
        ({"uri": "thrift://h:1"}, "kind"),
        ({"kind": "glue", "uri": "thrift://h:1"}, "glue"),
        ({"kind": "hive", "uri": "thrift://h:1", "parameters": {"hive.deadline-seconds": "soon"}}, "soon"),
    ],
)
def test_a_mount_that_makes_no_sense_is_refused(services: Services, wrong: dict[str, object], word: str) -> None:
    with pytest.raises(Invalid, match=word):
        services.catalog.catalogs.create(CALLER, Catalog("old", **wrong))  # type: ignore[arg-type]
