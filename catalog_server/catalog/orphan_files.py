"""Removing orphans: files in a table's folder that nothing refers to, left by writers that failed or by other tools."""

from __future__ import annotations

from catalog_server.catalog.care_work import CareWork, delete_all, described
from catalog_server.catalog.commits import Commits, IcebergTable
from catalog_server.catalog.core import Core
from catalog_server.catalog.file_holders import FileHolders
from catalog_server.lake import locations
from catalog_server.lake.iceberg.file_set import UNREFERENCED, File, FileSet
from catalog_server.lake.iceberg.purge import check_collects_garbage
from catalog_server.lake.iceberg.references import referenced
from catalog_server.model.care import ORPHAN_AGE_MS_DEFAULT, ORPHAN_AGE_MS_MIN, CareOptions
from catalog_server.model.errors import Invalid
from catalog_server.store.transaction import now

_VERSION_HINT = "version-hint.text"
"""Names the current metadata file of tables without a catalog; nothing refers to it."""
_TELL_EVERY = 1000


def age_of(options: CareOptions) -> int:
    """How old orphans must be, in milliseconds; raises `Invalid` for less than an hour that is not forced."""
    age = ORPHAN_AGE_MS_DEFAULT if options.older_than_ms is None else options.older_than_ms
    if age < ORPHAN_AGE_MS_MIN and not options.force:
        raise Invalid(
            "older_than_ms", "is less than an hour: files of writers at work would be lost; force it if there are none"
        )
    return age


class OrphanFiles:
    """The rule of `remove-orphans`."""

    def __init__(self, core: Core, commits: Commits, holders: FileHolders) -> None:
        self.core = core
        self.commits = commits
        self.holders = holders

    def run(self, work: CareWork) -> dict[str, object]:
        """Remove the orphans of a table and return them in numbers; of a dry run, those that would be removed.

        Only the table's own location is looked at. Files below a name that begins with `_` or `.` stay, as those of
        other tools, unless that is the name of a partition field.

        Raises:
            Invalid: files of the table are not to be deleted (`gc.enabled`), its folder is shared, or the age is too small.
            NotFound, Unavailable, Unsupported: not every file that is referred to can be told; nothing was deleted.
        """
        oldest = now() - age_of(work.options)
        table = self._load(work)
        location = str(table.document["location"])
        if not locations.parse(location).path.strip("/"):
            raise Invalid("location", f"{location} is no folder of its own")
        self.holders.check_alone(table.table.id, location)
        with FileSet() as files:
            seen = self._list(table, oldest, files, work)
            table = self._load(
                work
            )  # after the listing, so that whatever was in it is judged by what is referred to now
            if str(table.document["location"]) != location:
                raise Invalid("location", f"of table {work.name} was changed meanwhile")
            spared = self.holders.spare(table.table.id, [location], files, work)
            work.step("reading manifests")
            files.discard(
                one.location for one in referenced(self.core.lake, table.document, table.metadata_location)
            )  # fmt: skip
            summary: dict[str, object] = {"seen": seen, "spared": spared, **described(files)}
            if work.dry_run:
                return summary
            if "summary" not in work.plan:
                work.write_down(summary=summary)
            delete_all(self.core.lake, files, work)
        kept: dict[str, object] = work.plan["summary"]  # type: ignore[assignment]
        return kept

    def _load(self, work: CareWork) -> IcebergTable:
        found = self.commits.load_to_change(work.caller, work.name)
        check_collects_garbage(found.document, str(work.name))
        return found

    def _list(self, table: IcebergTable, oldest: int, files: FileSet, work: CareWork) -> int:
        """Put what is old enough into the set and return how many files there are."""
        location = str(table.document["location"])
        specs = table.document["partition-specs"]
        shown = tuple(f"{field['name']}=" for spec in specs for field in spec["fields"])
        seen = 0
        for info in self.core.lake.filesystem(location).list(location):
            if seen % _TELL_EVERY == 0:
                work.step("listing files", seen)
            seen += 1
            path = info.location[len(location.rstrip("/")) + 1 :]
            if info.modified_at < oldest and not _is_hidden(path, shown):
                files.add([File(info.location, UNREFERENCED, info.size)])
        return seen


def _is_hidden(path: str, shown: tuple[str, ...]) -> bool:
    parts = path.split("/")
    return parts[-1] == _VERSION_HINT or any(
        part.startswith(("_", ".")) and not part.startswith(shown or ("/",)) for part in parts
    )
