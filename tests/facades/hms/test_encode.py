"""Spliced answers are the bytes that the codec would have made of objects."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_server.facades.hms.encode import (
    PartitionRow,
    PartitionTemplate,
    list_bytes,
    strings_bytes,
    struct_bytes,
    with_list,
)
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from tests.wire.samples import structs

TEXT = st.text(max_size=5)
TIMES = st.integers(-(2**31), 2**31 - 1)
ROWS = st.builds(
    PartitionRow,
    st.lists(TEXT, max_size=3),
    st.none() | TEXT,
    st.none() | st.dictionaries(TEXT, TEXT, max_size=3),
    TIMES,
    TIMES,
)
STORAGE = structs(wire.BINDINGS.pair("StorageDescriptor"))


def encoded_list(name: str, value: object) -> bytes:
    """What the codec makes of the value of a method, without the header and the end of the result."""
    pair = wire.method(name).result
    return codec.encode(pair[0](success=value), pair)[3:-1]


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROWS, max_size=4), storage=STORAGE, catalog=st.none() | TEXT)
def test_a_template_makes_the_bytes_of_partition_objects(
    rows: list[PartitionRow], storage: object, catalog: str | None
) -> None:
    template = PartitionTemplate("d", "t", storage, catalog)
    objects = template.answer(rows, compact=True)
    assert b"".join(template.answer(rows, compact=False)) == encoded_list("get_partitions", objects)
    assert [template.partition(row) for row in rows] == [struct_bytes(partition) for partition in objects]


def test_a_list_inside_a_struct_is_spliced_in_its_place() -> None:
    template = PartitionTemplate("d", "t", wire.StorageDescriptor(location="file:/t"))
    rows = [PartitionRow([str(number)]) for number in range(3)]
    answer = wire.GetPartitionsByNamesResult(dictionary=wire.ObjectDictionary(values={}))
    pieces = b"".join(with_list(answer, "partitions", template.encode(rows)))
    answer.partitions = template.answer(rows, compact=True)
    assert pieces == struct_bytes(answer)


def test_a_long_list_comes_in_pieces() -> None:
    names = [f"part={number}" for number in range(100_000)]
    pieces = list(strings_bytes(iter(names), len(names)))
    assert len(pieces) > 3
    assert b"".join(pieces) == encoded_list("get_partition_names", names) == b"".join(strings_bytes(names))


def test_a_list_that_turns_out_shorter_than_it_said_breaks_off() -> None:
    pieces = list_bytes(iter([b"\0"]), 2)
    with pytest.raises(RuntimeError, match="a list of 2 elements was begun and 1 came"):
        list(pieces)
