"""Tables that tests of the store start from."""

from __future__ import annotations

from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
from catalog_server.model.table import Column, SerDe, Storage, Table, TableKind

ORDERS = TableName("hive", "sales", "orders")
PARQUET = Storage(
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    SerDe("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe", parameters={"serialization.format": "1"}),
)


def orders(name: str = "orders", **changes: object) -> Table:
    """A managed table of Parquet files, partitioned by an integer and a text."""
    said: dict[str, object] = {
        "catalog": "hive",
        "database": "sales",
        "name": name,
        "kind": TableKind.MANAGED,
        "columns": (Column("id", "bigint"), Column("amount", "decimal(10,2)", "what was paid")),
        "partition_keys": (Column("year", "int"), Column("region", "string")),
        "storage": PARQUET,
        "parameters": {"comment": "All orders"},
    }
    return Table(**{**said, **changes})  # type: ignore[arg-type]


def years(*found: int, region: str = "eu") -> list[Partition]:
    """Partitions of `orders`."""
    return [Partition((str(year), region)) for year in found]
