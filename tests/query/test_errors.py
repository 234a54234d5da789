"""Refusals: they say where in the statement the trouble is, and in Trino's words where it has some."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_server.model.errors import CatalogError, InvalidQuery, Unsupported
from catalog_server.query.functions import registry
from catalog_server.query.functions.known import KNOWN
from catalog_server.query.translate import translate
from tests.query.conftest import Sql
from tests.query.golden import FOLDER

HIDDEN = {
    "coalesce",
    "current_timestamp",
    "current_user",
    "fail",
    "format",
    "grouping",
    "localtimestamp",
    "nullif",
    "row",
    "try",
    "version",
}
"""What SHOW FUNCTIONS leaves out: special forms and functions meant for machines."""


@pytest.mark.parametrize(
    ("statement", "line", "column", "words"),
    [
        ("select nope", 1, 8, "Column 'nope' cannot be resolved"),
        ("select 1,\n  foo(2)", 2, 3, "Function 'foo' not registered"),
        ("select *\nfrom nowhere", 2, 6, "Table 'nowhere' does not exist"),
        ("select a, count(*)\nfrom (values 1) as t(a)", 1, 8, "must be an aggregate expression or appear in GROUP BY"),
        ("select x from (values 1) as t(x), (values 2) as u(x)", 1, 8, "Column 'x' is ambiguous"),
        ("select 1 +\n\n 'a'", 1, 8, "Cannot apply operator: integer + varchar(1)"),
        ("select t.b from (values 1) as t(a)", 1, 8, "Column 't.b' cannot be resolved"),
        ("select\tlower(1)", 1, 8, "Unexpected parameters (integer) for function lower"),
        ("selec 1", 1, 7, "mismatched input"),
        ("select 1 from", 1, 10, "mismatched input"),
        ("", 1, 1, "SQL statement is empty"),
        ("select 1; select 2", 1, 18, "only one statement"),
        ("select 'é', nope", 1, 13, "Column 'nope' cannot be resolved"),
    ],
)
def test_a_refusal_says_where_and_why(statement: str, line: int, column: int, words: str) -> None:
    with pytest.raises(InvalidQuery) as raised:
        translate(statement)
    assert words in raised.value.reason
    assert (raised.value.line, raised.value.column) == (line, column)


def test_an_error_below_explain_counts_from_the_beginning(sql: Sql) -> None:
    with pytest.raises(InvalidQuery) as raised:
        sql("explain\n select 1, nope")
    assert (raised.value.line, raised.value.column) == (2, 12)


def test_every_function_is_one_of_trinos() -> None:
    theirs = set((FOLDER / "functions.txt").read_text().split())
    assert set(registry.names()) - theirs == HIDDEN
    assert theirs - set(registry.names()) == KNOWN


def test_a_function_that_trino_has_and_we_lack_is_told_from_one_that_nobody_has() -> None:
    with pytest.raises(Unsupported, match="line 1:8: function soundex is not supported"):
        translate("select soundex('a')")
    with pytest.raises(InvalidQuery, match="not registered"):
        translate("select sound_of_music('a')")


@pytest.mark.parametrize("name", ["a b", 'quo"te', "semi;colon", "ünï", "x" * 300, "select", "a.b", "--", "'"])
def test_any_name_can_be_quoted(sql: Sql, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    query = sql.query(f"select {quoted} from (select 1 as {quoted})")
    assert [column.name for column in query.columns or ()] == [name]


def test_deeply_nested_statements_are_refused_and_do_not_crash() -> None:
    with pytest.raises(InvalidQuery):
        translate("select " + "(" * 3000 + "1" + ")" * 3000)
    with pytest.raises(InvalidQuery):
        translate("select " + "1 + " * 5000 + "1")


_PIECES = st.sampled_from(
    "select from where group by order ( ) , * 1 'a' x t . = + - / and or not null as case when then end in between like join on "
    "values unnest array[ ] map row cast( varchar interval day with union all limit over partition \" ' ; -- /* */ -> : ?".split()
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=20).map(" ".join))
def test_no_text_makes_the_translator_fall_over(text: str) -> None:
    with contextlib.suppress(CatalogError):
        translate(text)
