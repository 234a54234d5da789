"""Thrift servers with gates for one test, certificates made for it, and a small client of SASL."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from catalog_server.facades.hms.call import Context, inline, large
from catalog_server.facades.hms.noun import caller_of
from catalog_server.facades.hms.session import Session
from catalog_server.facades.hms.transport.sasl import COMPLETE, OK, START
from catalog_server.services import Services
from tests.facades.hms.running import call_bytes


@large
def _many(context: Context, arguments: Any) -> Any:
    """Strings in pieces, as many as the name of the database says."""
    count = int(arguments.db_name)
    yield b"\x0b" + count.to_bytes(4, "big")
    for start in range(0, count, 1000):
        yield b"\0\0\0\x0a0123456789" * min(1000, count - start)


def _who(context: Context, arguments: Any) -> Any:
    caller = caller_of(context)
    return [caller.user, *caller.groups]


def handlers(services: Services) -> dict[str, Any]:
    """`get_all_databases` answers who is calling, `get_all_tables` many strings."""
    return {
        "get_all_databases": _who,
        "get_all_tables": _many,
        "set_ugi": Session(services).set_ugi,
        "getName": inline(lambda context, arguments: "catalog"),
        "add_partitions": lambda context, arguments: len(arguments.new_parts),
        "shutdown": inline(lambda context, arguments: None),
    }


@dataclass(frozen=True)
class Certificates:
    """PEM files: an authority, a server it has signed and a client."""

    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path

    def client_context(self, named: bool = False) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority))
        if named:
            context.load_cert_chain(self.client, self.client_key)
        return context


def certificates(folder: Path) -> Certificates:
    """Certificates for 127.0.0.1 and for the user `alice`."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("authority", authority_key, None, None)
    found = {"authority": folder / "authority.pem"}
    found["authority"].write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    for name, common in (("server", "127.0.0.1"), ("client", "alice")):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(common, key, authority, authority_key)
        found[name], found[f"{name}_key"] = folder / f"{name}.pem", folder / f"{name}.key"
        found[name].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        found[f"{name}_key"].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return Certificates(**found)


def _certificate(common: str, key: Any, issuer: Any, issuer_key: Any) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    now = datetime.datetime.now(datetime.UTC)
    public = (issuer_key or key).public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer is None:
        use = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(use, critical=True)
    else:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256())


class SaslClient:
    """Negotiates over a connection and then calls in frames; `respond` answers each challenge."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.wrap: Callable[[bytes], bytes] = bytes
        self.unwrap: Callable[[bytes], bytes] = bytes

    def begin(self, mechanism: str, first: bytes) -> tuple[int, bytes]:
        self.say(START, mechanism.encode())
        return self.ask(OK, first)

    def ask(self, status: int, payload: bytes) -> tuple[int, bytes]:
        self.say(status, payload)
        return self.hear()

    def say(self, status: int, payload: bytes) -> None:
        self.connection.sendall(bytes((status,)) + len(payload).to_bytes(4, "big") + payload)

    def hear(self) -> tuple[int, bytes]:
        head = self._exactly(5)
        return head[0], self._exactly(int.from_bytes(head[1:], "big"))

    def plain(self, name: str, password: str, acts_as: str = "") -> tuple[int, bytes]:
        return self.begin("PLAIN", f"{acts_as}\0{name}\0{password}".encode())

    def call(self, method: str, /, **arguments: Any) -> bytes:
        """The first frame of the answer."""
        return self.send(call_bytes(method, **arguments))

    def send(self, message: bytes) -> bytes:
        wrapped = self.wrap(message)
        self.connection.sendall(len(wrapped).to_bytes(4, "big") + wrapped)
        return self.frame()

    def frame(self) -> bytes:
        return self.unwrap(self._exactly(int.from_bytes(self._exactly(4), "big")))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.connection.recv(count - len(data))
            assert piece, f"closed after {data!r}"
            data += piece
        return data


def is_complete(answer: tuple[int, bytes]) -> bool:
    """Whether a negotiation has come to its good end."""
    return answer[0] == COMPLETE
