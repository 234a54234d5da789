"""The few calls to the Iceberg REST catalog that a run makes itself, by the standard library alone."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from catalog_server.model.errors import NotFound, Unavailable

TIMEOUT_SECONDS = 60.0
NOT_FOUND = 404
SEPARATOR = "\x1f"


class Rest:
    """A client of one catalog at `url` (the part before `/v1`), with a bearer token that names the run."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._prefix: str | None = None

    def load(self, database: str, table: str) -> dict[str, Any]:
        """A table's metadata document; raises `NotFound`."""
        metadata: dict[str, Any] = self._table_call("GET", database, table)["metadata"]
        return metadata

    def drop(self, database: str, table: str, purge: bool = False) -> None:
        """Drop a table, with `purge` its files too; one that is not there is no error."""
        try:
            self._table_call("DELETE", database, table, "?purgeRequested=true" if purge else "")
        except NotFound:
            pass

    def rename(self, database: str, source: str, target: str) -> None:
        """Give a table another name in the same database."""
        namespace = database.split(".")
        body = {
            "source": {"namespace": namespace, "name": source},
            "destination": {"namespace": namespace, "name": target},
        }
        self._call("POST", f"{self._base()}/tables/rename", body)

    def _table_call(self, method: str, database: str, table: str, query: str = "") -> Any:
        namespace = quote(SEPARATOR.join(database.split(".")), safe="")
        return self._call(method, f"{self._base()}/namespaces/{namespace}/tables/{quote(table, safe='')}{query}")

    def _base(self) -> str:
        if self._prefix is None:
            config = self._call("GET", "/v1/config")
            said = {**config.get("defaults", {}), **config.get("overrides", {})}.get("prefix", "")
            self._prefix = f"/v1/{said.strip('/')}".rstrip("/")
        return self._prefix

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(self._url + path, method=method)
        request.add_header("Accept", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            said = error.read().decode("utf-8", "replace")[:500]
            if error.code == NOT_FOUND:
                raise NotFound("table", path) from error
            raise Unavailable(f"{method} {path} was answered {error.code}: {said}") from error
        except OSError as error:
            raise Unavailable(f"the catalog at {self._url} does not answer: {error}") from error
        return json.loads(text) if text else {}
