"""Encodings and compressions of texts."""

from __future__ import annotations

import bz2
import gzip

import pyarrow as pa

from tests.crawlers.corpus.kit import Layout, lines, table, text

_ROWS = ("id,name,n", "1,Müller,5", "2,Señor,6", "3,plain,7")
_COLUMNS = "id bigint, name string, n bigint"
_TEXT = text(*_ROWS)

LAYOUTS = (
    Layout(
        "utf8_with_mark",
        {"t/a.csv": b"\xef\xbb\xbf" + _TEXT},
        {"t": table(_COLUMNS, 3, id=6, n=18)},
    ),
    Layout(
        "json_with_mark",
        {"t/a.json": b"\xef\xbb\xbf" + lines({"id": 1, "n": 2}, {"id": 3, "n": 4})},
        {"t": table("id bigint, n bigint", 2, id=4, n=6, format="json", kind="JSON with a byte order mark")},
    ),
    Layout(
        "latin1",
        {"t/a.csv": text(*_ROWS, encoding="iso-8859-1")},
        {"t": table(_COLUMNS, 3, id=6, n=18, kind="CSV in ISO-8859-1")},
    ),
    Layout(
        "utf16",
        {
            "little/a.csv": b"\xff\xfe" + text(*_ROWS, encoding="utf-16-le"),
            "big/a.csv": b"\xfe\xff" + text(*_ROWS, encoding="utf-16-be"),
        },
        {name: table(_COLUMNS, 3, id=6, n=18, kind="CSV in UTF-16") for name in ("little", "big")},
    ),
    Layout(
        "decimal_commas",
        {"t/a.csv": text("id;price;total", "1;2,5;1.234,50", "2;3,25;12,00")},
        {"t": table("id bigint, price string, total string", 2, id=3)},
        decisions=("decimal commas (price, total)",),
    ),
    Layout(
        "packed",
        {
            "gz/a.csv.gz": gzip.compress(_TEXT),
            "bz2/a.csv.bz2": bz2.compress(_TEXT),
            "zst/a.csv.zst": pa.compress(_TEXT, "zstd", asbytes=True),
            "members/a.csv.gz": gzip.compress(_TEXT[:20]) + gzip.compress(_TEXT[20:]),
            "json/a.json.gz": gzip.compress(lines({"n": 1}, {"n": 2})),
        },
        {
            "gz": table(_COLUMNS, 3, id=6, n=18, kind="text, gzip"),
            "bz2": table(_COLUMNS, 3, id=6, n=18, kind="text, bzip2"),
            "zst": table(_COLUMNS, 3, id=6, n=18, kind="text, zstd"),
            "members": table(_COLUMNS, 3, id=6, n=18, kind="text, gzip"),
            "json": table("n bigint", 2, n=3, format="json", kind="text, gzip"),
        },
    ),
    Layout(
        "packed_and_not",
        {"t/a.csv": _TEXT, "t/b.csv.gz": gzip.compress(_TEXT)},
        {"t": table(_COLUMNS, 6, id=12, n=36, kind="text, packed and not in one folder")},
    ),
    Layout(
        "packed_under_another_name",
        {"t/a.csv": gzip.compress(_TEXT), "t/b.csv.gz": _TEXT, "t/c.csv": _TEXT},
        {"t": table(_COLUMNS, 3)},
        problems={"a.csv": "gzip data, but its name does not say so", "b.csv.gz": "not packed, but its name says gzip"},
    ),
)
