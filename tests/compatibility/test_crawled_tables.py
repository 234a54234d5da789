"""Tables that a crawl made from files in S3: Spark, Trino and our own SQL read the same values from them."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.orc import write_table as write_orc

from catalog_server.testing import RunningServer, running_server
from catalog_server.wire import hive_metastore as wire
from tests.engines.s3 import S3
from tests.engines.trino import Trino, hive_properties
from tests.facades.hms.metastore import Metastore

pytestmark = pytest.mark.s3
WAIT = {"wait_ms": 30_000}


def parquet(**columns: pa.Array) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def orc(**columns: pa.Array) -> bytes:
    sink = io.BytesIO()
    write_orc(pa.table(columns), sink)
    return sink.getvalue()


FILES = {
    "stripes/2013/a.orc": orc(
        Num=pa.array([1, None], pa.int32()),
        amount=pa.array([125, -5], pa.decimal128(9, 2)),
        day=pa.array([0, 1], pa.date32()),
        at=pa.array([0, 86_400_000_000], pa.timestamp("us")),
        tags=pa.array([["a", "b"], None]),
    ),
    "stripes/2014/b.orc": orc(
        Num=pa.array([7], pa.int64()),
        amount=pa.array([None], pa.decimal128(9, 2)),
        day=pa.array([None], pa.date32()),
        at=pa.array([None], pa.timestamp("us")),
        tags=pa.array([[]], pa.list_(pa.string())),
        more=pa.array(["new"]),
    ),
    "flights/month=1/a.csv": b"Day,Carrier,delay,month,at\n1,UA,5,1,2013-01-01T10:00:00Z\n2,,NA,1,2013-01-02T10:00:00Z\n",
    "flights/month=2/a.csv.gz": gzip.compress(b"Day,Carrier,delay,month,at\n3,AA,-7,2,2013-02-01T10:00:00Z\n"),
    "quoted/a.csv": b'Id;Name\n1;"x; ""y"" \\z"\n2;plain\n',
    "lines/day=2013-01-01/a.json": b'{"Tail": "N1", "n": 1, "Made": {"Kind": "jet", "list": [1, 2]}}\n{"Tail": null}\n',
    "lines/day=2013-01-02/b.json": b'{"Tail": "N2", "n": 2.5, "Made": {"Kind": "prop", "list": []}}\n',
    "columns/2013/a.parquet": parquet(
        Num=pa.array([1, None], pa.int32()),
        amount=pa.array([125, -5], pa.decimal128(9, 2)),
        day=pa.array([0, 1], pa.date32()),
        at=pa.array([0, 86_400_000_000], pa.timestamp("us", "UTC")),
        tags=pa.array([["a", "b"], None]),
    ),
    "columns/2014/b.parquet": parquet(Num=pa.array([7], pa.int32()), more=pa.array(["new"])),
    "numbers/a.parquet": parquet(n=pa.array([3, None, 9], pa.int64()), day=pa.array([0, 1, 1], pa.date32())),
    "odd/at=a%3Ab/a.csv": b"k,v\n1,2\n3,4\n",
    "odd/at=c d/a.csv": b"k,v\n5,6\n7,8\n",
}


@dataclass(frozen=True)
class Crawled:
    """A server whose database `raw` a crawl has filled, and the bucket that it looked at."""

    server: RunningServer
    s3: S3
    bucket: str

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """One call of the API; raises `httpx.HTTPStatusError` when it is refused."""
        url = f"{self.server.http}/api/v1{path}"
        answer = httpx.request(method, url, json=body if method != "GET" else None, params=query, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def sql(self, statement: str) -> list[list[Any]]:
        """Rows of one statement by our own SQL."""
        query = self.call("POST", "/queries", {"sql": statement, "database": "raw"})
        done = self.call("GET", f"/queries/{query['id']}", **WAIT)
        assert done["state"] == "FINISHED", done
        return list(self.call("GET", f"/queries/{query['id']}/rows")["rows"])


@pytest.fixture(scope="module")
def crawled(s3_server: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    bucket = s3_server.create_bucket()
    s3_server.put(bucket, {f"in/{key}": body for key, body in FILES.items()})
    with running_server(tmp_path_factory.mktemp("crawled")) as server:
        made = Crawled(server, s3_server, bucket)
        profile = {
            "name": "store",
            "kind": "s3",
            "options": {"endpoint": s3_server.endpoint, "region": s3_server.region},
            "secrets": {"access_key_id": s3_server.access_key, "secret_access_key": s3_server.secret_key},
            "prefixes": [f"s3://{bucket}/"],
        }
        made.call("POST", "/connections", profile)
        crawler = {"name": "raw", "targets": [f"s3://{bucket}/in/"], "database": "raw"}
        made.call("POST", "/crawlers", crawler)
        crawl = made.call("POST", "/crawlers/raw/crawls", {})
        done = made.call("GET", f"/crawls/{crawl['id']}", **WAIT)
        assert (done["state"], done["summary"]["problems"]) == ("SUCCEEDED", [])
        yield made
    s3_server.drop_bucket(bucket)


Ask = Callable[[str], list[list[Any]]]


@pytest.fixture(
    params=["sql", pytest.param("spark", marks=pytest.mark.spark), pytest.param("trino", marks=pytest.mark.trino)]
)
def ask(request: pytest.FixtureRequest, crawled: Crawled) -> Iterator[Ask]:
    """A function that runs a statement on one of the three; names in it are those of the database raw."""
    if request.param == "sql":
        yield lambda statement: crawled.sql(statement.replace("$", "raw."))
    elif request.param == "spark":
        settings = {"metastore_uri": crawled.server.thrift, "s3": crawled.s3}
        session = request.getfixturevalue("spark_session")(**settings, extra={"spark.sql.session.timeZone": "UTC"})
        yield lambda statement: session.sql(statement.replace("$", "raw."))
    else:
        trino: Trino = request.getfixturevalue("trino_server")
        properties = hive_properties(crawled.server.thrift) | crawled.s3.trino_properties()
        with trino.catalog("hive", properties) as name:
            yield lambda statement: trino.sql(statement.replace("$", f"{name}.raw."))


def plain(rows: list[list[Any]]) -> list[list[Any]]:
    """Values as each engine's client shows them, brought to one form."""
    return [
        [value if value is None or isinstance(value, int | float | list) else str(value) for value in row]
        for row in rows
    ]


def test_csv_has_numbers_nulls_and_partitions(ask: Ask) -> None:
    rows = ask("SELECT day, carrier, delay, month_2, month FROM $flights ORDER BY day")
    assert plain(rows) == [[1, "UA", 5, 1, 1], [2, rows[1][1], None, 1, 1], [3, "AA", -7, 2, 2]]
    assert rows[1][1] in (None, "")


def test_times_with_a_zone_are_utc(ask: Ask) -> None:
    rows = ask("SELECT CAST(at AS date), extract(hour FROM at) FROM $flights WHERE month = 2")
    assert plain(rows) == [["2013-02-01", 10]]


def test_partitions_are_pruned_by_their_type(ask: Ask) -> None:
    assert ask("SELECT count(*) FROM $flights WHERE month > 1") == [[1]]
    assert ask("SELECT count(*) FROM $lines WHERE day >= DATE '2013-01-02'") == [[1]]
    assert plain(ask("SELECT DISTINCT at FROM $odd WHERE at = 'a:b'")) == [["a:b"]]


def test_odd_folders_are_found(ask: Ask) -> None:
    assert plain(ask("SELECT at, sum(k), sum(v) FROM $odd GROUP BY at ORDER BY at")) == [["a:b", 4, 6], ["c d", 12, 14]]


def test_quotes_are_stripped(ask: Ask) -> None:
    rows = ask("SELECT CAST(id AS int), name FROM $quoted ORDER BY id")
    assert plain(rows) == [[1, 'x; "y" \\z'], [2, "plain"]]


def test_json_lines_have_nested_values(ask: Ask) -> None:
    rows = ask("SELECT tail, n, l.made.kind, cardinality(l.made.list) FROM $lines l ORDER BY day, n NULLS LAST")
    assert plain(rows) == [["N1", 1.0, "jet", 2], [None, None, None, rows[1][3]], ["N2", 2.5, "prop", 0]]
    assert rows[1][3] in (None, -1)


@pytest.mark.parametrize("table", ["columns", "stripes"], ids=["parquet", "orc"])
def test_files_with_types_have_them_all_and_what_a_file_lacks_is_null(ask: Ask, table: str) -> None:
    rows = ask(f"SELECT num, amount, day, more, partition_0 FROM ${table} ORDER BY partition_0, day")
    assert plain(rows) == [
        [1, "125.00", "1970-01-01", None, 2013],
        [None, "-5.00", "1970-01-02", None, 2013],
        [7, None, None, "new", 2014],
    ]


def test_statistics_of_footers_are_served_to_hives_clients(crawled: Crawled) -> None:
    with Metastore(int(crawled.server.thrift.rpartition(":")[2])) as hms:
        (one,) = hms.get_table_column_statistics("raw", "numbers", "n").statsObj
        said = one.statsData.longStats
        assert (said.lowValue, said.highValue, said.numNulls) == (3, 9, 1)
        asked = {"dbName": "raw", "tblName": "columns", "colNames": ["num"], "partNames": ["partition_0=2013"]}
        wanted = wire.PartitionsStatsRequest(**asked)
        (first,) = hms.get_partitions_statistics_req(wanted).partStats["partition_0=2013"]
        assert (first.statsData.longStats.lowValue, first.statsData.longStats.numNulls) == (1, 1)


@pytest.mark.trino
def test_trino_plans_by_the_statistics_of_footers(crawled: Crawled, trino_server: Trino) -> None:
    properties = hive_properties(crawled.server.thrift) | crawled.s3.trino_properties()
    with trino_server.catalog("hive", properties) as name:
        rows = {row[0]: row for row in trino_server.sql(f"SHOW STATS FOR {name}.raw.numbers")}
        assert (rows["n"][3], rows["n"][5:7], rows["day"][5:7]) == (1 / 3, ["3", "9"], ["1970-01-01", "1970-01-02"])
        assert rows[None][4] == 3
        parts = {row[0]: row for row in trino_server.sql(f"SHOW STATS FOR {name}.raw.columns")}
        assert (parts[None][4], parts["num"][5:7]) == (3, ["1", "7"])
