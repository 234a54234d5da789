"""Inside a worker: what went wrong, in the words and kinds of the catalog's own errors."""

from __future__ import annotations

import re
from typing import Any

from catalog_server.model.errors import CatalogError
from catalog_server.query.casts import CLOSE, OPEN

_OURS = re.compile(f"{OPEN}(.*?){CLOSE}", re.DOTALL)
_WORDS = (
    (re.compile(r"More than one row returned by a subquery"), "Scalar sub-query has returned multiple rows"),
    (re.compile(r"Overflow in (\w+) of INT(\d+) \(([^)]*)\)"), "{kind} {0} overflow: {2}"),
    (re.compile(r"Cannot convert value to JSON: '(.*)'"), "Cannot convert value to JSON: '{0}'"),
    (re.compile(r"Could not parse string \"(.*?)\" according to format"), 'Invalid format: "{0}"'),
    (re.compile(r"date field value out of range: \"(.*?)\""), "Value cannot be cast to date: {0}"),
    (
        re.compile(r"INT(?:\d+) with value (\S+) can't be cast .* destination type INT(\d+)"),
        "Out of range for {kind}: {0}",
    ),
)
_INTEGERS = {"8": "tinyint", "16": "smallint", "32": "integer", "64": "bigint"}


def describe(error: BaseException, cancelled: bool) -> dict[str, Any]:
    """The frame that tells how a statement failed."""
    if cancelled or isinstance(error, KeyboardInterrupt) or type(error).__name__ == "InterruptException":
        return {"event": "error", "type": "Cancelled", "message": "the query was cancelled"}
    if isinstance(error, CatalogError):
        return {"event": "error", "type": type(error).__name__, "message": error.message}
    kind, text = type(error).__name__, str(error)
    ours = _OURS.search(text)
    if ours:
        return {"event": "error", "type": "Invalid", "message": ours[1]}
    worded = _worded(text)
    if worded:
        return {"event": "error", "type": "Invalid", "message": worded}
    said = _first(text)
    if kind == "OutOfMemoryException" or isinstance(error, MemoryError):
        return {"event": "error", "type": "Invalid", "message": f"the query needs more memory than it may take: {said}"}
    if kind in ("IOException", "HTTPException", "ConnectionException"):
        return {"event": "error", "type": "Unavailable", "message": f"data cannot be read: {said}"}
    if kind == "PermissionException":
        return {"event": "error", "type": "Denied", "message": said}
    if kind in ("ConversionException", "OutOfRangeException", "InvalidInputException", "DataError"):
        return {"event": "error", "type": "Invalid", "message": said}
    return {"event": "error", "type": "Unsupported", "message": f"the embedded engine refuses the statement: {said}"}


def _worded(text: str) -> str | None:
    """DuckDB's refusal of a value in Trino's words, for the common ones."""
    for pattern, words in _WORDS:
        found = pattern.search(text)
        if found:
            kind = next((_INTEGERS[group] for group in reversed(found.groups()) if group in _INTEGERS), "number")
            return words.format(*found.groups(), kind=kind)
    return None


def _first(text: str) -> str:
    """DuckDB's message without its prefix, hints and the excerpt of SQL that the user never wrote."""
    line = text.strip().split("\n\n")[0].split("\nLINE ")[0].strip()
    line = re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", line)
    return " ".join(line.split())[:500]
