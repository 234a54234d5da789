"""Errors, tags and storage settings on their way to the wire."""

from __future__ import annotations

import json

import pytest
from starlette.datastructures import Headers

from catalog_server.catalog.vending import Vended
from catalog_server.facades.iceberg import app, convert, errors
from catalog_server.model import errors as model
from catalog_server.model.caller import RUN_HEADER, run_token
from catalog_server.model.names import TableName
from catalog_server.model.table import Table, TableKind

ANSWERS = [
    (model.NotFound("table", "hive.a.t"), 404, "NoSuchTableException", "Table does not exist: a.t"),
    (model.NotFound("Iceberg table", "hive.a.t"), 404, "NoSuchTableException", "Table does not exist: a.t"),
    (model.NotFound("database", "hive.a"), 404, "NoSuchNamespaceException", "Namespace does not exist: a"),
    (model.NotFound("catalog", "x"), 404, "NoSuchWarehouseException", "Warehouse does not exist: x"),
    (
        model.NotFound("metadata file", "s3://b/1.json"),
        404,
        "NotFoundException",
        "Failed to open input stream for file: s3://b/1.json",
    ),
    (model.AlreadyExists("table", "hive.a.t"), 409, "AlreadyExistsException", "Table already exists: a.t"),
    (model.NotEmpty("database", "hive.a"), 409, "NamespaceNotEmptyException", "Namespace a is not empty"),
    (model.Invalid("schema", "is missing"), 400, "IllegalArgumentException", "schema: is missing"),
    (model.RequirementFailed("t", "Requirement failed: x"), 409, "CommitFailedException", "Requirement failed: x"),
    (model.Denied("drop", "hive.a"), 403, "ForbiddenException", "not allowed to drop hive.a"),
    (model.Unsupported("no"), 406, "UnsupportedOperationException", "no"),
    (model.Unavailable("later"), 503, "ServiceUnavailableException", "later"),
    (model.OutcomeUnknown("who knows"), 500, "CommitStateUnknownException", "who knows"),
]


@pytest.mark.parametrize(("error", "code", "type_", "message"), ANSWERS)
def test_each_error_has_its_code_type_and_words(error: model.CatalogError, code: int, type_: str, message: str) -> None:
    response = errors.answer(error, "hive")
    assert json.loads(bytes(response.body)) == {"error": {"message": message, "type": type_, "code": code}}
    assert ("retry-after" in response.headers) == (code == 503)


VEND, NOTHING = frozenset({"vended-credentials"}), frozenset[str]()


def test_every_error_of_the_model_has_an_answer() -> None:
    kinds = [kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, model.CatalogError)]
    answered = [kind for kind, _, _ in errors.TABLE]
    assert [kind for kind in kinds if kind is not model.CatalogError and not issubclass(kind, tuple(answered))] == []


def test_the_tag_moves_with_version_mode_and_delegation() -> None:
    table = Table("hive", "a", "t", TableKind.EXTERNAL, id=5, version=1)
    later = Table("hive", "a", "t", TableKind.EXTERNAL, id=5, version=2)
    tags = {convert.etag(table, mode, vend) for mode in ("all", "refs") for vend in (VEND, NOTHING)}
    assert len(tags | {convert.etag(later, "all", NOTHING)}) == 5


@pytest.mark.parametrize("header", ['"5-1-all"', 'W/"5-1-all"', '"x", W/"5-1-all"'])
def test_if_none_match_takes_lists_and_weak_tags(header: str) -> None:
    assert convert.matches(header, '"5-1-all"')
    assert not convert.matches(header, '"5-2-all"')


OPTIONS = {
    "endpoint": "http://127.0.0.1:8333",
    "region": "us-east-1",
    "path_style": "true",
    "allow_http": "true",
    "access_key_id": "k",
    "secret_access_key": "s",
}
PLACE = {
    "s3.endpoint": "http://127.0.0.1:8333",
    "s3.path-style-access": "true",
    "client.region": "us-east-1",
}


def test_a_place_is_told_with_keys_or_where_requests_are_signed() -> None:
    name = TableName("hive", "a\x1fb", "t")
    keys = {"s3.access-key-id": "k", "s3.secret-access-key": "s"}
    assert convert.storage_config(OPTIONS) == PLACE
    signed = {"s3.remote-signing-enabled": "true", "s3.signer.endpoint": "v1/x/sign"}
    assert convert.storage_config(OPTIONS, "v1/x/sign") == {**PLACE, **signed}
    assert convert.vended_config(Vended("s3://b/t", OPTIONS), None, name) == {**PLACE, **keys}
    ending = convert.credential(Vended("s3://b/t", OPTIONS | {"session_token": "x"}, 1.5), "lake", name)
    assert ending["prefix"] == "s3://b/t"
    assert ending["config"] == {
        **PLACE,
        **keys,
        "s3.session-token": "x",
        "s3.session-token-expires-at-ms": "1500",
        "client.refresh-credentials-endpoint": "v1/lake/namespaces/a%1Fb/tables/t/credentials",
    }


def test_delegation_is_asked_for_by_name() -> None:
    assert convert.access_of("remote-signing, Vended-Credentials") == VEND | {"remote-signing"}
    assert convert.access_of("Vended-Credentials, by-post") == VEND
    assert convert.access_of(None) == NOTHING


def test_a_run_names_itself_by_token_or_header() -> None:
    by_token = app.caller_of(Headers({"authorization": f"Bearer {run_token('ada', 'r1')}"}))
    assert (by_token.user, by_token.run, by_token.via) == ("ada", "r1", "iceberg-rest")
    assert app.caller_of(Headers({RUN_HEADER: "r2"})).run == "r2"
    assert app.caller_of(Headers({"authorization": "Bearer secret"})).user == "anonymous"


def test_only_snapshots_with_a_reference_are_kept_in_refs_mode() -> None:
    document = {
        "refs": {"main": {"snapshot-id": 2}, "v1": {"snapshot-id": 1}},
        "snapshots": [{"snapshot-id": number} for number in range(4)],
    }
    assert [item["snapshot-id"] for item in convert.with_mode(document, "refs")["snapshots"]] == [1, 2]
    assert convert.with_mode(document, "all") is document


def test_children_are_each_named_once_with_those_implied() -> None:
    assert convert.children(["a", "b.c", "b.d.e", "b"], None) == [["a"], ["b"]]
    assert convert.children(["b.c", "b.d.e", "b.d.f"], "b") == [["b", "c"], ["b", "d"]]
