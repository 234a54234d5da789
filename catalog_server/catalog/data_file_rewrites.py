"""Rewriting small data files to larger ones: the same rows, committed as a `replace` snapshot by compare-and-set."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog_server.catalog.care_work import SAMPLE, CareWork
from catalog_server.catalog.commits import Commits, IcebergTable
from catalog_server.catalog.core import Core
from catalog_server.lake.iceberg import rewritable
from catalog_server.lake.iceberg.packing import SmallFile, bins
from catalog_server.model.care import MIN_INPUT_FILES_DEFAULT
from catalog_server.model.errors import CatalogError, Conflict, OutcomeUnknown
from catalog_server.model.failpoint import reach

if TYPE_CHECKING:
    from catalog_server.lake.iceberg.rewriting import Rewriting

ATTEMPTS_MAX = 20
ROUND_BYTES = 8 * 1024 * 1024 * 1024
ROUND_BINS = 100
"""What one snapshot replaces at most: a run that ends early has lost no more than that."""

Bin = Sequence[SmallFile]


@dataclass(slots=True)
class _Written:
    """A new file, and the old ones whose rows it holds."""

    old: Bin
    new: Any


class DataFileRewrites:
    """The rule of `rewrite`. Files that others took out meanwhile stay out, rows that others added stay in.

    New files have names of their own at every try. Those of a run that was killed are left to `remove-orphans`: the
    worker that wrote them might live, only slow, and commit them yet.
    """

    def __init__(self, core: Core, commits: Commits) -> None:
        self.core = core
        self.commits = commits

    def run(self, work: CareWork) -> dict[str, object]:
        """Rewrite what is worth it and return it in numbers; of a dry run, what would be.

        Raises:
            Unsupported: the table is one that must be rewritten by an engine; the message says why.
            Conflict: other writers came first again and again; what was not committed is taken back.
            OutcomeUnknown: nobody can tell whether the last snapshot was committed; its files stay.
        """
        work.step("planning")
        table = self._load(work)
        planned = self._planned(work, table)
        if work.dry_run:
            return _summary(planned)
        done, summary = 0, _added(_summary([]), work.plan)
        for some in _rounds(planned):
            work.step("rewriting", done, len(planned))
            summary = _added(_summary(self._round(work, some, done, len(planned))), summary)
            work.write_down(**summary)
            done += len(some)
        return summary

    def _load(self, work: CareWork) -> IcebergTable:
        found = self.commits.load_to_change(work.caller, work.name)
        rewritable.check(found.document, str(work.name))
        return found

    def _planned(self, work: CareWork, table: IcebergTable) -> list[Bin]:
        target = rewritable.target_of(table.document, work.options.target_bytes)
        files = self._reader(work, table).small_files()
        least = work.options.min_input_files
        return list(bins(files, target, MIN_INPUT_FILES_DEFAULT if least is None else least))

    def _round(self, work: CareWork, wanted: Sequence[Bin], before: int, total: int) -> list[Bin]:
        """Write new files for some bins and commit them; returns the bins that were still there to be replaced."""
        reader = self._reader(work, self._load(work))
        found = reader.found({one.location for each in wanted for one in each})
        there = [each for each in wanted if all(one.location in found for one in each)]
        where: list[str] = []
        written: list[_Written] = []
        try:
            for each in there:
                work.step("rewriting", before + len(written), total)
                where.append(reader.new_location(f"{work.id}-{uuid.uuid4()}.parquet", found[each[0].location]))
                written.append(_Written(each, reader.write([found[one.location] for one in each], where[-1])))
                reach("care_written")
            kept = self._commit(work, written)
        except OutcomeUnknown:
            raise
        except CatalogError:
            self._delete(where)
            raise
        reach("care_committed")
        committed = {one.new.file_path for one in kept}
        self._delete(location for location in where if location not in committed)
        return [one.old for one in kept]

    def _commit(self, work: CareWork, written: Sequence[_Written]) -> Sequence[_Written]:
        """Commit, again on the newer table when another writer came first; what lost one of its files meanwhile is left."""
        for _ in range(ATTEMPTS_MAX):
            reader = self._reader(work, self._load(work))
            found = reader.found({one.location for each in written for one in each.old})
            written = [each for each in written if all(one.location in found for one in each.old)]
            if not written:
                return []
            old = [found[one.location] for each in written for one in each.old]
            required, updates, manifests = reader.replaced(old, [each.new for each in written], {"care-run": work.id})
            try:
                self.commits.commit(work.caller, work.name, required, updates)
            except Conflict:
                self._delete(manifests)
                work.step("committing again")
                continue
            except OutcomeUnknown:
                raise
            except CatalogError:
                self._delete(manifests)
                raise
            return written
        raise Conflict(f"table {work.name}", "to come first", "other writers again and again")

    def _reader(self, work: CareWork, table: IcebergTable) -> Rewriting:
        from catalog_server.lake.iceberg.rewriting import Rewriting

        return Rewriting(self.core.lake, table.metadata_location, str(work.name))

    def _delete(self, locations: Iterable[str]) -> None:
        for location in locations:
            try:
                self.core.lake.filesystem(location).delete(location)
            except CatalogError:  # nothing refers to it: it goes with the orphans
                continue


def _rounds(planned: Sequence[Bin]) -> Iterator[list[Bin]]:
    some: list[Bin] = []
    size = 0
    for each in planned:
        some.append(each)
        size += sum(one.size for one in each)
        if size >= ROUND_BYTES or len(some) >= ROUND_BINS:
            yield some
            some, size = [], 0
    if some:
        yield some


def _summary(replaced: Sequence[Bin]) -> dict[str, object]:
    old = [one for each in replaced for one in each]
    return {
        "files": len(old),
        "bytes": sum(one.size for one in old),
        "rows": sum(one.rows for one in old),
        "new_files": len(replaced),
        "sample": [one.location for one in old[:SAMPLE]],
    }


def _added(summary: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, object]:
    """A summary with what was done before it, if anything was."""
    both = {key: before[key] + value if key in before else value for key, value in summary.items()}
    return {**both, "sample": both["sample"][:SAMPLE]}
