"""Inside a worker: turns what a plan says about a table into a view (or a filled temporary table) of the wanted columns."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from catalog_server.model.errors import Unsupported
from catalog_server.model.types import identifier
from catalog_server.query.rows import Rows
from catalog_server.query.types import text_literal

CONSTANT_GROUPS_MAX = 16
"""Up to so many different partitions become one SELECT each; more are told apart by the number of the file."""
_NOTHING_IS_NULL = "\x01\x02none\x02\x01"


def prepare(connection: Any, scan: dict[str, Any]) -> None:
    """Make the relation `scan["alias"]`; raises `NotFound` and `Unavailable` for files that cannot be read."""
    alias, kind = identifier(scan["alias"]), scan["kind"]
    if kind == "files":
        connection.execute(f"CREATE TEMP VIEW {alias} AS {_files(connection, scan)}")
    elif kind == "attached":
        source = ".".join(identifier(part) for part in scan["source"])
        connection.execute(f"CREATE TEMP VIEW {alias} AS SELECT {_attached_columns(scan)} FROM {source}")
    elif kind == "iceberg":
        from catalog_server.query.iceberg import prepare_iceberg

        prepare_iceberg(connection, scan)
    else:
        _from_connector(connection, scan)


def empty(scan: dict[str, Any]) -> str:
    """A SELECT of no rows with the columns that are wanted."""
    columns = [*scan["columns"], *scan.get("partitions", [])]
    parts = [f"CAST(NULL AS {each['duckdb']}) AS {identifier(each['name'])}" for each in columns]
    return f"SELECT {', '.join(parts) or '1 AS one'} WHERE false"


def _files(connection: Any, scan: dict[str, Any]) -> str:
    parts = []
    for group in scan["groups"]:
        if group["files"]:
            parts += _group(connection, scan, group)
    return " UNION ALL ".join(parts) if parts else empty(scan)


def _group(connection: Any, scan: dict[str, Any], group: dict[str, Any]) -> list[str]:
    """One SELECT for the files of a group, or one for each of few partitions."""
    reader = _READERS[group["format"]](scan, group["options"])
    values, of_file = group["values"], group["of_file"]
    if not scan["partitions"]:
        return [_select(connection, reader, group["files"], [])]
    if len(values) > CONSTANT_GROUPS_MAX:
        return [_select_mapped(connection, reader, group)]
    made = []
    for index, held in enumerate(values):
        files = [file for file, at in zip(group["files"], of_file, strict=True) if at == index]
        constants = [
            f"{partition_value(text, key)} AS {identifier(key['name'])}"
            for text, key in zip(held, scan["partitions"], strict=True)
        ]
        if files:
            made.append(_select(connection, reader, files, constants))
    return made


def _columns(reader: _Reader) -> list[str]:
    return [f"{reader.column(each)} AS {identifier(each['name'])}" for each in reader.scan["columns"]]


def _select(connection: Any, reader: _Reader, files: Sequence[str], constants: list[str]) -> str:
    reader.bind(connection, files)
    columns = [*_columns(reader), *constants]
    return f"SELECT {', '.join(columns) or '1 AS one'} FROM {reader.table(files)} AS f"


def _select_mapped(connection: Any, reader: _Reader, group: dict[str, Any]) -> str:
    """The files of many partitions in one reading; the number of a row's file leads to its partition's values."""
    keys = reader.scan["partitions"]
    reader.bind(connection, group["files"])
    columns = [*_columns(reader), *(f"m.k{index} AS {identifier(key['name'])}" for index, key in enumerate(keys))]
    names = ", ".join(f"k{index}" for index in range(len(keys)))
    rows = ", ".join(
        f"({index}, {', '.join(partition_value(text, key) for text, key in zip(group['values'][at], keys, strict=True))})"
        for index, at in enumerate(group["of_file"])
    )
    source = f"(SELECT *, CAST(file_index AS BIGINT) AS catalog_file_index FROM {reader.table(group['files'])}) AS f"
    return (
        f"SELECT {', '.join(columns)} FROM {source} JOIN (VALUES {rows}) AS m(i, {names}) ON f.catalog_file_index = m.i"
    )


def partition_value(text: str | None, key: dict[str, Any]) -> str:
    """A partition's value as a constant of its key's type."""
    if text is None:
        return f"CAST(NULL AS {key['duckdb']})"
    return f"CAST({text_literal(text)} AS {key['duckdb']})"


def _list(files: Sequence[str]) -> str:
    return "[" + ", ".join(text_literal(file) for file in files) + "]"


class _Reader(ABC):
    """Reads the files of one format."""

    def __init__(self, scan: dict[str, Any], options: dict[str, Any]) -> None:
        self.scan = scan
        self.options = options

    def bind(self, connection: Any, files: Sequence[str]) -> None:  # noqa: B027
        """Learn what the files hold, where that is not declared."""

    @abstractmethod
    def table(self, files: Sequence[str]) -> str:
        """The table function over some files."""

    @abstractmethod
    def column(self, column: dict[str, Any]) -> str:
        """One column in its declared type."""


class _Parquet(_Reader):
    """Columns by name; what a file lacks is NULL."""

    held: dict[str, str]

    def bind(self, connection: Any, files: Sequence[str]) -> None:
        """Learn which columns the files have."""
        described = connection.execute(f"DESCRIBE SELECT * FROM {self.table(files)}").fetchall()
        self.held = {row[0].lower(): row[0] for row in described}

    def table(self, files: Sequence[str]) -> str:
        """The table function over some files."""
        union = ", union_by_name=true" if len(files) > 1 else ""
        return f"read_parquet({_list(files)}, hive_partitioning=false{union})"

    def column(self, column: dict[str, Any]) -> str:
        """One column in its declared type."""
        return _by_name(self.held, column)


def _by_name(held: dict[str, str], column: dict[str, Any]) -> str:
    """A column in its declared type, of files that have these names (by their lower case)."""
    found = held.get(column["name"])
    if found is None:
        return f"CAST(NULL AS {column['duckdb']})"
    made = f"CAST(f.{identifier(found)} AS {column['duckdb']})"
    return f"rtrim({made}, ' ')" if column["trino"].startswith("char(") else made


class _Csv(_Reader):
    """Every field is read as text and turned into its type; what does not fit is NULL, as Hive and Spark have it."""

    def table(self, files: Sequence[str]) -> str:
        """The table function over some files."""
        options = self.options
        columns = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in self.scan["all_columns"])
        null = options.get("null")
        said = {
            "delim": text_literal(options["delimiter"]),
            "quote": text_literal(options.get("quote") or ""),
            "escape": text_literal(options.get("escape") or ""),
            "nullstr": text_literal(_NOTHING_IS_NULL if null is None else null),
            "skip": str(int(options.get("skip", 0))),
            "header": "false",
            "null_padding": "true",
            "auto_detect": "false",
            "strict_mode": "false",
            "hive_partitioning": "false",
            "parallel": str(not options.get("quote")).lower(),
            "columns": "{" + columns + "}",
        }
        if options.get("encoding"):
            said["encoding"] = text_literal(options["encoding"])
        if options.get("compression"):
            said["compression"] = text_literal(options["compression"])
        return f"read_csv({_list(files)}, {', '.join(f'{key}={value}' for key, value in said.items())})"

    def column(self, column: dict[str, Any]) -> str:
        """One column in its declared type."""
        text = f"f.{identifier(column['name'])}"
        made = from_text(text, column)
        if column["duckdb"] == "TIMESTAMP" and self.options.get("zones"):
            made = f"coalesce({made}, timezone('UTC', {from_text(text, {**column, 'duckdb': 'TIMESTAMPTZ'})}))"
        return made


_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")


_DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_CLOCK = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
_TIMES = {
    "DATE": _DAY,
    "TIMESTAMP": f"{_DAY}([ T]{_CLOCK})?",
    "TIMESTAMPTZ": f"{_DAY}([ T]{_CLOCK})?(Z|[+-][0-9]{{2}}:?[0-9]{{2}})?",
}
"""DuckDB would take the beginning of a longer text for a date."""


def from_text(text: str, column: dict[str, Any]) -> str:
    """A text field as a value of a column's type, NULL where it is none."""
    kind = column["duckdb"]
    if kind == "VARCHAR":
        return f"rtrim({text}, ' ')" if column["trino"].startswith("char(") else text
    if kind in _WHOLE:
        return f"CASE WHEN regexp_full_match({text}, '[+-]?[0-9]+') THEN TRY_CAST({text} AS {kind}) END"
    if kind == "BOOLEAN":
        return f"CASE lower({text}) WHEN 'true' THEN true WHEN 'false' THEN false END"
    if kind in _TIMES:
        return f"CASE WHEN regexp_full_match({text}, '{_TIMES[kind]}') THEN TRY_CAST({text} AS {kind}) END"
    if kind == "BLOB":
        return f"encode({text})"
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        raise Unsupported(
            f"column {column['name']} of type {column['trino']} in a text file cannot be read by the embedded engine"
        )
    return f"TRY_CAST({text} AS {kind})"


class _Json(_Reader):
    """One object a line; keys by the column's name as the files have it."""

    def table(self, files: Sequence[str]) -> str:
        """The table function over some files."""
        declared = ", ".join(
            f"{text_literal(each['source'])}: {text_literal(each.get('nested') or each['duckdb'])}"
            for each in self.scan["columns"]
        )
        declared = declared or "'catalog_none': 'VARCHAR'"
        compression = self.options.get("compression")
        extra = f", compression={text_literal(compression)}" if compression else ""
        return (
            f"read_json({_list(files)}, format='newline_delimited', records=true, hive_partitioning=false, "
            f"columns={{{declared}}}{extra})"
        )

    def column(self, column: dict[str, Any]) -> str:
        """One column in its declared type."""
        held = f"f.{identifier(column['source'])}"
        return f"CAST({held} AS {column['duckdb']})" if column.get("nested") else held


class _Copied(_Reader):
    """Rows that Python reads, copied into a temporary table first."""

    copied: str

    def copy(self, connection: Any, rows: Rows) -> None:
        """Fill the copy of one group of files."""
        self.scan["copies"] = number = self.scan.get("copies", 0) + 1
        self.copied = identifier(f"{self.scan['alias']}_copy_{number}")
        rows.fill(connection, self.copied, f"{self.scan['alias']}_arrow")

    def table(self, files: Sequence[str]) -> str:  # noqa: ARG002
        """The copy."""
        return self.copied


class _CsvTexts(_Copied, _Csv):
    """CSV that is unpacked or decoded on the way."""

    def bind(self, connection: Any, files: Sequence[str]) -> None:
        """Copy all columns of the files."""
        from catalog_server.query.texts import read

        self.copy(connection, read(files, self.options, self.scan["all_columns"]))


class _JsonTexts(_Copied):
    """JSON objects that are unpacked or cut apart on the way."""

    def bind(self, connection: Any, files: Sequence[str]) -> None:
        """Copy the objects as text."""
        from catalog_server.query.texts import read

        self.copy(connection, read(files, self.options, ["object"]))

    def table(self, files: Sequence[str]) -> str:
        """The copy, its objects taken apart."""
        kinds = {each["source"]: each.get("nested") or each["duckdb"] for each in self.scan["columns"]}
        if not kinds:
            return super().table(files)
        fields = f"json_transform(CAST(object AS JSON), {text_literal(json.dumps(kinds))}) AS fields"
        return f"(SELECT {fields}, file_index FROM {self.copied})"

    def column(self, column: dict[str, Any]) -> str:
        """One column in its declared type."""
        held = f"f.fields.{identifier(column['source'])}"
        return f"CAST({held} AS {column['duckdb']})" if column.get("nested") else held


class _Orc(_Copied):
    """Columns by name, copied into a temporary table first; what a file lacks is NULL."""

    held: dict[str, str]

    def bind(self, connection: Any, files: Sequence[str]) -> None:
        """Copy the wanted columns of the files."""
        from catalog_server.query.orc import read

        self.held, rows = read(files, self.options["storage"], [each["name"] for each in self.scan["columns"]])
        self.copy(connection, rows)

    def column(self, column: dict[str, Any]) -> str:
        """One column in its declared type."""
        return _by_name(self.held, column)


class _Avro(_Orc):
    """As ORC, by another library."""

    def bind(self, connection: Any, files: Sequence[str]) -> None:
        """Copy the wanted columns of the files."""
        from catalog_server.query.avro import read

        self.held, rows = read(files, self.options["storage"], [each["name"] for each in self.scan["columns"]])
        self.copy(connection, rows)


_READERS: dict[str, type[_Reader]] = {
    "parquet": _Parquet,
    "csv": _Csv,
    "csv texts": _CsvTexts,
    "json": _Json,
    "json texts": _JsonTexts,
    "orc": _Orc,
    "avro": _Avro,
}


def _attached_columns(scan: dict[str, Any]) -> str:
    parts = []
    for each in scan["columns"]:
        made = f"CAST({identifier(each['source'])} AS {each['duckdb']})"
        made = f"rtrim({made}, ' ')" if each["trino"].startswith("char(") else made
        parts.append(f"{made} AS {identifier(each['name'])}")
    return ", ".join(parts) or "1 AS one"


def _from_connector(connection: Any, scan: dict[str, Any]) -> None:
    """Copy what the connector's own reader gives into a temporary table."""
    from catalog_server.connector import open_connector
    from catalog_server.model.connection import Connection
    from catalog_server.query.plan import predicate_from_json

    said = scan["connection"]
    source = Connection(said["name"], said["kind"], None, said["options"], said["secrets"])
    database, table = scan["source"]
    columns = [each["source"] for each in scan["columns"]]
    with open_connector(source) as opened:
        batches = opened.scan(database, table, columns or None, predicate_from_json(scan.get("predicate")))
        fill(connection, scan, batches)


def fill(connection: Any, scan: dict[str, Any], batches: Any) -> None:
    """Make the scan's relation a temporary table with the rows of Arrow batches; at least one batch is needed."""
    import itertools

    import pyarrow as pa

    iterator = iter(batches)
    first = next(iterator)
    reader = pa.RecordBatchReader.from_batches(first.schema, itertools.chain([first], iterator))
    held = f"{scan['alias']}_arrow"
    connection.register(held, reader)
    try:
        columns = ", ".join(f"{_arrow_column(each)} AS {identifier(each['name'])}" for each in scan["columns"])
        connection.execute(
            f"CREATE TEMP TABLE {identifier(scan['alias'])} AS SELECT {columns or '1 AS one'} FROM {identifier(held)}"
        )
    finally:
        connection.unregister(held)


def _arrow_column(column: dict[str, Any]) -> str:
    made = f"CAST({identifier(column['source'])} AS {column['duckdb']})"
    return f"rtrim({made}, ' ')" if column["trino"].startswith("char(") else made
