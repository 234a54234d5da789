"""Field masks and expected versions: which part of a thing is answered or changed, and on what condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from catalog_server.model.errors import Conflict, Invalid

Shown = TypeVar("Shown", bound=Message)
Done = TypeVar("Done")
Tree = dict[str, Any]
ATTEMPTS_MAX = 20
"""So often is a change that names no version made anew on what another writer has made meanwhile."""


def mask_tree(mask: FieldMask, descriptor: Any) -> Tree:
    """The paths of a mask as a tree, whose leaves are empty. Raises `Invalid` for a path that the message has not."""
    tree: Tree = {}
    for path in mask.paths:
        node: Tree = tree
        known: Any = descriptor
        parts = path.split(".")
        for depth, part in enumerate(parts):
            field = known.fields_by_name.get(part) if known is not None else None
            last = depth == len(parts) - 1
            if field is None or (not last and (field.is_repeated or field.message_type is None)):
                raise Invalid("read_mask", f"{path[:200]!r} is no field here")
            known = field.message_type
            if part in node and not node[part]:
                break  # it is wanted whole already
            node = node.setdefault(part, {})
        else:
            node.clear()
    return tree


def masked(message: Shown, tree: Tree) -> Shown:
    """The message with what the mask does not name taken out; an empty mask names all."""
    if tree:
        _keep(message, tree)
    return message


def _keep(message: Message, tree: Tree) -> None:
    for field, value in message.ListFields():
        inner = tree.get(field.name)
        if inner is None:
            message.ClearField(field.name)
        elif inner:
            _keep(value, inner)


def read_masked(message: Shown, request: Any) -> Shown:
    """One message as its request wants to see it. Raises `Invalid`."""
    return masked(message, mask_tree(request.read_mask, message.DESCRIPTOR))


def changed(mask: FieldMask, *known: str) -> list[str]:
    """The fields that an `update_mask` names. Raises `Invalid` for none, or one that cannot be changed."""
    if not mask.paths:
        raise Invalid("update_mask", f"names no field; known here: {', '.join(known)}")
    for path in mask.paths:
        if path not in known:
            raise Invalid("update_mask", f"{path[:200]!r} cannot be changed; known here: {', '.join(known)}")
    return list(dict.fromkeys(mask.paths))


def expected(request: Any, name: str, found: int) -> int:
    """The version that a change is conditional on: the one that was read, which must be the one that a request names.

    Raises `Conflict` where it is not.
    """
    if request.HasField("expected_version") and request.expected_version != found:
        raise Conflict(name, f"version {request.expected_version}", f"version {found}")
    return found


def rebased(request: Any, work: Callable[[], Done]) -> Done:
    """Make a change; again on the newer thing where another writer came between and the request names no version."""
    for _ in range(ATTEMPTS_MAX):
        try:
            return work()
        except Conflict:
            if request.HasField("expected_version"):
                raise
    return work()
