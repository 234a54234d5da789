"""What all tables of the store are made of: names, numbers, times and documents."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Integer, MetaData, String, Text, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

metadata = MetaData()

PARTITION_KEYS_INDEXED = 4
"""So many partition keys have columns of their own; the values of all stand in `partitions.key_values`."""


_TO_TEXT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_text(value: Any) -> str | None:
    """A document as `Json` keeps it; None stays nothing."""
    return None if value is None else _TO_TEXT(value)


class Json(TypeDecorator[Any]):
    """A JSON document kept as compact text, the same on SQLite and PostgreSQL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Document to text."""
        return json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Text to document."""
        return None if value is None else json.loads(value)


class ThisTransaction(FunctionElement[int]):
    """The number of the running transaction on PostgreSQL, which its snapshots speak of; nothing on SQLite."""

    type = BigInteger()
    inherit_cache = True


@compiles(ThisTransaction)
def _no_number(element: ThisTransaction, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001
    return "NULL"


@compiles(ThisTransaction, "postgresql")
def _number(element: ThisTransaction, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001
    return "pg_current_xact_id()::text::bigint"


Id = BigInteger().with_variant(Integer, "sqlite")
Name = String().with_variant(String(collation="C"), "postgresql").with_variant(String(collation="BINARY"), "sqlite")

Path = Text().with_variant(Text(collation="C"), "postgresql")
"""A location that an index finds, with what lies below it."""


def id_column() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def time_column(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable, server_default=None if nullable else "0")
