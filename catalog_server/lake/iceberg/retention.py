"""Which snapshots, branches and tags of a table may expire: the rules of Iceberg's own `ExpireSnapshots`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog_server.lake.iceberg.document import MAIN
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid

MAX_SNAPSHOT_AGE = "history.expire.max-snapshot-age-ms"
MIN_SNAPSHOTS = "history.expire.min-snapshots-to-keep"
MAX_REF_AGE = "history.expire.max-ref-age-ms"
MAX_SNAPSHOT_AGE_MS_DEFAULT = 5 * 24 * 3_600_000
MIN_SNAPSHOTS_DEFAULT = 1


@dataclass(frozen=True, slots=True)
class Expiry:
    """What is to go: ids of snapshots, and names of branches and tags."""

    snapshots: tuple[int, ...]
    refs: tuple[str, ...]

    @property
    def updates(self) -> list[Json]:
        """As updates of a commit; statistics go with their snapshots."""
        updates: list[Json] = [{"action": "remove-snapshot-ref", "ref-name": name} for name in self.refs]
        if self.snapshots:
            updates.append({"action": "remove-snapshots", "snapshot-ids": list(self.snapshots)})
        return updates


@dataclass(frozen=True, slots=True)
class Retention:
    """What a table says of its snapshots, else Iceberg's defaults. Ages in milliseconds."""

    max_snapshot_age_ms: int
    """Snapshots that are older expire."""
    min_snapshots: int
    """The newest of each branch stay, however old."""
    max_ref_age_ms: int | None
    """Branches and tags that are older go; None for never."""


def retention_of(document: Json) -> Retention:
    """The properties `history.expire.*` of a table; raises `Invalid` for one that is no number."""
    properties = document["properties"]
    age, least = _number(properties, MAX_SNAPSHOT_AGE), _number(properties, MIN_SNAPSHOTS)
    return Retention(
        MAX_SNAPSHOT_AGE_MS_DEFAULT if age is None else age,
        MIN_SNAPSHOTS_DEFAULT if least is None else least,
        _number(properties, MAX_REF_AGE),
    )


def expiry_of(document: Json, now_ms: int, older_than_ms: int | None = None, retain_last: int | None = None) -> Expiry:
    """What expires of a complete document.

    `older_than_ms` (an age) and `retain_last` stand for the table's properties `history.expire.*`; what a branch or tag
    says of itself counts more than both. `main` always stays, and so does the snapshot of each branch and tag that stays.

    Raises:
        Invalid: a property that is no number.
    """
    said = retention_of(document)
    age = said.max_snapshot_age_ms if older_than_ms is None else older_than_ms
    least = said.min_snapshots if retain_last is None else retain_last
    snapshots = {one["snapshot-id"]: one for one in document["snapshots"]}
    refs = {
        name: ref
        for name, ref in document["refs"].items()
        if name == MAIN or _ref_stays(ref, snapshots, now_ms, said.max_ref_age_ms)
    }
    kept, reached = set[int](), set[int]()
    for ref in refs.values():
        tip = ref["snapshot-id"]
        if ref.get("type") == "tag":
            kept.add(tip)
            reached.add(tip)
            continue
        limit = now_ms - int(_said(ref, "max-snapshot-age-ms", age))
        count = max(1, int(_said(ref, "min-snapshots-to-keep", least)))
        line = list(_ancestors(snapshots, tip))
        reached.update(line)
        kept.update(_kept(line, snapshots, limit, count))
    kept.update(id_ for id_, one in snapshots.items() if id_ not in reached and one["timestamp-ms"] >= now_ms - age)
    gone = tuple(id_ for id_ in snapshots if id_ not in kept)
    return Expiry(gone, tuple(name for name in document["refs"] if name not in refs))


def _kept(line: list[int], snapshots: Mapping[int, Json], limit: int, count: int) -> Iterator[int]:
    """From the tip of a branch on: so many, and those younger, up to the first that is neither."""
    for place, id_ in enumerate(line):
        if place >= count and snapshots[id_]["timestamp-ms"] < limit:
            return
        yield id_


def _ancestors(snapshots: Mapping[int, Json], tip: int | None) -> Iterator[int]:
    seen = set[int]()
    while tip is not None and tip in snapshots and tip not in seen:
        seen.add(tip)
        yield tip
        tip = snapshots[tip].get("parent-snapshot-id")


def _ref_stays(ref: Json, snapshots: Mapping[int, Json], now_ms: int, age: int | None) -> bool:
    snapshot = snapshots.get(ref["snapshot-id"])
    limit = _said(ref, "max-ref-age-ms", age)
    return snapshot is not None and (limit is None or now_ms - snapshot["timestamp-ms"] <= int(limit))


def _said(ref: Json, key: str, default: int | None) -> Any:
    """What a branch or tag says of itself; a null says nothing."""
    found = ref.get(key)
    return default if found is None else found


def _number(properties: Mapping[str, object], key: str) -> int | None:
    said = properties.get(key)
    if said is None:
        return None
    try:
        return int(str(said))
    except ValueError as error:
        raise Invalid(key, f"{said!r} is not a whole number") from error
