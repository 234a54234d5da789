"""Amazon Ion: what its own library writes is read back, as text and as binary, and a column's type holds all its values."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from amazon.ion import simpleion
from hypothesis import given
from hypothesis import strategies as st

from catalog_server.lake.formats import ion
from catalog_server.lake.formats.base import FileProblem, Sample
from catalog_server.lake.formats.widen import widen

NAMES = st.sampled_from(["a", "b", "C", "x y", "null", "é"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9),
    st.text(max_size=8),
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
ROWS = st.lists(st.dictionaries(NAMES, VALUES, max_size=4), max_size=5)


def read(body: bytes) -> list[Any]:
    return [json.loads(ion.as_json(row)) for row in ion.rows(io.BytesIO(body))]


@given(ROWS)
def test_text_and_binary_are_read_alike(rows: list[dict[str, Any]]) -> None:
    both = [
        simpleion.dumps(rows, binary=True, sequence_as_stream=True),
        simpleion.dumps(rows, binary=False, sequence_as_stream=True).encode(),
        simpleion.dumps(rows, binary=True),
    ]
    found = [read(body) for body in both]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == len(rows)
    for row, was in zip(found[0], rows, strict=True):
        assert set(row) == set(was)
        assert all(row[name] == value for name, value in was.items() if isinstance(value, str | bool | None))


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_a_type_holds_every_value_that_made_it(values: list[Any]) -> None:
    """What a column becomes does not depend on which of its values was last."""
    whole = ion.infer(None)
    for value in values:
        whole = widen(whole, ion.infer(value), text=True) or pytest.fail("no common type")
    for value in values:
        assert widen(whole, ion.infer(value), text=True) == whole


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-01T10:00:00.25+02:00", "2026-01-01 08:00:00.250000"),
        ("2026-01-01T10:00Z", "2026-01-01 10:00:00"),
        ("2026-01-01T10:00-00:00", "2026-01-01 10:00:00"),
        ("2026-01-01", "2026-01-01"),
        ("2026T", "2026-01-01"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1.50", "1.50"),
        ("nan", "nan"),
        ("{{aGk=}}", "aGk="),
        ('{{"a clob"}}', "a clob"),
        ("note::symbol", "symbol"),
        ("true", True),
        ("yes::false", False),
        ("null.timestamp", None),
        ("(a 1)", ["a", 1]),
    ],
)
def test_values_are_passed_on_as_json_has_them(text: str, value: Any) -> None:
    assert read(f"{{v: {text}}}".encode()) == [{"v": value}]


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_give_rows_or_a_reason(body: bytes, marked: bool) -> None:
    sample = Sample(b"", (ion.MAGIC if marked else b"") + body, None, True)
    with suppress(FileProblem):
        assert ion.inspect(sample).columns


def test_of_a_beginning_that_is_cut_off_the_whole_values_count() -> None:
    body = simpleion.dumps(
        [{"n": n, "price": Decimal("1.5")} for n in range(1000)], binary=True, sequence_as_stream=True
    )
    found = ion.inspect(Sample(b"", body[: len(body) // 2], None, False))
    assert [(column.name, column.type) for column in found.columns] == [("n", "bigint"), ("price", "decimal(2,1)")]
    assert found.rows is None
    with pytest.raises(FileProblem, match="truncated"):
        ion.inspect(Sample(b"", body[: len(body) // 2], None, True))
