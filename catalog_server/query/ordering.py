"""ORDER BY items: nulls come last in both directions unless the statement says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog_server.query.expressions import Expressions


def direction(item: Any) -> str:
    """The words behind one ORDER BY item."""
    word = "DESC" if item.args.get("desc") else "ASC"
    return f"{word} NULLS {'FIRST' if item.args.get('nulls_first') else 'LAST'}"


def sort_items(translator: Expressions, items: list[Any]) -> str:
    """The items of an ORDER BY inside an aggregate or a window."""
    return ", ".join(f"{translator.value(item.this).sql} {direction(item)}" for item in items)
