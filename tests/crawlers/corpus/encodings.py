"""Encodings and compressions of texts."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile

import cramjam
import pyarrow as pa

from tests.crawlers.corpus.kit import Layout, lines, table, text

_ROWS = ("id,name,n", "1,Müller,5", "2,Señor,6", "3,plain,7")
_COLUMNS = "id bigint, name string, n bigint"
_TEXT = text(*_ROWS)

_OWN = "text, zip, lz4 or snappy frames"


def _blocks(codec: str, body: bytes) -> bytes:
    """A text in blocks, as Hadoop packs them."""
    packed = pa.compress(body, codec, asbytes=True)
    return len(body).to_bytes(4, "big") + len(packed).to_bytes(4, "big") + packed


def _zip(*members: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return sink.getvalue()


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
        "packed_by_hadoop",
        {
            "snappy/part-0.csv.snappy": _blocks("snappy", _TEXT),
            "lz4/part-0.csv.lz4": _blocks("lz4_raw", _TEXT),
            "json/part-0.json.snappy": _blocks("snappy", lines({"n": 1}, {"n": 2})),
        },
        {
            "snappy": table(_COLUMNS, 3, id=6, n=18, kind="text, snappy or lz4 as Hadoop writes them"),
            "lz4": table(_COLUMNS, 3, id=6, n=18, kind="text, snappy or lz4 as Hadoop writes them"),
            "json": table("n bigint", 2, n=3, format="json", kind="text, snappy or lz4 as Hadoop writes them"),
        },
    ),
    Layout(
        "packed_by_hand",
        {
            "zip/a.zip": _zip(("2024/a.csv", _TEXT)),
            "named/a.json.zip": _zip(("a.json", lines({"n": 1}, {"n": 2}))),
            "lz4/a.csv.lz4": pa.compress(_TEXT, "lz4", asbytes=True),
            "frames/a.csv.sz": bytes(cramjam.snappy.compress(_TEXT)),
            "xml/a.xml.zip": _zip(("a.xml", b"<?xml version='1.0'?><r><x><n>1</n></x><x><n>2</n></x></r>")),
        },
        {
            **{name: table(_COLUMNS, 3, id=6, n=18, kind=_OWN) for name in ("zip", "lz4", "frames")},
            "named": table("n bigint", 2, n=3, format="json", kind=_OWN),
            "xml": table("n bigint", 2, n=3, format="xml", kind=_OWN),
        },
    ),
    Layout(
        "packed_badly",
        {
            "t/a.csv": _TEXT,
            "t/two.zip": _zip(("a.csv", _TEXT), ("b.csv", _TEXT)),
            "t/none.zip": _zip(),
            "t/cut.zip": _zip(("a.csv", _TEXT))[:-30],
            "t/cut.csv.snappy": _blocks("snappy", _TEXT)[:-5],
            "t/noise.csv.lz4": b"\xff" * 100,
            "t/zeros.zip": _zip(("a.csv", bytes(20_000_000))),
        },
        {"t": table(_COLUMNS, 3)},
        problems={
            "two.zip": "holds 2 files",
            "none.zip": "",
            "cut.zip": "truncated",
            "cut.csv.snappy": "ends too early",
            "noise.csv.lz4": "not packed, but its name says lz4",
            "zeros.zip": "binary content",
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
