"""Crawling databases: the tables that a connection leads to, with their types, comments and keys."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from catalog_server.connector import Connector, SourceTable, open_connector
from catalog_server.crawlers.found import CRAWLER, SOURCE_COMMENT, FoundTable, Report
from catalog_server.crawlers.group import counted
from catalog_server.lake.filesystem import Lake
from catalog_server.model.connection import Connection
from catalog_server.model.crawler import Crawler
from catalog_server.model.errors import CatalogError, Invalid
from catalog_server.model.names import name_key
from catalog_server.model.table import Column, Table, TableKind

SCHEME = "connection:"
SCHEMA = "connection.schema"
TABLE = "connection.table"
PRIMARY_KEY = "primary_key"
"""Parameter: the names of the columns as a JSON list."""
FOREIGN_KEYS = "foreign_keys"
"""Parameter: a JSON list of objects with columns, schema, table and references."""
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Target:
    """`connection:NAME/schema/table` taken apart; `%` stands for any characters, and a part left out for all."""

    connection: str
    schema: str = "%"
    table: str = "%"


def parse_target(text: str) -> Target:
    """Take a connection's target apart; raises `Invalid`."""
    parts = text.removeprefix(SCHEME).rstrip("/").split("/")
    if not text.startswith(SCHEME) or len(parts) > 3 or not all(parts):
        raise Invalid("target", f"{text!r} is not of the form connection:NAME/schema/table, where % stands for any")
    return Target(*parts)


def crawl_connection(
    connection: Connection, lake: Lake, crawler: Crawler, target: Target, report: Report
) -> list[FoundTable]:
    """The tables of a connection that a target names; tables that cannot be described go to the report."""
    found: list[FoundTable] = []
    with open_connector(connection, lake) as source:
        schemas = [name for name in source.databases() if matches(target.schema, name)]
        several = len(schemas) > 1
        for schema in schemas:
            names = [name for name in source.tables(schema) if matches(target.table, name)]
            report.decide(f"{SCHEME}{connection.name}/{schema}", f"{counted(len(names), 'table')} by {target.table}")
            for at in range(0, len(names), _BATCH):
                report.step("describing tables", len(found), len(names))
                for one in _described(source, schema, names[at : at + _BATCH], report):
                    report.objects += 1
                    found.append(_found(connection, crawler, one, several))
    if not schemas:
        report.problem(f"{SCHEME}{connection.name}/{target.schema}", "no schema of this name is there, or may be seen")
    return found


def matches(pattern: str, name: str) -> bool:
    """Whether a name is what a pattern of a target means, in any case."""
    expression = "".join(".*" if c == "%" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, name, re.IGNORECASE | re.DOTALL) is not None


def _described(source: Connector, schema: str, names: Sequence[str], report: Report) -> list[SourceTable]:
    """The descriptions of tables, one by one where they cannot be had at once; without those that make no table."""
    try:
        described = list(source.describe_all(schema, names))
    except CatalogError:
        described = []
        for name in names:
            try:
                described.append(source.describe(schema, name))
            except CatalogError as error:
                report.problem(f"{schema}.{name}", error.message)
    kept = []
    for one in described:
        keys = [column.key for column in one.columns]
        twice = sorted({column.name for column in one.columns if keys.count(column.key) > 1})
        if twice:
            report.problem(f"{schema}.{one.name}", f"columns {', '.join(twice)} differ in case alone")
        else:
            kept.append(one)
    return kept


def _found(connection: Connection, crawler: Crawler, one: SourceTable, several: bool) -> FoundTable:
    parameters = {CRAWLER: crawler.name, SCHEMA: one.database, TABLE: one.name, "classification": connection.kind}
    if one.comment:
        parameters["comment"] = one.comment
    if one.primary_key:
        parameters[PRIMARY_KEY] = json.dumps(one.primary_key, ensure_ascii=False)
    if one.foreign_keys:
        keys = [
            {"columns": key.columns, "schema": key.database, "table": key.table, "references": key.references}
            for key in one.foreign_keys
        ]
        parameters[FOREIGN_KEYS] = json.dumps(keys, ensure_ascii=False)
    if one.rows_estimate is not None:
        parameters["numRows"] = str(one.rows_estimate)
    if one.is_view:
        parameters["connection.kind"] = "view"
    plain = f"{one.database}_{one.name}" if several else one.name
    table = Table(
        catalog=crawler.catalog,
        database=crawler.database,
        name=name_key(f"{crawler.table_prefix}{plain}"),
        kind=TableKind.CONNECTION,
        columns=tuple(_with_source_comment(column) for column in one.columns),
        parameters=parameters,
        connection=connection.name,
    )
    return FoundTable(table)


def _with_source_comment(column: Column) -> Column:
    if not column.comment:
        return column
    return replace(column, parameters={**column.parameters, SOURCE_COMMENT: column.comment})
