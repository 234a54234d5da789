"""JSON: lines, nested values, mixed and changing types."""

from __future__ import annotations

import gzip
import json

from tests.crawlers.corpus.kit import Layout, lines, table

_SEVERAL = "JSON arrays and documents over several lines"

LAYOUTS = (
    Layout(
        "json_lines",
        {
            "t/a.json": lines({"Id": 1, "ok": True, "x": 1.5, "s": "a"}, {"Id": 2, "ok": False, "x": 2, "s": None}),
            "u/a.jsonl": lines({"n": 1}, {"n": 2}),
            "v/a.ndjson": lines({"n": 3}),
            "w/part-0": lines({"n": 4}),
        },
        {
            "t": table("Id bigint, ok boolean, x double, s string", 2, id=3, x=3.5, format="json"),
            "u": table("n bigint", 2, n=3, format="json"),
            "v": table("n bigint", 1, n=3, format="json"),
            "w": table("n bigint", 1, n=4, format="json"),
        },
    ),
    Layout(
        "json_nested",
        {
            "t/a.json": lines(
                {"id": 1, "made": {"Kind": "jet", "by": {"name": "x"}}, "tags": ["a"], "rows": [{"q": 1}, {"r": 2.5}]},
                {"id": 2, "made": {"Kind": "prop", "year": 1990}, "tags": [], "rows": []},
            )
        },
        {
            "t": table(
                "id bigint, made struct<Kind:string,by:struct<name:string>,year:bigint>, tags array<string>,"
                " rows array<struct<q:bigint,r:double>>",
                2,
                id=3,
                format="json",
            )
        },
    ),
    Layout(
        "json_mixed",
        {"t/a.json": lines({"id": 1, "v": 5, "w": 1}, {"id": 2, "v": "five", "w": {"k": 1}}, {"id": 3, "v": 1.5})},
        {"t": table("id bigint, v string, w string", 3, id=6, format="json")},
    ),
    Layout(
        "json_changing",
        {
            "t/2023.json": lines({"id": 1, "n": 1}, {"id": 2, "n": 2}),
            "t/2024.json": lines({"id": 3, "n": 2.5, "more": "x"}),
            "t/2025.json": lines({"id": 4, "more": None, "made": {"a": 1}}),
        },
        {"t": table("id bigint, n double, more string, made struct<a:bigint>", 4, id=10, n=5.5, format="json")},
    ),
    Layout(
        "json_long_document",
        lambda: {"t/a.json": json.dumps({"kind": "map", "features": [{"id": n} for n in range(100_000)]}).encode()},
        {"t": table("kind string, features array<struct<id:bigint>>", 1, format="json")},
    ),
    Layout(
        "json_of_nothing",
        {"t/a.json": lines({"id": 1, "gone": None, "none": [], "hollow": {}})},
        {"t": table("id bigint, gone string, none array<string>, hollow string", 1, id=1, format="json")},
    ),
    Layout(
        "json_names",
        {"t/a.json": lines({"id": 1, "first name": "x", "ID": 7, "a.b": 2, "": 3})},
        {
            "t": table(
                "id bigint, first name string, a.b bigint",
                1,
                format="json",
                kind="JSON, keys that differ in case alone",
            )
        },
        decisions=("'ID' is left out", "'' is left out"),
    ),
    Layout(
        "json_other_objects",
        {"t/a.json": lines({"a": 1, "b": 2}), "t/b.json": lines({"a": 3, "b": 4}), "t/c.json": lines({"x": 1, "y": 2})},
        {"t": table("a bigint, b bigint", 2, format="json")},
        problems={"c.json": "it needs a folder of its own"},
    ),
    Layout(
        "json_over_several_lines",
        {
            "array/a.json": json.dumps([{"id": 1, "made": {"Kind": "x"}}, {"id": 2}, {"id": 3}], indent=2).encode(),
            "flat/a.json": b'[{"id": 4},{"id": 5}]',
            "document/a.json": json.dumps({"id": 6, "rows": [{"q": 1}, {"q": 2}]}, indent=4).encode() + b"\n",
            "packed/a.json.gz": gzip.compress(b'[\n{"id": 1},\n{"id": 2}\n]\n'),
        },
        {
            "array": table("id bigint, made struct<Kind:string>", 3, id=6, format="json", kind=_SEVERAL),
            "flat": table("id bigint", 2, id=9, format="json", kind=_SEVERAL),
            "document": table("id bigint, rows array<struct<q:bigint>>", 1, id=6, format="json", kind=_SEVERAL),
            "packed": table("id bigint", 2, id=3, format="json", kind=_SEVERAL),
        },
    ),
    Layout(
        "json_lines_and_arrays",
        {
            "t/a.json": lines({"a": 1}, {"a": 2}),
            "t/b.json": lines({"a": 3}),
            "t/c.json": b'[{"a": 4}]',
            "t/d.json": lines({"a": 1}, {"a": 2}),
            "u/one.json": lines({"a": 3}),
            "u/more.json": b'[{"a": 4}, {"a": 5}]',
            "v/none.json": b"[{}]",
        },
        {"t": table("a bigint", 5, format="json"), "u": table("a bigint", 3, format="json", kind=_SEVERAL)},
        problems={"c.json": "is a JSON array", "none.json": "without any field"},
    ),
    Layout(
        "json_documents",
        {"t/a.json": (json.dumps({"id": 1}, indent=1) + "\n" + json.dumps({"id": 2}, indent=1) + "\n").encode()},
        {"t": table("id bigint", 2, id=3, format="json", kind="JSON documents one after another")},
        decisions=("of which Spark reads the first alone",),
    ),
    Layout(
        "json_broken_arrays",
        {
            "t/a.json": b'[{"a": 1}]',
            "t/cut.json": b'[{"a": 1}, {"a"',
            "t/open.json": b'[{"a": 1}',
            "t/numbers.json": b"[1, 2]",
            "t/more.json": b'[{"a": 1}] {"a": 2}',
            "t/commas.json": b'[{"a": 1} {"a": 2}]',
        },
        {"t": table("a bigint", 1, format="json")},
        problems={
            "cut.json": "an object does not end",
            "open.json": "the array does not end",
            "numbers.json": "where an object should be",
            "more.json": "something follows the array",
            "commas.json": "damaged",
        },
    ),
    Layout(
        "json_broken",
        {
            "t/a.json": lines({"a": 1}),
            "t/cut.json": b'{"a": 1}\n{"a": ',
            "t/words.json": b'{"a": 1}\nwords\n{"a": 2}\n',
            "t/numbers.json": b"1\n2\n",
        },
        {"t": table("a bigint", 1, format="json")},
        problems={
            "cut.json": "truncated",
            "words.json": "line 2 is not JSON",
            "numbers.json": "its name says JSON",
        },
    ),
)
