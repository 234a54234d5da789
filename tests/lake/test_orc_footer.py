"""The footers of ORC files, packed in every way, tell the ranges and nulls of their columns."""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.tests
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import orc

from catalog_server.lake.formats.orc_footer import footer_bytes, measures
from catalog_server.model.table import Column

TABLE = pa.table(
    {
        "n": pa.array([-5, None, 1 << 40], pa.int64()),
        "X": pa.array([1.5, -2.5, None]),
        "day": pa.array([datetime.date(1969, 12, 31), datetime.date(1970, 1, 3), None]),
        "price": pa.array([Decimal("1.50"), Decimal("-2.25"), None], pa.decimal128(9, 2)),
        "ok": pa.array([True, True, None]),
        "mixed": pa.array([True, False, None]),
        "gone": pa.array([None, None, None], pa.int32()),
        "s": ["a", "b", None],
        "inner": pa.array([{"n": 1}, {"n": 2}, None]),
        "last": pa.array([7, 8, 9], pa.int16()),
    }
)
COLUMNS = [
    Column(*one.split(" ", 1))
    for one in (
        *(
            "n bigint",
            "X double",
            "day date",
            "price decimal(9,2)",
            "ok boolean",
            "mixed boolean",
            "gone int",
            "s string",
        ),
        *("inner struct<n:bigint>", "last smallint"),
    )
]


def written(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    orc.write_table(table, sink, **options)
    return sink.getvalue()


def plain(body: bytes, columns: Sequence[Column]) -> dict[str, tuple[Any, ...]]:
    return {key: tuple(one) for key, one in measures(body, columns).items()}


@pytest.mark.parametrize("packing", ["uncompressed", "zlib", "snappy", "zstd"])
def test_ranges_and_nulls(packing: str) -> None:
    found = plain(written(TABLE, compression=packing), COLUMNS)
    low, high = found["price"][1:3]
    assert (Decimal(low), Decimal(high)) == (Decimal("-2.25"), Decimal("1.5"))
    assert {key: one for key, one in found.items() if key != "price"} == {
        "n": ("long", -5, 1 << 40, 1),
        "x": ("double", -2.5, 1.5, 1),
        "day": ("date", -1, 2, 1),
        "ok": ("boolean", 1, 1, 1),
        "gone": ("long", None, None, 3),
        "last": ("long", 7, 9, 0),
    }


def test_a_file_that_others_wrote() -> None:
    body = (Path(pyarrow.tests.__file__).parent / "data/orc/TestOrcFile.test1.orc").read_bytes()
    columns = [
        Column("int1", "int"),
        Column("double1", "double"),
        Column("boolean1", "boolean"),
        Column("byte1", "tinyint"),
    ]
    assert plain(body, columns) == {
        "int1": ("long", 65536, 65536, 0),
        "double1": ("double", -15.0, -5.0, 0),
        "byte1": ("long", 1, 100, 0),
    }


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_damaged_footer_tells_nothing_wrong_with_an_error(at: int, change: int) -> None:
    body = bytearray(written(TABLE))
    body[-1 - at % (len(body) - 1)] ^= change
    measures(bytes(body), COLUMNS)


def test_the_length_of_the_footer_is_known_by_the_last_bytes() -> None:
    body = written(TABLE)
    assert plain(body[-footer_bytes(body[-256:]) :], COLUMNS) == plain(body, COLUMNS)
