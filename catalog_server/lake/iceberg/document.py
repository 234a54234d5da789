"""The table metadata document: a new one, a completed old one, and what is done to every one before it is kept."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Mapping
from typing import Any

from catalog_server.lake.iceberg import partitions, schema, shapes
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid

FORMAT_VERSION_DEFAULT = 2
FORMAT_VERSION_MAX = 3
ROW_LINEAGE_VERSION = 3
MAIN = "main"
RESERVED_PROPERTIES = frozenset(
    (
        "format-version",
        "uuid",
        "snapshot-count",
        "current-snapshot-summary",
        "current-snapshot-id",
        "current-snapshot-timestamp-ms",
        "current-schema",
        "default-partition-spec",
        "default-sort-order",
    )
)
NEW_TABLE_PROPERTIES = {"write.parquet.compression-codec": "zstd"}
PREVIOUS_VERSIONS_MAX = "write.metadata.previous-versions-max"
_PREVIOUS_VERSIONS_DEFAULT = 100
_CLOCK_SKEW_MS = 60_000
_NUMBERS = (
    "last-updated-ms",
    "last-column-id",
    "current-schema-id",
    "default-spec-id",
    "last-partition-id",
    "default-sort-order-id",
)
_ENTRY_IDS = {
    "schemas": ("schema-id",),
    "partition-specs": ("spec-id",),
    "sort-orders": ("order-id",),
    "snapshots": ("snapshot-id", "timestamp-ms"),
    "statistics": ("snapshot-id",),
    "partition-statistics": ("snapshot-id",),
    "snapshot-log": ("timestamp-ms", "snapshot-id"),
    "metadata-log": ("timestamp-ms",),
}
_FIELD_KEYS = {"partition-specs": ("name", "transform"), "sort-orders": ("transform", "direction", "null-order")}


def new_document(
    location: str,
    schema_: Json,
    partition_spec: Json | None = None,
    sort_order: Json | None = None,
    properties: Mapping[str, str] | None = None,
    format_version: int | None = None,
    now_ms: int | None = None,
) -> Json:
    """The document of a new table, with fresh field ids for everything.

    The format version is the argument, else the property `format-version`, else 2; reserved properties are left out.

    Raises:
        Invalid: schema, spec, order, properties or version cannot make a table.
    """
    given = shapes.string_map_of(dict(properties or {}), "properties")
    version = _version_of(given, format_version)
    schema.check(schema_, version)
    ids = itertools.count(1)
    fresh, renumbered = schema.with_fresh_ids(schema_, 0, lambda: next(ids))
    fields = schema.index(fresh)
    spec = _fresh_spec(partition_spec, renumbered, fields)
    order = _fresh_order(sort_order, renumbered, fields)
    document = {
        **empty_document(version),
        "location": strip_slash(location),
        "last-updated-ms": current_ms() if now_ms is None else now_ms,
        "last-column-id": schema.highest_id(fields),
        "schemas": [fresh],
        "partition-specs": [spec],
        "last-partition-id": partitions.last_field_id(spec),
        "default-sort-order-id": order["order-id"],
        "sort-orders": [order],
        "properties": {
            **NEW_TABLE_PROPERTIES,
            **{key: value for key, value in given.items() if key not in RESERVED_PROPERTIES},
        },
    }
    return finished(document)


def empty_document(format_version: int) -> Json:
    """A document with a new uuid and nothing in it: what the updates of a create commit start from."""
    document: Json = {
        "format-version": format_version,
        "table-uuid": str(uuid.uuid4()),
        "location": None,
        "last-sequence-number": 0,
        "last-updated-ms": 0,
        "last-column-id": 0,
        "current-schema-id": 0,
        "schemas": [],
        "default-spec-id": 0,
        "partition-specs": [],
        "last-partition-id": partitions.FIRST_PARTITION_ID - 1,
        "default-sort-order-id": 0,
        "sort-orders": [],
        "properties": {},
        "current-snapshot-id": no_snapshot(format_version),
        "refs": {},
        "snapshots": [],
        "statistics": [],
        "partition-statistics": [],
        "snapshot-log": [],
        "metadata-log": [],
    }
    if format_version >= ROW_LINEAGE_VERSION:
        document["next-row-id"] = 0
    return document


def check_version(version: int, what: str = "format-version") -> int:
    """The format version, when this server writes it.

    Raises:
        Invalid: it is not 1, 2 or 3.
    """
    if not 1 <= version <= FORMAT_VERSION_MAX:
        raise Invalid(what, f"Unsupported format version: v{version} (supported: v{FORMAT_VERSION_MAX})")
    return version


def _version_of(properties: Mapping[str, str], format_version: int | None) -> int:
    if format_version is not None:
        return check_version(format_version)
    text = properties.get("format-version", str(FORMAT_VERSION_DEFAULT))
    if not text.isdecimal() or len(text) > 9:
        raise Invalid("properties.format-version", f"must be a number, not {text}")
    return check_version(int(text), "properties.format-version")


def _fresh_spec(spec: Json | None, renumbered: dict[int, int], fields: dict[int, schema.Field]) -> Json:
    moved = partitions.with_sources(shapes.object_of(spec or {"fields": []}, "partition-spec"), renumbered, "spec")
    moved["fields"] = [{key: value for key, value in field.items() if key != "field-id"} for field in moved["fields"]]
    partitions.check_spec(moved, fields)
    return partitions.bind_spec(moved, 0, (), partitions.FIRST_PARTITION_ID - 1)


def _fresh_order(order: Json | None, renumbered: dict[int, int], fields: dict[int, schema.Field]) -> Json:
    moved = partitions.with_sources(shapes.object_of(order or {"fields": []}, "write-order"), renumbered, "sort-order")
    partitions.check_order(moved, fields)
    return {**moved, "order-id": 1 if moved["fields"] else 0}


class Completed(dict[str, Any]):
    """A document that has every key that later code reads, known to be well formed; never changed once it is one."""


def completed(document: Json) -> Json:
    """The document with every key that later code reads: version 1 lets most of them be left out.

    One that is complete is given back as it is, since looking at thousands of snapshots takes time.

    Raises:
        Invalid: a known key has a wrong shape; unknown keys are kept as they are.
    """
    if isinstance(document, Completed):
        return document
    version = check_version(shapes.get_integer(shapes.object_of(document, "metadata"), "format-version"))
    full = {**empty_document(version), **document}
    if document.get("table-uuid") is None:
        full["table-uuid"] = None
    _complete_schemas(full, document)
    _complete_specs(full, document)
    _check_entries(full)
    _bind_specs(full, document)
    full["properties"] = shapes.string_map_of(full["properties"] or {}, "properties")
    if not full["sort-orders"]:
        full.update({"sort-orders": [{"order-id": 0, "fields": []}], "default-sort-order-id": 0})
    current = shapes.find_long(full, "current-snapshot-id")
    full["current-snapshot-id"] = no_snapshot(version) if current in (None, -1) else current
    refs = shapes.object_of(full["refs"] or {}, "refs")
    if MAIN not in refs and current not in (None, -1):
        refs = {**refs, MAIN: {"snapshot-id": current, "type": "branch"}}
    full["refs"] = {name: shapes.object_of(ref, f"refs.{name}") for name, ref in refs.items()}
    for key in _NUMBERS:
        shapes.get_long(full, key)
    for key in ("last-sequence-number", "next-row-id"):
        if shapes.find_long(full, key) is None:
            full.pop(key, None)
    for key in ("location", "table-uuid"):
        shapes.find_string(full, key)
    if full.get("encryption-keys") is not None:
        shapes.objects_of(full["encryption-keys"], "encryption-keys")
    return Completed(full)


def _complete_schemas(full: Json, document: Json) -> None:
    if not document.get("schemas") and document.get("schema") is not None:
        only = shapes.object_of(document["schema"], "schema")
        full["schemas"] = [{**only, "schema-id": only.get("schema-id", 0)}]
        full["current-schema-id"] = full["schemas"][0]["schema-id"]


def _complete_specs(full: Json, document: Json) -> None:
    if not document.get("partition-specs") and document.get("partition-spec") is not None:
        full["partition-specs"] = [{"spec-id": 0, "fields": document["partition-spec"]}]
        full["default-spec-id"] = 0


def _bind_specs(full: Json, document: Json) -> None:
    """Give the specs of version 1, which may have none, their field ids, and the table the last one assigned."""
    first = partitions.FIRST_PARTITION_ID
    full["partition-specs"] = [
        partitions.bind_spec(spec, spec["spec-id"], (), first - 1) for spec in full["partition-specs"]
    ]
    if document.get("last-partition-id") is None:
        full["last-partition-id"] = max(map(partitions.last_field_id, full["partition-specs"]), default=first - 1)


def _check_entries(full: Json) -> None:
    """Hold every array's entries to what later code reads of them."""
    for key, ids in _ENTRY_IDS.items():
        full[key] = shapes.objects_of(full[key] or [], key)
        for position, item in enumerate(full[key]):
            for id_key in ids:
                if type(item.get(id_key)) is not int:
                    shapes.get_long(item, id_key, f"{key}[{position}]")
    for key, wanted in _FIELD_KEYS.items():
        for position, item in enumerate(full[key]):
            for number, field in enumerate(shapes.objects_of(item.get("fields"), f"{key}[{position}].fields")):
                where = f"{key}[{position}].fields[{number}]"
                partitions.source_id(field, where)
                for name in wanted:
                    shapes.get_string(field, name, where)


def finished(document: Json) -> Json:
    """The document as it is written: keys that one format version wants and another forbids are set right."""
    done = dict(document)
    if done["format-version"] == 1:
        done.pop("last-sequence-number", None)
        done["schema"] = current_schema(done)
        done["partition-spec"] = default_spec(done)["fields"]
    else:
        done.pop("schema", None)
        done.pop("partition-spec", None)
        done.setdefault("last-sequence-number", 0)
    if done["format-version"] >= ROW_LINEAGE_VERSION:
        done["next-row-id"] = done.get("next-row-id") or 0
    if snapshot_id(done) is None:
        done["current-snapshot-id"] = no_snapshot(done["format-version"])
    return done if done["format-version"] == 1 else Completed(done)


def with_previous_file(document: Json, location: str, updated_ms: int) -> list[Json]:
    """The metadata log of `document` with one more file, cut to `write.metadata.previous-versions-max`."""
    text = document["properties"].get(PREVIOUS_VERSIONS_MAX, "")
    limit = int(text) if text.isdecimal() and len(text) < 10 else _PREVIOUS_VERSIONS_DEFAULT
    log: list[Json] = [*document["metadata-log"], {"timestamp-ms": updated_ms, "metadata-file": location}]
    return log[-max(1, limit) :]


def check_logs(document: Json) -> None:
    """Raise `Invalid` when times go backwards by more than a clock's error: no reader would load the table."""
    for key in ("snapshot-log", "metadata-log"):
        times = [entry.get("timestamp-ms") for entry in document[key]]
        last = times[-1] if times and set(map(type, times)) == {int} and times == sorted(times) else None
        for position, entry in enumerate(document[key] if last is None else ()):
            at = entry.get("timestamp-ms")
            if type(at) is not int:
                at = shapes.get_long(entry, "timestamp-ms", f"{key}[{position}]")
            if last is not None and at - last < -_CLOCK_SKEW_MS:
                raise Invalid(key, f"entries are not in order of time: {at} after {last}")
            last = at
        if last is not None and document["last-updated-ms"] - last < -_CLOCK_SKEW_MS:
            updated = document["last-updated-ms"]
            raise Invalid(key, f"Invalid update timestamp {updated}: before last {key} entry at {last}")


def current_schema(document: Json) -> Json:
    """The current schema.

    Raises:
        Invalid: the document names a schema that it does not hold.
    """
    return by_id(document, "schemas", "schema-id", document["current-schema-id"])


def default_spec(document: Json) -> Json:
    """The default partition spec; raises `Invalid` when the document does not hold it."""
    return by_id(document, "partition-specs", "spec-id", document["default-spec-id"])


def default_order(document: Json) -> Json:
    """The default sort order; raises `Invalid` when the document does not hold it."""
    return by_id(document, "sort-orders", "order-id", document["default-sort-order-id"])


def snapshot_id(document: Json) -> int | None:
    """The current snapshot's id, None when the table has no current snapshot."""
    current: int | None = document.get("current-snapshot-id")
    return None if current == -1 else current


def current_snapshot(document: Json) -> Json | None:
    """The current snapshot, None when there is none."""
    current = snapshot_id(document)
    newest_first = reversed(document["snapshots"]) if current is not None else ()
    return next((item for item in newest_first if item.get("snapshot-id") == current), None)


def by_id(document: Json, key: str, id_key: str, id_: int) -> Json:
    """The entry of the array `key` whose `id_key` is `id_`; raises `Invalid` when there is none."""
    for item in document[key]:
        if item.get(id_key) == id_:
            found: Json = item
            return found
    raise Invalid(key, f"there is no {id_key} {id_}")


def no_snapshot(format_version: int) -> int | None:
    """How a format version writes that there is no current snapshot."""
    return None if format_version >= ROW_LINEAGE_VERSION else -1


def strip_slash(location: str) -> str:
    """A location without slashes at its end; the root of a file system keeps what makes it one."""
    stripped = location.rstrip("/")
    return location if stripped.endswith(":") or not stripped else stripped


def current_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
