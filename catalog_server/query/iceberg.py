"""Inside a worker: Iceberg tables by their own plan, with field ids and delete files honoured."""

from __future__ import annotations

from typing import Any

from catalog_server.lake.iceberg.storage import file_io_properties
from catalog_server.model.errors import CatalogError, Unavailable, Unsupported
from catalog_server.model.types import identifier
from catalog_server.query.plan import predicate_from_json
from catalog_server.query.scans import empty, fill
from catalog_server.query.types import text_literal


def look_up(scan: dict[str, Any]) -> list[str]:
    """Plan an Iceberg scan; returns the files that DuckDB is to read itself, none when they go through Arrow."""
    from pyiceberg.exceptions import NoSuchTableError
    from pyiceberg.table import StaticTable

    try:
        table = StaticTable.from_metadata(scan["metadata_location"], file_io_properties(scan["storage"]))
        scan["files"] = []
        if table.metadata.current_snapshot_id is None:
            return []
        reading = _scan(table, scan)
        scan["files"] = _plain_files(table, reading)
        scan["reading"] = reading
    except CatalogError:
        raise
    except (NoSuchTableError, FileNotFoundError) as error:
        raise Unavailable(f"the metadata or a file of Iceberg table {scan['name']} is missing: {error}") from error
    except (OSError, NotImplementedError, ValueError) as error:
        raise Unsupported(f"Iceberg table {scan['name']} cannot be read: {str(error)[:300]}") from error
    return [local_path(file) for file in scan["files"] or []]


def prepare_iceberg(connection: Any, scan: dict[str, Any]) -> None:
    """Make the relation of an Iceberg scan: straight from Parquet where that is certain to be the same, else through Arrow."""
    if scan["files"] is not None:
        connection.execute(f"CREATE TEMP VIEW {identifier(scan['alias'])} AS {_from_parquet(scan, scan['files'])}")
        return
    try:
        _through_arrow(connection, scan, scan["reading"])
    except (OSError, NotImplementedError, ValueError) as error:
        raise Unsupported(f"Iceberg table {scan['name']} cannot be read: {str(error)[:300]}") from error


def _fields(scan: dict[str, Any]) -> tuple[str, ...]:
    return tuple(each["source"] for each in scan["columns"])


def _scan(table: Any, scan: dict[str, Any]) -> Any:
    names = {field.name.lower(): field.name for field in table.schema().fields}
    for each in scan["columns"]:
        if each["name"] not in names:
            raise Unsupported(f"Iceberg table {scan['name']} has no column {each['name']} in its current schema")
        each["source"] = names[each["name"]]
    row_filter = _filter(scan, table)
    # Without a column there is nothing to count rows by, so one is read.
    return table.scan(row_filter=row_filter, selected_fields=_fields(scan) or (table.schema().fields[0].name,))


def _filter(scan: dict[str, Any], table: Any) -> Any:
    from pyiceberg.expressions import AlwaysTrue, And

    predicate = predicate_from_json(scan.get("predicate"))
    if predicate is None:
        return AlwaysTrue()
    names = {field.name.lower(): field.name for field in table.schema().fields}
    made = [
        part
        for part in (_expression(each, names) for each in getattr(predicate, "parts", (predicate,)))
        if part is not None
    ]
    whole: Any = AlwaysTrue()
    for part in made:
        whole = And(whole, part)
    return whole


def _expression(predicate: Any, names: dict[str, str]) -> Any:
    from pyiceberg import expressions as e

    from catalog_server.model.expressions import Both, Comparison, Membership

    if isinstance(predicate, Both):
        made = [_expression(part, names) for part in predicate.parts]
        return None if None in made else e.And(*made)
    if isinstance(predicate, Membership) and not predicate.negated:
        return e.In(names[predicate.key], set(predicate.values))
    makers = {"=": e.EqualTo, "<": e.LessThan, "<=": e.LessThanOrEqual, ">": e.GreaterThan, ">=": e.GreaterThanOrEqual}
    if isinstance(predicate, Comparison) and predicate.op in makers:
        return makers[predicate.op](names[predicate.key], predicate.value)
    return None


def _plain_files(table: Any, reading: Any) -> list[str] | None:
    """The data files if reading them by column name is certain to give what the plan gives, else None.

    Certain means: the table has had one schema only, so every file was written with today's names and types; nothing is
    deleted; all files are Parquet. Then field ids and names say the same.
    """
    metadata = table.metadata
    first_schema = len(metadata.schemas) == 1 and metadata.schemas[0].schema_id == 0
    if not first_schema or any(field.initial_default is not None for field in table.schema().fields):
        return None
    files = []
    for task in reading.plan_files():
        if task.delete_files or str(task.file.file_format).rsplit(".", 1)[-1].upper() != "PARQUET":
            return None
        files.append(task.file.file_path)
    return files


def local_path(location: str) -> str:
    """A file's location as DuckDB names it."""
    scheme, found, rest = location.partition("://")
    if not found:
        return location.removeprefix("file:")
    if scheme == "file":
        return rest
    return f"s3://{rest}" if scheme in ("s3a", "s3n") else location


def _from_parquet(scan: dict[str, Any], files: list[str]) -> str:
    if not files:
        return empty(scan)
    columns = ", ".join(
        f"CAST({identifier(each['source'])} AS {each['duckdb']}) AS {identifier(each['name'])}"
        for each in scan["columns"]
    )
    listed = ", ".join(text_literal(local_path(file)) for file in files)
    union = ", union_by_name=true" if len(files) > 1 else ""
    return f"SELECT {columns or '1 AS one'} FROM read_parquet([{listed}], hive_partitioning=false{union})"


def _through_arrow(connection: Any, scan: dict[str, Any], reading: Any) -> None:
    from itertools import chain

    reader = reading.to_arrow_batch_reader()
    empty_batch = reader.schema.empty_table().to_batches() or [_no_rows(reader.schema)]
    fill(connection, scan, chain(empty_batch[:1], reader))


def _no_rows(schema: Any) -> Any:
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([], schema=schema)
