"""What lies about in real folders: markers, hidden files, several formats side by side, things that are no tables."""

from __future__ import annotations

import json

from tests.crawlers.corpus.kit import Layout, lines, parquet, table, text

_CSV = text("a,b", "1,2", "3,4")
_AB = "a bigint, b bigint"

_SINGLE = "files of other tables beside it"

LAYOUTS = (
    Layout(
        "markers",
        {
            "t/a.csv": _CSV,
            "t/_SUCCESS": b"",
            "t/.a.csv.crc": b"crc\x00",
            "t/a.csv.crc": b"crc\x00",
            "t/_committed_1": b"{}",
            "t/.DS_Store": b"\x00\x00\x00\x01Bud1",
            "t/_temporary/0/b.csv": _CSV,
            "t/.hive-staging_1/c.csv": _CSV,
            "t/.ipynb_checkpoints/d.csv": _CSV,
            "t/_metadata": b"PAR1",
        },
        {"t": table(_AB, 2, a=4, kind="folders with marker files")},
    ),
    Layout(
        "folder_markers",
        {"t_$folder$": b"", "t/k=1_$folder$": b"", "t/k=1/a.csv": _CSV},
        {"t": table(_AB, 2, keys="k int", partitions=1, a=4)},
    ),
    Layout(
        "side_by_side",
        {
            "t/a.parquet": parquet(a=[1]),
            "t/b.parquet": parquet(a=[2]),
            "t/c.csv": _CSV,
            "t/d.json": lines({"a": 1}),
        },
        {
            "a": table("a bigint", 1, a=1, format="parquet", kind=_SINGLE),
            "b": table("a bigint", 1, a=2, format="parquet", kind=_SINGLE),
            "c": table(_AB, 2, a=4, kind=_SINGLE),
            "d": table("a bigint", 1, a=1, format="json", kind=_SINGLE),
        },
        decisions=("each file is a table of its own, because no kind of them is more than half of the folder",),
    ),
    Layout(
        "mostly_of_one_kind",
        {
            "t/a.parquet": parquet(a=[1]),
            "t/b.parquet": parquet(a=[2]),
            "t/c.csv": _CSV,
        },
        {"t": table("a bigint", 2, format="parquet")},
        problems={"c.csv": "is csv where the other files"},
    ),
    Layout(
        "folders_of_formats",
        {"x/csv/a.csv": _CSV, "x/json/a.json": lines({"a": 5}), "x/parquet/a.parquet": parquet(a=[6])},
        {
            "csv": table(_AB, 2, a=4),
            "json": table("a bigint", 1, a=5, format="json"),
            "parquet": table("a bigint", 1, a=6, format="parquet"),
        },
    ),
    Layout(
        "no_tables",
        {
            "docs/readme.md": b"# A title\n\nSome words about it\n",
            "docs/notes.txt": b"only words\nin here\n",
            "pictures/a.png": b"\x89PNG\r\n\x1a\n\x00\x00",
            "papers/a.pdf": b"%PDF-1.4\n",
            "code/job.py": b"import os\nprint(os.name)\n",
            "db/a.sqlite": b"SQLite format 3\x00",
        },
        {},
        problems={
            "readme.md": "Markdown: a text for people",
            "notes.txt": "text without columns",
            "a.png": "a picture",
            "a.pdf": "PDF",
            "job.py": "text without columns",
            "a.sqlite": "an SQLite database",
        },
    ),
    Layout(
        "other_tables",
        {
            "ice/metadata/v1.metadata.json": b"{}",
            "ice/data/a.parquet": parquet(n=[1]),
            "delta/_delta_log/00000000000000000000.json": b"{}",
            "delta/a.parquet": parquet(n=[1]),
            "hudi/.hoodie/hoodie.properties": b"",
            "hudi/a.parquet": parquet(n=[1]),
            "plain/a.parquet": parquet(n=[1]),
        },
        {"plain": table("n bigint", 1, n=1, format="parquet")},
        problems={
            "v1.metadata.json": "is damaged",
            "_delta_log": "says of no schema",
            ".hoodie": "hoodie.properties: is damaged",
        },
    ),
    Layout(
        "upper_case_names",
        {"t/A.CSV": _CSV, "u/B.PARQUET": parquet(n=[1]), "v/C.JSON": lines({"n": 2})},
        {
            "t": table(_AB, 2, a=4),
            "u": table("n bigint", 1, n=1, format="parquet"),
            "v": table("n bigint", 1, n=2, format="json"),
        },
    ),
    Layout(
        "files_at_the_top",
        {"a.csv": _CSV, "b.csv": _CSV},
        {"files_at_the_top": table(_AB, 4, a=8)},
    ),
    Layout(
        "title_above",
        {"t/a.csv": text("Sales report 2024", "", "id,name,n", "1,x,5", "2,y,6"), "u/a.csv": text("a,b", "1,2", "3,4")},
        {"u": table("a bigint, b bigint", 2)},
        problems={"a.csv": "text above its columns (1 of its lines)"},
    ),
    Layout(
        "wrong_names",
        {
            "t/a.csv": parquet(n=[1]),
            "t/b.parquet": _CSV,
            "t/c.json": _CSV,
            "t/d.csv": lines({"n": 1}),
            "t/e.orc": parquet(n=[1]),
            "t/f.csv": _CSV,
        },
        {"t": table(_AB, 2)},
        problems={
            "a.csv": "its name says CSV, its content is Parquet",
            "b.parquet": "its content does not begin as Parquet does",
            "c.json": "its content is no JSON",
            "d.csv": "its content is JSON",
            "e.orc": "its content is Parquet",
        },
    ),
    Layout(
        "settings_beside_data",
        {"t/a.csv": _CSV, "conf/settings.json": json.dumps({"debug": True}).encode() + b"\n"},
        {"t": table(_AB, 2, a=4), "conf": table("debug boolean", 1, format="json")},
    ),
)
