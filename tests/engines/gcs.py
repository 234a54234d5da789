"""A real server that keeps objects as Google Cloud Storage does (fake-gcs-server), with a fresh bucket for whoever asks.

Our client speaks Google's XML interface. The server answers reads and deletes in it, but takes writes and tells of pages in the
JSON interface alone, and lets everyone in: a door in front of it translates the former and checks tokens.
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.engines import process

PAGE = 1000
SCOPES = "https://www.googleapis.com/auth/"
PUBLIC = "public-"
"""How buckets are called from which everyone may read."""


@cache
def _http() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=30)


@dataclass(frozen=True, slots=True)
class Gcs:
    """A running server on loopback that checks tokens. `key` is that of a service account which may do everything."""

    endpoint: str
    key: str
    inner: str
    kind: ClassVar = "gcs"

    @property
    def secrets(self) -> dict[str, str]:
        """What a connection needs."""
        return {"service_account_key": self.key}

    def create_bucket(self, prefix: str = "test-") -> str:
        """Make an empty bucket and return the location of its root, without a slash at its end."""
        name = f"{prefix}{secrets.token_hex(6)}"
        _http().post(f"{self.inner}/storage/v1/b?project=test", json={"name": name}).raise_for_status()
        return self.location(name)

    def put(self, root: str, key: str) -> None:
        """Store an empty object, also of a key that our own client would refuse, below a bucket's root."""
        _http().post(_upload(self.inner, root.removeprefix("gs://"), quote(key, "")), content=b"").raise_for_status()

    def location(self, bucket: str) -> str:
        """The location of a bucket's root."""
        return f"gs://{bucket}"


@contextmanager
def gcs_server() -> Iterator[Gcs]:
    """A server that keeps what it is given in memory."""
    program = Path(sys.prefix) / "gcs/fake-gcs-server"
    if not program.exists():
        process.missing("no fake-gcs-server was found, Go's package github.com/fsouza/fake-gcs-server is it")
        raise AssertionError
    folder, port, key = process.new_folder("gcs"), process.free_port(), RSAKey.generate_key(2048)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Door, f"http://127.0.0.1:{port}", key)) as door:
        running = _running(door, port, key)
        command: list[str | Path] = [program, "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1"]
        command += ["-port", str(port), "-public-host", f"127.0.0.1:{port}", "-external-url", running.inner]
        with process.start(command, folder, env={"PATH": "/usr/bin:/bin", "HOME": str(folder)}) as server:
            server.wait_until(lambda: _answers(running), 60)
            threading.Thread(target=door.serve_forever, daemon=True).start()
            yield running
            door.shutdown()


def _running(door: ThreadingHTTPServer, port: int, key: RSAKey) -> Gcs:
    said = {"type": "service_account", "client_email": "tests@project.example", "private_key_id": "1"}
    said["private_key"] = key.as_pem(private=True).decode()
    return Gcs(f"http://127.0.0.1:{door.server_port}", json.dumps(said), f"http://127.0.0.1:{port}")


def _answers(server: Gcs) -> bool:
    try:
        return _http().get(f"{server.inner}/_internal/healthcheck", timeout=2).is_success
    except httpx.HTTPError:
        return False


def _upload(inner: str, bucket: str, key: str) -> str:
    return f"{inner}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={key}"


class _Door(BaseHTTPRequestHandler):
    """Google's XML interface, as far as the server has it not."""

    protocol_version = "HTTP/1.1"

    def __init__(self, inner: str, key: RSAKey, *args: Any) -> None:
        self.inner = inner
        self.key = key
        super().__init__(*args)

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        url = urlsplit(self.path)
        bucket, _, key = url.path[1:].partition("/")
        refused = self._refused(bucket := unquote(bucket))
        if refused is not None:
            self._answer(httpx.Response(refused[0], text=f"<Error><Code>{refused[1]}</Code></Error>"))
        elif self.command == "PUT":
            self._answer(self._put(bucket, key, body))
        elif key:
            headers = {"Range": self.headers["Range"]} if "Range" in self.headers else {}
            self._answer(_http().request(self.command, f"{self.inner}/{bucket}/{key}", headers=headers))
        else:
            self._answer(self._list(bucket, {name: values[0] for name, values in parse_qs(url.query).items()}))

    do_GET = do_HEAD = do_PUT = do_DELETE = _take  # noqa: N815

    def _refused(self, bucket: str) -> tuple[int, str] | None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if not token:
            is_read = self.command in ("GET", "HEAD")
            return None if bucket.startswith(PUBLIC) and is_read else (403, "AccessDenied")
        try:
            claims = jwt.decode(token, self.key).claims
        except (JoseError, ValueError):
            return 401, "AuthenticationRequired"
        return None if str(claims["scope"]).startswith(SCOPES) else (403, "AccessDenied")

    def _put(self, bucket: str, key: str, body: bytes) -> httpx.Response:
        source = self.headers.get("x-goog-copy-source")
        if source is not None:
            start, _, name = source.partition("/")
            start, name = f"{self.inner}/storage/v1/b/{start}/o/{quote(unquote(name), '')}", quote(unquote(key), "")
            answer = _http().post(f"{start}/rewriteTo/b/{bucket}/o/{name}", json={})
        else:
            if self.headers.get("x-goog-if-generation-match") == "0" and self._is_there(bucket, key):
                return httpx.Response(412)
            answer = _http().post(_upload(self.inner, bucket, key), content=body)
        tag = answer.json().get("etag") if answer.is_success else None
        return httpx.Response(answer.status_code, headers={"ETag": tag or '"0"'}, content=b"")

    def _is_there(self, bucket: str, key: str) -> bool:
        return _http().head(f"{self.inner}/{bucket}/{key}").is_success

    def _list(self, bucket: str, query: dict[str, str]) -> httpx.Response:
        asked = {name: query[name] for name in ("prefix", "delimiter") if name in query}
        answer = _http().get(f"{self.inner}/storage/v1/b/{bucket}/o", params=asked)
        if not answer.is_success:
            return httpx.Response(answer.status_code, text="<Error><Code>NoSuchBucket</Code></Error>")
        after = query.get("continuation-token", query.get("start-after", ""))
        found = {one["name"]: _object(one) for one in answer.json().get("items", ())}
        found |= {
            one: f"<CommonPrefixes>{_named('Prefix', one)}</CommonPrefixes>"
            for one in answer.json().get("prefixes") or ()
        }
        names = [name for name in sorted(found, key=str.encode) if name.encode() > after.encode()]
        page = names[:PAGE]
        more = _named("NextContinuationToken", page[-1]) if len(names) > PAGE else ""
        body = "".join(found[name] for name in page)
        return httpx.Response(200, text=f"<ListBucketResult>{more}{body}</ListBucketResult>")

    def _answer(self, answer: httpx.Response) -> None:
        self.send_response(answer.status_code)
        body = b"" if self.command == "HEAD" else answer.content
        for name, value in answer.headers.items():
            if name not in ("content-length", "transfer-encoding", "date", "connection", "content-encoding"):
                self.send_header(name, value)
        size = answer.headers.get("content-length", "0") if self.command == "HEAD" else str(len(body))
        self.send_header("Content-Length", size)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _object(one: dict[str, Any]) -> str:
    said = {"Key": one["name"], "LastModified": one["updated"], "ETag": one["etag"], "Size": one["size"]}
    return f"<Contents>{''.join(_named(name, value) for name, value in said.items())}</Contents>"


def _named(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>"
