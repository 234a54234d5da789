"""What an engine hands to the runner: the program to start, its environment and the files it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from catalog_server.model.job import Job, JobRun

SCRIPT = "script.py"
TOUCHED = "touched.jsonl"
"""What the script read and wrote, a JSON document a line, written while it runs."""
RESULT = "result.json"
"""How the script ended, where it ended by itself."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its whole environment; it runs in the run's own folder."""

    arguments: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunContext:
    """All that an engine may know of a run: what to run, where the catalog answers, where the files lie."""

    run: JobRun
    job: Job
    directory: Path
    thrift: str
    """`host:port` of the metastore."""
    http: str
    """Base URL of the HTTP port, without a slash at its end."""
    warehouse: str
    """Where tables without a location go."""
    storage: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Storage options by location prefix (`s3://bucket/prefix`); the empty prefix serves what no other does."""
    engines_home: Path | None = None

    @property
    def script(self) -> Path:
        """The script's file."""
        return self.directory / SCRIPT

    @property
    def script_arguments(self) -> list[str]:
        """The run's arguments as the script finds them in `sys.argv`."""
        return [part for name, value in self.run.arguments.items() for part in (f"--{name}", value)]
