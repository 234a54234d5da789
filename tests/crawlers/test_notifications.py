"""Shapes of notifications: each is taken for the folders that it speaks of, and anything else refused by the field's name."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
    ],
    ids=range(16),
)
def test_what_is_no_notification_is_refused_by_the_name_of_the_field(text: str, word: str) -> None:
    with pytest.raises(Invalid, match=word):
        told_by(text)
