"""Writes the Hudi tables of the corpus anew, with Hudi's own writer, and what its own sync with a metastore makes of them.

Run by hand, with Spark 3.5 (`pip install pyspark==3.5.6`) and Hudi's bundle for it (hudi-spark3.5-bundle_2.12, 1.0.2):

    python make_hudi.py BUNDLE.jar thrift://127.0.0.1:9083 FOLDER

The metastore gets a database `synced`. FOLDER gets the tables, and
the folder `hudi_tables` beside this file a ZIP archive of each.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

HERE = Path(__file__).with_name("hudi_tables")
COLUMNS = "Id, item, fare, at, day, ts"
FIRST = """select * from values
  (1, 'a', cast(1.25 as decimal(9,2)), timestamp'2026-01-01 10:00:00', date'2026-01-01', 1L),
  (2, 'b', cast(-5 as decimal(9,2)), timestamp'2026-01-01 11:00:00', date'2026-01-01', 1L),
  (3, 'c', null, timestamp'2026-01-02 10:00:00', date'2026-01-02', 1L)
  as t(Id, item, fare, at, day, ts)"""
LATER = """select * from values
  (2, 'b2', cast(7 as decimal(9,2)), timestamp'2026-01-01 12:00:00', date'2026-01-01', 2L, 9),
  (4, 'd', cast(4 as decimal(9,2)), timestamp'2026-01-03 10:00:00', date'2026-01-03', 2L, null)
  as t(Id, item, fare, at, day, ts, tip)"""
COW, MOR = "COPY_ON_WRITE", "MERGE_ON_READ"
WRITE = "hoodie.datasource.write"
STYLED = {f"{WRITE}.hive_style_partitioning": "true"}
LISTED = {"hoodie.metadata.enable": "true"}
TABLES: dict[str, tuple[str, int, str, dict[str, str]]] = {
    "cow6": (COW, 6, "day", STYLED),
    "cow8": (COW, 8, "day", LISTED),
    "mor6": (MOR, 6, "day", {}),
    "mor8": (MOR, 8, "day", STYLED),
    "flat6": (COW, 6, "", {}),
    "dropped6": (COW, 6, "day", {}),
}
"""Type, version, partition column and further settings of each table."""


def session(bundle: str, metastore: str) -> SparkSession:
    settings = {
        "spark.jars": bundle,
        "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
        "spark.sql.extensions": "org.apache.spark.sql.hudi.HoodieSparkSessionExtension",
        "spark.kryo.registrator": "org.apache.spark.HoodieSparkKryoRegistrar",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.hudi.catalog.HoodieCatalog",
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.hive.metastore.uris": metastore,
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.default.parallelism": "1",
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master("local[2]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def write(rows: Any, name: str, metastore: str, folder: Path, mode: str, **other: str) -> None:
    kind, version, key, own = TABLES[name]
    sync = "hoodie.datasource.hive_sync"
    options = {
        "hoodie.table.name": name,
        f"{WRITE}.table.type": kind,
        "hoodie.write.table.version": str(version),
        f"{WRITE}.recordkey.field": "Id",
        f"{WRITE}.precombine.field": "ts",
        f"{WRITE}.operation": "upsert",
        "hoodie.metadata.enable": "false",
        "hoodie.index.bloom.num_entries": "10",
        "hoodie.bloom.index.filter.type": "SIMPLE",
        "hoodie.datasource.meta.sync.enable": "true",
        f"{sync}.enable": "true",
        f"{sync}.mode": "hms",
        f"{sync}.metastore.uris": metastore,
        f"{sync}.database": "synced",
        f"{sync}.table": name,
        f"{sync}.support_timestamp": "true",
    }
    options |= ({f"{WRITE}.partitionpath.field": key} if key else {}) | own | other
    rows.write.format("hudi").options(**options).mode(mode).save(f"{folder}/{name}")


def main(bundle: str, metastore: str, folder: Path) -> None:
    spark = session(bundle, metastore)
    for name in TABLES:
        write(spark.sql(FIRST), name, metastore, folder, "overwrite")
        write(spark.sql(LATER), name, metastore, folder, "append")
        if name == "dropped6":
            gone = {f"{WRITE}.operation": "delete_partition", f"{WRITE}.partitions.to.delete": "2026-01-02"}
            write(spark.sql(FIRST), name, metastore, folder, "append", **gone)
        with zipfile.ZipFile(HERE / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted((folder / name).rglob("*")):
                if file.is_file() and file.suffix != ".crc":
                    archive.write(file, file.relative_to(folder / name))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
