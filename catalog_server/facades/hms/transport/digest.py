"""SASL DIGEST-MD5 (RFC 2831), with which Hive's clients show a delegation token: its identifier is the user's name.

The hash is what the protocol prescribes; the password is twenty random bytes that nobody can guess.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Callable

from catalog_server.authentication import Refused
from catalog_server.facades.hms.transport.sasl import Protection
from catalog_server.model.errors import CatalogError

_REALM = "default"
_PAIR = re.compile(r'\s*+([A-Za-z-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"\s*+|([^",]*+))(?:,|\Z)', re.DOTALL)
"""Nothing in it is tried twice, since strangers send the text."""
_RESPONSE_BYTES_MAX = 64 * 1024
_SEND_BYTES_MAX = 65536 - 64
_TO_SERVER = b"Digest session key to client-to-server signing key magic constant"
_TO_CLIENT = b"Digest session key to server-to-client signing key magic constant"
_NO_BODY = b":" + b"0" * 32


Secret = Callable[[str], tuple[str, str]]
"""The owner of the token with this identifier, and its password, as both are spelled in SASL. Raises `Denied`."""


class DigestMd5:
    """A `Mechanism`: challenge, response, and proof that the server knew the password too."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._nonce = b64encode(secrets.token_bytes(24)).decode()
        self._challenged = False
        self.complete, self.user = False, ""
        self.protection: Protection | None = None

    def step(self, response: bytes) -> bytes:
        """Challenge, then check the response."""
        if not self._challenged:
            self._challenged = True
            return (
                f'realm="{_REALM}",nonce="{self._nonce}",qop="auth,auth-int",charset=utf-8,algorithm=md5-sess'
            ).encode()
        if len(response) > _RESPONSE_BYTES_MAX:
            raise Refused(f"DIGEST-MD5: a response of {len(response)} bytes")
        said = _pairs(response)
        qop = said.get("qop", "auth")
        if said.get("nonce") != self._nonce or said.get("nc") != "00000001" or qop not in ("auth", "auth-int"):
            raise Refused("DIGEST-MD5: the response does not belong to the challenge")
        for name in ("username", "cnonce", "digest-uri", "response"):
            if name not in said:
                raise Refused(f"DIGEST-MD5: no {name}")
        try:
            owner, password = self._secret(said["username"])
        except CatalogError as error:
            raise Refused("DIGEST-MD5: the token is unknown or has expired") from error
        key = self._session_key(said, password.encode())
        if not hmac.compare_digest(_proof(key, said, qop, b"AUTHENTICATE"), said["response"].encode()):
            raise Refused("DIGEST-MD5: wrong password of the token")
        if said.get("authzid", said["username"]) not in ("", said["username"]):
            raise Refused(f"{owner} may not act as another")
        self.user, self.complete = owner, True
        if qop == "auth-int":
            self.protection = _Integrity(key)
        return b"rspauth=" + _proof(key, said, qop, b"")

    def _session_key(self, said: dict[str, str], password: bytes) -> bytes:
        user, realm = said["username"].encode(), said.get("realm", "").encode()
        secret = hashlib.md5(b":".join((user, realm, password)), usedforsecurity=False).digest()
        parts = [secret, self._nonce.encode(), said["cnonce"].encode()]
        if said.get("authzid"):
            parts.append(said["authzid"].encode())
        return hashlib.md5(b":".join(parts), usedforsecurity=False).digest()


def _proof(key: bytes, said: dict[str, str], qop: str, method: bytes) -> bytes:
    action = method + b":" + said["digest-uri"].encode() + (_NO_BODY if qop == "auth-int" else b"")
    first, last = key.hex().encode(), hashlib.md5(action, usedforsecurity=False).hexdigest().encode()
    parts = (first, said["nonce"].encode(), said["nc"].encode(), said["cnonce"].encode(), qop.encode(), last)
    return hashlib.md5(b":".join(parts), usedforsecurity=False).hexdigest().encode()


def _pairs(text: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        decoded, place = text.decode("utf-8"), 0
    except ValueError:
        raise Refused("DIGEST-MD5: not text") from None
    while place < len(decoded):
        match = _PAIR.match(decoded, place)
        if match is None or match[1].lower() in found:
            raise Refused("DIGEST-MD5: not a list of values")
        found[match[1].lower()] = re.sub(r"(?s)\\(.)", r"\1", match[2]) if match[2] is not None else match[3].strip()
        place = match.end()
    return found


class _Integrity:
    """`auth-int`: ten bytes of a keyed hash, the type and a number behind each frame."""

    send_bytes_max = _SEND_BYTES_MAX

    def __init__(self, key: bytes) -> None:
        self._from_client = hashlib.md5(key + _TO_SERVER, usedforsecurity=False).digest()
        self._to_client = hashlib.md5(key + _TO_CLIENT, usedforsecurity=False).digest()
        self._sent = self._received = 0

    def wrap(self, data: bytes) -> bytes:
        number = self._sent.to_bytes(4, "big")
        self._sent += 1
        return data + hmac.digest(self._to_client, number + data, "md5")[:10] + b"\x00\x01" + number

    def unwrap(self, data: bytes) -> bytes:
        body, code, rest = data[:-16], data[-16:-6], data[-6:]
        number = self._received.to_bytes(4, "big")
        right = hmac.digest(self._from_client, number + body, "md5")[:10]
        if len(data) < 16 or rest != b"\x00\x01" + number or not hmac.compare_digest(code, right):
            raise Refused("DIGEST-MD5: a frame was changed on its way")
        self._received += 1
        return body
