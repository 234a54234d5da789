"""Gives a run's metastore connections its name: a forwarder on loopback that introduces each of them by `set_ugi`.

For engines that never say who they are. A connection is opened to the metastore, `set_ugi` is called on it with the
run's user name, and from then on bytes go to and fro as they come.
"""

from __future__ import annotations

import socket
import struct
import threading

_VERSION_CALL = b"\x80\x01\x00\x01"
_STRING, _LIST, _STOP = 11, 15, 0
_ANSWER_BYTES_MAX = 64 << 10
CONNECT_SECONDS = 5.0


def introduction(user: str) -> bytes:
    """The message `set_ugi(user, [])` in Thrift's strict binary protocol."""
    name, said = b"set_ugi", user.encode()
    return b"".join(
        (
            _VERSION_CALL,
            struct.pack(f">i{len(name)}si", len(name), name, 0),
            struct.pack(f">bhi{len(said)}s", _STRING, 1, len(said), said),
            struct.pack(">bhbi", _LIST, 2, _STRING, 0),
            struct.pack(">b", _STOP),
        )
    )


class Forwarder:
    """Listens on a free loopback port (`address`) and forwards to the metastore; ends with its process."""

    def __init__(self, target: str, user: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host.strip("[]"), int(port))
        self._introduction = introduction(user)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, name="metastore-forwarder", daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        try:
            metastore = socket.create_connection(self._target, timeout=CONNECT_SECONDS)
            metastore.sendall(self._introduction)
            _skip_answer(metastore)
            metastore.settimeout(None)
        except (OSError, EOFError):
            client.close()
            return
        for end in (client, metastore):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_copy, args=(metastore, client), daemon=True).start()
        _copy(client, metastore)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while body := source.recv(64 << 10):
            target.sendall(body)
    except OSError:
        pass
    finally:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def _skip_answer(metastore: socket.socket) -> None:
    """Read the answer to `set_ugi`, whose result is a list of strings; raises EOFError for anything else."""
    name_length = struct.unpack(">4xi", _read(metastore, 8))[0]
    _read(metastore, name_length + 4)
    while (kind := _read(metastore, 1)[0]) != _STOP:
        _read(metastore, 2)
        if kind != _LIST:
            raise EOFError("the metastore refused the run's name")
        _, count = struct.unpack(">bi", _read(metastore, 5))
        for _ in range(count):
            _read(metastore, struct.unpack(">i", _read(metastore, 4))[0])


def _read(metastore: socket.socket, count: int) -> bytes:
    if not 0 <= count <= _ANSWER_BYTES_MAX:
        raise EOFError("the metastore's answer makes no sense")
    body = b""
    while len(body) < count:
        more = metastore.recv(count - len(body))
        if not more:
            raise EOFError("the metastore closed the connection")
        body += more
    return body
