"""Iceberg table metadata, kept as the JSON document it is: pure functions on dicts, no I/O."""

from catalog_server.lake.iceberg.columns import columns_of, hive_parameters, hive_type, summary_of
from catalog_server.lake.iceberg.document import completed, current_snapshot, new_document, snapshot_id
from catalog_server.lake.iceberg.files import compresses, dumps, loads, metadata_file_name, metadata_file_version
from catalog_server.lake.iceberg.requirements import check_requirements, is_create
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.lake.iceberg.updates import UPDATE_ACTIONS, apply_updates

__all__ = [
    "UPDATE_ACTIONS",
    "Json",
    "apply_updates",
    "check_requirements",
    "columns_of",
    "completed",
    "compresses",
    "current_snapshot",
    "dumps",
    "hive_parameters",
    "hive_type",
    "is_create",
    "loads",
    "metadata_file_name",
    "metadata_file_version",
    "new_document",
    "snapshot_id",
    "summary_of",
]
