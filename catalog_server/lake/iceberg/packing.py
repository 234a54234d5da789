"""Which small data files of a table are worth being rewritten to larger ones, and which go together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

SMALL = 0.75
"""Of the target size: files that reach it are left alone."""


@dataclass(frozen=True, slots=True)
class SmallFile:
    """A data file that could be rewritten: where it is, its size in bytes and its rows, and its partition."""

    location: str
    size: int
    rows: int
    partition: Hashable


def bins(files: Iterable[SmallFile], target_bytes: int, min_files: int) -> Iterator[Sequence[SmallFile]]:
    """Files of one partition that become one file of at most the target size: several, or as many as fill one."""
    by_partition: defaultdict[Hashable, list[SmallFile]] = defaultdict(list)
    for one in files:
        if one.size < SMALL * target_bytes:
            by_partition[one.partition].append(one)
    for some in by_partition.values():
        for packed in _packed(sorted(some, key=lambda one: (-one.size, one.location)), target_bytes):
            fills = sum(one.size for one in packed) >= SMALL * target_bytes
            if len(packed) >= (2 if fills else max(2, min_files)):
                yield packed


def _packed(files: Sequence[SmallFile], target_bytes: int) -> Iterator[list[SmallFile]]:
    """Each file after the one before it, and a new bin where it would not fit: large ones first, so that few are half full."""
    packed: list[SmallFile] = []
    size = 0
    for one in files:
        if packed and size + one.size > target_bytes:
            yield packed
            packed, size = [], 0
        packed.append(one)
        size += one.size
    if packed:
        yield packed
