"""The page of the gRPC API, made from idl/catalog.proto and its comments."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

from catalog_server.facades.grpc.errors import CODES

IDL = Path(__file__).parents[2] / "idl"
_SERVICE, _MESSAGE, _ENUM, _METHOD, _FIELD = 6, 4, 5, 2, 2
"""Numbers by which protoc says where a comment stands (descriptor.proto)."""
_SYNTAX = 12
_SCALARS = {
    FieldDescriptorProto.TYPE_STRING: "string",
    FieldDescriptorProto.TYPE_BYTES: "bytes",
    FieldDescriptorProto.TYPE_BOOL: "bool",
    FieldDescriptorProto.TYPE_INT32: "int32",
    FieldDescriptorProto.TYPE_INT64: "int64",
    FieldDescriptorProto.TYPE_DOUBLE: "double",
}


def page() -> str:
    """docs/reference/grpc.md: every service, method and message."""
    file, comments = _described()
    lines = ["# The gRPC API", "", "Made by `.ci/generate` from `idl/catalog.proto`; do not edit.", ""]
    lines += [comments[(_SYNTAX,)], "", "| error | code |", "|---|---|"]
    lines += [f"| {kind.__name__} | `{code.name}` |" for kind, code in CODES]
    lines += [
        "",
        "A token that is missing or wrong is `UNAUTHENTICATED`, a failure of the server itself `INTERNAL`.",
        "",
    ]
    for place, service in enumerate(file.service):
        lines += _service(service, (_SERVICE, place), comments)
    lines += ["## Messages", ""]
    for place, message in enumerate(file.message_type):
        lines += _message(message, (_MESSAGE, place), comments)
    for place, enum in enumerate(file.enum_type):
        lines += _enum(enum, (_ENUM, place), comments)
    return "\n".join(lines)


def _described() -> tuple[FileDescriptorProto, dict[tuple[int, ...], str]]:
    """The file as protoc reads it, and its comments by where they stand."""
    import grpc_tools
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "set")
        known = Path(grpc_tools.__file__).parent / "_proto"
        said = [f"-I{IDL}", f"-I{known}", "--include_source_info", f"--descriptor_set_out={target}", "catalog.proto"]
        if protoc.main(["protoc", *said]):
            raise ValueError("idl/catalog.proto cannot be read")
        file = FileDescriptorSet.FromString(target.read_bytes()).file[0]
    comments = {
        tuple(one.path): "\n".join(line.strip() for line in one.leading_comments.strip().splitlines())
        for one in file.source_code_info.location
        if one.leading_comments
    }
    return file, comments


def _service(service: ServiceDescriptorProto, path: tuple[int, ...], comments: dict[tuple[int, ...], str]) -> list[str]:
    lines = [
        f"## {service.name}",
        "",
        comments.get(path, ""),
        "",
        "| method | takes | answers | |",
        "|---|---|---|---|",
    ]
    for place, method in enumerate(service.method):
        asked = ("stream of " if method.client_streaming else "") + _linked(method.input_type)
        answered = ("stream of " if method.server_streaming else "") + _linked(method.output_type)
        words = comments.get((*path, _METHOD, place), "").replace("\n", " ")
        lines.append(f"| `{method.name}` | {asked} | {answered} | {words} |")
    return [*lines, ""]


def _message(message: DescriptorProto, path: tuple[int, ...], comments: dict[tuple[int, ...], str]) -> list[str]:
    lines = [f'### <a id="{message.name.lower()}"></a>{message.name}', "", *_opening(comments.get(path))]
    lines += ["| field | type | |", "|---|---|---|"]
    for place, field in enumerate(message.field):
        words = comments.get((*path, _FIELD, place), "").replace("\n", " ")
        lines.append(f"| {field.name} | {_type(field, message.nested_type)} | {words} |")
    return [*lines, ""]


def _enum(enum: EnumDescriptorProto, path: tuple[int, ...], comments: dict[tuple[int, ...], str]) -> list[str]:
    lines = [f'### <a id="{enum.name.lower()}"></a>{enum.name}', "", *_opening(comments.get(path))]
    lines += ["| value | number | |", "|---|---|---|"]
    for place, value in enumerate(enum.value):
        words = comments.get((*path, _FIELD, place), "").replace("\n", " ")
        lines.append(f"| `{value.name}` | {value.number} | {words} |")
    return [*lines, ""]


def _opening(words: str | None) -> list[str]:
    return [words, ""] if words else []


def _type(field: FieldDescriptorProto, nested: Sequence[DescriptorProto]) -> str:
    name: Any = field.type_name.rpartition(".")[2]
    entry = next((one for one in nested if one.name == name and one.options.map_entry), None)
    if entry is not None:
        return f"map of {_type(entry.field[0], ())} to {_type(entry.field[1], ())}"
    shown = _SCALARS.get(field.type) or _linked(field.type_name)
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"list of {shown}"
    return f"optional {shown}" if field.proto3_optional else shown


def _linked(name: str) -> str:
    """A type's name: ours with a link, others in full."""
    short = name.rpartition(".")[2]
    return f"[{short}](#{short.lower()})" if name.startswith(".catalog.v1.") else name.removeprefix(".")
