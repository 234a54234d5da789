"""What AWS Glue's crawlers write among a table's parameters, as far as it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from catalog_server.crawlers.found import CRAWLER, FoundTable
from catalog_server.model.table import TableKind

UPDATED_BY = "UPDATED_BY_CRAWLER"
"""Parameter that names the crawler which wrote the table last."""
RECORDS, RECORD_SIZE, SIZE, OBJECTS = "recordCount", "averageRecordSize", "sizeKey", "objectCount"
FIGURES = frozenset({RECORDS, RECORD_SIZE, SIZE, OBJECTS})
"""Those that change with the data."""
KINDS = frozenset({UPDATED_BY, "typeOfData", "compressionType", "classification"})


def with_figures(one: FoundTable) -> FoundTable:
    """The found table with these parameters."""
    table = one.table
    said = {**_figures(one), UPDATED_BY: table.parameters.get(CRAWLER, "")}
    if table.kind is TableKind.CONNECTION:
        said["typeOfData"] = "view" if table.parameters.get("connection.kind") == "view" else "table"
    else:
        said["typeOfData"] = "file"
        said["classification"] = table.format
        said["compressionType"] = one.options.get("compression", "none")
    return replace(one, table=replace(table, parameters={**table.parameters, **said}))


def _figures(one: FoundTable) -> dict[str, str]:
    """Sums over all partitions. Where not all know their rows, the others have as many for each byte."""
    parts = [partition.parameters for partition in one.partitions.values()] or [one.table.parameters]
    said: dict[str, str] = {}
    if all("totalSize" in part for part in parts):
        said[SIZE] = str(_sum(parts, "totalSize"))
        said[OBJECTS] = str(_sum(parts, "numFiles"))
    knowing = [part for part in parts if "numRows" in part]
    rows, size, known = _sum(knowing, "numRows"), _sum(parts, "totalSize"), _sum(knowing, "totalSize")
    if not knowing:
        return said
    if len(knowing) < len(parts):
        if not known:
            return said
        rows = round(rows * size / known)
    said[RECORDS] = str(rows)
    if rows and size:
        said[RECORD_SIZE] = str(size // rows)
    return said


def _sum(parts: list[Mapping[str, str]], key: str) -> int:
    return sum(int(part.get(key, "0")) for part in parts)
