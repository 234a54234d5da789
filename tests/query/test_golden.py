"""Statements whose answers a real Trino gave: names, types, rows and errors are the same here."""

from __future__ import annotations

import math
import re
import shutil
from typing import Any

import pytest

from catalog_server.model.errors import CatalogError, InvalidQuery
from tests.query.conftest import CALLER, Sql
from tests.query.golden import DATA, Case, cases
from tests.query.tables import make_table


def same(ours: Any, theirs: Any) -> bool:
    """Equality of JSON values; floating point numbers may differ in their last digits."""
    if isinstance(ours, float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-13, abs_tol=1e-300) or ours == theirs
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(same(a, b) for a, b in zip(ours, theirs, strict=True))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    return bool(ours == theirs) and isinstance(ours, bool) == isinstance(theirs, bool)


def plain(kind: str) -> str:
    """A type's name in one spelling."""
    return re.sub(r"decimal\((\d+),\s*(\d+)\)", r"decimal(\1,\2)", kind).lower()


@pytest.fixture(scope="session")
def warehouse(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The tables that golden statements read, as files."""
    import pyarrow.parquet as pq

    for path in sorted(DATA.glob("*.parquet")):
        folder = tmp_path_factory.mktemp(path.stem)
        shutil.copy(path, folder)
        fields = [(field.name, field.metadata[b"trino"].decode()) for field in pq.read_schema(path)]
        columns = [(name, {"integer": "int"}.get(kind, kind)) for name, kind in fields]
        make_table(sql, path.stem, f"file://{folder}", columns)


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize("case", cases(), ids=str)
def test_answer_is_trinos(sql: Sql, case: Case) -> None:
    if case.error is not None:
        with pytest.raises(CatalogError) as raised:
            sql(case.sql)
        where = (case.error["line"], case.error["column"])
        if isinstance(raised.value, InvalidQuery) and where[0] is not None and case.error["name"] != "SYNTAX_ERROR":
            assert raised.value.line == where[0]
        return
    query, rows = sql.queries.run(CALLER, case.sql)
    assert [[column.name, plain(column.type)] for column in query.columns or ()] == [
        [name, plain(kind)] for name, kind in case.columns or []
    ]
    assert same(rows, case.rows), f"\nours   {rows}\ntrino  {case.rows}"
