"""The files of a scan, slice by slice: manifests that cannot hold its rows are not opened, files that cannot are left out."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.expressions.visitors import _InclusiveMetricsEvaluator, inclusive_projection, manifest_evaluator
from pyiceberg.manifest import ManifestContent
from pyiceberg.transforms import VoidTransform

from catalog_server.lake.iceberg.scan import content_files, filters, requests
from catalog_server.lake.iceberg.scan.deletes import DeleteIndex
from catalog_server.lake.iceberg.scan.manifests import Entry, Manifests
from catalog_server.lake.iceberg.scan.residuals import Residuals
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.model.scan_plan import Scan, ScanTasks, Slice

FILES_MAX = 1_000
"""Files told at a time."""
MANIFESTS_MAX = 32
"""Data manifests read at a time."""
SLICES_MAX = 256
REFERENCES_MAX = 100_000
"""Deletes of files told at a time, where more than one file is told."""
LISTS_MAX = 64
"""Manifest lists that are not many: what was appended in more snapshots takes long to plan."""


class Planner:
    """One scan of a table whose (completed) document is given; raises `NotFound` when its snapshot or schema is gone."""

    def __init__(self, manifests: Manifests, document: Json, scan: Scan) -> None:
        self.manifests = manifests
        self.document = document
        self.scan = scan
        self.schema = requests.schema_of(document, scan.schema_id)
        self.filter = filters.read(scan.filter, self.schema, scan.case_sensitive)
        self.expression = filters.to_expression(self.filter)
        self.specs = requests.specs_of(document)
        self.snapshots = requests.appended(document, scan)
        self.stats = frozenset(scan.stats)
        self._metrics = _InclusiveMetricsEvaluator(self.schema, self.expression, True)
        self._of_spec: dict[int, _OfSpec] = {}

    def is_larger(self, bytes_max: int) -> bool:
        """Whether more than so much must be read of manifest lists, which tells how long planning will take."""
        if len(self.snapshots) > LISTS_MAX:
            return True
        return sum(map(self.manifests.size, map(_list_of, self.snapshots))) > bytes_max

    @cached_property
    def data_manifests(self) -> Sequence[Any]:
        """The manifests of data files, in an order that stays."""
        return [one for one in self._listed() if one.content == ManifestContent.DATA]

    def _listed(self) -> Iterator[Any]:
        if self.scan.after_snapshot_id is None:
            yield from self.manifests.listed(_list_of(self.snapshots[0]))
        else:
            for snapshot in self.snapshots:
                yield from self.manifests.added(_list_of(snapshot), snapshot["snapshot-id"])

    @cached_property
    def _appended(self) -> frozenset[int]:
        return frozenset(snapshot["snapshot-id"] for snapshot in self.snapshots)

    def slices(self) -> list[Slice]:
        """The whole scan, cut so that each slice is about as much as is told at a time."""
        counted = [(place, _files_in(one)) for place, one in enumerate(self.data_manifests) if self._may_match(one)]
        files_max = max(FILES_MAX, sum(files for _, files in counted) // SLICES_MAX)
        manifests_max = max(MANIFESTS_MAX, len(counted) // SLICES_MAX)
        found: list[Slice] = []
        files = manifests = 0
        for place, count in counted:
            if not found or files + count > files_max or manifests >= manifests_max:
                found.append(Slice(place, place + 1))
                files = manifests = 0
            found[-1] = Slice(found[-1].first, place + 1)
            files, manifests = files + count, manifests + 1
        return found

    def read(self, wanted: Slice) -> ScanTasks:
        """The first files of a slice, and what is left of it."""
        chosen: list[_Chosen] = []
        opened = 0
        left: Slice | None = None
        for place in range(wanted.first, min(wanted.last, len(self.data_manifests))):
            if not self._may_match(self.data_manifests[place]):
                continue
            if opened == MANIFESTS_MAX:
                left = Slice(place, wanted.last)
                break
            opened += 1
            skip = wanted.skip if place == wanted.first else 0
            reached = self._choose(place, skip, chosen)
            if reached is not None:
                left = Slice(place, wanted.last, reached)
                break
        return self._told(chosen, wanted, left)

    def _choose(self, place: int, skip: int, chosen: list[_Chosen]) -> int | None:
        """Add the files of a manifest that may match; where it stopped when there is no room for more."""
        for position, entry in self.manifests.entries(self.data_manifests[place]):
            if position < skip:
                continue
            if len(chosen) == FILES_MAX:
                return position
            if self.scan.after_snapshot_id is not None and not (entry.added and entry.snapshot_id in self._appended):
                continue
            residual = self._spec(entry.spec_id).residuals.of(entry.partition)
            if residual is not False and self._may_hold(entry):
                chosen.append(_Chosen(entry, residual, place, position))
        return None

    def _told(self, chosen: list[_Chosen], wanted: Slice, left: Slice | None) -> ScanTasks:
        index = self._deletes(wanted) if chosen else None
        places: dict[tuple[Any, ...], int] = {}
        deletes: list[Json] = []
        tasks: list[Json] = []
        references = 0
        for one in chosen:
            task: Json = {
                "data-file": content_files.data_file(one.entry, self._spec(one.entry.spec_id).types, self.stats)
            }
            found = index.of(one.entry) if index is not None else []
            references += len(found)
            if references > REFERENCES_MAX and tasks:
                left = Slice(one.place, wanted.last, one.position)
                break
            for delete in found:
                key = delete.path, *delete.place
                if key not in places:
                    places[key] = len(deletes)
                    deletes.append(content_files.delete_file(delete, self._spec(delete.spec_id).types))
                task.setdefault("delete-file-references", []).append(places[key])
            task["residual-filter"] = filters.to_json(one.residual)
            tasks.append(task)
        return ScanTasks(tuple(tasks), tuple(deletes), () if left is None else (left,))

    def _deletes(self, wanted: Slice) -> DeleteIndex | None:
        """The deletes that may apply to the files of a slice; what was appended is told without deletes."""
        if self.scan.after_snapshot_id is not None:
            return None
        data = self.data_manifests[wanted.first : wanted.last]
        oldest = min((one.min_sequence_number or 0 for one in data), default=0)
        entries = [
            entry
            for manifest in self.manifests.listed(_list_of(self.snapshots[0]))
            if manifest.content == ManifestContent.DELETES and (manifest.sequence_number or 0) >= oldest
            if self._may_match(manifest)
            for entry in self.manifests.deletes(manifest)
        ]
        unpartitioned = {
            id_
            for id_, spec in self.specs.items()
            if all(isinstance(field.transform, VoidTransform) for field in spec.fields)
        }
        return DeleteIndex(entries, frozenset(unpartitioned)) if entries else None

    def _may_match(self, manifest: Any) -> bool:
        return self._spec(manifest.partition_spec_id).may_match(manifest)

    def _may_hold(self, entry: Entry) -> bool:
        try:
            return bool(self._metrics.eval(entry.file))
        except (struct.error, TypeError, ValueError, ArithmeticError):  # bounds of a type that was promoted since
            return True

    def _spec(self, id_: int) -> _OfSpec:
        found = self._of_spec.get(id_)
        if found is None:
            found = self._of_spec[id_] = _OfSpec(self, id_)
        return found


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A file that may hold rows of the scan, and where it was found: in which manifest, at which place."""

    entry: Entry
    residual: filters.Filter
    place: int
    position: int


class _OfSpec:
    """What a scan asks of the files of one partition spec."""

    def __init__(self, planner: Planner, id_: int) -> None:
        spec = planner.specs.get(id_)
        if spec is None:
            raise Invalid("manifest", f"a manifest is of partition spec {id_}, which the table does not have")
        schema = requests.with_sources(planner.schema, spec, planner.document)
        self.residuals = Residuals(planner.filter, spec, schema)
        self.types = tuple(field.field_type for field in spec.partition_type(schema).fields)
        self._evaluate = manifest_evaluator(spec, schema, _projected(schema, spec, planner.expression), True)

    def may_match(self, manifest: Any) -> bool:
        """Whether a manifest may list files with matching rows, by the summaries of its partitions."""
        try:
            return bool(self._evaluate(manifest))
        except (struct.error, TypeError, ValueError, ArithmeticError):  # summaries of a type that was promoted since
            return True


def _projected(schema: Any, spec: Any, expression: Any) -> Any:
    try:
        return inclusive_projection(schema, spec, True)(expression)
    except (TypeError, ValueError, ArithmeticError, NotImplementedError):  # a transform knows nothing of a predicate
        return AlwaysTrue()


def _list_of(snapshot: Json) -> str:
    location = snapshot.get("manifest-list")
    if not location:
        raise Unsupported(f"snapshot {snapshot['snapshot-id']} has no manifest list, as only very old tables have not")
    return str(location)


def _files_in(manifest: Any) -> int:
    added, existing = manifest.added_files_count, manifest.existing_files_count
    return FILES_MAX if added is None or existing is None else int(added + existing)
