"""Packed files: how a file is packed by its first bytes and by its name, and what it holds as a stream."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4 frame"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy frame"),
    (b"PK\x03\x04", "zip"),
)
ENDINGS = {
    "gzip": (".gz", ".gzip"),
    "bzip2": (".bz2",),
    "zstd": (".zst", ".zstd"),
    "lz4": (".lz4",),
    "snappy": (".snappy", ".sz"),
    "zip": (".zip",),
}
OWN = ("lz4 frame", "snappy frame", "zip")
"""Packings that Hadoop, and so every engine but the server's own SQL, does not unpack; it has other ones of the same names."""
DAMAGED = (
    *(OSError, ValueError, EOFError, LookupError, RuntimeError),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile, struct.error),
)
"""What the libraries that unpack raise over damaged data."""
_BLOCK_BYTES_MAX = 64 * 1024 * 1024
_END_OF_ZIP = b"PK\x05\x06"
_ZIP_TAIL_BYTES = 65_557
_ZIP_MEMBERS_MAX = 100
_ZIP_DIRECTORY_BYTES_MAX = 4 * 1024 * 1024


def named_packing(name: str) -> str | None:
    """The packing that a file's name (in lower case) speaks of; None if it does not."""
    return next((kind for kind, ends in ENDINGS.items() if name.endswith(ends)), None)


def packing_of(head: bytes, name: str = "") -> str | None:
    """The packing that a file's first bytes speak of, or its name where the packing leaves no mark; None if not packed."""
    found = next((kind for magic, kind in MAGIC if head.startswith(magic)), None)
    named = named_packing(name)
    return named if found is None and named in ("lz4", "snappy") and _begins_a_block(head) else found


def _begins_a_block(head: bytes) -> bool:
    """Whether a file may begin as Hadoop's packed blocks do, with two lengths."""
    whole, packed = (int.from_bytes(head[at : at + 4], "big") for at in (0, 4))
    return len(head) >= 8 and 0 < whole <= _BLOCK_BYTES_MAX and 0 < packed <= 2 * whole + 64


def unpacked(file: IO[bytes], packing: str | None) -> IO[bytes]:
    """What a file holds, unpacked as it is read; raises any of `DAMAGED`, also while it is read.

    A ZIP archive must be seekable and hold one file.
    """
    if packing is None:
        return file
    return cast("IO[bytes]", _OPENERS[packing](file))


def _by_arrow(codec: str) -> Callable[[IO[bytes]], Any]:
    def opened(file: IO[bytes]) -> Any:
        import pyarrow as pa

        return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), codec)

    return opened


class Parts(io.RawIOBase):
    """A stream of parts."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the next part."""
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = part
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _exactly(file: IO[bytes], count: int) -> bytes:
    if count > _BLOCK_BYTES_MAX:
        raise ValueError(f"a packed block of {count} bytes")
    body = file.read(count)
    if len(body) < count:
        raise EOFError("the packed data ends too early")
    return body


def _blocks(codec: str) -> Callable[[IO[bytes]], Any]:
    """Hadoop's blocks: the length of what is unpacked, then parts with their packed length before each."""

    def parts(file: IO[bytes]) -> Iterator[bytes]:
        import pyarrow as pa

        while head := file.read(4):
            left = int.from_bytes(head, "big")
            if len(head) < 4 or left > _BLOCK_BYTES_MAX:
                raise ValueError("damaged block")
            while left > 0:
                packed = _exactly(file, int.from_bytes(_exactly(file, 4), "big"))
                size = left if codec == "lz4_raw" else snappy_size(packed)
                part = pa.decompress(packed, size, codec, asbytes=True)
                left -= len(part)
                yield part

    return lambda file: io.BufferedReader(Parts(parts(file)), 65_536)


def snappy_size(packed: bytes) -> int:
    """The length that a snappy block says it unpacks to."""
    size = 0
    for n, byte in enumerate(packed[:5]):
        size |= (byte & 0x7F) << (7 * n)
        if not byte & 0x80:
            break
    if size > _BLOCK_BYTES_MAX:
        raise ValueError(f"a block that unpacks to {size} bytes")
    return size


def _snappy_frames(file: IO[bytes]) -> Any:
    def parts() -> Iterator[bytes]:
        import pyarrow as pa

        while head := file.read(4):
            body = _exactly(file, int.from_bytes(head[1:], "little"))
            if head[0] == 0:
                yield pa.decompress(body[4:], snappy_size(body[4:]), "snappy", asbytes=True)
            elif head[0] == 1:
                yield body[4:]
            elif head[0] < 0x80:
                raise ValueError("a frame of an unknown kind")

    return io.BufferedReader(Parts(parts()), 65_536)


def check_directory(file: IO[bytes], members_max: int) -> None:
    """Look for the directory of a ZIP archive before all of it is read; raises `ValueError` where it is missing or too large."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _ZIP_TAIL_BYTES))
    tail = file.read(_ZIP_TAIL_BYTES)
    at = tail.rfind(_END_OF_ZIP)
    if at < 0 or len(tail) < at + 16:
        raise ValueError("the ZIP archive is truncated: its directory is missing")
    count, length = int.from_bytes(tail[at + 10 : at + 12], "little"), int.from_bytes(tail[at + 12 : at + 16], "little")
    if count > members_max or length > _ZIP_DIRECTORY_BYTES_MAX:
        raise ValueError(f"the ZIP archive holds more than {members_max} files")
    file.seek(0)


def _zip_member(file: IO[bytes]) -> Any:
    try:
        check_directory(file, _ZIP_MEMBERS_MAX)
        archive = zipfile.ZipFile(file)
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise ValueError(f"the ZIP archive holds {len(members)} files: it must hold one")
        return archive.open(members[0])
    except ValueError:
        raise
    except DAMAGED as error:
        raise ValueError(f"the ZIP archive cannot be read: {error}") from error


_OPENERS: dict[str, Callable[[IO[bytes]], Any]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "bzip2": bz2.BZ2File,
    "zstd": _by_arrow("zstd"),
    "lz4 frame": _by_arrow("lz4"),
    "lz4": _blocks("lz4_raw"),
    "snappy": _blocks("snappy"),
    "snappy frame": _snappy_frames,
    "zip": _zip_member,
}
