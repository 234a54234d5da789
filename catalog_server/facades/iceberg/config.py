"""The configuration call, which also says for which catalog a client speaks."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from catalog_server.catalog import idempotency
from catalog_server.facades.iceberg.call import Call, json_answer
from catalog_server.model.names import name_key


def get_config(call: Call, endpoints: Sequence[str]) -> Response:
    """What a client must know first: the prefix of its catalog and the calls that are served.

    Raises:
        NotFound: there is no catalog of the name asked for as `warehouse`.
    """
    asked = call.query.get("warehouse") or call.catalog
    catalog = call.services.catalog.catalogs.get(call.caller, asked)
    is_default = name_key(catalog.name) == name_key(call.catalog)
    overrides = {} if is_default else {"prefix": catalog.name}
    return json_answer(
        {
            "defaults": {},
            "overrides": overrides,
            "endpoints": endpoints,
            "idempotency-key-lifetime": idempotency.PROMISED,
        }
    )
