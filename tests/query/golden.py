"""The golden statements: files of SQL, one statement a line, each with the answers that a real Trino gave beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "golden" / "sql"
DATA = FOLDER.parent / "data"
"""Small tables of Trino's TPC-H generator, for statements that read tables."""


@dataclass(frozen=True, slots=True)
class Case:
    """A statement and Trino's answer: columns (name, type) and rows, or an error."""

    file: str
    sql: str
    columns: list[list[str]] | None
    rows: list[list[Any]] | None
    error: dict[str, Any] | None

    def __str__(self) -> str:
        return f"{self.file}: {self.sql[:60]}"


def statements() -> dict[str, list[str]]:
    """The statements by file."""
    return {
        path.stem: [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        for path in sorted(FOLDER.glob("*.sql"))
    }


def cases() -> list[Case]:
    """All statements with their answers."""
    made = []
    for path in sorted(FOLDER.glob("*.json")):
        for said in json.loads(path.read_text(encoding="utf-8")):
            made.append(Case(path.stem, said["sql"], said.get("columns"), said.get("rows"), said.get("error")))
    return made
