"""Amazon Ion, as text and binary, whole and broken."""

from __future__ import annotations

import bz2
import gzip
from typing import Any

from tests.crawlers.corpus.kit import Files, Layout, table

KIND = "Ion"
_TYPES = b"""$ion_1_0
{id: 1, name: "ann", kind: apple, price: 1.50, half: 5e-1, ok: true, day: 2026-01-01,
 at: 2026-01-01T10:00:00.25+02:00, none: null.int, note: tag::"x", tags: [a, 'b c'], in: {n: 1, deep: {m: [1, 2]}},
 raw: {{aGk=}}, words: {{"clob"}}}
{id: 2, name: null, kind: pear, price: 12.345, half: 25e-2, ok: false, day: 2026-01-02, at: 2026-01-02T10:00Z, tags: []}
"""
_TYPED = (
    "id bigint, name string, kind string, price decimal(5,3), half double, ok boolean, day date, "
    "at timestamp, none string, note string, tags array<string>, "
    "in struct<n:bigint,deep:struct<m:array<bigint>>>, raw string, words string"
)


def binary(*values: Any) -> bytes:
    """Binary Ion of these values, one after another."""
    from amazon.ion import simpleion

    body: bytes = simpleion.dumps(list(values), binary=True, sequence_as_stream=True)
    return body


def _rows(first: int, count: int) -> list[dict[str, Any]]:
    return [{"Id": n, "name": f"n{n}"} for n in range(first, first + count)]


def _broken() -> Files:
    whole = binary(*_rows(1, 100))
    return {
        "t/good.10n": whole,
        "t/cut.10n": whole[:-7],
        "t/cut.ion": b'{Id: 1, name: "a"}\n{Id: 2, name: "b',
        "t/list.ion": b"[1, 2, 3]",
        "t/word.ion": b"hello",
        "t/noise.10n": b"\xe0\x01\x00\xea" + bytes(range(256)),
        "t/long.10n": b"\xe0\x01\x00\xea\xee\x8f\xff\xff\xff\xff\xff",
        "t/deep.ion": b"{a: " * 20_000,
        "t/void.ion": b"null",
        "t/named.csv": whole,
    }


LAYOUTS = (
    Layout(
        "ion_text",
        {"t/a.ion": _TYPES},
        {"t": table(_TYPED, 2, id=3, price=13.845, half=0.75, format="ion", kind=KIND)},
    ),
    Layout(
        "ion_binary",
        {"t/a.10n": binary(*_rows(1, 3)), "t/b.ion": binary(*_rows(4, 2)), "t/c.ion": b"$ion_1_0 {Id: 6, name: six}"},
        {"t": table("Id bigint, name string", 6, Id=21, format="ion", kind=KIND)},
    ),
    Layout(
        "ion_partitions",
        {f"t/day=2026-01-0{day}/a.10n": binary(*_rows(day, 2)) for day in (1, 2, 3)},
        {"t": table("Id bigint, name string", 6, keys="day date", partitions=3, Id=15, format="ion", kind=KIND)},
    ),
    Layout(
        "ion_packed",
        {"t/a.ion.gz": gzip.compress(binary(*_rows(1, 2))), "t/b.ion.gz": gzip.compress(b"{Id: 3, name: c}")},
        {"t": table("Id bigint, name string", 3, Id=6, format="ion", kind=KIND)},
    ),
    Layout(
        "ion_bzip2",
        {"t/a.ion.bz2": bz2.compress(binary(*_rows(1, 2)))},
        {"t": table("Id bigint, name string", 2, Id=3, format="ion", kind=KIND)},
    ),
    Layout(
        "ion_list",
        {"t/a.ion": b"[{a: 1, b: 1.5}, {a: 2, b: 2.5}]"},
        {"t": table("a bigint, b decimal(2,1)", 2, a=3, b=4, format="ion", kind=KIND)},
    ),
    Layout(
        "ion_without_ending",
        {"t/part-0": binary(*_rows(1, 2))},
        {"t": table("Id bigint, name string", 2, Id=3, format="ion", kind=KIND)},
    ),
    Layout(
        "ion_widened",
        {
            "t/a.ion": b"{n: 1, m: 1, w: 1, b: 12345678901234567890}",
            "t/b.ion": b'{n: 2.5, m: 5e-1, w: "x", b: 1}\n{N: 9}',
        },
        {"t": table("n decimal(20,1), m double, w string, b decimal(20,0)", 3, n=3.5, m=1.5, format="ion", kind=KIND)},
    ),
    Layout(
        "ion_broken",
        _broken,
        {"t": table("Id bigint, name string", 100, Id=5050, format="ion", kind=KIND)},
        problems={
            "cut.10n": "truncated",
            "cut.ion": "truncated",
            "list.ion": "is a bigint, and no struct",
            "word.ion": "is a string, and no struct",
            "noise.10n": "damaged Ion",
            "long.10n": "truncated",
            "deep.ion": "damaged Ion",
            "void.ion": "is null, and no struct",
            "named.csv": "its name says CSV, its content is Ion",
        },
    ),
)
