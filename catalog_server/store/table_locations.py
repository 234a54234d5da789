"""Where tables lie: whether a folder is already that of a table, or holds one, or lies in one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_, select

from catalog_server.model.names import TableName
from catalog_server.model.table import TableKind
from catalog_server.store.schema import catalogs, databases, tables
from catalog_server.store.transaction import Transaction

_WITH_FILES = tuple(
    kind.value for kind in (TableKind.MANAGED, TableKind.EXTERNAL, TableKind.MATERIALIZED_VIEW)
)  # fmt: skip
_AFTER_SLASH = "0"
"""The character after the slash: what begins with a folder's name and a slash stands between the two."""


def overlapping(tx: Transaction, spellings: Sequence[Sequence[str]], *, but: int = 0) -> TableName | None:
    """A table, not counting the one with the id `but`, in whose folder a folder lies, or that lies in it.

    `spellings` are those of the folder, then those of the folders above it; none has a slash at its end.
    """
    above = [form for forms in spellings for form in forms]
    inside = [
        and_(tables.c.location >= f"{form}/", tables.c.location < f"{form}{_AFTER_SLASH}") for form in spellings[0]
    ]
    statement = (
        select(catalogs.c.name, databases.c.name, tables.c.name)
        .select_from(tables.join(databases).join(catalogs))
        .where(tables.c.kind.in_(_WITH_FILES), tables.c.id != but)
        .where(or_(tables.c.location.in_([*above, *(f"{form}/" for form in above)]), *inside))
        .limit(1)
    )
    row = tx.connection.execute(statement).first()
    return TableName(*row) if row else None
