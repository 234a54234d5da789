"""Schemas, documents and snapshots that the Iceberg tests share."""

from __future__ import annotations

from typing import Any

from catalog_server.lake import iceberg

Json = dict[str, Any]
NOW_MS = 1_700_000_000_000


def field(id_: int, name: str, type_: Any, required: bool = False, **more: Any) -> Json:
    """One schema field."""
    return {"id": id_, "name": name, "type": type_, "required": required, **more}


NESTED: Json = {
    "type": "struct",
    "schema-id": 7,
    "identifier-field-ids": [10],
    "fields": [
        field(10, "id", "long", required=True),
        field(20, "at", {"type": "struct", "fields": [field(21, "x", "double"), field(22, "y", "double")]}),
        field(30, "tags", {"type": "list", "element-id": 31, "element": "string", "element-required": True}),
        field(
            40,
            "props",
            {
                "type": "map",
                "key-id": 41,
                "key": "string",
                "value-id": 42,
                "value": {"type": "struct", "fields": [field(43, "n", "int")]},
                "value-required": False,
            },
        ),
        field(50, "ts", "timestamptz", doc="when"),
    ],
}
DAYS: Json = {"spec-id": 3, "fields": [{"source-id": 50, "field-id": 1234, "name": "ts_day", "transform": "day"}]}
BY_ID: Json = {
    "order-id": 9,
    "fields": [{"source-id": 10, "transform": "identity", "direction": "asc", "null-order": "nulls-first"}],
}


def table(version: int = 2, **properties: str) -> Json:
    """A new table with every kind of nesting."""
    return iceberg.new_document("s3://b/t/", NESTED, DAYS, BY_ID, properties, version, NOW_MS)


def snapshot(id_: int, sequence: int = 0, parent: int | None = None, **more: Any) -> Json:
    """A snapshot that an append would add."""
    made: Json = {
        "snapshot-id": id_,
        "timestamp-ms": NOW_MS + id_,
        "manifest-list": f"s3://b/t/metadata/snap-{id_}.avro",
        "summary": {"operation": "append", "total-records": "5", "total-data-files": "1", "total-files-size": "99"},
        "schema-id": 0,
        **more,
    }
    if sequence:
        made["sequence-number"] = sequence
    if parent is not None:
        made["parent-snapshot-id"] = parent
    return made


def append(id_: int, sequence: int = 0, parent: int | None = None, branch: str = "main", **more: Any) -> list[Json]:
    """The two updates of an append."""
    return [
        {"action": "add-snapshot", "snapshot": snapshot(id_, sequence, parent, **more)},
        {"action": "set-snapshot-ref", "ref-name": branch, "type": "branch", "snapshot-id": id_},
    ]


def apply(document: Json | None, *updates: Json, now_ms: int = NOW_MS + 1000) -> Json:
    """The document after some updates."""
    return iceberg.apply_updates(document, list(updates), now_ms)
