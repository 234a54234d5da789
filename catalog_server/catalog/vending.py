"""Keys to the files of a table for clients: those of a storage profile that gives them away, or narrower ones for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog_server.catalog.core import Core
from catalog_server.catalog.grants import of_table
from catalog_server.catalog.table_locations import places
from catalog_server.catalog.tables import Tables
from catalog_server.lake.s3_tokens import KEYS_SECONDS, ROLE, TokenServices, Verbs
from catalog_server.model.caller import Caller
from catalog_server.model.grant import Action
from catalog_server.model.names import TableName

__all__ = ["KEYS_SECONDS", "Vended", "Vending"]


@dataclass(frozen=True, slots=True)
class Vended:
    """How a folder is reached: the options of its store, with keys; `expires_at` is in seconds since 1970, None for never."""

    folder: str
    options: Mapping[str, str]
    expires_at: float | None = None


class Vending:
    """Gives keys away where the profile is made for it; one with a role gives only such as reach the table alone."""

    def __init__(self, core: Core, tables: Tables) -> None:
        self.core = core
        self.tables = tables
        self._services = TokenServices()

    def keys(self, caller: Caller, name: TableName, document: Mapping[str, Any]) -> list[Vended]:
        """Keys to each folder of an Iceberg table, the table's own first; none to who may not read all of the table.

        Keys of a role are good for reading, and for what else the caller may do to the table. Raises `Unavailable` when
        the token service gives none, `Invalid` for a profile whose role is none.
        """
        if not self.tables.may_read_files(caller, name):
            return []
        lake, found = self.core.lake, []
        profiles = [(place, lake.profile(place)) for place in places(document)]
        for place, profile in profiles:
            if profile is None or not profile.vending or profile.kind != "s3":
                continue
            options = lake.storage_options(place)
            if not options.get(ROLE):
                found.append(Vended(place, options))
                continue
            folders = [other for other, its in profiles if its is profile]
            keys = self._services.keys(options, folders, self._verbs(caller, name))
            found.append(Vended(place, {**options, **keys.options}, keys.expires_at))
        return found

    def _verbs(self, caller: Caller, name: TableName) -> Verbs:
        resource, decide = of_table(self.core.table_name(name)), self.core.grants.decide
        return Verbs(
            write=decide(caller, Action.INSERT, resource).allowed, delete=decide(caller, Action.ALTER, resource).allowed
        )
