"""What a client of the Thrift port must show before its calls are carried out: which transports and credentials count."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from catalog_server.authentication import Passwords, Refused
from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import AUTHENTICATED, CALLER, VIA
from catalog_server.facades.hms.transport.scanner import BadMessage
from catalog_server.model.caller import Caller, parse_run_user

if TYPE_CHECKING:
    from catalog_server.facades.hms.transport.sasl import Mechanism


class Bearer(Protocol):
    """Tells whose token it is, or raises `Refused`."""

    def verify(self, token: str) -> str:
        """The user."""


@dataclass(frozen=True, slots=True)
class Gates:
    """How clients may come in. Without any settings: plain, framed or over HTTP, as whoever they say they are."""

    required: bool = False
    """Whether every client must authenticate."""
    tls: ssl.SSLContext | None = None
    tls_required: bool = False
    certificates: bool = False
    """Whether the common name of a client's certificate is its user."""
    passwords: Passwords | None = None
    bearers: tuple[Bearer, ...] = ()
    mechanisms: dict[str, Callable[[], Mechanism]] = field(default_factory=dict)
    """What SASL offers, by the registered name of the mechanism."""
    http_path: str = "/metastore"

    def check(self, context: Context, secure: bool) -> None:
        """Raise `BadMessage` for a connection that is about to make calls without having shown what it must."""
        if self.tls_required and not secure:
            raise BadMessage("this port is for TLS only (thrift.tls = required)")
        if self.required and not context.state.get(AUTHENTICATED):
            raise BadMessage("authentication is required (thrift.authentication)")

    def bearer(self, token: str) -> str:
        """The user of a bearer token. Raises `Refused`."""
        refused = Refused("bearer tokens are not accepted here")
        for one in self.bearers:
            try:
                return one.verify(token)
            except Refused as error:
                refused = error
        raise refused


def authenticate(context: Context, name: str) -> None:
    """Settle who is calling on a connection; set_ugi cannot change it any more."""
    user, run = parse_run_user(name)
    context.state[CALLER] = Caller(user=user, via=VIA, run=run)
    context.state[AUTHENTICATED] = True
