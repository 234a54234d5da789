"""Spark's own face of a table: the schema that its data source tables keep, as JSON, in their parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from catalog_server.model.errors import Invalid
from catalog_server.model.table import Column
from catalog_server.model.types import DataType, parse_type

PROVIDER = "spark.sql.sources.provider"
SCHEMA = "spark.sql.sources.schema"
_LENGTH_MAX = 4000
"""Longer texts are cut into parts, since metastores of old times allow a parameter 4,000 characters."""

_TO_SPARK = {
    "tinyint": "byte",
    "smallint": "short",
    "int": "integer",
    "bigint": "long",
    "timestamp": "timestamp_ntz",
    "timestamp_ns": "timestamp_ntz",
    "timestamp with local time zone": "timestamp",
    "time": "time(6)",
    "uuid": "string",
    "json": "string",
    "interval_day_time": "interval day to second",
    "interval_year_month": "interval year to month",
}
_FROM_SPARK = {
    "byte": "tinyint",
    "short": "smallint",
    "integer": "int",
    "long": "bigint",
    "timestamp_ntz": "timestamp",
    "time(6)": "time",
    "interval day to second": "interval_day_time",
    "interval year to month": "interval_year_month",
}


def to_spark(kind: DataType) -> Any:
    """A type as the value of `type` in Spark's JSON: a word, or an object for nested types."""
    if kind.name == "struct":
        return {"type": "struct", "fields": [_field(name, inner, {}) for name, inner in kind.fields]}
    if kind.name == "array":
        return {"type": "array", "elementType": to_spark(kind.fields[0][1]), "containsNull": True}
    if kind.name == "map":
        key, value = (to_spark(inner) for _, inner in kind.fields)
        return {"type": "map", "keyType": key, "valueType": value, "valueContainsNull": True}
    if kind.name in ("char", "varchar"):
        return "string"
    if kind.name in ("uniontype", "geometry", "geography"):
        raise Invalid("type", f"{kind} has no counterpart in Spark")
    return _TO_SPARK.get(kind.name, str(kind))


def _field(name: str, kind: DataType, metadata: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "type": to_spark(kind), "nullable": True, "metadata": dict(metadata)}


def from_spark(said: Any) -> DataType:
    """The type that Spark's JSON speaks of; both of Spark's timestamps are `timestamp`, as Hive clients see them."""
    if isinstance(said, Mapping):
        if said.get("type") == "struct":
            return DataType("struct", fields=tuple((f["name"], from_spark(f["type"])) for f in said["fields"]))
        if said.get("type") == "array":
            return DataType("array", fields=(("element", from_spark(said["elementType"])),))
        if said.get("type") == "map":
            return DataType(
                "map", fields=(("key", from_spark(said["keyType"])), ("value", from_spark(said["valueType"])))
            )
        return from_spark(said.get("sqlType", "string"))
    return parse_type(_FROM_SPARK.get(str(said), str(said)))


def schema_parameters(columns: Sequence[Column], partition_keys: Sequence[Column]) -> dict[str, str]:
    """The parameters under which Spark finds the schema of a data source table again, partition columns last."""
    fields = []
    for column in (*columns, *partition_keys):
        kind = parse_type(column.type)
        metadata = {"comment": column.comment} if column.comment else {}
        if kind.name in ("char", "varchar"):
            metadata["__CHAR_VARCHAR_TYPE_STRING"] = str(kind)
        fields.append(_field(column.name, kind, metadata))
    parameters = text_parameters(
        json.dumps({"type": "struct", "fields": fields}, separators=(",", ":"), ensure_ascii=False)
    )
    if partition_keys:
        parameters[f"{SCHEMA}.numPartCols"] = str(len(partition_keys))
        parameters |= {f"{SCHEMA}.partCol.{n}": key.name for n, key in enumerate(partition_keys)}
    return parameters


def text_parameters(text: str) -> dict[str, str]:
    """The parameters under which a schema, as Spark's JSON, is kept."""
    if len(text) <= _LENGTH_MAX:
        return {SCHEMA: text}
    parts = [text[at : at + _LENGTH_MAX] for at in range(0, len(text), _LENGTH_MAX)]
    parameters = {f"{SCHEMA}.part.{n}": part for n, part in enumerate(parts)}
    parameters[f"{SCHEMA}.numParts"] = str(len(parts))
    return parameters


def spark_columns(parameters: Mapping[str, str]) -> tuple[Column, ...] | None:
    """All columns (partition columns included) as Spark reads them, names in their own case; None without such a face.

    A schema that cannot be read is none: what Spark does with it is Spark's affair.
    """
    text = parameters.get(SCHEMA)
    try:
        if text is None and f"{SCHEMA}.numParts" in parameters:
            count = int(parameters[f"{SCHEMA}.numParts"])
            text = "".join(parameters[f"{SCHEMA}.part.{n}"] for n in range(count))
        if not text:
            return None
        columns = []
        for item in json.loads(text)["fields"]:
            metadata = item.get("metadata") or {}
            kind = metadata.get("__CHAR_VARCHAR_TYPE_STRING") or str(from_spark(item["type"]))
            columns.append(Column(item["name"], kind, metadata.get("comment")))
        return tuple(columns)
    except (ValueError, KeyError, TypeError, AttributeError, Invalid):
        return None
