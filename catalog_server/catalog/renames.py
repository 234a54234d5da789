"""Renames of Iceberg tables and views: what has the new name already is told as Iceberg's clients expect it."""

from __future__ import annotations

from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.errors import AlreadyExists, NotFound
from catalog_server.model.names import TableName
from catalog_server.model.table import Table


class RenameTaken(AlreadyExists):
    """The new name of a rename is taken."""

    def __init__(self, name: TableName, new_name: TableName, found: Table) -> None:
        super().__init__("new name", str(new_name))
        old, new = f"{name.database}.{name.table}", f"{new_name.database}.{new_name.table}"
        self.message = f"Cannot rename {old} to {new}. {'View' if found.is_view else 'Table'} already exists"
        self.args = (self.message,)


def rename(tables: Tables, caller: Caller, name: TableName, new_name: TableName) -> Table:
    """Give a table or view another name or database of the same catalog.

    Raises `RenameTaken`, and `NotFound` for the database of the new name.
    """
    try:
        found = tables.get(caller, new_name)
    except NotFound:
        return tables.rename(caller, name, new_name)
    if found.id == tables.get(caller, name).id:  # only the case of its letters changes
        return tables.rename(caller, name, new_name)
    raise RenameTaken(name, new_name, found)
