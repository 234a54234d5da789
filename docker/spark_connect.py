"""Runs the installed Spark as a Spark Connect server on loopback, with the catalog preconfigured."""

from __future__ import annotations

import argparse
import os

from catalog_server.jobs.engines import Engine, find_spark

SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
S3A = "org.apache.hadoop.fs.s3a.S3AFileSystem"


def settings(engine: Engine, metastore: str, iceberg: str, port: int, environ: dict[str, str]) -> dict[str, str]:
    """What Spark is told: where it listens, its catalogs, its S3 server if the environment names one."""
    conf = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraClassPath": os.pathsep.join(map(str, engine.jars)),
        "spark.ui.enabled": "false",
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.hive.metastore.uris": metastore,
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.iceberg": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.iceberg.type": "rest",
        "spark.sql.catalog.iceberg.uri": iceberg,
    }
    if environ.get("AWS_ENDPOINT_URL"):
        conf |= {
            "spark.hadoop.fs.s3.impl": S3A,
            "spark.hadoop.fs.s3a.endpoint": environ["AWS_ENDPOINT_URL"],
            "spark.hadoop.fs.s3a.endpoint.region": environ.get("AWS_REGION", "us-east-1"),
            "spark.hadoop.fs.s3a.path.style.access": "true",
        }
    return conf


def main() -> None:
    """Become spark-submit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metastore", required=True, help="thrift://host:port of the catalog")
    parser.add_argument("--iceberg", required=True, help="URL of its Iceberg REST catalog")
    parser.add_argument("--port", type=int, default=15002)
    parser.add_argument("--memory", default="1g")
    arguments = parser.parse_args()
    engine = find_spark()
    environ = dict(os.environ) | {"JAVA_HOME": str(engine.java_home), "SPARK_HOME": str(engine.spark_home)}
    environ |= {"PYSPARK_PYTHON": str(engine.python), "SPARK_LOCAL_IP": "127.0.0.1"}
    conf = settings(engine, arguments.metastore, arguments.iceberg, arguments.port, environ)
    options = [part for key, value in conf.items() for part in ("--conf", f"{key}={value}")]
    program = f"{engine.spark_home}/bin/spark-submit"
    command = [program, "--class", SERVER, "--driver-memory", arguments.memory, *options, "spark-internal"]
    os.execve(program, command, environ)


if __name__ == "__main__":
    main()
