"""Globs: which files of a target a crawler leaves out.

`*` stands for any characters but `/`, `**` for any, `?` for one but `/`, `[a-z]` and `[!a-z]` for one of (or none of) some,
`{a,b}` for one of several, and a backslash takes the meaning of the next character away. They are matched in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog_server.model.errors import Invalid

PATTERN_MAX = 1_000
"""Characters of all patterns together."""
_SET = re.compile(r"\[(!?)([^\]/\\]+)\]")


class Globs:
    """Patterns of paths below a target, separated by commas outside of braces; a path that one of them fits is left out."""

    def __init__(self, text: str) -> None:
        """Raises `Invalid` for a pattern that is not complete, or that no path could be matched with."""
        if len(text) > PATTERN_MAX:
            raise Invalid("option exclude", f"has {len(text)} characters, more than {PATTERN_MAX}")
        self._pattern = "|".join(f"(?:{_expression(one)})" for one in _parted(text) if one)
        try:
            self.left_out(["x"])
        except ValueError as error:
            raise Invalid("option exclude", f"{text!r} cannot be used: {error}") from error

    def left_out(self, paths: Sequence[str]) -> list[bool]:
        """Of each path whether a pattern fits all of it."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = pc.match_substring_regex(pa.array(paths, pa.string()), f"(?s)\\A(?:{self._pattern})\\z")
        return list(found.to_pylist())


def _parted(text: str) -> list[str]:
    """The patterns of a list."""
    parts, depth, at = [""], 0, 0
    while at < len(text):
        char = text[at]
        taken = text[at : at + 2] if char == "\\" else char
        depth += (taken == "{") - (taken == "}")
        if taken == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += taken
        at += len(taken)
    return [part.strip() for part in parts]


def _expression(glob: str) -> str:
    made, depth, at = "", 0, 0
    while at < len(glob):
        char, taken = glob[at], 1
        if glob.startswith("**", at):
            made, taken = made + ".*", 2
        elif char == "*":
            made += "[^/]*"
        elif char == "?":
            made += "[^/]"
        elif char == "[":
            found = _SET.match(glob, at)
            if found is None:
                raise Invalid("option exclude", f"{glob!r} has a [ without its ]")
            made += f"[{'^/' if found[1] else ''}{re.escape(found[2]).replace(chr(92) + '-', '-')}]"
            taken = len(found[0])
        elif char == "{":
            made, depth = made + "(?:", depth + 1
        elif char == "}" and depth:
            made, depth = made + ")", depth - 1
        elif char == "," and depth:
            made += "|"
        elif char == "\\" and at + 1 < len(glob):
            made, taken = made + re.escape(glob[at + 1]), 2
        else:
            made += re.escape(char)
        at += taken
    if depth:
        raise Invalid("option exclude", f"{glob!r} has a {{ without its }}")
    return made
