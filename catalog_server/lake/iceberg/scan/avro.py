"""Avro files of manifests, read without trust: pyiceberg's own decoder reads beyond the end of broken ones, and dies.

What an Avro file says of itself is checked as far as it can be: a file that was cut short is broken, not shorter.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from pyiceberg.avro.codecs.deflate import DeflateCodec
from pyiceberg.avro.decoder import BinaryDecoder
from pyiceberg.avro.file import META_SCHEMA, SYNC_SIZE, AvroFileHeader
from pyiceberg.avro.resolver import construct_reader, resolve_reader
from pyiceberg.types import FixedType, ListType, MapType, StructType, UnknownType

from catalog_server.lake.iceberg.file_io import LakeInput

MAGIC = b"Obj\x01"
FILE_BYTES_MAX = 256 * 1024 * 1024
BLOCK_BYTES_MAX = 512 * 1024 * 1024
"""Of one block, once it is decompressed."""
_VARINT_BITS_MAX = 63


class Decoder(BinaryDecoder):  # type: ignore[misc]
    """Reads values of a text of bytes and never beyond it; raises `EOFError` and `ValueError`."""

    __slots__ = ("data", "end", "place")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.end = len(data)
        self.place = 0

    def tell(self) -> int:
        """Where the next value begins."""
        return self.place

    def read(self, n: int) -> bytes:
        """So many bytes."""
        start = self.place
        self.skip(n)
        return self.data[start : self.place]

    def skip(self, n: int) -> None:
        """Pass over so many bytes."""
        if n < 0:
            raise ValueError("a length below 0")
        if n > self.end - self.place:
            raise EOFError("the end comes before a value does")
        self.place += n

    def read_int(self) -> int:
        """A number of variable length."""
        place, data = self.place, self.data
        shift = found = 0
        while True:
            if place >= self.end or shift > _VARINT_BITS_MAX:
                raise EOFError("a number does not end")
            byte = data[place]
            place += 1
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                self.place = place
                return (found >> 1) ^ -(found & 1)
            shift += 7

    def skip_int(self) -> None:
        """Pass over a number."""
        self.read_int()


def records(source: LakeInput, schema: Any, types: dict[int, Any], enums: dict[int, Any]) -> Iterator[Any]:
    """The records of a file as a schema sees them; raises what pyiceberg's readers raise for broken ones, and `EOFError`."""
    if len(source) > FILE_BYTES_MAX:
        raise ValueError(f"is larger than {FILE_BYTES_MAX} bytes")
    with source.open() as file:
        decoder = Decoder(file.read(FILE_BYTES_MAX + 1))
    header = construct_reader(META_SCHEMA, {-1: AvroFileHeader}).read(decoder)
    if header.magic != MAGIC:
        raise ValueError("is no Avro file")
    written = header.get_schema()
    check_weights(written.as_struct())
    reader, codec = resolve_reader(written, schema, types, enums), header.compression_codec()
    while decoder.place < decoder.end:
        count, block = decoder.read_int(), decoder.read_bytes()
        if count < 0:
            raise ValueError("a block of less than no records")
        inside = Decoder(block if codec is None else _decompressed(codec, block))
        for _ in range(count):
            yield reader.read(inside)
        if inside.place != inside.end or decoder.read(SYNC_SIZE) != header.sync:
            raise ValueError("a block does not end where its records do")


def _decompressed(codec: Any, block: bytes) -> bytes:
    if codec is not DeflateCodec:
        try:
            return bytes(codec.decompress(block))
        except Exception as error:  # of whatever library the codec is from
            raise ValueError("a block cannot be decompressed") from error
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = inflater.decompress(block, BLOCK_BYTES_MAX)
    if inflater.unconsumed_tail:
        raise ValueError(f"a block is larger than {BLOCK_BYTES_MAX} bytes")
    return plain


def check_weights(kind: Any) -> None:
    """Refuse lists of what takes no bytes: a few bytes could say that there are billions of it."""
    if isinstance(kind, StructType):
        for field in kind.fields:
            check_weights(field.field_type)
    elif isinstance(kind, ListType):
        if kind.element_required and _is_weightless(kind.element_type):
            raise ValueError("a list of what takes no bytes")
        check_weights(kind.element_type)
    elif isinstance(kind, MapType):
        check_weights(kind.value_type)  # its keys take some


def _is_weightless(kind: Any) -> bool:
    if isinstance(kind, StructType):
        return all(field.required and _is_weightless(field.field_type) for field in kind.fields)
    return isinstance(kind, UnknownType) or (isinstance(kind, FixedType) and len(kind) == 0)
