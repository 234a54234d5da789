"""Delegation tokens: what a client shows instead of a password, in the form that Hadoop's clients read and send.

The form is that of `org.apache.hadoop.security.token.Token` and `AbstractDelegationTokenIdentifier`, version 0.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from catalog_server.model.errors import Invalid

KIND = "HIVE_DELEGATION_TOKEN"


@dataclass(frozen=True, slots=True)
class Token:
    """A token that logs its owner in until it expires; `identifier` is Base64, as SASL has it for a user name."""

    identifier: str
    owner: str
    renewer: str
    created_at: int
    expires_at: int
    """When it has to be renewed; it can be until `ends_at`."""
    ends_at: int


def make_identifier(owner: str, renewer: str, created_at: int, ends_at: int, sequence: int) -> str:
    """The identifier of a new token, in Base64."""
    parts = [b"\0", _text(owner), _text(renewer), _text(""), _number(created_at), _number(ends_at)]
    return base64.b64encode(b"".join((*parts, _number(sequence), _number(1)))).decode()


def encode(identifier: str, password: str) -> str:
    """The token that a client is given, safe in URLs; identifier and password are Base64."""
    raw, secret = base64.b64decode(identifier), base64.b64decode(password)
    whole = b"".join((_number(len(raw)), raw, _number(len(secret)), secret, _text(KIND), _text("")))
    return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()


def identifier_of(token: str) -> str:
    """The identifier in a token made by `encode`; raises `Invalid` for any other text."""
    try:
        whole = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        length, start = _read_number(whole)
    except (binascii.Error, ValueError, IndexError) as error:
        raise Invalid("token", "is no delegation token") from error
    if not 0 < length <= len(whole) - start:
        raise Invalid("token", "is no delegation token")
    return base64.b64encode(whole[start : start + length]).decode()


def _text(text: str) -> bytes:
    raw = text.encode()
    return _number(len(raw)) + raw


def _number(number: int) -> bytes:
    """A number of zero or more as Hadoop's `WritableUtils.writeVLong` writes it."""
    if number <= 127:
        return bytes((number,))
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes((256 - 112 - len(raw),)) + raw


def _read_number(raw: bytes) -> tuple[int, int]:
    first = raw[0]
    if first <= 127:
        return first, 1
    length = 256 - 112 - first
    if not 0 < length <= 8 or len(raw) <= length:
        raise ValueError("no number")
    return int.from_bytes(raw[1 : 1 + length], "big"), 1 + length
