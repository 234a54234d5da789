"""What a Hive catalog shows of an Iceberg table: columns, parameters, and a summary for people."""

from __future__ import annotations

import json
from typing import Any

from catalog_server.lake.iceberg import document as documents
from catalog_server.lake.iceberg import partitions, schema, shapes
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.derived import derived

HIVE_PARAMETER_MAX = 32672
STORAGE_HANDLER = "org.apache.iceberg.mr.hive.HiveIcebergStorageHandler"

_HIVE_TYPES = {
    "boolean": "boolean",
    "int": "int",
    "long": "bigint",
    "float": "float",
    "double": "double",
    "date": "date",
    "time": "string",
    "string": "string",
    "uuid": "string",
    "timestamp": "timestamp",
    "timestamptz": "timestamp with local time zone",
    "fixed": "binary",
    "binary": "binary",
    "timestamp_ns": "timestamp",
    "timestamptz_ns": "timestamp with local time zone",
    "variant": "unknown",
    "unknown": "void",
    "geometry": "binary",
    "geography": "binary",
}
_OWNER = "hive.metastore.table.owner"
_RENAMED = {"gc.enabled": "external.table.purge"}
_STATISTICS = (("numFiles", "total-data-files"), ("numRows", "total-records"), ("totalSize", "total-files-size"))
_SCHEMA_ORDER = ("type", "schema-id", "identifier-field-ids", "fields")
_SPEC_ORDER = ("spec-id", "fields")
_SORT_ORDER = ("order-id", "fields")


def columns_of(document: Json) -> list[tuple[str, str, str | None]]:
    """Name, Hive type and comment of each column of the current schema.

    Raises:
        Invalid: the document has no current schema, or it is malformed.
    """
    return list(_columns(documents.current_schema(documents.completed(document))))


@derived
def _columns(current: Json) -> list[tuple[str, str, str | None]]:
    schema.fields_of(current)
    return [(field["name"], hive_type(field["type"]), field.get("doc")) for field in current["fields"]]


def hive_type(type_: Any) -> str:
    """The Hive type string of an Iceberg type, as Iceberg's own Hive catalog writes it.

    Types that Hive lacks become the nearest it has: nanoseconds `timestamp`, `unknown` becomes `void`, shapes `binary`.

    Raises:
        Invalid: no such type.
    """
    kind = schema.type_kind(type_)
    if kind == "struct":
        fields = (f"{field['name']}:{hive_type(field['type'])}" for field in type_["fields"])
        return f"struct<{','.join(fields)}>"
    if kind == "list":
        return f"array<{hive_type(type_['element'])}>"
    if kind == "map":
        return f"map<{hive_type(type_['key'])},{hive_type(type_['value'])}>"
    if kind == "decimal":
        return "".join(type_.split())
    return _HIVE_TYPES[kind]


def hive_parameters(
    document: Json, metadata_location: str, previous_metadata_location: str | None = None
) -> dict[str, str]:
    """The table parameters that Iceberg's Hive catalog would write for this document.

    A value longer than a Hive parameter may be is left out.

    Raises:
        Invalid: the document is malformed.
    """
    full = documents.completed(document)
    properties = full["properties"]
    parameters = property_parameters(full)
    if full["table-uuid"] is not None:
        parameters["uuid"] = str(full["table-uuid"])
    parameters |= {"EXTERNAL": "TRUE", "table_type": "ICEBERG", "metadata_location": metadata_location}
    if previous_metadata_location:
        parameters["previous_metadata_location"] = previous_metadata_location
    if properties.get("engine.hive.enabled", "").lower() == "true":
        parameters["storage_handler"] = STORAGE_HANDLER
    return parameters | _derived(full)


def property_parameters(document: Json) -> dict[str, str]:
    """The table parameters that are properties of the document."""
    properties = document.get("properties") or {}
    return {_RENAMED.get(key, key): value for key, value in properties.items() if key.lower() != _OWNER}


def _derived(full: Json) -> dict[str, str]:
    derived = {"snapshot-count": str(len(full["snapshots"]))}
    snapshot = documents.current_snapshot(full)
    if snapshot is not None:
        summary = shapes.string_map_of(snapshot.get("summary") or {}, "snapshot.summary")
        derived |= {ours: summary[theirs] for ours, theirs in _STATISTICS if theirs in summary}
        derived["current-snapshot-id"] = str(snapshot["snapshot-id"])
        derived["current-snapshot-timestamp-ms"] = str(snapshot["timestamp-ms"])
        derived["current-snapshot-summary"] = _text(summary)
    derived["current-schema"] = _schema_text(documents.current_schema(full))
    spec, order = documents.default_spec(full), documents.default_order(full)
    if spec["fields"]:
        derived["default-partition-spec"] = _text(_ordered(spec, _SPEC_ORDER))
    if order["fields"]:
        derived["default-sort-order"] = _text(_ordered(order, _SORT_ORDER))
    return {key: value for key, value in derived.items() if len(value) <= HIVE_PARAMETER_MAX}


@derived
def _schema_text(current: Json) -> str:
    return _text(_ordered(current, _SCHEMA_ORDER))


def _ordered(item: Json, keys: tuple[str, ...]) -> Json:
    return {key: item[key] for key in keys if key in item} | item


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def summary_of(document: Json) -> Json:
    """What a person wants to know of the table: version, current snapshot and its totals, references, partitioning.

    Raises:
        Invalid: the document is malformed.
    """
    full = documents.completed(document)
    snapshot = documents.current_snapshot(full)
    fields = schema.index(documents.current_schema(full))
    return {
        "format_version": full["format-version"],
        "uuid": full["table-uuid"],
        "location": full["location"],
        "last_updated_ms": full["last-updated-ms"],
        "snapshots": len(full["snapshots"]),
        "snapshot": None if snapshot is None else _snapshot_summary(snapshot),
        "references": {
            name: {"type": ref.get("type"), "snapshot": ref.get("snapshot-id")} for name, ref in full["refs"].items()
        },
        "partition_fields": [_partition_field(field, fields) for field in documents.default_spec(full)["fields"]],
        "sort_fields": [_sort_field(field, fields) for field in documents.default_order(full)["fields"]],
    }


def _snapshot_summary(snapshot: Json) -> Json:
    summary = shapes.string_map_of(snapshot.get("summary") or {}, "snapshot.summary")
    totals = {
        "rows": "total-records",
        "files": "total-data-files",
        "bytes": "total-files-size",
        "delete_files": "total-delete-files",
    }
    return {
        "id": snapshot["snapshot-id"],
        "timestamp_ms": snapshot["timestamp-ms"],
        "operation": summary.get("operation"),
        **{name: _number(summary.get(key)) for name, key in totals.items()},
    }


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 20 else None


def _partition_field(field: Json, fields: dict[int, schema.Field]) -> Json:
    source = fields.get(partitions.source_id(field, "partition-spec"))
    return {"name": field["name"], "transform": field["transform"], "column": source.name if source else None}


def _sort_field(field: Json, fields: dict[int, schema.Field]) -> Json:
    source = fields.get(partitions.source_id(field, "sort-order"))
    return {
        "transform": field["transform"],
        "column": source.name if source else None,
        "direction": field["direction"],
        "null_order": field["null-order"],
    }
