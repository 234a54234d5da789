"""Calls about partitions take as many SQL statements for ten thousand of them as for ten."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from catalog_server.catalog import partition_rows
from catalog_server.config import Config, StoreConfig
from catalog_server.facades.hms.app import handlers
from catalog_server.facades.hms.call import Context, Handler
from catalog_server.facades.hms.partition_changes import PartitionChanges
from catalog_server.facades.hms.partitions import Partitions
from catalog_server.facades.hms.statistics import Statistics
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
from catalog_server.model.table import TableKind
from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.filled import filled
from tests.facades.hms.metastore import columns, partition
from tests.store.statements import counted
from tests.store.things import orders

CALLER = Caller("tester")
FEW, MANY = 10, 10_000
STATEMENTS_MAX = 24
_NUMBERS = itertools.count()


@dataclass
class Calls:
    """Thrift methods of one catalog, with tables to call them about."""

    services: Services
    methods: dict[str, Handler]

    def call(self, method: str, **said: Any) -> Any:
        """What a method answers, read to its end."""
        answer = self.methods[method](
            Context("", 1), filled(method, {**SAID, "tablename": said.get("tblname"), **said})
        )
        return b"".join(answer) if isinstance(answer, Iterator) else answer

    def table(self, count: int) -> str:
        """A table of so many partitions, with statistics of one column; its rows are copied, which is quick."""
        name = f"t{next(_NUMBERS)}"
        made = self.services.catalog.tables.create(CALLER, orders(name, kind=TableKind.VIEW, storage=orders().storage))
        if count:
            with self.services.catalog.store.begin() as tx:
                if tx.is_postgresql:  # which does not know yet how many rows the tables got since it last looked
                    tx.connection.execute(text("SET LOCAL enable_nestloop = off"))
                for statement in (_COPY, _COPY_STATISTICS, _COPY_OWN):
                    tx.connection.execute(text(statement), {"new": made.id, "source": f"source{count}"})
        return name


_COPIED = (
    "name, key_values, k0, k1, k2, k3, n0, n1, n2, n3, columns_id, storage_id, location, parameters, extra, version, "
    "created_at, last_access_at, encoded"
)
_SOURCE = "(SELECT id FROM tables WHERE name = :source)"
_COPY = (
    f"INSERT INTO partitions (table_id, {_COPIED}) SELECT :new, {_COPIED} FROM partitions WHERE table_id = {_SOURCE}"
)
_COPY_STATISTICS = f"""
INSERT INTO column_statistics (table_id, partition_id, column_key, engine, "column", type, kind, data, updated_at)
SELECT :new, n.id, s.column_key, s.engine, s."column", s.type, s.kind, s.data, s.updated_at
FROM column_statistics AS s JOIN partitions AS o ON o.id = s.partition_id JOIN partitions AS n ON n.name = o.name
WHERE s.table_id = {_SOURCE} AND n.table_id = :new
"""
_COPY_OWN = f"""
INSERT INTO column_statistics (table_id, partition_id, column_key, engine, "column", type, kind, data, updated_at)
SELECT :new, 0, column_key, engine, "column", type, kind, data, updated_at
FROM column_statistics WHERE table_id = {_SOURCE} AND partition_id = 0
"""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def calls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    """A catalog with tables to copy from."""
    folder = tmp_path_factory.mktemp("counts")
    url = f"sqlite:///{folder}/catalog.db"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        url = server.url(server.create_database(request.getfixturevalue("postgresql_template")))
    services = Services(Config(data=folder, store=StoreConfig(url=url)))
    services.catalog.prepare()
    services.catalog.databases.create(CALLER, Database("hive", "sales"))
    made = Calls(services, handlers(services))
    for count in (FEW, MANY):
        source = TableName("hive", "sales", f"source{count}")
        services.catalog.tables.create(CALLER, orders(source.table))
        services.catalog.partitions.add(CALLER, source, new_partitions(count), make_directories=False)
        for numbers in (range(count), None):
            made.call("set_aggr_stats_for", colstats=statistics(source.table, numbers))
    yield made
    services.close()


@pytest.fixture(autouse=True)
def streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long lists are counted and then read from a cursor, which takes some statements more: here few are read so too."""
    monkeypatch.setattr(partition_rows, "AT_ONCE", FEW - 1)


def new_partitions(count: int) -> list[Partition]:
    return [Partition(values(number), parameters={"numRows": "1"}) for number in range(count)]


def values(number: int) -> tuple[str, str]:
    return str(number // 100), f"r{number % 100}"


def names(count: int) -> list[str]:
    return [f"year={year}/region={region}" for year, region in map(values, range(count))]


def structs(name: str, numbers: range, **fields: Any) -> list[Any]:
    return [partition("sales", name, values(number), **fields) for number in numbers]


def statistics(name: str, numbers: range | None) -> list[Any]:
    """Statistics of partitions, or of the table."""
    data = wire.ColumnStatisticsData(longStats=wire.LongColumnStatsData(numNulls=0, numDVs=3, lowValue=1, highValue=9))
    objects = [wire.ColumnStatisticsObj(colName="id", colType="bigint", statsData=data)]
    of = [None] if numbers is None else names(len(numbers))
    return [
        wire.ColumnStatistics(
            statsDesc=wire.ColumnStatisticsDesc(isTblLevel=one is None, dbName="sales", tableName=name, partName=one),
            statsObj=objects,
            engine="hive",
        )
        for one in of
    ]


SAID = {
    "dbname": "sales",
    "maxparts": -1,
    "filter": 'region >= "r"',
    "expr": b"region >= 'r'",
    "partvals": ["", ""],
    "partvalues": ["", ""],
    "partitionkeys": columns("year int, region string"),
    "colnames": ["id"],
    "colname": "id",
    "engine": "hive",
}
"""What calls say unless they say something else."""
FORMS: dict[str, Callable[[str, int], dict[str, Any]]] = {
    **dict.fromkeys(
        (
            "fetch_partition_names_req get_num_partitions_by_filter get_part_specs_by_filter get_partition_names "
            "get_partition_names_ps get_partition_names_ps_req get_partition_names_req get_partition_values get_partitions "
            "get_partitions_by_expr get_partitions_by_filter get_partitions_by_filter_req get_partitions_ps "
            "get_partitions_ps_with_auth get_partitions_ps_with_auth_req get_partitions_pspec get_partitions_req "
            "get_partitions_spec_by_expr get_partitions_with_auth get_partitions_with_specs get_table_statistics_req "
            "get_table_column_statistics"
        ).split(),
        lambda _name, _count: {},
    ),
    **dict.fromkeys(
        "get_partition get_partition_req get_partition_with_auth get_partition_by_name drop_partition "
        "drop_partition_by_name drop_partition_by_name_with_environment_context drop_partition_req "
        "drop_partition_with_environment_context get_partition_column_statistics "
        "delete_partition_column_statistics".split(),
        lambda _name, _count: {"partvals": values(3), "partname": names(4)[3]},
    ),
    **dict.fromkeys(
        "append_partition append_partition_by_name append_partition_by_name_with_environment_context "
        "append_partition_req append_partition_with_environment_context".split(),
        lambda _name, _count: {"partvals": ("1", "new"), "partname": "year=1/region=new"},
    ),
    **dict.fromkeys(
        "get_partitions_by_names get_partitions_by_names_req get_partitions_statistics_req get_aggr_stats_for "
        "delete_column_statistics_req".split(),
        lambda _name, count: {"names": names(count), "partnames": names(count)},
    ),
    **dict.fromkeys(
        "rename_partition rename_partition_req".split(),
        lambda name, _count: {"partvals": values(3), "newpart": partition("sales", name, ("1", "new"))},
    ),
    **dict.fromkeys(
        "add_partition add_partition_with_environment_context".split(),
        lambda name, _count: {"newpart": partition("sales", name, ("1", "new"))},
    ),
    **dict.fromkeys(
        "alter_partition alter_partition_with_environment_context".split(),
        lambda name, _count: {"newpart": partition("sales", name, values(3), parameters={"numRows": "2"})},
    ),
    **dict.fromkeys(
        "alter_partitions alter_partitions_req alter_partitions_with_environment_context".split(),
        lambda name, count: dict.fromkeys(
            ("newparts", "partitions"), structs(name, range(count), parameters={"a": "b"})
        ),
    ),
    **dict.fromkeys(
        "update_partition_column_statistics update_partition_column_statistics_req".split(),
        lambda name, _count: {"statsobj": statistics(name, range(1))[0], "colstats": statistics(name, range(1))},
    ),
    **dict.fromkeys(
        "update_table_column_statistics update_table_column_statistics_req".split(),
        lambda name, _count: {"statsobj": statistics(name, None)[0], "colstats": statistics(name, None)},
    ),
    "set_aggr_stats_for": lambda name, count: {"colstats": statistics(name, range(count))},
    "delete_table_column_statistics": lambda _name, _count: {"colname": None},
    "drop_partitions_req": lambda _name, count: {"parts": wire.RequestPartsSpec(names=names(count))},
}
FURTHER: dict[str, tuple[str, Callable[[str, int], dict[str, Any]]]] = {
    "specs by names": ("get_partitions_with_specs", lambda _name, count: _chosen("BY_NAMES", names(count))),
    "specs by values": ("get_partitions_with_specs", lambda _name, _count: _chosen("BY_VALUES", ["", ""])),
    "specs by filter": ("get_partitions_with_specs", lambda _name, _count: _chosen("BY_EXPR", ['region >= "r"'])),
    "named, with auth": ("get_partitions_ps_with_auth_req", lambda _name, count: {"partnames": names(count)}),
    "without columns": ("get_partitions_req", lambda _name, _count: {"skipcolumnschemaforpartition": True}),
    "by a filter that SQL does not know": ("get_partitions_by_filter", lambda _name, _count: {"filter": 'region like "r%"'}),
    "names in order": ("get_partition_names_req", lambda _name, _count: {"order": "0,1:-+"}),
    "statistics that are merged": (
        "set_aggr_stats_for", lambda name, count: {"colstats": statistics(name, range(count)), "needmerge": True}
    ),
    "statistics of all": ("delete_column_statistics_req", lambda _name, _count: {"colnames": None}),
    "drop by an expression": (
        "drop_partitions_req",
        lambda _name, _count: {"parts": wire.RequestPartsSpec(exprs=[wire.DropPartitionsExpr(expr=b"region >= 'r'")])},
    ),
    "add again, as MSCK does": (
        "add_partitions_req", lambda name, count: {"parts": structs(name, range(count)), "ifnotexists": True}
    ),
}  # fmt: skip
ADDED = {
    "add_partitions": {},
    "add_partitions_req": {},
    "add_partitions_pspec": {},
    "add those that are missing": {"ifnotexists": True},
}
EXCHANGED = ("exchange_partition", "exchange_partitions")
OF_TEXT_ALONE = {"partition_name_has_valid_characters", "partition_name_to_spec", "partition_name_to_vals"}


def _chosen(mode: str, filters: list[str]) -> dict[str, Any]:
    chosen = wire.GetPartitionsFilterSpec(filterMode=getattr(wire.PartitionFilterMode, mode), filters=filters)
    return {"filterspec": chosen}


def cost(calls: Calls, method: str, **said: Any) -> int:
    """How many statements a call takes."""
    with counted(calls.services.catalog, sent=True) as statements:
        calls.call(method, **said)
    return len(statements)


def is_constant(few: int, many: int) -> bool:
    return many <= few <= STATEMENTS_MAX


@pytest.mark.parametrize("method", FORMS)
def test_of_a_table_of_many_as_of_few(calls: Calls, method: str) -> None:
    costs = [cost(calls, method, tblname=(name := calls.table(n)), **FORMS[method](name, n)) for n in (FEW, MANY)]
    assert is_constant(*costs)


@pytest.mark.parametrize("form", FURTHER)
def test_in_further_forms(calls: Calls, form: str) -> None:
    method, said = FURTHER[form]
    costs = [cost(calls, method, tblname=(name := calls.table(n)), **said(name, n)) for n in (FEW, MANY)]
    assert is_constant(*costs)


@pytest.mark.parametrize("form", ADDED)
def test_of_many_that_are_new_as_of_few(calls: Calls, form: str) -> None:
    costs = []
    for count in (FEW, MANY):
        name = calls.table(FEW if form.startswith("add those") else 0)
        new = structs(name, range(count + 5))
        spec = wire.PartitionSpec(
            dbName="sales", tableName=name, partitionList=wire.PartitionListComposingSpec(partitions=new)
        )
        method = form if " " not in form else "add_partitions_req"
        of = {"newparts": [spec] if method.endswith("pspec") else new, "parts": new}
        costs.append(cost(calls, method, tblname=name, **of, **ADDED[form]))
        assert len(calls.call("get_partition_names", tblname=name)) > 0
    assert is_constant(*costs)


@pytest.mark.parametrize("method", EXCHANGED)
def test_of_many_that_go_to_another_table_as_of_few(calls: Calls, method: str) -> None:
    costs = []
    for count in (FEW, MANY):
        places = {"sourcedb": "sales", "sourcetablename": calls.table(count), "destdb": "sales"}
        spec = {"region": "r3"}
        costs.append(cost(calls, method, **places, desttablename=calls.table(0), partitionspecs=spec))
    assert is_constant(*costs)


def test_no_method_is_left_out() -> None:
    there = {name for noun in (Partitions, PartitionChanges, Statistics) for name in dir(noun)}
    methods = there & set(wire.BINDINGS.method_names())
    assert methods - OF_TEXT_ALONE == set(FORMS) | {name for name in ADDED if " " not in name} | set(EXCHANGED)
