"""AWS signatures of version 4 for requests to an S3 store, which somebody else will send, and to its token service."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, quote, unquote

PAYLOAD = "x-amz-content-sha256"
UNSIGNED = "UNSIGNED-PAYLOAD"
_ALGORITHM = "AWS4-HMAC-SHA256"
_SIGNED_TOO = ("content-md5", "content-type", "range")
_SAFE = "-_.~"


def signed_headers(
    method: str,
    url: SplitResult,
    headers: Mapping[str, str],
    keys: Mapping[str, str],
    region: str,
    at: float | None = None,
    service: str = "s3",
) -> dict[str, str]:
    """The headers (names in lower case) that a request must carry to be taken; those of S3's own among the given ones are signed.

    `keys` hold access_key_id, secret_access_key and perhaps session_token. A payload that is not said to have a digest
    is left unsigned.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    sent = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    sent = {name: value for name, value in sent.items() if name.startswith("x-amz-") or name in _SIGNED_TOO}
    sent |= {"host": url.netloc, "x-amz-date": stamp}
    sent.setdefault(PAYLOAD, UNSIGNED)
    if keys.get("session_token"):
        sent["x-amz-security-token"] = keys["session_token"]
    named = ";".join(sorted(sent))
    lines = [method, quote(unquote(url.path) or "/", safe="/" + _SAFE), _query(url.query)]
    lines += [f"{name}:{sent[name]}" for name in sorted(sent)]
    canonical = "\n".join((*lines, "", named, sent[PAYLOAD]))
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = _key(keys["secret_access_key"], stamp[:8], region, service)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"Credential={keys['access_key_id']}/{scope}"
    sent["authorization"] = f"{_ALGORITHM} {credential}, SignedHeaders={named}, Signature={signature}"
    return sent


def _query(query: str) -> str:
    pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    encoded = sorted((quote(name, safe=_SAFE), quote(value, safe=_SAFE)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _key(secret: str, day: str, region: str, service: str) -> bytes:
    made = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        made = hmac.new(made, part.encode(), hashlib.sha256).digest()
    return made
