"""Makes the gates of the Thrift port from the settings, and refuses settings that would not guard what they should."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from catalog_server.authentication import Passwords, SignedTokens, Tokens
from catalog_server.config import ThriftConfig
from catalog_server.facades.hms.transport.gates import Bearer, Gates
from catalog_server.model.errors import Invalid

if TYPE_CHECKING:
    from catalog_server.facades.hms.transport.digest import Secret
    from catalog_server.facades.hms.transport.sasl import Mechanism

METHODS = ("plain", "kerberos", "delegation", "token", "jwt", "certificate")
_READABLE = ("plain", "token", "jwt")
"""Methods that show what they know to whoever listens."""


def check(thrift: ThriftConfig, *, loopback: bool) -> None:
    """Refuse settings that do not go together; raises `Invalid`."""
    unknown = sorted(set(thrift.authentication) - set(METHODS))
    if unknown:
        raise Invalid("thrift.authentication", f"{unknown[0]} is none of {', '.join(METHODS)}")
    needs = {
        "plain": ("users_file", thrift.users_file),
        "token": ("tokens_file", thrift.tokens_file),
        "jwt": ("jwt_keys", thrift.jwt_keys),
        "kerberos": ("kerberos_keytab", thrift.kerberos_keytab),
        "certificate": ("tls_client_authority", thrift.tls_client_authority),
    }
    for method in thrift.authentication:
        setting, value = needs.get(method, ("", "none"))
        if not value:
            raise Invalid(f"thrift.{setting}", f"is empty and thrift.authentication asks for {method}")
    if "certificate" in thrift.authentication and thrift.tls == "off":
        raise Invalid("thrift.tls", "is off and thrift.authentication asks for certificate")
    if loopback:
        return
    if not thrift.authentication:
        raise Invalid("thrift.authentication", "is empty and the Thrift port is to listen beyond loopback")
    readable = [method for method in thrift.authentication if method in _READABLE]
    if readable and thrift.tls != "required":
        raise Invalid("thrift.tls", f"must be required beyond loopback: {readable[0]} can be read on the way")


def gates(thrift: ThriftConfig, secret: Secret | None = None) -> Gates:
    """The gates of these settings; `secret` finds delegation tokens. Raises `Invalid`."""
    from catalog_server.facades.hms.transport.tls import server_context

    wanted = set(thrift.authentication)
    passwords = Passwords(thrift.users_file) if "plain" in wanted else None
    bearers: list[Bearer] = []
    if "token" in wanted:
        bearers.append(Tokens(thrift.tokens_file))
    if "jwt" in wanted:
        bearers.append(SignedTokens(thrift.jwt_keys, thrift.jwt_issuer, thrift.jwt_audience, thrift.jwt_user_claim))
    return Gates(
        required=bool(wanted),
        tls=server_context(thrift),
        tls_required=thrift.tls == "required",
        certificates="certificate" in wanted,
        passwords=passwords,
        bearers=tuple(bearers),
        mechanisms=_mechanisms(thrift, passwords, secret),
        http_path=thrift.http_path,
    )


def _mechanisms(
    thrift: ThriftConfig, passwords: Passwords | None, secret: Secret | None
) -> dict[str, Callable[[], Mechanism]]:
    found: dict[str, Callable[[], Mechanism]] = {}
    if passwords is not None:
        from catalog_server.facades.hms.transport.sasl import Plain

        found["PLAIN"] = lambda: Plain(passwords)
    if "kerberos" in thrift.authentication:
        from catalog_server.facades.hms.transport.kerberos import Kerberos

        found["GSSAPI"] = Kerberos(thrift.kerberos_keytab, thrift.kerberos_principal).negotiate
    if "delegation" in thrift.authentication and secret is not None:
        from catalog_server.facades.hms.transport.digest import DigestMd5

        found["DIGEST-MD5"] = lambda: DigestMd5(secret)
    return found
