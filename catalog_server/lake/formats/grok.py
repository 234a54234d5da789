"""Grok: patterns for lines of text, written as `%{NAME:column:type}` between plain regular expressions.

They become one pattern with a group for each column, which Hive's RegexSerDe is told too. Here it is matched by RE2, which takes
time in proportion to a line's length whatever the pattern is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from catalog_server.model.errors import Invalid
from catalog_server.model.table import Column

FORMAT = "grok"
REGEX = "regex:"
"""How a pattern begins that is a regular expression with named groups and nothing else."""
_NAMED = re.compile(r"\(\?P?<\w+>")
PATTERN_CHARACTERS_MAX = 10_000
TYPES = {"int": "int", "long": "bigint", "float": "float", "double": "double", "boolean": "boolean", "string": "string"}
_DEPTH_MAX = 10
_PART = re.compile(r"%\{([A-Z0-9_]+)(?::(\w+))?(?::(\w+))?\}")
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
NAMES = {
    "WORD": r"\w+",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": r".*?",
    "GREEDYDATA": r".*",
    "INT": r"[+-]?[0-9]+",
    "POSINT": r"[1-9][0-9]*",
    "NONNEGINT": r"[0-9]+",
    "NUMBER": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
    "QUOTEDSTRING": r'"[^"\\]*(?:\\.[^"\\]*)*"',
    "QS": "%{QUOTEDSTRING}",
    "UUID": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    "USERNAME": r"[a-zA-Z0-9._@-]+",
    "USER": "%{USERNAME}",
    "EMAILADDRESS": r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+",
    "IPV4": r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
    "IPV6": r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*",
    "IP": "(?:%{IPV4}|%{IPV6})",
    "HOSTNAME": r"[0-9A-Za-z][0-9A-Za-z.-]*",
    "IPORHOST": "(?:%{IP}|%{HOSTNAME})",
    "HOSTPORT": "%{IPORHOST}:%{POSINT}",
    "PATH": r"[^\s?#]+",
    "URIPATH": r"/[^\s?#]*",
    "URIPATHPARAM": r"/[^\s]*",
    "URI": r"[A-Za-z][A-Za-z0-9+.-]*://\S+",
    "LOGLEVEL": r"(?i:trace|debug|notice|info|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?|alert)",
    "MONTH": _MONTH,
    "YEAR": r"[0-9]{4}",
    "TIME": r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?",
    "TIMESTAMP_ISO8601": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?%{ZONE}",
    "ZONE": r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?",
    "HTTPDATE": rf"[0-9]{{2}}/{_MONTH}/[0-9]{{4}}:[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} [+-][0-9]{{4}}",
    "SYSLOGTIMESTAMP": rf"{_MONTH} +[0-9]{{1,2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}",
}


@dataclass(frozen=True, slots=True)
class Grok:
    """A pattern that has been understood."""

    regex: str
    """With one group for each column; fit for Java and RE2."""
    columns: tuple[Column, ...]
    compiled: Any


@lru_cache(maxsize=64)
def parse(pattern: str) -> Grok:
    """Understand a pattern; raises `Invalid` for unknown names and types, groups of its own, and what RE2 does not take."""
    if len(pattern) > PATTERN_CHARACTERS_MAX:
        raise Invalid("option grok.pattern", f"longer than {PATTERN_CHARACTERS_MAX} characters")
    if pattern.startswith(REGEX):
        return _of_regex(pattern.removeprefix(REGEX))
    columns: list[Column] = []
    regex = _expanded(pattern, columns, 0)
    if not columns:
        raise Invalid("option grok.pattern", "it names no column: write %{NAME:column}")
    try:
        compiled = compiled_by_re2(regex)
    except ValueError as error:
        raise Invalid("option grok.pattern", f"not a pattern: {error}") from error
    if compiled.groups != len(columns):
        raise Invalid("option grok.pattern", "it has groups of its own: write (?:...) for them")
    return Grok(regex, tuple(columns), compiled)


def _of_regex(pattern: str) -> Grok:
    """A regular expression whose groups are all named, as `(?P<name>...)`; its columns are texts."""
    try:
        named = compiled_by_re2(pattern)
        regex = _NAMED.sub("(", pattern)
        compiled = compiled_by_re2(regex)
    except ValueError as error:
        raise Invalid("option regex.pattern", f"not a pattern: {error}") from error
    names = sorted(named.groupindex, key=lambda name: int(named.groupindex[name]))
    if not names or named.groups != len(names):
        raise Invalid("option regex.pattern", "each group must be a column, as (?P<name>...), or be written (?:...)")
    columns = tuple(Column(name, "string") for name in names)
    if len({column.key for column in columns}) < len(columns):
        raise Invalid("option regex.pattern", "a column comes twice")
    return Grok(regex, columns, compiled)


def compiled_by_re2(regex: str) -> Any:
    """A regular expression that takes time in proportion to what it is matched with; raises `ValueError`."""
    import re2

    try:
        return re2.compile(regex)
    except re2.error as error:
        told = error.args[0] if error.args else ""
        raise ValueError(told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)) from error


def _expanded(pattern: str, columns: list[Column] | None, depth: int) -> str:
    """The pattern with names replaced; columns only of the outermost one."""
    if depth > _DEPTH_MAX:
        raise Invalid("option grok.pattern", "nested too deeply")

    def replaced(match: re.Match[str]) -> str:
        name, column, kind = match.groups()
        if name not in NAMES:
            raise Invalid("option grok.pattern", f"{name} is not known; known: {', '.join(NAMES)}")
        inner = _expanded(NAMES[name], None, depth + 1)
        if column is None or columns is None:
            return f"(?:{inner})"
        if (kind or "string") not in TYPES:
            raise Invalid("option grok.pattern", f"the type {kind} is not known; known: {', '.join(TYPES)}")
        if column.lower() in {known.key for known in columns}:
            raise Invalid("option grok.pattern", f"the column {column} comes twice")
        columns.append(Column(column, TYPES[kind or "string"]))
        return f"({inner})"

    return _PART.sub(replaced, pattern)
