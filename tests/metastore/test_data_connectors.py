"""Data connectors, on the servers that have them."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import HIVE2, HIVE4, Client, not_on, refused

pytestmark = not_on(HIVE2, "data connectors came with Hive 4.0")


def said(name: str, **more: Any) -> Any:
    fields = {"type": "mysql", "url": "jdbc:mysql://shop", "parameters": {"a": "b"}, "ownerName": "ann"} | more
    return wire.DataConnector(name=name, ownerType=1, **fields)


@pytest.fixture
def connector(hms: Client) -> Iterator[str]:
    """The name of a connector of its own."""
    name = f"c{uuid.uuid4().hex[:8]}"
    hms.create_dataconnector_req(wire.CreateDataConnectorRequest(connector=said(name)))
    yield name
    with contextlib.suppress(Exception), Client(hms.port, hms.server) as other:
        other.drop_dataconnector_req(wire.DropDataConnectorRequest(connectorName=name))


def get(hms: Client, name: str) -> Any:
    return hms.get_dataconnector_req(wire.GetDataConnectorRequest(connectorName=name))


def alter(hms: Client, name: str, new: Any) -> None:
    hms.alter_dataconnector_req(wire.AlterDataConnectorRequest(connectorName=name, newConnector=new))


def test_a_connector_is_kept_as_it_was_sent(hms: Client, connector: str) -> None:
    found = get(hms, connector.upper())
    assert found.createTime > 1_700_000_000
    found.createTime = None
    assert found == said(connector)
    assert connector in hms.get_dataconnectors()


def test_a_connector_is_made_once(hms: Client, connector: str) -> None:
    with refused(wire.AlreadyExistsException):
        hms.create_dataconnector_req(wire.CreateDataConnectorRequest(connector=said(connector)))


def test_a_connector_needs_a_name(hms: Client) -> None:
    with refused(wire.InvalidObjectException):
        hms.create_dataconnector_req(wire.CreateDataConnectorRequest(connector=said("")))


@not_on(HIVE4, "tries for twenty seconds before it answers MetaException")
def test_a_connector_needs_a_type(hms: Client) -> None:
    with refused(wire.InvalidObjectException):
        hms.create_dataconnector_req(wire.CreateDataConnectorRequest(connector=said("untyped", type=None)))


def test_what_is_said_of_a_connector_is_changed(hms: Client, connector: str) -> None:
    alter(hms, connector, said(connector, url="jdbc:mysql://other", parameters={"c": "d"}))
    assert (get(hms, connector).url, get(hms, connector).parameters) == ("jdbc:mysql://other", {"c": "d"})


def test_a_missing_connector_is_missed(hms: Client) -> None:
    with refused(wire.NoSuchObjectException):
        hms.get_dataconnector_req(wire.GetDataConnectorRequest(connectorName="nope"))
    with refused(wire.NoSuchObjectException):
        hms.alter_dataconnector_req(wire.AlterDataConnectorRequest(connectorName="nope", newConnector=said("nope")))
    with refused(wire.NoSuchObjectException):
        hms.drop_dataconnector_req(wire.DropDataConnectorRequest(connectorName="nope"))


def test_a_connector_is_dropped_if_there_is_one(hms: Client, connector: str) -> None:
    hms.drop_dataconnector_req(wire.DropDataConnectorRequest(connectorName=connector))
    hms.drop_dataconnector_req(wire.DropDataConnectorRequest(connectorName=connector, ifNotExists=True))
    assert connector not in hms.get_dataconnectors()
