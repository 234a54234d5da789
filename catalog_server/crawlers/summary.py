"""What a crawl that ended tells: its lists, and what they count."""

from __future__ import annotations

from collections.abc import Mapping

from catalog_server.crawlers.found import Report
from catalog_server.crawlers.reconcile import Changes, listed

_TABLES = ("added", "changed", "removed", "unchanged", "refused")
_NUMBERS = ("objects", "bytes", "partitions_added", "partitions_changed", "partitions_dropped")


def summary_of(report: Report, changes: Changes) -> dict[str, object]:
    """Counts and lists, as people and the browser read them."""
    counts: dict[str, object] = {"objects": report.objects, "bytes": report.bytes}
    for key in ("partitions_added", "partitions_changed", "partitions_dropped"):
        if getattr(changes, key):
            counts[key] = getattr(changes, key)
    if report.problem_count > len(report.problems):
        counts["problems_not_listed"] = report.problem_count - len(report.problems)
    return {
        **counts,
        **dict(listed(changes)),
        "problems": [{"place": one.place, "reason": one.reason} for one in report.problems],
        "decisions": [{"place": one.place, "decision": one.decision} for one in report.decisions],
    }


def counts_of(summary: Mapping[str, object]) -> dict[str, int]:
    """What a summary counts, as the history of a crawler shows it: a few numbers however long the lists are."""

    def number(key: str) -> int:
        found = summary.get(key)
        return len(found) if isinstance(found, list) else found if isinstance(found, int) else 0

    tables = {f"tables_{key}": number(key) for key in _TABLES}
    problems = number("problems") + number("problems_not_listed")
    return {**tables, **{key: number(key) for key in _NUMBERS}, "problems": problems}
