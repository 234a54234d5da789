"""Tables of one database, what can be read in them, and care of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import LongType, NestedField, StringType

from catalog_server.catalog.care_work import CareWork
from catalog_server.model.caller import Caller
from catalog_server.model.care import CareOptions, Operation
from catalog_server.model.names import TableName
from tests.facades.web.serving import Served

CALLER = Caller("tester")
SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=False), NestedField(2, "part", StringType(), required=False)
)  # fmt: skip
ARROW = pa.schema([pa.field("id", pa.int64()), pa.field("part", pa.string())])
BY_PART = PartitionSpec(PartitionField(source_id=2, field_id=1000, transform=IdentityTransform(), name="part"))
Contents = dict[int, list[tuple[Any, ...]]]


def rows(*ids: int) -> pa.Table:
    """Rows whose partition is told by the id."""
    return pa.table({"id": list(ids), "part": ["even" if one % 2 == 0 else "odd" for one in ids]}, schema=ARROW)


def files_of(table: Table) -> set[Path]:
    """All files in a table's folder."""
    return {one for one in Path(table.location().removeprefix("file://")).rglob("*") if one.is_file()}


def read(table: Table, snapshot: int | None) -> list[tuple[Any, ...]]:
    """All rows of a snapshot, in an order that does not hang on files."""
    found = table.scan(snapshot_id=snapshot).to_arrow().to_pylist()
    return sorted((row["id"], row["part"] or "") for row in found)


def contents(table: Table) -> Contents:
    """What every snapshot of a table reads, whether a branch or tag leads to it or not."""
    table.refresh()
    return {one.snapshot_id: read(table, one.snapshot_id) for one in table.metadata.snapshots}


@dataclass(frozen=True)
class Lake:
    """One database."""

    served: Served
    rest: RestCatalog
    database: str

    @staticmethod
    def make(served: Served, rest: RestCatalog, database: str) -> Lake:
        rest.create_namespace(database)
        return Lake(served, rest, database)

    def table(self, name: str = "t", partitioned: bool = False, **properties: str) -> Table:
        """A new table of ids and partitions."""
        spec = BY_PART if partitioned else PartitionSpec()
        return self.rest.create_table(f"{self.database}.{name}", SCHEMA, partition_spec=spec, properties=properties)

    def care(self, operation: Operation, name: str = "t", dry_run: bool = False, **options: Any) -> dict[str, Any]:
        """Do an operation in this process and return its summary."""
        return self.served.services.catalog.care.run(operation, self.work(name, dry_run, **options))

    def work(self, name: str = "t", dry_run: bool = False, **options: Any) -> CareWork:
        return CareWork(CALLER, TableName("hive", self.database, name), CareOptions(**options), dry_run)

    def expire(self, name: str = "t", dry_run: bool = False, **options: Any) -> dict[str, Any]:
        """Expire whatever is not the newest of a branch."""
        time.sleep(0.002)
        return self.care(Operation.EXPIRE_SNAPSHOTS, name, dry_run, **{"older_than_ms": 0, "retain_last": 1} | options)

    def remove_orphans(self, name: str = "t", dry_run: bool = False, **options: Any) -> dict[str, Any]:
        """Remove all orphans, however young."""
        time.sleep(0.002)
        given = {"older_than_ms": 0, "force": True} | options
        return self.care(Operation.REMOVE_ORPHANS, name, dry_run, **given)
