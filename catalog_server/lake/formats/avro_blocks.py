"""Blocks of Avro files, unpacked within bounds: readers are given a file whose blocks are not packed."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import IO, cast

from catalog_server.lake.formats.avro import MAGIC, header
from catalog_server.lake.formats.base import HEAD_BYTES, FileProblem
from catalog_server.lake.formats.packing import Parts, snappy_size, unpacked

BLOCK_BYTES_MAX = 16 * 1024 * 1024
"""Of one block, unpacked; values of a block may take far more in memory than in the file."""
_AHEAD_BYTES = 1024 * 1024
_SNAPPY_SUM_BYTES = 4


def plain(file: IO[bytes]) -> IO[bytes]:
    """A seekable Avro file as one that is not packed.

    Raises `FileProblem` and, while it is read, any of `DAMAGED`, also for a block that is larger than `BLOCK_BYTES_MAX` or
    says that it holds more rows than bytes.
    """
    ahead = io.BufferedReader(cast("io.RawIOBase", file), _AHEAD_BYTES)
    metadata, sync, start = header(ahead.read(HEAD_BYTES))
    ahead.seek(start)
    unpack = _UNPACKERS.get(metadata.get("avro.codec", b"null").decode("utf-8", "replace"))
    if unpack is None:
        raise FileProblem("Avro whose packing is not known")
    return io.BufferedReader(Parts(_parts(ahead, metadata.get("avro.schema", b""), sync, unpack)), _AHEAD_BYTES)


def _parts(file: IO[bytes], schema: bytes, sync: bytes, unpack: Callable[[bytes], bytes]) -> Iterator[bytes]:
    name = b"avro.schema"
    yield MAGIC + _written(1) + _written(len(name)) + name + _written(len(schema)) + schema + _written(0) + sync
    while (count := _number(file)) is not None:
        length = _number(file)
        if length is None or not 0 <= length <= BLOCK_BYTES_MAX:
            raise ValueError(f"a block of more than {BLOCK_BYTES_MAX} bytes")
        body = unpack(file.read(length))
        if len(body) > BLOCK_BYTES_MAX:
            raise ValueError(f"a block that unpacks to more than {BLOCK_BYTES_MAX} bytes")
        if not 0 <= count <= len(body):
            raise ValueError(f"a block of {count} rows in {len(body)} bytes")
        yield _written(count) + _written(len(body)) + body + file.read(len(sync))


def _number(file: IO[bytes]) -> int | None:
    """The next number of variable length; None at the end."""
    shift = number = 0
    while byte := file.read(1):
        number |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            return (number >> 1) ^ -(number & 1)
        if shift > 63:
            raise ValueError("a number of too many bytes")
    if shift:
        raise EOFError("a number does not end")
    return None


def _written(number: int) -> bytes:
    """A number that is not below 0, of variable length."""
    number, out = number << 1, bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _snappy(packed: bytes) -> bytes:
    import pyarrow as pa

    body = packed[:-_SNAPPY_SUM_BYTES]
    size = snappy_size(body)
    if size > BLOCK_BYTES_MAX:
        raise ValueError(f"a block that unpacks to {size} bytes")
    return cast("bytes", pa.decompress(body, size, "snappy", asbytes=True))


_LIMIT = BLOCK_BYTES_MAX + 1
_UNPACKERS: dict[str, Callable[[bytes], bytes]] = {
    "null": lambda packed: packed,
    "deflate": lambda packed: zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, _LIMIT),
    "snappy": _snappy,
    "zstandard": lambda packed: unpacked(io.BytesIO(packed), "zstd").read(_LIMIT),
    "bzip2": lambda packed: bz2.BZ2Decompressor().decompress(packed, _LIMIT),
    "xz": lambda packed: lzma.LZMADecompressor(memlimit=8 * BLOCK_BYTES_MAX).decompress(packed, _LIMIT),
}
