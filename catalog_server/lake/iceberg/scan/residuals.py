"""Residuals: what is left of a filter once the partition of a file is known."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from pyiceberg.expressions import AlwaysFalse, AlwaysTrue
from pyiceberg.expressions.visitors import expression_evaluator
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema

from catalog_server.lake.iceberg.scan.filters import Every, Filter, Leaf, all_of, any_of

Test = Callable[[tuple[Any, ...]], bool]
PARTITIONS_KEPT = 10_000


class Residuals:
    """The residuals of one filter for the partitions of one spec."""

    def __init__(self, filter_: Filter, spec: PartitionSpec, schema: Schema) -> None:
        self.filter = filter_
        self.spec = spec
        self.partition_schema = Schema(*spec.partition_type(schema).fields)
        self._tests: dict[int, list[tuple[int, Test, Test]]] = {}
        self._kept: dict[tuple[Any, ...], Filter] = {}

    def of(self, partition: tuple[Any, ...]) -> Filter:
        """What rows of a partition must still meet: False when none can match, True when all do."""
        found = self._kept.get(partition)
        if found is None:
            if len(self._kept) >= PARTITIONS_KEPT:
                self._kept.clear()
            values = tuple(value.bytes if isinstance(value, uuid.UUID) else value for value in partition)
            found = self._kept[partition] = self._left(self.filter, values)
        return found

    def _left(self, filter_: Filter, values: tuple[Any, ...]) -> Filter:
        if isinstance(filter_, bool):
            return filter_
        if isinstance(filter_, Leaf):
            return self._left_of_leaf(filter_, values)
        parts = (self._left(part, values) for part in filter_.parts)
        return all_of(parts) if isinstance(filter_, Every) else any_of(parts)

    def _left_of_leaf(self, leaf: Leaf, values: tuple[Any, ...]) -> Filter:
        if id(leaf) not in self._tests:
            self._tests[id(leaf)] = self._tests_of(leaf)
        for position, surely, perhaps in self._tests[id(leaf)]:
            if values[position] != values[position]:
                continue  # NaN, which engines put in different places
            if surely(values):
                return True
            if not perhaps(values):
                return False
        return leaf

    def _tests_of(self, leaf: Leaf) -> list[tuple[int, Test, Test]]:
        """For each partition field of the leaf's column: whether all rows of a partition match, whether any may."""
        if leaf.bound is None:
            return []
        made = []
        for field in self.spec.fields_by_source_id(leaf.bound.term.ref().field.field_id):
            try:
                surely = field.transform.strict_project(field.name, leaf.bound)
                perhaps = field.transform.project(field.name, leaf.bound)
                tests = self._test(surely, False), self._test(perhaps, True)
            except (
                TypeError,
                ValueError,
                ArithmeticError,
                NotImplementedError,
            ):  # the transform knows nothing of such a predicate
                continue
            made.append((self.spec.fields.index(field), *tests))
        return made

    def _test(self, projected: Any, otherwise: bool) -> Test:
        if projected is None or isinstance(projected, AlwaysTrue | AlwaysFalse):
            constant = otherwise if projected is None else isinstance(projected, AlwaysTrue)
            return lambda values: constant  # noqa: ARG005
        evaluate = expression_evaluator(self.partition_schema, projected, True)
        return lambda values: bool(evaluate(values))
