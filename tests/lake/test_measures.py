"""What footers measure: right where it is told, and never more than statistics can hold, however a footer is damaged."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow.orc import write_table as write_orc

from catalog_server.lake.files import FileInfo, FileReader
from catalog_server.lake.formats import orc, parquet
from catalog_server.lake.formats.base import FileProblem, FileSchema, statistics_of


class Body(FileReader):
    """One file in memory."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def size(self, location: str) -> int:
        return len(self.body)

    def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
        return self.body[start : None if length is None else start + length]


def written(table: pa.Table, format: str) -> bytes:
    sink = io.BytesIO()
    if format == "parquet":
        pq.write_table(table, sink)
    else:
        write_orc(table, sink)
    return sink.getvalue()


def look(body: bytes, format: str) -> FileSchema:
    inspect = {"parquet": parquet, "orc": orc}[format].inspect
    return inspect(Body(body), FileInfo(f"a.{format}", len(body), "", 0))


def days(*numbers: int) -> pa.Array:
    return pa.array(numbers, pa.int32()).cast(pa.date32())


def test_a_day_beyond_the_calendar_leaves_its_column_without_a_range_and_the_file_is_read() -> None:
    found = look(written(pa.table({"d": days(10_000_000, 0), "n": [1, 2]}), "parquet"), "parquet")
    assert [column.type for column in found.columns] == ["date", "bigint"]
    assert {key: tuple(one) for key, one in found.measures.items()} == {"n": ("long", 1, 2, 0)}


@pytest.mark.parametrize("format", ["parquet", "orc"])
def test_names_that_differ_in_case_alone_are_not_measured(format: str) -> None:
    table = pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "A", "b"])
    assert set(look(written(table, format), format).measures) == {"b"}


def test_a_part_of_a_column_is_not_taken_for_a_column_of_that_name() -> None:
    found = look(written(pa.table({"a.b": [1], "a": [{"b": 5}]}), "parquet"), "parquet")
    assert tuple(found.measures["a.b"]) == ("long", 1, 1, 0)


Row = tuple[int | None, int | None, Decimal | None, float | None]
_FIRST, _LAST = ((day - datetime.date(1970, 1, 1)).days for day in (datetime.date.min, datetime.date.max))
"""The ends of Python's calendar."""
_ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | st.decimals(-(10**16), 10**16, places=2),
        st.none() | st.floats(allow_nan=False, width=32),
    ),
    min_size=1,
    max_size=5,
)


def table_of(rows: list[Row]) -> pa.Table:
    numbers, dates, decimals, floats = zip(*rows, strict=True)
    return pa.table(
        {
            "n": pa.array(numbers, pa.int64()),
            "d": pa.array(dates, pa.int32()).cast(pa.date32()),
            "x": pa.array(decimals, pa.decimal128(20, 2)),
            "f": pa.array(floats, pa.float64()),
        }
    )


@given(_ROWS, st.sampled_from(["parquet", "orc"]))
def test_what_is_told_of_numbers_and_days_is_what_is_there(rows: list[Row], format: str) -> None:
    found = look(written(table_of(rows), format), format).measures
    for place, key in enumerate("nd"):
        there: list[int] = [value for row in rows if (value := row[place]) is not None]  # type: ignore[misc]
        if key not in found:
            assert key == "d"
            assert not (min(there) >= _FIRST and max(there) <= _LAST)
            continue
        ends = (min(there), max(there)) if there else (None, None)
        assert tuple(found[key])[1:] == (*ends, len(rows) - len(there))


@given(_ROWS, st.sampled_from(["parquet", "orc"]), st.data())
def test_a_damaged_footer_is_told_or_says_what_statistics_can_hold(
    rows: list[Row], format: str, data: st.DataObject
) -> None:
    body = bytearray(written(table_of(rows), format))
    for _ in range(data.draw(st.integers(1, 4))):
        body[-data.draw(st.integers(1, min(len(body), 1500)))] = data.draw(st.integers(0, 255))
    try:
        found = look(bytes(body), format)
    except FileProblem:
        return
    msgspec.msgpack.encode(found)
    for one in statistics_of(found.columns, [found], 0):
        low, high = one.data.get("low"), one.data.get("high")
        nulls = one.data["num_nulls"]
        assert isinstance(nulls, int)
        assert 0 <= nulls < 2**63
        if isinstance(low, int) and isinstance(high, int):
            assert -(2**63) <= low <= high < 2**63
