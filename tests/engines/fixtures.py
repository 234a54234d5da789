"""Pytest plugin: the real engines as fixtures, each started on first use, once per run, and ended with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines import browser, process, s3, spark, trino
from tests.engines import postgresql as postgresql_server
from tests.engines.postgresql import PostgreSQL

ONE_WORKER = ("spark", "trino", "browser", "hiveserver2")
"""Marks whose tests share something big: `--dist loadgroup` gives all of one mark to one worker."""


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests of an engine; those of two engines join the first one's group."""
    for item in items:
        mark = next((name for name in ONE_WORKER if item.get_closest_marker(name)), None)
        if mark and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(mark))


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> PostgreSQL:
    """The run's PostgreSQL server."""
    return postgresql_server.shared_postgresql(process.run_root(tmp_path_factory))


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """The address of a database that is empty, and this test's alone."""
    name = postgresql.create_database()
    yield postgresql.url(name)
    postgresql.drop_database(name)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> s3.S3:
    """The run's S3 server."""
    return s3.shared_s3(process.run_root(tmp_path_factory))


@pytest.fixture
def s3_bucket(s3_server: s3.S3) -> Iterator[str]:
    """The name of a bucket that is empty, and this test's alone."""
    name = s3_server.create_bucket()
    yield name
    s3_server.drop_bucket(name)


@pytest.fixture(scope="session")
def spark_session() -> Iterator[Callable[..., spark.SparkSession]]:
    """A function that takes the arguments of `spark_conf` and returns a live session; one JVM at a time."""
    with spark.one_spark_session() as session:
        yield session


@pytest.fixture(scope="session")
def run_spark() -> Callable[..., str]:
    """`run_spark_script`: runs a whole PySpark script and returns what it printed."""
    spark.spark_engine()
    return spark.run_spark_script


@pytest.fixture(scope="session")
def trino_server(tmp_path_factory: pytest.TempPathFactory) -> trino.Trino:
    """The run's Trino, with the catalogs tpch and memory; add others with its `catalog(...)`."""
    return trino.shared_trino(process.run_root(tmp_path_factory))


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The program of the system's Chromium."""
    return browser.find_chromium()


@pytest.fixture(scope="session")
def chromium_options(chromium: Path) -> dict[str, Any]:
    """What Playwright's `chromium.launch` is given."""
    return {"executable_path": str(chromium), "args": ["--no-sandbox", "--disable-dev-shm-usage"]}
