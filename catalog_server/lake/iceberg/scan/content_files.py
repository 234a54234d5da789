"""Data and delete files as Iceberg REST's JSON has them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pyiceberg.conversions import to_json
from pyiceberg.manifest import DataFileContent

from catalog_server.lake.iceberg.scan.manifests import Entry
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid, Unsupported

_CONTENTS = {
    DataFileContent.DATA: "data",
    DataFileContent.POSITION_DELETES: "position-deletes",
    DataFileContent.EQUALITY_DELETES: "equality-deletes",
}
_COUNTS = ("column_sizes", "value_counts", "null_value_counts", "nan_value_counts")
_BOUNDS = ("lower_bounds", "upper_bounds")


def data_file(entry: Entry, types: tuple[Any, ...], stats: frozenset[int]) -> Json:
    """A data file with the statistics of some columns; raises `Unsupported` for a partition that JSON cannot say."""
    found = _content_file(entry, types)
    if entry.first_row_id is not None:
        found["first-row-id"] = entry.first_row_id
    if stats:
        for name in _COUNTS:
            found |= _map(name, getattr(entry.file, name), stats)
        for name in _BOUNDS:
            # Serialized as in manifests: Java's clients take bounds in this form only.
            bounds = getattr(entry.file, name) or {}
            found |= _map(name, {id_: bytes(value).hex() for id_, value in bounds.items()}, stats)
    return found


def delete_file(entry: Entry, types: tuple[Any, ...]) -> Json:
    """A delete file or a deletion vector; raises `Unsupported` for a partition that JSON cannot say."""
    found = _content_file(entry, types)
    if entry.content is DataFileContent.EQUALITY_DELETES:
        found["equality-ids"] = list(entry.file.equality_ids or ())
    offset, size = entry.place
    named = {
        "referenced-data-file": entry.referenced,
        "content-offset": offset,
        "content-size-in-bytes": size,
    }
    return found | {key: value for key, value in named.items() if value is not None}


def _content_file(entry: Entry, types: tuple[Any, ...]) -> Json:
    file = entry.file
    if len(types) != len(entry.partition):
        raise Invalid("manifest", f"the partition of {entry.path} does not fit partition spec {entry.spec_id}")
    found: Json = {
        "spec-id": entry.spec_id,
        "content": _CONTENTS[entry.content],
        "file-path": entry.path,
        "file-format": file.file_format.value.lower(),
        "partition": [_value(kind, value, entry) for kind, value in zip(types, entry.partition, strict=True)],
        "file-size-in-bytes": file.file_size_in_bytes,
        "record-count": file.record_count,
    }
    if file.key_metadata is not None:
        found["key-metadata"] = bytes(file.key_metadata).hex()
    if file.split_offsets is not None:
        found["split-offsets"] = list(file.split_offsets)
    if file.sort_order_id is not None:
        found["sort-order-id"] = file.sort_order_id
    return found


def _value(kind: Any, value: Any, entry: Entry) -> Any:
    """One value of a partition in Iceberg's JSON for single values."""
    if value is None:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        raise Unsupported(f"the partition of {entry.path} holds {value}, which cannot be told in JSON")
    try:
        return to_json(kind, value)
    except (TypeError, ValueError, OverflowError, NotImplementedError) as error:
        raise Unsupported(f"the partition of {entry.path} holds a {kind}, which cannot be told in JSON") from error


def _map(name: str, values: Mapping[int, Any] | None, wanted: frozenset[int]) -> Json:
    shown = {id_: value for id_, value in (values or {}).items() if id_ in wanted}
    if not shown:
        return {}
    return {name.replace("_", "-"): {"keys": list(shown), "values": list(shown.values())}}
