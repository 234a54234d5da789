"""Functions: listed by name; what they compute is told in Hive's terms, for which Iceberg has none."""

from __future__ import annotations

from starlette.responses import Response

from catalog_server.facades.iceberg import convert
from catalog_server.facades.iceberg.call import Call, json_answer
from catalog_server.model.errors import Unsupported
from catalog_server.model.names import levels, name_key


def list_functions(call: Call) -> Response:
    """The functions of a namespace, in pages when pages are asked for."""
    after, size = call.page
    database = call.services.catalog.databases.get(call.caller, call.database).full_name
    found = [one.name for one in call.services.catalog.functions.list(call.caller, database)]
    left = [name for name in found if after is None or name_key(name) > after]
    answer: convert.Json = {"identifiers": [[*levels(database.database), name] for name in left[:size]]}
    if size is not None:
        answer["next-page-token"] = name_key(left[size - 1]) if len(left) > size else None
    return json_answer(answer)


def load_function(call: Call) -> Response:
    """Always raises: `NotFound` for a function that is not there, else `Unsupported`, since it is a class and no definition."""
    call.services.catalog.databases.get(call.caller, call.database)
    found = call.services.catalog.functions.get(call.caller, call.database, call.path["function"])
    raise Unsupported(
        f"function {found.database}.{found.name} is the {found.function_kind} class {found.class_name},"
        " which has no definition in Iceberg's terms"
    )
