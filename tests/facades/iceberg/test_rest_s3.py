"""Tables in a real S3 server, reached with what the catalog tells its clients."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import boto3
import httpx
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyiceberg.catalog.rest import RestCatalog

from catalog_server.catalog.connections import PROFILES_KEPT_SECONDS
from catalog_server.testing import RunningServer
from tests.engines.s3 import S3
from tests.facades.iceberg.rest_support import create_table, error_of, eventually

pytestmark = pytest.mark.s3
DELEGATION = {"X-Iceberg-Access-Delegation": "vended-credentials"}


def make_profile(server: RunningServer, s3: S3, bucket: str, vending: bool, **options: str) -> None:
    """Store the profile that owns a bucket."""
    made = httpx.post(
        f"{server.http}/api/v1/connections",
        json={
            "name": bucket,
            "kind": "s3",
            "options": {
                "endpoint": s3.endpoint,
                "region": s3.region,
                "path_style": "true",
                "allow_http": "true",
                **options,
            },
            "secrets": {"access_key_id": s3.access_key, "secret_access_key": s3.secret_key},
            "prefixes": [f"s3://{bucket}/"],
            "vending": vending,
        },
    )
    assert made.status_code == 201, made.text


def test_rows_are_written_with_vended_credentials(
    server: RunningServer, rest: RestCatalog, namespace: str, s3_server: S3, s3_bucket: str
) -> None:
    make_profile(server, s3_server, s3_bucket, vending=True)
    rows = pa.table({"id": [1, 2, 3]})
    table = rest.create_table(f"{namespace}.t", rows.schema, location=f"s3://{s3_bucket}/t")
    table.append(rows)
    assert rest.load_table(f"{namespace}.t").scan().to_arrow().num_rows == 3
    assert [key for key in s3_server.keys(s3_bucket) if key.endswith(".parquet")]
    rest.purge_table(f"{namespace}.t")
    assert eventually(lambda: s3_server.keys(s3_bucket) == [])


def test_a_plan_of_files_in_s3_tells_the_keys_to_them(
    server: RunningServer, rest: RestCatalog, http: httpx.Client, namespace: str, s3_server: S3, s3_bucket: str
) -> None:
    make_profile(server, s3_server, s3_bucket, vending=True)
    rows = pa.table({"id": [1, 2, 3]})
    rest.create_table(f"{namespace}.t", rows.schema, location=f"s3://{s3_bucket}/t").append(rows)
    path = f"/v1/namespaces/{namespace}/tables/t/plan"
    plan = http.post(path, json={"filter": {"type": "lt", "term": "id", "value": 2}}, headers=DELEGATION).json()
    assert [task["data-file"]["record-count"] for task in plan["file-scan-tasks"]] == [3]
    assert [one["prefix"] for one in plan["storage-credentials"]] == [f"s3://{s3_bucket}/t"]
    assert "storage-credentials" not in http.post(path, json={}).json()


def test_keys_stay_with_the_server_unless_the_profile_vends(
    server: RunningServer, http: httpx.Client, namespace: str, s3_server: S3, s3_bucket: str
) -> None:
    make_profile(server, s3_server, s3_bucket, vending=False)
    create_table(http, namespace, "t", location=f"s3://{s3_bucket}/t")
    config = http.get(f"/v1/namespaces/{namespace}/tables/t", headers=DELEGATION).json()["config"]
    assert config == {
        "s3.endpoint": s3_server.endpoint,
        "s3.path-style-access": "true",
        "client.region": s3_server.region,
    }


def test_a_load_that_comes_again_tells_of_a_profile_that_changed(
    server: RunningServer, http: httpx.Client, namespace: str, s3_server: S3, s3_bucket: str
) -> None:
    make_profile(server, s3_server, s3_bucket, vending=False)
    create_table(http, namespace, "t", location=f"s3://{s3_bucket}/t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    time.sleep(2 * PROFILES_KEPT_SECONDS)  # then loads are answered from memory
    assert {http.get(path).json()["config"]["client.region"] for _ in range(3)} == {s3_server.region}
    at = f"{server.http}/api/v1/connections/{s3_bucket}"
    options = httpx.get(at).json()["options"]
    httpx.patch(at, json={"options": {**options, "region": "elsewhere"}}).raise_for_status()
    assert {http.get(path).json()["config"]["client.region"] for _ in range(3)} == {"elsewhere"}


SIGNED = {"X-Iceberg-Access-Delegation": "remote-signing"}


def test_credentials_are_told_for_the_folders_of_the_table(
    server: RunningServer, http: httpx.Client, namespace: str, s3_server: S3, s3_bucket: str
) -> None:
    make_profile(server, s3_server, s3_bucket, vending=True)
    create_table(http, namespace, "t", location=f"s3://{s3_bucket}/t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    loaded = http.get(path, headers=DELEGATION).json()["storage-credentials"]
    asked = http.get(f"{path}/credentials").json()["storage-credentials"]
    assert loaded == asked
    assert [one["prefix"] for one in asked] == [f"s3://{s3_bucket}/t"]
    assert asked[0]["config"]["s3.access-key-id"] == s3_server.access_key
    assert "storage-credentials" not in http.get(path).json()


@pytest.fixture
def narrow(
    server: RunningServer, http: httpx.Client, namespace: str, s3_server: S3, s3_bucket: str
) -> Callable[[str], Any]:
    """Makes a table in a folder of the bucket and gives a client with the keys that are told for it."""
    make_profile(server, s3_server, s3_bucket, vending=True, role_arn=s3_server.role_arn)

    def make(folder: str) -> Any:
        create_table(http, namespace, "t", location=f"s3://{s3_bucket}/{folder}")
        loaded = http.get(f"/v1/namespaces/{namespace}/tables/t", headers=DELEGATION).json()
        (one,) = loaded["storage-credentials"]
        assert one == {"prefix": f"s3://{s3_bucket}/{folder}", "config": loaded["config"]}
        found = one["config"]
        assert int(found["s3.session-token-expires-at-ms"]) / 1000 > time.time() + 1800
        return boto3.client(
            "s3",
            endpoint_url=found["s3.endpoint"],
            aws_access_key_id=found["s3.access-key-id"],
            aws_secret_access_key=found["s3.secret-access-key"],
            aws_session_token=found["s3.session-token"],
            region_name=found["client.region"],
        )

    return make


def refused(call: Callable[..., Any], **arguments: Any) -> bool:
    try:
        call(**arguments)
    except ClientError as error:
        return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] == 403)
    return False


def test_keys_of_a_role_reach_the_table_and_not_its_neighbours(
    narrow: Callable[[str], Any], s3_server: S3, s3_bucket: str
) -> None:
    s3_server.put(s3_bucket, {"prefix1/x": b"mine", "prefix10/x": b"theirs", "x": b"theirs"})
    client = narrow("prefix1")
    assert client.get_object(Bucket=s3_bucket, Key="prefix1/x")["Body"].read() == b"mine"
    client.put_object(Bucket=s3_bucket, Key="prefix1/data/new", Body=b"")
    client.delete_object(Bucket=s3_bucket, Key="prefix1/data/new")
    listed = client.list_objects_v2(Bucket=s3_bucket, Prefix="prefix1/")["Contents"]
    assert "prefix1/x" in [one["Key"] for one in listed]
    for key in ("prefix10/x", "x"):
        assert refused(client.get_object, Bucket=s3_bucket, Key=key)
        assert refused(client.put_object, Bucket=s3_bucket, Key=key, Body=b"")
        assert refused(client.delete_object, Bucket=s3_bucket, Key=key)
    for prefix in ("prefix1", "prefix10/", ""):
        assert refused(client.list_objects_v2, Bucket=s3_bucket, Prefix=prefix)


def test_a_star_in_a_folder_stands_for_nothing_else(
    narrow: Callable[[str], Any], s3_server: S3, s3_bucket: str
) -> None:
    s3_server.put(s3_bucket, {"ab/x": b"theirs"})
    assert refused(narrow("a*").get_object, Bucket=s3_bucket, Key="ab/x")


def test_a_role_that_gives_no_keys_is_told(
    server: RunningServer, http: httpx.Client, namespace: str, s3_server: S3, s3_bucket: str
) -> None:
    make_profile(server, s3_server, s3_bucket, vending=True, role_arn="arn:aws:iam::role/nobody")
    create_table(http, namespace, "t", location=f"s3://{s3_bucket}/t")
    answer = http.get(f"/v1/namespaces/{namespace}/tables/t/credentials")
    assert (answer.status_code, "arn:aws:iam::role/nobody" in error_of(answer)["message"]) == (503, True)
    assert http.get(f"/v1/namespaces/{namespace}/tables/t").status_code == 200


class Signer:
    """A client without keys, that has each of its requests signed."""

    def __init__(self, http: httpx.Client, path: str, s3: S3) -> None:
        self.http, self.path, self.s3 = http, path, s3

    def sign(self, method: str, key: str, query: str = "", **more: Any) -> httpx.Response:
        uri = f"{self.s3.endpoint}/{key}{query}"
        body = {"method": method, "uri": uri, "region": self.s3.region, "headers": {}, **more}
        return self.http.post(f"{self.path}/sign", json=body)

    def send(self, method: str, key: str, query: str = "", content: bytes = b"", **more: Any) -> httpx.Response:
        signed = self.sign(method, key, query, **more)
        assert signed.status_code == 200, signed.text
        headers = {name: ",".join(values) for name, values in signed.json()["headers"].items()}
        return httpx.request(method, signed.json()["uri"], headers=headers, content=content)


@pytest.fixture
def signer(server: RunningServer, http: httpx.Client, namespace: str, s3_server: S3, s3_bucket: str) -> Signer:
    make_profile(server, s3_server, s3_bucket, vending=False)
    create_table(http, namespace, "t", location=f"s3://{s3_bucket}/p/t")
    config = http.get(f"/v1/namespaces/{namespace}/tables/t", headers=SIGNED).json()["config"]
    assert config["s3.remote-signing-enabled"] == "true"
    assert "s3.access-key-id" not in config
    return Signer(http, "/" + config["s3.signer.endpoint"].removesuffix("/sign"), s3_server)


def test_a_client_without_keys_works_on_the_files_of_its_table(signer: Signer, s3_bucket: str) -> None:
    key = f"{s3_bucket}/p/t/data/a b%2Bc/%C3%A4=1.parquet"
    assert signer.send("PUT", key, content=b"rows").status_code == 200
    assert signer.send("GET", key).content == b"rows"
    listed = signer.send("GET", s3_bucket, "?list-type=2&prefix=p%2Ft%2Fdata%2F&delimiter=%2F")
    assert (listed.status_code, b"a b+c" in listed.content) == (200, True)
    deletion = "<Delete><Object><Key>p/t/data/a b+c/ä=1.parquet</Key></Object></Delete>"
    assert signer.send("POST", s3_bucket, "?delete", deletion.encode(), body=deletion).status_code == 200
    assert signer.send("GET", key).status_code == 404


def test_a_signature_is_worth_nothing_for_another_file(signer: Signer, s3_server: S3, s3_bucket: str) -> None:
    s3_server.put(s3_bucket, {"p/t10/secret": b"x"})
    headers = signer.sign("GET", f"{s3_bucket}/p/t/data/a").json()["headers"]
    sent = {name: ",".join(values) for name, values in headers.items()}
    assert httpx.get(f"{s3_server.endpoint}/{s3_bucket}/p/t10/secret", headers=sent).status_code == 403


@pytest.mark.parametrize(
    ("method", "key", "more"),
    [
        ("GET", "p/t10/secret", {}),
        ("GET", "p/secret", {}),
        ("GET", "p/t", {}),
        ("GET", "p/t/../t10/secret", {}),
        ("GET", "p/t/%2e%2e/t10/secret", {}),
        ("GET", "", {}),
        ("GET", "?list-type=2&prefix=p%2Ft", {}),
        ("GET", "?list-type=2&prefix=", {}),
        ("GET", "p/t/a?acl", {}),
        ("PUT", "p/t/a?tagging", {}),
        ("PUT", "?policy", {}),
        ("PUT", "p/t/a", {"headers": {"X-Amz-Copy-Source": ["/other/secret"]}}),
        ("PUT", "p/t/a", {"headers": {"x-amz-acl": ["public-read"]}}),
        ("DELETE", "", {}),
        ("POST", "?delete", {}),
        ("POST", "?delete", {"body": "<Delete><Object><Key>p/t10/x</Key></Object></Delete>"}),
        (
            "POST",
            "?delete",
            {"body": "<Delete><Object><Key>p/t/x</Key></Object><Object><Key >p/t10/x</Key ></Object></Delete>"},
        ),
    ],
)
def test_what_reaches_beyond_the_table_is_not_signed(
    signer: Signer, s3_bucket: str, method: str, key: str, more: dict[str, Any]
) -> None:
    refused = signer.sign(method, f"{s3_bucket}/{key}" if key[:1] != "?" else s3_bucket + key, **more)
    assert (refused.status_code, error_of(refused)["type"]) == (403, "ForbiddenException")


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:1/b/p/t/a", "file:///etc/passwd", "x", "http://s3.amazonaws.com/b/p/t/a"]
)
def test_requests_to_other_stores_are_not_signed(signer: Signer, uri: str) -> None:
    body = {"method": "GET", "uri": uri, "region": "us-east-1", "headers": {}}
    assert signer.http.post(f"{signer.path}/sign", json=body).status_code == 400
