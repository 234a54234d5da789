"""Partitions chosen by serialized expressions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import partition, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

SAMPLES = Path(__file__).parents[1] / "golden" / "kryo"
NO_READER = "reads no expressions unless hive-exec is put beside it; ours reads those of the usual operators"
OTHER_KRYO = "reads only what its own version of Kryo wrote"
HIVE_4 = "the method came with Hive 4"


@pytest.fixture
def days(hms: Client, database: str) -> str:
    """A database with the table `t` of the partitions a/1, a/2, b/3 and b/10 of the keys dt and hr."""
    hms.create_table(table(database, "t", keys="dt string, hr int"))
    hms.add_partitions([partition(database, "t", one) for one in (("a", "1"), ("a", "2"), ("b", "3"), ("b", "10"))])
    return database


def sample(version: str, name: str) -> bytes:
    return (SAMPLES / f"hive-{version}" / f"{name}.kryo").read_bytes()


def request(database: str, expression: bytes, **fields: Any) -> Any:
    return wire.PartitionsByExprRequest(catName="hive", dbName=database, tblName="t", expr=expression, **fields)


def hours(found: list[Any]) -> list[str]:
    return [one.values[1] for one in found]


EXPRESSIONS = [("equal_string", {"1", "2"}), ("less_or_equal", {"1", "2", "3", "10"}), ("planned_and", {"2"}),
               ("planned_in", {"1", "2", "3", "10"}), ("between", {"1", "2"}), ("planned_not", {"3", "10"}),
               ("not_null", {"1", "2", "3", "10"}), ("planned_shared", {"3", "10"})]  # fmt: skip


@differs(HIVE4, NO_READER)
@pytest.mark.parametrize(("name", "wanted"), EXPRESSIONS)
def test_an_expression_of_hive_2_chooses(hms: Client, days: str, name: str, wanted: set[str]) -> None:
    if hms.server == HIVE2 and name == "planned_not":
        pytest.xfail("hangs up on this one without an answer")
    answer = hms.get_partitions_by_expr(request(days, sample("2.3.10", name)))
    assert (set(hours(answer.partitions)), answer.hasUnknownPartitions) == (wanted, False)


@not_on(HIVE2, OTHER_KRYO)
@differs(HIVE4, NO_READER)
@pytest.mark.parametrize(("name", "wanted"), EXPRESSIONS)
def test_an_expression_of_hive_4_chooses(hms: Client, days: str, name: str, wanted: set[str]) -> None:
    answer = hms.get_partitions_by_expr(request(days, sample("4.0.1", name)))
    assert (set(hours(answer.partitions)), answer.hasUnknownPartitions) == (wanted, False)


@not_on(HIVE2, OTHER_KRYO)
@differs(HIVE4, NO_READER)
def test_of_one_that_cannot_be_read_all_may_be_meant(hms: Client, days: str) -> None:
    answer = hms.get_partitions_by_expr(request(days, sample("4.0.1", "function")))
    assert (len(answer.partitions), answer.hasUnknownPartitions) == (4, True)


@not_on(HIVE2, OTHER_KRYO)
def test_names_are_not_chosen_by_one_that_cannot_be_read(hms: Client, days: str) -> None:
    with refused(wire.MetaException):
        hms.get_partition_names_req(request(days, sample("4.0.1", "function")))


@not_on(HIVE2, OTHER_KRYO)
@differs(HIVE4, NO_READER)
def test_names_come_in_the_order_asked_for(hms: Client, days: str) -> None:
    expression = sample("4.0.1", "planned_in")
    assert hms.get_partition_names_req(request(days, expression))[0] == "dt=a/hr=1"
    ordered = hms.get_partition_names_req(request(days, expression, order="0,1:-+", maxParts=3))
    assert ordered == ["dt=b/hr=3", "dt=b/hr=10", "dt=a/hr=1"]


@not_on(HIVE2, OTHER_KRYO)
@differs(HIVE4, NO_READER)
def test_specs_are_chosen_too(hms: Client, days: str) -> None:
    answer = hms.get_partitions_spec_by_expr(request(days, sample("4.0.1", "equal_string")))
    (spec,) = answer.partitionsSpec
    assert hours(spec.sharedSDPartitionSpec.partitions) == ["1", "2"]


@not_on(HIVE2, "takes no bytes for an unreadable expression")
def test_no_expression_is_all(hms: Client, days: str) -> None:
    answer = hms.get_partitions_by_expr(request(days, b""))
    assert (len(answer.partitions), answer.hasUnknownPartitions) == (4, False)
    (spec,) = hms.get_partitions_spec_by_expr(request(days, b"")).partitionsSpec
    assert len(spec.sharedSDPartitionSpec.partitions) == 4


@not_on(HIVE2, "reads objects only")
@differs(HIVE4, "reads texts only where it is set up to, which its MSCK sets up")
def test_a_text_is_read_as_msck_writes_it(hms: Client, days: str) -> None:
    assert hours(hms.get_partitions_by_expr(request(days, b"dt='b' AND hr='3'")).partitions) == ["3"]


@pytest.mark.parametrize("expression", [b"garbage", b"dt = "])
def test_a_text_that_is_no_filter_is_refused(hms: Client, days: str, expression: bytes) -> None:
    with refused(wire.MetaException):
        hms.get_partitions_by_expr(request(days, expression))


@not_on(HIVE2, OTHER_KRYO)
@differs(HIVE4, NO_READER)
def test_a_missing_table_is_not_found(hms: Client, days: str) -> None:
    expression = sample("4.0.1", "equal_string")
    for one in (request(days, expression),):
        one.tblName = "no"
        with refused(wire.NoSuchObjectException):
            hms.get_partitions_by_expr(one)
        with refused(wire.NoSuchObjectException):
            hms.get_partition_names_req(one)
        with refused(wire.NoSuchObjectException):
            hms.get_partitions_spec_by_expr(one)


class TestDrop:
    def _request(self, database: str, expression: bytes, **fields: Any) -> Any:
        parts = wire.RequestPartsSpec(exprs=[wire.DropPartitionsExpr(expr=expression)])
        return wire.DropPartitionsRequest(dbName=database, tblName="t", parts=parts, **fields)

    @differs(HIVE4, NO_READER)
    def test_of_what_it_says(self, hms: Client, days: str) -> None:
        dropped = hms.drop_partitions_req(self._request(days, sample("2.3.10", "equal_string"))).partitions
        assert hours(dropped) == ["1", "2"]
        assert hms.get_partition_names(days, "t", -1) == ["dt=b/hr=10", "dt=b/hr=3"]

    @not_on(HIVE2, OTHER_KRYO)
    @differs(HIVE4, "fails with an internal error")
    def test_of_what_cannot_be_read_drops_nothing(self, hms: Client, days: str) -> None:
        with refused(wire.MetaException):
            hms.drop_partitions_req(self._request(days, sample("4.0.1", "function")))
        assert len(hms.get_partition_names(days, "t", -1)) == 4

    @differs(HIVE4, NO_READER)
    def test_of_nothing_is_refused_unless_that_is_asked_for(self, hms: Client, days: str) -> None:
        expression = sample("2.3.10", "less")
        with refused(wire.NoSuchObjectException):
            hms.drop_partitions_req(self._request(days, expression, ifExists=False))
        assert hms.drop_partitions_req(self._request(days, expression, ifExists=True)).partitions == []
