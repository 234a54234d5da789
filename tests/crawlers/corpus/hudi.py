"""Real Hudi tables, as `make_hudi.py` wrote them with Hudi's own writer: two commits each, the second with a new column."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

_FOLDER = Path(__file__).with_name("hudi_tables")
_OWN = re.compile(r"\.hoodie/(timeline/)?\d+\.\w+\.requested")
OWN = [
    "_hoodie_commit_time",
    "_hoodie_commit_seqno",
    "_hoodie_record_key",
    "_hoodie_partition_path",
    "_hoodie_file_name",
]
"""Columns that Hudi adds to each table."""


def hudi_files(name: str, path: str = "t", commits: int = 9) -> dict[str, bytes]:
    """All files of a table as of its first commits, below `path`."""
    with zipfile.ZipFile(_FOLDER / f"{name}.zip") as archive:
        files = {member: archive.read(member) for member in archive.namelist()}
    begun = sorted({member.rpartition("/")[2][:17] for member in files if _OWN.fullmatch(member)})
    later = begun[commits:]
    marks = {member.rpartition("/")[0]: body for member, body in files.items() if member.endswith("_metadata")}
    new = {folder for folder, body in marks.items() if any(at.encode() in body for at in later)}
    kept = {
        member: body
        for member, body in files.items()
        if not any(at in member for at in later) and (member.startswith(".") or member.partition("/")[0] not in new)
    }
    return {f"{path}/{member}": body for member, body in kept.items()}
