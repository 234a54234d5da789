"""Thrift over HTTP on the Thrift port: each request holds one call and its answer the answer.

It is what Hive 4 clients speak with `metastore.client.thrift.transport.mode=http`: POST, `application/x-thrift`, the
user in `Authorization: Bearer ...`, or in `x-actor-username` where no authentication is asked for.
"""

from __future__ import annotations

import asyncio
import binascii
import logging
from base64 import b64decode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httptools

from catalog_server.authentication import Refused
from catalog_server.facades.hms.dispatch import Answer
from catalog_server.facades.hms.noun import AUTHENTICATED, CALLER, VIA
from catalog_server.facades.hms.transport.connection import Connection
from catalog_server.facades.hms.transport.gates import Gates, authenticate
from catalog_server.facades.hms.transport.scanner import BadMessage, Framing, Reader, detect
from catalog_server.model.caller import Caller, parse_run_user

if TYPE_CHECKING:
    from catalog_server.facades.hms.transport.spool import Spool

_log = logging.getLogger(__name__)
_HEADERS_BYTES_MAX = 64 * 1024
_AHEAD_MAX = 4
_TYPE = b"application/x-thrift"
_USER_HEADER = b"x-actor-username"


@dataclass(slots=True)
class Request:
    """One request as far as it has come; `refusal` is set where it is not to be carried out."""

    path: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    arriving: bool = False
    """Whether anything of it has come."""
    begun: bool = False
    """Whether the headers are over."""
    keep_alive: bool = False
    chunks: bool = True
    """Whether the client understands an answer in chunks."""
    refusal: tuple[HTTPStatus, str] | None = None


class HttpConnection(Connection):
    """Takes the place of the connection that found out that its client speaks HTTP."""

    def __init__(self, before: Connection, transport: asyncio.Transport, head: bytes) -> None:
        super().__init__(before._server, before._limits, before._patience, before._spool_bytes)
        self.context, self.secure, self.doors = before.context, before.secure, frozenset()
        self._gates: Gates = self._server.settings.gates
        self._known: dict[str, Any] = dict(self.context.state)
        self._parser = httptools.HttpRequestParser(self)
        self._incoming = Request()
        self._headers_bytes = 0
        self._requests: deque[Request] = deque()
        self._request: Request | None = None
        self._in_chunks = False
        self._transport = transport
        self._server.exchange(before, self)
        transport.set_protocol(self)
        self._head = head
        self._loop.call_soon(self.data_received, b"")

    # What the parser tells

    def on_message_begin(self) -> None:
        """A request begins."""
        self._incoming, self._headers_bytes = Request(arriving=True), 0
        if not self._busy:
            self._expect(self._patience.handshake_seconds)

    def on_url(self, url: bytes) -> None:
        """A part of its path."""
        self._incoming.path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; those after the body are left aside."""
        if not self._incoming.begun:
            self._incoming.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Say at once what is wrong, before a body is taken."""
        request, parser = self._incoming, self._parser
        request.begun = True
        request.keep_alive = parser.should_keep_alive()
        request.chunks = parser.get_http_version() == "1.1"
        request.refusal = self._wrong(request, parser.get_method())
        if request.refusal is not None:
            raise BadMessage(request.refusal[1])
        if not self._busy:
            self._expect(self._patience.message_seconds)
        waits = request.headers.get(b"expect", b"").lower() == b"100-continue"
        if waits and self._transport is not None and not self._busy and not self._requests:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """A part of the call."""
        self._incoming.body += data
        if len(self._incoming.body) > self._limits.message_bytes:
            self._incoming.refusal = self._too_long()
            raise BadMessage("too long")

    def on_message_complete(self) -> None:
        """The call is whole."""
        self._requests.append(self._incoming)
        self._incoming = Request()

    def _wrong(self, request: Request, method: bytes) -> tuple[HTTPStatus, str] | None:
        headers = request.headers
        length = headers.get(b"content-length", b"0")
        if self._gates.tls_required and not self.secure:
            return HTTPStatus.FORBIDDEN, "this port is for TLS only"
        if b"origin" in headers:
            return HTTPStatus.FORBIDDEN, "no web page may make calls here"
        path, served = request.path.split(b"?")[0].decode("latin-1"), self._gates.http_path.rstrip("/")
        if path != served and not path.startswith(served + "/"):  # Hive 4.0's own client asks for /metastore/*
            return HTTPStatus.NOT_FOUND, f"the metastore is at {self._gates.http_path}"
        if method != b"POST":
            return HTTPStatus.METHOD_NOT_ALLOWED, "calls are POSTed"
        if headers.get(b"content-type", b"").split(b";")[0].strip().lower() != _TYPE:
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"calls are {_TYPE.decode()}"
        if length.isdigit() and int(length) > self._limits.message_bytes:
            return self._too_long()
        return None

    def _too_long(self) -> tuple[HTTPStatus, str]:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a call of more than {self._limits.message_bytes} bytes"

    # What the event loop tells

    def data_received(self, data: bytes) -> None:
        """Take bytes; while a call is in flight only a few more are read ahead."""
        if self._closing:
            return
        if self._head:
            data, self._head = self._head + data, b""
        try:
            in_headers = not self._incoming.begun
            self._parser.feed_data(data)
            if in_headers and not self._incoming.begun and not self._requests:
                self._headers_bytes += len(data)
            if self._headers_bytes > _HEADERS_BYTES_MAX:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long")
        except httptools.HttpParserUpgrade:
            self._refuse(HTTPStatus.BAD_REQUEST, "nothing to upgrade to")
        except (httptools.HttpParserError, BadMessage):
            self._refuse(*(self._incoming.refusal or (HTTPStatus.BAD_REQUEST, "not a request of HTTP/1.1")))
        self._hold(len(self._incoming.body) + sum(len(request.body) for request in self._requests))
        ahead = (self._busy and self._requests) or len(self._requests) > _AHEAD_MAX or not self._writable
        if ahead and self._transport is not None:
            self._transport.pause_reading()
        self._advance()

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        """Answer so when those before are answered; nothing is read after it."""
        if not self._requests or self._requests[-1].refusal is None:
            self._requests.append(Request(refusal=(status, reason)))
            self._incoming, self._headers_bytes = Request(), 0

    def eof_received(self) -> bool:
        """A client that only stopped sending still gets the answers it waits for."""
        self._ended = True
        return self._busy or bool(self._requests)

    def _release(self) -> None:
        self._requests.clear()
        self._incoming = Request()
        super()._release()

    # Calls

    def _advance(self) -> None:
        if self._busy or self._closing or not self._writable:
            return
        if not self._requests:
            if self._ended:
                self.close()
            return
        request = self._request = self._requests.popleft()
        if request.refusal is not None:
            self._say_no(*request.refusal)
            return
        self._busy, self.deadline = True, None
        self.context.state = dict(self._known)
        if self._gates.required and not self.context.state.get(AUTHENTICATED):
            self.in_thread(lambda: self._authenticated(request))
            return
        user = request.headers.get(_USER_HEADER)
        if user and not self.context.state.get(AUTHENTICATED):
            name, run = parse_run_user(user.decode("utf-8", "replace"))
            self.context.state[CALLER] = Caller(user=name, via=VIA, run=run)
        self._perform(request)

    def _authenticated(self, request: Request) -> Callable[[], None]:
        """In a thread: check the credentials. Returns what the event loop is to do then."""
        try:
            name = self._who(request.headers.get(b"authorization", b"").decode("latin-1"))
        except Refused as error:
            told = str(error)
            return lambda: self._say_no(HTTPStatus.UNAUTHORIZED, told)

        def go_on() -> None:
            authenticate(self.context, name)
            self._perform(request)

        return go_on

    def _who(self, authorization: str) -> str:
        scheme, _, said = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self._gates.bearer(said.strip())
        if scheme.lower() == "basic" and self._gates.passwords is not None:
            try:
                name, _, password = b64decode(said, validate=True).decode("utf-8").partition(":")
            except (binascii.Error, ValueError):
                raise Refused("not a name and a password") from None
            return self._gates.passwords.verify(name, password)
        raise Refused("authentication is required")

    def _perform(self, request: Request) -> None:
        self._buffer = request.body
        try:
            framing = detect(self._buffer, self._limits) if self._buffer else None
            if not isinstance(framing, Framing) or framing.framed:
                raise BadMessage("the body is no Thrift message")
            self._framing, self.context.compact = framing, framing.compact
            self._reader = Reader(framing, self._limits)
            message = self._next()
            if message is None or self._buffer:
                raise BadMessage("the body is not one whole Thrift message")
        except BadMessage as error:
            self._say_no(HTTPStatus.BAD_REQUEST, str(error))
            return
        self._hold(0)
        self._call(message)

    # Answers

    def _say_no(self, status: HTTPStatus, reason: str) -> None:
        self._busy = False
        if self._transport is None:
            return
        _log.info("client %s at %s was refused: %s", self.context.client, self.context.peer, reason)
        body = reason.encode()
        more = "".join(f"WWW-Authenticate: {scheme}\r\n" for scheme in self._schemes()) if status == 401 else ""
        more += "Allow: POST\r\n" if status == HTTPStatus.METHOD_NOT_ALLOWED else ""
        self._transport.write(
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n{more}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        self.close()

    def _schemes(self) -> list[str]:
        schemes = ["Bearer"] if self._gates.bearers else []
        return [*schemes, 'Basic realm="metastore", charset="UTF-8"'] if self._gates.passwords else schemes

    def _head_of(self, length: int | None) -> bytes:
        request = self._request
        keep = request is not None and request.keep_alive and not self._closing
        if length is None and not self._in_chunks:
            keep = False
        if not keep:
            self._closing = True
        measure = "Transfer-Encoding: chunked\r\n" if self._in_chunks else ""
        measure = f"Content-Length: {length}\r\n" if length is not None else measure
        ends = "" if keep else "Connection: close\r\n"
        return f"HTTP/1.1 200 OK\r\nContent-Type: {_TYPE.decode()}\r\n{measure}{ends}\r\n".encode()

    def _answer(self, answer: Answer, rest: bytes = b"") -> None:
        if self._transport is None:
            return
        body = answer if isinstance(answer, bytes) else b""
        self._in_chunks = False
        super()._answer(self._head_of(len(body) + len(rest)) + body, rest)

    def _stream(self, spool: Spool) -> None:
        if self._transport is None:
            spool.cancel()
            return
        self._in_chunks = self._request is not None and self._request.chunks
        self._transport.write(self._head_of(None))
        in_chunks = self._in_chunks

        def outgoing() -> bytes | None:
            piece = spool.get()
            return b"%x\r\n%b\r\n" % (len(piece), piece) if piece and in_chunks else piece

        self._spool, self._outgoing = spool, outgoing
        self._pump()

    def _done(self) -> None:
        if self._in_chunks and self._transport is not None:
            self._transport.write(b"0\r\n\r\n")
        self._in_chunks, self._request = False, None
        super()._done()
        if self._closing or not self._writable:
            return
        if self._requests:
            self._loop.call_soon(self._advance)
        elif self._incoming.arriving:  # while the one before it was carried out
            patience = self._patience
            self._expect(patience.message_seconds if self._incoming.begun else patience.handshake_seconds)
