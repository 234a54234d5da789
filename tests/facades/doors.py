"""One contract over every facade, so that one test speaks through each: what is made, and how it is seen."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import quote

from catalog_server.lake.iceberg import document, files
from catalog_server.model.errors import AlreadyExists, CatalogError, NotEmpty, NotFound

Columns = tuple[tuple[str, str, str | None], ...]
"""Name, type in Hive's language, and comment of each column."""
SCHEMA: dict[str, Any] = {
    "type": "struct",
    "fields": [
        {"id": 1, "name": "id", "type": "long", "required": True, "doc": "the key"},
        {
            "id": 2,
            "name": "tags",
            "type": {"type": "list", "element-id": 3, "element": "string", "element-required": False},
            "required": False,
        },
    ],
}
"""Of the Iceberg tables that doors make."""
ICEBERG_COLUMNS: Columns = (("id", "bigint", "the key"), ("tags", "array<string>", None))
FILE_COLUMNS: Columns = (("id", "bigint", "the key"), ("tags", "array<string>", None))
KEYS: Columns = (("city", "string", None),)


@dataclass(frozen=True)
class SeenDatabase:
    """A database as every door can tell it."""

    name: str
    comment: str | None
    owner: str | None
    location: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class SeenTable:
    """A table as every door can tell it; `metadata_location` of an Iceberg table alone."""

    name: str
    columns: Columns
    keys: Columns
    location: str
    metadata_location: str | None
    parameters: Mapping[str, str]


class Door(Protocol):
    """A facade in use. What goes wrong is raised as `NotFound`, `AlreadyExists` or `NotEmpty`."""

    name: ClassVar[str]
    shows_files: ClassVar[bool] = True
    """Whether tables of files, their partitions, views and functions are shown here."""
    makes_iceberg: ClassVar[bool] = True

    def create_database(self, name: str, comment: str, owner: str, parameters: Mapping[str, str]) -> None:
        """Make a database."""

    def database(self, name: str) -> SeenDatabase:
        """See a database."""

    def databases(self) -> set[str]:
        """Names of all databases."""

    def comment_database(self, name: str, comment: str) -> None:
        """Change a database's comment."""

    def drop_database(self, name: str) -> None:
        """Drop an empty database."""

    def create_iceberg(self, database: str, name: str) -> None:
        """Make an Iceberg table of SCHEMA with the property `p` = 1."""

    def create_files(self, database: str, name: str) -> None:
        """Make an external table of Parquet files of FILE_COLUMNS and KEYS with the parameter `p` = 1."""

    def table(self, database: str, name: str) -> SeenTable:
        """See a table."""

    def tables(self, database: str) -> set[str]:
        """Names of the tables of a database."""

    def set_parameter(self, database: str, name: str, key: str, value: str) -> None:
        """Set a parameter of a table."""

    def rename(self, database: str, name: str, new: str) -> None:
        """Give a table another name."""

    def drop(self, database: str, name: str) -> None:
        """Drop a table."""


class FilesDoor(Door, Protocol):
    """A door that shows more than Iceberg."""

    def add_partition(self, database: str, table: str, value: str) -> None:
        """Add a partition."""

    def partitions(self, database: str, table: str) -> dict[str, str]:
        """Locations of partitions by name."""

    def drop_partition(self, database: str, table: str, value: str) -> None:
        """Drop a partition."""

    def create_view(self, database: str, name: str, statement: str) -> None:
        """Make a view."""

    def view(self, database: str, name: str) -> str:
        """A view's statement."""

    def create_function(self, database: str, name: str, class_name: str) -> None:
        """Register a function."""

    def function(self, database: str, name: str) -> tuple[str, str]:
        """Name and class of a function."""


@contextmanager
def raising(kinds: Mapping[type[Exception], type[CatalogError]]) -> Any:
    """Translate a client's own exceptions."""
    try:
        yield
    except tuple(kinds) as error:
        found = next(ours for theirs, ours in kinds.items() if isinstance(error, theirs))
        raise said(found, str(error)) from error


def said(kind: type[CatalogError], message: str) -> CatalogError:
    """An error of the model that a door told of."""
    return kind("thing", message) if kind in (NotFound, AlreadyExists, NotEmpty) else kind(message)


def write_metadata(folder: Path, location: str) -> str:
    """Write the metadata of a new Iceberg table as an engine with a Hive catalog does, and tell where it is."""
    return write_document(folder, document.new_document(location, SCHEMA, None, None, {"p": "1"}, now_ms=1))


def write_document(folder: Path, found: dict[str, Any]) -> str:
    """Write a metadata file."""
    path = folder / f"{uuid.uuid4().hex}.metadata.json"
    path.write_bytes(files.dumps(found, False))
    return f"file://{path}"


def part(text: str) -> str:
    """A part of a URL's path."""
    return quote(text, safe="")
