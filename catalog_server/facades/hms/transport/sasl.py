"""SASL on the Thrift port, as Thrift frames it: who the client is gets settled before its first call.

A message of the negotiation is a status byte, a length of four bytes and that many bytes. Once it is complete, each
frame is a length and that many bytes of the messages that follow, wrapped if a layer of protection was agreed on.
The framing is that of Apache Thrift's `TSaslTransport`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from catalog_server.authentication import Passwords, Refused
from catalog_server.facades.hms.transport.gates import authenticate
from catalog_server.facades.hms.transport.layer import Layer

if TYPE_CHECKING:
    from catalog_server.facades.hms.transport.connection import Connection

_log = logging.getLogger(__name__)
START, OK, BAD, ERROR, COMPLETE = 1, 2, 3, 4, 5
NEGOTIATION_BYTES_MAX = 128 * 1024
"""Of one message; a Kerberos ticket with the groups of its user may take 64 KiB."""
_STEPS_MAX = 16
_WRAPPED_MORE_BYTES = 4096


class Protection(Protocol):
    """A layer that protects each frame after the negotiation; `send_bytes_max` is what one frame may be made from."""

    send_bytes_max: int

    def wrap(self, data: bytes) -> bytes:
        """Protect what goes out."""

    def unwrap(self, data: bytes) -> bytes:
        """Check, and open what came in. Raises `Refused`."""


class Mechanism(Protocol):
    """One negotiation; `user` and `protection` count when it is complete."""

    complete: bool
    user: str
    protection: Protection | None

    def step(self, response: bytes) -> bytes:
        """Answer what the client sent. May take its time: it runs in a thread. Raises `Refused`."""


class Plain:
    """RFC 4616: a name and a password, readable to whoever listens; for loopback and for TLS."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self.complete, self.user = False, ""
        self.protection: Protection | None = None

    def step(self, response: bytes) -> bytes:
        """Check name and password."""
        try:
            acts_as, name, password = response.decode("utf-8").split("\0")
        except ValueError:
            raise Refused("not a message of SASL PLAIN") from None
        if acts_as not in ("", name):
            raise Refused(f"{name} may not act as {acts_as}")
        self.user = self._passwords.verify(name, password)
        self.complete = True
        return b""


class SaslLayer(Layer):
    """Negotiates, then takes messages out of frames and puts answers into them."""

    def __init__(
        self,
        below: asyncio.Transport,
        above: Connection,
        head: bytes,
        mechanisms: dict[str, Callable[[], Mechanism]],
        frame_bytes_max: int,
    ) -> None:
        self._mechanisms, self._frame_bytes_max = mechanisms, frame_bytes_max
        self._mechanism: Mechanism | None = None
        self._protection: Protection | None = None
        self._buffer = bytearray()
        self._thinking = self._agreed = self._refused = False
        self._steps = self._left = self._held = 0
        super().__init__(below, above, head)

    def data_received(self, data: bytes) -> None:
        """Negotiate or deframe."""
        if self._refused:
            return
        self._buffer += self.take(data)
        try:
            while not self._agreed:
                if self._thinking or not self._negotiate():
                    if len(self._buffer) > 2 * NEGOTIATION_BYTES_MAX:
                        self.pause_reading()
                    return
            self._deframe()
        except Refused as error:
            self._refuse(ERROR, str(error))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a frame that will not be whole."""
        self._hold(0)
        super().connection_lost(exc)

    # Negotiation

    def _negotiate(self) -> bool:
        """Take one message; False if it is not whole. Raises `Refused`."""
        buffer = self._buffer
        if len(buffer) < 5:
            return False
        status, length = buffer[0], int.from_bytes(buffer[1:5], "big")
        if length > NEGOTIATION_BYTES_MAX:
            raise Refused(f"a SASL message of {length} bytes")
        if len(buffer) < 5 + length:
            return False
        payload = bytes(buffer[5 : 5 + length])
        del buffer[: 5 + length]
        if self._mechanism is None:
            if status != START:
                raise Refused(f"SASL begins with status {status}, not with the name of a mechanism")
            self._begin(payload.decode("ascii", "replace"))
            return True
        self._steps += 1
        if status not in (OK, COMPLETE) or self._steps > _STEPS_MAX:
            raise Refused(f"the client ended SASL with status {status}")
        self._thinking = True
        self.above.in_thread(lambda: self._step(payload))
        return True

    def _begin(self, name: str) -> None:
        make = self._mechanisms.get(name)
        if make is None:
            offered = ", ".join(sorted(self._mechanisms)) or "none"
            raise Refused(f"the SASL mechanism {name[:40]} is not offered here (offered: {offered})")
        self._mechanism = make()

    def _step(self, payload: bytes) -> Callable[[], None]:
        """In a thread: ask the mechanism. Returns what the event loop is to do then."""
        assert self._mechanism is not None
        try:
            answer = self._mechanism.step(payload)
        except Refused as error:
            told = str(error)
            return lambda: self._refuse(BAD, told)
        except Exception:
            _log.exception("SASL with %s failed", self.above.context.peer)
            return lambda: self._refuse(ERROR, "the server could not check the credentials")
        return lambda: self._answered(answer)

    def _answered(self, answer: bytes) -> None:
        mechanism = self._mechanism
        self._thinking = False
        if mechanism is None or self.below.is_closing():
            return
        self._say(COMPLETE if mechanism.complete else OK, answer)
        if mechanism.complete:
            self._agreed, self._protection = True, mechanism.protection
            self.above.doors = frozenset()
            authenticate(self.above.context, mechanism.user)
            self.above.await_first_byte()
        if not self.below.is_reading():
            self.below.resume_reading()
        self.data_received(b"")

    def _say(self, status: int, payload: bytes) -> None:
        self.below.write(bytes((status,)) + len(payload).to_bytes(4, "big") + payload)

    def _refuse(self, status: int, reason: str) -> None:
        """Tell the client why, and hang up."""
        self._refused = True
        self._buffer.clear()
        _log.info("client at %s was refused: SASL: %s", self.above.context.peer, reason)
        if not self._agreed and not self.below.is_closing():
            self._say(status, reason.encode())
        self.above.close()

    # After it

    def _deframe(self) -> None:
        buffer = self._buffer
        while buffer and not self._refused:
            if not self._left:
                if len(buffer) < 4:
                    return
                self._left = int.from_bytes(buffer[:4], "big")
                if self._left > self._frame_bytes_max + _WRAPPED_MORE_BYTES:
                    raise Refused(f"a frame of {self._left} bytes, the limit is {self._frame_bytes_max}")
                del buffer[:4]
                continue
            if self._protection is not None and len(buffer) < self._left:
                self._hold(len(buffer))
                return
            piece = bytes(buffer[: self._left])
            del buffer[: len(piece)]
            self._left -= len(piece)
            if self._protection is not None:
                piece = self._protection.unwrap(piece)
                self._hold(0)
            self.above.data_received(piece)

    def _hold(self, count: int) -> None:
        if count != self._held:
            before, self._held = self._held, count
            if count and not before:
                self.above.await_message()
            if not self.above.hold_more(count - before):
                self.above.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Put an answer into frames."""
        if self._protection is None:
            self.below.write(len(data).to_bytes(4, "big") + data)
            return
        most = self._protection.send_bytes_max
        for start in range(0, len(data), most):
            wrapped = self._protection.wrap(bytes(data[start : start + most]))
            self.below.write(len(wrapped).to_bytes(4, "big") + wrapped)
