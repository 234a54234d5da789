"""The twenty-three table updates of a commit, applied to a document in order."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from catalog_server.lake.iceberg import document as documents
from catalog_server.lake.iceberg import partitions, shapes, snapshots
from catalog_server.lake.iceberg.change import Change
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid

Apply = Callable[[Change, Json], None]


def apply_updates(
    document: Json | None, updates: object, now_ms: int, previous_metadata_location: str | None = None
) -> Json:
    """The document after all updates; the very same object when they change nothing.

    `document` is None for a create commit: the updates then build the table from nothing. `now_ms` is the time of the
    commit in milliseconds since 1970; a clock behind the table's last change counts as that change's time.
    `previous_metadata_location` is the file that holds `document`; it enters the metadata log.

    Raises:
        Invalid: an unknown or malformed update, or one that the table's state does not allow.
        RequirementFailed: a snapshot was made from an older state of the table; the writer may refresh and retry.
    """
    shapes.check_depth(updates, "updates")
    listed = shapes.objects_of(updates, "updates")
    base = documents.empty_document(_first_version(listed)) if document is None else documents.completed(document)
    change = Change(base, max(now_ms, base["last-updated-ms"]))
    for position, update in enumerate(listed):
        shapes.apply_update(_UPDATES, change, update, f"updates[{position}]")
    if document is not None and not change.changed:
        return document
    return _built(change, None if document is None else previous_metadata_location, base)


def _first_version(updates: list[Json]) -> int:
    """The format version that a create commit asks for; lower ones may not follow."""
    for position, update in enumerate(updates):
        if update.get("action") == "upgrade-format-version":
            return documents.check_version(shapes.get_integer(update, "format-version", f"updates[{position}]"))
    return documents.FORMAT_VERSION_DEFAULT


def _built(change: Change, previous_metadata_location: str | None, base: Json) -> Json:
    document = change.document
    document["snapshots"] = list(change.snapshots.values())
    document["last-updated-ms"] = change.now_ms
    if not document["location"]:
        raise Invalid("location", f"Table location is required in format v{change.format_version}")
    if not document["schemas"] or not document["partition-specs"] or not document["sort-orders"]:
        raise Invalid("updates", "a table needs a schema, a partition spec and a sort order")
    fields = change.fields()
    partitions.check_spec(documents.default_spec(document), fields)
    partitions.check_order(documents.default_order(document), fields)
    snapshots.trim_log(change)
    if previous_metadata_location is not None:
        document["metadata-log"] = documents.with_previous_file(
            document, previous_metadata_location, base["last-updated-ms"]
        )
    documents.check_logs(document)
    return documents.finished(document)


def _assign_uuid(change: Change, update: Json) -> None:
    text = shapes.get_string(update, "uuid")
    try:
        assigned = str(uuid.UUID(text))
    except ValueError as error:
        raise Invalid("uuid", f"is not a UUID: {text}") from error
    known = change.document["table-uuid"]
    if known is not None and change.document["schemas"] and assigned != known.lower():
        raise Invalid("uuid", f"Cannot reassign the UUID of a table: {known} to {assigned}")
    if known is None or assigned != known.lower():
        change.set("table-uuid", assigned)


def _upgrade_format_version(change: Change, update: Json) -> None:
    version, current = shapes.get_integer(update, "format-version"), change.format_version
    if version > documents.FORMAT_VERSION_MAX:
        supported = f"(supported: v{documents.FORMAT_VERSION_MAX})"
        raise Invalid("format-version", f"Cannot upgrade table to unsupported format version: v{version} {supported}")
    if version < current:
        raise Invalid("format-version", f"Cannot downgrade v{current} table to v{version}")
    if version == current:
        return
    change.set("format-version", version)
    if change.document["table-uuid"] is None:
        change.set("table-uuid", str(uuid.uuid4()))


def _add_schema(change: Change, update: Json) -> None:
    change.add_schema(shapes.get_object(update, "schema"))


def _set_current_schema(change: Change, update: Json) -> None:
    id_ = change.resolve("schema", shapes.get_integer(update, "schema-id"))
    if not any(item.get("schema-id") == id_ for item in change.document["schemas"]):
        raise Invalid("schema-id", f"Cannot set current schema to unknown schema: {id_}")
    if id_ != change.document["current-schema-id"]:
        change.set("current-schema-id", id_)


def _add_spec(change: Change, update: Json) -> None:
    change.add_spec(shapes.get_object(update, "spec"))


def _set_default_spec(change: Change, update: Json) -> None:
    id_ = change.resolve("spec", shapes.get_integer(update, "spec-id"))
    if not any(item.get("spec-id") == id_ for item in change.document["partition-specs"]):
        raise Invalid("spec-id", f"Cannot set default partition spec to unknown spec: {id_}")
    if id_ != change.document["default-spec-id"]:
        change.set("default-spec-id", id_)


def _add_sort_order(change: Change, update: Json) -> None:
    change.add_order(shapes.get_object(update, "sort-order"))


def _set_default_sort_order(change: Change, update: Json) -> None:
    id_ = change.resolve("sort order", shapes.get_integer(update, "sort-order-id"))
    if not any(item.get("order-id") == id_ for item in change.document["sort-orders"]):
        raise Invalid("sort-order-id", f"Cannot set default sort order to unknown order: {id_}")
    if id_ != change.document["default-sort-order-id"]:
        change.set("default-sort-order-id", id_)


def _add_snapshot(change: Change, update: Json) -> None:
    snapshots.add_snapshot(change, shapes.get_object(update, "snapshot"))


def _set_snapshot_ref(change: Change, update: Json) -> None:
    snapshots.set_ref(change, shapes.get_string(update, "ref-name"), update)


def _remove_snapshots(change: Change, update: Json) -> None:
    snapshots.remove_snapshots(change, shapes.longs_of(update.get("snapshot-ids"), "snapshot-ids"))


def _remove_snapshot_ref(change: Change, update: Json) -> None:
    snapshots.remove_ref(change, shapes.get_string(update, "ref-name"))


def _set_location(change: Change, update: Json) -> None:
    location = documents.strip_slash(shapes.get_string(update, "location"))
    if location != change.document["location"]:
        change.set("location", location)


def _set_properties(change: Change, update: Json) -> None:
    key = "updated" if "updates" not in update and "updated" in update else "updates"
    given = shapes.string_map_of(update.get(key), key)
    if given:
        change.document["properties"].update(given)
        change.changed = True


def _remove_properties(change: Change, update: Json) -> None:
    key = "removed" if "removals" not in update and "removed" in update else "removals"
    gone = set(shapes.strings_of(update.get(key), key))
    if gone:
        left = {name: value for name, value in change.document["properties"].items() if name not in gone}
        change.set("properties", left)


def _set_statistics(change: Change, update: Json) -> None:
    snapshots.put_statistics(change, "statistics", shapes.get_object(update, "statistics"), "statistics")


def _remove_statistics(change: Change, update: Json) -> None:
    snapshots.drop_statistics(change, "statistics", shapes.get_long(update, "snapshot-id"))


def _set_partition_statistics(change: Change, update: Json) -> None:
    key = "partition-statistics"
    snapshots.put_statistics(change, key, shapes.get_object(update, key), key)


def _remove_partition_statistics(change: Change, update: Json) -> None:
    snapshots.drop_statistics(change, "partition-statistics", shapes.get_long(update, "snapshot-id"))


def _remove_partition_specs(change: Change, update: Json) -> None:
    _remove(change, "partition-specs", "spec-id", update, "spec-ids", "default-spec-id", "the default partition spec")


def _remove_schemas(change: Change, update: Json) -> None:
    _remove(change, "schemas", "schema-id", update, "schema-ids", "current-schema-id", "the current schema")


def _remove(change: Change, key: str, id_key: str, update: Json, asked: str, kept: str, words: str) -> None:
    gone = set(shapes.longs_of(update.get(asked), asked))
    if change.document[kept] in gone:
        raise Invalid(asked, f"Cannot remove {words}")
    left = [item for item in change.document[key] if item.get(id_key) not in gone]
    if len(left) != len(change.document[key]):
        change.set(key, left)


def _add_encryption_key(change: Change, update: Json) -> None:
    key = shapes.get_object(update, "encryption-key")
    id_ = shapes.get_string(key, "key-id", "encryption-key")
    shapes.get_string(key, "encrypted-key-metadata", "encryption-key")
    known = change.document.get("encryption-keys") or []
    if not any(item.get("key-id") == id_ for item in known):
        change.set("encryption-keys", [*known, key])


def _remove_encryption_key(change: Change, update: Json) -> None:
    id_ = shapes.get_string(update, "key-id")
    known = change.document.get("encryption-keys") or []
    left = [item for item in known if item.get("key-id") != id_]
    if len(left) != len(known):
        change.set("encryption-keys", left)


_UPDATES: dict[str, Apply] = {
    "assign-uuid": _assign_uuid,
    "upgrade-format-version": _upgrade_format_version,
    "add-schema": _add_schema,
    "set-current-schema": _set_current_schema,
    "add-spec": _add_spec,
    "set-default-spec": _set_default_spec,
    "add-sort-order": _add_sort_order,
    "set-default-sort-order": _set_default_sort_order,
    "add-snapshot": _add_snapshot,
    "set-snapshot-ref": _set_snapshot_ref,
    "remove-snapshots": _remove_snapshots,
    "remove-snapshot-ref": _remove_snapshot_ref,
    "set-location": _set_location,
    "set-properties": _set_properties,
    "remove-properties": _remove_properties,
    "set-statistics": _set_statistics,
    "remove-statistics": _remove_statistics,
    "set-partition-statistics": _set_partition_statistics,
    "remove-partition-statistics": _remove_partition_statistics,
    "remove-partition-specs": _remove_partition_specs,
    "remove-schemas": _remove_schemas,
    "add-encryption-key": _add_encryption_key,
    "remove-encryption-key": _remove_encryption_key,
}
UPDATE_ACTIONS = frozenset(_UPDATES)
