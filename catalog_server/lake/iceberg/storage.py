"""How pyiceberg is told to reach a store: our storage options by its names."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = {
    "endpoint": "s3.endpoint",
    "region": "s3.region",
    "access_key_id": "s3.access-key-id",
    "secret_access_key": "s3.secret-access-key",
    "session_token": "s3.session-token",
}


def file_io_properties(storage: Mapping[str, str]) -> dict[str, str]:
    """Properties for a `FileIO` from `Lake.storage_options`; empty for local files. Holds secrets: never log it."""
    properties = {_NAMES[key]: value for key, value in storage.items() if key in _NAMES}
    if storage.get("path_style") == "true":
        properties["s3.force-virtual-addressing"] = "false"
    elif storage:
        properties["s3.force-virtual-addressing"] = "true"
    return properties
