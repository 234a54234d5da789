"""Iceberg tables with nested columns, or a place of their own, on Sail: first the empty table is made, then its rows are written.

Sail 0.7 numbers the fields of a new table itself and does not read again which numbers the catalog gave them (the spec of
Iceberg's REST catalogs leaves that to the catalog). Where columns are nested the two differ, so that what it writes in one go
it refuses to divide into partitions, or cannot read back. Into a table that is there it writes by the numbers of the table.
Nor does it say where a table is to be, but in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

LOCATION = "location"
"""Property of Iceberg that names the folder of a table."""


def is_nested(schema: Any) -> bool:
    """Whether a column of a Spark schema has parts."""
    return any(field.dataType.typeName() in ("array", "map", "struct") for field in schema.fields)


def create_table(
    session: Any,
    frame: Any,
    table: str,
    partitions: Sequence[str],
    properties: Mapping[str, str],
    create: Callable[[], None],
) -> None:
    """Make the table of a quoted name with the rows of a frame; `create` is Sail's own way to do both at once.

    Where the rows cannot be written the table is dropped again.
    """
    place = properties.get(LOCATION)
    if not is_nested(frame.schema) and not place:
        create()
        return
    columns = ", ".join(f"{quoted(field.name)} {ddl(field.dataType)}" for field in frame.schema.fields)
    divided = f" PARTITIONED BY ({', '.join(map(quoted, partitions))})" if partitions else ""
    said = ", ".join(f"{_text(key)} = {_text(value)}" for key, value in properties.items() if key != LOCATION)
    more = (f" LOCATION {_text(place)}" if place else "") + (f" TBLPROPERTIES ({said})" if said else "")
    session.sql(f"CREATE TABLE {table} ({columns}) USING iceberg{divided}{more}")
    try:
        frame.write.insertInto(table)
    except BaseException:
        session.sql(f"DROP TABLE IF EXISTS {table}")
        raise


def ddl(kind: Any) -> str:
    """A Spark type as SQL has it, names of fields quoted."""
    name = kind.typeName()
    if name == "array":
        return f"ARRAY<{ddl(kind.elementType)}>"
    if name == "map":
        return f"MAP<{ddl(kind.keyType)}, {ddl(kind.valueType)}>"
    if name == "struct":
        return f"STRUCT<{', '.join(f'{quoted(field.name)}: {ddl(field.dataType)}' for field in kind.fields)}>"
    return str(kind.simpleString())


def quoted(name: str) -> str:
    """A name between backticks."""
    return "`" + name.replace("`", "``") + "`"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
