"""Signatures for clients that hold no keys of a store: each request is looked at, and signed if it stays inside a table.

What is not known to be harmless is refused: other operations than those on files (policies, access lists, copies from
elsewhere), and anything that is not below the table's own folders.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from catalog_server.catalog.commits import Commits
from catalog_server.catalog.core import Core
from catalog_server.catalog.grants import of_table
from catalog_server.catalog.table_locations import places
from catalog_server.lake import s3_signature
from catalog_server.lake.locations import parse
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Denied, Invalid
from catalog_server.model.grant import Action
from catalog_server.model.names import TableName

_READS = ("GET", "HEAD")
_WRITES = ("PUT", "POST", "DELETE")
_QUERIES = frozenset(
    "list-type prefix delimiter continuation-token start-after max-keys encoding-type fetch-owner "
    "uploads uploadId partNumber delete x-id".split()
)
"""Query parameters of reading, writing, listing and deleting files, in parts too."""
_KEY = re.compile(r"<Key>([^<]*)</Key>")


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """A request that a client wants to send to a store; headers by name, each with one value."""

    method: str
    uri: str
    region: str
    headers: Mapping[str, str]
    body: str | None = None


class Signing:
    """Signs requests about the files of Iceberg tables; raises `NotFound`, `Denied` and `Invalid`."""

    def __init__(self, core: Core, iceberg: Commits) -> None:
        self.core = core
        self.iceberg = iceberg

    def sign(self, caller: Caller, name: TableName, request: SigningRequest) -> dict[str, str]:
        """The headers with which a store takes the request.

        Raises:
            Denied: the caller may not do this to the table, or the request reaches beyond it.
            Invalid: the request cannot be understood, or goes to a store whose keys are not known here.
        """
        found = self.iceberg.load(caller, name)
        self._require(caller, found.table.full_name, request)
        url = urlsplit(request.uri)
        location = str(found.document["location"])
        profile = self.core.lake.profile(location)
        options = self.core.lake.storage_options(location) if profile is not None else {}
        if not options.get("access_key_id") or not options.get("secret_access_key"):
            raise Invalid("uri", f"the keys of the store of table {name} are not known here")
        bucket, key = _target(url, options.get("endpoint", ""))
        folders = places(found.document)
        _refuse_headers(request)
        for wanted in _reached(request, url, key):
            if not _is_inside(bucket, wanted, folders):
                raise Denied(f"sign {request.method} of", f"s3://{bucket}/{wanted}: it is outside table {name}")
        headers = dict(request.headers)
        if request.body is not None:
            headers |= _digests(request.body)
        region = options.get("region") or request.region
        return s3_signature.signed_headers(request.method, url, headers, options, region)

    def _require(self, caller: Caller, name: TableName, request: SigningRequest) -> None:
        if request.method in _READS:
            if not self.iceberg.tables.may_read_files(caller, name):
                raise Denied("read the files of", f"table {name}")
        elif request.method in _WRITES:
            deletes = request.method == "DELETE" or request.body is not None
            with self.core.store.read() as tx:
                action = Action.ALTER if deletes else Action.INSERT
                self.core.grants.require(tx, caller, action, of_table(self.core.table_name(name)))
        else:
            raise Invalid("method", f"{request.method} is not signed")


def _target(url: SplitResult, endpoint: str) -> tuple[str, str]:
    """Bucket and key of a request, whose host must be that of the store, with or without the bucket before it."""
    host = urlsplit(endpoint).netloc if endpoint else ""
    path = unquote(url.path).lstrip("/")
    if url.scheme not in ("http", "https") or url.username or not url.netloc:
        raise Invalid("uri", f"{url.geturl()[:200]} is not the address of a store")
    if host and url.netloc == host:
        bucket, _, key = path.partition("/")
        return bucket, key
    if host and url.netloc.endswith(f".{host}"):
        return url.netloc.removesuffix(f".{host}"), path
    found = None if host else re.fullmatch(r"(?:([a-z0-9.-]+)\.)?s3[.-][a-z0-9.-]*amazonaws\.com", url.netloc)
    if found is None:
        raise Invalid("uri", f"{url.netloc} is not the store of the table")
    if found[1]:
        return found[1], path
    bucket, _, key = path.partition("/")
    return bucket, key


def _reached(request: SigningRequest, url: SplitResult, key: str) -> list[str]:
    """The keys, or the prefix, that a request is about."""
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    if request.body is not None and (request.method != "POST" or "delete" not in query):
        raise Invalid("body", "is signed for deletes of several files only")
    if "delete" in query and (request.body is None or key):
        raise Denied("sign", "a delete whose files are not told")
    unknown = sorted(query.keys() - _QUERIES)
    if unknown:
        raise Denied("sign", f"a request with {', '.join(unknown)}")
    if key:
        return [key]
    if request.method == "GET" and query.get("prefix"):
        return [query["prefix"]]
    if request.method == "POST" and "delete" in query and request.body is not None:
        keys = [html.unescape(one) for one in _KEY.findall(request.body)]
        if keys and len(keys) == request.body.count("<Object>") == request.body.count("<Key"):
            return keys
    raise Denied(f"sign {request.method} of", "a whole bucket")


def _refuse_headers(request: SigningRequest) -> None:
    """Refuse what copies from elsewhere or changes who may see a file."""
    for name in request.headers:
        lowered = name.lower()
        if lowered.startswith(("x-amz-copy-source", "x-amz-acl", "x-amz-grant-", "x-amz-website")):
            raise Denied("sign", f"a request with {lowered}")


def _is_inside(bucket: str, key: str, folders: list[str]) -> bool:
    """Whether a key, or every key that begins with a prefix, is below a folder: `t/` is not `t10/`, and neither is `t`."""
    if any(part in (".", "..") for part in key.split("/")):
        return False
    for folder in folders:
        found = parse(folder)
        if found.scheme == "s3" and found.bucket == bucket and found.path and key.startswith(f"{found.path}/"):
            return True
    return False


def _digests(body: str) -> dict[str, str]:
    """What binds a signature to the body that was looked at."""
    raw = body.encode()
    md5 = base64.b64encode(hashlib.md5(raw, usedforsecurity=False).digest()).decode()
    return {s3_signature.PAYLOAD: hashlib.sha256(raw).hexdigest(), "content-md5": md5}
