"""Odd names of files, folders and partitions."""

from __future__ import annotations

from tests.crawlers.corpus.kit import Layout, parquet, table, text


def _file(n: int = 1) -> bytes:
    return text("a,b", f"{n},2", f"{n},4")


_AB = "a bigint, b bigint"
_LONG = "v" * 240

LAYOUTS = (
    Layout(
        "odd_values",
        {
            "t/k=a%3Ab/a.csv": _file(1),
            "t/k=c d/a.csv": _file(2),
            "t/k=e=f/a.csv": _file(3),
            't/k=it\'s "quoted"/a.csv': _file(4),
            "t/k=smile \N{GRINNING FACE}/a.csv": _file(5),
            "t/k=50%/a.csv": _file(6),
            "t/k=umläut/a.csv": _file(7),
        },
        {"t": table(_AB, 14, keys="k string", partitions=7, a=56)},
    ),
    Layout(
        "line_breaks",
        {"t/k=one\ntwo/a.csv": _file(1), "t/k=plain/a.csv": _file(2)},
        {"t": table(_AB, 4, keys="k string", partitions=2, a=6, kind="folders with line breaks")},
    ),
    Layout(
        "odd_file_names",
        {
            "t/with space.csv": _file(1),
            "t/per%cent.csv": _file(2),
            "t/star*.csv": _file(3),
            "t/what?.csv": _file(4),
            "t/[brackets].csv": _file(5),
            "t/quote'.csv": _file(6),
            "t/\N{GRINNING FACE}.csv": _file(7),
            "t/{braces}.csv": _file(8),
        },
        {"t": table(_AB, 16, a=72)},
    ),
    Layout(
        "odd_folders",
        {"Sales 2024 (EU)/a.csv": _file(1), "größe/a.csv": _file(2), "日本/a.csv": _file(3), "a.b-c/a.csv": _file(4)},
        {
            "sales_2024_eu": table(_AB, 2, a=2),
            "größe": table(_AB, 2, a=4),
            "日本": table(_AB, 2, a=6),
            "a_b_c": table(_AB, 2, a=8),
        },
    ),
    Layout(
        "long_names",
        {f"t/k={_LONG}/{_LONG}.csv": _file(1), f"{_LONG}/a.csv": _file(2)},
        {"t": table(_AB, 2, keys="k string", partitions=1, a=2), _LONG[:128]: table(_AB, 2, a=4)},
    ),
    Layout(
        "long_paths",
        {"/".join(["d" * 100] * 8) + "/t/a.csv": _file(1)},
        {"t": table(_AB, 2, a=2)},
    ),
    Layout(
        "empty_values",
        {"t/k=/a.csv": _file(1), "t/k=x/a.csv": _file(2), "u/=x/a.csv": _file(3)},
        {
            "t": table(_AB, 4, keys="k string", partitions=2, a=6, kind="partitions without a value"),
            "x": table(_AB, 2, a=6),
        },
    ),
    Layout(
        "odd_keys",
        {"t/a%20key=1/a.parquet": parquet(n=[1]), "u/Größe=2/a.parquet": parquet(n=[2])},
        {
            "t": table(
                "n bigint",
                1,
                keys="a key int",
                partitions=1,
                n=1,
                format="parquet",
                kind="partition keys spelled differently",
            ),
            "u": table(
                "n bigint",
                1,
                keys="größe int",
                partitions=1,
                n=2,
                format="parquet",
                kind="partition keys spelled differently",
            ),
        },
    ),
)
