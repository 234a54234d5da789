"""Avro: types with a meaning, codecs, schemas that grow, definitions used twice, and broken files."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import fastavro

from tests.crawlers.corpus.kit import Files, Layout, table

_SYNC_BYTES = 16
AT = datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.UTC)


def avro(fields: Mapping[str, Any], *rows: Mapping[str, Any], codec: str = "null", **named: str) -> bytes:
    """An Avro file of rows whose fields have these schemas."""
    schema = {"type": "record", "name": "row", **named, "fields": [{"name": n, "type": t} for n, t in fields.items()]}
    sink = io.BytesIO()
    fastavro.writer(sink, schema, rows, codec=codec)
    return sink.getvalue()


def _kinds() -> Files:
    fields = {
        "Id": "long",
        "small": "int",
        "x": "double",
        "f": "float",
        "ok": "boolean",
        "name": ["null", "string"],
        "raw": "bytes",
        "day": {"type": "int", "logicalType": "date"},
        "at": {"type": "long", "logicalType": "timestamp-millis"},
        "amount": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        "kind": {"type": "enum", "name": "kinds", "symbols": ["A", "B"]},
        "tags": {"type": "array", "items": "string"},
        "counts": {"type": "map", "values": "long"},
        "made": {"type": "record", "name": "made", "fields": [{"name": "By", "type": "string"}]},
    }
    row = {
        "Id": 7,
        "small": 2,
        "x": 1.5,
        "f": 0.5,
        "ok": True,
        "name": None,
        "raw": b"\x00",
        "day": AT.date(),
        "at": AT,
    }
    row |= {"amount": Decimal("1.25"), "kind": "A", "tags": ["a"], "counts": {"k": 1}, "made": {"By": "x"}}
    return {"t/a.avro": avro(fields, row, {**row, "name": "n", "Id": 8}, namespace="shop")}


def _grows() -> Files:
    inner = {"type": "record", "name": "made", "fields": [{"name": "a", "type": "int"}]}
    more = {"type": "record", "name": "made", "fields": [*inner["fields"], {"name": "b", "type": "string"}]}
    return {
        "t/2023.avro": avro({"id": "int", "gone": "string", "made": inner}, {"id": 1, "gone": "x", "made": {"a": 1}}),
        "t/2024.avro": avro(
            {"id": "long", "made": more, "more": "double"}, {"id": 2, "made": {"a": 2, "b": "n"}, "more": 1.5}
        ),
        "t/2025.avro": avro(
            {"more": ["null", "double"], "id": "long"}, {"id": 3, "more": 2.0}, {"id": 4, "more": None}
        ),
    }


def _broken() -> Files:
    whole = avro({"id": "long"}, *({"id": n} for n in range(500)))
    node = {"type": "record", "name": "node", "fields": [{"name": "next", "type": ["null", "node"]}]}
    wide: Any = "int"
    for n in range(20):
        fields = [{"name": "l", "type": wide}, {"name": "r", "type": f"r{n - 1}" if n else "int"}]
        wide = {"type": "record", "name": f"r{n}", "fields": fields}
    return {
        "t/good.avro": whole,
        "t/cut.avro": whole[:-20],
        "t/head.avro": whole[:40],
        "t/text.avro": b"a,b\n1,2\n",
        "r/recursive.avro": avro({"node": node}),
        "w/bomb.avro": _schema_alone(wide),
        "n/nulls.avro": _schema_alone({"type": "array", "items": "null"}),
        "n/nothing.avro": _schema_alone({"type": "array", "items": {"type": "fixed", "name": "none", "size": 0}}),
        "n/rows.avro": _schema_alone("null"),
    }


def _schema_alone(kind: Any) -> bytes:
    return _file({"a": kind}, 0, b"")[: -_SYNC_BYTES - 2]


def _file(fields: Mapping[str, Any], count: int, block: bytes) -> bytes:
    """An Avro file of one block of so many rows."""
    schema = {"type": "record", "name": "row", "fields": [{"name": n, "type": t} for n, t in fields.items()]}
    body = json.dumps(schema).encode()

    def number(value: int) -> bytes:
        value, out = value << 1, b""
        while value > 0x7F:
            out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
        return out + bytes([value])

    head = (
        b"Obj\x01" + number(1) + number(11) + b"avro.schema" + number(len(body)) + body + number(0) + bytes(_SYNC_BYTES)
    )
    return head + number(count) + number(len(block)) + block + bytes(_SYNC_BYTES)


def _columns(fields: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Files:
    return {"t/a.avro": avro(fields, *rows)}


LAYOUTS = (
    Layout(
        "avro_kinds",
        _kinds,
        {
            "t": table(
                "Id bigint, small int, x double, f float, ok boolean, name string, raw binary, day date, at timestamp,"
                " amount decimal(9,2), kind string, tags array<string>, counts map<string,bigint>, made struct<By:string>",
                2,
                id=15,
                small=4,
                x=3,
                f=1,
                amount=2.5,
                **{"year(at)": 4048, "year(day)": 4048},
                format="avro",
            )
        },
    ),
    Layout(
        "avro_packed",
        {
            f"t/{codec}.avro": avro({"id": "long"}, {"id": n}, codec=codec)
            for n, codec in enumerate(("null", "deflate", "snappy", "bzip2"), 1)
        },
        {"t": table("id bigint", 4, id=10, format="avro")},
    ),
    Layout(
        "avro_otherwise_packed",
        {
            f"{codec}/a.avro": avro({"id": "long"}, {"id": 7}, codec=name)
            for codec, name in (("zstd", "zstandard"), ("xz", "xz"))
        },
        {
            "zstd": table("id bigint", 1, id=7, format="avro", kind="Avro, packed by zstandard"),
            "xz": table("id bigint", 1, id=7, format="avro", kind="Avro, packed by xz"),
        },
    ),
    Layout(
        "avro_grows",
        _grows,
        {
            "t": table(
                "id bigint, gone string, made struct<a:int,b:string>, more double", 4, id=10, more=3.5, format="avro"
            )
        },
    ),
    Layout(
        "avro_partitions",
        {f"t/k={k}/a.avro": avro({"id": "long"}, {"id": k}) for k in (1, 2)},
        {"t": table("id bigint", 2, keys="k int", partitions=2, id=3, k=3, format="avro")},
    ),
    Layout(
        "avro_named_twice",
        lambda: _columns(
            {"a": {"type": "fixed", "name": "four", "size": 4}, "b": ["null", "four"], "n": "int"},
            [{"a": b"1234", "b": None, "n": 5}, {"a": b"1234", "b": b"5678", "n": 6}],
        ),
        {"t": table("a binary, b binary, n int", 2, n=11, format="avro")},
    ),
    Layout(
        "avro_unions",
        lambda: _columns({"id": "long", "v": ["null", "string", "long"]}, [{"id": 1, "v": "x"}, {"id": 2, "v": 5}]),
        {"t": table("id bigint", 2, id=3, format="avro")},
        decisions=("column v is left out",),
    ),
    Layout(
        "avro_micros",
        lambda: _columns(
            {"id": "long", "at": {"type": "long", "logicalType": "timestamp-micros"}}, [{"id": 1, "at": AT}]
        ),
        {
            "t": table(
                "id bigint, at timestamp", 1, **{"year(at)": 2024}, format="avro", kind="Avro, times in microseconds"
            )
        },
    ),
    Layout(
        "avro_local_times",
        lambda: _columns(
            {"id": "long", "at": {"type": "long", "logicalType": "local-timestamp-millis"}},
            [{"id": 1, "at": AT.replace(tzinfo=None)}],
        ),
        {"t": table("id bigint, at bigint", 1, at=1704103200000, format="avro", kind="Avro, times of a wall clock")},
    ),
    Layout(
        "avro_clock",
        lambda: _columns(
            {"id": "long", "t": {"type": "int", "logicalType": "time-millis"}}, [{"id": 1, "t": datetime.time(0, 0, 2)}]
        ),
        {"t": table("id bigint, t int", 1, id=1, t=2000, format="avro")},
    ),
    Layout(
        "avro_broken",
        _broken,
        {"t": table("id bigint", 500, format="avro")},
        problems={
            "cut.avro": "truncated",
            "head.avro": "truncated",
            "text.avro": "its content does not begin as Avro does",
            "recursive.avro": "refers to itself",
            "bomb.avro": "too large",
            "nulls.avro": "take no bytes",
            "nothing.avro": "take no bytes",
            "rows.avro": "take no bytes",
        },
    ),
)
