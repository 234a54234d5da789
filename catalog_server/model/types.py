"""Column types: Hive's type language, extended by what other engines have, parsed once and said to each engine.

A column keeps its type as text (`Column.type`), as it was sent. The language is Hive's (`array<struct<a:int,b:decimal(10,2)>>`)
plus `time`, `uuid`, `json`, `timestamp_ns` and `timestamp with local time zone`, which databases and Iceberg have.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from catalog_server.model.errors import Invalid

_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)|([<>(),:])|(\d+)|`((?:[^`]|``)*)`|([^<>(),:`\s]+))")
_DEPTH_MAX = 64

PRIMITIVES = frozenset(
    "boolean tinyint smallint int bigint float double string binary date timestamp time uuid json void interval_day_time "
    "interval_year_month timestamp_ns variant geometry geography".split()
) | {"timestamp with local time zone"}
_ALIASES = {
    "integer": "int",
    "long": "bigint",
    "short": "smallint",
    "byte": "tinyint",
    "real": "float",
    "text": "string",
    "numeric": "decimal",
    "dec": "decimal",
    "timestamptz": "timestamp with local time zone",
    "timestamp_ltz": "timestamp with local time zone",
    "timestamplocaltz": "timestamp with local time zone",
    "unknown": "void",
    "null": "void",
}


@dataclass(frozen=True, slots=True)
class DataType:
    """A parsed type: `name` is the primitive's or one of decimal, char, varchar, array, map, struct, uniontype."""

    name: str
    arguments: tuple[int, ...] = ()
    """Precision and scale of a decimal, length of a char or varchar."""
    fields: tuple[tuple[str, DataType], ...] = ()
    """(name, type) of a struct's fields; ("element", type) of an array; ("key", ..), ("value", ..) of a map."""

    def __str__(self) -> str:
        if self.name == "struct":
            return f"struct<{','.join(f'{_quoted(name)}:{kind}' for name, kind in self.fields)}>"
        if self.fields:
            return f"{self.name}<{','.join(str(kind) for _, kind in self.fields)}>"
        return f"{self.name}({','.join(map(str, self.arguments))})" if self.arguments else self.name


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[^<>(),:`\s]+", name) else "`" + name.replace("`", "``") + "`"


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        self.spans: list[tuple[int, int]] = []
        """Where in the text each token stands."""
        position = 0
        stripped = text.rstrip()
        while position < len(stripped):
            match = _TOKEN.match(stripped, position)
            if match is None:
                raise Invalid("type", f"{text!r} cannot be read at character {position + 1}")
            word, mark, digits, quoted, other = match.groups()
            self.tokens.append(
                ("word", word) if word else ("mark", mark) if mark else ("number", digits) if digits
                else ("name", quoted.replace("``", "`")) if quoted is not None else ("name", other)
            )  # fmt: skip
            self.spans.append((match.start(match.lastindex or 0), match.end()))
            position = match.end()
        self.at = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, mark: str | None = None) -> str:
        kind, value = self.peek()
        if kind == "end" or (mark is not None and value != mark):
            raise Invalid("type", f"{self.text!r} ends too early or lacks {mark or 'a name'}")
        self.at += 1
        return value

    def parse(self, depth: int = 0) -> DataType:
        if depth > _DEPTH_MAX:
            raise Invalid("type", f"nested more than {_DEPTH_MAX} levels deep")
        kind, raw = self.peek()
        if kind != "word":
            raise Invalid("type", f"{self.text!r} has no type name where one should stand")
        self.at += 1
        name = _ALIASES.get(raw.lower(), raw.lower())
        if name in ("array", "map", "uniontype"):
            return self._nested(name, depth)
        if name == "struct":
            return self._struct(depth)
        arguments = self._arguments()
        if name in ("decimal", "char", "varchar"):
            return _sized(self.text, name, arguments)
        if name == "timestamp" and self.peek() == ("word", "with"):
            return self._zoned()
        if name in ("timestamp", "time") and len(arguments) == 1:
            return DataType(name)
        if name not in PRIMITIVES or arguments:
            raise Invalid("type", f"{raw!r} in {self.text!r} is not a type")
        return DataType(name)

    def _zoned(self) -> DataType:
        said = []
        while self.peek()[0] == "word" and self.peek()[1].lower() in ("with", "local", "time", "zone"):
            said.append(self.take().lower())
        if said not in (["with", "local", "time", "zone"], ["with", "time", "zone"]):
            raise Invalid("type", f"{self.text!r} is not a type")
        return DataType("timestamp with local time zone")

    def _arguments(self) -> tuple[int, ...]:
        if self.peek()[1] != "(":
            return ()
        self.take("(")
        numbers = []
        while True:
            kind, value = self.peek()
            if kind != "number":
                raise Invalid("type", f"{self.text!r} has {value!r} where a number should stand")
            numbers.append(int(self.take()))
            if self.peek()[1] != ",":
                break
            self.take(",")
        self.take(")")
        return tuple(numbers)

    def _nested(self, name: str, depth: int) -> DataType:
        self.take("<")
        kinds = [self.parse(depth + 1)]
        while self.peek()[1] == ",":
            self.take(",")
            kinds.append(self.parse(depth + 1))
        self.take(">")
        labels = {"array": ["element"], "map": ["key", "value"]}.get(name) or [str(n) for n in range(len(kinds))]
        if len(labels) != len(kinds):
            raise Invalid("type", f"{self.text!r}: {name} takes {len(labels)} types, not {len(kinds)}")
        return DataType(name, fields=tuple(zip(labels, kinds, strict=True)))

    def _struct(self, depth: int) -> DataType:
        self.take("<")
        fields = []
        while self.peek()[1] != ">":
            label = self._label()
            self.take(":")
            fields.append((label, self.parse(depth + 1)))
            if self.peek()[1] == ",":
                self.take(",")
        self.take(">")
        return DataType("struct", fields=tuple(fields))

    def _label(self) -> str:
        """A field's name: what is quoted, or all that stands before the colon, as Hive and Iceberg write names with spaces."""
        first, parts = self.at, []
        while self.peek()[0] != "end" and self.peek()[1] != ":":
            kind, value = self.peek()
            if kind == "mark":
                raise Invalid("type", f"{self.text!r} has {value!r} where a field name should stand")
            parts.append(self.take())
        return parts[0] if len(parts) == 1 else self.text[self.spans[first][0] : self.spans[self.at - 1][1]]


def _sized(text: str, name: str, arguments: tuple[int, ...]) -> DataType:
    if name == "decimal":
        precision, scale = (*arguments, 0)[:2] if arguments else (10, 0)
        if not 1 <= precision <= 38 or not 0 <= scale <= precision:
            raise Invalid("type", f"{text!r}: a decimal has 1 to 38 digits, of which at most all are behind the point")
        return DataType("decimal", (precision, scale))
    if not arguments:
        return DataType("string")
    return DataType(name, arguments[:1])


@lru_cache(maxsize=4096)
def parse_type(text: str) -> DataType:
    """Parse a type; raises `Invalid` that names the text and what is wrong with it."""
    parser = _Parser(text)
    parsed = parser.parse()
    if parser.peek()[0] != "end":
        raise Invalid("type", f"{text!r} goes on after its end")
    return parsed


_TRINO = {
    "int": "integer",
    "string": "varchar",
    "float": "real",
    "binary": "varbinary",
    "timestamp": "timestamp(3)",
    "timestamp_ns": "timestamp(9)",
    "timestamp with local time zone": "timestamp(3) with time zone",
    "time": "time(6)",
    "void": "unknown",
}
_DUCKDB = {
    "int": "INTEGER",
    "string": "VARCHAR",
    "binary": "BLOB",
    "timestamp with local time zone": "TIMESTAMPTZ",
    "void": "INTEGER",
    "variant": "JSON",
    "geometry": "BLOB",
    "geography": "BLOB",
}


def identifier(name: str) -> str:
    """A name between double quotes, as Trino and DuckDB have it."""
    return '"' + name.replace('"', '""') + '"'


def to_trino(kind: DataType) -> str:
    """The type in Trino's language."""
    if kind.name == "struct":
        return f"row({', '.join(f'{identifier(name)} {to_trino(inner)}' for name, inner in kind.fields)})"
    if kind.name in ("array", "map"):
        return f"{kind.name}({', '.join(to_trino(inner) for _, inner in kind.fields)})"
    if kind.arguments:
        return str(kind)
    return _TRINO.get(kind.name, kind.name)


def to_duckdb(kind: DataType) -> str:
    """The type in DuckDB's language."""
    inner: Callable[[DataType], str] = to_duckdb
    if kind.name == "struct":
        return f"STRUCT({', '.join(f'{identifier(name)} {inner(part)}' for name, part in kind.fields)})"
    if kind.name == "array":
        return f"{inner(kind.fields[0][1])}[]"
    if kind.name == "map":
        return f"MAP({inner(kind.fields[0][1])}, {inner(kind.fields[1][1])})"
    if kind.name in ("char", "varchar"):
        return "VARCHAR"
    if kind.arguments:
        return str(kind).upper()
    return _DUCKDB.get(kind.name, kind.name.upper())
