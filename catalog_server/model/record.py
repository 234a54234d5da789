"""Records: documents that are kept for one protocol and answered as they were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
"""A JSON object, in the fields of the protocol that sent it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One document; `kind`, `scope` and `name` say which it is."""

    kind: str
    scope: str
    """What the name is unique in, such as a database; empty for the whole server."""
    name: str
    document: Document
    id: int = 0
    version: int = 0
    created_at: int = 0
    """Milliseconds since 1970."""
