"""The catalog's types as Arrow's, and Arrow's as the catalog's."""

from __future__ import annotations

from typing import Any

from catalog_server.model.types import DataType

_UNSIGNED = {"uint8": "smallint", "uint16": "int", "uint32": "bigint"}
_SIGNED = {"int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint"}
_TO_ARROW = {
    "boolean": "bool_",
    "tinyint": "int8",
    "smallint": "int16",
    "int": "int32",
    "bigint": "int64",
    "float": "float32",
    "double": "float64",
    "binary": "binary",
    "date": "date32",
    "void": "null",
}


def to_arrow(kind: DataType) -> Any:
    """The Arrow type of a type; what Arrow has nothing like (json, uuid, intervals) travels as string."""
    import pyarrow as pa

    if kind.name == "struct":
        return pa.struct([pa.field(name, to_arrow(inner)) for name, inner in kind.fields])
    if kind.name == "map":
        return pa.map_(*(to_arrow(inner) for _, inner in kind.fields))
    if kind.name == "array":
        return pa.list_(to_arrow(kind.fields[0][1]))
    if kind.name == "decimal":
        return pa.decimal128(*kind.arguments)
    if kind.name.startswith("timestamp"):
        unit = "ns" if kind.name == "timestamp_ns" else "us"
        return pa.timestamp(unit, tz="UTC") if kind.name.endswith("zone") else pa.timestamp(unit)
    if kind.name == "time":
        return pa.time64("us")
    return getattr(pa, _TO_ARROW[kind.name])() if kind.name in _TO_ARROW else pa.string()


def from_arrow(kind: Any) -> DataType | None:
    """The catalog's type of an Arrow type; None for one that Hive has nothing like."""
    import pyarrow as pa

    checks = pa.types
    if checks.is_dictionary(kind):
        return from_arrow(kind.value_type)
    if checks.is_struct(kind):
        parts = [(item.name, from_arrow(item.type)) for item in kind]
        return _composed("struct", parts) if parts else None
    if checks.is_map(kind):
        return _composed("map", [("key", from_arrow(kind.key_type)), ("value", from_arrow(kind.item_type))])
    if checks.is_list(kind) or checks.is_large_list(kind) or checks.is_fixed_size_list(kind):
        return _composed("array", [("element", from_arrow(kind.value_type))])
    if checks.is_decimal(kind):
        return DataType("decimal", (kind.precision, kind.scale)) if 0 <= kind.scale <= kind.precision <= 38 else None
    if checks.is_timestamp(kind):
        return DataType("timestamp with local time zone" if kind.tz else "timestamp")
    return _simple(kind, checks)


def _composed(name: str, parts: list[tuple[str, DataType | None]]) -> DataType | None:
    fields = tuple((label, inner) for label, inner in parts if inner is not None)
    return DataType(name, fields=fields) if len(fields) == len(parts) else None


def _simple(kind: Any, checks: Any) -> DataType | None:
    said = str(kind)
    if said in _SIGNED or said in _UNSIGNED:
        return DataType(_SIGNED.get(said) or _UNSIGNED[said])
    if said == "uint64":
        return DataType("decimal", (20, 0))
    for check, name in (
        (checks.is_boolean, "boolean"),
        (checks.is_float64, "double"),
        (checks.is_floating, "float"),
        (checks.is_date, "date"),
        (checks.is_null, "void"),
    ):
        if check(kind):
            return DataType(name)
    if checks.is_string(kind) or checks.is_large_string(kind) or said == "string_view":
        return DataType("string")
    if checks.is_binary(kind) or checks.is_large_binary(kind) or checks.is_fixed_size_binary(kind):
        return DataType("binary")
    if said.startswith("extension<"):
        return from_arrow(kind.storage_type)
    return None
