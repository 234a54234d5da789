"""HiveServer2 4.0.1 over our metastore: tables, partitions, ACID, constraints, roles and materialized views by its SQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from catalog_server.testing import running_server
from catalog_server.wire import hive_metastore as wire
from tests.engines.hiveserver2 import hiveserver2
from tests.engines.hiveserver2_client import HiveFailed, HiveSession
from tests.facades.hms.metastore import Metastore

pytestmark = [pytest.mark.hiveserver2, pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HiveSession]:
    """A session of its administrator, root."""
    with running_server(tmp_path_factory.mktemp("hiveserver2")) as server:
        with Metastore(server.thrift_port) as metastore:
            kinds = wire.PrincipalType
            metastore.grant_role("admin", "root", kinds.USER, "admin", kinds.ROLE, True)
        with hiveserver2(server.thrift) as engine, engine.session() as session:
            yield session


@pytest.fixture
def hive(session: HiveSession) -> Iterator[HiveSession]:
    """The session in a database of the test's own."""
    name = f"d{uuid.uuid4().hex[:8]}"
    session.sql(f"create database {name}")
    session.sql(f"use {name}")
    yield session
    session.sql(f"drop database {name} cascade")
    assert (name,) not in session.sql("show databases")


@pytest.mark.parametrize("kind", ["orc", "parquet", "textfile"])
def test_tables_are_made_filled_changed_and_emptied(hive: HiveSession, kind: str) -> None:
    hive.sql(f"create table t (a int, b string) stored as {kind}")
    hive.sql("insert into t values (1, 'x'), (2, null)")
    hive.sql("insert into t select a + 2, 'y' from t where a = 1")
    assert hive.sql("select * from t order by a") == [(1, "x"), (2, None), (3, "y")]
    hive.sql("insert overwrite table t values (9, 'z')")
    hive.sql("alter table t add columns (c double)")
    assert hive.sql("describe t") == [("a", "int", ""), ("b", "string", ""), ("c", "double", "")]
    hive.sql("alter table t rename to t2")
    assert hive.sql("select * from t2") == [(9, "z", None)]
    hive.sql("truncate table t2")
    assert hive.sql("select count(*) from t2") == [(0,)]


def test_partitions_are_pruned_by_expressions(hive: HiveSession) -> None:
    hive.sql("create table p (v int) partitioned by (k int, d string) stored as orc")
    hive.sql("insert into p partition (k, d) values (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'ab')")
    for condition, found in (
        ("k = 2", [2]),
        ("k > 1", [2, 3]),
        ("k in (1, 3)", [1, 3]),
        ("k between 2 and 3", [2, 3]),
        ("d like 'a%'", [1, 3]),
        ("d is null", []),
        ("k > 1 and not d = 'b'", [3]),
    ):
        assert hive.sql(f"select v from p where {condition} order by v") == [(one,) for one in found], condition


def test_partitions_are_added_renamed_exchanged_found_and_dropped(hive: HiveSession) -> None:
    for name in ("p", "q"):
        hive.sql(f"create table {name} (v int) partitioned by (k int) stored as parquet")
    hive.sql("insert into p partition (k = 1) values (1)")
    hive.sql("insert into p partition (k) select v + 1, k + 1 from p")
    hive.sql("alter table p add partition (k = 5)")
    hive.sql("alter table p partition (k = 5) rename to partition (k = 6)")
    hive.sql("alter table q exchange partition (k = 2) with table p")
    assert hive.sql("show partitions p") == [("k=1",), ("k=6",)]
    assert hive.sql("select v, k from q") == [(2, 2)]
    hive.sql("alter table p drop partition (k > 3)")
    hive.sql("msck repair table p")
    assert hive.sql("show partitions p") == [("k=1",)]


def test_statistics_views_and_functions(hive: HiveSession) -> None:
    hive.sql("create table t stored as orc as select 1 a, 'x' b")
    hive.sql("analyze table t compute statistics")
    hive.sql("analyze table t compute statistics for columns")
    assert ("min", "1") in [row[:2] for row in hive.sql("describe formatted t a")]
    hive.sql("create view v as select a from t")
    assert hive.sql("select * from v") == [(1,)]
    hive.sql("create function shout as 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFUpper'")
    assert hive.sql("select shout('a')") == [("A",)]
    hive.sql("drop function shout")


def test_constraints_are_shown(hive: HiveSession) -> None:
    hive.sql("create table k (id int primary key disable novalidate, x int not null enable)")
    shown = str(hive.sql("describe extended k"))
    assert "Primary Key" in shown
    assert "Not Null Constraints" in shown


def test_acid_tables_are_written_changed_and_merged(hive: HiveSession) -> None:
    hive.sql("create table a (id int, b string) stored as orc tblproperties ('transactional' = 'true')")
    hive.sql("insert into a values (1, 'x'), (2, 'y')")
    hive.sql("update a set b = 'z' where id = 1")
    hive.sql("delete from a where id = 2")
    hive.sql(
        "merge into a using (select 1 id, 'm' b union all select 7, 'n') s on a.id = s.id "
        "when matched then update set b = s.b when not matched then insert values (s.id, s.b)"
    )
    assert hive.sql("select * from a order by id") == [(1, "m"), (7, "n")]
    assert not [row for row in hive.sql("show transactions") if row[1] == "OPEN"]
    assert len(hive.sql("show locks")) <= 1  # a line of titles


def test_materialized_views_are_filled(hive: HiveSession) -> None:
    hive.sql("create table a (id int) stored as orc tblproperties ('transactional' = 'true')")
    hive.sql("insert into a values (1), (2)")
    hive.sql("create materialized view m as select id from a where id > 1")
    assert hive.sql("select * from m") == [(2,)]
    hive.sql("insert into a values (3)")
    hive.sql("alter materialized view m rebuild")
    assert hive.sql("select * from m order by id") == [(2,), (3,)]
    hive.sql("drop materialized view m")


def test_roles_are_made_and_granted(hive: HiveSession) -> None:
    hive.sql("create table t (a int)")
    hive.sql("set role admin")
    hive.sql("create role reader")
    hive.sql("grant select on table t to role reader")
    assert [row[4:7] for row in hive.sql("show grant role reader on table t")] == [("reader", "ROLE", "SELECT")]
    assert ("reader",) in hive.sql("show roles")
    hive.sql("drop role reader")
    with pytest.raises(HiveFailed, match="reader"):
        hive.sql("grant select on table t to role reader")
