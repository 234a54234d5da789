"""All files of a table, so that they can be deleted: what its snapshots list, and the files that list them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from catalog_server.lake.filesystem import Lake
from catalog_server.lake.iceberg import files, references
from catalog_server.lake.iceberg.document import completed
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid, NotFound

GC_ENABLED = "gc.enabled"


def delete_files(lake: Lake, metadata_location: str, wanted: Callable[[str], bool]) -> bool:
    """Delete those files of a table that are `wanted`, its metadata file last; may be done again when it was cut short.

    Returns whether files were the table's to delete: with `gc.enabled` false all of them stay, since others may use them.
    Files that are not there, and manifests that cannot be read for it, are passed over.
    """
    try:
        document = completed(files.loads(lake.filesystem(metadata_location).read(metadata_location)))
    except NotFound:
        return True
    if not collects_garbage(document):
        return False
    for location in _files_of(lake, document):
        if wanted(location):
            lake.filesystem(location).delete(location)
    if wanted(metadata_location):
        lake.filesystem(metadata_location).delete(metadata_location)
    return True


def collects_garbage(document: Json) -> bool:
    """Whether files of a table may be deleted: not with `gc.enabled` false, since others may use them."""
    return str(document["properties"].get(GC_ENABLED, "true")).lower() != "false"


def check_collects_garbage(document: Json, name: str) -> None:
    """Refuse to delete files of a table that does not let it; raises `Invalid`."""
    if not collects_garbage(document):
        raise Invalid(GC_ENABLED, f"is false: files of table {name} may belong to others and are not deleted")


def _files_of(lake: Lake, document: Json) -> Iterator[str]:
    """Data and delete files, then manifests, their lists, statistics and older metadata files."""
    snapshots = document["snapshots"]
    with_lists = [snapshot for snapshot in snapshots if snapshot.get("manifest-list")]
    manifests = references.manifests_of(lake, with_lists, lenient=True)
    for manifest in manifests.values():
        yield from _entries_of(lake, manifest)
    unread = (
        path for snapshot in snapshots for path in snapshot.get("manifests") or ()
    )  # pyiceberg reads them no more
    yield from dict.fromkeys((*manifests, *unread))
    yield from (one.location for one in references.manifest_lists(snapshots))
    yield from (one.location for one in references.statistics_files(document))
    yield from (entry["metadata-file"] for entry in document["metadata-log"] if "metadata-file" in entry)


def _entries_of(lake: Lake, manifest: Any) -> Iterator[str]:
    from catalog_server.lake.iceberg.file_io import LakeInput
    from catalog_server.lake.iceberg.scan.manifests import entry_records

    try:
        for entry in entry_records(LakeInput(lake, manifest.manifest_path)):
            yield entry.data_file.file_path
    except FileNotFoundError:
        return
