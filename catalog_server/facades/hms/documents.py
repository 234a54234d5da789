"""Structs of the wire as JSON documents and back, for what is kept as it was sent."""

from __future__ import annotations

import base64
from typing import Any

from catalog_server.facades.hms.noun import split_database
from catalog_server.model.names import name_key
from catalog_server.model.record import Record
from catalog_server.wire import hive_metastore as wire
from catalog_server.wire.bindings import LIST, MAP, SET, STRING, STRUCT

_BINARY = "BINARY"


def document_of(struct: Any) -> dict[str, Any]:
    """The fields of a struct that are set, by name; bytes become Base64."""
    return {
        field[2]: _out(field[1], field[3], getattr(struct, field[2]))
        for field in struct.thrift_spec
        if field is not None and getattr(struct, field[2]) is not None
    }


def struct_of(name: str, document: Any) -> Any:
    """The struct of a name with the fields of a document."""
    return _struct(getattr(wire, name), document)


def _struct(kind: Any, document: Any) -> Any:
    made = kind()
    for field in kind.thrift_spec:
        if field is not None and document.get(field[2]) is not None:
            setattr(made, field[2], _in(field[1], field[3], document[field[2]]))
    return made


def _out(kind: int, more: Any, value: Any) -> Any:
    if kind == STRUCT:
        return document_of(value)
    if kind in (LIST, SET):
        return [_out(more[0], more[1], one) for one in value]
    if kind == MAP:
        return {str(key): _out(more[2], more[3], one) for key, one in value.items()}
    return base64.b64encode(value).decode() if kind == STRING and more == _BINARY else value


def _in(kind: int, more: Any, value: Any) -> Any:
    if kind == STRUCT:
        return _struct(more[0], value)
    if kind in (LIST, SET):
        made = [_in(more[0], more[1], one) for one in value]
        return made if kind == LIST else set(made)
    if kind == MAP:
        return {key if more[0] == STRING else int(key): _in(more[2], more[3], one) for key, one in value.items()}
    return base64.b64decode(value) if kind == STRING and more == _BINARY else value


def database_of(record: Record, said: str | None) -> str | None:
    """The database that a record belongs to: as it was sent, unless it has another name by now."""
    _, own = split_database(said)
    _, _, now = record.scope.partition("/")[0].partition(".")
    return said if name_key(own or "") == now else now


def table_of(record: Record, said: str | None) -> str | None:
    """The table, or schema, that a record belongs to, in the same way."""
    now = record.scope.partition("/")[2]
    return said if name_key(said or "") == now else now
