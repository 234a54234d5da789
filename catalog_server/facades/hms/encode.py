"""Answers put together from bytes that are already encoded, several times as fast as encoding an object each.

A listing of partitions repeats the columns and the SerDe of its table thousands of times. A `PartitionTemplate`
encodes them once and puts each partition's values, location, times and parameters between. This is done for the
binary protocol, which nearly all clients speak; for the compact one objects are made.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import Any, NamedTuple

from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from catalog_server.wire.bindings import LIST, STRING, STRUCT, Pair

_INT = Struct(">i").pack
_TIMES = Struct(">bhibhib").pack
_CHUNK_BYTES = 256 * 1024


class PartitionRow(NamedTuple):
    """What one partition has for itself; times are in seconds since 1970."""

    values: Sequence[str]
    location: str | None = None
    parameters: Mapping[str, str] | None = None
    create_time: int = 0
    last_access_time: int = 0


def struct_bytes(value: Any, compact: bool = False) -> bytes:
    """The bytes of a struct of the bindings, which a handler may keep and return. Raises TypeError, ValueError."""
    return codec.encode(value, wire.BINDINGS.pair(type(value).__name__), compact)


class PartitionTemplate:
    """Encodes partitions that share their storage descriptor but for its location."""

    def __init__(self, database: str, table: str, storage: Any, catalog: str | None = None) -> None:
        self._shared = {"dbName": database, "tableName": table, "catName": catalog}
        self._storage = storage
        partition, descriptor = wire.BINDINGS.pair("Partition"), wire.BINDINGS.pair("StorageDescriptor")
        self._names = _fields(wire.Partition(dbName=database, tableName=table), partition, 1, 6)
        before, after = _fields(storage, descriptor, 1, 2), _fields(storage, descriptor, 3, None)
        self._location_null = before + after + b"\0"
        self._before = before + b"\x0b\x00\x02"
        self._after = after + b"\0"
        self._tail = _fields(wire.Partition(catName=catalog), partition, 8, None) + b"\0"

    def partition(self, row: PartitionRow) -> bytes:
        """The bytes of one partition in the binary protocol."""
        parts = [b"\x0f\x00\x01\x0b", _INT(len(row.values))]
        for value in row.values:
            raw = value.encode()
            parts += (_INT(len(raw)), raw)
        parts += (self._names, _TIMES(8, 4, row.create_time, 8, 5, row.last_access_time, 12), b"\x00\x06")
        if row.location is None:
            parts.append(self._location_null)
        else:
            raw = row.location.encode()
            parts += (self._before, _INT(len(raw)), raw, self._after)
        if row.parameters is not None:
            parts += (b"\x0d\x00\x07\x0b\x0b", _INT(len(row.parameters)))
            for key, value in row.parameters.items():
                raw_key, raw = key.encode(), value.encode()
                parts += (_INT(len(raw_key)), raw_key, _INT(len(raw)), raw)
        parts.append(self._tail)
        return b"".join(parts)

    def object(self, row: PartitionRow) -> Any:
        """The same partition as a struct; all of them share the column list and the SerDe."""
        storage = wire.StorageDescriptor(**{**vars(self._storage), "location": row.location})
        return wire.Partition(
            values=list(row.values),
            createTime=row.create_time,
            lastAccessTime=row.last_access_time,
            sd=storage,
            parameters=None if row.parameters is None else dict(row.parameters),
            **self._shared,
        )

    def encode(self, rows: Iterable[PartitionRow], count: int | None = None) -> Iterator[bytes]:
        """A list of partitions in the binary protocol, in pieces; see `list_bytes` for `count`."""
        return list_bytes(map(self.partition, rows), count)

    def answer(self, rows: Iterable[PartitionRow], compact: bool, count: int | None = None) -> Any:
        """What a handler returns for a list of partitions: pieces of bytes, or objects for the compact protocol."""
        return [self.object(row) for row in rows] if compact else self.encode(rows, count)


def shared_bytes(partition: Any, storage: Any) -> bytes:
    """The beginning of a partition in the binary protocol: its set fields, and a storage descriptor up to its location.

    What follows are the bytes that a partition has for itself (`store.encoded`), which end both.
    """
    whole = _fields(partition, wire.BINDINGS.pair("Partition"), 1, None)
    storage.location = None
    descriptor = _fields(storage, wire.BINDINGS.pair("StorageDescriptor"), 1, None)
    return whole + bytes((STRUCT, 0, 6)) + descriptor


def list_bytes(structs: Iterable[bytes], count: int | None = None) -> Iterator[bytes]:
    """A list of structs in the binary protocol, in pieces of some 256 KiB, from the bytes of each.

    A list begins with its length: with `count` it is sent as the structs come, without it all are gathered first.
    Raises RuntimeError at the end if there were not as many structs as `count` said, so that no list is cut short.
    """
    if count is None:
        gathered = list(structs)
        structs, count = gathered, len(gathered)
    return _list_pieces(structs, count, STRUCT)


def strings_bytes(strings: Iterable[str], count: int | None = None) -> Iterator[bytes]:
    """A list of strings in the binary protocol, in pieces; `count` as in `list_bytes`."""
    if count is None:
        gathered = list(strings)
        strings, count = gathered, len(gathered)
    return _list_pieces(map(_string, strings), count, STRING)


def with_list(value: Any, field: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of a struct in the binary protocol, one field of which is a list given in pieces.

    For answers that hold their list in a struct: `with_list(wire.PartitionsByExprResult(hasUnknownPartitions=False),
    "partitions", template.encode(rows))`.
    """
    pair = wire.BINDINGS.pair(type(value).__name__)
    number = next(entry[0] for entry in pair[1] if entry is not None and entry[2] == field)
    yield _fields(value, pair, 0, number) + bytes((LIST,)) + number.to_bytes(2, "big")
    yield from pieces
    yield _fields(value, pair, number + 1, None) + b"\0"


def _list_pieces(elements: Iterable[bytes], count: int, kind: int) -> Iterator[bytes]:
    parts, size, seen = [bytes((kind,)) + _INT(count)], 0, 0
    for element in elements:
        parts.append(element)
        size += len(element)
        seen += 1
        if size >= _CHUNK_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    if seen != count:
        raise RuntimeError(f"a list of {count} elements was begun and {seen} came")
    if parts:
        yield b"".join(parts)


def _string(text: str) -> bytes:
    raw = text.encode()
    return _INT(len(raw)) + raw


def _fields(value: Any, pair: Pair, first: int, end: int | None) -> bytes:
    """The bytes of those fields of a struct whose ids are in the range, without the stop byte."""
    cls, spec = pair
    return codec.encode(value, [cls, (None,) * first + spec[first:end]])[:-1]
