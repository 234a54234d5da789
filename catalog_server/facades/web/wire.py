"""Bytes in and out: JSON is decoded into structs, strictly, and answers are encoded."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from catalog_server.model.errors import Invalid

Decoded = TypeVar("Decoded")
NUL = "\x00"
NUL_IN_JSON = b"\\u0000"
_ENCODER = msgspec.json.Encoder()
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*?)`(?: - at `(?P<path>.*)`)?", re.DOTALL)
_WRONG = re.compile(r"(?P<reason>.*?)(?: - at `(?P<path>.*)`)?", re.DOTALL)


def encode(answer: object) -> bytes:
    """An answer's JSON text as UTF-8."""
    return _ENCODER.encode(answer)


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode(raw: bytes, kind: Any) -> Any:
    """Decode a body into the struct `kind`; raises `Invalid` that names the field and, if unknown, the nearest known one."""
    try:
        decoded = _decoder(kind).decode(raw or b"{}")
    except msgspec.ValidationError as error:
        raise _invalid(str(error), kind) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid("body", f"is not valid JSON: {error}") from error
    if NUL_IN_JSON in raw:
        _check_nul(msgspec.to_builtins(decoded), "")
    return decoded


def _check_nul(value: object, where: str) -> None:
    """Refuse NUL characters, which no store of ours keeps; raises `Invalid` that names the field."""
    if isinstance(value, str) and NUL in value:
        raise Invalid(where or "body", "holds a NUL character")
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_nul(key, where)
            _check_nul(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            _check_nul(inner, f"{where}[{place}]")


def decode_query(pairs: Iterable[tuple[str, str]], kind: type[Decoded] | None) -> Decoded | None:
    """Decode a query string's pairs into the struct `kind`; raises `Invalid` for an unknown or repeated name."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise Invalid(name, "is given twice")
        if NUL in name + value:
            raise Invalid(name.replace(NUL, "?") or "query", "holds a NUL character")
        values[name] = value
    if kind is None:
        if values:
            raise Invalid(next(iter(values)), "is not a parameter here; there are none")
        return None
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), kind) from error


def _invalid(message: str, kind: Any) -> Invalid:
    unknown = _UNKNOWN.fullmatch(message)
    if unknown is not None:
        name, known = unknown["name"], sorted(_fields(kind))
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
        return Invalid(_where(unknown["path"], name), f"is not a field; {hint}")
    wrong = _WRONG.fullmatch(message)
    if wrong is None:  # the pattern matches any text
        return Invalid("body", message)
    reason = wrong["reason"]
    return Invalid(_where(wrong["path"], ""), reason[:1].lower() + reason[1:])


def _where(path: str | None, name: str) -> str:
    parent = (path or "$").removeprefix("$").removeprefix(".")
    return ".".join(part for part in (parent, name) if part) or "body"


def _fields(kind: Any) -> set[str]:
    """The fields of a struct and of the structs inside it."""
    info = msgspec.inspect.type_info(kind)
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[Any] = [info]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, msgspec.inspect.StructType):
            found.update(item.encode_name for item in node.fields)
            waiting.extend(item.type for item in node.fields)
        elif isinstance(node, msgspec.inspect.ListType):
            waiting.append(node.item_type)
        elif isinstance(node, msgspec.inspect.UnionType):
            waiting.extend(node.types)
    return found
