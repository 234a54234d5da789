"""A request that may come twice, as it is kept with its answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request that was carried out; `status` is None, and so is the body, while its answer is not kept."""

    request: bytes
    """A digest of who asked for what."""
    status: int | None
    headers: dict[str, str] | None
    body: str | None
    at: int
