"""Care of Iceberg tables: what is checked before it is begun, and which rule does which operation."""

from __future__ import annotations

from collections.abc import Callable

from catalog_server.catalog.care_figures import figures_of
from catalog_server.catalog.care_work import CareWork
from catalog_server.catalog.commits import Commits, location_of
from catalog_server.catalog.core import Core
from catalog_server.catalog.data_file_rewrites import DataFileRewrites
from catalog_server.catalog.file_holders import FileHolders
from catalog_server.catalog.orphan_files import OrphanFiles, age_of
from catalog_server.catalog.snapshot_expiry import SnapshotExpiry
from catalog_server.lake.iceberg.document import completed
from catalog_server.model.care import CareOptions, Operation, TableFigures
from catalog_server.model.errors import Invalid
from catalog_server.model.table import Table
from catalog_server.store.transaction import now

TARGET_BYTES_MIN = 1024


class Care:
    """The rules of table care; all of them raise `NotFound` and `Denied` beside the errors they name."""

    def __init__(self, core: Core, commits: Commits) -> None:
        self._commits = commits
        holders = FileHolders(core)
        self._rules: dict[Operation, Callable[[CareWork], dict[str, object]]] = {
            Operation.EXPIRE_SNAPSHOTS: SnapshotExpiry(core, commits, holders).run,
            Operation.REMOVE_ORPHANS: OrphanFiles(core, commits, holders).run,
            Operation.REWRITE: DataFileRewrites(core, commits).run,
        }

    def check(self, operation: Operation, options: CareOptions) -> None:
        """Refuse options that make no sense; raises `Invalid` that names the option."""
        if options.older_than_ms is not None and options.older_than_ms < 0:
            raise Invalid("older_than_ms", "is an age and cannot be negative")
        if options.retain_last is not None and options.retain_last < 1:
            raise Invalid("retain_last", "must be 1 or more: the newest snapshot of a branch always stays")
        if options.target_bytes is not None and options.target_bytes < TARGET_BYTES_MIN:
            raise Invalid("target_bytes", f"must be {TARGET_BYTES_MIN} or more")
        if options.min_input_files is not None and options.min_input_files < 2:
            raise Invalid("min_input_files", "must be 2 or more: one file alone is not rewritten")
        if operation is Operation.REMOVE_ORPHANS:
            age_of(options)

    def figures(self, table: Table) -> TableFigures:
        """What the metadata of an Iceberg table tells; raises `NotFound` when its file is gone, `Invalid` if it is damaged."""
        document = completed(self._commits.read(location_of(table)))
        try:
            return figures_of(document, table.full_name, now())
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            said = f"is damaged: {type(error).__name__}: {error}"
            raise Invalid(f"metadata of table {table.full_name}", said) from error

    def run(self, operation: Operation, work: CareWork) -> dict[str, object]:
        """Do an operation, or in a dry run find out what it would do, and return that in numbers."""
        self.check(operation, work.options)
        summary = self._rules[operation](work)
        return {**summary, "unread": work.unread} if work.unread else summary
