"""Databases and functions as JSON documents, which their events carry so that readers can be told of what is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_server.model.database import Database
from catalog_server.model.function import Function

_DATABASE = ("catalog", "name", "comment", "location", "owner", "owner_kind", "created_at")
_FUNCTION = ("catalog", "database", "name", "class_name", "owner", "owner_kind", "function_kind", "created_at")


def database_document(database: Database) -> dict[str, Any]:
    """A database as a document."""
    plain = {name: getattr(database, name) for name in _DATABASE}
    return {**plain, "parameters": dict(database.parameters), "extra": dict(database.extra)}


def read_database(document: Mapping[str, Any]) -> Database:
    """The database of a document that `database_document` made."""
    return Database(**document)


def function_document(function: Function) -> dict[str, Any]:
    """A function as a document."""
    plain = {name: getattr(function, name) for name in _FUNCTION}
    resources = [list(one) for one in function.resources]
    return {**plain, "resources": resources, "parameters": dict(function.parameters)}


def read_function(document: Mapping[str, Any]) -> Function:
    """The function of a document that `function_document` made."""
    resources = tuple((kind, uri) for kind, uri in document["resources"])
    return Function(**{**document, "resources": resources})
