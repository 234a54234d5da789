"""The engine `spark`: Apache Spark by spark-submit, on this machine or on a cluster, with the catalog connected."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from catalog_server.jobs import driver
from catalog_server.jobs.command import Command, RunContext
from catalog_server.jobs.engines import Engine, find_spark
from catalog_server.jobs.sail import base_environment
from catalog_server.jobs.storage import hadoop_settings
from catalog_server.model.caller import RUN_HEADER
from catalog_server.model.errors import Unavailable

PROPERTIES = "spark.properties"
DRIVER_MEMORY = "1g"
LOCAL_SETTINGS = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
_ICEBERG = "org.apache.iceberg.spark"


def spark_command(context: RunContext) -> Command:
    """spark-submit of the script; raises `NotFound` where no Spark is installed, `Unavailable` where it has no Java."""
    engine = usable_spark(context.engines_home)
    environment = base_environment(context, os.environ)
    environment.pop("PYTHONPATH", None)
    environment.update(PYSPARK_PYTHON=str(engine.python), PYSPARK_DRIVER_PYTHON=str(engine.python))
    program = [str(Path(driver.__file__)), str(context.directory), *context.script_arguments]
    settings = spark_settings(context, engine)
    return submit_command(engine, context.directory, settings, environment, program, local=is_local(context))


def usable_spark(home: Path | None) -> Engine:
    """The Spark to run on; raises `NotFound` where none is installed, `Unavailable` where it has no Java."""
    engine = find_spark(home)
    if engine.java_home is None or engine.spark_home is None:
        raise Unavailable("no Java between 17 and 23 is found for Spark; `catalog engines install spark` brings one")
    return engine


def submit_command(
    engine: Engine,
    directory: Path,
    settings: Mapping[str, str],
    environment: Mapping[str, str],
    program: Sequence[str],
    *,
    local: bool,
) -> Command:
    """spark-submit of a program, its settings in a file of its folder that nobody else may read."""
    properties = directory / PROPERTIES
    properties.touch(mode=0o600)
    properties.write_text("".join(f"{name} {_escaped(value)}\n" for name, value in settings.items()), encoding="utf-8")
    added = {
        "JAVA_HOME": str(engine.java_home),
        "SPARK_HOME": str(engine.spark_home),
        "SPARK_LOCAL_DIRS": str(directory / "spark-local"),
    }
    if local:
        added["SPARK_LOCAL_IP"] = "127.0.0.1"
    submit = [f"{engine.spark_home}/bin/spark-submit", "--properties-file", str(properties)]
    return Command([*submit, *program], {**environment, **added})


def is_local(context: RunContext) -> bool:
    """Whether Spark runs inside one process on this machine."""
    return (context.job.master or "local[*]").startswith("local")


def spark_settings(context: RunContext, engine: Engine) -> dict[str, str]:
    """All settings of the run, the job's own over ours; holds secrets.

    `spark_catalog` is Spark's own: under Iceberg's SparkSessionCatalog a DROP TABLE of a table of files leaves its files
    behind (apache/iceberg#12790), so that it cannot be made again. A job that wants it all the same can set it.
    """
    thrift = f"thrift://{context.thrift}"
    settings = {
        "spark.master": context.job.master or "local[*]",
        "spark.app.name": context.job.name,
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.log.level": "WARN",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": context.warehouse,
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.hive.metastore.uris": thrift,
        "spark.sql.extensions": f"{_ICEBERG}.extensions.IcebergSparkSessionExtensions",
        **iceberg_catalog(context),
        **hadoop_settings(context.storage),
    }
    if engine.jars:
        class_path = os.pathsep.join(str(jar) for jar in engine.jars)
        settings["spark.driver.extraClassPath"] = class_path
        if not is_local(context):
            settings["spark.jars"] = ",".join(str(jar) for jar in engine.jars)
    if is_local(context):
        settings.update(LOCAL_SETTINGS)
    own: Mapping[str, str] = context.job.configuration
    return {**settings, **{name: value for name, value in own.items() if name.startswith("spark.")}}


def iceberg_catalog(context: RunContext) -> dict[str, str]:
    """The catalog `iceberg` over REST; each request says for which run it is made."""
    base = "spark.sql.catalog.iceberg"
    token = base_environment(context, {})["CATALOG_TOKEN"]
    return {
        base: f"{_ICEBERG}.SparkCatalog",
        f"{base}.type": "rest",
        f"{base}.uri": f"{context.http}/iceberg",
        f"{base}.io-impl": "org.apache.iceberg.hadoop.HadoopFileIO",
        f"{base}.header.{RUN_HEADER}": context.run.id,
        f"{base}.header.Authorization": f"Bearer {token}",
        f"{base}.cache-enabled": "false",
    }


def _escaped(value: str) -> str:
    """A value as a Java properties file holds it."""
    text = value.replace("\\", "\\\\").replace("\n", "\\n")
    return "".join(c if " " <= c <= "~" else f"\\u{ord(c):04x}" for c in text)
