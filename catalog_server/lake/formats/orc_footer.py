"""The footer of an ORC file: what it measures of its columns, which the library for ORC does not give."""

from __future__ import annotations

import io
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation

from catalog_server.lake.formats.base import FileProblem
from catalog_server.lake.formats.measures import KINDS, Measure, decimal_text, sound
from catalog_server.lake.formats.packing import snappy_size, unpacked
from catalog_server.model.names import name_key
from catalog_server.model.table import Column
from catalog_server.model.types import parse_type

FOOTER_BYTES_MAX = 16 * 1024 * 1024
"""A longer footer, packed or not, is not looked into."""
_UNPACKED, _ZLIB, _SNAPPY, _LZ4, _ZSTD = 0, 1, 2, 4, 5
_PART_OF = {"long": 2, "double": 3, "boolean": 5, "decimal": 6, "date": 7}
"""The field of a column's statistics that holds those of a kind."""

Value = int | bytes


def measures(tail: bytes, columns: Iterable[Column]) -> dict[str, Measure]:
    """What is measured of the outermost columns, by key, from a file's end; empty where it cannot be understood."""
    try:
        return _measures(tail, columns)
    except (FileProblem, ValueError, LookupError, TypeError, OSError, struct.error, zlib.error, InvalidOperation):
        return {}


def footer_bytes(tail: bytes) -> int:
    """The length of the end of a file that holds its footer, by its last bytes; raises `ValueError` for a damaged one."""
    said = dict(_fields(tail[-1 - tail[-1] : -1]))
    return _number(said.get(1, 0)) + tail[-1] + 1


def _measures(tail: bytes, columns: Iterable[Column]) -> dict[str, Measure]:
    post = tail[-1]
    said = dict(_fields(tail[-1 - post : -1]))
    length = _number(said.get(1, 0))
    body = tail[-1 - post - length : -1 - post]
    if len(body) < length:
        return {}
    rows, types, found = 0, [], []
    for field, value in _fields(_unpacked(body, _number(said.get(2, 0)))):
        if field == 6:
            rows = _number(value)
        elif field == 4:
            types.append(_bytes(value))
        elif field == 7:
            found.append(_bytes(value))
    kinds = {column.key: KINDS.get(parse_type(column.type).name) for column in columns}
    numbers, names = _root(types[0])
    times = Counter(map(name_key, names))
    made: dict[str, Measure] = {}
    for number, name in zip(numbers, names, strict=True):
        kind = kinds.get(name_key(name)) if times[name_key(name)] == 1 else None
        one = _measured(found[number], kind, rows) if kind else None
        if one is not None:
            made[name_key(name)] = one
    return made


def _root(said: bytes) -> tuple[list[int], list[str]]:
    """The numbers of the outermost columns, and their names."""
    numbers: list[int] = []
    names: list[str] = []
    for field, value in _fields(said):
        if field == 2:
            numbers += [value] if isinstance(value, int) else list(_packed(value))
        elif field == 3:
            names.append(_bytes(value).decode())
    return numbers, names


def _measured(said: bytes, kind: str, rows: int) -> Measure | None:
    held = dict(_fields(said))
    if 1 not in held:
        return None
    there = _number(held[1])
    if there == 0:
        return Measure(kind, None, None, rows)
    if there > rows:
        return None
    part = held.get(_PART_OF[kind])
    if part is None:
        return None
    ends = dict(_fields(_bytes(part)))
    nulls = rows - there
    if kind == "boolean":
        trues = next(iter(_packed(_bytes(ends[1])))) if isinstance(ends[1], bytes) else ends[1]
        return Measure(kind, int(trues == there), int(trues > 0), nulls) if trues in (0, there) else None
    low, high = (_end(kind, ends[field]) for field in (1, 2))
    return sound(kind, low, high, nulls, rows)


def _end(kind: str, value: Value) -> int | float | str | None:
    if kind in ("long", "date"):
        number = _number(value)
        return (number >> 1) ^ -(number & 1)
    if kind == "double":
        found = float(struct.unpack("<d", _bytes(value))[0])
        return found if found == found and abs(found) != float("inf") else None
    return decimal_text(Decimal(_bytes(value).decode()))


def _unpacked(body: bytes, packing: int) -> bytes:
    """The footer, unpacked block by block; a block begins with its length, whose last bit says that it is as it is."""
    import pyarrow as pa

    if packing == _UNPACKED:
        return body
    parts: list[bytes] = []
    at = size = 0
    while at < len(body):
        head = int.from_bytes(body[at : at + 3], "little")
        block = body[at + 3 : at + 3 + (head >> 1)]
        at += 3 + (head >> 1)
        if head & 1:
            part = block
        elif packing == _ZLIB:
            part = zlib.decompressobj(-15).decompress(block, FOOTER_BYTES_MAX)
        elif packing == _SNAPPY:
            if (length := snappy_size(block)) > FOOTER_BYTES_MAX:
                raise ValueError("a footer that is too long")
            part = pa.decompress(block, length, "snappy", asbytes=True)
        elif packing == _ZSTD:
            part = unpacked(io.BytesIO(block), "zstd").read(FOOTER_BYTES_MAX)
        else:
            raise ValueError(f"packing {packing}")
        parts.append(part)
        size += len(part)
        if size > FOOTER_BYTES_MAX:
            raise ValueError("a footer that is too long")
    return b"".join(parts)


def _fields(said: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message of protocol buffers, by number."""
    at = 0
    while at < len(said):
        tag, at = _varint(said, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(said, at)
            yield tag >> 3, value
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            yield tag >> 3, said[at : at + size]
            at += size
        elif kind == 2:
            size, at = _varint(said, at)
            if at + size > len(said):
                raise ValueError("a field that does not end")
            yield tag >> 3, said[at : at + size]
            at += size
        else:
            raise ValueError(f"a field of kind {kind}")


def _packed(said: bytes) -> Iterator[int]:
    at = 0
    while at < len(said):
        value, at = _varint(said, at)
        yield value


def _varint(said: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = said[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            if value >> 64:
                raise ValueError("a number that is too large")
            return value, at
        if shift > 63:
            raise ValueError("a number that is too long")


def _number(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError("no number")
    return value


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("no bytes")
    return value
