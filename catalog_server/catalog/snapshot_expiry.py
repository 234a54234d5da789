"""Expiring snapshots: first they are taken out of the table's metadata, then the files go that only they referred to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog_server.catalog.care_work import CareWork, delete_all, described
from catalog_server.catalog.commits import Commits, IcebergTable
from catalog_server.catalog.core import Core
from catalog_server.catalog.file_holders import FileHolders
from catalog_server.catalog.metadata_files import Document
from catalog_server.catalog.table_locations import places
from catalog_server.lake.iceberg import references
from catalog_server.lake.iceberg.document import completed
from catalog_server.lake.iceberg.file_set import File, FileSet
from catalog_server.lake.iceberg.purge import check_collects_garbage
from catalog_server.lake.iceberg.retention import Expiry, expiry_of
from catalog_server.lake.iceberg.updates import apply_updates
from catalog_server.model.errors import Conflict, NotFound
from catalog_server.model.failpoint import reach
from catalog_server.store.transaction import now

ATTEMPTS_MAX = 20


@dataclass(frozen=True, slots=True)
class _Step:
    """What goes, the document that still has it, and the table afterwards (in a dry run: as it would be)."""

    expiry: Expiry
    before: Document
    after: IcebergTable


class SnapshotExpiry:
    """The rule of `expire-snapshots`."""

    def __init__(self, core: Core, commits: Commits, holders: FileHolders) -> None:
        self.core = core
        self.commits = commits
        self.holders = holders

    def run(self, work: CareWork) -> dict[str, object]:
        """Expire what may go and return it in numbers; of a dry run, what would go.

        Raises:
            Invalid: files of the table are not to be deleted (`gc.enabled`), or a property is no number.
            Conflict: other writers came first again and again; nothing was changed.
            Unavailable: the files of another table cannot be told: snapshots are expired, their files stay.
        """
        work.step("planning")
        done = self._interrupted(work) or self._expired(work)
        if done is None:
            return {"snapshots": 0, "refs": 0, "spared": 0, "files": 0, "bytes": 0, "sample": []}
        reach("care_committed")
        with FileSet() as files:
            self._collect(done, files, work)
            spared = self.holders.spare(done.after.table.id, places(done.before), files, work)
            summary: dict[str, object] = {
                "snapshots": len(done.expiry.snapshots),
                "refs": len(done.expiry.refs),
                "spared": spared,
                **described(files),
            }
            if work.dry_run:
                return summary
            if "summary" not in work.plan:
                work.write_down(summary=summary)
            delete_all(self.core.lake, files, work)
        kept: dict[str, object] = work.plan["summary"]  # type: ignore[assignment]
        return kept

    def _interrupted(self, work: CareWork) -> _Step | None:
        """What a run that was interrupted had committed already, so that only files are left to do."""
        if "before" not in work.plan:
            return None
        ids: Sequence[int] = work.plan["snapshots"]  # type: ignore[assignment]
        refs: Sequence[str] = work.plan["refs"]  # type: ignore[assignment]
        current = self._load(work)
        if not ids or {one["snapshot-id"] for one in current.document["snapshots"]} & set(ids):
            return None  # it was not committed, and the table may have changed since
        try:
            before = completed(self.commits.read(str(work.plan["before"])))
        except NotFound:
            return None
        return _Step(Expiry(tuple(ids), tuple(refs)), before, current)

    def _expired(self, work: CareWork) -> _Step | None:
        """Plan on the table as it is and commit that; planned anew when another writer came first."""
        for _ in range(ATTEMPTS_MAX):
            current = self._load(work)
            at = now()
            expiry = expiry_of(current.document, at, work.options.older_than_ms, work.options.retain_last)
            if not expiry.updates:
                return None
            if work.dry_run:
                new = apply_updates(current.document, expiry.updates, at, current.metadata_location)
                after = IcebergTable(current.table, completed(new), current.metadata_location)
                return _Step(expiry, current.document, after)
            work.write_down(
                before=current.metadata_location, snapshots=list(expiry.snapshots), refs=list(expiry.refs)
            )  # fmt: skip
            try:
                self.commits.commit(
                    work.caller, work.name, [], expiry.updates, expected_version=current.table.version
                )  # fmt: skip
            except Conflict:
                work.step("planning again")
                continue
            return _Step(expiry, current.document, self._load(work))
        raise Conflict(f"table {work.name}", "to come first", "other writers again and again")

    def _load(self, work: CareWork) -> IcebergTable:
        found = self.commits.load_to_change(work.caller, work.name)
        check_collects_garbage(found.document, str(work.name))
        return found

    def _collect(self, done: _Step, files: FileSet, work: CareWork) -> None:
        """What the expired snapshots refer to, without what the others do."""
        lake, stay = self.core.lake, done.after.document["snapshots"]
        ids = frozenset(done.expiry.snapshots)
        gone = [one for one in done.before["snapshots"] if one["snapshot-id"] in ids]
        kept = references.manifests_of(lake, stay)
        old = references.manifests_of(lake, gone, lenient=True)
        only = {path: one for path, one in old.items() if path not in kept}
        files.add(File(one.location, one.kind, self._size(one.location)) for one in references.manifest_lists(gone))
        files.add(references.statistics_files(done.before, ids))
        files.add(references.manifest_files(only))
        for place, manifest in enumerate(only.values()):
            work.step("reading manifests", place, len(only) + len(kept))
            files.add(references.content_of(lake, manifest, lenient=True))
        after = done.after
        files.discard(one.location for one in references.metadata_files(after.document, after.metadata_location))
        files.discard(one.location for one in references.statistics_files(after.document))
        files.discard(one.location for one in references.manifest_lists(stay))
        files.discard(kept)
        for place, manifest in enumerate(kept.values()):
            work.step("reading manifests", len(only) + place, len(only) + len(kept))
            files.discard(one.location for one in references.content_of(lake, manifest))

    def _size(self, location: str) -> int:
        try:
            return self.core.lake.filesystem(location).size(location)
        except NotFound:
            return 0
