"""Calls about data connectors, which HiveServer2 reads; they are kept as they were sent."""

from __future__ import annotations

import time
from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.documents import document_of, struct_of
from catalog_server.facades.hms.noun import Noun, caller_of
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.wire import hive_metastore as wire

_KIND = "connector"
_ALTERED = ("type", "url", "description", "parameters", "ownerName", "ownerType")


class DataConnectors(Noun):
    """Data connectors by name."""

    def create_dataconnector_req(self, context: Context, arguments: Any) -> None:
        """Keep a connector."""
        said = arguments.connectorReq.connector
        if said is None or not said.type or not said.url:
            raise Invalid("data connector", "a name, a type and a url are needed")
        document = document_of(said) | {"createTime": int(time.time())}
        self.catalog.records.create(caller_of(context), _KIND, "", said.name or "", document)

    def get_dataconnector_req(self, context: Context, arguments: Any) -> Any:
        """One connector."""
        name = arguments.request.connectorName or ""
        try:
            found = self.catalog.records.get(caller_of(context), _KIND, "", name)
        except NotFound as error:
            raise _missing(name) from error
        return struct_of("DataConnector", dict(found.document) | {"name": found.name})

    def get_dataconnectors(self, context: Context, arguments: Any) -> list[str]:  # noqa: ARG002
        """Names of all connectors."""
        return [one.name for one in self.catalog.records.list(caller_of(context), _KIND)]

    def alter_dataconnector_req(self, context: Context, arguments: Any) -> None:
        """Change what is said of a connector; its name stays, and so does what the new one does not say."""
        name, new = arguments.alterReq.connectorName or "", document_of(arguments.alterReq.newConnector)
        said = {key: value for key, value in new.items() if key in _ALTERED}
        try:
            self.catalog.records.alter(caller_of(context), _KIND, "", name, lambda found: found | said)
        except NotFound as error:
            raise _missing(name) from error

    def drop_dataconnector_req(self, context: Context, arguments: Any) -> None:
        """Forget a connector; with `ifNotExists`, it is fine if there is none."""
        request = arguments.dropDcReq
        try:
            self.catalog.records.drop(caller_of(context), _KIND, "", request.connectorName or "")
        except NotFound as error:
            if not request.ifNotExists:
                raise wire.NoSuchObjectException(
                    message=f"DataConnector {request.connectorName} doesn't exist"
                ) from error


def _missing(name: str) -> Exception:
    missing: Exception = wire.NoSuchObjectException(message=f"Dataconnector named {name} does not exist")
    return missing
