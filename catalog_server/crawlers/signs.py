"""Signs of tables that bring metadata of their own (Delta, Hudi, Iceberg): their folders, and the files that define them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from catalog_server.lake import delta, hudi
from catalog_server.lake.files import FileInfo
from catalog_server.lake.iceberg.files import metadata_file_version
from catalog_server.lake.locations import base_name

DELTA, HUDI, ICEBERG = "Delta", "Hudi", "Iceberg"
KINDS = (DELTA, HUDI, ICEBERG)
"""Of a folder with signs of several the first one counts: it is what is written, and the others are made from it."""
HINT = "version-hint.text"
OPTIMIZED = "_ro"
"""How the name ends of the view of a Hudi table that leaves out what is not merged, as Hudi's own sync calls it."""
_KEPT = 16
"""Metadata files of each table that are kept in memory: those with the highest versions."""
_COMMITS_KEPT = 1_000
"""Newest commits of each Hudi table that are kept; its writers archive older ones much sooner."""
_SIGNS = ("_delta_log", ".hoodie", "metadata")
_METADATA = re.compile(r"[^/]+\.metadata\.json(?:\.gz)?")
_FOLDERS = {
    DELTA: re.compile(r"(.*?)/_delta_log((?:/.*)?)", re.DOTALL),
    HUDI: re.compile(r"(.*?)/\.hoodie((?:/.*)?)", re.DOTALL),
    ICEBERG: re.compile(r"(.*)/metadata()", re.DOTALL),
}
"""The table's folder, and where below the folder of its metadata a folder is."""
_FILES = {
    DELTA: re.compile(r"/\d{20}\.(?:json|checkpoint\..+)", re.DOTALL),
    HUDI: re.compile(rf"/{re.escape(hudi.PROPERTIES)}|(?:/timeline)?/{hudi.INSTANT.pattern}"),
    ICEBERG: re.compile(rf"/(?:{_METADATA.pattern}|{re.escape(HINT)})"),
}


@dataclass(slots=True)
class Signed:
    """The folder of a table that has metadata of its own."""

    kind: str
    path: str
    """Below the target; `""` is the target itself."""
    files: list[FileInfo] = field(default_factory=list)
    """The newest of those that its definition is read from."""
    fingerprint: bytes = b""
    """Differs whenever these files do."""
    partitions: list[str] = field(default_factory=list)
    """Paths below the table of folders that are marked as partitions of a Hudi table."""

    def add(self, infos: Sequence[FileInfo]) -> None:
        """More files; old ones go."""
        if not infos:
            return
        said = [(info.location, info.size, info.etag) for info in infos]
        self.fingerprint = blake2b(self.fingerprint + msgspec.msgpack.encode(said), digest_size=16).digest()
        self.files.extend(infos)
        if self.kind == ICEBERG and len(self.files) > _KEPT:
            self.files.sort(key=lambda info: (not _is_hint(info), -metadata_file_version(info.location), info.location))
            del self.files[_KEPT:]
        elif self.kind == DELTA and len(self.files) > _KEPT:
            began, _ = delta.newest_checkpoint([info.location for info in self.files])
            self.files = [info for info in self.files if int(base_name(info.location)[:20]) >= began]
        elif self.kind == HUDI and len(self.files) > _COMMITS_KEPT:
            self.files.sort(
                key=lambda info: base_name(info.location), reverse=True
            )  # the settings are called by a letter
            del self.files[_COMMITS_KEPT:]

    def digest(self, name: str) -> bytes:
        """A fingerprint of all that a table of this name depends on."""
        said = (name, self.kind, self.path, self.fingerprint, self.partitions)
        return blake2b(msgspec.msgpack.encode(said), digest_size=16).digest()


def _is_hint(info: FileInfo) -> bool:
    return base_name(info.location) == HINT


def may_have(path: str) -> bool:
    """Whether a folder may be one of a table's metadata, by its path below the target: asked of every folder."""
    return any(sign in path for sign in _SIGNS)


def note(path: str, infos: Iterable[FileInfo], signed: dict[str, Signed]) -> None:
    """See whether some files of a folder are of a table's metadata, and keep them with the table, by the path of its folder."""
    listed = list(infos)
    for kind in KINDS:
        match = _FOLDERS[kind].fullmatch(f"/{path}")
        if match is None:
            continue
        table, below = match[1].removeprefix("/"), match[2]
        names = [(f"{below}/{base_name(info.location)}", info) for info in listed]
        defining = [info for name, info in names if _FILES[kind].fullmatch(name)]
        if kind == ICEBERG and not any(_METADATA.fullmatch(base_name(info.location)) for info in defining):
            continue
        held = signed.get(table)
        if held is None or KINDS.index(kind) < KINDS.index(held.kind):
            held = signed[table] = Signed(kind, table)
        if held.kind == kind:
            held.add(defining)


def is_marked(names: Sequence[str]) -> bool:
    """Whether a folder with these files, in their order, is marked as a partition of a Hudi table."""
    at = bisect_left(names, hudi.MARKS[0])
    return at < len(names) and names[at] in hudi.MARKS


def give(signed: Mapping[str, Signed], marked: Iterable[str]) -> None:
    """Give folders that are marked as partitions, by their paths below the target, to the tables that they are of."""
    tables = {path: one for path, one in signed.items() if one.kind == HUDI}
    for path in marked if tables else ():
        table = next((tables[above] for above in (*_above(path), path) if above in tables), None)
        below = path.removeprefix(table.path).strip("/") if table is not None else ""
        if table is not None and not below.startswith(".hoodie/"):  # whose own table of metadata has partitions as well
            table.partitions.append(below)


def outermost(signed: dict[str, Signed]) -> dict[str, Signed]:
    """Without those that lie inside another one, whose files they are."""
    return {path: one for path, one in signed.items() if not any(above in signed for above in _above(path))}


def _above(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(len(parts) if path else 0))
