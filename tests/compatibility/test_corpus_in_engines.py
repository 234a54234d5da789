"""Every table that a crawl makes of the corpus has the same rows and sums in every engine, or the matrix of formats says not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote as quoted

import httpx
import pytest

from catalog_server.testing import RunningServer, running_server
from tests.crawlers.corpus import LAYOUTS, Expected, Layout
from tests.engines.trino import Trino, hive_properties, iceberg_properties
from tests.jobs.conftest import Api

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
MATRIX = Path(__file__).parents[2] / "docs" / "reference" / "formats.md"
READ = [layout for layout in LAYOUTS if not layout.problems]
"""Layouts of which all files are sound: what is told to be broken is read by engines as they can."""
Answer = list[float] | str
Name = tuple[str, str]
SCRIPT = """
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
for statement in json.loads({statements!r}):
    try:
        answer = [float(value or 0) for value in spark.sql(statement).collect()[0]]
    except Exception as error:
        answer = f"{{type(error).__name__}}: {{error}}"[:300]
    print("ANSWER", json.dumps(answer), flush=True)
"""


@dataclass(frozen=True)
class Corpus:
    """A server that has crawled all layouts, a database for each."""

    server: RunningServer
    client: httpx.Client

    def crawl(self, layout: Layout, folder: Path) -> None:
        """Put a layout's files down and crawl them."""
        for path, body in layout.made().items():
            file = folder / layout.name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        crawler = {"name": layout.name, "targets": [f"file://{folder}/{layout.name}"], "database": layout.name}
        answer = self.client.post("/crawlers", json=crawler | {"options": dict(layout.options)})
        assert answer.status_code == 201, answer.text
        crawl = self.client.post(f"/crawlers/{layout.name}/crawls", json={}).json()
        done = self.client.get(f"/crawls/{crawl['id']}", params={"wait_ms": 30_000}).json()
        assert done["state"] == "SUCCEEDED", done


def tables() -> dict[Name, Expected]:
    """All tables that are read, by layout and name."""
    return {(layout.name, name): expected for layout in READ for name, expected in layout.tables.items()}


def statements(quote: str, prefix: str = "") -> list[str]:
    """A question for each table: how many rows it has, and the sums of its columns."""
    asked = []
    for (database, name), expected in tables().items():
        asked.append(f"SELECT {expected.selected(quote)} FROM {prefix}{quote}{database}{quote}.{quote}{name}{quote}")
    return asked


def ask_all(ask: Callable[[str], list[list[Any]]], asked: list[str], threads: int = 1) -> list[Answer]:
    """Put all questions; what an engine says no to is answered by its words."""

    def one(statement: str) -> Answer:
        try:
            return [float(value or 0) for value in ask(statement)[0]]
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:300]

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, asked))


def differences(answers: list[Answer]) -> dict[str, dict[Name, Answer]]:
    """Wrong answers by the row of the matrix that their tables belong to."""
    wrong: dict[str, dict[Name, Answer]] = {}
    for (name, expected), answer in zip(tables().items(), answers, strict=True):
        if answer != [expected.rows, *map(float, expected.sums.values())]:
            wrong.setdefault(expected.kind or KINDS[expected.format], {})[name] = answer
    return wrong


KINDS = {"csv": "CSV without quotes", "json": "JSON lines", "parquet": "Parquet", "orc": "ORC", "avro": "Avro"}


def matrix(engine: str) -> dict[str, str]:
    """What the page of formats says of an engine, by kind of table."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in MATRIX.read_text().splitlines() if "|" in line]
    head = next(row for row in rows if engine in row)
    return {
        row[0]: row[head.index(engine)] for row in rows if len(row) == len(head) and not re.match("-|format$", row[0])
    }


def hold(engine: str, answers: list[Answer]) -> None:
    """Compare an engine's answers with what the page says of it."""
    wrong, said = differences(answers), matrix(engine)
    kinds = {expected.kind or KINDS[expected.format] for expected in tables().values()}
    found = {kind: kind not in wrong for kind in kinds}
    assert found == {kind: said.get(kind, "nothing").startswith("yes") for kind in kinds}, json.dumps(
        {kind: {".".join(name): answer for name, answer in each.items()} for kind, each in wrong.items()}, indent=1
    )


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("corpus")
    with running_server(tmp_path_factory.mktemp("server")) as server:
        with httpx.Client(base_url=f"{server.http}/api/v1", trust_env=False, timeout=90) as client:
            made = Corpus(server, client)
            for layout in READ:
                made.crawl(layout, folder)
            yield made


def embedded(corpus: Corpus) -> Callable[[str], list[list[Any]]]:
    """The server's own SQL."""

    def ask(statement: str) -> list[list[Any]]:
        query = corpus.client.post("/queries", json={"sql": statement}).json()
        done = corpus.client.get(f"/queries/{query['id']}", params={"wait_ms": 30_000}).json()
        assert done["state"] == "FINISHED", done["error"]
        return list(corpus.client.get(f"/queries/{query['id']}/rows").json()["rows"])

    return ask


def by_sail(corpus: Corpus) -> list[Answer]:
    """Answers of Sail, in a job of the server."""
    api = Api(corpus.client, corpus.server)
    script = SCRIPT.format(statements=json.dumps(statements("`")))
    run = api.run("corpus", script, engine="sail", timeout_seconds=800)
    said = [json.loads(line[7:]) for line in api.log(run["id"]).splitlines() if line.startswith("ANSWER ")]
    assert run["state"] == "SUCCEEDED", run["error"]
    return said


def test_the_embedded_engine_reads_what_the_matrix_says(corpus: Corpus) -> None:
    hold("embedded SQL", ask_all(embedded(corpus), statements('"')))


def test_sail_reads_what_the_matrix_says(corpus: Corpus) -> None:
    hold("Sail 0.7", by_sail(corpus))


@pytest.mark.spark
def test_spark_reads_what_the_matrix_says(corpus: Corpus, spark_session: Callable[..., Any]) -> None:
    session = spark_session(metastore_uri=corpus.server.thrift, extra={"spark.sql.session.timeZone": "UTC"})
    hold("Spark 4.1", ask_all(session.sql, statements("`")))


@pytest.mark.trino
def test_trino_reads_what_the_matrix_says(corpus: Corpus, trino_server: Trino) -> None:
    with trino_server.catalog("hive", hive_properties(corpus.server.thrift)) as name:
        hold("Trino 476", ask_all(trino_server.sql, statements('"', f"{name}."), threads=2))


def converted(corpus: Corpus, name: Name, format: str) -> str | None:
    """Convert a table to one beside it that is called NAME_FORMAT; what was wrong with that."""
    where = f"/catalogs/hive/databases/{name[0]}/tables/{quoted(name[1])}/conversion"
    answer = corpus.client.post(where, json={"format": format})
    if answer.status_code != 201:
        return answer.text
    run = Api(corpus.client, corpus.server).wait(answer.json()["run"]["id"])
    return None if run["state"] == "SUCCEEDED" else str(run["error"])


def not_for_all(corpus: Corpus) -> dict[Name, Expected]:
    """Tables that say which engines read them, since not all do."""
    found = {}
    for (database, name), expected in tables().items():
        table = corpus.client.get(f"/catalogs/hive/databases/{database}/tables/{quoted(name)}").json()
        if "readable_by" in table["parameters"]:
            found[database, name] = expected
    return found


@pytest.mark.trino
@pytest.mark.parametrize("format", ["iceberg", pytest.param("parquet", marks=pytest.mark.long)])
def test_trino_reads_what_was_converted(corpus: Corpus, trino_server: Trino, format: str) -> None:
    """Tables that are not for all engines are, once they are converted by the job that is offered."""
    odd = not_for_all(corpus)
    assert len(odd) > 20
    with ThreadPoolExecutor(2) as pool:
        problems = list(pool.map(lambda name: converted(corpus, name, format), odd))
    assert not any(problems), dict(zip(odd, problems, strict=True))
    properties = hive_properties if format == "parquet" else iceberg_properties
    with trino_server.catalog(
        "hive" if format == "parquet" else "iceberg", properties(corpus.server.thrift)
    ) as catalog:
        asked = [
            'SELECT {} FROM {}."{}"."{}_{}"'.format(expected.selected('"'), catalog, *name, format)
            for name, expected in odd.items()
        ]
        answers = ask_all(trino_server.sql, asked, threads=2)
    expected_of = {name: [expected.rows, *map(float, expected.sums.values())] for name, expected in odd.items()}
    assert dict(zip(odd, answers, strict=True)) == expected_of
