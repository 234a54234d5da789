"""Carries out one call: decodes its arguments, asks its handler, encodes the value or the exception."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from catalog_server.catalog.remembered import Scopes
from catalog_server.facades.hms.call import CloseConnection, Context, Handler
from catalog_server.facades.hms.transport.scanner import Message
from catalog_server.model.errors import NotFound
from catalog_server.wire import codec
from catalog_server.wire.bindings import LIST, MAP, SET, STRING, STRUCT, Method, ThriftError

_log = logging.getLogger(__name__)
_COMPACT_TYPES = {LIST: 9, SET: 10, MAP: 11, STRUCT: 12, STRING: 8}

Translate = Callable[[Method, Exception], Exception]
"""Turns an error of the catalog into an exception that the method declares (see `Method.throws`), or CloseConnection."""

Answer = bytes | Iterator[bytes] | None
"""A whole message, the pieces of one, or None where there is nothing to send."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method that is served, and by what."""

    method: Method
    handler: Handler
    translate: Translate | None = None
    scopes: Callable[[Any], Scopes | None] | None = None
    """What the answer to these arguments rests upon, for a method whose answers are remembered."""

    def reply(self, sequence: int, compact: bool) -> bytes:
        """The head of an answer that is no TApplicationException."""
        return codec.message_header(self.method.name, codec.REPLY, sequence, compact)


def unknown_method(message: Message, compact: bool) -> Answer:
    """The answer that makes a client fall back to an older method, in the words of Hive's own server."""
    if message.kind == codec.ONEWAY:
        return None
    error = codec.ApplicationError(codec.UNKNOWN_METHOD, f"Invalid method name: '{message.name}'")
    return codec.application_error(message.name, message.sequence, error, compact)


def perform(route: Route, context: Context, message: Message) -> Answer:
    """Carry out a call. Raises CloseConnection, where there is to be no answer."""
    method, context.scopes, context.contended = route.method, None, None
    try:
        arguments, method = codec.decode_arguments(method, message.body, context.compact)
    except codec.DecodeError as error:
        return _failure(message, context, codec.ApplicationError(codec.PROTOCOL_ERROR, str(error)), method)
    try:
        if route.scopes is not None:
            context.scopes = route.scopes(arguments)
        value = route.handler(context, arguments)
        answer = _success(method, value, message, context.compact)
    except CloseConnection:
        raise
    except Exception as error:
        if not isinstance(error, NotFound):
            context.scopes = None
        answer = _failure(message, context, _translated(route, error), method)
    return None if method.oneway or message.kind == codec.ONEWAY else answer


def _translated(route: Route, error: Exception) -> Exception:
    if route.translate is None or isinstance(error, ThriftError | codec.ApplicationError):
        return error
    translated = route.translate(route.method, error)
    if isinstance(translated, CloseConnection):
        raise translated from error
    return translated


def _success(method: Method, value: Any, message: Message, compact: bool) -> Answer:
    header = codec.message_header(method.name, codec.REPLY, message.sequence, compact)
    if isinstance(value, bytes):
        return b"".join((header, _value_header(method, compact), value, b"\0"))
    if isinstance(value, Iterator):
        first = next(value, b"")  # what fails before the first piece can still be told
        return chain((b"".join((header, _value_header(method, compact), first)),), value, (b"\0",))
    result = method.result[0]() if value is None or method.returns == "void" else method.result[0](success=value)
    return header + codec.encode(result, method.result, compact)


def _value_header(method: Method, compact: bool) -> bytes:
    """What stands before the value of a result struct, that is field 0 of the method's type."""
    kind = method.result[1][0][1] if method.result[1] and method.result[1][0] else 0
    if kind not in _COMPACT_TYPES:
        raise TypeError(f"{method.name} returns {method.returns}: its value cannot be given as bytes")
    return bytes((_COMPACT_TYPES[kind], 0)) if compact else bytes((kind, 0, 0))


def _failure(message: Message, context: Context, error: Exception, method: Method) -> Answer:
    if message.kind == codec.ONEWAY:
        return None
    field = next((field for kind, field in method.throws.items() if isinstance(error, kind)), None)
    if field is not None:
        header = codec.message_header(method.name, codec.REPLY, message.sequence, context.compact)
        return header + codec.encode(method.result[0](**{field: error}), method.result, context.compact)
    if not isinstance(error, codec.ApplicationError):
        _log.error("%s failed for client %s", method.name, context.peer, exc_info=error)
        told = f": {error}" if isinstance(error, ThriftError) and error.message else ""
        error = codec.ApplicationError(codec.INTERNAL_ERROR, f"Internal error processing {method.name}{told}")
    return codec.application_error(method.name, message.sequence, error, context.compact)
