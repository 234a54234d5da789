"""Tables: listed, made, loaded, committed to, renamed, dropped; and what clients report of their scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from catalog_server.catalog import unregister
from catalog_server.catalog.commits import IcebergTable, TableCommit
from catalog_server.catalog.signing import SigningRequest
from catalog_server.catalog.vending import Vended
from catalog_server.facades.iceberg import convert
from catalog_server.facades.iceberg.call import Call, database_of, json_answer, nothing
from catalog_server.lake import locations
from catalog_server.model.errors import CatalogError, Invalid, NotFound, OutcomeUnknown
from catalog_server.model.names import TableName, name_key
from catalog_server.model.table import Table

FORMATS = ("iceberg",)


def list_tables(call: Call) -> Response:
    """The Iceberg tables of a namespace, in pages when pages are asked for."""
    after, size = call.page
    count = None if size is None else size + 1
    database = call.services.catalog.databases.get(call.caller, call.database).full_name
    call.rests_upon.scopes = call.services.catalog.freshness.of_table_names(database)
    names = call.services.catalog.tables.list_names(
        call.caller, database, formats=FORMATS, after=after or "", count=count
    )
    shown = names[:size]
    answer: convert.Json = {"identifiers": [convert.identifier(database.table(name)) for name in shown]}
    if size is not None:
        answer["next-page-token"] = name_key(shown[-1]) if len(names) > size else None
    return json_answer(answer)


def create_table(call: Call) -> Response:
    """Make a table, or only stage it: then its metadata is answered and nothing is kept."""
    body = call.read(convert.CreateTable)
    name = call.database.table(body.name)
    document = call.services.catalog.iceberg.stage(
        call.caller,
        name,
        body.schema,
        partition_spec=body.partition_spec,
        sort_order=body.write_order,
        properties=body.properties,
        location=body.location,
    )
    if body.stage_create:
        config = _config(call, name, document, _vended(call, name, document))
        return json_answer({"metadata": document, "config": config})
    return _loaded(call, call.services.catalog.iceberg.create(call.caller, name, document))


def created(call: Call) -> Response:
    """A table that was made or registered before."""
    name = call.database.table(call.read(convert.Named).name)
    return _loaded(call, call.services.catalog.iceberg.load(call.caller, name))


def register_table(call: Call) -> Response:
    """Make a table of a metadata file that is already there."""
    body = call.read(convert.RegisterTable)
    name = call.database.table(body.name)
    overwrite = bool(body.overwrite)
    found = call.services.catalog.iceberg.register(call.caller, name, body.metadata_location, overwrite=overwrite)
    return _loaded(call, found)


def load_table(call: Call) -> Response:
    """A table's metadata; 304 from its row alone when the client already has it."""
    call.check_views()
    mode = call.query.get("snapshots", "all")
    convert.check_mode(mode)
    if "if-none-match" in call.headers:
        row = _iceberg(call, call.table)
        tag = _tag(call, row, mode)
        _rests_upon(call, row)
        if convert.matches(call.headers["if-none-match"], tag):
            return Response(status_code=304, headers={"ETag": tag})
    found = call.services.catalog.iceberg.load(call.caller, call.table)
    _rests_upon(call, found.table)
    return _loaded(call, found, mode)


def _rests_upon(call: Call, table: Table) -> None:
    """Say what the answer of a table rests upon; one with keys, which end, is made anew each time.

    Where a table lies in an object store, the answer rests upon storage profiles too.
    """
    if _access(call):
        return
    try:
        where, file = (locations.parse(one or "") for one in (table.location, table.metadata_location))
    except CatalogError:
        return
    freshness = call.services.catalog.freshness
    scopes = freshness.of_table(table.full_name)
    if where.scheme == file.scheme == "file":
        call.rests_upon.scopes, call.rests_upon.file = scopes, file.path
    elif "file" not in (where.scheme, file.scheme):
        storage = freshness.of_storage()
        call.rests_upon.scopes = scopes and storage and scopes + storage


def table_exists(call: Call) -> Response:
    """204 when the table is there."""
    _iceberg(call, call.table)
    return nothing()


def commit_table(call: Call) -> Response:
    """Requirements, then updates, as one change; with `assert-create` it makes the table."""
    body = call.read(convert.Commit)
    if body.identifier is not None:
        convert.check_identifier(body.identifier, call.table)
    return _loaded(
        call, call.services.catalog.iceberg.commit(call.caller, call.table, body.requirements or [], body.updates or [])
    )


def commit_transaction(call: Call) -> Response:
    """Requirements and updates of several tables as one change: all of it, or nothing."""
    body = call.read(convert.CommitTransaction)
    commits = [
        TableCommit(
            TableName(call.catalog, database_of(one.identifier.namespace), one.identifier.name),
            one.requirements or [],
            one.updates or [],
        )
        for one in body.table_changes
    ]
    call.services.catalog.iceberg.commit_all(call.caller, commits)
    return nothing()


def rename_table(call: Call) -> Response:
    """Give a table another name, in its namespace or another."""
    body = call.read(convert.Rename)
    source, destination = (
        TableName(call.catalog, database_of(side.namespace), side.name) for side in (body.source, body.destination)
    )
    call.services.catalog.iceberg.rename(call.caller, source, destination)
    return nothing()


def drop_table(call: Call) -> Response:
    """Forget a table; with `purgeRequested` its files go too."""
    purge = call.flag("purgeRequested")
    _iceberg(call, call.table)
    call.services.catalog.tables.drop(call.caller, call.table, delete_data=False, purge=purge)
    return nothing()


def unregister_table(call: Call) -> Response:
    """Forget a table and say how it was last, so that it can be registered elsewhere; its files stay."""
    return _forgotten(unregister.unregister(call.services.catalog.iceberg, call.caller, call.table))


def unregistered(call: Call) -> Response:
    """A table that was forgotten before."""
    try:
        return _forgotten(unregister.unregistered(call.services.catalog.iceberg, call.caller, call.table))
    except NotFound as error:
        raise OutcomeUnknown(f"table {call.table} was unregistered, and what it was is not known any more") from error


def _forgotten(found: IcebergTable) -> Response:
    return json_answer({"metadata-location": found.metadata_location, "metadata": found.document})


def report_metrics(call: Call) -> Response:
    """Keep what a client tells of a scan or commit."""
    report = call.read(dict[str, Any])
    kind = report.get("report-type")
    if not isinstance(kind, str):
        raise Invalid("report-type", "must be a string")
    call.services.catalog.metrics_reports.add(call.caller, call.table, kind, report)
    return nothing()


def _iceberg(call: Call, name: TableName) -> Table:
    """The row of an Iceberg table; one of another kind is not there for Iceberg clients."""
    found = call.services.catalog.tables.get(call.caller, name)
    if not found.is_iceberg:
        raise NotFound("table", str(found.full_name))
    return found


def load_credentials(call: Call) -> Response:
    """The keys to a table's files, where a storage profile gives them away, for the folders that the table uses."""
    call.check_views()
    answer = {"storage-credentials": _told_keys(call, call.services.catalog.iceberg.load(call.caller, call.table))}
    return json_answer(answer, headers={"Cache-Control": "no-store"})


def sign_request(call: Call) -> Response:
    """Sign a request of a client to the store of a table's files."""
    body = call.read(convert.SignRequest)
    if body.provider.lower() != "s3":
        raise Invalid("provider", f"requests to {body.provider} are not signed, only those to s3")
    headers = {name: ",".join(values) for name, values in body.headers.items()}
    asked = SigningRequest(body.method.upper(), body.uri, body.region, headers, body.body)
    signed = call.services.catalog.signing.sign(call.caller, call.table, asked)
    answer = {"uri": body.uri, "headers": {name: [value] for name, value in signed.items()}}
    return json_answer(answer, headers={"Cache-Control": "no-cache"})


def _tag(call: Call, row: Table, mode: str) -> str:
    return convert.etag(row, mode, _access(call))


def _access(call: Call) -> frozenset[str]:
    return convert.access_of(call.headers.get(convert.DELEGATION_HEADER))


def _config(call: Call, name: TableName, document: convert.Json, vended: Sequence[Vended]) -> dict[str, str]:
    """What a client needs to reach the table's files, where a storage profile of ours knows it."""
    location = str(document["location"])
    for one in vended:
        if one.folder == location:
            return convert.vended_config(one, call.prefix, name)
    profile = call.services.lake.profile(location)
    if profile is None or profile.kind != "s3":
        return {}
    sign_at = convert.table_path(call.prefix, name, "sign") if convert.SIGNED in _access(call) else ""
    return convert.storage_config(call.services.lake.storage_options(location), sign_at)


def _vended(call: Call, name: TableName, document: convert.Json) -> list[Vended]:
    """Keys to each folder of a table, if the client asks for such."""
    return call.services.catalog.vending.keys(call.caller, name, document) if _asks_keys(call) else []


def vended(call: Call) -> list[convert.Json]:
    """The keys to the files of the table in the path, for a client that asks for keys."""
    return _told_keys(call, call.services.catalog.iceberg.load(call.caller, call.table)) if _asks_keys(call) else []


def _asks_keys(call: Call) -> bool:
    return convert.VENDED in _access(call)


def _told_keys(call: Call, found: IcebergTable) -> list[convert.Json]:
    name = found.table.full_name
    keys = call.services.catalog.vending.keys(call.caller, name, found.document)
    return [convert.credential(one, call.prefix, name) for one in keys]


def _loaded(call: Call, found: IcebergTable, mode: str = "all") -> Response:
    """The answer of a table; its bytes are kept by its metadata file, which never changes."""
    name = found.table.full_name
    keys = _vended(call, name, found.document)
    config = _config(call, name, found.document, keys)
    told = [convert.credential(one, call.prefix, name) for one in keys]

    def make() -> bytes:
        text = found.text if mode == "all" else None
        metadata = convert.with_mode(found.document, mode) if text is None else msgspec.Raw(text)
        answer: convert.Json = {"metadata-location": found.metadata_location, "metadata": metadata, "config": config}
        if told:
            answer["storage-credentials"] = told
        return msgspec.json.encode(answer)

    key = (found.metadata_location, mode, tuple(config.items()), str(told))
    headers = {"ETag": _tag(call, found.table, mode)}
    return call.bodies.answer(key, make, call.headers.get("accept-encoding"), headers)
