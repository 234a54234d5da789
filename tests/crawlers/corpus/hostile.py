"""Files that are broken, or made to keep a reader busy: none may hang a crawl, and the good ones beside them count."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa

from tests.crawlers.corpus.kit import Files, Layout, lines, orc, parquet, table, text

_CSV = text("a,b", "1,2", "3,4")
_AB = "a bigint, b bigint"
_GOOD = {"t": table(_AB, 2, a=4)}
_MIB = 1024 * 1024


def _truncated() -> Files:
    columns, stripes = parquet(n=list(range(1000))), orc(n=list(range(1000)))
    packed = gzip.compress(text("a,b", *(f"{n},{n * n}" for n in range(2000))))
    return {
        "p/good.parquet": columns,
        "p/cut.parquet": columns[:-30],
        "p/head.parquet": columns[:50],
        "p/letters.parquet": b"PAR1",
        "o/good.orc": stripes,
        "o/cut.orc": stripes[:-5],
        "c/good.csv": text("a,b,c", "1,2,3", "4,5,6"),
        "c/row.csv": b"a,b,c\n1,2,3\n4,5,6\n7,8",
        "c/quote.csv": b'a,b,c\n1,2,3\n4,"open,6\n7,8,9\n',
        "z/good.csv.gz": gzip.compress(_CSV),
        "z/cut.csv.gz": packed[: len(packed) // 2],
        "z/noise.csv.gz": b"\x1f\x8b" + b"\xff" * 100,
    }


def _bombs() -> Files:
    return {
        "t/a.csv": _CSV,
        "zeros/a.csv.gz": gzip.compress(bytes(64 * _MIB)),
        "empties/a.csv.gz": gzip.compress(b"") * (_MIB // 20),
        "rows/a.csv.zst": pa.compress(b"1,2\n" * _MIB, "zstd", asbytes=True),
    }


def _endless() -> Files:
    return {
        "t/a.csv": _CSV,
        "digits/a.csv": b"a,b\n" + b"1" * (2 * _MIB) + b"x,1\n",
        "word/a.csv": b"x" * (3 * _MIB),
        "commas/a.csv": b"," * (3 * _MIB),
        "quotes/a.csv": b'"' * (3 * _MIB),
        "line/a.json": b'{"a": "' + b"x" * (5 * _MIB) + b'"}\n',
    }


def _json_bombs() -> Files:
    wide = [{f"k{n}_{m}": 1 for m in range(300)} for n in range(200)]
    return {
        "t/a.json": lines({"a": 1}),
        "deep/a.json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n",
        "arrays/a.json": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
        "wide/a.json": lines(*wide),
        "nested/a.json": lines({"a": 1, "data": json.loads('{"a":' * 60 + "1" + "}" * 60)}),
    }


LAYOUTS = (
    Layout(
        "truncated",
        _truncated,
        {
            "p": table("n bigint", 1000, format="parquet"),
            "o": table("n bigint", 1000, format="orc"),
            "c": table("a bigint, b bigint, c bigint", 2),
            "z": table(_AB, 2),
        },
        problems={
            "cut.parquet": "truncated",
            "head.parquet": "truncated",
            "letters.parquet": "4 bytes are too few",
            "cut.orc": "truncated",
            "row.csv": "truncated",
            "quote.csv": "truncated or damaged",
            "cut.csv.gz": "truncated",
            "noise.csv.gz": "damaged gzip",
        },
    ),
    Layout(
        "nothing_inside",
        {
            "t/a.csv": _CSV,
            "t/zero.csv": b"",
            "t/space.csv": b" \n\t\n",
            "t/packed.csv.gz": gzip.compress(b""),
            "t/zero.parquet": b"",
            "t/empty.json": b"\n",
        },
        {"t": table(_AB, 2)},
        problems={
            "zero.csv": "empty",
            "space.csv": "white space",
            "packed.csv.gz": "white space",
            "zero.parquet": "empty",
            "empty.json": "white space",
        },
    ),
    Layout(
        "bombs",
        _bombs,
        {**_GOOD, "rows": table("col0 bigint, col1 bigint", _MIB, kind="text, zstd")},
        problems={"a.csv.gz": ""},
    ),
    Layout(
        "endless",
        _endless,
        _GOOD,
        problems={"a.csv": "", "a.json": ""},
    ),
    Layout(
        "json_bombs",
        _json_bombs,
        {
            "t": table("a bigint", 1, a=1, format="json"),
            "nested": table("a bigint, data " + "struct<a:" * 30 + "string" + ">" * 30, 1, format="json"),
        },
        problems={"a.json": ""},
    ),
    Layout(
        "binary",
        {"t/a.csv": _CSV, "t/noise.csv": bytes(range(256)) * 40, "t/nul.csv": b"a,b\n1,\x00\n", "t/noise": bytes(9000)},
        {"t": table(_AB, 2)},
        problems={"noise.csv": "binary content", "nul.csv": "binary content", "noise": "binary content"},
    ),
    Layout(
        "code_in_names",
        {"t/a.csv": text("'; DROP TABLE x; --,<script>", "1,2", "3,4")},
        {"t": table("' DROP TABLE x -- bigint, <script> bigint", 2)},
        options={"csv.header": "present"},
    ),
)
