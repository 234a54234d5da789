"""Functions: user-defined code that engines look up by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a database: the class behind it and where its code is."""

    catalog: str
    database: str
    name: str
    class_name: str
    owner: str | None = None
    owner_kind: str = "USER"
    function_kind: str = "JAVA"
    resources: tuple[tuple[str, str], ...] = ()
    """(kind, URI) pairs; kind is `JAR`, `FILE` or `ARCHIVE`."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    id: int = 0
    version: int = 0
    created_at: int = 0
