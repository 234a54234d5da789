"""Folders and files side by side: which are one table, and which are tables of their own."""

from __future__ import annotations

import gzip

from tests.crawlers.corpus.kit import Layout, lines, parquet, table, text

_SINGLE = "files of other tables beside it"
_UNNAMED = "partitions in folders without key="


def _sales(n: int, head: str = "id,shop,price,at") -> bytes:
    return text(head, f"{n},x,1.5,2024-01-01", f"{n},y,2.5,2024-01-02")


LAYOUTS = (
    Layout(
        "series_of_folders",
        {
            **{f"lake/sales_{year}/a.csv": _sales(year) for year in (2022, 2023)},
            "lake/sales_2024/a.csv": text("id,shop,price,at,more", "2024,x,1.5,2024-01-01,z"),
            **{f"lake/costs-{n}/a.parquet": parquet(n=[n]) for n in (1, 2)},
            "lake/shops/a.csv": text("shop,place", "x,Rome", "y,Oslo"),
        },
        {
            "sales": table(
                "id bigint, shop string, price double, at date, more string",
                5,
                keys="partition_0 string",
                partitions=3,
                id=10114,
                price=9.5,
                kind=_UNNAMED,
            ),
            "costs": table(
                "n bigint", 2, keys="partition_0 string", partitions=2, n=3, format="parquet", kind=_UNNAMED
            ),
            "shops": table("shop string, place string", 2),
        },
        decisions=(
            "one table, because 3 folders (sales_2022, sales_2023, sales_2024) hold csv and share 4 of 4 columns",
        ),
    ),
    Layout(
        "series_of_other_files",
        {"v1/a.csv": text("a,b", "1,2"), "v2/a.csv": text("x,y,z", "1,2,3"), "v3/a.json": lines({"a": 1})},
        {
            "v1": table("a bigint, b bigint", 1),
            "v2": table("x bigint, y bigint, z bigint", 1),
            "v3": table("a bigint", 1, format="json"),
        },
    ),
    Layout(
        "series_of_other_types_or_packings",
        {
            "a1/a.csv": text("k,v", "1,2"),
            "a2/a.csv": text("k,v", "x,2024-01-01"),
            "b1/a.csv": text("k,v", "1,2"),
            "b2/a.csv.gz": gzip.compress(text("k,v", "1,2")),
        },
        {
            "a1": table("k bigint, v bigint", 1, k=1, v=2),
            "a2": table("k string, v date", 1),
            "b1": table("k bigint, v bigint", 1, k=1, v=2),
            "b2": table("k bigint, v bigint", 1, k=1, v=2, kind="text, gzip"),
        },
    ),
    Layout(
        "similar_folders_stay_tables",
        {f"{name}/a.csv": text("id,name", "1,x", "2,y") for name in ("countries", "colours")},
        {name: table("id bigint, name string", 2, id=3) for name in ("countries", "colours")},
    ),
    Layout(
        "said_similar",
        {
            **{
                f"logs/{app}/dt=2024-01-0{d}/a.json": lines({"at": d, "n": d}) for app in ("web", "api") for d in (1, 2)
            },
            "logs/other/dt=2024-01-01/a.json": lines({"x": 1, "y": 2, "z": 3}),
        },
        {
            "logs": table(
                "at bigint, n bigint",
                4,
                keys="partition_0 string, dt date",
                partitions=4,
                n=6,
                format="json",
                kind=_UNNAMED,
            ),
            "other": table("x bigint, y bigint, z bigint", 1, keys="dt date", partitions=1, x=1, format="json"),
        },
        options={"grouping": "similar"},
        decisions=("one table, because 2 folders (api, web)",),
    ),
    Layout(
        "said_similar_of_two_formats_and_depths",
        {
            **{f"x/{name}/a.csv": text("a,b", "1,2") for name in ("one", "two", "three")},
            **{f"x/{name}/a.json": lines({"a": 1, "b": 2}) for name in ("four", "five")},
            **{f"y/{above}/{name}/a.csv": text("c,d", "1,2") for above in ("m", "n") for name in ("p", "q")},
        },
        {
            "x": table("a bigint, b bigint", 3, keys="partition_0 string", partitions=3, a=3, kind=_UNNAMED),
            **{name: table("a bigint, b bigint", 1, a=1, format="json") for name in ("four", "five")},
            "y": table(
                "c bigint, d bigint", 4, keys="partition_0 string, partition_1 string", partitions=4, c=4, kind=_UNNAMED
            ),
        },
        options={"grouping": "similar"},
    ),
    Layout(
        "said_combine",
        {f"{shop}/{year}x/a.csv": _sales(1) for shop in ("rome", "oslo") for year in (1, 2)},
        {
            "said_combine": table(
                "id bigint, shop string, price double, at date",
                8,
                keys="partition_0 string, partition_1 string",
                partitions=4,
                id=8,
                kind=_UNNAMED,
            )
        },
        options={"grouping": "combine"},
    ),
    Layout(
        "said_folders",
        {f"sales_{n}/a.csv": _sales(n) for n in (1, 2)},
        {f"sales_{n}": table("id bigint, shop string, price double, at date", 2, id=2 * n, price=4) for n in (1, 2)},
        options={"grouping": "folders"},
    ),
    Layout(
        "files_that_are_tables",
        {
            "t/orders.parquet": parquet(id=[1, 2], price=[1.5, 2.5]),
            "t/customers.parquet": parquet(customer=[1], name=["x"], place=["y"]),
            "t/shops.csv": text("shop,place", "1,Rome"),
            "t/shops.json": lines({"shop": 1, "open": True}),
        },
        {
            "orders": table("id bigint, price double", 2, id=3, price=4, format="parquet", kind=_SINGLE),
            "customers": table(
                "customer bigint, name string, place string", 1, customer=1, format="parquet", kind=_SINGLE
            ),
            "shops": table("shop bigint, place string", 1, shop=1, kind=_SINGLE),
            "t_shops": table("shop bigint, open boolean", 1, shop=1, format="json", kind=_SINGLE),
        },
    ),
)
