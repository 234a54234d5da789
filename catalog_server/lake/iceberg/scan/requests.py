"""What a scan speaks of in a table: its snapshots, its schema, its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField

from catalog_server.lake.iceberg.document import snapshot_id
from catalog_server.lake.iceberg.scan import filters
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid, NotFound, Unsupported
from catalog_server.model.scan_plan import Scan, ScanRequest

FORMAT_VERSION_MAX = 3
_METADATA_COLUMNS = frozenset(
    "_file _pos _deleted _spec_id _partition _row_id _last_updated_sequence_number "
    "_change_type _change_ordinal _commit_snapshot_id".split()
)
"""Columns that every table has for its readers, though no schema names them."""


def resolve(document: Json, request: ScanRequest) -> Scan | None:
    """The scan that is asked of a (completed) document; None for a table without a snapshot.

    Raises:
        Invalid: snapshots or columns that are not there, a filter that makes no sense, both kinds of scan at once.
        Unsupported: the table is of a format version, or has columns, that are not known here.
    """
    if document["format-version"] > FORMAT_VERSION_MAX:
        raise Unsupported(f"scans of Iceberg tables of version {document['format-version']} are not planned")
    is_incremental = request.start_snapshot_id is not None or request.end_snapshot_id is not None
    if is_incremental and request.snapshot_id is not None:
        raise Invalid("snapshot-id", "goes with neither start-snapshot-id nor end-snapshot-id")
    if is_incremental and (request.start_snapshot_id is None or request.end_snapshot_id is None):
        raise Invalid("start-snapshot-id", "and end-snapshot-id go together")
    end = request.end_snapshot_id if is_incremental else request.snapshot_id
    end = snapshot_id(document) if end is None else end
    snapshots = snapshots_of(document)
    if end is not None and end not in snapshots:
        raise Invalid("end-snapshot-id" if is_incremental else "snapshot-id", f"Cannot find snapshot with ID {end}")
    schema_id = document["current-schema-id"]
    if request.use_snapshot_schema and end is not None:
        schema_id = snapshots[end].get("schema-id", schema_id)
    schema = schema_of(document, schema_id)
    filters.read(request.filter, schema, request.case_sensitive)
    _ids("select", [one for one in request.select if not _is_metadata(one)], schema, request.case_sensitive)
    stats = _ids("stats-fields", request.stats_fields, schema, request.case_sensitive)
    if end is None:
        return None
    scan = Scan(
        str(document["table-uuid"]), end, schema_id, request.start_snapshot_id, request.filter, request.case_sensitive,
        stats,
    )  # fmt: skip
    appended(document, scan)
    return scan


def _is_metadata(name: str) -> bool:
    return name.partition(".")[0] in _METADATA_COLUMNS


def _ids(where: str, names: Iterable[str], schema: Schema, case_sensitive: bool) -> tuple[int, ...]:
    found = []
    for name in names:
        try:
            found.append(schema.find_field(name, case_sensitive).field_id)
        except ValueError as error:
            raise Invalid(where, f"Cannot find field {name[:100]!r} in the table's schema") from error
    return tuple(sorted(set(found)))


def snapshots_of(document: Json) -> dict[int, Json]:
    """Snapshots by their ids."""
    return {snapshot["snapshot-id"]: snapshot for snapshot in document["snapshots"]}


def appended(document: Json, scan: Scan) -> list[Json]:
    """The snapshots whose files a scan tells: its own, or those that appended rows after its beginning, oldest first.

    Raises `Invalid` where an incremental scan does not begin among the ancestors of its end.
    """
    snapshots = snapshots_of(document)
    if scan.snapshot_id not in snapshots:
        raise NotFound("snapshot", str(scan.snapshot_id))
    if scan.after_snapshot_id is None:
        return [snapshots[scan.snapshot_id]]
    found, at = [], scan.snapshot_id
    while at != scan.after_snapshot_id:
        snapshot = snapshots.pop(at, None)
        parent = None if snapshot is None else snapshot.get("parent-snapshot-id")
        if snapshot is None or parent is None:
            reason = f"{scan.after_snapshot_id} is not an ancestor of the end snapshot {scan.snapshot_id}"
            raise Invalid("start-snapshot-id", f"Starting snapshot (exclusive) {reason}")
        if (snapshot.get("summary") or {}).get("operation") == "append":
            found.append(snapshot)
        at = parent
    return found[::-1]


def schema_of(document: Json, schema_id: int) -> Schema:
    """A schema of the table as pyiceberg has it; raises `Unsupported` for types that it does not know."""
    said = next((one for one in document["schemas"] if one.get("schema-id") == schema_id), None)
    if said is None:
        raise NotFound("schema", str(schema_id))
    try:
        return Schema.model_validate(said)
    except ValueError as error:
        raise Unsupported("the schema of the table holds types that scans are not planned for") from error


def specs_of(document: Json) -> Mapping[int, PartitionSpec]:
    """Partition specs by their ids; raises `Unsupported` for transforms of several columns."""
    try:
        return {spec["spec-id"]: PartitionSpec.model_validate(spec) for spec in document["partition-specs"]}
    except ValueError as error:
        raise Unsupported("the table has partition specs that scans are not planned for") from error


def with_sources(schema: Schema, spec: PartitionSpec, document: Json) -> Schema:
    """The schema, and below other names those columns that a spec still speaks of though they were dropped."""
    missing = {field.source_id for field in spec.fields} - set(schema.field_ids)
    if not missing:
        return schema
    added: list[Any] = []
    for source in sorted(missing):
        types = (_type_of(other, source) for other in reversed(document["schemas"]))
        kind = next((one for one in types if one is not None), None)
        if kind is None:
            raise Unsupported(f"the table is partitioned by column {source}, which none of its schemas has")
        added.append(NestedField(source, f"dropped column {source}", kind, required=False))
    return Schema(*schema.fields, *added)


def _type_of(said: Json, id_: int) -> Any:
    try:
        return Schema.model_validate(said).find_field(id_).field_type
    except ValueError:
        return None
