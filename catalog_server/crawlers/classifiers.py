"""Classifiers of a crawler: an ordered list of what files look like, each for a glob, tried before anything is guessed.

A classifier is a line `GLOB KEY=VALUE KEY=VALUE`: the files it is for, by their paths below the target, and options of one
format. The first whose glob fits and which knows the file counts; a file that none knows is told by its content and name as any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from catalog_server.crawlers import limited
from catalog_server.crawlers.globs import Globs
from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.lake.formats import csv, grok, json, sniff
from catalog_server.lake.formats.base import FileProblem, FileSchema
from catalog_server.lake.formats.sniff import FORCED
from catalog_server.model.errors import Invalid

CLASSIFIERS_MAX = 100
FORMATS = {"csv": "csv", "json": "json", "xml": "xml", "grok": grok.FORMAT, "regex": grok.FORMAT}
"""The formats of options by how these begin."""
KEYS = (
    *("csv.header", "csv.delimiter", "csv.quote", "csv.columns"),
    *("grok.pattern", "regex.pattern", "json.path", "xml.row_tag"),
)
_KEY = re.compile(rf"(?:^|(?<=\s))({'|'.join(map(re.escape, KEYS))})=")


@dataclass(frozen=True, slots=True)
class Classifier:
    """One of them: whose files, of which format, and what is said of it."""

    globs: Globs
    format: str
    said: Mapping[str, str]
    line: str


class Classifiers:
    """A crawler's classifiers in their order, for paths below a target."""

    def __init__(self, text: str, said: Mapping[str, str], root: str = "") -> None:
        """From the option `classifiers`; `said` of all files counts where none of them knows one. Raises `Invalid`."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) > CLASSIFIERS_MAX:
            raise Invalid("option classifiers", f"{len(lines)} are more than {CLASSIFIERS_MAX}")
        self._all = tuple(map(_parsed, lines))
        self.text = text
        self.root = root
        self._start = len(root.rstrip("/")) + 1
        self.said = said

    def of(self, location: str) -> Iterator[Classifier]:
        """Those whose globs fit a file's path below the target, in their order."""
        return (one for one in self._all if one.globs.left_out([location[self._start :]])[0])

    def peek(self, files: FileSystem, info: FileInfo) -> str:
        """The format of a file by the first that knows it, see `sniff.peek`."""
        for one in self.of(info.location):
            with suppress(FileProblem):
                if sniff.peek(files, info, one.said, limited.inspect) == one.format:
                    return one.format
        return sniff.peek(files, info, self.said, limited.inspect)

    def inspect(self, files: FileSystem, info: FileInfo) -> FileSchema:
        """All that a file tells of its columns by the first that knows it, see `sniff.inspect`."""
        for one in self.of(info.location):
            with suppress(FileProblem):
                found = limited.inspect(files, info, one.said)
                if found.format == one.format:
                    told = f"told by the classifier {one.line} with certainty {found.certainty:.2f}"
                    return replace(found, notes=(*found.notes, told))
        return limited.inspect(files, info, self.said)


def _parsed(line: str) -> Classifier:
    glob, _, rest = line.partition(" ")
    found = list(_KEY.finditer(rest))
    if not found or rest[: found[0].start()].strip():
        raise Invalid(
            "option classifiers", f"{line!r} is not of the form GLOB KEY=VALUE, with a key of {', '.join(KEYS)}"
        )
    ends = [*(each.start() for each in found[1:]), len(rest)]
    said = {each[1]: rest[each.end() : end].strip() for each, end in zip(found, ends, strict=True)}
    formats = {FORMATS[key.partition(".")[0]] for key in said}
    if len(formats) > 1 or len(said) < len(found):
        raise Invalid("option classifiers", f"{line!r} speaks of several formats, or of one thing twice")
    format = formats.pop()
    return Classifier(Globs(glob), format, {**checked(said), FORCED: format}, line)


def checked(said: Mapping[str, str]) -> dict[str, str]:
    """What is said of formats, a regular expression as the pattern it is; raises `Invalid` for what cannot be."""
    if said.get("csv.header", "present") not in ("present", "absent"):
        raise Invalid("option csv.header", f"{said['csv.header']!r} is neither present nor absent")
    if len(said.get("csv.delimiter", ",")) != 1:
        raise Invalid("option csv.delimiter", "must be one character")
    csv.Said.of(said)
    if "json.path" in said:
        json.parse_path(said["json.path"])
    if "grok.pattern" in said and "regex.pattern" in said:
        raise Invalid("option regex.pattern", "goes without grok.pattern")
    patterns = {"grok.pattern": grok.REGEX + said["regex.pattern"]} if "regex.pattern" in said else {}
    made = {key: value for key, value in said.items() if key != "regex.pattern"} | patterns
    if "grok.pattern" in made:
        grok.parse(made["grok.pattern"])
    return made
