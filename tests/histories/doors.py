"""The three doors as writers use them: a read tells which commit made the version, and a commit tells how it came out.

What a commit raises: `Conflict` and `Unavailable` when nothing was done, `OutcomeUnknown` when nobody can tell, and
`Unexpected` for an answer that no client should get. A commit's name is kept in the property `commit`, and in the summary
of the snapshot that it appends.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Protocol

import grpc
import httpx
from thrift.Thrift import TApplicationException
from thrift.transport.TTransport import TTransportException

from catalog_server.client import Client
from catalog_server.lake.iceberg import files
from catalog_server.model.errors import CatalogError, Conflict, OutcomeUnknown, TimedOut, Unavailable
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore, environment

logging.getLogger("thrift.transport.TSocket").disabled = True  # of a port at which nobody listens the error tells
DATABASE = "histories"
NAME = "commit"
FIRST = "first"
"""The name in the version that a table begins with."""
TIMEOUT_SECONDS = 60.0
LOG_MAX = 2
"""Entries kept in a document's log of former metadata files: enough to go back from one to the one before."""
Json = dict[str, Any]


class Unexpected(Exception):
    """An answer that says that the server failed, or that makes no sense."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a server answers, and the tables there."""

    iceberg: str
    thrift_port: int
    grpc: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A table as it was read: by whom it was made so, and what the door needs to commit on top of it."""

    commit: str
    snapshot: str | None
    held: Any


States = Mapping[str, Seen]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to commit: to how many tables, and on which condition."""

    send: Callable[[Any, str, States], None]
    tables: int = 1
    follows: bool = False
    """It asks that the version that was read is the last one."""
    onto: bool = False
    """It asks that the snapshot that was read is the current one."""


class Door(Protocol):
    """A client of one facade, reconnecting when its connection is cut."""

    name: ClassVar[str]
    ways: ClassVar[Sequence[Way]]

    def read(self, table: str) -> Seen:
        """A table as it is now."""

    def close(self) -> None:
        """Hang up."""


def snapshot_commit(document: Json) -> str | None:
    """The commit that made the current snapshot of a metadata document."""
    current = document.get("current-snapshot-id")
    snapshots = {one["snapshot-id"]: one for one in document.get("snapshots", ())}
    return str(snapshots[current]["summary"][NAME]) if current in snapshots else None


def appended(document: Json, name: str) -> Json:
    """A snapshot on top of the current one, whose files nobody reads."""
    snapshot = {
        "snapshot-id": uuid.uuid4().int >> 66,
        "sequence-number": document["last-sequence-number"] + 1,
        "timestamp-ms": max(document["last-updated-ms"], int(time.time() * 1000)),
        "manifest-list": f"{document['location']}/metadata/snap-{name}.avro",
        "summary": {"operation": "append", NAME: name},
        "schema-id": document["current-schema-id"],
    }
    parent = document.get("current-snapshot-id", -1)
    return snapshot if parent in (-1, None) else snapshot | {"parent-snapshot-id": parent}


class Rest:
    """Iceberg REST: updates that the server applies to what it has, on conditions or without any."""

    name: ClassVar[str] = "rest"

    def __init__(self, target: Target) -> None:
        self._http = httpx.Client(base_url=f"{target.iceberg}/v1", timeout=TIMEOUT_SECONDS, trust_env=False)
        self._kept: dict[str, tuple[str, Seen]] = {}

    def close(self) -> None:
        self._http.close()

    def read(self, table: str) -> Seen:
        """The table, or what was read before when the server says that it is the same."""
        tag, kept = self._kept.get(table, ("", None))
        answer = self._ask("GET", _path(table), headers={"If-None-Match": tag} if tag else {})
        if answer.status_code == 304 and kept is not None:
            return kept
        document = answer.json()["metadata"]
        found = Seen(document["properties"][NAME], snapshot_commit(document), document)
        self._kept[table] = answer.headers["etag"], found
        return found

    def set(self, name: str, states: States, *, conditional: bool = False, key: str = "") -> None:
        """Set the property of one table, or of several in one commit."""
        changes = [
            {
                "identifier": {"namespace": [DATABASE], "name": table},
                "requirements": [_still(seen)] if conditional else [],
                "updates": [_set(name)],
            }
            for table, seen in states.items()
        ]
        headers = {"Idempotency-Key": key} if key else {}
        if len(changes) > 1:
            self._ask("POST", "/transactions/commit", json={"table-changes": changes}, headers=headers)
        else:
            self._ask("POST", _path(next(iter(states))), json=changes[0], headers=headers)

    def set_once(self, name: str, states: States) -> None:
        """Set the property under a key of idempotency, again and again until there is an answer."""
        key, deadline = str(uuid.uuid4()), time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                self.set(name, states, key=key)
                return
            except (OutcomeUnknown, Unavailable):
                if time.monotonic() > deadline:
                    raise OutcomeUnknown(name) from None
                time.sleep(0.05)

    def append(self, name: str, states: States) -> None:
        """Append a snapshot to the one that was read, and expire that."""
        table, seen = next(iter(states.items()))
        new = appended(seen.held, name)
        updates: list[Json] = [{"action": "add-snapshot", "snapshot": new}]
        updates += [
            {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": new["snapshot-id"]}
        ]
        if "parent-snapshot-id" in new:
            updates.append({"action": "remove-snapshots", "snapshot-ids": [new["parent-snapshot-id"]]})
        self._ask("POST", _path(table), json={"requirements": [_still(seen)], "updates": [*updates, _set(name)]})

    appending = Way(append, onto=True)
    ways: ClassVar[Sequence[Way]] = (
        Way(set),
        Way(set_once),
        appending,
        Way(set, tables=2),
        Way(set_once, tables=3),
        Way(partial(set, conditional=True), tables=2, onto=True),
    )

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **more)
        except httpx.ConnectError as error:
            raise Unavailable("the server") from error
        except httpx.TransportError as error:
            raise OutcomeUnknown(str(error)) from error
        if answer.status_code == 409:
            raise Conflict(path, "", "")
        if not answer.is_success and answer.status_code != 304:
            raise Unexpected(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer


def _path(table: str) -> str:
    return f"/namespaces/{DATABASE}/tables/{table}"


def _set(name: str) -> Json:
    return {"action": "set-properties", "updates": {NAME: name}}


def _still(seen: Seen) -> Json:
    current = seen.held.get("refs", {}).get("main", {}).get("snapshot-id")
    return {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": current}


class Thrift:
    """Hive's protocol as Iceberg's HiveTableOperations without locks speaks it: a file, and a swap that expects the last."""

    name: ClassVar[str] = "thrift"

    def __init__(self, target: Target) -> None:
        self._port = target.thrift_port
        self._client: Metastore | None = None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    def read(self, table: str) -> Seen:
        """The table's row alone; its snapshot is in a file."""
        found = self._call("get_table", DATABASE, table)
        return Seen(found.parameters[NAME], None, found)

    def set(self, name: str, states: States, *, append: bool = False) -> None:
        """Set the property, and append a snapshot if asked."""
        table, seen = next(iter(states.items()))
        found = seen.held
        before = found.parameters["metadata_location"]
        document = read_document(before)
        version = files.metadata_file_version(before) + 1
        after = _path_of(before).with_name(files.metadata_file_name(version))
        after.write_text(json.dumps(_next(document, before, name, append=append)))
        found.parameters |= {"metadata_location": f"file://{after}", "previous_metadata_location": before, NAME: name}
        guard = environment(expected_parameter_key="metadata_location", expected_parameter_value=before)
        self._call("alter_table_with_environment_context", DATABASE, table, found, guard)

    appending = Way(partial(set, append=True), follows=True)
    ways: ClassVar[Sequence[Way]] = (Way(set, follows=True), appending)

    def _call(self, method: str, *arguments: Any) -> Any:
        if self._client is None:
            try:
                self._client = Metastore(self._port)
            except (TTransportException, OSError) as error:
                raise Unavailable("the server") from error
        try:
            return getattr(self._client, method)(*arguments)
        except (TTransportException, EOFError, OSError) as error:
            self.close()
            raise OutcomeUnknown(str(error)) from error
        except wire.MetaException as error:
            if error.message.startswith("The table has been modified"):
                raise Conflict(str(arguments[1]), "", "") from error
            raise Unexpected(f"{method}: {error.message}") from error
        except (TApplicationException, wire.NoSuchObjectException, wire.InvalidOperationException) as error:
            raise Unexpected(f"{method}: {error!r}") from error


def read_document(location: str) -> Json:
    """The document in a metadata file."""
    found: Json = json.loads(_path_of(location).read_bytes())
    return found


def _path_of(location: str) -> Path:
    return Path(location.removeprefix("file://"))


def _next(document: Json, before: str, name: str, *, append: bool) -> Json:
    """A document with the property set, and with a new snapshot as its only one."""
    log = [*document["metadata-log"], {"timestamp-ms": document["last-updated-ms"], "metadata-file": before}]
    new = document | {
        "properties": document["properties"] | {NAME: name},
        "last-updated-ms": max(document["last-updated-ms"], int(time.time() * 1000)),
        "metadata-log": log[-LOG_MAX:],
    }
    if append:
        snapshot = appended(document, name)
        id_ = snapshot["snapshot-id"]
        new |= {
            "snapshots": [snapshot],
            "current-snapshot-id": id_,
            "last-sequence-number": snapshot["sequence-number"],
            "refs": {"main": {"snapshot-id": id_, "type": "branch"}},
            "snapshot-log": [{"timestamp-ms": snapshot["timestamp-ms"], "snapshot-id": id_}],
        }
    return new


class Grpc:
    """Our own client: the whole map of parameters, if the table is at the version that was read."""

    name: ClassVar[str] = "grpc"

    def __init__(self, target: Target) -> None:
        self._client = Client(target.grpc, timeout_seconds=TIMEOUT_SECONDS)

    def close(self) -> None:
        self._client.close()

    def read(self, table: str) -> Seen:
        """The table's row."""
        with _expected():
            found = self._client.tables.get(DATABASE, table)
        return Seen(found.parameters[NAME], None, found)

    def set(self, name: str, states: States) -> None:
        """Set the property; the server writes the metadata file."""
        table, seen = next(iter(states.items()))
        seen.held.parameters[NAME] = name
        with _expected():
            self._client.tables.alter(DATABASE, table, seen.held, ["parameters"], expected_version=seen.held.version)

    ways: ClassVar[Sequence[Way]] = (Way(set, follows=True),)


@contextmanager
def _expected() -> Iterator[None]:
    """Tell what the server said of a failure of its own from what became of the way to it."""
    try:
        yield
    except Conflict:
        raise
    except TimedOut as error:
        raise OutcomeUnknown(error.message) from error
    except CatalogError as error:
        if isinstance(error, OutcomeUnknown | Unavailable) and not _said_by_server(error.__cause__):
            raise
        raise Unexpected(f"{type(error).__name__}: {error.message}") from error


def _said_by_server(error: BaseException | None) -> bool:
    trailers: Any = error.trailing_metadata() if isinstance(error, grpc.RpcError) else None
    return any(key == "grpc-status-details-bin" for key, _ in trailers or ())


DOORS: tuple[type[Rest] | type[Thrift] | type[Grpc], ...] = (Rest, Thrift, Grpc)
