"""What a crawl did to each table, as people read it: columns before and after, and how many partitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog_server.model.crawl_change import ColumnDifference, CrawlChangeKind, TableDifference
from catalog_server.model.table import Table
from catalog_server.store import crawl_changes, versions
from catalog_server.store.crawl_changes import Total
from catalog_server.store.transaction import Transaction

_WHAT = {
    CrawlChangeKind.DATABASE_CREATED: "added",
    CrawlChangeKind.TABLE_CREATED: "added",
    CrawlChangeKind.TABLE_DROPPED: "removed",
}


def differences(tx: Transaction, crawl: str) -> list[TableDifference]:
    """What a crawl did, in its order; nothing for a crawl of which no changes are kept any more."""
    by_table: dict[int, dict[CrawlChangeKind, Total]] = {}
    for total in crawl_changes.totals(tx, crawl):
        by_table.setdefault(total.change.object_id, {})[total.change.kind] = total
    spans = {table_id: span for table_id, done in by_table.items() if (span := _span(done))}
    wanted = [(table_id, version) for table_id, span in spans.items() for version in span if version]
    tables = versions.get_many(tx, wanted)
    return [_difference(table_id, done, spans.get(table_id), tables) for table_id, done in by_table.items()]


def _span(done: Mapping[CrawlChangeKind, Total]) -> tuple[int, int] | None:
    """The versions of the definition before and after; 0 for one that was not there."""
    changed, made = done.get(CrawlChangeKind.TABLE_CHANGED), done.get(CrawlChangeKind.TABLE_CREATED)
    if made is not None:
        return 0, (changed or made).change.version
    return None if changed is None else (changed.version_first - 1, changed.change.version)


def _difference(
    table_id: int,
    done: Mapping[CrawlChangeKind, Total],
    span: tuple[int, int] | None,
    tables: Mapping[tuple[int, int], Table],
) -> TableDifference:
    change = next(iter(done.values())).change
    before, after = span or (0, 0)
    old, new = tables.get((table_id, before)), tables.get((table_id, after))
    counts = {kind: total.size for kind, total in done.items()}
    return TableDifference(
        catalog=change.catalog,
        database=change.database,
        table=change.table,
        what=next((_WHAT[kind] for kind in done if kind in _WHAT), "changed"),
        version_before=before or None,
        version_after=after or None,
        columns=tuple(_columns(old, new)),
        partitions_added=counts.get(CrawlChangeKind.PARTITIONS_ADDED, 0),
        partitions_changed=counts.get(CrawlChangeKind.PARTITIONS_CHANGED, 0),
        partitions_dropped=counts.get(CrawlChangeKind.PARTITIONS_DROPPED, 0),
        undone=all(total.undone == total.size for total in done.values()),
    )


def _columns(old: Table | None, new: Table | None) -> Iterator[ColumnDifference]:
    was, now = _types(old), _types(new)
    for name in (*now, *(name for name in was if name not in now)):
        if was.get(name) != now.get(name):
            yield ColumnDifference(name, was.get(name), now.get(name))


def _types(table: Table | None) -> dict[str, str]:
    return {} if table is None else {column.name: column.type for column in table.columns}
