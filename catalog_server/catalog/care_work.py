"""One run of table care while it is done: for whom, on which table, how far it is, and what it wrote down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from catalog_server.lake.filesystem import Lake
from catalog_server.lake.iceberg.file_set import FileSet
from catalog_server.model.caller import Caller
from catalog_server.model.care import CareOptions
from catalog_server.model.errors import Cancelled
from catalog_server.model.failpoint import reach
from catalog_server.model.names import TableName

SAMPLE = 20
DELETES_AT_ONCE = 16
_PAGE = 256


def _nothing(_: Mapping[str, object]) -> None:
    return


@dataclass
class CareWork:
    """What every operation is given. Without `keep`, `tell` and `cancelled` it is done to its end and nobody is told."""

    caller: Caller
    name: TableName
    options: CareOptions = field(default_factory=CareOptions)
    dry_run: bool = False
    id: str = "care"
    plan: dict[str, object] = field(default_factory=dict)
    """What a run that was interrupted wrote down; empty at the first try."""
    unread: list[str] = field(default_factory=list)
    """Other tables whose files could not be told, where that was to be ignored."""
    keep: Callable[[Mapping[str, object]], None] = _nothing
    """Writes the plan down, so that it outlives this process."""
    tell: Callable[[Mapping[str, object]], None] = _nothing
    cancelled: Callable[[], bool] = lambda: False

    def step(self, phase: str, done: int = 0, total: int | None = None) -> None:
        """Say how far the work is; raises `Cancelled` when somebody asked for it."""
        if self.cancelled():
            raise Cancelled("table care was cancelled")
        self.tell({"phase": phase, "done": done, "total": total})

    def write_down(self, **values: object) -> None:
        """Add to the plan, and have it kept before what it says is done."""
        self.plan.update(values)
        self.keep(self.plan)


def described(files: FileSet) -> dict[str, object]:
    """A set of files in numbers: how many, their bytes, both by kind, and the first of them."""
    totals = files.totals()
    return {
        "files": sum(count for count, _ in totals.values()),
        "bytes": sum(size for _, size in totals.values()),
        **{kind: {"files": count, "bytes": size} for kind, (count, size) in totals.items()},
        "sample": files.sample(SAMPLE),
    }


def delete_all(lake: Lake, files: FileSet, work: CareWork) -> None:
    """Delete every file of a set, what lists others after them; one that is gone already is no error."""
    total, done = len(files), 0

    def delete(location: str) -> None:
        lake.filesystem(location).delete(location)

    with ThreadPoolExecutor(DELETES_AT_ONCE, thread_name_prefix="care") as pool:
        for page in files.pages(_PAGE):
            work.step("deleting", done, total)
            for _ in pool.map(delete, page):
                reach("care_deleted")
            done += len(page)
