"""Opens the door that a client's first bytes knock at: TLS, SASL or HTTP, on the one Thrift port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from catalog_server.facades.hms.transport.gates import Gates
from catalog_server.facades.hms.transport.scanner import BadMessage, Door

if TYPE_CHECKING:
    from catalog_server.facades.hms.transport.connection import Connection


def open_door(gates: Gates, door: Door, connection: Connection, transport: asyncio.Transport, head: bytes) -> None:
    """Put a layer below the connection, or another connection in its place. Raises `BadMessage`.

    The modules are imported here, by the first client that needs them: most servers never meet one.
    """
    if door not in connection.doors:
        raise BadMessage(f"{door} within what has begun otherwise")
    if door is Door.TLS:
        if gates.tls is None:
            raise BadMessage("TLS is not set up on this port (thrift.tls)")
        from catalog_server.facades.hms.transport.tls import TlsLayer

        TlsLayer(transport, connection, head, gates.tls, gates.certificates)
    elif door is Door.HTTP:
        from catalog_server.facades.hms.transport.http import HttpConnection

        HttpConnection(connection, transport, head)
    else:
        from catalog_server.facades.hms.transport.sasl import SaslLayer

        mechanisms = {} if gates.tls_required and not connection.secure else gates.mechanisms
        SaslLayer(transport, connection, head, mechanisms, connection.message_bytes_max)
