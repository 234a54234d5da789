"""All files of a table, so that they can be deleted: what its snapshots list, and the files that list them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from catalog_server.lake.filesystem import Lake
from catalog_server.lake.iceberg import files
from catalog_server.lake.iceberg.document import completed
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import NotFound

GC_ENABLED = "gc.enabled"
_STATISTICS = ("statistics", "partition-statistics")


def delete_files(lake: Lake, metadata_location: str, wanted: Callable[[str], bool]) -> bool:
    """Delete those files of a table that are `wanted`, its metadata file last; may be done again when it was cut short.

    Returns whether files were the table's to delete: with `gc.enabled` false all of them stay, since others may use them.
    Files that are not there, and manifests that cannot be read for it, are passed over.
    """
    try:
        document = completed(files.loads(lake.filesystem(metadata_location).read(metadata_location)))
    except NotFound:
        return True
    if str(document["properties"].get(GC_ENABLED, "true")).lower() == "false":
        return False
    for location in _files_of(lake, document):
        if wanted(location):
            lake.filesystem(location).delete(location)
    if wanted(metadata_location):
        lake.filesystem(metadata_location).delete(metadata_location)
    return True


def _files_of(lake: Lake, document: Json) -> Iterator[str]:
    """Data and delete files, then manifests, their lists, statistics and older metadata files."""
    snapshots = document["snapshots"]
    lists = [snapshot["manifest-list"] for snapshot in snapshots if snapshot.get("manifest-list")]
    manifests = dict.fromkeys(path for snapshot in snapshots for path in snapshot.get("manifests") or ())
    found: dict[str, object] = dict.fromkeys(manifests)
    for location in lists:
        found |= _manifests_in(lake, location)
    for manifest in found.values():
        yield from _entries_of(lake, manifest)
    yield from found
    yield from lists
    yield from (
        entry["statistics-path"] for key in _STATISTICS for entry in document[key] if "statistics-path" in entry
    )
    yield from (entry["metadata-file"] for entry in document["metadata-log"] if "metadata-file" in entry)


def _manifests_in(lake: Lake, location: str) -> dict[str, object]:
    from catalog_server.lake.iceberg.file_io import LakeInput
    from catalog_server.lake.iceberg.scan.manifests import list_records

    try:
        return {manifest.manifest_path: manifest for manifest in list_records(LakeInput(lake, location))}
    except FileNotFoundError:
        return {}


def _entries_of(lake: Lake, manifest: object) -> Iterator[str]:
    from catalog_server.lake.iceberg.file_io import LakeInput
    from catalog_server.lake.iceberg.scan.manifests import entry_records

    if manifest is None:  # named by a snapshot of version 1 without a list, which pyiceberg reads no more
        return
    try:
        for entry in entry_records(LakeInput(lake, manifest.manifest_path)):  # type: ignore[attr-defined]
            yield entry.data_file.file_path
    except FileNotFoundError:
        return
