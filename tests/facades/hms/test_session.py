"""What a connection says about itself, and that every method bears being called without arguments."""

from __future__ import annotations

import pytest
from thrift.Thrift import TApplicationException

from catalog_server.facades.hms.app import NOUNS
from catalog_server.facades.hms.noun import Noun
from catalog_server.model.caller import SYSTEM
from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from catalog_server.wire.bindings import ThriftError
from tests.facades.hms.metastore import Metastore, table


def served() -> set[str]:
    """Names of all methods that the nouns serve."""
    return {name for noun in NOUNS for name in vars(noun) if not name.startswith("_") and name not in vars(Noun)}


def test_the_user_is_remembered_in_the_log_of_events(hms: Metastore, database: str, hms_services: Services) -> None:
    assert hms.set_ugi("ann", ["staff"]) == ["staff"]
    assert hms.set_ugi("ann", []) == []
    hms.create_table(table(database, "t"))
    events = hms_services.catalog.events
    found, _ = events.after(SYSTEM, 0, 100_000)
    (made,) = [event for event in found if event.database == database and event.table == "t"]
    assert (made.by, made.via) == ("ann", "thrift")


def test_the_server_is_alive(hms: Metastore) -> None:
    assert hms.getStatus() == 2
    assert hms.getName()
    assert hms.getVersion().startswith("3.0")
    assert hms.aliveSince() > 0


def test_everything_served_is_a_method_of_the_metastore() -> None:
    assert all(wire.method(name).name == name for name in served())


@pytest.mark.parametrize("name", sorted(name for name in served() - {"set_ugi"} if not wire.method(name).oneway))
def test_a_call_without_arguments_breaks_nothing(hms: Metastore, name: str) -> None:
    try:
        getattr(hms, name)()
    except (ThriftError, TApplicationException):
        pass  # any error that is told will do
    assert hms.getStatus() == 2
