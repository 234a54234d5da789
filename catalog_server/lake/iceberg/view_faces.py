"""What Hive clients see of an Iceberg view: its columns, its parameters, and its statement as Spark, Hive and Trino look for it.

Spark and Hive read the expanded text. Trino reads the original text, and there its own coding: a comment with the
view as JSON in Base64. So one row serves all of them, each with the statement of its dialect.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import msgspec

from catalog_server.lake.iceberg import schema
from catalog_server.lake.iceberg.columns import HIVE_PARAMETER_MAX
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.lake.iceberg.views import current_version, current_view_schema, statements_of
from catalog_server.model.table import ICEBERG_VIEW

_TRINO_TYPES = {
    "int": "integer",
    "long": "bigint",
    "float": "real",
    "time": "time(6)",
    "timestamp": "timestamp(6)",
    "timestamptz": "timestamp(6) with time zone",
    "timestamp_ns": "timestamp(9)",
    "timestamptz_ns": "timestamp(9) with time zone",
    "string": "varchar",
    "fixed": "varbinary",
    "binary": "varbinary",
}
_OWNER = "hive.metastore.table.owner"
_QUERY_COLUMNS = "spark.query-column-names"
"""The property in which Spark keeps how the columns are named in the statement."""


@dataclass(frozen=True, slots=True)
class ViewFace:
    """The texts and parameters of a view's row."""

    original: str | None
    expanded: str | None
    parameters: dict[str, str]


def view_face(document: Json, location: str, previous: str | None = None) -> ViewFace:
    """What Iceberg's Hive catalog would write for a view's document, and what Spark and Trino look for besides."""
    statements = statements_of(document)
    first = next(iter(statements.values()), None)
    expanded = statements.get("hive") or statements.get("spark") or first
    parameters = _parameters(document, location, previous)
    if "trino" not in statements:
        return ViewFace(expanded, expanded, parameters | _spark_parameters(document, statements))
    coded = base64.b64encode(msgspec.json.encode(_trino_view(document, statements["trino"]))).decode()
    parameters |= _spark_parameters(document, statements) | {"presto_view": "true", "comment": "Presto View"}
    return ViewFace(f"/* Presto View: {coded} */", expanded if len(statements) > 1 else "/* Presto View */", parameters)


def _parameters(document: Json, location: str, previous: str | None) -> dict[str, str]:
    parameters = {key: value for key, value in document["properties"].items() if key.lower() != _OWNER}
    parameters |= {"uuid": document["view-uuid"], "table_type": ICEBERG_VIEW, "metadata_location": location}
    if previous:
        parameters["previous_metadata_location"] = previous
    text = msgspec.json.encode(current_view_schema(document)).decode()
    if len(text) <= HIVE_PARAMETER_MAX:
        parameters["current-schema"] = text
    return parameters


def _spark_parameters(document: Json, statements: dict[str, str]) -> dict[str, str]:
    """Where Spark looks names up that the statement gives without a database, and how it names its columns."""
    if "spark" not in statements:
        return {}
    parts = ("spark_catalog", ".".join(current_version(document)["default-namespace"]))
    parameters = {"view.catalogAndNamespace.numParts": "2"}
    parameters |= {f"view.catalogAndNamespace.part.{n}": part for n, part in enumerate(parts)}
    named = [name for name in document["properties"].get(_QUERY_COLUMNS, "").split(",") if name]
    if len(named) == len(current_view_schema(document)["fields"]):
        parameters["view.query.out.numCols"] = str(len(named))
        parameters |= {f"view.query.out.col.{n}": name for n, name in enumerate(named)}
    return parameters


def _trino_view(document: Json, statement: str) -> Json:
    version = current_version(document)
    fields = current_view_schema(document)["fields"]
    view: Json = {
        "originalSql": statement,
        "columns": [{"name": field["name"], "type": trino_type(field["type"])} for field in fields],
        "runAsInvoker": True,
        "path": [],
    }
    if version.get("default-catalog"):
        view |= {"catalog": version["default-catalog"], "schema": ".".join(version["default-namespace"])}
    if document["properties"].get("comment"):
        view["comment"] = document["properties"]["comment"]
    return view


def trino_type(type_: Any) -> str:
    """The type of Trino's Iceberg connector for an Iceberg type; raises `Invalid` for none that Iceberg knows."""
    kind = schema.type_kind(type_)
    if kind == "struct":
        quoted = ((field["name"].replace('"', '""'), trino_type(field["type"])) for field in type_["fields"])
        return "row(" + ", ".join(f'"{name}" {inner}' for name, inner in quoted) + ")"
    if kind == "list":
        return f"array({trino_type(type_['element'])})"
    if kind == "map":
        return f"map({trino_type(type_['key'])}, {trino_type(type_['value'])})"
    return "".join(type_.split()) if kind == "decimal" else _TRINO_TYPES.get(kind, kind)
