"""Expressions as Hive serializes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_server.facades.hms import expressions, kryo
from catalog_server.model.errors import Invalid
from catalog_server.model.expressions import parse_filter

GOLDEN = Path(__file__).parents[2] / "golden" / "kryo"
SAMPLES = sorted(GOLDEN.glob("*/*.kryo"))
SAID = {
    "equal_string": "dt = 'a'",
    "equal_int": "hr = 3",
    "less": "hr < -3",
    "less_or_equal": "hr <= 300",
    "greater": "hr < 3",
    "greater_or_equal": "hr >= 5000000000",
    "not_equal": "dt <> 'aé中 x'",
    "and": "dt = 'a' and hr > 1",
    "or": "dt = 'a' or dt = 'b'",
    "not": "not dt = 'a'",
    "in": "dt in ('a', 'b', 'a')",
    "in_int": "hr in (1, 2)",
    "between": "hr between 1 and 2",
    "not_between": "hr not between 1 and 2",
    "null": "dt is null",
    "not_null": "dt is not null",
    "shared": "dt > 'a' and dt < 'c'",
    "varchar": "dt = 'a'",
    "many": "dt in ('a', 'b') and (hr = 1 or hr is null)",
    "date": "d > '2020-01-02'",
}
UNREAD = {"function", "and_function", "hive-2.3.10/date"}
"""A call of a function, and a date of Hive 2, which is an instant in the client's time zone."""


def name_of(sample: Path) -> str:
    return sample.stem.removeprefix("planned_")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.parent.name}/{sample.stem}")
def test_an_expression_is_read_whole_or_not_at_all(sample: Path) -> None:
    found = kryo.read(sample.read_bytes())
    if {name_of(sample), f"{sample.parent.name}/{sample.stem}"} & UNREAD:
        assert found == (None, False)
    else:
        assert found == (parse_filter(SAID[name_of(sample)]), True)


def test_there_are_samples_of_both_versions() -> None:
    assert {sample.parent.name for sample in SAMPLES} == {"hive-2.3.10", "hive-4.0.1"}
    assert {name_of(sample) for sample in SAMPLES} == SAID.keys() | {"function", "and_function"}


@given(st.binary(max_size=200), st.sampled_from(SAMPLES), st.integers(0, 400))
def test_damaged_bytes_say_nothing_or_something_but_do_no_harm(noise: bytes, sample: Path, place: int) -> None:
    whole = sample.read_bytes()
    for damaged in (noise, whole[:place] + noise, whole[:place] + noise + whole[place + len(noise) :]):
        predicate, exact = kryo.read(damaged)
        assert exact <= (predicate is not None)


def test_lists_in_lists_end() -> None:
    nested = b"\x01\x00java.util.ArrayLis\xf4" + b"\x01\x02\x01\x00" * 5000
    assert kryo.read(nested) == (None, False)


LIST, FUNCTION, AND = (
    "java.util.ArrayList",
    "org.apache.hadoop.hive.ql.plan.ExprNodeGenericFuncDesc",
    "org.apache.hadoop.hive.ql.udf.generic.GenericUDFOPAnd",
)


class Writer:
    """Writes what Kryo could write, and Hive never would."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.objects = 0

    def new(self, kind: str) -> bytes:
        """The class of an object, and that it comes now."""
        self.objects += 1
        return self.kind(kind) + b"\x01"

    def kind(self, name: str) -> bytes:
        if name in self.names:
            return bytes((1, self.names.index(name)))
        self.names.append(name)
        raw = name.encode()
        return bytes((1, len(self.names) - 1)) + raw[:-1] + bytes((raw[-1] | 0x80,))

    def both(self, depth: int) -> bytes:
        """`x and x`, where x is the same, and it as well, so many times."""
        begun = self.new(LIST) + b"\x02"
        place = self.objects
        first = b"\x00" if depth == 0 else self.new(FUNCTION) + self.both(depth - 1)
        again = b"\x00" if depth == 0 else self.kind(FUNCTION) + number(place + 2)
        return begun + first + again + self.new(AND) + b"\x00" + b"\x00\x00"


def number(value: int) -> bytes:
    return bytes((value,)) if value < 0x80 else bytes((value & 0x7F | 0x80,)) + number(value >> 7)


def test_few_bytes_cannot_stand_for_many_parts() -> None:
    writer = Writer()
    writer.objects = 1
    assert kryo.read(b"\x01" + writer.both(45)) == (None, False)


def test_elements_that_take_no_bytes_are_not_counted_on() -> None:
    writer, count = Writer(), 20_000
    each = b"\x01\x00\x01" + bytes((0xC0,)) + number(100_000 >> 6) + b"\x00\x00"
    whole = writer.new(LIST) + bytes((0x40 | (count + 1) & 0x3F,)) + number((count + 1) >> 6) + each * count
    assert kryo.read(whole) == (None, False)


def test_a_length_that_goes_on_and_on_ends() -> None:
    assert kryo.read(b"\x01\x03\x01\xc0" + b"\x80" * 1_000_000) == (None, False)


def test_a_text_is_a_filter() -> None:
    said = expressions.read(b"dt='a%2Fb' AND hr='03'")
    assert said.filter is not None
    assert (said.filter.predicate, said.unknown) == (parse_filter("dt='a%2Fb' and hr='03'"), False)
    assert expressions.read(b"").filter is None
    with pytest.raises(Invalid):
        expressions.read(b"garbage")


def test_of_bytes_that_are_neither_nothing_is_known() -> None:
    assert expressions.read(b"\x01\x02\xff") == expressions.Expression(None, unknown=True)
