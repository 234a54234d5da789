"""Rewriting data files by pyiceberg: what it can do, and a clear refusal of what it cannot; loaded only where it is done."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.fileformat import FileFormatFactory
from pyiceberg.io.pyarrow import ArrowScan, _to_requested_schema, schema_to_pyarrow
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestContent, ManifestFile
from pyiceberg.schema import sanitize_column_names
from pyiceberg.table import FileScanTask, StaticTable, Transaction

from catalog_server.lake.filesystem import Lake
from catalog_server.lake.iceberg.packing import SmallFile
from catalog_server.lake.iceberg.rewritable import INSTEAD, delete_files_refused
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.lake.iceberg.storage import file_io_properties
from catalog_server.model.errors import CatalogError, Unsupported

_BUFFER_BYTES = 128 * 1024 * 1024
"""Of rows that are gathered before a row group is written."""


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What pyiceberg cannot do, in our words."""
    try:
        yield
    except CatalogError:
        raise
    except (NotImplementedError, ValueError, TypeError, pa.ArrowException) as error:
        raise Unsupported(f"table {name} cannot be rewritten here: {str(error)[:300]}{INSTEAD}") from error


@dataclass(frozen=True, slots=True)
class _Place:
    """A partition's folder, where pyiceberg wants a key that can tell it."""

    path: str

    def to_path(self) -> str:
        return self.path


class Rewriting:
    """A table at one metadata file; `main` is what is rewritten."""

    def __init__(self, lake: Lake, metadata_location: str, name: str) -> None:
        self.name = name
        with _told(name):
            properties = file_io_properties(lake.storage_options(metadata_location))
            self._table = StaticTable.from_metadata(metadata_location, properties)

    def small_files(self) -> Iterator[SmallFile]:
        """Data files of today's partition spec; raises `Unsupported` for a table with delete files."""
        with _told(self.name):
            for one in self._data_files():
                yield SmallFile(one.file_path, one.file_size_in_bytes, one.record_count, _values(one.partition))

    def found(self, wanted: Collection[str]) -> dict[str, DataFile]:
        """Those of some data files that are live, by location; raises `Unsupported` for a table with delete files."""
        with _told(self.name):
            return {one.file_path: one for one in self._data_files() if one.file_path in wanted}

    def new_location(self, file_name: str, like: DataFile) -> str:
        """Where a file of the partition of another one would be written."""
        with _told(self.name):
            spec, schema = self._table.spec(), self._table.schema()
            place: Any = _Place(spec.partition_to_path(like.partition, schema)) if spec.fields else None
            return str(self._table.location_provider().new_data_location(file_name, place))

    def write(self, files: Sequence[DataFile], location: str) -> DataFile:
        """Write the rows of some files of one partition to a new one, some at a time.

        Raises:
            Unsupported: pyiceberg cannot read or write them, or they do not hold the rows that they say.
        """
        with _told(self.name):
            schema = sanitize_column_names(self._table.schema())
            model: Any = FileFormatFactory.get(FileFormat.PARQUET)
            output = self._table.io.new_output(location)
            writer = model.create_writer(output, schema, self._table.properties)
            rows = 0
            with writer:
                for some in _gathered(self._batches(files, schema, model), schema):
                    rows += some.num_rows
                    writer.write(some)
            expected = sum(one.record_count for one in files)
            if rows != expected:
                raise ValueError(f"{rows} rows were read where its files say {expected}")
            return DataFile.from_args(
                content=DataFileContent.DATA,
                file_path=location,
                file_format=FileFormat.PARQUET,
                partition=files[0].partition,
                file_size_in_bytes=len(output),
                sort_order_id=None,
                spec_id=self._table.spec().spec_id,
                equality_ids=None,
                key_metadata=None,
                **writer.result().to_serialized_dict(),
            )

    def replaced(
        self, old: Sequence[DataFile], new: Sequence[DataFile], summary: Mapping[str, str]
    ) -> tuple[list[Json], list[Json], list[str]]:
        """Write the manifests of a snapshot with new files for old ones: its requirements, updates, and the files written."""
        with _told(self.name):
            transaction = Transaction(self._table)
            producer: Any = transaction.update_snapshot(snapshot_properties=dict(summary)).overwrite()
            for one in old:
                producer.delete_data_file(one)
            for one in new:
                producer.append_data_file(one)
            try:
                producer.commit()  # into the transaction, which is not committed by pyiceberg
            except BaseException:
                producer._clean_all_uncommitted()
                raise
            written = [*producer._written_manifests, *producer._written_manifest_lists]
            required = [_json(one) for one in transaction._requirements]
            updates = [_json(one) for one in transaction._updates]
        for update in updates:
            if update["action"] == "add-snapshot":
                update["snapshot"]["summary"]["operation"] = "replace"
        return required, updates, written

    def _data_files(self) -> Iterator[DataFile]:
        snapshot = self._table.current_snapshot()
        spec = self._table.spec().spec_id
        for manifest in snapshot.manifests(self._table.io) if snapshot is not None else ():
            if manifest.content == ManifestContent.DELETES:
                if _lists_any(manifest):
                    raise delete_files_refused(self.name)
            elif manifest.partition_spec_id == spec:
                for entry in manifest.fetch_manifest_entry(self._table.io, discard_deleted=True):
                    if entry.data_file.file_format == FileFormat.PARQUET:
                        yield entry.data_file

    def _batches(self, files: Sequence[DataFile], schema: Any, model: Any) -> Iterator[pa.RecordBatch]:
        metadata, io, own = self._table.metadata, self._table.io, self._table.schema()
        scan = ArrowScan(metadata, io, own, AlwaysTrue())
        for one in files:
            for batch in scan.to_record_batches([FileScanTask(one)]):
                yield _to_requested_schema(schema, own, batch, include_field_ids=True, format_model=model)


def _gathered(batches: Iterator[pa.RecordBatch], schema: Any) -> Iterator[pa.Table]:
    """Batches of any size as tables that make good row groups, all of one schema; at least one."""
    wanted = schema_to_pyarrow(schema, include_field_ids=True)
    held: list[pa.Table] = [wanted.empty_table()]
    size = 0
    for batch in batches:
        held.append(pa.Table.from_batches([batch]).cast(wanted))
        size += batch.nbytes
        if size >= _BUFFER_BYTES:
            yield pa.concat_tables(held)
            held, size = [], 0
    if held:
        yield pa.concat_tables(held)


def _lists_any(manifest: ManifestFile) -> bool:
    counts = (manifest.added_files_count, manifest.existing_files_count)
    return any(count is None or count > 0 for count in counts)


def _values(partition: Any) -> tuple[Any, ...]:
    return tuple(partition[place] for place in range(len(partition)))


def _json(one: Any) -> Json:
    made: Json = json.loads(one.model_dump_json(by_alias=True, exclude_none=True))
    return made
