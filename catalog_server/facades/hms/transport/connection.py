"""One client of the Thrift server: gathers its messages, has them carried out in order, sends the answers."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, cast

from catalog_server.catalog.remembered import Scopes
from catalog_server.facades.common.crew import Crew
from catalog_server.facades.hms.call import CloseConnection, Context, Lane
from catalog_server.facades.hms.dispatch import Answer, Route, perform, unknown_method
from catalog_server.facades.hms.remembered import Key, Remembered
from catalog_server.facades.hms.transport.scanner import BadMessage, Door, Framing, Limits, Message, Reader, detect
from catalog_server.facades.hms.transport.spool import Spool
from catalog_server.wire.codec import CALL, ONEWAY

if TYPE_CHECKING:
    from catalog_server.facades.hms.transport.server import Server

_log = logging.getLogger(__name__)
_PIECE_BYTES = 256 * 1024
_AHEAD_BYTES = 64 * 1024
_RACED = ("get_table", "alter_table")
"""How the names of methods begin that may have to wait for other writers of a table (see turns.py)."""
_TURN_MESSAGES = 64
"""How many calls of one client are carried out on the event loop before others have their turn."""

Keep = Callable[[bytes, Scopes], None]
"""Remembers an answer with what it rests upon; called on the event loop."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take, in seconds, for each of what it does."""

    first_byte_seconds: float = 10.0
    handshake_seconds: float = 20.0
    message_seconds: float = 60.0
    idle_seconds: float = 6 * 3600.0
    write_seconds: float = 30.0


class Connection(asyncio.Protocol):
    """The state of one connection, changed on the event loop only; one call at a time is in flight."""

    def __init__(self, server: "Server", limits: Limits, patience: Patience, spool_bytes: int) -> None:
        self._server, self._limits, self._patience, self._spool_bytes = server, limits, patience, spool_bytes
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._framing: Framing | None = None
        self._reader: Reader | None = None
        self._busy = False
        self._writable = True
        self._closing = self._ended = False
        self._held = 0
        self._reading_message = False
        self._outgoing: Callable[[], bytes | memoryview | None] | None = None
        self._spool: Spool | None = None
        self.context = Context(peer="", client=0)
        self.deadline: float | None = None
        self.secure = False
        """Whether the client came through TLS."""
        self.doors = frozenset(Door)
        """Through what the client may still go before its first call."""

    # What the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the client or turn it away."""
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.context.peer = str(peer[0]) if peer else ""
        self._expect(self._patience.first_byte_seconds)
        if not self._server.admit(self):
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=_PIECE_BYTES)
        connected = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        """Take bytes; while a call is in flight only a few more are read ahead."""
        if self._closing:
            return
        self._buffer += data
        if not self._busy:
            self._advance()
        if (self._busy or not self._writable) and len(self._buffer) > _AHEAD_BYTES and self._transport is not None:
            self._transport.pause_reading()
        if self._held or len(self._buffer) > _AHEAD_BYTES:
            self._hold(len(self._buffer))

    def eof_received(self) -> bool:
        """A client that only stopped sending still gets the answers it waits for."""
        self._ended = True
        if self._buffer and not self._busy:
            self._loop.call_soon(self._advance)
        return self._busy or bool(self._buffer)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Let go of everything; a handler that still runs finishes for nobody."""
        self._closing, self._transport, self.deadline = True, None, None
        self._release()
        if self._spool is not None:
            self._spool.cancel()
        self._server.forget(self)

    def pause_writing(self) -> None:
        """The client takes answers more slowly than they come."""
        self._writable = False
        self._expect(self._patience.write_seconds)

    def resume_writing(self) -> None:
        """Go on sending, or if all is sent, reading."""
        self._writable = True
        self.deadline = None
        if self._outgoing is not None:
            self._pump()
        elif self._closing:
            self.close()
        elif not self._busy:
            self._read_on()
            self._advance()

    # What the server asks

    def expire(self) -> None:
        """The deadline has passed: drop the client."""
        _log.info("client %s at %s was too slow", self.context.client, self.context.peer)
        self.abort()

    def finish(self) -> None:
        """Close once the call in flight is answered."""
        self._closing = True
        if not self._busy:
            self.close()

    def close(self) -> None:
        """Close when what was written is sent, or the time for that is over."""
        self._closing = True
        if self._transport is not None:
            self._expect(self._patience.write_seconds)
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    # What the layers between the socket and this connection ask

    def rest_on(self, transport: asyncio.Transport) -> None:
        """Send through a layer from now on."""
        self._transport = transport

    def await_first_byte(self) -> None:
        """The handshake is over: now the client is to say something."""
        self._expect(self._patience.first_byte_seconds)

    def await_message(self) -> None:
        """A message has begun to come, in a frame that is not whole."""
        self._expect(self._patience.message_seconds)

    @property
    def message_bytes_max(self) -> int:
        """What one message may hold."""
        return self._limits.message_bytes

    def hold_more(self, count: int) -> bool:
        """Count bytes that a layer holds, in or out; False if there are now too many."""
        return self._server.hold(count) or count <= 0

    def in_thread(self, work: Callable[[], Callable[[], None]]) -> None:
        """Check credentials in a thread, then do on the event loop what it returns; if it fails, drop the client."""

        def run() -> None:
            try:
                self._on_loop(work())
            except Exception as error:
                failure = error
                self._on_loop(lambda: self._give_up(failure))

        try:
            self._server.logins.submit(run)
        except RuntimeError as error:  # the server is stopping
            self._give_up(error)

    # Calls

    def _expect(self, seconds: float) -> None:
        self.deadline = self._loop.time() + seconds

    def _advance(self) -> None:
        for _ in range(_TURN_MESSAGES):
            if self._busy or self._closing or not self._writable:
                return
            try:
                message = self._next()
            except BadMessage as error:
                _log.info("client %s at %s was refused: %s", self.context.client, self.context.peer, error)
                self._buffer.clear()
                self.close()
                return
            if message is None:
                self._wait()
                return
            self._call(message)
        self._loop.call_soon(self._advance)

    def _next(self) -> Message | None:
        if self._reader is None:
            opening = detect(self._buffer, self._limits) if self._buffer else None
            if opening is None:
                return None
            if isinstance(opening, Door):
                self._go_through(opening)
                return None
            self._server.settings.gates.check(self.context, self.secure)
            self._framing = opening
            self.context.compact = self._framing.compact
            self._reader = Reader(self._framing, self._limits)
        message = self._reader.next(self._buffer)
        if message is not None and message.kind not in (CALL, ONEWAY):
            raise BadMessage(f"a message of kind {message.kind}")
        return message

    def _go_through(self, door: Door) -> None:
        """Put between the socket and this connection what the client speaks, or another connection here."""
        head, transport = bytes(self._buffer), self._transport
        self._buffer.clear()
        if transport is not None:
            self._expect(self._patience.handshake_seconds)
            self._server.open_door(door, self, transport, head)

    def _hold(self, count: int) -> None:
        """Tell the server how much of an unfinished request is held here."""
        before, self._held = self._held, count
        if not self._server.hold(count - before) and count > before:
            _log.warning("client %s at %s was dropped: too much is held", self.context.client, self.context.peer)
            self._release()
            self.abort()

    def _release(self) -> None:
        """Let go of what has been read."""
        self._buffer.clear()
        self._hold(0)

    def _wait(self) -> None:
        """Set the deadline for what is to come; that of a message counts from its first byte."""
        if self._ended:
            self.close()
        elif self._buffer:
            if not self._reading_message:
                self._reading_message = True
                self._expect(self._patience.message_seconds)
        elif self._reader is not None:
            self._expect(self._patience.idle_seconds)

    def _call(self, message: Message) -> None:
        self._busy, self._reading_message, self.deadline = True, False, None
        self.context.method = message.name
        route, lane, crew = self._server.route(message.name)
        if route is None:
            self._answer(unknown_method(message, self.context.compact))
            return
        if lane is Lane.INLINE:
            crew = None
        turns = self._server.turns
        if turns.is_raced and message.name.startswith(_RACED):
            is_about = partial(_names, message.body)
            turns.begin(self.context.client, is_about, lambda: self._carry_out(route, message, crew))
        else:
            self._carry_out(route, message, crew)

    def _carry_out(self, route: Route, message: Message, crew: Crew | None) -> None:
        if route.scopes is not None and self._server.remembered is not None:
            self._call_remembered(route, message, crew, self._server.remembered)
        elif crew is None:
            self._call_inline(route, message)
        else:
            self._call_in_thread(route, message, crew)

    def _call_remembered(self, route: Route, message: Message, crew: Crew | None, remembered: Remembered) -> None:
        """Give an answer that was given before, if a check finds it still right; else make it, and keep it."""
        key = (message.name, self.context.compact, message.body)
        kept = remembered.find(key)
        if kept is None:
            self._call_to_keep(route, message, crew, remembered, key)
            return

        def checked() -> None:
            if remembered.is_true(kept):
                self._answer(route.reply(message.sequence, self.context.compact), kept.answer)
            else:
                self._call_to_keep(route, message, crew, remembered, key)

        remembered.freshness.check(checked)

    def _call_to_keep(
        self, route: Route, message: Message, crew: Crew | None, remembered: Remembered, key: Key
    ) -> None:
        head, stamp = route.reply(message.sequence, self.context.compact), remembered.stamp

        def keep(answer: bytes, scopes: Scopes) -> None:
            if answer.startswith(head):  # no TApplicationException
                body = answer[len(head) :]
                remembered.keep(key, body, len(body) + len(key[2]), scopes, stamp)

        if crew is None:
            self._call_inline(route, message)
        else:
            self._call_in_thread(route, message, crew, keep)

    def _call_inline(self, route: Route, message: Message) -> None:
        try:
            answer = perform(route, self.context, message)
            self._answer(answer if answer is None or isinstance(answer, bytes) else b"".join(answer))
        except Exception as error:
            self._give_up(error)

    def _call_in_thread(self, route: Route, message: Message, crew: Crew, keep: Keep | None = None) -> None:
        try:
            crew.submit(self._work, route, message, keep)
        except RuntimeError as error:  # the server is stopping
            self._give_up(error)

    def _work(self, route: Route, message: Message, keep: Keep | None) -> None:
        """In a thread: carry out a call, then have the event loop send the answer."""
        try:
            answer = perform(route, self.context, message)
            scopes = self.context.scopes
            if isinstance(answer, Iterator):
                self._work_on_pieces(answer)
            else:
                contended = self.context.contended
                if contended is None:
                    self._on_loop(lambda: self._answer(answer))
                else:
                    turn, client = contended, self.context.client
                    self._on_loop(lambda: self._server.turns.attempted(turn, client, lambda: self._answer(answer)))
                if keep is not None and answer is not None and scopes is not None:
                    made, upon, kept = answer, scopes, keep
                    self._on_loop(lambda: kept(made, upon))
        except BaseException as error:  # whatever it is, the client must not wait for ever
            failure = error
            self._on_loop(lambda: self._give_up(failure))

    def _work_on_pieces(self, pieces: Iterator[bytes]) -> None:
        if self._framing is not None and self._framing.framed:  # a frame begins with its length
            whole = b"".join(pieces)
            self._on_loop(lambda: self._answer(whole))
            return
        spool = Spool(self._spool_bytes, lambda: self._on_loop(self._pump))
        self._on_loop(lambda: self._stream(spool))
        try:
            for piece in pieces:
                spool.put(piece)
        except BrokenPipeError:
            spool.end(failed=True)
        except Exception:
            _log.exception("an answer of %s broke off", self.context.method)
            spool.end(failed=True)
        else:
            spool.end()

    def _on_loop(self, action: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(action)
        except RuntimeError:  # the loop is closed, and all connections with it
            pass

    def _give_up(self, error: BaseException) -> None:
        if not isinstance(error, CloseConnection):
            _log.error("%s ended without an answer", self.context.method, exc_info=error)
        self.abort()

    # Answers

    def _answer(self, answer: Answer, rest: bytes = b"") -> None:
        """Send a message, whole or as its head and the rest."""
        if self._transport is None:
            return
        if not isinstance(answer, bytes):
            self._done()
            return
        if self._framing is not None and self._framing.framed:
            answer = (len(answer) + len(rest)).to_bytes(4, "big") + answer
        if len(answer) + len(rest) <= _PIECE_BYTES:
            self._transport.write(answer + rest)
            self._done()
        else:
            pieces = chain(_pieces(answer), _pieces(rest))
            self._outgoing = lambda: next(pieces, b"")
            self._pump()

    def _stream(self, spool: Spool) -> None:
        if self._transport is None:
            spool.cancel()
            return
        self._spool, self._outgoing = spool, spool.get
        self._pump()

    def _pump(self) -> None:
        """Send pieces until the client takes no more, none is ready or all are sent."""
        while self._writable and self._outgoing is not None and self._transport is not None:
            piece = self._outgoing()
            if piece is None:
                return
            if piece:
                self._transport.write(piece)
            elif self._spool is not None and self._spool.failed:
                self.abort()
                return
            else:
                self._outgoing = None
                if self._spool is not None:
                    self._spool.cancel()
                    self._spool = None
                self._done()

    def _read_on(self) -> None:
        if self._transport is not None and not self._ended and not self._transport.is_reading():
            self._transport.resume_reading()

    def _done(self) -> None:
        """The call in flight is answered: on to the next."""
        self._busy = False
        if self._closing:
            self.close()
            return
        if self._writable:
            self._expect(self._patience.idle_seconds)
            self._read_on()
        if self._buffer or self._ended:
            self._loop.call_soon(self._advance)


def _pieces(data: bytes) -> Iterator[memoryview]:
    """The parts in which data is handed over, not copied."""
    whole = memoryview(data)
    return (whole[start : start + _PIECE_BYTES] for start in range(0, len(data), _PIECE_BYTES))


def _names(said: bytes, key: tuple[str, ...]) -> bool:
    """Whether the arguments of a call name a table; where another name holds this one, it waits in vain for a moment."""
    return key[-1].encode() in said.lower()
