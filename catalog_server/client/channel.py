"""The way to a server: one channel, its calls made from the bindings, their errors translated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from catalog_server.client.errors import translated
from catalog_server.wire import catalog_pb2 as pb

KEEPALIVE_SECONDS = 60


class Channel:
    """Calls methods of the services of idl/catalog.proto by name; safe to be used by many threads."""

    def __init__(self, address: str, *, token: str, certificates: bytes | None, timeout_seconds: float) -> None:
        target = address.removeprefix("grpc://")
        options = [
            ("grpc.max_receive_message_length", -1),
            ("grpc.keepalive_time_ms", KEEPALIVE_SECONDS * 1000),
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.max_reconnect_backoff_ms", 2000),
            ("grpc.use_local_subchannel_pool", 1),  # no other client's wait for a server that was away
        ]
        if certificates is None:
            self._channel = grpc.insecure_channel(target, options)
        else:
            self._channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(certificates or None), options)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._timeout_seconds = timeout_seconds
        self._calls: dict[str, Callable[..., Any]] = {}
        for service in pb.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                self._calls[f"{service.name}/{method.name}"] = self._call(f"/{service.full_name}/{method.name}", method)

    def _call(self, path: str, method: MethodDescriptor) -> Callable[..., Any]:
        write = GetMessageClass(method.input_type).SerializeToString
        read = GetMessageClass(method.output_type).FromString
        if method.client_streaming:
            return self._channel.stream_stream(path, write, read)
        if method.server_streaming:
            return self._channel.unary_stream(path, write, read)
        return self._channel.unary_unary(path, write, read)

    def ask(self, method: str, request: Message) -> Any:
        """The one answer to a request. Raises the errors of `catalog_server.model.errors`."""
        try:
            return self._calls[method](request, timeout=self._timeout_seconds, metadata=self._metadata)
        except grpc.RpcError as error:
            raise translated(error, method.partition("/")[2]) from error

    def stream(self, method: str, request: Message | Iterator[Message]) -> Iterator[Any]:
        """The answers, as they come; the call is cancelled when nobody takes them any more."""
        call = self._calls[method](request, metadata=self._metadata)
        try:
            yield from call
        except grpc.RpcError as error:
            raise translated(error, method.partition("/")[2]) from error
        finally:
            call.cancel()

    def pages(self, method: str, request: Any, items: str) -> Iterator[Any]:
        """The items of all pages of a list."""
        while True:
            answer = self.ask(method, request)
            yield from getattr(answer, items)
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def close(self) -> None:
        """Let go of the server."""
        self._channel.close()
