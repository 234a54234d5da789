"""Conversions: the job that makes a table for every engine of one that some cannot read, by real runs on Sail."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing import running_server
from tests.compatibility.test_found_tables import ROWS, write_delta
from tests.jobs.conftest import Api

pytestmark = pytest.mark.slow


def zipped(text: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("inside.csv", text)
    return body.getvalue()


FILES = {
    "zips/day=2026-01-01/a.csv.zip": zipped("customerId,name\n1,ann\n2,bob\n"),
    "zips/day=2026-01-02/a.csv.zip": zipped("customerId,name\n3,cid\n"),
    "xmls/a.xml": b"<orders><order Id='1'><Total>1.5</Total></order><order Id='2'><Total>2.5</Total></order></orders>",
    "quoted/a.csv": b'Id,Name,At,Price\n1,"a, b",2026-01-01T10:00:00Z,"1.5"\n2,"c",2026-01-02T10:00:00Z,\n',
}


class Place:
    """A server that crawled the files into `raw`."""

    def __init__(self, api: Api, folder: Path) -> None:
        self.api = api
        self.folder = folder

    def plan(self, table: str, **wanted: str) -> httpx.Response:
        """The job that would be made."""
        return self.api.client.get(f"/catalogs/hive/databases/raw/tables/{table}/conversion", params=wanted)

    def convert(self, table: str, **wanted: Any) -> dict[str, Any]:
        """Convert a table to its end; the run."""
        answer = self.api.client.post(f"/catalogs/hive/databases/raw/tables/{table}/conversion", json=wanted)
        assert answer.status_code == 201, answer.text
        run = self.api.wait(answer.json()["run"]["id"])
        assert run["state"] == "SUCCEEDED", run["error"]
        return run

    def sql(self, statement: str) -> list[list[Any]]:
        """Rows of the server's SQL."""
        query = self.api.client.post("/queries", json={"sql": statement}).json()
        query = self.api.client.get(f"/queries/{query['id']}", params={"wait_ms": 30_000}).json()
        assert query["state"] == "FINISHED", query["error"]
        rows: list[list[Any]] = self.api.client.get(f"/queries/{query['id']}/rows").json()["rows"]
        return rows

    def columns(self, table: str) -> list[tuple[str, str]]:
        """Names and types of a table's columns and keys."""
        found = self.api.client.get(f"/catalogs/hive/databases/raw/tables/{table}").json()
        return [(column["name"], column["type"]) for column in [*found["columns"], *found["partition_keys"]]]


def crawled(api: Api, folder: Path) -> Place:
    """What a crawler finds in a folder."""
    api.client.post("/crawlers", json={"name": "raw", "targets": [folder.as_uri()], "database": "raw"})
    crawl = api.client.post("/crawlers/raw/crawls", json={}).json()
    crawl = api.client.get(f"/crawls/{crawl['id']}", params={"wait_ms": 30_000}).json()
    assert crawl["state"] == "SUCCEEDED", crawl
    return Place(api, folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("lake")
    for name, body in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    with running_server(tmp_path_factory.mktemp("data")) as server:
        with httpx.Client(base_url=f"{server.http}/api/v1", trust_env=False, timeout=60) as client:
            yield crawled(Api(client, server), folder)


@pytest.mark.parametrize("format", ["iceberg", "parquet"])
def test_archives_become_a_table_with_the_same_rows_names_and_partitions(place: Place, format: str) -> None:
    """What it read is the old table, and each run makes the new one anew."""
    for _ in range(2):
        run = place.convert("zips", format=format)
        assert run["inputs"] == ["hive.raw.zips"]
        assert [(output["table"], output["rows"]) for output in run["outputs"]] == [(f"hive.raw.zips_{format}", 3)]
    rows = place.sql(f"select customerid, name, cast(day as varchar) from raw.zips_{format} order by 1")
    assert rows == [[1, "ann", "2026-01-01"], [2, "bob", "2026-01-01"], [3, "cid", "2026-01-02"]]
    assert place.columns(f"zips_{format}") == [("customerId", "bigint"), ("name", "string"), ("day", "date")]


def test_texts_of_quoted_csv_become_what_spark_reads_them_as(place: Place) -> None:
    """Empty fields are NULL, times are moments."""
    place.convert("quoted")
    assert place.columns("quoted_iceberg")[0] == ("Id", "bigint")
    assert place.sql('select id, name, cast("at" as varchar), price from raw.quoted_iceberg order by 1') == [
        [1, "a, b", "2026-01-01 10:00:00.000000 UTC", 1.5],
        [2, "c", "2026-01-02 10:00:00.000000 UTC", None],
    ]


@pytest.mark.parametrize("format", ["iceberg", "parquet"])
def test_the_new_table_lies_where_it_is_wanted(place: Place, format: str, tmp_path: Path) -> None:
    """In a folder and under a name that are given."""
    location = (tmp_path / "clean").as_uri()
    wanted = {"database": "default", "name": f"orders_{format}", "location": location, "job": f"orders-{format}"}
    run = place.convert("xmls", format=format, **wanted)
    assert (run["job"], run["outputs"][0]["rows"]) == (f"orders-{format}", 2)
    assert place.sql(f"select sum(total) from default.orders_{format}") == [[4.0]]
    table = place.api.client.get(f"/catalogs/hive/databases/default/tables/orders_{format}").json()
    assert table["location"].rstrip("/") == location


def test_a_plan_shows_the_script_and_changes_nothing(place: Place) -> None:
    """The same is made when it is asked for."""
    planned = place.plan("xmls", format="parquet", name="later").json()
    assert (planned["readable_by"], planned["exists"], planned["run"]) == ("sql, spark", False, None)
    assert planned["job"]["name"] == "convert-raw-xmls-to-raw-later"
    compile(planned["job"]["script"], "script.py", "exec")
    assert place.api.client.get("/jobs/convert-raw-xmls-to-raw-later").status_code == 404
    made = place.api.client.post(
        "/catalogs/hive/databases/raw/tables/xmls/conversion", json={"format": "parquet", "name": "later", "run": False}
    ).json()
    assert (made["job"]["script"], made["run"]) == (planned["job"]["script"], None)
    assert place.plan("xmls", format="parquet", name="later").json()["exists"]


def test_spark_reads_by_its_own_names(place: Place) -> None:
    """Of the engine spark no file of the server's SQL is in between."""
    script = place.plan("xmls", engine="spark").json()["job"]["script"]
    assert 'spark.table("`raw`.`xmls`")' in script
    assert "read_sql" not in script


@pytest.mark.parametrize(
    ("table", "wanted", "status", "reason"),
    [
        ("nothing", {}, 404, "raw.nothing"),
        ("xmls", {"database": "nowhere"}, 404, "nowhere"),
        ("xmls", {"name": "xmls", "format": "parquet"}, 400, "cannot be made of itself"),
        ("xmls", {"name": "quoted"}, 409, "raw.quoted"),
        ("xmls", {"location": "here"}, 400, "'here'"),
        ("xmls", {"format": "orc"}, 400, "orc"),
        ("zips", {"engine": "spark"}, 400, "is read by sql alone"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    place: Place, table: str, wanted: dict[str, str], status: int, reason: str
) -> None:
    answer = place.plan(table, **wanted)
    assert answer.status_code == status, answer.text
    assert reason in answer.json()["error"]["message"]


def test_places_may_not_lie_in_one_another(place: Place) -> None:
    """Else the next crawl, or the next run, would take one table's files for the other's."""
    answer = place.plan("xmls", location=f"{place.folder.as_uri()}/xmls/clean")
    assert answer.status_code == 400
    assert "in one another" in answer.json()["error"]["message"]


def test_a_job_of_the_name_that_does_something_else_is_kept(place: Place) -> None:
    place.api.client.post("/jobs", json={"name": "mine", "script": "print(1)"})
    answer = place.plan("xmls", job="mine", name="other")
    assert answer.status_code == 409
    assert "does something else" in answer.json()["error"]["message"]


def test_a_value_that_is_not_of_its_type_fails_the_run_and_is_named(place: Place) -> None:
    """Nothing is left out silently."""
    (place.folder / "late").mkdir(exist_ok=True)
    lines = "\n".join(f'"{n}","x, y"' for n in range(5_000))
    (place.folder / "late" / "a.csv").write_text(f"id,name\n{lines}\n")
    crawl = place.api.client.post("/crawlers/raw/crawls", json={}).json()
    place.api.client.get(f"/crawls/{crawl['id']}", params={"wait_ms": 30_000})
    (place.folder / "late" / "a.csv").write_text(f'id,name\n{lines}\n"many","z"\n')
    made = place.api.client.post("/catalogs/hive/databases/raw/tables/late/conversion", json={}).json()
    run = place.api.wait(made["run"]["id"])
    assert run["state"] == "FAILED"
    assert "many" in run["error"]
    assert place.api.client.get("/catalogs/hive/databases/raw/tables/late_iceberg").status_code == 404


def test_a_delta_table_is_read_by_sail(place: Place) -> None:
    """Which the server's SQL cannot, as the table says."""
    write_delta(place.folder / "rides")
    crawl = place.api.client.post("/crawlers/raw/crawls", json={}).json()
    place.api.client.get(f"/crawls/{crawl['id']}", params={"wait_ms": 30_000})
    assert place.plan("rides").json()["readable_by"] == "spark, trino"
    run = place.convert("rides")
    assert run["outputs"][0]["rows"] == ROWS.num_rows
    assert place.sql("select sum(id), count(day) from raw.rides_iceberg") == [
        [sum(ROWS["Id"].to_pylist()), ROWS.num_rows]
    ]


@pytest.mark.spark
@pytest.mark.timeout(300)
def test_spark_converts_what_it_reads(tmp_path: Path) -> None:
    """By its own reader, with the same rows."""
    (tmp_path / "lake" / "xmls").mkdir(parents=True)
    (tmp_path / "lake" / "xmls" / "a.xml").write_bytes(FILES["xmls/a.xml"])
    with running_server(tmp_path / "data") as server:
        with httpx.Client(base_url=f"{server.http}/api/v1", trust_env=False, timeout=60) as client:
            place = crawled(Api(client, server), tmp_path / "lake")
            for format in ("iceberg", "parquet"):
                run = place.convert("xmls", format=format, engine="spark")
                assert (run["engine"], run["outputs"][0]["rows"]) == ("spark", 2)
                assert place.sql(f"select sum(_id), sum(total) from raw.xmls_{format}") == [[3, 4.0]]


def test_scripts_ask_the_servers_sql(place: Place) -> None:
    """A statement over several tables, and an error in the server's words."""
    script = """
from catalog_sql import read_sql
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
rows = read_sql(spark, "select z.name, x.total from zips z join xmls x on x._id = z.customerid", database="raw")
assert sorted(map(tuple, rows.toPandas().values.tolist())) == [("ann", 1.5), ("bob", 2.5)]
try:
    read_sql(spark, "select nothing from raw.zips")
except RuntimeError as error:
    assert "nothing" in str(error)
else:
    raise SystemExit("was not refused")
"""
    run = place.api.run("asks", script)
    assert run["state"] == "SUCCEEDED", run["error"]
    assert run["inputs"] == ["hive.raw.xmls", "hive.raw.zips"]
    assert place.api.client.get("/queries").json()["items"][0]["by"] == "anonymous"
