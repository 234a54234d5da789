"""Conversions: a table made of all rows of another, in a format that every engine reads, by a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog_server.model.job import Job
from catalog_server.model.names import TableName

ICEBERG, PARQUET = "iceberg", "parquet"
FORMATS = (ICEBERG, PARQUET)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is wanted; what is None is chosen."""

    source: TableName
    format: str = ICEBERG
    """One of `FORMATS`."""
    database: str | None = None
    """Where the new table goes: else to the source's database, or of a foreign catalog to one of the same name."""
    table: str | None = None
    """What it is called: else as the source, with the format behind it."""
    location: str | None = None
    """The folder of its files: else below its database's."""
    engine: str | None = None
    """`sail`, to read the source by the server's SQL, or `spark`, to have Spark read it."""
    job: str | None = None
    """Name of the job: else made of the names of the source and the format."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    """Settings of the engine."""


@dataclass(frozen=True, slots=True)
class Converting:
    """A conversion with all that is chosen: the job that does it, and the table that it makes."""

    conversion: Conversion
    job: Job
    target: TableName
    readable_by: str | None
    """The engines that read the source rightly, where not all do."""
    exists: bool = False
    """Whether the job is there already, just so."""
