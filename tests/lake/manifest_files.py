"""Manifests and their lists written by hand: deletes and format version 3, which pyiceberg reads but does not write."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyiceberg.avro.file import AvroOutputFile
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (
    MANIFEST_LIST_FILE_SCHEMAS,
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    construct_partition_summaries,
    data_file_with_partition,
    manifest_entry_schema_with_data_file,
)
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record

DATA, POSITIONS, EQUALITY = DataFileContent.DATA, DataFileContent.POSITION_DELETES, DataFileContent.EQUALITY_DELETES


def content_file(path: str, partition: Sequence[Any] = (), content: DataFileContent = DATA, **more: Any) -> DataFile:
    """A file as a manifest lists it; whether it is there does not matter."""
    values = {"record_count": 10, "file_size_in_bytes": 1000, "file_format": FileFormat.PARQUET, **more}
    return DataFile.from_args(3, content=content, file_path=path, partition=Record(*partition), **values)


@dataclass
class Snapshot:
    """A snapshot under way: manifests are added, then `metadata` gives it as table metadata has it."""

    folder: Path
    schema: Schema
    spec: PartitionSpec
    version: int = 2
    id: int = 1
    sequence: int = 1
    codec: str = "deflate"
    manifests: list[ManifestFile] = field(default_factory=list)

    def add(self, files: Sequence[DataFile], *, sequence: int | None = None, **more: Any) -> None:
        """Add a manifest of files that came with some sequence number; `more` are fields of the manifest in its list."""
        content = ManifestContent.DATA if files[0].content == DATA else ManifestContent.DELETES
        partition = self.spec.partition_type(self.schema)
        written, recorded = (
            manifest_entry_schema_with_data_file(version, data_file_with_partition(partition, version))
            for version in (self.version, 3)
        )
        entries = [
            ManifestEntry.from_args(3, status=ManifestEntryStatus.ADDED, snapshot_id=self.id, data_file=file)
            for file in files
        ]
        output = PyArrowFileIO().new_output(f"file://{self.folder}/{uuid.uuid4()}.avro")
        metadata = {"format-version": str(self.version), "content": content.name.lower(), "avro.codec": self.codec}
        with AvroOutputFile[ManifestEntry](output, written, "manifest_entry", recorded, metadata) as writer:
            writer.write_block(entries)
        number = self.sequence if sequence is None else sequence
        values: dict[str, Any] = {
            "manifest_path": output.location,
            "manifest_length": len(output),
            "partition_spec_id": self.spec.spec_id,
            "content": content,
            "sequence_number": number,
            "min_sequence_number": number,
            "added_snapshot_id": self.id,
            "added_files_count": len(files),
            "existing_files_count": 0,
            "deleted_files_count": 0,
            "added_rows_count": 0,
            "existing_rows_count": 0,
            "deleted_rows_count": 0,
            "partitions": construct_partition_summaries(self.spec, self.schema, [file.partition for file in files]),
        }
        self.manifests.append(ManifestFile.from_args(3, **{**values, **more}))

    def metadata(self, parent: int | None = None) -> dict[str, Any]:
        """Write the list, and say what the snapshot is."""
        output = PyArrowFileIO().new_output(f"file://{self.folder}/snap-{self.id}-{uuid.uuid4()}.avro")
        schemas = MANIFEST_LIST_FILE_SCHEMAS[self.version], MANIFEST_LIST_FILE_SCHEMAS[3]
        metadata = {"format-version": str(self.version), "avro.codec": self.codec}
        with AvroOutputFile[ManifestFile](output, schemas[0], "manifest_file", schemas[1], metadata) as writer:
            writer.write_block(self.manifests)
        found = {
            "snapshot-id": self.id,
            "sequence-number": self.sequence,
            "timestamp-ms": time.time_ns() // 1_000_000,
            "manifest-list": output.location,
            "summary": {"operation": "append"},
            "schema-id": 0,
        }
        return found if parent is None else {**found, "parent-snapshot-id": parent}
