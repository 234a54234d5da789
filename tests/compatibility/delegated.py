"""Buckets whose files clients reach with what the catalog gives them: its keys, or its signatures."""

from __future__ import annotations

import httpx

from tests.compatibility.conftest import Lakehouse


def bucket_of(lakehouse: Lakehouse, *, vending: bool, role: bool = False) -> str:
    """An empty bucket, with a storage profile that gives its keys away (or those of a role) or keeps them."""
    s3 = lakehouse.s3
    bucket = s3.create_bucket()
    assumed = {"role_arn": s3.role_arn} if role else {}
    profile = {
        "name": bucket,
        "kind": "s3",
        "options": {"endpoint": s3.endpoint, "region": s3.region, "path_style": "true", "allow_http": "true"} | assumed,
        "secrets": {"access_key_id": s3.access_key, "secret_access_key": s3.secret_key},
        "prefixes": [f"s3://{bucket}/"],
        "vending": vending,
    }
    httpx.post(f"{lakehouse.server.http}/api/v1/connections", json=profile).raise_for_status()
    return bucket
