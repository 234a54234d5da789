"""The eight requirements that a commit may state about the table before it is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalog_server.lake.iceberg import shapes
from catalog_server.lake.iceberg.document import completed
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid, RequirementFailed

Check = Callable[[Json, Json], str | None]
ASSERT_CREATE = "assert-create"


def is_create(requirements: object) -> bool:
    """Whether these requirements ask for a table that does not exist yet.

    Raises:
        Invalid: malformed, or other requirements stand beside `assert-create`.
    """
    types = [shapes.get_string(item, "type", f"requirements[{n}]") for n, item in enumerate(_listed(requirements))]
    if ASSERT_CREATE not in types:
        return False
    others = sorted({type_ for type_ in types if type_ != ASSERT_CREATE})
    if others:
        raise Invalid("requirements", f"Invalid create requirements: {', '.join(others)}")
    return True


def check_requirements(document: Json | None, requirements: object, name: str = "table") -> None:
    """Hold every requirement against the table's document; None is a table that does not exist.

    Raises:
        RequirementFailed: a requirement does not hold; worded as Iceberg's own clients and servers word it.
        Invalid: an unknown or malformed requirement.
    """
    base = None if document is None else completed(document)
    for position, requirement in enumerate(_listed(requirements)):
        where = f"requirements[{position}]"
        type_ = shapes.get_string(requirement, "type", where)
        failure = _failure(type_, base, requirement, where)
        if failure:
            raise RequirementFailed(name, f"Requirement failed: {failure}")


def _listed(requirements: object) -> list[Json]:
    return shapes.objects_of(requirements or [], "requirements")


def _failure(type_: str, base: Json | None, requirement: Json, where: str) -> str | None:
    if type_ == ASSERT_CREATE:
        return None if base is None else "table already exists"
    if type_ == "assert-table-uuid":
        return _uuid(base, shapes.get_string(requirement, "uuid", where))
    if type_ == "assert-ref-snapshot-id":
        name = shapes.get_string(requirement, "ref", where)
        if "snapshot-id" not in requirement:
            raise Invalid(f"{where}.snapshot-id", "is missing")
        return _ref(base, name, shapes.find_long(requirement, "snapshot-id", where))
    if type_ not in _NUMBERS:
        raise Invalid(where, f"unknown requirement: {type_}")
    asked, stored, words = _NUMBERS[type_]
    expected = shapes.get_integer(requirement, asked, where)
    if base is None:
        return None if stored in _TRUE_OF_NOTHING else "table does not exist"
    return None if base[stored] == expected else f"{words} changed: expected id {expected} != {base[stored]}"


def _uuid(base: Json | None, expected: str) -> str | None:
    found = None if base is None else base["table-uuid"]
    if found is not None and expected.lower() == str(found).lower():
        return None
    return f"UUID does not match: expected {found} != {expected}"


def _ref(base: Json | None, name: str, expected: int | None) -> str | None:
    ref: dict[str, Any] | None = None if base is None else base["refs"].get(name)
    if ref is None:
        return None if expected is None else f"branch or tag {name} is missing, expected {expected}"
    kind, found = ref.get("type", "branch"), ref.get("snapshot-id")
    if expected is None:
        return f"{kind} {name} was created concurrently"
    return None if expected == found else f"{kind} {name} has changed: expected id {expected} != {found}"


_TRUE_OF_NOTHING = frozenset(("last-column-id", "last-partition-id"))
_NUMBERS = {
    "assert-last-assigned-field-id": ("last-assigned-field-id", "last-column-id", "last assigned field id"),
    "assert-current-schema-id": ("current-schema-id", "current-schema-id", "current schema"),
    "assert-last-assigned-partition-id": (
        "last-assigned-partition-id",
        "last-partition-id",
        "last assigned partition id",
    ),
    "assert-default-spec-id": ("default-spec-id", "default-spec-id", "default partition spec"),
    "assert-default-sort-order-id": ("default-sort-order-id", "default-sort-order-id", "default sort order"),
}
