"""The PySpark script that the demo runs as a job: delay by route, day and weather, as an Iceberg table."""

SCRIPT = '''\
"""Delay by route, day and weather, from two tables of the catalog into an Iceberg table of its own."""

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.sql("CREATE NAMESPACE IF NOT EXISTS iceberg.analytics")
delays = spark.sql("""
    SELECT f.origin, f.dest, f.month, f.day,
           CASE WHEN w.origin IS NULL THEN 'unknown'
                WHEN coalesce(w.precip, 0) > 0 THEN 'rain'
                WHEN coalesce(w.visib, 10) < 3 THEN 'fog'
                WHEN coalesce(w.wind_speed, 0) >= 20 THEN 'wind'
                ELSE 'fair' END AS weather,
           count(*) AS departures,
           sum(f.dep_delay) AS delay_minutes
    FROM lake.flights f
    LEFT JOIN lake.weather w
      ON w.origin = f.origin AND w.month = f.month AND w.day = f.day AND w.hour = f.hour
    WHERE f.dep_delay IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
""")
delays.writeTo("iceberg.analytics.route_delays").using("iceberg").createOrReplace()
print("wrote", spark.table("iceberg.analytics.route_delays").count(), "rows")
'''
