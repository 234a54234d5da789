"""Parsing Trino's SQL: one statement becomes a tree in which every function keeps the name it was called by."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from catalog_server.model.errors import InvalidQuery, Unsupported

STATEMENT_LENGTH_MAX = 1_000_000
_SPECIAL_FORMS = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Source:
    """A statement's text, to say where in it something stands."""

    text: str
    line: int = 0
    column: int = 0
    """Where the text begins within what the user sent, from 0."""

    def position(self, node: Any) -> tuple[int, int]:
        """Line and column (from 1) of the first token of a node; (1, 1) when the parser kept none."""
        starts = [found.meta["start"] for found in node.walk() if "start" in found.meta]
        if not starts:
            return 1, 1
        before = self.text[: min(starts)]
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def is_typed_literal(self, literal: Any) -> bool:
        """Whether a text literal stands directly behind its type (`DATE '2024-01-01'`), not in a CAST."""
        return "start" in literal.meta and not self.text[: literal.meta["start"]].rstrip().endswith("(")

    def error(self, node: Any, reason: str) -> InvalidQuery:
        """An `InvalidQuery` that points to a node."""
        return InvalidQuery(reason, *self.position(node))


@lru_cache(maxsize=1)
def _dialect() -> Any:
    from sqlglot.dialects.trino import Trino

    class Plain(Trino):  # type: ignore[misc]
        """Trino's grammar without any rewriting of functions, so that none changes its meaning unseen."""

        INDEX_OFFSET = 0

        class Parser(Trino.Parser):  # type: ignore[misc]
            FUNCTIONS: dict[str, Any] = {}  # noqa: RUF012
            FUNCTION_PARSERS = {  # noqa: RUF012
                name: parser for name, parser in Trino.Parser.FUNCTION_PARSERS.items() if name in _SPECIAL_FORMS
            }

    return Plain()


def parse(sql: str) -> tuple[Any, Source]:
    """Parse exactly one statement; raises `InvalidQuery` with line and column, or `Unsupported` for one that would write."""
    from sqlglot import errors

    if len(sql) > STATEMENT_LENGTH_MAX:
        raise InvalidQuery(f"the statement has {len(sql)} characters, more than {STATEMENT_LENGTH_MAX}")
    source = Source(sql)
    try:
        tokens = _dialect().tokenize(sql)
        _check_commas(tokens)
        statements = [tree for tree in _dialect().parser().parse(tokens, sql) if tree is not None]
    except errors.ParseError as error:
        first = error.errors[0] if error.errors else {}
        line, column = first.get("line") or 1, first.get("col") or 1
        highlight = first.get("highlight") or ""
        reason = _ANSI.sub("", first.get("description") or "mismatched input").split(" but got ")[0].rstrip(".")
        near = f" near '{highlight}'" if highlight else ""
        raise InvalidQuery(f"mismatched input{near}: {reason}", line, max(1, column - len(highlight) + 1)) from error
    except errors.TokenError as error:
        raise InvalidQuery(_token_reason(), *_end(sql)) from error
    except RecursionError as error:
        raise InvalidQuery("the statement is nested too deeply") from error
    if not statements:
        raise InvalidQuery("SQL statement is empty")
    if len(statements) > 1:
        raise source.error(statements[1], "only one statement at a time; the text goes on after ';'")
    return statements[0], source


def _check_commas(tokens: list[Any]) -> None:
    """Refuse a comma with nothing behind it, which the parser would overlook."""
    for token, following in itertools.pairwise([*tokens, None]):
        if token.token_type.name == "COMMA" and (
            following is None or following.token_type.name in ("COMMA", "R_PAREN", "FROM", "SEMICOLON")
        ):
            at = following or token
            raise InvalidQuery(
                f"mismatched input '{at.text}'. Expecting: <expression>", at.line, max(1, at.col - len(at.text) + 1)
            )


def _token_reason() -> str:
    return "the text cannot be read to its end: a quote or comment is not closed"


def _end(sql: str) -> tuple[int, int]:
    return sql.count("\n") + 1, len(sql) - sql.rfind("\n")


_WRITES = {
    "Insert": "INSERT",
    "Create": "CREATE",
    "Drop": "DROP",
    "Delete": "DELETE",
    "Update": "UPDATE",
    "Merge": "MERGE",
    "Alter": "ALTER",
    "TruncateTable": "TRUNCATE",
    "Grant": "GRANT",
    "Revoke": "REVOKE",
    "Comment": "COMMENT",
    "Set": "SET",
    "Use": "USE",
    "Transaction": "START TRANSACTION",
    "Commit": "COMMIT",
    "Rollback": "ROLLBACK",
    "Refresh": "REFRESH",
    "Analyze": "ANALYZE",
    "Attach": "ATTACH",
    "Detach": "DETACH",
    "Pragma": "PRAGMA",
    "Copy": "COPY",
    "Kill": "KILL",
    "Cache": "CACHE",
    "LoadData": "LOAD",
}


def refuse_writes(tree: Any, source: Source) -> None:
    """Raise `Unsupported` for a statement that is not a query."""
    name = type(tree).__name__
    if name in _WRITES or name == "Command":
        word = _WRITES.get(name) or str(tree.this).upper()
        raise Unsupported(
            f"{word} is not supported here: SQL reads only; tables are changed by jobs and through the catalog's protocols"
        )
    raise source.error(tree, f"mismatched input: a query was expected, not {name.upper()}")
