"""Calls that are answered with an exception which says why they are not served."""

from __future__ import annotations

from typing import Any

from catalog_server.facades.hms.call import Context, inline
from catalog_server.facades.hms.noun import Noun
from catalog_server.wire import hive_metastore as wire

NO_PROPERTIES = "no PropertyManager namespace is declared: Hive's server knows none either until an operator adds one"
REFUSED = {
    "get_type_all": ("MetaException", "Not yet implemented, in Hive's server neither"),
    "get_properties": ("NoSuchObjectException", NO_PROPERTIES),
    "set_properties": ("NoSuchObjectException", NO_PROPERTIES),
}
"""By method: the exception that answers it, and the reason that the exception tells."""


class Refused(Noun):
    """Methods that cannot make sense here, each refused by a typed exception; see `REFUSED`."""

    @inline
    def get_type_all(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """Refused."""
        raise _refusal("get_type_all")

    @inline
    def get_properties(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """Refused."""
        raise _refusal("get_properties")

    @inline
    def set_properties(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """Refused."""
        raise _refusal("set_properties")


def _refusal(method: str) -> Exception:
    name, reason = REFUSED[method]
    refusal: Exception = getattr(wire, name)(message=reason)
    return refusal
