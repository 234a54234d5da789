"""Secrets of connections: encrypted at rest with a key that is not in the store, or references to elsewhere.

What a client is to bring back unread and unchanged is sealed with the same key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from catalog_server.model.errors import Invalid, Unavailable

KEY_BYTES = 32
_NONCE_BYTES = 12


class Secrets:
    """Seals and opens secrets with AES-256-GCM; each sealed text is bound to the connection it belongs to."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def load(cls, configured: str, data: Path) -> Secrets:
        """The key from the configuration (base64 of 32 bytes, or any pass phrase), else from a file made at first start."""
        if configured:
            return cls(_from_text(configured))
        path = data / "secret.key"
        try:
            data.mkdir(parents=True, exist_ok=True)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(base64.b64encode(os.urandom(KEY_BYTES)).decode())
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            pass
        except OSError as error:
            raise Unavailable(f"the key file {path} cannot be made: {error.strerror}") from error
        return cls(_from_text(path.read_text(encoding="ascii").strip()))

    def seal(self, secrets: Mapping[str, str], bound_to: str) -> bytes | None:
        """Encrypt secrets of a connection; None when there are none."""
        return self.wrap(json.dumps(dict(secrets)).encode(), bound_to) if secrets else None

    def wrap(self, plain: bytes, bound_to: str) -> bytes:
        """Encrypt bytes."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._key).encrypt(nonce, plain, bound_to.encode())

    def unwrap(self, sealed: bytes, bound_to: str) -> bytes | None:
        """Undo `wrap`; None for what was not sealed with this key, or is bound to something else."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
        except (InvalidTag, ValueError):
            return None

    def open(self, sealed: bytes | None, bound_to: str) -> dict[str, str]:
        """Undo `seal` and follow references; raises `Unavailable` when the key is not the one that sealed."""
        return {name: resolve(value) for name, value in self.unseal(sealed, bound_to).items()}

    def unseal(self, sealed: bytes | None, bound_to: str) -> dict[str, str]:
        """Undo `seal` and leave references as they are; raises `Unavailable` when the key is not the one that sealed."""
        if not sealed:
            return {}
        plain = self.unwrap(sealed, bound_to)
        if plain is None:
            raise Unavailable(f"the secrets of connection {bound_to} were sealed with another key")
        return dict(json.loads(plain))


def _from_text(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    return key if len(key) == KEY_BYTES else hashlib.sha256(text.encode()).digest()


def resolve(value: str) -> str:
    """The secret a value is or refers to: `env:NAME` and `file:/path` are looked up; raises `Invalid` when they are not there."""
    if value.startswith("env:"):
        found = os.environ.get(value[4:])
        if found is None:
            raise Invalid("secret", f"environment variable {value[4:]} is not set")
        return found
    if value.startswith("file:/"):
        try:
            return Path(value[5:]).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Invalid("secret", f"file {value[5:]} cannot be read: {error.strerror}") from error
    return value
