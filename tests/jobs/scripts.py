"""Scripts that must do the same on every engine."""

WRITES = """
import sys
from pyspark.sql import SparkSession

target, bucket = sys.argv[2], sys.argv[4]
spark = SparkSession.builder.appName("writes").getOrCreate()
rows = spark.range(10).selectExpr("id", "concat('n', cast(id as string)) as name", "cast(id % 3 as int) as g")
spark.sql(f"CREATE DATABASE IF NOT EXISTS {target} LOCATION '{bucket}/{target}.db'")
for table in (f"{target}.files", f"iceberg.{target}.lake"):
    rows.write.mode("overwrite").partitionBy("g").saveAsTable(table)
    rows.write.mode("append").partitionBy("g").saveAsTable(table)
    assert spark.table(table).count() == 20
    rows.where("id < 4").write.mode("overwrite").partitionBy("g").saveAsTable(table)
    rows.where("id >= 4").write.mode("append").partitionBy("g").saveAsTable(table)
    assert spark.table(table).count() == 10
spark.table(f"{target}.files").selectExpr("id", "name").write.mode("overwrite").saveAsTable(f"iceberg.{target}.lake2")
spark.sql(f"INSERT INTO iceberg.{target}.lake2 SELECT id, name FROM iceberg.{target}.lake")
rows.write.mode("overwrite").partitionBy("g").parquet(f"{bucket}/out/{target}")
rows.write.mode("append").partitionBy("g").parquet(f"{bucket}/out/{target}")
rows.where("id = 1").write.mode("overwrite").json(f"{bucket}/json/{target}")
"""
"""Arguments: `database` to make and write to, `bucket` as a location without a slash at its end."""
