"""Shapes of notifications: each is taken for the folders that it speaks of, and anything else refused by the field's name."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog_server.crawlers.notifications import told, told_by
from catalog_server.model.crawler import Touch
from catalog_server.model.errors import Invalid


def record(key: str, name: str = "ObjectCreated:Put", bucket: str = "lake") -> dict[str, Any]:
    """A record as Amazon S3 sends it."""
    thing = {"key": key, "size": 3, "eTag": "0cbc6611f5540bd0809a388dc95a615b", "sequencer": "0055AED6DCD90281E5"}
    where = {"name": bucket, "ownerIdentity": {"principalId": "A3NL1KOZZKExample"}, "arn": f"arn:aws:s3:::{bucket}"}
    return {
        "eventVersion": "2.1",
        "eventName": name,
        "s3": {"s3SchemaVersion": "1.0", "bucket": where, "object": thing},
    }


def seaweed(kind: str, key: str, *, folder: bool = False, **message: Any) -> dict[str, Any]:
    """What SeaweedFS's filer sends."""
    entry = {"name": key.rpartition("/")[2], "is_directory": folder}
    which = "old_entry" if kind == "delete" else "new_entry"
    return {"event_type": kind, "key": key, "message": {which: entry, **message}}


def pub_sub(event: str = "OBJECT_FINALIZE", key: str = "raw/t/k=1/a b.csv") -> dict[str, Any]:
    """What Pub/Sub pushes of Google Cloud Storage."""
    thing = {"kind": "storage#object", "bucket": "lake", "name": key, "size": "3", "generation": "1587627537231057"}
    attributes = {
        "notificationConfig": "projects/_/buckets/lake/notificationConfigs/1",
        "eventType": event,
        "payloadFormat": "JSON_API_V1",
        "bucketId": "lake",
        "objectId": key,
        "objectGeneration": "1587627537231057",
        "eventTime": "2026-01-01T00:00:00.000Z",
    }
    data = base64.b64encode(json.dumps(thing).encode()).decode()
    message = {
        "attributes": attributes,
        "data": data,
        "messageId": "2070443601311540",
        "publishTime": "2026-01-01T00:00:01Z",
    }
    return {"message": message, "subscription": "projects/project/subscriptions/lake"}


def event_grid(kind: str, **data: Any) -> dict[str, Any]:
    """An event of Azure's Event Grid."""
    return {
        "topic": "/subscriptions/1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/account",
        "subject": "/blobServices/default/containers/lake/blobs/raw/t/a b.csv",
        "eventType": kind,
        "eventTime": "2026-01-01T00:00:00.000Z",
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "data": {"api": "PutBlockList", "eTag": "0x8D4BCC2E4835CD0", "contentLength": 524288, "sequencer": "0", **data},
        "dataVersion": "",
        "metadataVersion": "1",
    }


BLOB = "https://account.blob.core.windows.net/lake/raw/t/a%20b.csv"
AZURE = "abfss://lake@account.dfs.core.windows.net"
S3 = {"Records": [record("raw/t/dt%3D2024-01-01/a+b.parquet"), record("raw/t/c.csv", "ObjectRemoved:Delete")]}
FOLDERS = {"s3://lake/raw/t/dt=2024-01-01", "s3://lake/raw/t"}


@pytest.mark.parametrize(
    ("body", "folders"),
    [
        (S3, FOLDERS),
        ({"EventName": "s3:ObjectCreated:Put", "Key": "lake/raw/t/c.csv", **S3}, FOLDERS),
        ({"Type": "Notification", "Message": json.dumps(S3), "TopicArn": "arn:aws:sns:eu-west-1:1:t"}, FOLDERS),
        ([S3, S3], FOLDERS),
        (
            {
                "detail-type": "Object Created",
                "source": "aws.s3",
                "detail": {"bucket": {"name": "lake"}, "object": {"key": "raw/t/dt=2024-01-01/a b.parquet"}},
            },
            {"s3://lake/raw/t/dt=2024-01-01"},
        ),
        (seaweed("create", "/buckets/lake/raw/t/a%b+é.csv"), {"s3://lake/raw/t"}),
        (seaweed("delete", "/buckets/lake/raw/t/a.csv"), {"s3://lake/raw/t"}),
        (seaweed("create", "/buckets/lake/raw/t", folder=True), set()),
        (seaweed("create", "/buckets/.system/owners/a"), set()),
        (seaweed("create", "/home/a.csv"), set()),
        ({"Event": "s3:TestEvent", "Bucket": "lake"}, set()),
        ({"Records": [record("raw/marker/")]}, {"s3://lake/raw/marker"}),
        ({"Records": [record("raw/../up.csv"), record("/")]}, set()),
        ({"Records": []}, set()),
        (pub_sub(), {"gs://lake/raw/t/k=1"}),
        (pub_sub("OBJECT_DELETE"), {"gs://lake/raw/t/k=1"}),
        ({"message": {"data": base64.b64encode(json.dumps(S3).encode()).decode()}, "subscription": "s"}, FOLDERS),
        (json.loads(base64.b64decode(pub_sub()["message"]["data"])), {"gs://lake/raw/t/k=1"}),
        ([event_grid("Microsoft.Storage.BlobCreated", url=BLOB)], {f"{AZURE}/raw/t"}),
        (event_grid("Microsoft.Storage.BlobDeleted", url=BLOB.replace("blob", "dfs")), {f"{AZURE}/raw/t"}),
        (
            event_grid("Microsoft.Storage.BlobRenamed", sourceUrl=BLOB, destinationUrl=f"{BLOB[:-12]}/u/b.csv"),
            {f"{AZURE}/raw/t", f"{AZURE}/raw/u"},
        ),
        (event_grid("Microsoft.Storage.DirectoryDeleted", url=BLOB[:-10]), {f"{AZURE}/raw/t"}),
        (event_grid("Microsoft.Storage.DirectoryCreated", url=BLOB[:-10]), set()),
        (event_grid("Microsoft.EventGrid.SubscriptionDeletedEvent"), set()),
        ({"location": "/srv/raw/t/a.csv"}, {"file:///srv/raw/t"}),
        ({"folder": "s3a://lake/raw/t/"}, {"s3://lake/raw/t"}),
    ],
    ids=[
        "s3",
        "minio",
        "sns",
        "several",
        "event bridge",
        "seaweed",
        "seaweed delete",
        "seaweed folder",
        "seaweed system",
        "seaweed elsewhere",
        "test event",
        "mark of a folder",
        "unnameable",
        "none",
        "pub/sub",
        "pub/sub delete",
        "pub/sub of another",
        "google object",
        "event grid",
        "event grid delete",
        "event grid rename",
        "event grid folder",
        "event grid new folder",
        "event grid other",
        "location",
        "folder",
    ],
)
def test_a_notification_touches_the_folders_of_its_objects(body: Any, folders: set[str]) -> None:
    assert {one.folder for one in told(body).touches} == folders


def test_a_folder_that_is_gone_or_was_moved_is_touched_with_all_below_it() -> None:
    gone = seaweed("delete", "/buckets/lake/raw/t", folder=True)
    assert told(gone).touches == [Touch("s3://lake/raw/t", deep=True)]
    entry = {"name": "t", "is_directory": True}
    moved = seaweed(
        "rename",
        "/buckets/lake/raw/t",
        folder=True,
        old_entry=entry,
        new_entry=entry,
        new_parent_path="/buckets/lake/b",
    )
    assert {one.folder for one in told(moved).touches} == {"s3://lake/raw/t", "s3://lake/b/t"}


def test_a_subscription_is_told_to_whoever_is_to_confirm_it() -> None:
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    found = told({"Type": "SubscriptionConfirmation", "Token": "1", "SubscribeURL": url})
    assert (found.confirm_url, found.objects) == (url, 0)


def test_what_event_grid_and_pub_sub_say_is_gone_is_not_believed_to_be_there() -> None:
    gone = [pub_sub("OBJECT_DELETE"), event_grid("Microsoft.Storage.BlobDeleted", url=BLOB)]
    there = [pub_sub(), event_grid("Microsoft.Storage.BlobCreated", url=BLOB)]
    assert [one.object for one in told(gone + there).touches] == ["", "", "a b.csv", "a b.csv"]
    empty = event_grid("Microsoft.Storage.BlobCreated", url=BLOB, contentLength=0)
    assert told(empty).touches[0].object is None


def azure_event(kind: str, name: str, *, is_encoded: bool, **urls: str) -> dict[str, Any]:
    """An event of Event Grid about a name; its URLs hold the names as they are, or encoded."""
    root = "https://account.blob.core.windows.net/lake"
    said = {key: f"{root}/{quote(one) if is_encoded else one}" for key, one in urls.items()}
    return {**event_grid(kind, **said), "subject": f"/blobServices/default/containers/lake/blobs/{name}"}


ODD_NAMES = st.text("ab01%?#&+= ;:@äß€💎'[]{}^`|<>\"\\~!$", min_size=1, max_size=12).map(lambda one: f"f{one}.csv")


@given(st.lists(ODD_NAMES, min_size=2, max_size=3), ODD_NAMES, st.booleans())
@example(["a b", "100%", "x"], "c#d?e=f+g%20h.csv", False)
@example(["ts=2024-01-01 00%3A00%3A00", "x"], "%41.csv", False)
@example(["ts=2024-01-01 00%3A00%3A00", "x"], "%41.csv", True)
def test_names_in_event_grid_s_urls_are_what_they_are(path: list[str], old: str, is_encoded: bool) -> None:
    *folders, name = path
    folder, new = "/".join(folders), "/".join(path)
    created = azure_event("Microsoft.Storage.BlobCreated", new, is_encoded=is_encoded, url=new)
    renamed = azure_event(
        "Microsoft.Storage.BlobRenamed", new, is_encoded=is_encoded, destinationUrl=new, sourceUrl=f"{folder}/{old}"
    )
    found = [told(created), told(renamed)]
    told_of = [[one for one in some.touches if one.object is not None] for some in found]
    there, gone = Touch(f"{AZURE}/{folder}", object=name), Touch(f"{AZURE}/{folder}", object="")
    assert (told_of, [one.objects for one in found]) == ([[there], [there, gone]], [1, 2])


@pytest.mark.parametrize(
    ("url", "name"),
    [("a b.csv", "a b.csv"), ("a#b?c%20d.csv", "a#b?c%20d.csv"), ("a%20b.csv", "a b.csv"), ("100%.csv", "100%.csv")],
)
def test_a_url_without_a_subject_is_as_it_is_where_it_cannot_be_encoded(url: str, name: str) -> None:
    event = event_grid("Microsoft.Storage.BlobCreated", url=f"https://account.blob.core.windows.net/lake/raw/{url}")
    del event["subject"]
    assert told(event).touches[0] == Touch(f"{AZURE}/raw", object=name)


def test_event_grid_hears_back_what_it_asks() -> None:
    code = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
    asked = event_grid("Microsoft.EventGrid.SubscriptionValidationEvent", validationCode=code)
    assert (told([asked]).validation_code, told([asked]).touches) == (code, [])


def test_a_key_that_is_not_utf_8_touches_nothing() -> None:
    found = told({"Records": [record("t/%ff/a.csv"), record("t/b.csv")]})
    assert ([one.object for one in found.touches], found.objects) == (["b.csv"], 2)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("nonsense", "JSON"),
        ("[" * 100_000, "JSON"),
        ("3", "JSON object"),
        ('{"a": 1}', "Records"),
        ('{"Records": {}}', "Records"),
        ('{"Records": [{"s3": {"bucket": {"name": "b"}}}]}', r"Records\[0\].s3.object.key"),
        ('{"Records": [{"s3": {"bucket": {"name": 3}, "object": {"key": "k"}}}]}', r"Records\[0\].s3.bucket.name"),
        ('{"Type": "Notification", "Message": "hello"}', "Message"),
        ('{"Type": "Other"}', "Type"),
        ('{"event_type": "create"}', "key"),
        ('{"detail": []}', "detail.bucket.name"),
        (json.dumps({"Records": [record("a\x00b/c")]}), "NUL"),
        (json.dumps({"Records": [record("a/b")] * 10_001}), "10000"),
        ("[[[[[[[]]]]]]]", "4"),
        ('{"folder": "raw/t"}', "folder"),
        ('{"Type": "SubscriptionConfirmation", "SubscribeURL": "javascript:alert(1)"}', "SubscribeURL"),
        ('{"subscription": "s", "message": 3}', "message.data"),
        ('{"subscription": "s", "message": {"data": "?"}}', "message.data: is not base64"),
        ('{"subscription": "s", "message": {"attributes": {"bucketId": "b"}}}', "message.attributes.objectId"),
        ('{"kind": "storage#object", "bucket": "b"}', "name"),
        ('{"eventType": 3}', "eventType"),
        ('{"eventType": "Microsoft.Storage.BlobCreated", "data": []}', "data.url"),
        ('{"eventType": "Microsoft.Storage.BlobCreated", "data": {"url": "https://["}}', "data.url"),
        ('{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent"}', "data.validationCode"),
    ],
    ids=range(24),
)
def test_what_is_no_notification_is_refused_by_the_name_of_the_field(text: str, word: str) -> None:
    with pytest.raises(Invalid, match=word):
        told_by(text)
