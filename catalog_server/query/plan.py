"""Plans: what a worker is told about a statement, as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from catalog_server.model.expressions import Both, Comparison, Either, Membership, Not, Predicate, Unset
from catalog_server.query.types import Type


@dataclass(slots=True)
class Plan:
    """A statement ready to run: DuckDB's SQL, its scans, and everything the scans may touch."""

    sql: str
    columns: list[dict[str, Any]]
    """Name and type (see `type_to_json`) of each column of the answer."""
    scans: list[dict[str, Any]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """Files that may be opened."""
    folders: list[str] = field(default_factory=list)
    """Folders (with a slash at the end) below which files may be opened."""
    secrets: list[dict[str, str]] = field(default_factory=list)
    """Credentials of object stores, each with the prefix it is for."""
    attached: list[dict[str, Any]] = field(default_factory=list)
    """Databases that DuckDB reaches by itself."""
    explain: bool = False
    """Whether the answer is the engine's plan rather than rows."""

    def to_json(self) -> dict[str, Any]:
        """The plan as it is sent; it may hold secrets."""
        return asdict(self)


def type_to_json(kind: Type) -> dict[str, Any]:
    """A type as JSON."""
    return {
        "name": kind.name,
        "arguments": list(kind.arguments),
        "fields": [[name, type_to_json(inner)] for name, inner in kind.fields],
        "zone": kind.zone,
    }


def type_from_json(said: dict[str, Any]) -> Type:
    """The type that `type_to_json` wrote."""
    fields = tuple((name, type_from_json(inner)) for name, inner in said["fields"])
    return Type(said["name"], tuple(said["arguments"]), fields, said["zone"])


def both(predicates: Sequence[Predicate]) -> Predicate | None:
    """All of the predicates as one; None for none."""
    if not predicates:
        return None
    return predicates[0] if len(predicates) == 1 else Both(tuple(predicates))


def predicate_to_json(predicate: Predicate | None) -> Any:
    """A predicate as JSON."""
    if predicate is None:
        return None
    if isinstance(predicate, Comparison):
        return ["compare", predicate.key, predicate.op, predicate.value]
    if isinstance(predicate, Membership):
        return ["in", predicate.key, list(predicate.values), predicate.negated]
    if isinstance(predicate, Unset):
        return ["null", predicate.key]
    if isinstance(predicate, Not):
        return ["not", predicate_to_json(predicate.part)]
    return ["and" if isinstance(predicate, Both) else "or", *(predicate_to_json(part) for part in predicate.parts)]


def predicate_from_json(said: Any) -> Predicate | None:
    """The predicate that `predicate_to_json` wrote."""
    if said is None:
        return None
    word, *rest = said
    if word == "compare":
        return Comparison(*rest)
    if word == "in":
        return Membership(rest[0], tuple(rest[1]), rest[2])
    if word == "null":
        return Unset(rest[0])
    if word == "not":
        return Not(_whole(rest[0]))
    parts = tuple(_whole(part) for part in rest)
    return Both(parts) if word == "and" else Either(parts)


def _whole(said: Any) -> Predicate:
    made = predicate_from_json(said)
    assert made is not None
    return made
