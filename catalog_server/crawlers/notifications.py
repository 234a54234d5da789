"""Notifications of object stores: the folders that they speak of, in whichever shape they come.

Amazon S3's `Records` (MinIO, Ceph, versitygw and others send the same), alone or in an envelope of SNS or SQS, EventBridge's
events, those of SeaweedFS's filer, what Google Cloud Storage tells by Pub/Sub and Azure by Event Grid, and plainly named
objects or folders of any store.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, unquote_plus

import msgspec

from catalog_server.lake.formats.sniff import is_hidden
from catalog_server.lake.locations import normalize
from catalog_server.model.crawler import Touch
from catalog_server.model.errors import CatalogError, Invalid

RECORDS_MAX = 10_000
_DEPTH_MAX = 4
"""Envelopes within each other."""
_SEAWEED_BUCKETS = "/buckets/"
_AZURE = "Microsoft.Storage."
_AZURE_URL = re.compile(r"https?://([^/?#.\[\]]+)[^/?#\[\]]*/+(.*)", re.DOTALL)
_SUBJECT = re.compile(r"/blobServices/default/containers/([^/]+)/blobs/(.*)", re.DOTALL)
_NOT_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})|[^!$&'()*+,/:;=@\w.~%-]", re.ASCII)
"""What no path of a URL holds."""
_AZURE_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
Shape = Callable[["Told", Mapping[str, Any], int], None]


@dataclass(slots=True)
class Told:
    """What a notification says: the folders that it speaks of, how many objects, and where to confirm a subscription."""

    touches: list[Touch] = field(default_factory=list)
    objects: int = 0
    confirm_url: str | None = None
    validation_code: str | None = None
    """What Event Grid wants to hear back before it sends anything."""
    problem: str | None = None
    """What is wrong with the last of those that were left out, for a person."""
    skipped: int = 0
    """How many were left out because they cannot be understood."""

    def touch(self, location: str, *, size: int | None = None, is_gone: bool = False) -> None:
        """Note an object; what engines cannot name, and what they do not look at, makes none."""
        self._count()
        with suppress(CatalogError):
            found = _place(location)
            folder, _, name = found.rpartition("/")
            is_data = size != 0 and not is_hidden(name)
            self.touches.append(Touch(folder, object="" if is_gone else name if is_data else None))

    def touch_folder(self, location: str, *, deep: bool = False, counts: bool = True) -> None:
        """Note a folder in which anything may be different, or all below it; it may count as told already."""
        if counts:
            self._count()
        with suppress(CatalogError):
            self.touches.append(Touch(_place(location), deep=deep))

    def _count(self) -> None:
        self.objects += 1
        if self.objects > RECORDS_MAX:
            raise Invalid("Records", f"has more than {RECORDS_MAX} entries")


def _place(location: str) -> str:
    """A location as touches have it; raises `CatalogError` for one that no engine can name."""
    try:
        location.encode()
    except UnicodeEncodeError as error:
        raise Invalid("location", f"{location!r} is not UTF-8") from error
    return normalize(location)


def told(body: object) -> Told:
    """What a decoded notification says; raises `Invalid` that names the field where it is none."""
    found = Told()
    _take(found, body, 0)
    return found


def told_by(text: bytes | str) -> Told:
    """What the text of a notification says; raises `Invalid`."""
    return told(_decoded(text, "body"))


def _decoded(text: bytes | str, name: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid(name, f"is not valid JSON: {error}") from error


def _take(found: Told, body: object, depth: int) -> None:
    if depth > _DEPTH_MAX:
        raise Invalid("body", f"has more than {_DEPTH_MAX} envelopes in each other")
    if isinstance(body, list):
        for one in body:
            _take(found, one, depth + 1)
        return
    if not isinstance(body, dict):
        raise Invalid("body", "is no notification: it must be a JSON object, or a list of them")
    for key, shape in _SHAPES.items():
        if key in body:
            shape(found, body, depth)
            return
    raise Invalid("body", f"is no notification that is known: it has none of {', '.join(_SHAPES)}")


def _records(found: Told, body: Mapping[str, Any], _: int) -> None:
    """S3's own: `{"Records": [{"eventName": ..., "s3": {"bucket": {"name": ...}, "object": {"key": ...}}}]}`."""
    records = body["Records"]
    if not isinstance(records, list):
        raise Invalid("Records", "must be a list")
    for at, record in enumerate(records):
        where = f"Records[{at}]"
        bucket = _text(record, f"{where}.s3.bucket.name", "s3", "bucket", "name")
        key = _text(record, f"{where}.s3.object.key", "s3", "object", "key")
        key = unquote_plus(key, errors="surrogateescape")
        size = record["s3"]["object"].get("size")
        _touch(found, f"s3://{bucket}", key, size, is_gone=_is_gone(record.get("eventName")))


def _touch(found: Told, root: str, key: str, size: object, *, is_gone: bool) -> None:
    """An object by its key; a mark that stands for a folder touches the folder alone."""
    if key.strip("/") and key.endswith("/"):
        found.touch_folder(f"{root}/{key}")
    elif key.strip("/"):
        found.touch(f"{root}/{key}", size=size if isinstance(size, int) else None, is_gone=is_gone)


def _is_gone(event: object) -> bool:
    return isinstance(event, str) and any(word in event for word in ("Removed", "Deleted", "Expiration"))


def _event_bridge(found: Told, body: Mapping[str, Any], _: int) -> None:
    """`{"detail-type": "Object Created", "detail": {"bucket": {"name": ...}, "object": {"key": ...}}}`; keys are plain."""
    bucket = _text(body, "detail.bucket.name", "detail", "bucket", "name")
    key = _text(body, "detail.object.key", "detail", "object", "key")
    size = body["detail"]["object"].get("size")
    _touch(found, f"s3://{bucket}", key, size, is_gone=_is_gone(body.get("detail-type")))


def _envelope(found: Told, body: Mapping[str, Any], depth: int) -> None:
    """SNS's: `{"Type": "Notification", "Message": "..."}`; a subscription has to be confirmed by a person."""
    kind = body["Type"]
    if kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        found.confirm_url = _text(body, "SubscribeURL", "SubscribeURL")
        if not found.confirm_url.startswith(("https://", "http://")):
            raise Invalid("SubscribeURL", "must begin with https:// or http://")
    elif kind == "Notification":
        _take(found, _decoded(_text(body, "Message", "Message"), "Message"), depth + 1)
    else:
        raise Invalid("Type", f"{str(kind)[:40]!r} is none of Notification, SubscriptionConfirmation")


def _seaweed(found: Told, body: Mapping[str, Any], _: int) -> None:
    """SeaweedFS's: `{"event_type": "create", "key": "/buckets/BUCKET/KEY", "message": {...}}`, of folders too."""
    kind, path = _text(body, "event_type", "event_type"), _text(body, "key", "key")
    message = body.get("message")
    message = message if isinstance(message, dict) else {}
    old, new = _entry(message.get("old_entry")), _entry(message.get("new_entry"))
    is_folder = bool((old or new or {}).get("is_directory"))
    if not is_folder or kind in ("delete", "rename"):  # a folder that is made has nothing in it yet
        _seaweed_touch(found, path, new if kind in ("create", "update") else None, is_folder=is_folder)
    moved = f"{message.get('new_parent_path', '')}/{new.get('name', '')}" if new else path
    if moved != path and old:
        _seaweed_touch(found, moved, new, is_folder=is_folder)


def _entry(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def _seaweed_touch(found: Told, path: str, entry: Mapping[str, Any] | None, *, is_folder: bool) -> None:
    inside = path.removeprefix(_SEAWEED_BUCKETS)
    if inside == path or inside.startswith("."):
        return
    if is_folder:
        found.touch_folder(f"s3://{inside}", deep=True)
        return
    attributes = entry.get("attributes") if entry else None
    size = attributes.get("file_size") if isinstance(attributes, dict) else None
    found.touch(f"s3://{inside}", size=size if isinstance(size, int) else None, is_gone=entry is None)


def _pub_sub(found: Told, body: Mapping[str, Any], depth: int) -> None:
    """Pub/Sub's, as it pushes: `{"message": {"attributes": {"bucketId": ..., "objectId": ...}}, "subscription": ...}`.

    Messages that Google Cloud Storage has not made may hold any notification as their data.
    """
    message = body.get("message")
    attributes = message.get("attributes") if isinstance(message, dict) else None
    if not isinstance(attributes, dict) or "bucketId" not in attributes:
        text = _text(body, "message.data", "message", "data")
        try:
            data = base64.b64decode(text, validate=True)
        except ValueError as error:
            raise Invalid("message.data", "is not base64") from error
        _take(found, _decoded(data, "message.data"), depth + 1)
        return
    bucket = _text(attributes, "message.attributes.bucketId", "bucketId")
    key = _text(attributes, "message.attributes.objectId", "objectId")
    is_gone = attributes.get("eventType") in ("OBJECT_DELETE", "OBJECT_ARCHIVE")
    _touch(found, f"gs://{bucket}", key, None, is_gone=is_gone)


def _google_object(found: Told, body: Mapping[str, Any], _: int) -> None:
    """Google's description of an object, which is all that comes without an envelope: what became of it is not told."""
    bucket, key = _text(body, "bucket", "bucket"), _text(body, "name", "name")
    found.touch_folder(f"gs://{bucket}/{key.rstrip('/').rpartition('/')[0]}")


def _event_grid(found: Told, body: Mapping[str, Any], _: int) -> None:
    """Event Grid's: `{"eventType": "Microsoft.Storage.BlobCreated", "subject": ..., "data": {"url": ...}}`."""
    kind = _text(body, "eventType", "eventType")
    if kind == _AZURE_VALIDATION:
        found.validation_code = _text(body, "data.validationCode", "data", "validationCode")
    if not kind.startswith(_AZURE) or kind == f"{_AZURE}DirectoryCreated":  # which has nothing in it yet
        return
    is_renamed = kind.endswith("Renamed")
    places = _azure_places(body, *(("destinationUrl", "sourceUrl") if is_renamed else ("url",)))
    for number, (root, path) in enumerate(places):
        if kind.startswith(f"{_AZURE}Directory"):
            found.touch_folder(f"{root}/{path}", deep=True)
        else:
            size = body["data"].get("contentLength") if number == 0 else None
            _touch(found, root, path, size, is_gone=number == 1 or kind.endswith("Deleted"))
        if _unquoted(path) != path:  # should the subject be encoded, too, it is this one; a look costs little
            folder = path if kind.startswith(f"{_AZURE}Directory") else path.rpartition("/")[0]
            found.touch_folder(f"{root}/{_unquoted(folder)}", counts=False)


def _azure_places(body: Mapping[str, Any], *names: str) -> list[tuple[str, str]]:
    """Of each URL of an event, such as https://account.blob.core.windows.net/container/path, the container and the path.

    Azure writes names into URLs as they are, others encode them, and only the subject tells which it is: what it names is
    what the first URL names, however that spells it. Without it a URL is as it is if it holds what none may hold.
    """
    urls = [_azure_url(body, name) for name in names]
    said = _SUBJECT.fullmatch(str(body.get("subject") or ""))
    subject, first = f"{said[1]}/{said[2]}" if said is not None else "", urls[0][1]
    is_encoded = first != subject and (
        _unquoted(first) == subject or not any(_NOT_ENCODED.search(url) for _, url in urls)
    )
    places = []
    for account, url in urls:
        container, _, path = (_unquoted(url) if is_encoded else url).partition("/")
        places.append((f"abfss://{container}@{account}.dfs.core.windows.net", path))
    return places


def _unquoted(url: str) -> str:
    return unquote(url, errors="surrogateescape")


def _azure_url(body: Mapping[str, Any], name: str) -> tuple[str, str]:
    """The account that a URL names, and all that follows the host: no name is cut off at a `?` or `#`."""
    match = _AZURE_URL.fullmatch(_text(body, f"data.{name}", "data", name))
    if match is None:
        raise Invalid(f"data.{name}", "is not a URL")
    return match[1], match[2]


def _location(found: Told, body: Mapping[str, Any], _: int) -> None:
    """`{"location": "file:///srv/raw/t/a.csv"}`, an object of any store by its location."""
    found.touch(_checked(_text(body, "location", "location"), "location"))


def _folder(found: Told, body: Mapping[str, Any], _: int) -> None:
    """`{"folder": "file:///srv/raw/t"}`, a folder in which anything may be different."""
    found.touch_folder(_checked(_text(body, "folder", "folder"), "folder"))


def _checked(location: str, name: str) -> str:
    try:
        return normalize(location)
    except CatalogError as error:
        raise Invalid(name, error.message) from error


def _test(*_: object) -> None:
    """What S3 sends to see whether anybody listens."""


_SHAPES: dict[str, Shape] = {
    "Records": _records,
    "detail": _event_bridge,
    "subscription": _pub_sub,
    "eventType": _event_grid,
    "kind": _google_object,
    "event_type": _seaweed,
    "Type": _envelope,
    "Event": _test,
    "location": _location,
    "folder": _folder,
}
"""By the field that tells a shape from the others."""


def _text(value: object, where: str, *names: str) -> str:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        raise Invalid(where, "must be a text that is not empty")
    if "\x00" in value:
        raise Invalid(where, "holds a NUL character")
    return value
