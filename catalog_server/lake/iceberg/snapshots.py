"""Snapshots, branches, tags, statistics and the snapshot log of a document under change."""

from __future__ import annotations

from collections.abc import Iterable

from catalog_server.lake.iceberg import shapes
from catalog_server.lake.iceberg.change import Change
from catalog_server.lake.iceberg.document import MAIN, ROW_LINEAGE_VERSION, no_snapshot, snapshot_id
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid, RequirementFailed

BRANCH, TAG = "branch", "tag"
_REF_LIMITS = ("min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms")


def add_snapshot(change: Change, snapshot: Json) -> None:
    """Add a snapshot that no reference points to yet.

    Raises:
        Invalid: malformed, or its id is taken.
        RequirementFailed: its sequence number or first row id is behind the table: the writer must refresh.
    """
    _check_snapshot(change, snapshot)
    document = change.document
    id_, sequence = snapshot["snapshot-id"], snapshot.get("sequence-number") or 0
    for key, what in (("schemas", "schema"), ("partition-specs", "partition spec"), ("sort-orders", "sort order")):
        if not document[key]:
            raise Invalid("snapshot", f"Attempting to add a snapshot before a {what} is added")
    if id_ in change.snapshots:
        raise Invalid("snapshot.snapshot-id", f"Snapshot already exists for id: {id_}")
    last = document.get("last-sequence-number") or 0
    if change.format_version > 1 and sequence <= last and snapshot.get("parent-snapshot-id") is not None:
        _stale(f"Cannot add snapshot with sequence number {sequence} older than last sequence number {last}")
    if change.format_version >= ROW_LINEAGE_VERSION:
        _assign_rows(change, snapshot)
    if change.format_version > 1:
        change.set("last-sequence-number", max(last, sequence))
    change.snapshots[id_] = snapshot
    change.changed = True
    change.added_snapshots.add(id_)


def _check_snapshot(change: Change, snapshot: Json) -> None:
    where = "snapshot"
    shapes.get_long(snapshot, "snapshot-id", where)
    shapes.get_long(snapshot, "timestamp-ms", where)
    sequence = shapes.find_long(snapshot, "sequence-number", where)
    if change.format_version == 1 and sequence:
        raise Invalid(f"{where}.sequence-number", f"must be 0 in v1: {sequence}")
    for key in ("parent-snapshot-id", "first-row-id", "added-rows"):
        shapes.find_long(snapshot, key, where)
    shapes.find_integer(snapshot, "schema-id", where)
    shapes.find_string(snapshot, "key-id", where)
    if change.format_version == 1 and "manifests" in snapshot:
        shapes.strings_of(snapshot["manifests"], f"{where}.manifests")
    else:
        shapes.get_string(snapshot, "manifest-list", where)
    if snapshot.get("summary") is not None:
        shapes.get_string(
            shapes.string_map_of(snapshot["summary"], f"{where}.summary"), "operation", f"{where}.summary"
        )
    elif change.format_version > 1:
        raise Invalid(f"{where}.summary", "is missing")


def _assign_rows(change: Change, snapshot: Json) -> None:
    first, added = snapshot.get("first-row-id"), snapshot.get("added-rows")
    if first is None:
        raise Invalid("snapshot.first-row-id", "Cannot add a snapshot: first-row-id is null")
    if added is None or added < 0:
        raise Invalid("snapshot.added-rows", f"must be 0 or more in v3: {added}")
    next_row = change.document.get("next-row-id") or 0
    if first < next_row:
        _stale(f"Cannot add a snapshot, first-row-id is behind table next-row-id: {first} < {next_row}")
    change.set("next-row-id", next_row + added)


def _stale(reason: str) -> None:
    raise RequirementFailed("table", f"Validation failed, please retry: {reason}")


def set_ref(change: Change, name: str, update: Json) -> None:
    """Point a branch or tag at a snapshot; `main` decides the current snapshot.

    Raises:
        Invalid: malformed, or the snapshot is not there.
    """
    ref = _ref_of(update)
    if change.document["refs"].get(name) == ref:
        return
    id_ = ref["snapshot-id"]
    snapshot = change.snapshots.get(id_)
    if snapshot is None:
        raise Invalid("snapshot-id", f"Cannot set {name} to unknown snapshot: {id_}")
    if name == MAIN:
        if ref["type"] != BRANCH:
            raise Invalid("type", f"Cannot set {MAIN} to a tag, it must be a branch")
        at = snapshot["timestamp-ms"] if id_ in change.added_snapshots else change.now_ms
        change.set("current-snapshot-id", id_)
        change.document["snapshot-log"].append({"timestamp-ms": at, "snapshot-id": id_})
        change.made_current.append(id_)
    change.document["refs"][name] = ref
    change.changed = True


def _ref_of(update: Json) -> Json:
    id_ = shapes.get_long(update, "snapshot-id")
    type_ = shapes.get_string(update, "type").lower()
    if type_ not in (BRANCH, TAG):
        raise Invalid("type", f"must be branch or tag, not {update['type']}")
    ref: Json = {"snapshot-id": id_, "type": type_}
    for key in _REF_LIMITS:
        value = shapes.find_long(update, key)
        if value is None:
            continue
        if type_ == TAG and key != "max-ref-age-ms":
            raise Invalid(key, f"Tags do not support setting {key}")
        if value <= 0:
            raise Invalid(key, f"must be greater than 0: {value}")
        ref[key] = value
    return ref


def remove_ref(change: Change, name: str) -> None:
    """Remove a branch or tag; without `main` the table has no current snapshot."""
    if name == MAIN and snapshot_id(change.document) is not None:
        change.set("current-snapshot-id", no_snapshot(change.format_version))
    if change.document["refs"].pop(name, None) is not None:
        change.changed = True


def remove_snapshots(change: Change, ids: Iterable[int]) -> None:
    """Remove snapshots with their statistics and the references that pointed to them."""
    gone = change.snapshots.keys() & set(ids)
    for id_ in gone:
        del change.snapshots[id_]
        drop_statistics(change, "statistics", id_)
        drop_statistics(change, "partition-statistics", id_)
    if gone:
        change.changed = change.removed_snapshots = True
    for name in [
        name for name, ref in change.document["refs"].items() if ref.get("snapshot-id") not in change.snapshots
    ]:
        remove_ref(change, name)


def put_statistics(change: Change, key: str, entry: Json, where: str) -> None:
    """Set the statistics file of a snapshot; it replaces the one that was there."""
    id_ = shapes.get_long(entry, "snapshot-id", where)
    shapes.get_string(entry, "statistics-path", where)
    shapes.get_long(entry, "file-size-in-bytes", where)
    if key == "statistics":
        shapes.get_long(entry, "file-footer-size-in-bytes", where)
        shapes.objects_of(entry.get("blob-metadata"), f"{where}.blob-metadata")
    change.set(key, [item for item in change.document[key] if item.get("snapshot-id") != id_] + [entry])


def drop_statistics(change: Change, key: str, id_: int) -> None:
    """Remove the statistics file of a snapshot, if there is one."""
    left = [item for item in change.document[key] if item.get("snapshot-id") != id_]
    if len(left) != len(change.document[key]):
        change.set(key, left)


def trim_log(change: Change) -> None:
    """Take from the snapshot log what was current only inside this commit, and what went before a removed snapshot.

    A gap in the history would make time travel believe that an older snapshot was current in it.

    Raises:
        Invalid: the log's last entry is not the current snapshot.
    """
    current = snapshot_id(change.document)
    passing = {id_ for id_ in change.made_current if id_ in change.added_snapshots and id_ != current}
    if not passing and not change.removed_snapshots:
        return
    present = change.snapshots
    log: list[Json] = []
    for entry in change.document["snapshot-log"]:
        if entry.get("snapshot-id") not in present:
            log = [] if change.removed_snapshots else log
        elif entry.get("snapshot-id") not in passing:
            log.append(entry)
    if current in present and (not log or log[-1].get("snapshot-id") != current):
        raise Invalid("snapshot-log", "Cannot set invalid snapshot log: latest entry is not the current snapshot")
    change.document["snapshot-log"] = log
