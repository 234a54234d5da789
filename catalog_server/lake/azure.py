"""Containers of Azure's storage accounts: what differs from S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_server.lake.s3 import S3FileSystem, patience
from catalog_server.lake.s3_marks import FolderMarks
from catalog_server.lake.s3_plain import PlainS3
from catalog_server.model.errors import Invalid


class AzureFileSystem(S3FileSystem):
    """Accounts with one set of credentials; a client per container is made on first use and kept.

    `options`: endpoint (with the account in its path, as emulators want it), account_key, sas_token. Without a key or a
    token, containers are asked without a signature. Nothing is taken from the environment.
    """

    scheme = "azure"

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(options)
        self.endpoint = options.get("endpoint") or "Azure"

    def _folder_marks(self) -> FolderMarks:
        return FolderMarks({"endpoint": self.options.get("endpoint") or "https://"})  # no key: leaves no marks

    def _client(self, bucket: str) -> Any:
        from obstore.store import AzureStore

        container, _, host = bucket.partition("@")
        account = host.partition(".")[0]
        endpoint = self.options.get("endpoint") or f"https://{account}.blob.core.windows.net"
        settings: dict[str, Any] = {"account_name": account, "endpoint": endpoint}
        if self.options.get("account_key"):
            settings["account_key"] = self.options["account_key"]
        elif self.options.get("sas_token"):
            settings["sas_key"] = self.options["sas_token"].removeprefix("?")
        else:
            settings["skip_signature"] = True
        return AzureStore(container, **patience(endpoint.startswith("http://")), **settings)

    def _plain(self, location: str) -> PlainS3:
        raise Invalid("location", f"{location}: a name there holds characters that cannot be asked for in Azure")
