"""What an Iceberg table's metadata alone tells of the care it needs: no manifest is read for it."""

from __future__ import annotations

from collections.abc import Callable

from catalog_server.catalog.metadata_files import Document
from catalog_server.lake.iceberg import rewritable
from catalog_server.lake.iceberg.document import current_snapshot
from catalog_server.lake.iceberg.purge import check_collects_garbage, collects_garbage
from catalog_server.lake.iceberg.retention import Expiry, Retention, expiry_of, retention_of
from catalog_server.model.care import Operation, TableFigures
from catalog_server.model.errors import CatalogError, Invalid
from catalog_server.model.names import TableName

_TOTALS = ("total-records", "total-data-files", "total-delete-files", "total-files-size")
_DIGITS_MAX = 18


def figures_of(document: Document, name: TableName, now_ms: int) -> TableFigures:
    """A table's figures from its complete document."""
    snapshots = document["snapshots"]
    times = [one["timestamp-ms"] for one in snapshots]
    totals = _totals(document)
    retention, expiry = _retention(document, now_ms)
    return TableFigures(
        snapshots=len(snapshots),
        refs=len(document["refs"]),
        oldest_snapshot_at=min(times, default=None),
        newest_snapshot_at=max(times, default=None),
        rows=totals["total-records"],
        data_files=totals["total-data-files"],
        delete_files=totals["total-delete-files"],
        bytes=totals["total-files-size"],
        target_bytes=_target(document),
        max_snapshot_age_ms=None if retention is None else retention.max_snapshot_age_ms,
        min_snapshots=None if retention is None else retention.min_snapshots,
        max_ref_age_ms=None if retention is None else retention.max_ref_age_ms,
        expiring_snapshots=len(expiry.snapshots),
        expiring_refs=len(expiry.refs),
        deletes_files=collects_garbage(document),
        refusals=_refusals(document, name, bool(totals["total-delete-files"])),
    )


def _totals(document: Document) -> dict[str, int | None]:
    """The numbers in the current snapshot's summary; a table without a snapshot holds nothing."""
    current = current_snapshot(document)
    if current is None:
        return dict.fromkeys(_TOTALS, 0)
    summary = current.get("summary") or {}
    return {key: _number(summary.get(key)) for key in _TOTALS}


def _number(said: object) -> int | None:
    text = str(said)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else None


def _retention(document: Document, now_ms: int) -> tuple[Retention | None, Expiry]:
    try:
        return retention_of(document), expiry_of(document, now_ms)
    except Invalid:
        return None, Expiry((), ())


def _target(document: Document) -> int | None:
    try:
        return rewritable.target_of(document, None)
    except Invalid:
        return None


def _refusals(document: Document, name: TableName, has_delete_files: bool) -> dict[Operation, str]:
    def rewrite() -> None:
        rewritable.check(document, str(name))
        rewritable.target_of(document, None)
        if has_delete_files:
            raise rewritable.delete_files_refused(str(name))

    def expiry() -> None:
        check_collects_garbage(document, str(name))
        retention_of(document)

    checks: dict[Operation, Callable[[], None]] = {
        Operation.REWRITE: rewrite,
        Operation.EXPIRE_SNAPSHOTS: expiry,
        Operation.REMOVE_ORPHANS: lambda: check_collects_garbage(document, str(name)),
    }
    refused: dict[Operation, str] = {}
    for operation, check in checks.items():
        try:
            check()
        except CatalogError as error:
            refused[operation] = error.message
    return refused
