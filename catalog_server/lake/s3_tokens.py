"""Keys to some folders of a store for some time, as its token service gives them to one who assumes a role (AWS STS).

The role is the most they may do; the policy that is sent along narrows them to reading, and perhaps writing, below the
folders of one table: AssumeRole, https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

from catalog_server.lake import s3_signature
from catalog_server.lake.locations import parse
from catalog_server.model.errors import Invalid, Unavailable

ROLE, SERVICE, EXTERNAL_ID = "role_arn", "sts_endpoint", "external_id"
"""Options of a storage profile: the role to assume, where to ask (else at the store), and what the role's owner wants to hear."""
KEYS_SECONDS = 3600
"""How long keys are asked for; a role may be made for an hour at least."""
_KEPT_MAX = 1000
_ANSWER_SECONDS = 5.0
_ARN = re.compile(r"arn:([a-z0-9-]+):iam::.+")
_READS = ("s3:GetObject", "s3:GetObjectVersion")
_WRITES = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
_DELETES = ("s3:DeleteObject", "s3:DeleteObjectVersion")


@dataclass(frozen=True, slots=True)
class Verbs:
    """What keys are good for besides reading and listing."""

    write: bool = False
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys by the names of a profile's options, and when they end, in seconds since 1970."""

    options: Mapping[str, str]
    expires_at: float


class TokenServices:
    """Asks token services, and gives keys again for the first half of their time; from many threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Keys]] = OrderedDict()
        self._lock = threading.Lock()

    def keys(self, options: Mapping[str, str], folders: Sequence[str], verbs: Verbs) -> Keys:
        """Keys to folders (`s3://bucket/path`) of the store of these options, which name a role.

        Raises `Invalid` for a role that is none, `Unavailable` when the service gives none.
        """
        known = json.dumps([sorted(options.items()), sorted(folders), verbs.write, verbs.delete])
        key = hashlib.sha256(known.encode()).hexdigest()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept[0] > time.time():
            return kept[1]
        began = time.time()
        found = _ask(options, policy(options[ROLE], folders, verbs))
        with self._lock:
            self._kept[key] = ((began + found.expires_at) / 2, found)
            self._kept.move_to_end(key)
            if len(self._kept) > _KEPT_MAX:
                self._kept.popitem(last=False)
        return found


def policy(role: str, folders: Sequence[str], verbs: Verbs) -> str:
    """The policy that narrows a role to what lies below some folders. Raises `Invalid`."""
    arn = _ARN.fullmatch(role)
    if arn is None:
        raise Invalid(ROLE, f"{role[:200]} is not the ARN of a role")
    actions = [*_READS, *(_WRITES if verbs.write else ()), *(_DELETES if verbs.delete else ())]
    places = [parse(folder) for folder in folders]
    files = [f"arn:{arn[1]}:s3:::{place.bucket}/{_literal(place.path)}/*" for place in places if place.path]
    if len(files) != len(places):
        raise Invalid("location", "a whole bucket is no folder that keys are given for")
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": actions, "Resource": files}]
    for place in places:
        prefix = f"{_literal(place.path)}/"
        statements.append(
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": [f"arn:{arn[1]}:s3:::{place.bucket}"],
                "Condition": {"StringLike": {"s3:prefix": [prefix, f"{prefix}*"]}},
            }
        )
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def _literal(path: str) -> str:
    """A path in which nothing stands for other characters."""
    return re.sub(r"[*?$]", lambda found: f"${{{found[0]}}}", path)


def _ask(options: Mapping[str, str], narrowed: str) -> Keys:
    import httpx

    region = options.get("region") or "us-east-1"
    address = options.get(SERVICE) or options.get("endpoint") or f"https://sts.{region}.amazonaws.com"
    url = urlsplit(address.rstrip("/") + "/")
    if not options.get("access_key_id") or not options.get("secret_access_key"):
        raise Unavailable(f"the keys with which to ask {url.netloc} for others are not known")
    asked = {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": options[ROLE],
        "RoleSessionName": "catalog-server",
        "DurationSeconds": str(KEYS_SECONDS),
        "Policy": narrowed,
    }
    if options.get(EXTERNAL_ID):
        asked["ExternalId"] = options[EXTERNAL_ID]
    body = urlencode(asked)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        s3_signature.PAYLOAD: hashlib.sha256(body.encode()).hexdigest(),
    }
    signed = s3_signature.signed_headers("POST", url, headers, options, region, service="sts")
    try:
        answer = httpx.post(url.geturl(), content=body, headers=signed, timeout=_ANSWER_SECONDS)
    except httpx.HTTPError as error:
        raise Unavailable(f"the token service at {url.netloc} does not answer: {type(error).__name__}") from error
    if answer.status_code != httpx.codes.OK:
        said = _value(answer.text, "Message") or f"status {answer.status_code}"
        raise Unavailable(f"the token service at {url.netloc} gives no keys for {options[ROLE]}: {said[:300]}")
    return _read(answer.text, url.netloc)


def _read(text: str, host: str) -> Keys:
    names = {"AccessKeyId": "access_key_id", "SecretAccessKey": "secret_access_key", "SessionToken": "session_token"}
    found = {option: _value(text, name) for name, option in names.items()}
    try:
        expires_at = datetime.fromisoformat(_value(text, "Expiration")).timestamp()
    except ValueError:
        expires_at = 0.0
    if not all(found.values()) or not expires_at:
        raise Unavailable(f"the token service at {host} gave an answer that is none")
    return Keys(found, expires_at)


def _value(text: str, name: str) -> str:
    """The text of the first element of a name; the answers have no more structure than that."""
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    return unescape(found[1]).strip() if found else ""
