"""Content-addressed column lists and storages, cached for good because a blob never changes."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.model.derived import derived
from catalog_server.model.table import Column, SerDe, Storage
from catalog_server.store.schema import blobs

if TYPE_CHECKING:
    from catalog_server.store.transaction import Transaction

T = TypeVar("T")
CACHE_MAX = 4096
TEXT_CACHED_MAX = 16_384


@derived
def columns_text(columns: tuple[Column, ...]) -> str:
    """The one text of a column list."""
    rows = [
        [c.name, c.type, c.comment, dict(c.parameters)] if c.parameters else [c.name, c.type, c.comment]
        for c in columns
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def columns_from(text: str) -> tuple[Column, ...]:
    """Undo `columns_text`."""
    return tuple(Column(row[0], row[1], row[2], row[3] if len(row) > 3 else {}) for row in json.loads(text))


def storage_text(storage: Storage) -> str:
    """The one text of a storage."""
    document: dict[str, Any] = {
        "input": storage.input_format,
        "output": storage.output_format,
        "library": storage.serde.library,
        "serde": storage.serde.name,
        "serde_parameters": dict(storage.serde.parameters),
        "compressed": storage.compressed,
        "buckets": storage.bucket_count,
        "bucket_columns": storage.bucket_columns,
        "sort_columns": storage.sort_columns,
        "parameters": dict(storage.parameters),
        "extra": dict(storage.extra),
    }
    kept = {key: value for key, value in document.items() if value not in (None, False, 0, {}, ())}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def storage_from(text: str) -> Storage:
    """Undo `storage_text`."""
    said = json.loads(text)
    return Storage(
        input_format=said.get("input"),
        output_format=said.get("output"),
        serde=SerDe(said.get("library"), said.get("serde"), said.get("serde_parameters", {})),
        compressed=said.get("compressed", False),
        bucket_count=said.get("buckets", 0),
        bucket_columns=tuple(said.get("bucket_columns", ())),
        sort_columns=tuple((name, order) for name, order in said.get("sort_columns", ())),
        parameters=said.get("parameters", {}),
        extra=said.get("extra", {}),
    )


class Blobs:
    """Reads blobs by id through a cache of parsed ones, and finds or makes the id of a text."""

    def __init__(self) -> None:
        self._parsed: OrderedDict[tuple[str, int], Any] = OrderedDict()
        self._ids: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def columns(self, tx: Transaction, ids: Iterable[int]) -> dict[int, tuple[Column, ...]]:
        """Column lists by blob id; one statement for all that are not cached."""
        return self._read(tx, "columns", ids, columns_from)

    def storages(self, tx: Transaction, ids: Iterable[int]) -> dict[int, Storage]:
        """Storages by blob id; one statement for all that are not cached."""
        return self._read(tx, "storage", ids, storage_from)

    def _read(self, tx: Transaction, kind: str, ids: Iterable[int], parse: Callable[[str], T]) -> dict[int, T]:
        found: dict[int, T] = {}
        missing = []
        for blob_id in set(ids):
            cached = self._parsed.get((kind, blob_id))
            if cached is None:
                missing.append(blob_id)
            else:
                found[blob_id] = cached
        if not missing:
            return found
        made = set(tx.new_blobs.values())  # which may be undone with the transaction
        for start in range(0, len(missing), 500):
            wanted = missing[start : start + 500]
            for row in tx.connection.execute(select(blobs.c.id, blobs.c.body).where(blobs.c.id.in_(wanted))):
                found[row.id] = parse(row.body)
                if row.id not in made:
                    self._keep(self._parsed, (kind, row.id), found[row.id])
        return found

    def _keep(self, cache: OrderedDict[Any, Any], key: Any, value: Any) -> None:
        with self._lock:
            cache[key] = value
            while len(cache) > CACHE_MAX:
                cache.popitem(last=False)

    def ids(self, tx: Transaction, texts: Iterable[str]) -> dict[str, int]:
        """Blob ids of texts, made where they are new: at most three statements, whatever their number (per 500)."""
        wanted = dict.fromkeys(texts)
        known = {text: self._ids[text] for text in wanted if text in self._ids}
        if len(known) == len(wanted):
            return known
        found = self._found_or_made(tx.connection, [text for text in wanted if text not in known])
        tx.new_blobs.update(found)
        return known | found

    def committed(self, ids: Mapping[str, int]) -> None:
        """Remember the ids that a transaction found or made, now that it is committed."""
        for text, blob_id in ids.items():
            if len(text) <= TEXT_CACHED_MAX:
                self._keep(self._ids, text, blob_id)

    def _found_or_made(self, connection: Connection, wanted: Sequence[str]) -> dict[str, int]:
        digests = {hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(): text for text in wanted}
        found = self._find(connection, digests)
        missing = [
            {"digest": digest, "body": digests[digest]} for digest in sorted(digests) if digests[digest] not in found
        ]
        if missing:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            for start in range(0, len(missing), 500):
                batch = missing[start : start + 500]
                connection.execute(insert(blobs).on_conflict_do_nothing(index_elements=["digest"]), batch)
            found = self._find(connection, digests)
        return found

    def _find(self, connection: Connection, digests: dict[bytes, str]) -> dict[str, int]:
        found: dict[str, int] = {}
        keys = list(digests)
        for start in range(0, len(keys), 500):
            rows = connection.execute(
                select(blobs.c.id, blobs.c.digest).where(blobs.c.digest.in_(keys[start : start + 500]))
            )
            for row in rows:
                found[digests[bytes(row.digest)]] = row.id
        return found
