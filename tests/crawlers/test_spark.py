"""A crawl that is spread over tasks comes to the same as one that is not: tables, figures, problems and decisions."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, CrawlersConfig, JobsConfig
from catalog_server.crawlers import listing
from catalog_server.crawlers.crawl import Crawls
from catalog_server.jobs import crawl_tasks
from catalog_server.jobs.application import Application
from catalog_server.jobs.crawl_spark import Much, Spark, SparkEngine
from catalog_server.jobs.runner import RUN_VARIABLE
from catalog_server.lake import files as lake_files
from catalog_server.lake.files import Entry, FileSystem
from catalog_server.lake.local import LocalFileSystem
from catalog_server.model.crawler import Crawl, Crawler
from catalog_server.model.errors import Denied, Invalid
from catalog_server.model.names import DatabaseName, TableName
from tests.crawlers.conftest import ME, Crawling, problems
from tests.crawlers.corpus import LAYOUTS
from tests.crawlers.corpus.kit import parquet
from tests.engines.s3 import S3
from tests.engines.spark import spark_engine
from tests.lake.places import Place, local_place, s3_place

ROOT = Path(__file__).parents[2]
ALL = Much(few=0, begin_seconds=0, task_seconds=60, task_files=100, order_files=8)
"""All that can be spread is, however little it is."""
CSV = b"a,b\n1,2\n"
SOME = (
    "delimiters",
    "packed",
    "json_mixed",
    "orc_grows",
    "avro_grows",
    "xml_rows",
    "markers",
    "side_by_side",
    "no_tables",
)


class Refusing(LocalFileSystem):
    """A store that refuses some files, wherever it is asked from."""

    def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
        if "refused" in location:
            raise Denied("read", location)
        return super().read(location, start, length)

    def scan(self, folder: str, after: str = "") -> Iterator[Sequence[Entry]]:
        if folder.endswith("closed"):
            raise Denied("list", folder)
        return super().scan(folder, after)


def kinds(order: bytes) -> list[str]:
    """What an order is for."""
    return [kind for kind in ("ToList", "ToGlance", "ToInspect") if kind.encode() in order]


class InProcess:
    """Stands in for a Spark application: does orders as its tasks do, in threads."""

    orders_max = 3

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(2)
        self.kinds: list[str] = []

    def submit(self, order: bytes) -> Future[bytes]:
        self.kinds += kinds(order)
        return self.pool.submit(crawl_tasks.done, order)

    def answer(self, future: Future[bytes]) -> bytes:
        return future.result()

    def close(self) -> None:
        self.pool.shutdown()


@contextmanager
def opened(folder: Path) -> Iterator[CatalogService]:
    folder.mkdir()
    catalog = CatalogService(Config(data=folder))
    catalog.prepare()
    yield catalog
    catalog.close()


@pytest.fixture
def catalogs(tmp_path: Path) -> Iterator[tuple[CatalogService, CatalogService]]:
    """Two catalogs, one for each engine."""
    with opened(tmp_path / "local") as one, opened(tmp_path / "spark") as other:
        yield one, other


def spread(application: InProcess, much: Much = ALL) -> dict[str, Any]:
    """Engines of which Spark is a stand-in."""

    @contextmanager
    def engine(_: str, __: Callable[[], bool]) -> Iterator[SparkEngine]:
        yield SparkEngine(lambda: application, much)  # type: ignore[arg-type, return-value]

    return {"spark": engine}


def real(folder: Path, much: Much = ALL, **config: Any) -> dict[str, Any]:
    """Engines of which Spark is what is installed."""
    spark_engine()
    return {"spark": Spark(Config(data=folder, crawlers=CrawlersConfig(spark_master="local[2]", **config)), much)}


def crawl(catalog: CatalogService, engines: Mapping[str, Any], *targets: str, **options: str) -> Crawl:
    """One crawl from start to end."""
    crawls = Crawls(catalog, engines=engines)
    crawls.create(ME, Crawler("raw", targets, "hive", "raw", "", options))
    return crawls.execute(crawls.run(ME, "raw").id)


def timeless(parameters: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in parameters.items() if key != "transient_lastDdlTime"}


def shown(catalog: CatalogService) -> dict[str, Any]:
    """All that a crawl wrote."""
    found = {}
    for name in catalog.tables.list_names(ME, DatabaseName("hive", "raw")):
        full = TableName("hive", "raw", name)
        table = catalog.tables.get(ME, full)
        _, partitions = catalog.partitions.list(ME, full)
        columns = [column.name for column in table.columns]
        found[name] = (
            replace(table, id=0, created_at=0, updated_at=0, parameters=timeless(table.parameters)),
            [replace(one, id=0, created_at=0, parameters=timeless(one.parameters)) for one in partitions],
            [replace(one, updated_at=0) for one in catalog.statistics.get(ME, full, columns)],
        )
    return found


def put_layouts(place: Place, names: Sequence[str] = ()) -> None:
    """Layouts of the corpus side by side, and what is wrong in ways of its own."""
    for layout in LAYOUTS:
        if not names or layout.name in names:
            place.put({f"{layout.name}/{path}": body for path, body in layout.made().items()})
    place.put({f"parts/year={n // 12 + 2000}/month={n % 12 + 1:02}/f.parquet": parquet(n=[n]) for n in range(60)})
    place.put({"damaged/a.parquet": parquet(n=[1])[:-9], "damaged/b.parquet": parquet(n=[2])})
    place.put({"refused/k=1/a.csv": CSV, "fine/a.csv": CSV})


def test_all_layouts_become_the_same_tables_when_tasks_look_at_them(
    catalogs: tuple[CatalogService, CatalogService], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, application = local_place(tmp_path), InProcess()
    put_layouts(place)
    monkeypatch.setattr(lake_files, "PAGE", 20)
    for catalog in catalogs:
        monkeypatch.setattr(catalog.lake, "filesystem", lambda _: Refusing())
    here = crawl(catalogs[0], {}, place.root, peek="100")
    there = crawl(catalogs[1], spread(application), place.root, peek="100", engine="spark")
    assert (here.state, there.state, there.error) == ("SUCCEEDED", "SUCCEEDED", None)
    assert there.summary == here.summary
    assert shown(catalogs[1]) == shown(catalogs[0])
    assert set(application.kinds) == {"ToList", "ToGlance", "ToInspect"}


@pytest.mark.spark
@pytest.mark.s3
@pytest.mark.slow
def test_a_crawl_on_spark_comes_to_the_same(
    catalogs: tuple[CatalogService, CatalogService],
    tmp_path: Path,
    s3_server: S3,
    s3_bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    near, far = local_place(tmp_path), s3_place(s3_server, s3_bucket)
    assert far.connection is not None
    put_layouts(near, SOME)
    near.put({f"parts/_hidden/{n % 30}/{n}": b"" for n in range(1500)})  # to be listed, and nothing else
    far.put({f"{layout.name}/{path}": body for layout in LAYOUTS[:6] for path, body in layout.made().items()})
    monkeypatch.setattr(lake_files, "PAGE", 20)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for catalog in catalogs:
        catalog.connections.create(ME, far.connection)
        filesystem: Callable[[str], FileSystem] = catalog.lake.filesystem
        monkeypatch.setattr(
            catalog.lake,
            "filesystem",
            lambda at, usual=filesystem: Refusing() if at.startswith("file:") else usual(at),
        )
    here = crawl(catalogs[0], {}, near.root, far.root, peek="100")
    engines, asked = real(tmp_path / "spark"), set[str]()
    submit = Application.submit
    monkeypatch.setattr(Application, "submit", lambda self, order: (asked.update(kinds(order)), submit(self, order))[1])
    there = crawl(catalogs[1], engines, near.root, far.root, peek="100", engine="spark")
    assert (here.state, there.state, there.error) == ("SUCCEEDED", "SUCCEEDED", None)
    assert there.summary == here.summary
    assert asked == {"ToList", "ToGlance", "ToInspect"}
    assert "not allowed to read" in problems(there)["a.csv"]
    assert shown(catalogs[1]) == shown(catalogs[0])
    log = (tmp_path / "spark" / "logs" / "crawls" / f"{there.id}.log").read_text()
    assert "Running Spark version" in log
    assert s3_server.secret_key not in log
    assert (of_crawl(there.id), list((tmp_path / "spark" / "spark").iterdir())) == ([], [])


def of_crawl(crawl_id: str) -> list[int]:
    """Processes of a crawl's application."""
    mark = f"{RUN_VARIABLE}={crawl_id}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\x00"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.spark
def test_spark_ends_with_a_crawl_that_is_cancelled(catalog: CatalogService, tmp_path: Path) -> None:
    place = local_place(tmp_path)
    place.put({f"t{n}/a.csv": CSV for n in range(20)})
    engines, wanted = real(tmp_path / "spark"), threading.Event()
    crawls = Crawls(catalog, engines=engines)
    crawls.create(ME, Crawler("raw", (place.root,), "hive", "raw", "", {"engine": "spark"}))
    started = crawls.run(ME, "raw")
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(crawls.execute, started.id, wanted.is_set)
        while not of_crawl(started.id):
            time.sleep(0.05)
        wanted.set()
        assert ended.result().state == "CANCELLED"
    assert of_crawl(started.id) == []


@pytest.mark.spark
@pytest.mark.long
def test_a_spark_that_breaks_down_fails_the_crawl(catalog: CatalogService, tmp_path: Path) -> None:
    place = local_place(tmp_path)
    place.put({f"t{n}/a.csv": CSV for n in range(20)})
    crawls = Crawls(catalog, engines=real(tmp_path / "spark"))
    crawls.create(ME, Crawler("raw", (place.root,), "hive", "raw", "", {"engine": "spark"}))
    started = crawls.run(ME, "raw")
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(crawls.execute, started.id)
        while not (tmp_path / "spark" / "spark" / started.id / "address").exists():
            time.sleep(0.01)
        for pid in of_crawl(started.id):
            os.kill(pid, signal.SIGKILL)
        found = ended.result()
    assert (found.state, "Spark has ended" in str(found.error)) == ("FAILED", True)


@pytest.mark.spark
@pytest.mark.slow
def test_an_executor_without_the_package_is_told(catalog: CatalogService, tmp_path: Path) -> None:
    place, engine = local_place(tmp_path), spark_engine()
    place.put({"t/a.csv": CSV})
    ended = crawl(catalog, real(tmp_path / "spark", spark_python=str(engine.python)), place.root, engine="spark")
    assert ended.state == "FAILED"
    assert f"catalog-server cannot be loaded by {engine.python}" in str(ended.error)
    assert "pip install catalog-server==" in str(ended.error)


def test_a_spark_that_is_not_installed_is_told_with_what_installs_it(
    catalog: CatalogService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPARK_HOME", raising=False)
    place = local_place(tmp_path)
    place.put({"t/a.csv": CSV})
    config = Config(data=tmp_path, jobs=JobsConfig(engines_home=str(tmp_path / "nothing")))
    ended = crawl(catalog, {"spark": Spark(config)}, place.root, engine="spark")
    assert (ended.state, "catalog engines install spark" in str(ended.error)) == ("FAILED", True)
    assert catalog.tables.list_names(ME, DatabaseName("hive", "raw")) == []


def test_an_unknown_engine_is_refused(local: Crawling) -> None:
    with pytest.raises(Invalid, match="'flink' is none of local, spark"):
        local.create(engine="flink")


def test_what_the_store_refuses_a_task_is_told_as_it_is_here(
    catalogs: tuple[CatalogService, CatalogService], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = local_place(tmp_path)
    place.put({f"{name}/{n}/{m}.csv": CSV for name in ("open", "closed") for n in range(9) for m in range(9)})
    place.put({"closed/z.csv": CSV})
    for catalog in catalogs:
        monkeypatch.setattr(catalog.lake, "filesystem", lambda _: Refusing())
    here = crawl(catalogs[0], {}, f"{place.root}/closed")
    there = crawl(catalogs[1], spread(InProcess()), f"{place.root}/closed", engine="spark")
    assert (there.state, there.error) == (here.state, here.error)
    assert there.state == "FAILED"


def test_files_that_are_known_are_not_looked_at_again(local: Crawling) -> None:
    """Not even where they were crawled by another engine: no application is started."""
    local.crawl({f"t{n}/a.csv": CSV for n in range(9)})
    application = InProcess()
    local.change(engine="spark")
    local.crawls = Crawls(local.catalog, engines=spread(application, Much(few=0)))
    again = local.run()
    assert (again.state, again.counts and again.counts["tables_unchanged"]) == ("SUCCEEDED", 1)
    assert application.kinds == []


def test_a_folder_that_is_too_much_for_a_task_is_listed_here(
    catalog: CatalogService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_files, "PAGE", 10)
    monkeypatch.setattr(listing, "PART_FILES", 7)
    monkeypatch.setattr(crawl_tasks, "LISTED_MAX", 5)
    place = local_place(tmp_path)
    place.put({f"t{n}/k={m}/{f}.csv": CSV for n in range(4) for m in range(5) for f in range(20)})
    ended = crawl(catalog, spread(InProcess()), place.root, engine="spark")
    assert (ended.state, ended.counts and ended.counts["objects"]) == ("SUCCEEDED", 400)


def test_names_that_are_no_text_are_told_by_tasks_as_well(
    catalogs: tuple[CatalogService, CatalogService], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_files, "PAGE", 1)
    place, application = local_place(tmp_path), InProcess()
    place.put({f"t{n}/a.csv": CSV for n in range(5)})
    for folder in (b"t1/\xff", b"u\xfe/x"):
        os.makedirs(os.path.join(os.fsencode(tmp_path / "data"), folder))
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path / "data"), folder, b"a.csv"))).write_bytes(CSV)
    here = crawl(catalogs[0], {}, place.root)
    there = crawl(catalogs[1], spread(application), place.root, engine="spark")
    assert there.summary == here.summary
    assert (there.state, "ToList" in application.kinds) == ("SUCCEEDED", True)
