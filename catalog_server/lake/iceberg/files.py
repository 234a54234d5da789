"""Metadata files: their names, and the document as bytes."""

from __future__ import annotations

import re
import uuid
import zlib
from collections.abc import Callable

import msgspec
from isal import isal_zlib

from catalog_server.lake.iceberg import shapes
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid

FILE_BYTES_MAX = 512 * 1024 * 1024
COMPRESSION = "write.metadata.compression-codec"

_VERSION = re.compile(r"(?:v(\d{1,9})|(\d{1,9})-[^/]*)$")
SNAPSHOTS_MANY = 50
"""From so many snapshots on the text of each is kept for the next document that holds it."""
TEXT_BYTES_KEPT = 16 * 1024 * 1024
_SUFFIXES = (".gz.metadata.json", ".metadata.json.gz", ".metadata.json")
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def metadata_file_name(version: int, compressed: bool = False) -> str:
    """A new unique name for the metadata file of a version, as `00001-<uuid>.metadata.json`."""
    suffix = _SUFFIXES[0] if compressed else _SUFFIXES[2]
    return f"{version:05d}-{uuid.uuid4()}{suffix}"


def metadata_file_version(location: str) -> int:
    """The version in a metadata file's name, -1 when its name has none."""
    stem = next((location.removesuffix(suffix) for suffix in _SUFFIXES if location.endswith(suffix)), "")
    found = _VERSION.search(stem.rsplit("/", 1)[-1])
    return int(found[1] or found[2]) if found and found.start() == 0 else -1


def compresses(document: Json) -> bool:
    """Whether the table asks for gzipped metadata files."""
    return str(document.get("properties", {}).get(COMPRESSION, "none")).lower() == "gzip"


def text_of(document: Json) -> bytes:
    """A document as JSON.

    Raises:
        Invalid: the document nests too deep to be written.
    """
    try:
        snapshots = document.get("snapshots")
        if not isinstance(snapshots, list) or len(snapshots) < SNAPSHOTS_MANY:
            return msgspec.json.encode(document)
        return msgspec.json.encode(document | {"snapshots": _SNAPSHOT_TEXTS.joined(snapshots)})
    except (RecursionError, msgspec.MsgspecError, TypeError, ValueError) as error:
        raise Invalid("metadata", "cannot be written as JSON") from error


class _Texts:
    """Snapshots as JSON, by identity: a document shares with the one before all but those that a commit adds."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Json, bytes]] = {}
        self._bytes = 0

    def joined(self, snapshots: list[Json]) -> msgspec.Raw:
        """The list as JSON."""
        kept = self._kept
        texts = [
            found[1] if (found := kept.get(id(one))) is not None and found[0] is one else self._keep(one)
            for one in snapshots
        ]
        if self._bytes > TEXT_BYTES_KEPT:
            self._kept, self._bytes = {}, 0
        return msgspec.Raw(b"[%b]" % b",".join(texts))

    def _keep(self, one: Json) -> bytes:
        made = msgspec.json.encode(one)
        self._kept[id(one)] = one, made
        self._bytes += len(made)
        return made


_SNAPSHOT_TEXTS = _Texts()


def dumps(document: Json, compressed: bool = False) -> bytes:
    """The bytes of a metadata file; raises what `text_of` raises."""
    return packed(text_of(document), compressed)


def packed(text: bytes, compressed: bool) -> bytes:
    """The bytes of a metadata file that holds a text."""
    if not compressed:
        return text
    zipped: bytes = isal_zlib.compress(text, wbits=_GZIP_WINDOW)
    return zipped


def loads(data: bytes, bytes_max: int = FILE_BYTES_MAX) -> Json:
    """The document in a metadata file, gzipped or not (its first bytes tell).

    Raises:
        Invalid: too large, not JSON, not an object, or nested too deep.
    """
    plain = _unzipped(data, bytes_max) if data[:2] == _GZIP_MAGIC else data
    if len(plain) > bytes_max:
        raise Invalid("metadata", f"the file is larger than {bytes_max} bytes")
    try:
        document = _decode(plain)
    except RecursionError as error:
        raise Invalid("metadata", "nests too deep") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise Invalid("metadata", f"the file is not JSON: {error}") from error
    return shapes.object_of(document, "metadata")


def _unzipped(data: bytes, bytes_max: int) -> bytes:
    inflater = zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        plain = inflater.decompress(data, bytes_max + 1)
    except zlib.error as error:
        raise Invalid("metadata", "the file is not valid gzip") from error
    if not inflater.eof and len(plain) <= bytes_max:
        raise Invalid("metadata", "the file is cut short")
    return plain


_decode: Callable[[bytes], object] = msgspec.json.Decoder().decode
