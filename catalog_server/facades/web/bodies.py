"""What the JSON API takes: request bodies shared by nouns, and the rules of a change that leaves things out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from catalog_server.model.errors import Conflict

Value = TypeVar("Value")
Merge = dict[str, str | None]
"""Keys to set, and with null those to remove; keys not named stay."""
Version = Annotated[int, msgspec.Meta(ge=1, le=2**62, description="Change it only if it still is at this version.")]
Maybe = str | None | UnsetType
"""A text, null to remove it, or nothing to leave it as it is."""


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A request body; a field that is not known is refused."""


class NoBody(Body):
    """An empty object, or nothing at all."""


class ColumnBody(Body):
    """A column; the type is in Hive's type language."""

    name: str
    type: str
    comment: str | None = None
    parameters: dict[str, str] = msgspec.field(default_factory=dict)


def merged(held: Mapping[str, str], changes: Merge | UnsetType) -> dict[str, str]:
    """A map after a merge."""
    if isinstance(changes, UnsetType):
        return dict(held)
    kept = {**held, **{key: value for key, value in changes.items() if value is not None}}
    return {key: value for key, value in kept.items() if changes.get(key, "") is not None}


def given(value: Value | UnsetType, held: Value) -> Value:
    """The value of a field that may be left out."""
    return held if isinstance(value, UnsetType) else value


def check_version(name: str, expected: int | None, found: int) -> None:
    """Raise `Conflict` when a thing is not at the version that its writer has seen."""
    if expected is not None and expected != found:
        raise Conflict(name, f"version {expected}", f"version {found}")


def changes(body: msgspec.Struct, *names: str) -> dict[str, Any]:
    """Those of the named fields that a body has, for `dataclasses.replace`; lists become tuples."""
    found = {name: getattr(body, name) for name in names if getattr(body, name) is not UNSET}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
