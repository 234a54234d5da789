"""TLS on the Thrift port, for clients that begin with it: plain clients may speak to the same port."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import TYPE_CHECKING, Any

from catalog_server.facades.hms.transport.gates import authenticate
from catalog_server.facades.hms.transport.layer import Layer
from catalog_server.facades.hms.transport.scanner import Door
from catalog_server.model.errors import Invalid

if TYPE_CHECKING:
    from catalog_server.config import ThriftConfig
    from catalog_server.facades.hms.transport.connection import Connection

_log = logging.getLogger(__name__)
_READ_BYTES = 256 * 1024


def server_context(thrift: ThriftConfig) -> ssl.SSLContext | None:
    """TLS 1.2 and newer, as `thrift.tls...` says; None if it is off. Raises `Invalid`."""
    if thrift.tls not in ("off", "optional", "required"):
        raise Invalid("thrift.tls", f"{thrift.tls} is none of off, optional, required")
    if thrift.tls == "off":
        return None
    if not thrift.tls_certificate:
        raise Invalid("thrift.tls_certificate", f"thrift.tls is {thrift.tls} and no certificate is named")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(thrift.tls_certificate, thrift.tls_key or None, password=_no_password)
    except (OSError, ValueError) as error:
        raise Invalid("thrift.tls_certificate", f"{thrift.tls_certificate} or its key is of no use: {error}") from error
    if thrift.tls_client_authority:
        try:
            context.load_verify_locations(thrift.tls_client_authority)
        except OSError as error:
            what = f"{thrift.tls_client_authority} is of no use: {error}"
            raise Invalid("thrift.tls_client_authority", what) from error
        optional = set(thrift.authentication) - {"certificate"} and "certificate" in thrift.authentication
        context.verify_mode = ssl.CERT_OPTIONAL if optional else ssl.CERT_REQUIRED
    return context


def _no_password() -> str:
    raise ValueError("the key is protected by a pass phrase, which nobody could be asked for")


class TlsLayer(Layer):
    """Decrypts what comes and encrypts what goes, in memory, so that it works on any event loop."""

    def __init__(
        self, below: asyncio.Transport, above: Connection, head: bytes, context: ssl.SSLContext, names: bool
    ) -> None:
        """`names` lets the common name of the client's certificate be its user."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._agreed, self._names = False, names
        super().__init__(below, above, head)

    def data_received(self, data: bytes) -> None:
        """Shake hands, then decrypt."""
        self._incoming.write(self.take(data))
        try:
            if not self._agreed:
                self._tls.do_handshake()
                self._agree()
            while piece := self._tls.read(_READ_BYTES):
                self.above.data_received(piece)
            if not self.above.eof_received():  # the client has said goodbye, and waits for nothing
                self.close()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            _log.info("client at %s was refused: TLS: %s", self.above.context.peer, error.reason or error)
            self._flush()  # the alert that tells it why
            self.above.close()

    def _agree(self) -> None:
        self._agreed = True
        self.above.secure = True
        self.above.doors -= {Door.TLS}
        certificate: Any = self._tls.getpeercert()
        name = _common_name(certificate) if certificate and self._names else None
        if name:
            authenticate(self.above.context, name)
        self.above.await_first_byte()

    def _flush(self) -> None:
        if self._outgoing.pending and not self.below.is_closing():
            self.below.write(self._outgoing.read())

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        if data and not self.below.is_closing():
            try:
                self._tls.write(data)
            except ssl.SSLError as error:
                _log.info("client at %s: TLS: %s", self.above.context.peer, error.reason or error)
                self.below.abort()
                return
            self._flush()

    def close(self) -> None:
        """Say goodbye as TLS wants it, then close."""
        if self._agreed and not self.below.is_closing():
            try:
                self._tls.unwrap()
            except ssl.SSLError:  # the client's goodbye is not waited for
                pass
            self._flush()
        self.below.close()


def _common_name(certificate: dict[str, Any]) -> str | None:
    for part in certificate.get("subject", ()):
        for key, value in part:
            if key == "commonName":
                return str(value)
    return None
