"""For scripts of jobs: what the server's SQL answers as a DataFrame, where the engine cannot read a table by itself.

This file is laid beside the script of each run, whose Python may know nothing of this package: it needs the standard library.
"""

from __future__ import annotations

import json
import os
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

_WAIT_MILLISECONDS = 5_000
_TIMEOUT_SECONDS = 60.0
_NOTES = "touched.jsonl"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""The server is reached directly, whatever proxy this machine has for the world outside."""


def read_sql(spark: Any, statement: str, catalog: str | None = None, database: str | None = None) -> Any:
    """The rows of a statement in Trino's SQL as a DataFrame; `catalog` and `database` complete names without them.

    All rows are written to a file on this machine first, so Spark must run here: on `sail`, or on `spark` with a local
    master. Raises `RuntimeError` with the server's words.
    """
    if not _is_local(spark):
        raise RuntimeError("read_sql needs an engine on this machine: sail, or spark with the master local[*]")
    here = Path(__file__).resolve().parent
    with (here / _NOTES).open("a", encoding="utf-8") as notes:
        notes.write(json.dumps({"query": statement, "catalog": catalog, "database": database}) + "\n")
    body = {"sql": statement, "catalog": catalog, "database": database, "export": True}
    query = _ask("POST", "/queries", {key: value for key, value in body.items() if value is not None})
    where = f"/queries/{query['id']}"
    while query["state"] not in ("FINISHED", "FAILED", "CANCELLED"):
        query = _ask("GET", f"{where}?wait_ms={_WAIT_MILLISECONDS}")
    if query["state"] != "FINISHED":
        error = query["error"] or {"message": f"the query was {query['state'].lower()}"}
        raise RuntimeError(f"{error['message']}, in the statement: {statement.strip()}")
    file = here / f"{query['id']}.parquet"
    with _open("GET", f"{where}/rows.parquet") as answer, file.open("wb") as sink:
        shutil.copyfileobj(answer, sink, 1 << 20)
    _ask("DELETE", f"{where}?forget=true")
    print(f"read {query['row_count']} rows, {file.stat().st_size} bytes, from the server's SQL", flush=True)
    return spark.read.parquet(file.as_uri())


def _is_local(spark: Any) -> bool:
    engine = os.environ.get("CATALOG_ENGINE")
    return engine == "sail" or (engine == "spark" and str(spark.conf.get("spark.master", "local")).startswith("local"))


def _ask(method: str, path: str, body: Any = None) -> Any:
    with _open(method, path, body) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def _open(method: str, path: str, body: Any = None) -> Any:
    url = os.environ["CATALOG_SERVER__CLIENT__URL"]
    request = urllib.request.Request(f"{url}/api/v1{path}", method=method)
    request.add_header("Authorization", f"Bearer {os.environ['CATALOG_TOKEN']}")
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        return _OPENER.open(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        text = error.read().decode("utf-8", "replace")
        try:
            message = json.loads(text)["error"]["message"]
        except (ValueError, KeyError, TypeError):
            message = text[:500]
        raise RuntimeError(f"{method} {path}: {message}") from None
    except OSError as error:
        raise RuntimeError(f"the server at {url} does not answer: {error}") from error
