"""Kerberos for SASL: the mechanism GSSAPI of RFC 4752, on MIT's or Heimdal's library through the `gssapi` package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from catalog_server.authentication import Refused
from catalog_server.facades.hms.transport.sasl import Protection
from catalog_server.model.errors import Invalid

_NONE, _INTEGRITY, _PRIVACY = 1, 2, 4
_RECEIVE_BYTES_MAX = 0xFFFFFF
_SEND_LESS_BYTES = 512


class Kerberos:
    """The service's keys, and a negotiation for each client."""

    def __init__(self, keytab: str, principal: str) -> None:
        """Raises `Invalid` where the extra is not installed or the key cannot be used."""
        try:
            import gssapi
        except (ImportError, OSError) as error:
            raise Invalid(
                "thrift.authentication",
                f"kerberos needs `pip install catalog-server[kerberos]` and the system's Kerberos library: {error}",
            ) from error
        self._gssapi: Any = gssapi
        if not keytab or not Path(keytab).is_file():
            raise Invalid("thrift.kerberos_keytab", f"{keytab or 'no file'} is not there")
        try:
            name = gssapi.Name(principal, gssapi.NameType.kerberos_principal) if principal else None
            self._credentials = gssapi.Credentials(
                name=name, usage="accept", mechs=[gssapi.MechType.kerberos], store={"keytab": keytab}
            )
            self._realm = str(self._credentials.name).rpartition("@")[2] if name is not None else ""
        except self._gssapi.exceptions.GSSError as error:
            raise Invalid("thrift.kerberos_keytab", f"{keytab} has no key of {principal}: {error}") from error

    def negotiate(self) -> Negotiation:
        """One negotiation."""
        context = self._gssapi.SecurityContext(creds=self._credentials, usage="accept")
        return Negotiation(context, self._gssapi.exceptions.GSSError, self._realm)


class Negotiation:
    """A `Mechanism`: tickets first, then which layer of protection."""

    def __init__(self, context: Any, error: type[Exception], realm: str) -> None:
        self._context, self._error, self._realm = context, error, realm
        self._offered = False
        self.complete, self.user = False, ""
        self.protection: Protection | None = None

    def step(self, response: bytes) -> bytes:
        """Take a token; when the tickets are accepted, offer the layers; then take the client's choice."""
        try:
            if not self._context.complete:
                if not response:  # a client that waits to be asked
                    return b""
                answer: bytes | None = self._context.step(response)
                if answer or not self._context.complete:
                    return answer or b""
            return self._choose(response) if self._offered else self._offer()
        except self._error as error:
            raise Refused(f"Kerberos: {error}") from error

    def _offer(self) -> bytes:
        self._offered = True
        layers = _NONE | _INTEGRITY | _PRIVACY
        said: bytes = self._context.wrap(bytes((layers,)) + _RECEIVE_BYTES_MAX.to_bytes(3, "big"), False).message
        return said

    def _choose(self, response: bytes) -> bytes:
        chosen: bytes = self._context.unwrap(response).message
        if len(chosen) < 4 or chosen[0] not in (_NONE, _INTEGRITY, _PRIVACY):
            raise Refused("Kerberos: no layer of protection was chosen")
        principal, acts_as = str(self._context.initiator_name), chosen[4:].decode("utf-8", "replace")
        self.user = short_name(principal, self._realm)
        if acts_as not in ("", principal, self.user):
            raise Refused(f"{principal} may not act as {acts_as}")
        if chosen[0] != _NONE:
            wanted = int.from_bytes(chosen[1:4], "big") or _RECEIVE_BYTES_MAX
            self.protection = _Protection(self._context, self._error, chosen[0] == _PRIVACY, wanted)
        self.complete = True
        return b""


class _Protection:
    """Frames that are signed, or signed and encrypted."""

    def __init__(self, context: Any, error: type[Exception], private: bool, bytes_max: int) -> None:
        self._context, self._error, self._private = context, error, private
        self.send_bytes_max = max(1024, min(bytes_max - _SEND_LESS_BYTES, 256 * 1024))

    def wrap(self, data: bytes) -> bytes:
        wrapped: bytes = self._context.wrap(data, self._private).message
        return wrapped

    def unwrap(self, data: bytes) -> bytes:
        try:
            result = self._context.unwrap(data)
        except self._error as error:
            raise Refused(f"Kerberos: {error}") from error
        if self._private and not result.encrypted:
            raise Refused("Kerberos: a frame is not encrypted")
        message: bytes = result.message
        return message


def short_name(principal: str, realm: str) -> str:
    """`alice` for `alice@REALM` and for `alice/host@REALM` of the server's own realm; others keep their realm.

    That is Hadoop's default rule, but for strangers, whom Hadoop refuses where no rule is written for them.
    """
    name, _, of = principal.rpartition("@")
    return name.partition("/")[0] if of == realm and name else principal
