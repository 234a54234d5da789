"""Writes docs/compatibility.md: which methods and endpoints of each protocol are served, and what engines see of formats."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from catalog_server.facades.hms.app import NOUNS
from catalog_server.facades.hms.refused import REFUSED
from catalog_server.facades.iceberg.app import ENDPOINTS
from catalog_server.testing import behaviour
from catalog_server.wire import catalog_pb2
from catalog_server.wire.idl import Function, parse

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "compatibility.md"
SOURCES = ("hive_metastore.thrift", "fb303.thrift")

SPECIFICATION = {
    "GET /v1/config": "getConfig",
    "GET /v1/{prefix}/namespaces": "listNamespaces",
    "POST /v1/{prefix}/namespaces": "createNamespace",
    "GET /v1/{prefix}/namespaces/{namespace}": "loadNamespaceMetadata",
    "HEAD /v1/{prefix}/namespaces/{namespace}": "namespaceExists",
    "DELETE /v1/{prefix}/namespaces/{namespace}": "dropNamespace",
    "POST /v1/{prefix}/namespaces/{namespace}/properties": "updateProperties",
    "GET /v1/{prefix}/namespaces/{namespace}/tables": "listTables",
    "POST /v1/{prefix}/namespaces/{namespace}/tables": "createTable",
    "POST /v1/{prefix}/namespaces/{namespace}/register": "registerTable",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}": "loadTable",
    "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}": "tableExists",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}": "updateTable",
    "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}": "dropTable",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/unregister": "unregisterTable",
    "POST /v1/{prefix}/tables/rename": "renameTable",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics": "reportMetrics",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials": "loadCredentials",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/sign": "signRequest",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/plan": "planTableScan",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/plan/{plan-id}": "fetchPlanningResult",
    "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}/plan/{plan-id}": "cancelPlanning",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/tasks": "fetchScanTasks",
    "POST /v1/{prefix}/transactions/commit": "commitTransaction",
    "GET /v1/{prefix}/namespaces/{namespace}/views": "listViews",
    "POST /v1/{prefix}/namespaces/{namespace}/views": "createView",
    "GET /v1/{prefix}/namespaces/{namespace}/views/{view}": "loadView",
    "POST /v1/{prefix}/namespaces/{namespace}/views/{view}": "replaceView",
    "HEAD /v1/{prefix}/namespaces/{namespace}/views/{view}": "viewExists",
    "DELETE /v1/{prefix}/namespaces/{namespace}/views/{view}": "dropView",
    "POST /v1/{prefix}/views/rename": "renameView",
    "POST /v1/{prefix}/namespaces/{namespace}/register-view": "registerView",
    "GET /v1/{prefix}/namespaces/{namespace}/functions": "listFunctions",
    "GET /v1/{prefix}/namespaces/{namespace}/functions/{function}": "loadFunction",
}
"""The operations of the specification, by method and path."""

FORMATS = """\
## What each engine sees of each format

[Formats](reference/formats.md) has the details, from 130 layouts of files; here is the short of it.

A table of files carries a face for Hive's clients and one for Spark
([decision 019](decisions/019-both-faces-of-a-table-of-files.md)). "yes" means that values are read with their types.
Marked with \\* is what a test compares value by value: `tests/compatibility/` reads crawled tables by the embedded SQL,
Spark and Trino, `tests/jobs/` runs scripts on Sail and Spark.

| format | embedded SQL | Spark 4.1 | Trino 476 | Sail 0.7 | PyIceberg 0.12 |
|---|---|---|---|---|---|
| Parquet | yes\\* | yes\\* | yes\\* | yes\\* | no |
| ORC, Avro | yes\\* | yes\\* | yes\\* | Avro\\* | no |
| CSV without quotes | yes\\* | yes\\* | yes\\* | yes | no |
| CSV with quotes | all columns text\\* | yes\\* | all columns text\\* | yes | no |
| JSON lines | yes\\* | yes\\* | yes\\* | yes | no |
| Iceberg, versions 1 and 2 | yes\\* | yes\\* | yes\\* | by Iceberg REST\\* | yes\\* |
| Iceberg, version 3 | not what is new in it | yes | not what is new in it | not known | not what is new in it |
| Delta (registered) | refused by name | not known | yes\\* | not known | no |
| Hudi up to version 6 (registered) | refused by name | 3.5, with Hudi's bundle | yes\\*, merged rows | not known | no |
| Hudi of later versions (registered) | refused by name | 3.5, with Hudi's bundle | no | not known | no |
| tables of a connection | yes\\* | not shown | not shown | not shown | not shown |

- An empty field of CSV without quotes is NULL or an empty text, depending on the engine.
- The length of a list that is missing in JSON is NULL or -1, depending on the engine.
- Tables of a connection are left out of Thrift and Iceberg REST, because Spark and Trino could not read them there: give
  the engine a catalog of its own for that database.
"""


def page() -> str:
    """The whole page."""
    lines = [
        "# Compatibility",
        "",
        "Made by `.ci/generate` from `idl/`, the handlers and the route table; do not edit.",
        "",
        "| client | speaks | tested with |",
        "|---|---|---|",
        "| Apache Spark | Hive metastore (Thrift), Iceberg over Thrift and over REST | 4.1, Iceberg 1.12 |",
        "| Trino | Hive metastore (Thrift): connectors hive, iceberg, delta_lake and hudi | 476 |",
        "| PyIceberg | Hive metastore (Thrift) and Iceberg REST | 0.12 |",
        "| Sail | Hive metastore (Thrift) and Iceberg REST | 0.7 |",
        "| Hive clients 1.2 to 4.2 | Hive metastore (Thrift) | codecs of all versions, by their bytes |",
        "| programs in any language of gRPC | gRPC, `catalog.v1` | Python's grpcio 1.85, with our client and without |",
        "",
        *_iceberg(),
        *_grpc(),
        FORMATS,
        *_thrift(),
    ]
    return "\n".join(lines)


def _iceberg() -> list[str]:
    served = {"GET /v1/config", *ENDPOINTS}
    strangers = served - SPECIFICATION.keys()
    if strangers:
        raise ValueError(f"{', '.join(sorted(strangers))}: served, but in no list of operations")
    rows = [f"| {name} | `{path}` | {'yes' if path in served else 'no'} |" for path, name in SPECIFICATION.items()]
    count = sum(path in served for path in SPECIFICATION)
    return [
        "## Iceberg REST",
        "",
        f"{count} of {len(SPECIFICATION)} operations, below `/iceberg`; the configuration answer lists them. Iceberg's own",
        "compatibility kit 1.11.0 runs against this server on SQLite and PostgreSQL: of its 157 tests 145 pass, and the kit",
        "itself leaves 12 out.",
        "",
        "- Functions are listed by name. Those of Hive are classes and have no definition in Iceberg's terms: to load one is",
        "  answered with 406.",
        "- `referenced-by`, the views through which a table or view is loaded, must be well formed and opens nothing: whoever",
        "  loads a table needs a grant on the table itself.",
        "- `planTableScan` takes `min-rows-requested` and does not heed it, which the specification allows.",
        "",
        "| operation | method and path | served |",
        "|---|---|---|",
        *rows,
        "",
    ]


def _grpc() -> list[str]:
    services = catalog_pb2.DESCRIPTOR.services_by_name
    count = sum(len(service.methods) for service in services.values())
    rows = [
        f"| {name} | {', '.join(f'`{method.name}`' for method in service.methods)} |"
        for name, service in services.items()
    ]
    return [
        "## gRPC",
        "",
        f"All {count} methods of [`catalog.v1`](reference/grpc.md), `grpc.health.v1.Health` and",
        "`grpc.reflection.v1alpha.ServerReflection`.",
        "",
        "| service | methods |",
        "|---|---|",
        *rows,
        "",
    ]


def _thrift() -> list[str]:
    served = {name: noun.__name__ for noun in NOUNS for name in noun.served()}
    methods, suite = functions(), behaviour.read()
    strangers = served.keys() - methods.keys()
    if strangers:
        raise ValueError(f"{', '.join(sorted(strangers))}: handled, but in no IDL")
    lines = [
        "## Hive metastore",
        "",
        f"{len(served)} of {len(methods)} methods of the union of Hive 1.2 to 4.2. A method that is not served is answered as an",
        "unknown one, which makes clients fall back to an older one, and never with an empty success.",
        "",
        "The last column names the files of `tests/metastore/` that call the method. These tests run against this server and",
        "against real Hive Metastores 4.0.1 and 2.3.10, and hold on all of them.",
        "",
        "| method | in Hive | served by | compared in |",
        "|---|---|---|---|",
    ]
    for name in sorted(served):
        tests = ", ".join(sorted(one.removeprefix("test_") for one in suite.called.get(name, ())))
        lines.append(f"| `{name}` | {methods[name].versions or 'all'} | {_words(served[name])} | {tests} |")
    left = [name for name in sorted(methods) if name not in served]
    if left:
        lines += ["", "### Not served", "", *_wrapped([f"`{name}`" for name in left])]
    return [*lines, "", *_refused(), *_differences(suite.differences)]


def _refused() -> list[str]:
    lines = ["### Refused", "", "Methods that are answered with an exception which says why.", ""]
    lines += ["| method | exception | reason |", "|---|---|---|"]
    return [*lines, *(f"| `{name}` | {kind} | {reason} |" for name, (kind, reason) in sorted(REFUSED.items())), ""]


def _differences(found: Sequence[behaviour.Difference]) -> list[str]:
    lines = [
        "### Where this server differs on purpose",
        "",
        "Each is a test that holds here and fails on the real metastore named.",
        "",
        "| what this server does | not so in Hive | why |",
        "|---|---|---|",
    ]
    lines += [f"| {one.behaviour} | {one.version} | {one.reason} |" for one in found]
    return [*lines, ""]


def _words(noun: str) -> str:
    """A class's name as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", noun).lower()


def functions() -> dict[str, Function]:
    """The methods of the IDL by name, without the older meanings of a few."""
    found: dict[str, Function] = {}
    for source in SOURCES:
        found |= parse((ROOT / "idl" / source).read_text(encoding="utf-8")).functions
    return {name: function for name, function in found.items() if not re.search(r"__hive\d", name)}


def _wrapped(words: Sequence[str]) -> list[str]:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > 130:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def main(arguments: Sequence[str]) -> int:
    """Write the page; with `--check` only say whether it is out of date (status 1 if it is)."""
    text = page()
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in arguments:
        print("out of date: docs/compatibility.md; run .ci/generate", file=sys.stderr)
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
