"""The engines that other tests stand on: each starts, answers, and is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.engines import process, spark
from tests.engines.hive_metastore import hive_metastore
from tests.engines.postgresql import PostgreSQL, postgresql_server
from tests.engines.s3 import S3
from tests.engines.trino import Trino, postgresql_properties

Sessions = Callable[..., spark.SparkSession]


@pytest.mark.postgresql
class TestPostgreSQL:
    def test_answers_on_loopback(self, postgresql: PostgreSQL) -> None:
        assert postgresql.execute("show listen_addresses") == [("127.0.0.1",)]

    def test_each_test_gets_a_database_of_its_own(self, postgresql: PostgreSQL, postgresql_url: str) -> None:
        other = postgresql.create_database()
        postgresql.execute("create table t (a int)", other)
        mine = postgresql_url.rpartition("/")[2]
        assert postgresql.execute("select count(*) from pg_class where relname = 't'", mine) == [(0,)]
        postgresql.drop_database(other)

    def test_a_wrong_password_is_refused(self, postgresql: PostgreSQL) -> None:
        import psycopg

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(PostgreSQL(postgresql.port, "wrong").url())

    def test_a_server_of_ones_own_is_gone_after_its_block(self) -> None:
        with postgresql_server() as server:
            assert process._is_free(server.port) is False
        assert process._is_free(server.port)
        assert not Path(f"/proc/{server.pid}").exists()


@pytest.mark.s3
class TestS3:
    def test_keeps_what_is_put(self, s3_server: S3, s3_bucket: str) -> None:
        s3_server.put(s3_bucket, {"a/b=1/c.txt": b"hello"})
        assert s3_server.keys(s3_bucket, "a/") == ["a/b=1/c.txt"]
        assert s3_server.client().get_object(Bucket=s3_bucket, Key="a/b=1/c.txt")["Body"].read() == b"hello"

    def test_refuses_a_wrong_secret(self, s3_server: S3) -> None:
        from botocore.exceptions import ClientError

        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            S3(s3_server.endpoint, s3_server.access_key, "wrong").client().list_buckets()

    def test_has_room_for_many_buckets(self, s3_server: S3) -> None:
        buckets = [s3_server.create_bucket() for _ in range(10)]
        for bucket in buckets:
            s3_server.put(bucket, {"key": os.urandom(1000)})
            s3_server.drop_bucket(bucket)


@pytest.mark.spark
@pytest.mark.slow
class TestSpark:
    def test_one_session_answers_many_statements(self, spark_session: Sessions) -> None:
        session = spark_session()
        rows = session.sql("select 1 a, 'x', 1.50, date '2026-01-02', array(1, 2), named_struct('f', null), x'0aff'")
        assert rows == [[1, "x", "1.50", "2026-01-02", [1, 2], {"f": None}, "0aff"]]
        assert session.columns("select 1 a, 'x' b") == [["a", "int"], ["b", "string"]]
        assert session.python("result = spark.range(10).count()") == 10

    def test_an_error_is_named_as_spark_names_it(self, spark_session: Sessions) -> None:
        with pytest.raises(spark.SparkFailed) as caught:
            spark_session().sql("select * from nowhere")
        assert caught.value.kind == "TABLE_OR_VIEW_NOT_FOUND"

    @pytest.mark.s3
    def test_writes_parquet_and_iceberg_to_s3(self, spark_session: Sessions, s3_server: S3, s3_bucket: str) -> None:
        ice = {"type": "hadoop", "warehouse": f"s3a://{s3_bucket}/ice"}
        session = spark_session(s3=s3_server, iceberg={"ice": ice})
        session.python(f"spark.range(10).write.mode('overwrite').parquet('s3://{s3_bucket}/plain')")
        session.sql("create table ice.db.t as select id, id % 2 p from range(7)")
        assert session.sql("select count(*) from ice.db.t") == [[7]]
        assert session.sql(f"select sum(id) from parquet.`s3a://{s3_bucket}/plain`") == [[45]]

    def test_runs_a_whole_script(self, run_spark: Callable[..., str]) -> None:
        script = """
            from pyspark.sql import SparkSession
            spark = SparkSession.builder.getOrCreate()
            print("sum", spark.range(5).groupBy().sum("id").first()[0], spark.conf.get("spark.some.setting"))
        """
        assert run_spark(textwrap.dedent(script), {"spark.some.setting": "here"}) == "sum 10 here\n"


@pytest.mark.spark
@pytest.mark.long
def test_a_real_metastore_keeps_what_spark_and_iceberg_write() -> None:
    with hive_metastore() as metastore:
        ice = {"type": "hive", "uri": metastore.uri}
        conf = spark.spark_conf(metastore_uri=metastore.uri, warehouse=metastore.warehouse, iceberg={"ice": ice})
        with spark.SparkSession(conf) as session:
            session.sql("create database d")
            session.sql("create table d.t (a int) partitioned by (p int) stored as parquet")
            session.sql("insert into d.t values (1, 2), (3, 4)")
            session.sql("create table ice.d.i as select 1 a")
            assert session.sql("show partitions d.t") == [["p=2"], ["p=4"]]
            assert session.sql("show tables in d") == [["d", "i", False], ["d", "t", False]]


@pytest.mark.trino
@pytest.mark.slow
class TestTrino:
    def test_answers(self, trino_server: Trino) -> None:
        assert trino_server.sql("select count(*) from tpch.tiny.nation") == [[25]]
        columns = trino_server.answer("select name, nationkey from nation limit 1", "tpch", "tiny")[0]
        assert columns == [("name", "varchar(25)"), ("nationkey", "bigint")]

    @pytest.mark.postgresql
    def test_catalogs_come_and_go(self, trino_server: Trino, postgresql: PostgreSQL, postgresql_url: str) -> None:
        database = postgresql_url.rpartition("/")[2]
        postgresql.execute("create table t as select 7 as a", database)
        properties = postgresql_properties(postgresql.jdbc_url(database), "catalog", postgresql.password)
        with trino_server.catalog("postgresql", properties) as name:
            assert trino_server.sql(f"select a from {name}.public.t") == [[7]]
        assert [name] not in trino_server.sql("show catalogs")


@pytest.mark.browser
def test_the_browser_shows_a_page(chromium_options: dict[str, Any]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, closing(playwright.chromium.launch(**chromium_options)) as browser:
        page = browser.new_page()
        page.goto("data:text/html,<h1 onclick=\"this.textContent='clicked'\">hello</h1>")
        page.get_by_role("heading").click()
        assert page.get_by_role("heading").text_content() == "clicked"


def test_a_server_ends_with_the_process_that_watches_it() -> None:
    code = """
        import sys
        from tests.engines import process
        server = process.start(["sleep", "600"], process.new_folder("guard"))
        print(server.guard.pid, server.folder, flush=True)
        sys.stdin.read()
    """
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", textwrap.dedent(code)]
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
    with subprocess.Popen(command, cwd=root, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        guard, folder = run.stdout.readline().split()
        assert Path(folder).exists()
        run.kill()
    poll_until(lambda: not Path(folder).exists() and not Path(f"/proc/{guard}").exists())


def test_a_server_that_ends_at_once_shows_its_log() -> None:
    command = [sys.executable, "-c", "import sys; print('no such luck'); sys.exit(3)"]
    server = process.start(command, process.new_folder("ends"))
    with pytest.raises(process.ServerFailed, match="no such luck"):
        server.wait_until(lambda: False, 30)
    assert not server.folder.exists()


def poll_until(condition: Callable[[], bool], timeout_seconds: float = 30) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
