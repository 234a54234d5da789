"""Partitions: key=value, numbers and dates, several levels, and folders that do not fit."""

from __future__ import annotations

from tests.crawlers.corpus.kit import Layout, lines, parquet, table, text


def _file(n: int) -> bytes:
    return text("a,b", f"{n},{n * 2}", f"{n},{n * 2}")


_AB = "a bigint, b bigint"

LAYOUTS = (
    Layout(
        "hive_partitions",
        {f"t/year={y}/month={m}/a.csv": _file(m) for y in (2023, 2024) for m in (1, 2, 3)},
        {"t": table(_AB, 12, keys="year int, month int", partitions=6, a=24, b=48, year=24282)},
    ),
    Layout(
        "leading_zeros",
        {f"t/month={m}/a.parquet": parquet(n=[1]) for m in ("01", "02", "12")},
        {"t": table("n bigint", 3, keys="month string", partitions=3, n=3, format="parquet")},
    ),
    Layout(
        "dates_as_keys",
        {f"t/day=2024-01-0{d}/a.json": lines({"n": d}) for d in (1, 2, 3)},
        {"t": table("n bigint", 3, keys="day date", partitions=3, n=6, format="json")},
    ),
    Layout(
        "default_partition",
        {"t/k=1/a.csv": _file(1), "t/k=__HIVE_DEFAULT_PARTITION__/a.csv": _file(2)},
        {"t": table(_AB, 4, keys="k int", partitions=2, a=6, kind="partitions without a value")},
    ),
    Layout(
        "date_folders",
        {f"logs/2024/01/0{d}/a.csv": _file(d) for d in (1, 2)} | {"logs/2024/02/01/a.csv": _file(3)},
        {
            "logs": table(
                _AB,
                6,
                keys="partition_0 int, partition_1 string, partition_2 string",
                partitions=3,
                a=12,
                kind="partitions in folders without key=",
            )
        },
    ),
    Layout(
        "iso_date_folders",
        {f"logs/2024-01-0{d}/a.csv": _file(d) for d in (1, 2)},
        {"logs": table(_AB, 4, keys="partition_0 date", partitions=2, a=6, kind="partitions in folders without key=")},
    ),
    Layout(
        "named_and_numbered",
        {f"t/region={r}/2024/a.csv": _file(1) for r in ("eu", "us")},
        {
            "t": table(
                _AB,
                4,
                keys="region string, partition_1 int",
                partitions=2,
                a=4,
                kind="partitions in folders without key=",
            )
        },
    ),
    Layout(
        "folders_of_tables",
        {"shop/orders/a.csv": _file(1), "shop/items/k=1/a.csv": _file(2), "shop/deep/er/still/a.csv": _file(3)},
        {
            "orders": table(_AB, 2, a=2),
            "items": table(_AB, 2, keys="k int", partitions=1, a=4),
            "still": table(_AB, 2, a=6),
        },
    ),
    Layout(
        "same_name_twice",
        {"eu/orders/a.csv": _file(1), "us/orders/a.csv": _file(2)},
        {"orders": table(_AB, 2, a=2), "us_orders": table(_AB, 2, a=4)},
    ),
    Layout(
        "uneven_depth",
        {
            **{f"t/k={n}/a.csv": _file(n) for n in (1, 2, 3)},
            "t/loose.csv": _file(9),
            "t/k=1/deeper=2/a.csv": _file(9),
            "t/k=2/words/b.csv": _file(9),
        },
        {"t": table(_AB, 6, keys="k int", partitions=3, a=12)},
        problems={
            "loose.csv": "has other partition keys (none)",
            "a.csv": "has other partition keys (k, deeper)",
            "b.csv": "lies in words below a partition's folder",
        },
    ),
    Layout(
        "key_spelled_twice",
        {"t/Month=1/a.csv": _file(1), "t/month=2/a.csv": _file(2), "t/month=3/a.csv": _file(3)},
        {"t": table(_AB, 6, keys="month int", partitions=3, a=12, kind="partition keys spelled differently")},
    ),
    Layout(
        "schema_by_partition",
        {
            "t/v=1/a.parquet": parquet(id=[1]),
            "t/v=2/a.parquet": parquet(id=[2], new=["x"]),
            "t/v=3/a.parquet": parquet(newer=[1.5], id=[3]),
        },
        {
            "t": table(
                "id bigint, new string, newer double", 3, keys="v int", partitions=3, id=6, newer=1.5, format="parquet"
            )
        },
    ),
    Layout(
        "many_partitions",
        {f"t/n={n}/a.csv": _file(n) for n in range(60)},
        {"t": table(_AB, 120, keys="n int", partitions=60, a=3540)},
    ),
    Layout(
        "partition_of_nothing_good",
        {"t/k=1/a.csv": _file(1), "t/k=2/a.csv": b"", "t/k=3/_SUCCESS": b""},
        {"t": table(_AB, 2, keys="k int", partitions=1, a=2)},
        problems={"a.csv": "empty"},
    ),
    Layout(
        "key_that_is_a_column",
        {"t/a=7/x.csv": _file(1), "p/a=7/x.parquet": parquet(a=[1], b=[2])},
        {
            "t": table("a_2 bigint, b bigint", 2, keys="a int", partitions=1, a_2=2, b=4, a=14),
            "p": table("b bigint", 1, keys="a int", partitions=1, b=2, a=7, format="parquet"),
        },
    ),
)
