"""Statements that the catalog itself answers: SHOW, DESCRIBE; and EXPLAIN, told apart before parsing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog_server.model.connection import TABLELESS_KINDS
from catalog_server.model.errors import Invalid, InvalidQuery, NotFound, Unsupported
from catalog_server.model.expressions import like_pattern
from catalog_server.model.names import DatabaseName, name_key

if TYPE_CHECKING:
    from catalog_server.query.federation import Federation

_WORDS = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<name>\"(?:[^\"]|\"\")*\")|(?P<text>'(?:[^']|'')*')|(?P<word>\w+)|(?P<mark>\S)",
    re.DOTALL,
)
_FIRST = ("show", "describe", "desc", "explain")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows that need no engine; all columns are varchar."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def explained(sql: str) -> tuple[str, int] | None:
    """The statement behind EXPLAIN and where it begins; None for any other. Raises `Unsupported` for ANALYZE."""
    tokens = _tokens(sql, 12)
    if not tokens or tokens[0].text.lower() != "explain":
        return None
    at = 1
    if len(tokens) > 1 and tokens[1].text.lower() == "analyze":
        raise Unsupported("EXPLAIN ANALYZE is not supported by the embedded engine")
    if len(tokens) > 1 and tokens[1].text == "(":
        at = next((index for index, token in enumerate(tokens) if token.text == ")"), len(tokens)) + 1
    if at >= len(tokens):
        raise InvalidQuery("mismatched input '<EOF>': EXPLAIN is followed by a query", *_position(sql, len(sql)))
    return sql[tokens[at].start :], tokens[at].start


def _tokens(sql: str, count: int | None = None) -> list[_Token]:
    made = []
    for found in _WORDS.finditer(sql):
        if found.lastgroup and found.lastgroup != "comment":
            made.append(_Token(found.lastgroup, found.group(), found.start()))
            if count is not None and len(made) >= count:
                break
    return made


def _position(sql: str, at: int) -> tuple[int, int]:
    before = sql[:at]
    return before.count("\n") + 1, at - before.rfind("\n")


class _Reader:
    """Reads the words of a SHOW or DESCRIBE."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.tokens = _tokens(sql.rstrip().removesuffix(";"))
        self.at = 0

    def peek(self) -> str:
        """The next word in lower case, empty at the end."""
        return self.tokens[self.at].text.lower() if self.at < len(self.tokens) else ""

    def word(self, *wanted: str) -> bool:
        """Take the next word if it is one of these."""
        if self.peek() in wanted:
            self.at += 1
            return True
        return False

    def error(self, expected: str) -> InvalidQuery:
        """The error at the next word."""
        token = self.tokens[self.at] if self.at < len(self.tokens) else _Token("end", "<EOF>", len(self.sql))
        return InvalidQuery(
            f"mismatched input '{token.text}'. Expecting: {expected}", *_position(self.sql, token.start)
        )

    def path(self) -> list[str]:
        """A dotted name."""
        parts = [self._name()]
        while self.word("."):
            parts.append(self._name())
        return parts

    def _name(self) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at].kind not in ("name", "word"):
            raise self.error("<identifier>")
        token = self.tokens[self.at]
        self.at += 1
        return token.text[1:-1].replace('""', '"') if token.kind == "name" else token.text

    def like(self) -> re.Pattern[str] | None:
        """An optional LIKE pattern."""
        if not self.word("like"):
            return None
        if self.at >= len(self.tokens) or self.tokens[self.at].kind != "text":
            raise self.error("<string>")
        text = self.tokens[self.at].text[1:-1].replace("''", "'")
        self.at += 1
        if self.word("escape"):
            raise Unsupported("SHOW ... LIKE with ESCAPE is not supported")
        return like_pattern(text)

    def end(self) -> None:
        """Raise unless everything was read."""
        if self.at < len(self.tokens):
            raise self.error("<EOF>")


def answer(sql: str, federation: Federation) -> Answer | None:
    """The answer of a SHOW or DESCRIBE; None when the statement is neither."""
    reader = _Reader(sql)
    if reader.word("describe", "desc"):
        if reader.peek() in ("input", "output"):
            raise Unsupported("DESCRIBE INPUT and OUTPUT are not supported")
        return _columns(reader, federation)
    if not reader.word("show"):
        return None
    if reader.word("catalogs"):
        return _listed(reader, "Catalog", catalogs(federation))
    if reader.word("schemas", "databases"):
        catalog = reader.path()[0] if reader.word("from", "in") else federation.default_catalog
        if not catalog:
            raise Invalid("", "Catalog must be specified when session catalog is not set")
        return _listed(reader, "Schema", schemas(federation, catalog))
    if reader.word("tables"):
        return _tables(reader, federation)
    if reader.word("columns"):
        if not reader.word("from", "in"):
            raise reader.error("'FROM', 'IN'")
        return _columns(reader, federation)
    if reader.word("functions"):
        from catalog_server.query.functions import registry

        return _listed(reader, "Function", registry.names())
    what = reader.peek().upper()
    if what in ("CREATE", "SESSION", "STATS", "GRANTS", "ROLES", "BRANCHES"):
        raise Unsupported(f"SHOW {what} is not supported here")
    raise reader.error("'CATALOGS', 'COLUMNS', 'FUNCTIONS', 'SCHEMAS', 'TABLES'")


def _listed(reader: _Reader, label: str, names: list[str]) -> Answer:
    pattern = reader.like()
    reader.end()
    return Answer((label,), [(name,) for name in names if pattern is None or pattern.fullmatch(name)])


def _tables(reader: _Reader, federation: Federation) -> Answer:
    path = reader.path() if reader.word("from", "in") else []
    catalog, schema, _ = federation.complete([*path, ""])
    return _listed(reader, "Table", tables(federation, catalog, schema))


def _columns(reader: _Reader, federation: Federation) -> Answer:
    path = reader.path()
    pattern = reader.like()
    reader.end()
    found = federation.resolve(path)
    keys: set[str] = set()
    table = getattr(found.table, "table", None)
    if table is not None:
        keys = {key.key for key in table.partition_keys}
    rows = [
        (column.key, str(column.type), "partition key" if column.key in keys else "", column.comment or "")
        for column in found.columns
        if pattern is None or pattern.fullmatch(column.key)
    ]
    return Answer(("Column", "Type", "Extra", "Comment"), rows)


def catalogs(federation: Federation) -> list[str]:
    """Names of catalogs and of connections to databases, as SQL knows them."""
    names = {name_key(found.name) for found in federation.catalog.catalogs.list(federation.caller)}
    names |= {
        name_key(found.name)
        for found in federation.catalog.connections.list(federation.caller)
        if found.kind not in TABLELESS_KINDS
    }
    return sorted(names)


def schemas(federation: Federation, catalog: str) -> list[str]:
    """Names of the schemas of a catalog or connection; raises `Invalid` for an unknown one."""
    if federation.has_catalog(catalog):
        return sorted(
            [
                *(name_key(found.name) for found in federation.catalog.databases.list(federation.caller, catalog)),
                "information_schema",
            ]
        )
    connection = federation.connection(catalog)
    if connection is None:
        raise Invalid("", f"Catalog '{name_key(catalog)}' does not exist")
    from catalog_server.connector import open_connector

    with open_connector(connection, federation.catalog.lake) as opened:
        return sorted(name_key(name) for name in opened.databases())


def tables(federation: Federation, catalog: str, schema: str) -> list[str]:
    """Names of the tables of a schema; raises `Invalid` for an unknown one."""
    if name_key(schema) == "information_schema":
        return ["columns", "schemata", "tables"]
    missing = Invalid("", f"Schema '{name_key(schema)}' does not exist")
    if federation.has_catalog(catalog):
        name = DatabaseName(catalog, schema)
        try:
            federation.catalog.databases.get(federation.caller, name)
        except NotFound as error:
            raise missing from error
        return sorted(name_key(each) for each in federation.catalog.tables.list_names(federation.caller, name))
    connection = federation.connection(catalog)
    if connection is None:
        raise Invalid("", f"Catalog '{name_key(catalog)}' does not exist")
    from catalog_server.connector import open_connector

    with open_connector(connection, federation.catalog.lake) as opened:
        found = next((each for each in opened.databases() if name_key(each) == name_key(schema)), None)
        if found is None:
            raise missing
        return sorted(name_key(each) for each in opened.tables(found))
