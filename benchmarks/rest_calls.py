"""Calls of an Iceberg REST catalog that are measured, as engines send them, the data they are asked of, and their client."""

from __future__ import annotations

import json
import random
import time
import uuid
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from benchmarks.calls import Call
from benchmarks.clients import Counted

Json = dict[str, Any]
NAMESPACE, MADE = "bench", "made"
"""Where the tables are that are listed and loaded; where new ones are made."""
TABLES = 1000
LARGE, SHARED = "large", "shared"
LARGE_COLUMNS, LARGE_SNAPSHOTS = 200, 1000
SMALL_COLUMNS = 20
IDLE_SECONDS_MAX = 10.0
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; the body as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Json:
        """The body as what it stands for."""
        plain = (
            zlib.decompress(self.body, _GZIP_WINDOW) if self.headers.get("content-encoding") == "gzip" else self.body
        )
        found: Json = json.loads(plain)
        return found


class RestClient:
    """One kept connection that takes gzip, as Iceberg's Java client does; small, so that servers are measured."""

    def __init__(self, port: int, root: str) -> None:
        self.wire = Counted(port)
        self.calls = 0
        self._port, self._root, self._host = port, root, f"127.0.0.1:{port}"
        self._held = b""
        self._used = time.monotonic()

    def ask(self, method: str, path: str, body: Json | None = None, tag: str = "") -> Answer:
        """Send one request and take its answer, whatever its status."""
        self.calls += 1
        if time.monotonic() - self._used > IDLE_SECONDS_MAX:
            self._reconnect()
        head = f"{method} {self._root}/v1{path} HTTP/1.1\r\nHost: {self._host}\r\nAccept-Encoding: gzip\r\n"
        head += f"If-None-Match: {tag}\r\n" if tag else ""
        sent = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
        self.wire.write(head.encode() + b"\r\n" + sent)
        self._used = time.monotonic()
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        status = int(lines[0].split(" ")[1])
        if status in (204, 304):
            return Answer(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, self._chunks())
        return Answer(status, headers, self._exactly(int(headers["content-length"])))

    def done(self, method: str, path: str, body: Json | None = None, tag: str = "") -> Answer:
        """The same, of a request that must succeed."""
        answer = self.ask(method, path, body, tag)
        assert answer.status in (200, 204, 304), f"{method} {path}: {answer.status} {answer.body[:300]!r}"
        return answer

    def _reconnect(self) -> None:
        """Servers hang up on connections that were not used for long."""
        before, self.wire = self.wire, Counted(self._port)
        before.close()
        self.wire.sent, self.wire.received = before.sent, before.received

    def _until(self, end: bytes) -> bytes:
        while end not in self._held:
            self._held += self.wire.read(0)
        found, _, self._held = self._held.partition(end)
        return found

    def _exactly(self, size: int) -> bytes:
        pieces, missing = [self._held], size - len(self._held)
        while missing > 0:
            pieces.append(self.wire.read(0))
            missing -= len(pieces[-1])
        whole = b"".join(pieces)
        self._held = whole[size:]
        return whole[:size]

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self._until(b"\r\n"), 16):
            found += self._exactly(size)
            self._exactly(2)
        self._exactly(2)
        return found


def schema(count: int) -> Json:
    """So many columns."""
    kinds = ("long", "string", "double", "timestamp", "decimal(18, 2)")
    fields = [
        {"id": n + 1, "name": f"column_{n}", "type": kinds[n % 5], "required": False, "doc": f"column {n}"}
        for n in range(count)
    ]
    return {"type": "struct", "schema-id": 0, "fields": fields}


def make(client: RestClient, namespace: str, name: str, columns: int) -> Tip:
    """Make a table, and tell where its snapshots begin."""
    answer = client.done("POST", f"/namespaces/{namespace}/tables", {"name": name, "schema": schema(columns)})
    return Tip(f"/namespaces/{namespace}/tables/{name}", answer.json()["metadata"]["location"])


def make_large(client: RestClient, name: str) -> Tip:
    """Make a table of many columns with many snapshots."""
    tip = make(client, NAMESPACE, name, LARGE_COLUMNS)
    new = [tip.next(LARGE_SNAPSHOTS) for _ in range(LARGE_SNAPSHOTS)]
    updates = [update for one in new for update in one[:1]]
    client.done("POST", tip.path, {"requirements": [], "updates": [*updates, new[-1][1]]})
    return tip


@dataclass(slots=True)
class Tip:
    """The newest snapshots of a table, to which the next is appended."""

    path: str
    location: str
    sequence: int = 0
    at: int = 0
    ids: deque[int] = field(default_factory=deque)

    @property
    def required(self) -> list[Json]:
        """What an append asks to hold."""
        current = self.ids[-1] if self.ids else None
        return [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": current}]

    def next(self, kept: int) -> list[Json]:
        """The updates that append a snapshot, and expire the oldest one if there are more than `kept`."""
        self.sequence += 1
        self.at = max(self.at + 1, int(time.time() * 1000))
        id_ = uuid.uuid4().int >> 66
        snapshot = {
            "snapshot-id": id_,
            "sequence-number": self.sequence,
            "timestamp-ms": self.at,
            "manifest-list": f"{self.location}/metadata/snap-{id_}-1-{uuid.uuid4()}.avro",
            "schema-id": 0,
            "summary": {
                "operation": "append",
                "added-data-files": "1",
                "added-records": "1000",
                "added-files-size": "123456",
                "total-records": str(1000 * self.sequence),
                "total-data-files": str(self.sequence),
            },
        }
        if self.ids:
            snapshot["parent-snapshot-id"] = self.ids[-1]
        self.ids.append(id_)
        updates = [{"action": "add-snapshot", "snapshot": snapshot}]
        updates += [{"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": id_}]
        if len(self.ids) > kept:
            updates.append({"action": "remove-snapshots", "snapshot-ids": [self.ids.popleft()]})
        return updates


def load(client: RestClient, first: int, step: int) -> None:
    """Make each `step`th of the tables that are listed."""
    for number in range(first, TABLES, step):
        make(client, NAMESPACE, f"table_{number:05}", SMALL_COLUMNS)


@dataclass(slots=True)
class State:
    """What one client's calls need; made in its process."""

    number: int
    small: Tip
    large: Tip
    made: int = 0
    tags: dict[str, str] = field(default_factory=dict)


def prepare(client: RestClient, number: int) -> State:
    """With tables of the client's own to commit to."""
    return State(number, make(client, MADE, f"own_{number}", SMALL_COLUMNS), make_large(client, f"large_{number}"))


def _any_table(numbers: random.Random) -> str:
    return f"/namespaces/{NAMESPACE}/tables/table_{numbers.randrange(TABLES):05}"


def load_small(client: RestClient, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """Any of a thousand."""
    client.done("GET", _any_table(numbers))


def load_large(client: RestClient, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """The one with many snapshots and columns."""
    client.done("GET", f"/namespaces/{NAMESPACE}/tables/{LARGE}")


def _again(client: RestClient, state: State, path: str) -> None:
    """With the tag that the server gave. The fixture answers in full: it does not know the tags of its gzipped answers."""
    if path not in state.tags:
        state.tags[path] = client.done("GET", path).headers["etag"]
    client.done("GET", path, tag=state.tags[path])


def same_small(client: RestClient, numbers: random.Random, state: State) -> None:
    """A table that the client has."""
    _again(client, state, _any_table(numbers))


def same_large(client: RestClient, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """A large one."""
    _again(client, state, f"/namespaces/{NAMESPACE}/tables/{LARGE}")


def list_tables(client: RestClient, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """All of them."""
    client.done("GET", f"/namespaces/{NAMESPACE}/tables")


def create(client: RestClient, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """One that nobody else has."""
    state.made += 1
    name = f"t_{state.number}_{state.made}"
    client.done("POST", f"/namespaces/{MADE}/tables", {"name": name, "schema": schema(SMALL_COLUMNS)})


def _commit(client: RestClient, tip: Tip, kept: int) -> None:
    required = tip.required
    client.done("POST", tip.path, {"requirements": required, "updates": tip.next(kept)})


def commit_small(client: RestClient, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """Append a snapshot and expire the one before, one after the other."""
    _commit(client, state.small, 1)


def commit_large(client: RestClient, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """Append a snapshot and expire the oldest of a thousand."""
    _commit(client, state.large, LARGE_SNAPSHOTS)


def contend(client: RestClient, numbers: random.Random, state: State) -> None:  # noqa: ARG001
    """Read the table that all clients commit to and append to what was read, again and again until it is in."""
    path = f"/namespaces/{MADE}/tables/{SHARED}"
    while True:
        document = client.done("GET", path).json()["metadata"]
        current = document.get("current-snapshot-id", -1)
        ids = deque([] if current in (-1, None) else [current])
        tip = Tip(path, document["location"], document["last-sequence-number"], document["last-updated-ms"], ids)
        required = tip.required
        answer = client.ask("POST", path, {"requirements": required, "updates": tip.next(1)})
        if answer.status == 200:
            return
        assert answer.status == 409, f"{answer.status} {answer.body[:300]!r}"


CALLS: tuple[Call, ...] = (
    Call("loadTable, small", load_small),
    Call("loadTable, large", load_large),
    Call("loadTable, small, 304", same_small),
    Call("loadTable, large, 304", same_large),
    Call("listTables (1,000)", list_tables),
    Call("createTable", create),
    Call("commit, small", commit_small),
    Call("commit, large", commit_large),
    Call("commit won of 8 that contend", contend),
)
