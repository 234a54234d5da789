"""Partitions: the values of a table's partition keys, and where their files are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from catalog_server.model.errors import Invalid
from catalog_server.model.names import name_key
from catalog_server.model.table import Column, Storage

FOLDER_BYTES_MAX = 200
DEFAULT_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""Stands for an empty or null value in a partition's name and folder."""

_PART = re.compile(r"([^/]+)=([^/]+)")
_ESCAPED = re.compile("[\x01-\x1f\"#%'*/:=?\\\\\x7f{[\\]^]")
_UTF_8 = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition; `columns` and `storage` are None where they are the table's own."""

    values: tuple[str, ...]
    location: str | None = None
    columns: tuple[Column, ...] | None = None
    storage: Storage | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    id: int = 0
    version: int = 0
    created_at: int = 0
    last_access_at: int = 0


def escape(text: str) -> str:
    """Escape a key or value for a partition's name as Hive's FileUtils does; `}`, space and non-ASCII stay."""
    if not text:
        return DEFAULT_PARTITION
    return _ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", text)


def folder_name(name: str) -> str:
    """The name of the folder of a database or table: escaped, in lower case, and no longer than file systems allow.

    The end of a long name is replaced by a digest of the whole.
    """
    plain = escape(name_key(name))
    raw = plain.encode()
    if len(raw) <= FOLDER_BYTES_MAX:
        return plain
    digest = hashlib.sha256(raw).hexdigest()[:16]
    return f"{raw[: FOLDER_BYTES_MAX - 17].decode(errors='ignore')}-{digest}"


def unescape(text: str) -> str:
    """Undo `escape`; a `%` without two hexadecimal digits stays as it is."""
    if "%" not in text:
        return text
    parts = text.split("%")
    out = [parts[0]]
    for part in parts[1:]:
        try:
            out.append(chr(int(part[:2], 16)) + part[2:] if len(part) >= 2 else "%" + part)
        except ValueError:
            out.append("%" + part)
    return "".join(out)


def unescape_folder(text: str) -> str:
    """Undo `escape` in the name of a folder, whoever made it.

    Hive escapes nothing beyond ASCII; writers that escape the bytes of UTF-8, as those of the Rust world do, mean these.
    """
    return unescape(_UTF_8.sub(_decoded, text)) if "%" in text else text


def _decoded(found: re.Match[str]) -> str:
    try:
        return bytes.fromhex(found[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return found[0]


def partition_name(keys: Sequence[str], values: Sequence[str]) -> str:
    """The name `k1=v1/k2=v2` of a partition, escaped; raises `Invalid` when the counts differ."""
    if len(keys) != len(values):
        raise Invalid("partition values", f"{len(values)} given for {len(keys)} partition keys {', '.join(keys)}")
    return "/".join(f"{escape(key.lower())}={escape(value)}" for key, value in zip(keys, values, strict=True))


def parse_partition_name(name: str) -> list[tuple[str, str]]:
    """The (key, value) pairs of a partition's name; raises `Invalid` for a part without `=`."""
    pairs = []
    for part in name.split("/"):
        key, equals, value = part.partition("=")
        if not equals or not key:
            raise Invalid("partition name", f"{name!r} is not of the form key=value/key=value")
        pairs.append((unescape(key), unescape(value)))
    return pairs


def read_partition_name(name: str) -> list[tuple[str, str]]:
    """The (key, value) pairs in a partition's name as Hive's Warehouse.makeSpecFromName reads it: the last `=` of a part
    counts, and a part that is not `key=value` is passed over."""
    return [(unescape(key), unescape(value)) for key, value in _PART.findall(name)]


def partition_values(keys: Iterable[str], name: str) -> tuple[str, ...]:
    """The values, in the order of `keys`, that a partition's name speaks of; raises `Invalid` when a key is missing."""
    said = {key.lower(): value for key, value in parse_partition_name(name)}
    values = []
    for key in keys:
        if key.lower() not in said:
            raise Invalid("partition name", f"{name!r} has no value for key {key}")
        values.append(said[key.lower()])
    return tuple(values)
