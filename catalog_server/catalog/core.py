"""What every rule needs: the store, the lake, the grants, and where things go by default."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from catalog_server.catalog.grants import Grants
from catalog_server.catalog.intents import Intents
from catalog_server.lake.filesystem import Lake
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid
from catalog_server.model.event import Event, EventKind
from catalog_server.model.names import DEFAULT_CATALOG, UNKEPT, DatabaseName, TableName, name_key
from catalog_server.store import events
from catalog_server.store.transaction import Store, Transaction


@dataclass(frozen=True, slots=True)
class Core:
    """Shared by the nouns of the catalog; holds no state of its own."""

    store: Store
    lake: Lake
    grants: Grants
    intents: Intents
    warehouse: str
    """Location of the default warehouse, without a slash at its end."""
    default_catalog: str

    def catalog_name(self, name: str | None) -> str:
        """A catalog's own name: nothing and `hive` stand for the default one."""
        if not name or name_key(name) == DEFAULT_CATALOG:
            return self.default_catalog
        return name

    def database_name(self, name: DatabaseName) -> DatabaseName:
        """The name with its catalog resolved."""
        return DatabaseName(self.catalog_name(name.catalog), name.database)

    def table_name(self, name: TableName) -> TableName:
        """The name with its catalog resolved."""
        return TableName(self.catalog_name(name.catalog), name.database, name.table)


def record(
    tx: Transaction, caller: Caller, kind: EventKind, name: DatabaseName | TableName | None, **rest: object
) -> None:
    """Write an event in the transaction of its change; `rest` are fields of `Event`."""
    events.append(tx, event_of(caller, kind, name, **rest))


def event_of(caller: Caller, kind: EventKind, name: DatabaseName | TableName | None, **rest: object) -> Event:
    """An event that the caller causes."""
    return Event(
        kind=kind,
        catalog=name.catalog if name else None,
        database=name.database if name else None,
        table=name.table if isinstance(name, TableName) else None,
        by=caller.user,
        via=caller.via,
        run=caller.run,
        **rest,  # type: ignore[arg-type]
    )


def check_text(field: str, *texts: str | None) -> None:
    """Refuse text that the store cannot keep: NUL characters and halves of surrogate pairs."""
    for text in texts:
        if text and UNKEPT.search(text):
            raise Invalid(field, f"{text[:60]!r} holds a NUL or is not valid Unicode")


def check_parameters(field: str, parameters: Mapping[str, str], held: Mapping[str, str] | None = None) -> None:
    """Refuse parameters that are not text or that the store cannot keep; what is the very same in `held` is kept already."""
    if held:
        parameters = {key: value for key, value in parameters.items() if held.get(key) is not value}
    with suppress(TypeError):  # which text it is that is none is told below
        if not UNKEPT.search("\n".join(parameters) + "\n".join(parameters.values())):
            return
    for key, value in parameters.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise Invalid(field, f"{key!r} is {type(value).__name__}, not text")
        check_text(f"{field} {key[:60]!r}", key, value)
