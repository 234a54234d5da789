"""Packed files: how a file is packed by its first bytes and by its name, and what it holds as a stream."""

from __future__ import annotations

import bz2
import gzip
from typing import IO, Any, cast

MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\x28\xb5\x2f\xfd", "zstd"))
ENDINGS = {"gzip": (".gz", ".gzip"), "bzip2": (".bz2",), "zstd": (".zst", ".zstd")}


def named_packing(name: str) -> str | None:
    """The packing that a file's name (in lower case) speaks of; None if it does not."""
    return next((kind for kind, ends in ENDINGS.items() if name.endswith(ends)), None)


def packing_of(head: bytes) -> str | None:
    """The packing that a file's first bytes speak of; None for a file that is not packed."""
    return next((name for magic, name in MAGIC if head.startswith(magic)), None)


def unpacked(file: IO[bytes], packing: str | None) -> IO[bytes]:
    """What a file holds, unpacked as it is read."""
    if packing is None:
        return file
    opened: Any
    if packing == "gzip":
        opened = gzip.GzipFile(fileobj=file)
    elif packing == "bzip2":
        opened = bz2.BZ2File(file)
    else:
        import pyarrow as pa

        opened = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), {"zstd": "zstd"}[packing])
    return cast("IO[bytes]", opened)
