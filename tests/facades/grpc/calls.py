"""Calls on a bare channel, for what our own client does not let through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from catalog_server.client import messages as m


def _method(path: str) -> Any:
    service, _, name = path.partition("/")
    return m.DESCRIPTOR.services_by_name[service].methods_by_name[name]


def ask(channel: grpc.Channel, path: str, request: Message | bytes, **said: Any) -> Any:
    """The answer to a call such as `Tables/GetTable`; a request of bytes is sent as it is."""
    read = GetMessageClass(_method(path).output_type).FromString
    write = None if isinstance(request, bytes) else type(request).SerializeToString
    return channel.unary_unary(f"/catalog.v1.{path}", write, read)(request, **said)


def stream(channel: grpc.Channel, path: str, request: Message | Iterator[Message], **said: Any) -> Any:
    """The answers of a call that streams; of requests too, where they are many."""
    method = _method(path)
    write, read = GetMessageClass(method.input_type).SerializeToString, GetMessageClass(method.output_type).FromString
    make = channel.stream_stream if method.client_streaming else channel.unary_stream
    return make(f"/catalog.v1.{path}", write, read)(request, **said)
