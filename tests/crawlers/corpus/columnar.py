"""Parquet and ORC: schemas that grow, types that widen, what Hive has nothing like."""

from __future__ import annotations

import datetime

import pyarrow as pa

from tests.crawlers.corpus.kit import Files, Layout, orc, parquet, parquet_of, table


def _kinds() -> Files:
    schema = pa.schema(
        [
            ("b", pa.bool_()), ("i8", pa.int8()), ("i16", pa.int16()), ("i32", pa.int32()), ("i64", pa.int64()),
            ("f", pa.float32()), ("d", pa.float64()), ("s", pa.string()), ("raw", pa.binary()), ("day", pa.date32()),
            ("at", pa.timestamp("us", "UTC")), ("dec", pa.decimal128(9, 2)), ("list", pa.list_(pa.int32())),
            ("map", pa.map_(pa.string(), pa.int64())), ("row", pa.struct([("x", pa.int32())])),
        ]
    )  # fmt: skip
    at = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    row = {"b": True, "i8": 1, "i16": 2, "i32": 3, "i64": 4, "f": 0.5, "d": 1.5, "s": "x", "raw": b"\x00", "at": at}
    row |= {"day": at.date(), "dec": 5, "list": [1], "map": [("k", 1)], "row": {"x": 1}}
    return {"t/a.parquet": parquet_of(pa.Table.from_pylist([row, row], schema))}


LAYOUTS = (
    Layout(
        "parquet_kinds",
        _kinds,
        {
            "t": table(
                "b boolean, i8 tinyint, i16 smallint, i32 int, i64 bigint, f float, d double, s string, raw binary,"
                " day date, at timestamp, dec decimal(9,2), list array<int>,"
                " map map<string,bigint>, row struct<x:int>",
                2,
                i8=2,
                i16=4,
                i32=6,
                i64=8,
                f=1,
                d=3,
                dec=10,
                **{"year(at)": 4048, "year(day)": 4048},
                format="parquet",
            )
        },
    ),
    Layout(
        "parquet_grows",
        {
            "t/2023.parquet": parquet(id=pa.array([1, 2], pa.int32()), x=pa.array([0.5, 1.5], pa.float32())),
            "t/2024.parquet": parquet(id=pa.array([3], pa.int64()), x=pa.array([2.0]), more=pa.array(["a"])),
        },
        {"t": table("id bigint, x double, more string", 3, id=6, x=4, format="parquet", kind="Parquet, types widened")},
    ),
    Layout(
        "parquet_other_order",
        {"t/a.parquet": parquet(a=[1, 2], b=["x", "y"]), "t/b.parquet": parquet(b=["z"], a=[3])},
        {"t": table("a bigint, b string", 3, a=6, format="parquet")},
    ),
    Layout(
        "parquet_nested_grows",
        {
            "t/a.parquet": parquet(id=[1], r=pa.array([{"x": 1}])),
            "t/b.parquet": parquet(id=[2], r=pa.array([{"x": 2, "y": "n"}])),
        },
        {"t": table("id bigint, r struct<x:bigint,y:string>", 2, id=3, format="parquet")},
    ),
    Layout(
        "parquet_misfits",
        {
            "t/a.parquet": parquet(n=[1], m=[1]),
            "t/b.parquet": parquet(n=[2], m=[2]),
            "t/text.parquet": parquet(n=["one"], m=[1]),
            "t/else.parquet": parquet(other=[1], things=[2]),
        },
        {"t": table("n bigint, m bigint", 2, format="parquet")},
        problems={"text.parquet": "its column n is string", "else.parquet": "it needs a folder of its own"},
    ),
    Layout(
        "parquet_odd_types",
        {"t/a.parquet": parquet(id=[1], u=pa.array([7], pa.uint32()), t=pa.array([5], pa.time64("us")), n=pa.nulls(1))},
        {"t": table("id bigint, u bigint, n string", 1, format="parquet", kind="Parquet, types unknown to Hive")},
        decisions=("column t of type time64[us] has no counterpart in Hive",),
    ),
    Layout(
        "parquet_empty",
        {"t/a.parquet": parquet(id=pa.array([], pa.int64())), "t/b.parquet": parquet(id=[4])},
        {"t": table("id bigint", 1, id=4, format="parquet")},
    ),
    Layout(
        "parquet_packed_inside",
        {
            f"t/{codec}.parquet": parquet_of(pa.table({"id": [n]}), compression=codec)
            for n, codec in enumerate(("snappy", "gzip", "zstd", "none"), 1)
        },
        {"t": table("id bigint", 4, id=10, format="parquet")},
    ),
    Layout(
        "parquet_without_ending",
        {"t/part-00000-c000.snappy.parquet": parquet(id=[1]), "u/0001": parquet(id=[2])},
        {"t": table("id bigint", 1, id=1, format="parquet"), "u": table("id bigint", 1, id=2, format="parquet")},
    ),
    Layout(
        "orc_grows",
        {
            "t/a.orc": orc(id=pa.array([1, 2], pa.int32()), s=["a", "b"]),
            "t/b.orc": orc(id=pa.array([3], pa.int64()), s=["c"], more=[1.5]),
        },
        {"t": table("id bigint, s string, more double", 3, id=6, more=1.5, format="orc")},
    ),
    Layout(
        "orc_other_order",
        {
            "t/a.orc": orc(id=[1], s=["a"]),
            "t/b.orc": orc(id=[2], s=["b"]),
            "t/c.orc": orc(s=["c"], id=[3]),
        },
        {"t": table("id bigint, s string", 2, format="orc")},
        problems={"c.orc": "its columns differ"},
    ),
    Layout(
        "old_hive_orc",
        {"t/000000_0": orc(_col0=[1, 2], _col1=["a", "b"])},
        {"t": table("_col0 bigint, _col1 string", 2, _col0=3, format="orc")},
        decisions=("its columns have no names",),
    ),
)
