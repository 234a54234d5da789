"""Pure translation between Iceberg REST's JSON and the model, there and back."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

import msgspec

from catalog_server.catalog.vending import KEYS_SECONDS, Vended
from catalog_server.model.database import Database
from catalog_server.model.errors import Invalid
from catalog_server.model.names import TableName, levels
from catalog_server.model.table import Table

Json = dict[str, Any]
LEVEL_SEPARATOR = "\x1f"
DELEGATION_HEADER = "X-Iceberg-Access-Delegation"
VENDED, SIGNED = "vended-credentials", "remote-signing"
FIELDS = ("comment", "location", "owner")
_CREDENTIALS = {
    "access_key_id": "s3.access-key-id",
    "secret_access_key": "s3.secret-access-key",
    "session_token": "s3.session-token",
}


class Identifier(msgspec.Struct):
    """A table in a namespace."""

    namespace: list[str]
    name: str


class Named(msgspec.Struct):
    """The name in a body that makes something."""

    name: str


class CreateNamespace(msgspec.Struct):
    """Body of createNamespace."""

    namespace: list[str]
    properties: dict[str, str] | None = None


class UpdateProperties(msgspec.Struct):
    """Body of updateProperties."""

    removals: list[str] | None = None
    updates: dict[str, str] | None = None


class CreateTable(msgspec.Struct, rename="kebab"):
    """Body of createTable; schema, spec and order stay the JSON they are."""

    name: str
    schema: Json
    location: str | None = None
    partition_spec: Json | None = None
    write_order: Json | None = None
    stage_create: bool | None = None
    properties: dict[str, str] | None = None


class CreateView(msgspec.Struct, rename="kebab"):
    """Body of createView; schema and version stay the JSON they are."""

    name: str
    schema: Json
    view_version: Json
    location: str | None = None
    properties: dict[str, str] | None = None


class RegisterView(msgspec.Struct, rename="kebab"):
    """Body of registerView."""

    name: str
    metadata_location: str


class RegisterTable(msgspec.Struct, rename="kebab"):
    """Body of registerTable."""

    name: str
    metadata_location: str
    overwrite: bool | None = None


class Commit(msgspec.Struct):
    """Body of a commit; requirements and updates are read where they are applied."""

    requirements: list[Json] | None = None
    updates: list[Json] | None = None
    identifier: Identifier | None = None


class TableChange(msgspec.Struct):
    """One table of a commit to several."""

    identifier: Identifier
    requirements: list[Json] | None = None
    updates: list[Json] | None = None


class SignRequest(msgspec.Struct):
    """Body of signRequest."""

    region: str
    uri: str
    method: str
    headers: dict[str, list[str]]
    body: str | None = None
    provider: str = "s3"


class CommitTransaction(msgspec.Struct, rename="kebab"):
    """Body of commitTransaction."""

    table_changes: list[TableChange]


class Rename(msgspec.Struct):
    """Body of renameTable."""

    source: Identifier
    destination: Identifier


def properties_of(database: Database) -> dict[str, str]:
    """A database's parameters with comment, location and owner among them, as Iceberg clients expect them."""
    fields = {name: value for name in FIELDS if (value := getattr(database, name)) is not None}
    return {**database.parameters, **fields}


def split_properties(properties: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Properties as (the database's own fields, its parameters)."""
    fields = {key: value for key, value in properties.items() if key in FIELDS}
    return fields, {key: value for key, value in properties.items() if key not in FIELDS}


def identifier(name: TableName) -> Json:
    """A table's name as the wire has it."""
    return {"namespace": list(levels(name.database)), "name": name.table}


def children(databases: Iterable[str], parent: str | None) -> list[list[str]]:
    """The namespaces directly below `parent` (None: the root), each once, in order."""
    depth = len(levels(parent)) if parent else 0
    found = {tuple(levels(name)[: depth + 1]) for name in databases if len(levels(name)) > depth}
    return [list(path) for path in sorted(found)]


def check_identifier(said: Identifier, name: TableName) -> None:
    """Raise `Invalid` when a commit's body speaks of another table than its path."""
    if (tuple(said.namespace), said.name) != (levels(name.database), name.table):
        raise Invalid("identifier", f"{'.'.join(said.namespace)}.{said.name} is not the table in the path")


def check_view_chain(text: str) -> None:
    """Raise `Invalid` unless a text, encoded as in a query, names views by namespace and name, with commas between them.

    Some clients encode names once more before the whole is encoded.
    """
    for item in text.split(","):
        named = unquote_plus(item)
        path = (named if LEVEL_SEPARATOR in named else unquote_plus(named)).split(LEVEL_SEPARATOR)
        if len(path) < 2 or "" in path:
            raise Invalid("referenced-by", f"{named[:100]!r} is not a namespace and a view with %1F between them")


def check_mode(mode: str) -> None:
    """Raise `Invalid` unless all snapshots or those of branches and tags are asked for."""
    if mode not in ("all", "refs"):
        raise Invalid("snapshots", f"must be all or refs, not {mode}")


def with_mode(document: Json, mode: str) -> Json:
    """The metadata with all snapshots, or with those only that a branch or tag points to."""
    if mode == "all":
        return document
    kept = {ref.get("snapshot-id") for ref in document.get("refs", {}).values()}
    return {
        **document,
        "snapshots": [item for item in document.get("snapshots", ()) if item.get("snapshot-id") in kept],
    }


def etag(table: Table, mode: str, access: frozenset[str]) -> str:
    """A tag that changes with the table's definition, made from its row alone; `access` is how files are to be reached.

    Where keys are asked for it changes with time too, since an answer may hold such as end.
    """
    ways = "".join(sorted(way[0] for way in access))
    if VENDED in access:
        ways += f"{int(time.time() // (KEYS_SECONDS / 4)):x}"
    return f'"{table.id:x}-{table.version:x}-{mode}{"-" if ways else ""}{ways}"'


def matches(header: str | None, tag: str) -> bool:
    """Whether an `If-None-Match` header names the tag; weak and strong tags are compared alike."""
    if not header:
        return False
    return any(item.strip().removeprefix("W/") == tag for item in header.split(","))


def access_of(header: str | None) -> frozenset[str]:
    """The ways to reach files that a client asks for and that are known here; none for its own way."""
    return frozenset({item.strip().lower() for item in (header or "").split(",")} & {VENDED, SIGNED})


def storage_config(options: Mapping[str, str], sign_at: str = "") -> dict[str, str]:
    """The client settings for a location: where its store is; with `sign_at`, a path below the catalog's address, also
    that requests are to be signed there.

    `options` are the lake's for the location.
    """
    config = {"s3.path-style-access": options.get("path_style", "false"), "client.region": options.get("region", "")}
    if options.get("endpoint"):
        config["s3.endpoint"] = options["endpoint"]
    if sign_at:
        config |= {"s3.remote-signing-enabled": "true", "s3.signer.endpoint": sign_at}
    return {key: value for key, value in config.items() if value}


def vended_config(vended: Vended, prefix: str | None, name: TableName) -> dict[str, str]:
    """The client settings for a location with keys to it, and where newer ones are had if these end."""
    config = storage_config(vended.options)
    config |= {key: vended.options[option] for option, key in _CREDENTIALS.items() if vended.options.get(option)}
    if vended.expires_at is not None:
        config["s3.session-token-expires-at-ms"] = str(int(vended.expires_at * 1000))
        config["client.refresh-credentials-endpoint"] = table_path(prefix, name, "credentials")
    return config


def credential(vended: Vended, prefix: str | None, name: TableName) -> Json:
    """Keys as an entry of `storage-credentials`."""
    return {"prefix": vended.folder, "config": vended_config(vended, prefix, name)}


def table_path(prefix: str | None, name: TableName, what: str) -> str:
    """The path of something of a table below the catalog's address."""
    namespace = quote(LEVEL_SEPARATOR.join(levels(name.database)), safe="")
    start = f"v1/{quote(prefix, safe='')}" if prefix else "v1"
    return f"{start}/namespaces/{namespace}/tables/{quote(name.table, safe='')}/{what}"
