"""What stands between a socket and a client's messages: takes bytes from one side and gives other bytes to the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from catalog_server.facades.hms.transport.connection import Connection


class Layer(asyncio.Protocol, asyncio.Transport):
    """The protocol of the transport below and the transport of the connection above.

    `head` are the bytes by which the connection knew what it has to do with. The connection's deadline is the layer's
    own until `received` is given something.
    """

    def __init__(self, below: asyncio.Transport, above: Connection, head: bytes) -> None:
        asyncio.Transport.__init__(self)
        self.below, self.above, self.head = below, above, head
        below.set_protocol(self)
        above.rest_on(self)
        asyncio.get_running_loop().call_soon(self.data_received, b"")

    def take(self, data: bytes) -> bytes:
        """What has come, with what came before the layer was there."""
        head, self.head = self.head, b""
        return head + data if head else data

    # As the protocol of what is below

    def data_received(self, data: bytes) -> None:
        """Bytes of the client."""
        raise NotImplementedError

    def eof_received(self) -> bool:
        """The client sends nothing more; what it waits for is still sent."""
        return bool(self.above.eof_received())

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the connection."""
        self.above.connection_lost(exc)

    def pause_writing(self) -> None:
        """Tell the connection."""
        self.above.pause_writing()

    def resume_writing(self) -> None:
        """Tell the connection."""
        self.above.resume_writing()

    # As the transport of what is above

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Another connection takes the place of the one above."""
        self.above = cast("Connection", protocol)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport below knows."""
        return self.below.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Pass it on."""
        self.below.set_write_buffer_limits(high, low)

    def pause_reading(self) -> None:
        """Pass it on; what has come already is still given."""
        if self.below.is_reading():
            self.below.pause_reading()

    def resume_reading(self) -> None:
        """Pass it on."""
        self.below.resume_reading()

    def is_reading(self) -> bool:
        """Whether more is read."""
        return self.below.is_reading()

    def is_closing(self) -> bool:
        """Whether the connection is on its way down."""
        return self.below.is_closing()

    def close(self) -> None:
        """Close once all is sent."""
        self.below.close()

    def abort(self) -> None:
        """Close at once."""
        self.below.abort()
