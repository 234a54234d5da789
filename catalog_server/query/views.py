"""Views written in other dialects, where Trino's reading of them is certain to be the same."""

from __future__ import annotations

from catalog_server.model.errors import InvalidQuery, Unsupported
from catalog_server.model.table import Table
from catalog_server.query.parse import parse

_SAME_EVERYWHERE = frozenset(
    "Select Column Identifier Table TableAlias Alias Star From Where Literal EQ NEQ LT LTE GT GTE And Or Not Is Null Paren In "
    "Between Boolean Subquery Join Union Order Ordered Limit Tuple Neg".split()
)


def plain_view(table: Table) -> str:
    """The statement of a Hive or Spark view; raises `Unsupported` when it uses anything that Trino may read otherwise."""
    text = (table.view_expanded or table.view_original or "").replace("`", '"')
    try:
        tree, _ = parse(text)
    except InvalidQuery as error:
        raise Unsupported(
            f"view {table.full_name} is written in a dialect that is not understood here: {error.message}"
        ) from error
    for node in tree.walk():
        name = type(node).__name__
        if name not in _SAME_EVERYWHERE:
            raise Unsupported(
                f"view {table.full_name} was written for another engine and uses {name}, which may mean something else here"
            )
    return text
