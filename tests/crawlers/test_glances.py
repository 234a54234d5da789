"""What is told of files by their names alone."""

from hypothesis import example, given
from hypothesis import strategies as st

from catalog_server.crawlers import glances
from catalog_server.lake.formats import sniff

NAMES = st.one_of(
    st.text("ab._$\ncr", min_size=1, max_size=6),
    st.sampled_from(["a.parquet", "b.parquet", "c.csv", "x_$folder$", "a.crc", "_S"]),
)


@given(st.lists(NAMES, min_size=1, max_size=4))
@example(["a.csv", "b.c.csv"])
@example(["a.csv\nx", "b.csv"])
def test_names_that_end_alike_at_a_glance_do_so_when_each_is_looked_at(names: list[str]) -> None:
    ending = glances.sole_ending(names)
    if ending is not None:
        assert not any(sniff.is_hidden(f"table/{name}") for name in names)
        assert all(name.partition(".")[0] + ending == name for name in names)


def test_an_ending_of_several_parts_is_seen_at_a_glance() -> None:
    assert glances.sole_ending(["part-0.csv.gz", "part-1.csv.gz"]) == ".csv.gz"
    assert glances.sole_ending(["000000_0", "000001_0"]) == ""
    assert glances.sole_ending(["a.csv", "_SUCCESS"]) is None
