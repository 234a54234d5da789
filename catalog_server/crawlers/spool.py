"""What a crawl has seen of a target so far, on disk: the folders listed and the looks at files.

So memory is bounded, and a crawl whose process was killed goes on where it was. A spool is a small database in the data
directory that is deleted when its crawl ends.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from catalog_server.lake.files import Entry

T = TypeVar("T")
_COMMIT_SECONDS = 1.0
_SMALL_BYTES = 16_384
_ZLIB = b"\x78"
"""How packed bytes begin, and a document of lists in MessagePack never does."""
_TABLES = """
CREATE TABLE IF NOT EXISTS folders (path TEXT, part INTEGER, closed INTEGER, files INTEGER, bytes INTEGER,
  fingerprint BLOB, body BLOB, PRIMARY KEY (path, part));
CREATE TABLE IF NOT EXISTS glances (path TEXT, name TEXT, identity TEXT, verdict TEXT, PRIMARY KEY (path, name));
CREATE TABLE IF NOT EXISTS nameless (place TEXT PRIMARY KEY);
"""
_AFTER_SLASH = "0"


Row = tuple[str, int, bool, int, int, bytes, bytes]
"""Some files of a folder: path, part, whether that closes it, files, bytes, fingerprint and the files themselves, packed."""


class Listed(msgspec.Struct, array_like=True):
    """Files of a folder, column by column, in the order of names."""

    names: list[str]
    sizes: list[int]
    etags: list[str]
    times: list[int]


@dataclass(frozen=True, slots=True)
class FolderPart:
    """Some files of a folder (all of it, unless it has very many), as one listing found them."""

    path: str
    """Below the target; `""` is the target itself."""
    part: int
    fingerprint: bytes
    """Differs whenever a name, a size or an etag does."""
    body: bytes

    def listed(self) -> Listed:
        """The files."""
        return unpacked(self.body, Listed)


class KnownFolder(Protocol):
    """Some files of a folder as an earlier crawl saw them."""

    path: str
    part: int
    fingerprint: bytes
    listed: Listed


def packed(document: Any) -> bytes:
    """A document in few bytes; a small one is left as it is, since it is packed together with others later."""
    body = msgspec.msgpack.encode(document)
    return body if len(body) < _SMALL_BYTES else zlib.compress(body, 1)


def unpacked(body: bytes, kind: type[T]) -> T:
    """What was packed; raises `MsgspecError` for what is of another kind."""
    return msgspec.msgpack.decode(zlib.decompress(body) if body.startswith(_ZLIB) else body, type=kind)


class Spool:
    """The spool of one target of one crawl."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute(
            "PRAGMA synchronous=OFF"
        )  # the end of the machine may cost the spool, that of the process not
        self._database.execute("PRAGMA cache_size=-8000")
        self._database.executescript(_TABLES)
        self._database.execute("BEGIN")
        self._committed_at = time.monotonic()
        self._resumed = self._one("SELECT 1 FROM folders LIMIT 1") is not None
        self._parted: set[str] = set()
        """Folders that came in parts, of which those of an earlier listing must go when they come again."""

    def close(self) -> None:
        """Keep it for whoever goes on."""
        with self._lock:
            self._database.execute("COMMIT")
            self._database.close()

    def add(self, folder: str, part: int, files: Sequence[Entry], *, closed: bool) -> None:
        """See `Sink.add`."""
        files = self._named(folder, files)
        if not _is_text(folder):
            return
        body, fingerprint, total = b"", b"", 0
        if files:
            files = files if isinstance(files, list) else list(files)
            files.sort()
            names, sizes, etags, times = (list(column) for column in zip(*files, strict=True))
            fingerprint = blake2b(msgspec.msgpack.encode((names, sizes, etags)), digest_size=16).digest()
            body = packed(Listed(names, sizes, etags, times))
            total = sum(sizes)
        self.take([(folder, part, closed, len(files), total, fingerprint, body)])

    def take(self, rows: Iterable[Row]) -> None:
        """Files as another spool has them; a folder whose part 0 comes again is listed anew."""
        with self._lock:
            for row in rows:
                folder, part, closed = row[:3]
                if part == 0 and not closed:  # there may be more parts of it, of an earlier listing
                    self._parted.add(folder)
                if part == 0 and (self._resumed or folder in self._parted):
                    self._database.execute("DELETE FROM folders WHERE path = ?", (folder,))
                self._database.execute("INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._commit_seldom()

    def rows(self) -> list[Row]:
        """All that was listed, for another spool."""
        return [(*row[:2], bool(row[2]), *row[3:]) for row in self._all("SELECT * FROM folders ORDER BY path, part")]

    def carry(self, folders: Sequence[KnownFolder]) -> None:
        """Put folders as an earlier crawl saw them, without asking the store."""
        rows = [
            (
                one.path,
                one.part,
                True,
                len(one.listed.names),
                sum(one.listed.sizes),
                one.fingerprint,
                packed(one.listed),
            )
            for one in folders
        ]
        with self._lock:
            self._database.executemany("INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def clear(self) -> None:
        """Forget all that was listed."""
        with self._lock:
            self._database.execute("DELETE FROM folders")

    def _named(self, folder: str, files: Sequence[Entry]) -> Sequence[Entry]:
        """The files whose names are text; of the others a note is made."""
        try:
            folder.encode()
            "".join(file[0] for file in files).encode()
        except UnicodeEncodeError:
            named = [file for file in files if _is_text(f"{folder}/{file[0]}")]
            kept = {file[0] for file in named}
            self.note_nameless([f"{folder}/{file[0]}".lstrip("/") for file in files if file[0] not in kept])
            return named
        return files

    def note_nameless(self, paths: Sequence[str]) -> None:
        """See `Sink.note_nameless`."""
        with self._lock:
            shown = ((path.encode("utf-8", "backslashreplace").decode(),) for path in paths)
            self._database.executemany("INSERT OR REPLACE INTO nameless VALUES (?)", shown)

    def nameless(self) -> list[str]:
        """Files whose names are no text or no paths, so that nothing can be kept of them."""
        return [place for (place,) in self._all("SELECT place FROM nameless ORDER BY place")]

    def is_closed(self, folder: str) -> bool:
        """See `Sink.is_closed`."""
        return _is_text(folder) and self._one("SELECT 1 FROM folders WHERE path = ? AND closed", (folder,)) is not None

    def is_begun(self, folder: str) -> bool:
        """See `Sink.is_begun`."""
        if not _is_text(folder):
            return False
        below = (f"{folder}/", f"{folder}{_AFTER_SLASH}") if folder else ("\x01", "\U0010ffff")
        return self._one("SELECT 1 FROM folders WHERE path >= ? AND path < ? AND closed LIMIT 1", below) is not None

    def totals(self) -> tuple[int, int]:
        """How many files were listed, and their bytes."""
        files, size = self._one("SELECT sum(files), sum(bytes) FROM folders") or (0, 0)
        return files or 0, size or 0

    def folder_count(self) -> int:
        """How many folders hold files."""
        return int((self._one("SELECT count(*) FROM folders WHERE files AND part = 0") or (0,))[0])

    def digest(self) -> bytes:
        """A fingerprint of the whole listing."""
        hashing = blake2b(digest_size=16)
        for path, part, fingerprint in self._all(
            "SELECT path, part, fingerprint FROM folders WHERE files ORDER BY 1, 2"
        ):
            hashing.update(msgspec.msgpack.encode((path, part, fingerprint)))
        return hashing.digest()

    def folders(self) -> Iterator[FolderPart]:
        """All that was listed, in the order of paths."""
        for row in self._all("SELECT path, part, fingerprint, body FROM folders WHERE files ORDER BY path, part"):
            yield FolderPart(*row)

    def note_glances(self, glances: Iterable[tuple[str, str, str, str]]) -> None:
        """Keep what files were told to be: (folder, name, identity, verdict)."""
        with self._lock:
            self._database.executemany("INSERT OR REPLACE INTO glances VALUES (?, ?, ?, ?)", glances)
            self._commit_seldom()

    def glances(self, folder: str) -> dict[str, tuple[str, str]]:
        """Identity and verdict by name, of the files of a folder that were looked at in this crawl."""
        found = self._all("SELECT name, identity, verdict FROM glances WHERE path = ?", (folder,))
        return {name: (identity, verdict) for name, identity, verdict in found}

    def _commit_seldom(self) -> None:
        if time.monotonic() - self._committed_at >= _COMMIT_SECONDS:
            self._database.execute("COMMIT")
            self._database.execute("BEGIN")
            self._committed_at = time.monotonic()

    def _one(self, statement: str, values: Sequence[object] = ()) -> Any:
        with self._lock:
            return self._database.execute(statement, values).fetchone()

    def _all(self, statement: str, values: Sequence[object] = ()) -> Iterator[Any]:
        """Rows of a statement; a cursor of its own, read while other statements go on."""
        with self._lock:
            cursor = self._database.execute(statement, values)
        while rows := self._fetched(cursor):
            yield from rows

    def _fetched(self, cursor: sqlite3.Cursor) -> list[Any]:
        with self._lock:
            return cursor.fetchmany(100)


def _is_text(name: str) -> bool:
    """Whether a name can be written as UTF-8, which those of local files need not."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
