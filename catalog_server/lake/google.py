"""Google Cloud Storage: what it has of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from catalog_server.lake.object_store import ObjectFileSystem, client_settings
from catalog_server.model.errors import Invalid

GOOGLE = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_TOKEN_SECONDS = 3600
"""The longest that Google takes."""


class GoogleFileSystem(ObjectFileSystem):
    """The buckets that one set of credentials reaches.

    `options`: endpoint (of an emulator), allow_http, service_account_key (JSON) and application_default. Without a key it
    asks without a signature, as public buckets allow; where `application_default` is `true`, with the credentials that
    Google's tools find on this machine.
    """

    scheme = "gs"

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(options, options.get("endpoint") or GOOGLE)

    def _client(self, bucket: str) -> Any:
        from obstore.store import GCSStore

        settings = {"base_url": self.endpoint.rstrip("/"), **client_settings(self.endpoint, self.options)}
        if self.options.get("application_default") == "true":
            return GCSStore(bucket, skip_signature=False, **settings)
        key = self.options.get("service_account_key")
        tokens = _tokens(key) if key else _no_token  # else obstore would take some that are meant for another store
        return GCSStore(bucket, skip_signature=not key, credential_provider=tokens, **settings)


def check_application_default(options: Mapping[str, str]) -> None:
    """Raise `Invalid` for a wish for this machine's credentials that is none, or would send them to somebody else."""
    said = options.get("application_default")
    if said not in (None, "true", "false"):
        raise Invalid("option application_default", f"{said!r} is neither true nor false")
    if said == "true" and options.get("endpoint"):
        raise Invalid("option application_default", "may not be true where an endpoint is named")


class _ServiceAccount(msgspec.Struct):
    """What counts of a key; an address in it does not."""

    client_email: str
    private_key: str
    private_key_id: str = ""


def _tokens(text: str) -> Callable[[], Any]:
    """What signs tokens for obstore, by a service account's key. Raises `Invalid`, which shows nothing of the key."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    try:
        account = msgspec.json.decode(text, type=_ServiceAccount)
        key = RSAKey.import_key(account.private_key)
        key.check_key_op("sign")
    except (msgspec.DecodeError, ValueError, JoseError):
        raise Invalid(
            "secret service_account_key",
            "is not the JSON of a service account's key, with client_email and private_key",
        ) from None

    def token() -> dict[str, Any]:
        at = int(time.time())
        who = {"iss": account.client_email, "sub": account.client_email, "scope": _SCOPE}
        header = {"alg": "RS256", "typ": "JWT", "kid": account.private_key_id}
        signed = jwt.encode(header, {**who, "iat": at, "exp": at + _TOKEN_SECONDS}, key)
        return {"token": signed, "expires_at": datetime.fromtimestamp(at + _TOKEN_SECONDS, UTC)}

    return token


def _no_token() -> dict[str, Any]:
    return {"token": "", "expires_at": None}
