"""Where tests of files put them: a local folder, or a bucket of a real S3 server with its storage profile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from catalog_server.lake.files import FileSystem
from catalog_server.lake.filesystem import Lake
from catalog_server.model.connection import Connection
from tests.engines.azure import Azure
from tests.engines.gcs import Gcs
from tests.engines.s3 import S3


@dataclass(frozen=True, slots=True)
class Place:
    """A folder (without a slash at its end) and the lake that reaches it."""

    lake: Lake
    root: str
    connection: Connection | None = None

    @property
    def files(self) -> FileSystem:
        """The folder's file system."""
        return self.lake.filesystem(self.root)

    def put(self, files: dict[str, bytes]) -> None:
        """Write files, named by their paths below the folder."""
        for path, body in files.items():
            self.files.write(f"{self.root}/{path}", body)


def s3_profile(server: S3, *prefixes: str) -> Connection:
    """A storage profile for a test's S3 server."""
    return Connection(
        "store",
        "s3",
        options={"endpoint": server.endpoint, "region": server.region},
        secrets={"access_key_id": server.access_key, "secret_access_key": server.secret_key},
        prefixes=prefixes,
    )


def local_place(folder: Path) -> Place:
    """A folder of this machine."""
    return Place(Lake(), f"file://{folder}/data")


def s3_place(server: S3, bucket: str) -> Place:
    """A folder of a bucket."""
    profile = s3_profile(server, f"s3://{bucket}/")
    return Place(Lake(lambda: (profile,)), f"s3a://{bucket}/data", profile)


def cloud_profile(server: Azure | Gcs, *prefixes: str) -> Connection:
    """A storage profile for a test's server of Azure's or Google's protocol."""
    return Connection(
        "store", server.kind, options={"endpoint": server.endpoint}, secrets=server.secrets, prefixes=prefixes
    )


def cloud_place(server: Azure | Gcs, bucket: str) -> Place:
    """A folder of a container or bucket, which is named by its location."""
    profile = cloud_profile(server, f"{bucket}/")
    return Place(Lake(lambda: (profile,)), f"{bucket}/data", profile)
