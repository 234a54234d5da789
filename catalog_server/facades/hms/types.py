"""Calls about named types, which no client has used for long; they are kept as they were sent."""

from __future__ import annotations

import re
from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.documents import document_of, struct_of
from catalog_server.facades.hms.noun import Noun, caller_of
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.wire import hive_metastore as wire

_KIND = "type"
_NAME = re.compile(r"[\w_]+")


class Types(Noun):
    """Types by name."""

    def create_type(self, context: Context, arguments: Any) -> bool:
        """Keep a type."""
        said = arguments.type
        if not _NAME.fullmatch(said.name or ""):
            raise Invalid("", "Invalid type name")
        self.catalog.records.create(caller_of(context), _KIND, "", said.name, document_of(said))
        return True

    def get_type(self, context: Context, arguments: Any) -> Any:
        """One type."""
        try:
            found = self.catalog.records.get(caller_of(context), _KIND, "", arguments.name or "")
        except NotFound as error:
            raise wire.NoSuchObjectException(message=f'Type "{arguments.name}" not found.') from error
        return struct_of("Type", found.document)

    def drop_type(self, context: Context, arguments: Any) -> bool:
        """Forget a type; it is fine if there is none, as in Hive."""
        try:
            self.catalog.records.drop(caller_of(context), _KIND, "", arguments.type or "")
        except NotFound:
            pass
        return True
