"""Formats that the crawler is told of by its options."""

from __future__ import annotations

import gzip
import json

from tests.crawlers.corpus.kit import Layout, lines, table, text

_LINE = "2024-01-01T10:00:0{0}.5Z INFO  [worker-{0}] took {0} ms: all (well)"
_PATTERN = (
    r"%{TIMESTAMP_ISO8601:at} %{LOGLEVEL:level} +\[%{DATA:thread}\] took %{INT:took:int} ms: %{GREEDYDATA:message}"
)
_LOG = "logs of a grok pattern"

LAYOUTS = (
    Layout(
        "said_columns",
        {"t/a.csv": text("1;007;2.50", "2;008;3.50"), "t/b.csv": text("3;009;1.00")},
        {"t": table("id int, code string, price decimal(9,2)", 3, id=6, price=7)},
        options={"csv.columns": "id int, code string, price decimal(9,2)", "csv.header": "absent"},
    ),
    Layout(
        "said_names",
        {"t/a.csv": text("1,x", "2,y")},
        {"t": table("id bigint, name string", 2, id=3)},
        options={"csv.columns": "id, name"},
    ),
    Layout(
        "said_too_few_columns",
        {"t/a.csv": text("1,x", "2,y"), "u/a.json": lines({"a": 1})},
        {"u": table("a bigint", 1, format="json")},
        options={"csv.columns": "id"},
        problems={"a.csv": "it has 2 columns, where 1 are declared"},
    ),
    Layout(
        "said_quote",
        {
            "t/a.csv": text("id,name", "1,'Maier, Anna'", "2,plain"),
            "u/a.csv": text("id,name", "1,'Maier, Anna'", "2,'it''s'"),
        },
        {name: table("id bigint, name string", 2, id=3, kind="CSV with quotes") for name in ("t", "u")},
        options={"csv.quote": "'"},
    ),
    Layout(
        "said_no_quote",
        {"t/a.csv": text("id,size", '1,"5', '2,"7')},
        {"t": table("id bigint, size string", 2, id=3, kind="CSV, quotes declared to be none")},
        options={"csv.quote": "none"},
    ),
    Layout(
        "said_path",
        {
            "t/a.json.gz": gzip.compress(
                json.dumps({"log": {"Records": [{"id": 1}, {"id": 2, "Name": "x"}]}}).encode()
            ),
            "t/b.json": json.dumps({"log": {"Records": [{"id": 3}]}}, indent=1).encode() + b"\n",
            "t/c.json": lines({"log": {"Records": [{"id": 4}]}}, {"log": {"Records": {"id": 5}}}, {"log": None}),
        },
        {"t": table("id bigint, Name string", 5, id=15, format="json", kind="JSON, rows at a path")},
        options={"json.path": "$.log.Records[*]"},
    ),
    Layout(
        "said_path_to_nothing",
        {"t/a.json": lines({"log": 1}), "u/a.csv": text("a,b", "1,2", "3,4")},
        {"u": table("a bigint, b bigint", 2)},
        options={"json.path": "$.log"},
        problems={"a.json": "no complete JSON object"},
    ),
    Layout(
        "said_pattern",
        {
            "t/app.log": text(*(_LINE.format(n) for n in (1, 2, 3))),
            "t/app.log.1": text(
                _LINE.format(4), "  at something.else(Main)" * 1, *(_LINE.format(5) for _ in range(20))
            ),
            "u/a.csv": text("a,b", "1,2", "3,4"),
        },
        {
            "t": table(
                "at string, level string, thread string, took int, message string",
                25,
                took=110,
                format="grok",
                kind=_LOG,
            ),
            "u": table("a bigint, b bigint", 2, a=4),
        },
        options={"grok.pattern": _PATTERN},
        decisions=("1 lines (the first is line 2) are none of grok",),
    ),
    Layout(
        "classifiers_in_order",
        {
            "logs/a.log": text(*(_LINE.format(n) for n in (1, 2, 3))),
            "events/a.txt": text("7 up", "9 down"),
            "prices/a.dat": text("1;2,5", "2;3,5"),
            "tildes/a.csv": text("1~x", "2~y"),
            "docs/a.json": json.dumps({"rows": [{"id": 1}, {"id": 2}]}).encode(),
            "plain/a.json": lines({"id": 3}),
            "others/a.csv": text("a,b", "1,2"),
        },
        {
            "logs": table(
                "at string, level string, thread string, took int, message string",
                3,
                took=6,
                format="grok",
                kind=_LOG,
            ),
            "events": table("code string, word string", 2, code=16, format="grok", kind=_LOG),
            "prices": table("id int, price string", 2, id=3),
            "tildes": table("col0 bigint, col1 string", 2, col0=3),
            "docs": table("id bigint", 2, id=3, format="json", kind="JSON, rows at a path"),
            "plain": table("id bigint", 1, id=3, format="json"),
            "others": table("a bigint, b bigint", 1, a=1, b=2),
        },
        options={
            "classifiers": "\n".join(
                (
                    f"logs/** grok.pattern={_PATTERN}",
                    r"**/*.{log,txt} regex.pattern=(?P<code>[0-9]+) (?P<word>up|down)",
                    "prices/* csv.delimiter=; csv.columns=id int, price string csv.header=absent",
                    "tildes/* csv.delimiter=~ csv.header=absent",
                    "**/*.json json.path=$.rows[*]",
                )
            )
        },
        decisions=("told by the classifier logs/** grok.pattern=", "with certainty 1.00"),
    ),
)
