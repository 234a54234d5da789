"""Any number of values or rows given to a statement as one parameter, so that a call takes as many statements for ten
thousand things as for ten.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

from catalog_server.model.names import UNKEPT
from catalog_server.store.schema.base import Json, json_text
from catalog_server.store.transaction import Transaction


def among(tx: Transaction, compared: Column[Any], values: Collection[str] | Collection[int]) -> ColumnElement[bool]:
    """Whether a column has one of the values. Texts that the store cannot keep are equal to none."""
    text = json.dumps([one for one in values if not (isinstance(one, str) and UNKEPT.search(one))])
    if not tx.is_postgresql:
        return compared.in_(select(func.json_each(text).table_valued("value").c.value))
    each: Any = func.json_array_elements_text(cast(literal(text, Text), postgresql.JSON))
    if isinstance(compared.type, BigInteger | Integer):
        each = cast(each, BigInteger)
    return compared == func.any(func.array(select(each).scalar_subquery()))


def given(table: Table, rows: Sequence[Mapping[str, Any]]) -> TableValuedAlias:
    """Rows of values for columns of a table as something that PostgreSQL selects from; all say the same columns."""
    columns = [table.c[name] for name in rows[0]]
    documents = [one.name for one in columns if isinstance(one.type, Json)]
    said = [{**row, **{name: json_text(row[name]) for name in documents}} for row in rows] if documents else rows
    text = json.dumps(said, default=_hexadecimal)
    typed = [column(one.name, one.type) for one in columns]
    each = func.json_to_recordset(cast(literal(text, Text), postgresql.JSON)).table_valued(*typed)
    return each.render_derived(name="given", with_types=True)


def _hexadecimal(value: bytes) -> str:
    return f"\\x{value.hex()}"


def change(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], **further: Any) -> None:
    """Give rows, found by their `id`, other values, and all of them the `further` ones."""
    names = [name for name in rows[0] if name != "id"]
    if tx.is_postgresql:
        new = given(table, rows)
        changed = update(table).where(table.c.id == new.c.id).values(**{name: new.c[name] for name in names}, **further)
        tx.connection.execute(changed)
        return
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    statement = update(table).where(table.c.id == bindparam("new_id")).values(**values, **further)
    tx.connection.execute(statement, [{f"new_{name}": value for name, value in row.items()} for row in rows])
