"""What the tasks of a crawl on Spark do: list shares of a target, and look at files, by the very code of the local engine.

Orders and answers are typed MessagePack; an order holds how the store is reached, secrets included, and is never logged.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from catalog_server.crawlers import classify
from catalog_server.crawlers.classifiers import Classifiers
from catalog_server.crawlers.listing import Listing, Others, Share
from catalog_server.crawlers.manifest import code_digest
from catalog_server.crawlers.spool import Row, Spool
from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.lake.formats.base import FileSchema
from catalog_server.model.errors import CatalogError

LISTED_MAX = 200_000
"""Files that one task lists; a folder with more, which nobody can share, is listed by the worker."""


class Store(msgspec.Struct, frozen=True):
    """How a file system is made anew elsewhere: its class, and its options where it has any."""

    module: str
    name: str
    options: dict[str, str] | None

    @classmethod
    def of(cls, files: FileSystem) -> Store:
        """That of a file system."""
        options: Mapping[str, str] | None = getattr(files, "options", None)
        return cls(type(files).__module__, type(files).__qualname__, None if options is None else dict(options))


class Said(msgspec.Struct, frozen=True):
    """What is said of formats, see `Classifiers`."""

    text: str
    said: dict[str, str]
    root: str


class Bounds(msgspec.Struct):
    """A share of a listing; its names are bytes, since those of local files need not be text."""

    folder: bytes
    heads: list[bytes] | None
    after: bytes

    @classmethod
    def of(cls, share: Share) -> Bounds:
        """Those of a share."""
        heads = None if share.heads is None else [_bytes(name) for name in share.heads]
        return cls(_bytes(share.folder), heads, _bytes(share.after))

    def share(self) -> Share:
        """The share."""
        heads = None if self.heads is None else tuple(map(_name, self.heads))
        return Share(_name(self.folder), heads, _name(self.after))


class ToList(msgspec.Struct, tag=True):
    """List shares of a target; after so many seconds, or files, what can be shared is given back."""

    root: str
    shares: list[Bounds]
    seconds: float
    files: int


class ToGlance(msgspec.Struct, tag=True):
    """Say of files what they are."""

    infos: list[FileInfo]


class ToInspect(msgspec.Struct, tag=True):
    """Look closely at files."""

    infos: list[FileInfo]


class Order(msgspec.Struct):
    """One thing to be done, by the same code as that of whoever orders it."""

    code: str
    store: Store
    said: Said
    work: ToList | ToGlance | ToInspect


class Listed(msgspec.Struct, tag=True):
    """What was listed and what is left; if it is not `whole`, there was too much, and nothing is told of it."""

    rows: list[Row]
    nameless: list[str]
    left: list[Bounds]
    whole: bool = True


class Glanced(msgspec.Struct, tag=True):
    """Format and problem of each file, in the order of the order."""

    seen: list[tuple[str | None, str | None]]


class Seen(msgspec.Struct, tag=True):
    """Schema and problem of each file, in the order of the order."""

    seen: list[tuple[FileSchema | None, str | None]]


class Refused(msgspec.Struct, tag=True):
    """Why the order as a whole cannot be done."""

    message: str


Answer = Listed | Glanced | Seen | Refused


class _TooMuchError(Exception):
    """More files than one task may list."""


def done(body: bytes) -> bytes:
    """Do an order, encoded; its answer, encoded."""
    order = msgspec.msgpack.decode(body, type=Order)
    try:
        answer: Any = Refused(_OTHER_CODE) if order.code != code_digest() else _answer(order)
    except CatalogError as error:
        answer = Refused(error.message)
    return msgspec.msgpack.encode(answer)


_OTHER_CODE = (
    "the Python of Spark's executors has another version of catalog-server than the server: "
    "install the same one there, or name a Python that has it in crawlers.spark_python"
)


def _answer(order: Order) -> Answer:
    files, work = _opened(msgspec.msgpack.encode(order.store)), order.work
    said = Classifiers(order.said.text, order.said.said, order.said.root)
    if isinstance(work, ToList):
        return _list(files, work)
    if isinstance(work, ToGlance):
        return Glanced([seen[1:] for seen in classify.glance(files, work.infos, said)])
    return Seen([seen[1:] for seen in classify.inspect_all(files, work.infos, said)])


def _list(files: FileSystem, work: ToList) -> Listed:
    left: list[Share] = []

    def step(count: int) -> None:
        if count > LISTED_MAX:
            raise _TooMuchError

    with tempfile.TemporaryDirectory(prefix="catalog-list-") as folder:
        spool = Spool(Path(folder) / "spool.db")
        try:
            shares = [one.share() for one in work.shares]
            Listing(files, work.root, spool, step, shares, Others(left.append, work.seconds, work.files)).run()
            return Listed(spool.rows(), spool.nameless(), [Bounds.of(share) for share in left])
        except _TooMuchError:
            return Listed([], [], [], whole=False)
        finally:
            spool.close()


@lru_cache(maxsize=8)
def _opened(store: bytes) -> FileSystem:
    """The file system of a store; kept, with its connections, as long as the process lives."""
    found = msgspec.msgpack.decode(store, type=Store)
    made: Any = getattr(import_module(found.module), found.name)
    files: FileSystem = made() if found.options is None else made(found.options)
    return files


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _name(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


def pieces(share: Share, count: int) -> Sequence[Share]:
    """A share cut into such of at most `count` folders."""
    heads = share.heads
    if heads is None or len(heads) <= count:
        return [share]
    return [
        Share(share.folder, heads[at : at + count], heads[at - 1] if at else share.after)
        for at in range(0, len(heads), count)
    ]
