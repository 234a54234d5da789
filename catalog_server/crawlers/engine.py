"""Where the heavy part of a crawl is done, the listing and the looks at files: in this process, or by an engine on many machines.

Each engine tells the same of the same files, in the same order; what a crawl makes of it is decided in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from catalog_server.crawlers import classify
from catalog_server.crawlers.classifiers import Classifiers
from catalog_server.crawlers.classify import Glance, Inspected
from catalog_server.crawlers.found import Report
from catalog_server.crawlers.listing import Listing
from catalog_server.crawlers.sources import SCHEME
from catalog_server.crawlers.spool import Spool
from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.model.crawler import Crawler
from catalog_server.model.errors import Unavailable

LOCAL, SPARK = "local", "spark"
ENGINES = (LOCAL, SPARK)


class Engine(Protocol):
    """What lists and looks at files; problems of single files are told, errors are those of `FileSystem` and `Cancelled`."""

    def list_all(self, files: FileSystem, root: str, spool: Spool, step: Callable[[int], None]) -> None:
        """List all files below `root` into the spool, see `Listing`."""

    def glance(self, files: FileSystem, infos: Iterable[FileInfo], said: Classifiers) -> Iterator[Glance]:
        """See `classify.glance`."""

    def inspect_all(self, files: FileSystem, infos: Sequence[FileInfo], said: Classifiers) -> Iterator[Inspected]:
        """See `classify.inspect_all`."""


class Local:
    """The engine that is this process."""

    def list_all(self, files: FileSystem, root: str, spool: Spool, step: Callable[[int], None]) -> None:
        """See `Engine.list_all`."""
        Listing(files, root, spool, step).run()

    def glance(self, files: FileSystem, infos: Iterable[FileInfo], said: Classifiers) -> Iterator[Glance]:
        """See `Engine.glance`."""
        return classify.glance(files, infos, said)

    def inspect_all(self, files: FileSystem, infos: Sequence[FileInfo], said: Classifiers) -> Iterator[Inspected]:
        """See `Engine.inspect_all`."""
        return classify.inspect_all(files, infos, said)


Engines = Mapping[str, Callable[[str, Callable[[], bool]], AbstractContextManager[Engine]]]
"""What makes an engine for a crawl of an id, which asks again and again whether it was cancelled, by name."""


def opened(engines: Engines, crawler: Crawler, crawl_id: str, report: Report) -> AbstractContextManager[Engine]:
    """The engine that a crawler is told to use for files; raises `Unavailable` where it is not here, and what it raises."""
    name = crawler.options.get("engine", LOCAL)
    if name == LOCAL or all(target.startswith(SCHEME) for target in crawler.targets):
        return nullcontext(Local())
    if name not in engines:
        raise Unavailable(f"the engine {name} is not there for crawls")
    return engines[name](crawl_id, report.cancelled)
