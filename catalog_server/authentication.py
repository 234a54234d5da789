"""Who a password, a token or a signed token belongs to, by files that the operator keeps; each facade may ask.

A file of users or tokens has a line `NAME:HASH` for each; it is read again when it has changed. Passwords are hashed
with scrypt, since people choose them; tokens with SHA-256, since they are random and asked for with every request.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog_server.model.errors import Invalid

_SCRYPT_COST, _SCRYPT_BLOCK, _SCRYPT_LANES = 1 << 14, 8, 1
_SCRYPT_MEMORY = 64 * 1024 * 1024
_REMEMBERED_MAX = 1024
_REMEMBERED_SECONDS = 300.0
_CHECKED_SECONDS = 1.0
_KEYS_FRESH_SECONDS = 600.0
_KEYS_ASK_SECONDS = 30.0
_LEEWAY_SECONDS = 30
_KEYS_BYTES_MAX = 1 << 20
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256"]


class Refused(Exception):
    """The credentials are wrong; the message is safe to be sent to whoever showed them."""


def password_hash(password: str) -> str:
    """What stands behind a user's name in the file of users."""
    salt = secrets.token_bytes(16)
    return "scrypt$" + "$".join(b64encode(part).decode() for part in (salt, _scrypt(password, salt)))


def new_token() -> str:
    """A random bearer token."""
    return "cat_" + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What stands behind a user's name in the file of tokens."""
    return "sha256$" + hashlib.sha256(token.encode()).hexdigest()


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=_SCRYPT_COST, r=_SCRYPT_BLOCK, p=_SCRYPT_LANES, maxmem=_SCRYPT_MEMORY, dklen=32
    )


class _Lines:
    """The lines of a file of users or tokens, as of its last change."""

    def __init__(self, path: str, setting: str, kind: str) -> None:
        self._path, self._setting, self._kind = Path(path), setting, kind
        self._seen: tuple[int, int] | None = None
        self._checked = 0.0
        self._lines: list[tuple[str, str]] = []
        self.read()

    def read(self) -> list[tuple[str, str]]:
        """Names and hashes. Raises `Invalid` where the file cannot be read or has a line that is none."""
        now = time.monotonic()
        if self._seen is not None and now - self._checked < _CHECKED_SECONDS:
            return self._lines
        try:
            state = self._path.stat()
            seen = (state.st_mtime_ns, state.st_size)
            if seen != self._seen:
                self._lines = self._parsed(self._path.read_text(encoding="utf-8"))
                self._seen = seen
        except OSError as error:
            raise Invalid(self._setting, f"{self._path} cannot be read: {error.strerror}") from error
        self._checked = now
        return self._lines

    def _parsed(self, text: str) -> list[tuple[str, str]]:
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                name, _, hashed = line.strip().rpartition(":")
                if not name or not hashed.startswith(self._kind + "$"):
                    raise Invalid(self._setting, f"{self._path}, line {number}: not NAME:{self._kind}$...")
                found.append((name, hashed))
        return found


class Passwords:
    """Users and their passwords. A right password is remembered (as a keyed hash) for minutes: scrypt is slow."""

    def __init__(self, path: str, setting: str = "thrift.users_file") -> None:
        """Raises `Invalid` where the file is none."""
        self._lines = _Lines(path, setting, "scrypt")
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._remembered: OrderedDict[bytes, float] = OrderedDict()
        self._nobody = password_hash("")

    def verify(self, name: str, password: str) -> str:
        """The user. Raises `Refused`. Takes tens of milliseconds of processor time the first time."""
        hashed = dict(self._lines.read()).get(name)
        mark = hmac.digest(self._key, json.dumps([name, password, hashed]).encode(), "sha256")
        if hashed is not None and self._is_remembered(mark):
            return name
        _, salt, digest = (hashed or self._nobody).split("$")
        right = hmac.compare_digest(_scrypt(password, b64decode(salt)), b64decode(digest))
        if hashed is None or not right:  # an unknown name takes as long as a wrong password
            raise Refused("wrong user name or password")
        with self._lock:
            self._remembered[mark] = time.monotonic() + _REMEMBERED_SECONDS
            while len(self._remembered) > _REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return name

    def _is_remembered(self, mark: bytes) -> bool:
        with self._lock:
            until = self._remembered.get(mark)
            if until is not None and until < time.monotonic():
                del self._remembered[mark]
                until = None
            return until is not None


class Tokens:
    """Users and their random tokens."""

    def __init__(self, path: str, setting: str = "thrift.tokens_file") -> None:
        """Raises `Invalid` where the file is none."""
        self._lines = _Lines(path, setting, "sha256")

    def verify(self, token: str) -> str:
        """The user whose token it is. Raises `Refused`."""
        hashed = token_hash(token)
        found = [name for name, known in self._lines.read() if hmac.compare_digest(known, hashed)]
        if not found:
            raise Refused("unknown token")
        return found[0]


class SignedTokens:
    """JSON Web Tokens, signed with one of the keys of a set that lies in a file or behind an https address."""

    def __init__(
        self,
        keys: str,
        issuer: str = "",
        audience: str = "",
        user_claim: str = "sub",
        setting: str = "thrift.jwt_keys",
    ) -> None:
        """Raises `Invalid` where the keys cannot be read."""
        self._setting = setting
        self._where, self._user_claim = keys, user_claim
        self._asks: dict[str, Any] = {"exp": {"essential": True}}
        if issuer:
            self._asks["iss"] = {"essential": True, "value": issuer}
        if audience:
            self._asks["aud"] = {"essential": True, "value": audience}
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._keys = self._read()

    def verify(self, token: str) -> str:
        """The user that the token names. Raises `Refused`."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            try:
                claims = jwt.decode(token, self._fresh(_KEYS_FRESH_SECONDS), algorithms=_ALGORITHMS).claims
            except (JoseError, ValueError):
                claims = jwt.decode(token, self._fresh(_KEYS_ASK_SECONDS), algorithms=_ALGORITHMS).claims
            jwt.JWTClaimsRegistry(leeway=_LEEWAY_SECONDS, **self._asks).validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise Refused(f"the token is not valid: {error}") from error
        user = claims.get(self._user_claim)
        if not isinstance(user, str) or not user:
            raise Refused(f"the token does not say {self._user_claim}")
        return user

    def _fresh(self, seconds: float) -> Any:
        """The keys, asked for anew if they are older than so many seconds; the old ones if that fails."""
        with self._lock:
            if time.monotonic() - self._read_at > seconds:
                try:
                    self._keys = self._read()
                except Invalid:
                    self._read_at = time.monotonic()
            return self._keys

    def _read(self) -> Any:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            document: Mapping[str, Any] = json.loads(self._text())
            found = KeySet.import_key_set(document)  # type: ignore[arg-type]
        except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
            raise Invalid(self._setting, f"{self._where} is no JSON Web Key Set: {error}") from error
        self._read_at = time.monotonic()
        return found

    def _text(self) -> str:
        if not self._where.startswith("https://"):
            return Path(self._where.removeprefix("file://")).read_text(encoding="utf-8")
        import httpx

        try:
            answer = httpx.get(self._where, timeout=10.0).raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(str(error)) from error
        if len(answer.content) > _KEYS_BYTES_MAX:
            raise ValueError("too long")
        return answer.text
