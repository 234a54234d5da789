"""Azure's object store (Blob Storage, Data Lake Storage): what it has of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_server.lake.object_store import ObjectFileSystem, client_settings


class AzureFileSystem(ObjectFileSystem):
    """The containers that one set of credentials reaches.

    `options`: endpoint (of an emulator, with the account as its path), account_key, sas_token and allow_http. Without a
    key or token it asks without a signature, as public containers allow.
    """

    scheme = "abfss"

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(options, options.get("endpoint") or "https://*.blob.core.windows.net")

    def _client(self, bucket: str) -> Any:
        """`bucket` is container@account.dfs.core.windows.net."""
        from obstore.store import AzureStore

        container, _, host = bucket.partition("@")
        endpoint, settings = self.options.get("endpoint"), dict[str, Any]()
        if endpoint:
            settings["endpoint"] = endpoint.rstrip("/")
        if self.options.get("account_key"):
            settings["account_key"] = self.options["account_key"]
        elif self.options.get("sas_token"):
            settings["sas_key"] = self.options["sas_token"].removeprefix("?")
        else:
            settings["skip_signature"] = True
        return AzureStore(
            container, account_name=host.partition(".")[0], **client_settings(endpoint, self.options), **settings
        )
