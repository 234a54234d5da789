"""A call from its bytes to its answer: who asks, in which thread, how it ends; the methods come from the bindings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import structlog
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from catalog_server.facades.grpc import errors, metrics
from catalog_server.facades.grpc.setup import Bearer, user_of
from catalog_server.model.caller import RUN_HEADER, Caller, bearer_token, caller_of_token
from catalog_server.model.errors import Invalid

if TYPE_CHECKING:
    from catalog_server.services import Services

VIA = "grpc"
log = structlog.get_logger("catalog_server.grpc")
Found = TypeVar("Found")
Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """What every method is given first: who asks, and threads for what waits for the store."""

    caller: Caller
    threads: Executor

    async def run(self, work: Callable[..., Found], *arguments: Any, **named: Any) -> Found:
        """Run something that may wait in one of the server's threads; what has not begun is dropped with the call."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, partial(work, *arguments, **named))


class Noun:
    """The methods of one service, each named as in idl/catalog.proto but in Python's spelling.

    A method with one answer is plain and runs in a thread; one that streams is an asynchronous generator.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self.catalog = services.catalog


class Received:
    """A message as it arrived; it is read where an error can be told to the client."""

    def __init__(self, kind: type[Message], raw: bytes) -> None:
        self._kind, self._raw = kind, raw

    def read(self) -> Any:
        """The message. Raises `Invalid` for one that cannot be read or holds a NUL character, which no store keeps."""
        try:
            message = self._kind.FromString(self._raw)
        except DecodeError as error:
            raise Invalid("request", f"is no {self._kind.DESCRIPTOR.full_name}") from error
        if 0 in self._raw:
            _check_nul(message, "")
        return message


def _check_nul(message: Message, where: str) -> None:
    for field, value in message.ListFields():
        name = f"{where}{field.name}"
        for inner in _values(field, value):
            if isinstance(inner, Message):
                _check_nul(inner, f"{name}.")
            elif isinstance(inner, str) and "\x00" in inner:
                raise Invalid(name, "holds a NUL character")


def _values(field: FieldDescriptor, value: Any) -> Iterator[Any]:
    """The values of a field, one or many; keys and values of a map."""
    if isinstance(value, Mapping):
        yield from value
        yield from (value[key] for key in value)
    elif field.is_repeated:
        yield from value
    else:
        yield value


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Makes gRPC's handlers of the nouns' methods."""

    bearers: tuple[Bearer, ...]
    threads: Executor

    def handlers(self, service: ServiceDescriptor, noun: Noun) -> grpc.GenericRpcHandler:
        """The handlers of a service; raises AttributeError for a method that the noun has not."""
        found = {method.name: self._handler(method, getattr(noun, spelled(method.name))) for method in service.methods}
        return grpc.method_handlers_generic_handler(service.full_name, found)

    def _handler(self, method: MethodDescriptor, function: Callable[..., Any]) -> Any:
        read = partial(Received, GetMessageClass(method.input_type))
        write = GetMessageClass(method.output_type).SerializeToString

        async def answer(received: Received, context: Context) -> Any:
            async with _Ending(method, context):
                call = await self._call(context)
                return await call.run(lambda: function(call, received.read()))

        async def stream(received: Received, context: Context) -> AsyncIterator[Any]:
            async with _Ending(method, context):
                async for message in function(await self._call(context), received.read()):
                    yield message

        async def both(received: AsyncIterator[Received], context: Context) -> AsyncIterator[Any]:
            async with _Ending(method, context):
                async for message in function(await self._call(context), received):
                    yield message

        if method.client_streaming:
            return grpc.stream_stream_rpc_method_handler(both, read, write)
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(stream, read, write)
        return grpc.unary_unary_rpc_method_handler(answer, read, write)

    async def _call(self, context: Context) -> Call:
        """Who asks. Raises `Refused` where a token is needed and none, or a wrong one, was shown."""
        said = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        token = bearer_token(said.get("authorization", ""))
        run = said.get(RUN_HEADER.lower())
        if self.bearers:
            loop = asyncio.get_running_loop()
            user = await loop.run_in_executor(self.threads, user_of, token, self.bearers)
            return Call(Caller(user=user, via=VIA, run=run), self.threads)
        return Call(caller_of_token(token, VIA, run), self.threads)


def spelled(name: str) -> str:
    """A method's name in Python's spelling: `ListTables` is `list_tables`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


class _Ending:
    """Around a call: counts it, and tells the client what went wrong."""

    def __init__(self, method: MethodDescriptor, context: Context) -> None:
        self._method, self._context = method.full_name, context
        self._began = 0.0

    async def __aenter__(self) -> None:
        self._began = time.perf_counter()
        metrics.IN_FLIGHT.inc()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        metrics.IN_FLIGHT.dec()
        seconds = time.perf_counter() - self._began
        metrics.DURATION.labels(self._method).observe(seconds)
        if error is None:
            self._count("OK", seconds)
        elif isinstance(error, asyncio.CancelledError | GeneratorExit):  # the client left, or its deadline passed
            self._count("CANCELLED", seconds)
        elif isinstance(error, Exception):
            code, status = errors.status_of(error)
            self._count(code.name, seconds)
            trailers = ((errors.DETAILS, status.SerializeToString()),)
            await self._context.abort(code, status.message, trailers)

    def _count(self, code: str, seconds: float) -> None:
        metrics.CALLS.labels(self._method, code).inc()
        log.info("call", method=self._method, code=code, milliseconds=round(seconds * 1000, 1))
