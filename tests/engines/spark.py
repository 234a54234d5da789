"""Runs the real Apache Spark in tests: a script by itself, or statements in one session that many tests share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from catalog_server.jobs.engines import Engine, find_spark
from catalog_server.model.errors import NotFound
from tests.engines import process
from tests.engines.s3 import S3

SESSION = Path(__file__).with_name("spark_session.py")
START_TIMEOUT_SECONDS = 240.0
ICEBERG_EXTENSIONS = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"
LOGGING = """rootLogger.level = error
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
"""


class SparkFailed(Exception):
    """A statement or script failed; `kind` is the class of the error as Spark names it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


def spark_engine() -> Engine:
    """The installed Spark; without one the test is skipped."""
    try:
        engine = find_spark()
    except NotFound as error:
        process.missing(error.message)
        raise AssertionError from error
    if engine.java_home is None:
        process.missing("the Java that Spark ran on is gone")
    return engine


def spark_conf(
    *,
    metastore_uri: str | None = None,
    warehouse: str | Path | None = None,
    iceberg: Mapping[str, Mapping[str, str]] | None = None,
    s3: S3 | None = None,
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The settings of a session with a Hive catalog over Thrift, Iceberg catalogs by name, and S3 by s3a:// and s3://.

    Example: `iceberg={"rest": {"type": "rest", "uri": f"{url}/iceberg"}, "ice": {"type": "hive", "uri": thrift}}`.
    """
    conf: dict[str, str] = {"spark.sql.catalogImplementation": "in-memory"}
    if metastore_uri:
        conf["spark.sql.catalogImplementation"] = "hive"
        conf["spark.hadoop.hive.metastore.uris"] = metastore_uri
    if warehouse:
        conf["spark.sql.warehouse.dir"] = str(warehouse)
    if iceberg:
        conf["spark.sql.extensions"] = ICEBERG_EXTENSIONS
    for name, properties in (iceberg or {}).items():
        conf[f"spark.sql.catalog.{name}"] = "org.apache.iceberg.spark.SparkCatalog"
        conf |= {f"spark.sql.catalog.{name}.{key}": value for key, value in properties.items()}
    if s3:
        conf |= _s3a(s3)
    return conf | dict(extra or {})


def run_spark_script(
    script: str | Path,
    conf: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    timeout_seconds: float = 240,
) -> str:
    """Run a PySpark script (its text or file) on local[2] with 1 GB; returns what it printed, or raises SparkFailed."""
    engine = spark_engine()
    folder = process.new_folder("spark-script")
    try:
        if isinstance(script, str):
            (folder / "script.py").write_text(script)
            script = folder / "script.py"
        finished = subprocess.run(
            [str(engine.python), str(script), *arguments],
            cwd=folder,
            env=_environment(engine, folder, conf or spark_conf()),
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if finished.returncode:
        raise SparkFailed("script", finished.stderr[-process.LOG_TAIL_CHARACTERS :])
    return finished.stdout


class SparkSession:
    """One live Spark session in a process of its own; a context manager that ends it."""

    def __init__(self, conf: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None) -> None:
        engine = spark_engine()
        folder = process.new_folder("spark")
        env = _environment(engine, folder, conf or spark_conf()) | dict(environment or {})
        self._server = process.start([str(engine.python), SESSION], folder, env=env, pipes=True)
        self._server.wait_until((folder / "ready").exists, START_TIMEOUT_SECONDS)

    def sql(self, statement: str) -> list[list[Any]]:
        """Run one statement; returns its rows. Raises SparkFailed.

        Numbers, texts, booleans and nulls come as themselves, decimals, dates and times as texts, bytes as hex
        digits, arrays as lists, structs and maps as dicts.
        """
        return list(self._ask({"sql": statement})["rows"])

    def columns(self, statement: str) -> list[list[str]]:
        """Name and Spark type of each column that a statement answers with."""
        return list(self._ask({"columns": statement})["columns"])

    def python(self, code: str) -> Any:
        """Run Python code in which `spark` is the session; returns what it left in `result`."""
        return self._ask({"python": code})["result"]

    def stop(self) -> None:
        """End the session and its process."""
        self._server.stop()

    def __enter__(self) -> SparkSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ask(self, question: dict[str, str]) -> dict[str, Any]:
        stdin, stdout = self._server.guard.stdin, self._server.guard.stdout
        if stdin is None or stdout is None:
            raise AssertionError
        stdin.write(json.dumps(question).encode() + b"\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise SparkFailed("ended", self._server.log_tail())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SparkFailed(answer["error"], answer["message"])
        return answer


@contextmanager
def one_spark_session() -> Iterator[Any]:
    """A function that returns a live session with the asked settings, and ends the one before when they differ.

    So at most one JVM runs however many tests ask; keep tests with the same settings together.
    """
    live: dict[str, SparkSession] = {}

    def session(**settings: Any) -> SparkSession:
        conf = spark_conf(**settings)
        key = json.dumps(conf, sort_keys=True)
        if key not in live:
            for other in live.values():
                other.stop()
            live.clear()
            live[key] = SparkSession(conf)
        return live[key]

    try:
        yield session
    finally:
        for last in live.values():
            last.stop()


def _s3a(s3: S3) -> dict[str, str]:
    filesystem = "org.apache.hadoop.fs.s3a.S3AFileSystem"
    return {
        "spark.hadoop.fs.s3.impl": filesystem,
        "spark.hadoop.fs.s3a.impl": filesystem,
        "spark.hadoop.fs.s3a.endpoint": s3.endpoint,
        "spark.hadoop.fs.s3a.endpoint.region": s3.region,
        "spark.hadoop.fs.s3a.access.key": s3.access_key,
        "spark.hadoop.fs.s3a.secret.key": s3.secret_key,
        "spark.hadoop.fs.s3a.path.style.access": "true",
    }


def _environment(engine: Engine, folder: Path, conf: Mapping[str, str]) -> dict[str, str]:
    """Settings go by file: what starts the JVM must know them before any Python of ours runs."""
    settings = {
        "spark.master": "local[2]",
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraClassPath": os.pathsep.join(map(str, engine.jars)),
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
    } | dict(conf)
    configuration = folder / "conf"
    configuration.mkdir()
    (configuration / "spark-defaults.conf").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    (configuration / "log4j2.properties").write_text(LOGGING)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SPARK_", "PYTHON"))
    }
    return environment | {
        "JAVA_HOME": str(engine.java_home),
        "SPARK_HOME": str(engine.spark_home),
        "SPARK_CONF_DIR": str(configuration),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(engine.python),
        "AWS_REGION": "us-east-1",
    }
