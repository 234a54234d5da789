"""The files that a metadata document refers to, over all of its snapshots, branches and tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from catalog_server.lake.filesystem import Lake
from catalog_server.lake.iceberg.file_set import DATA, DELETES, MANIFEST, MANIFEST_LIST, METADATA, STATISTICS, File
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import CatalogError, NotFound, Unavailable, Unsupported

Manifests = dict[str, Any]
"""Manifests by their location, as pyiceberg read them from manifest lists."""
_STATISTICS = ("statistics", "partition-statistics")


def metadata_files(document: Json, metadata_location: str) -> Iterator[File]:
    """The metadata file of a document and the older ones that it names."""
    yield File(metadata_location, METADATA)
    for entry in document["metadata-log"]:
        if "metadata-file" in entry:
            yield File(entry["metadata-file"], METADATA)


def statistics_files(document: Json, snapshots: frozenset[int] | None = None) -> Iterator[File]:
    """Files of statistics, of all snapshots or of some."""
    for key in _STATISTICS:
        for entry in document[key]:
            if "statistics-path" in entry and (snapshots is None or entry.get("snapshot-id") in snapshots):
                yield File(entry["statistics-path"], STATISTICS, int(entry.get("file-size-in-bytes") or 0))


def manifest_lists(snapshots: Iterable[Json]) -> Iterator[File]:
    """Manifest lists of snapshots; their sizes are written nowhere."""
    for snapshot in snapshots:
        if snapshot.get("manifest-list"):
            yield File(snapshot["manifest-list"], MANIFEST_LIST)


def manifests_of(lake: Lake, snapshots: Sequence[Json], *, lenient: bool = False) -> Manifests:
    """All manifests of some snapshots, each once.

    Raises:
        NotFound: a manifest list is gone; with `lenient` it counts as empty.
        Unsupported: a snapshot names its manifests without a list, as the first writers of version 1 did.
        Unavailable: a manifest list cannot be read.
    """
    from catalog_server.lake.iceberg.file_io import LakeInput
    from catalog_server.lake.iceberg.scan.manifests import list_records

    found: Manifests = {}
    for snapshot in snapshots:
        location = snapshot.get("manifest-list")
        if not location:
            if snapshot.get("manifests"):
                raise Unsupported(f"snapshot {snapshot.get('snapshot-id')} has no manifest list; rewrite its manifests")
            continue
        try:
            found |= {one.manifest_path: one for one in list_records(LakeInput(lake, location))}
        except FileNotFoundError as error:
            if not lenient:
                raise NotFound("manifest list", location) from error
        except CatalogError:
            raise
        except Exception as error:
            raise Unavailable(f"manifest list {location} cannot be read: {str(error)[:300]}") from error
    return found


def manifest_files(manifests: Manifests) -> Iterator[File]:
    """The manifests as files."""
    return (File(path, MANIFEST, int(one.manifest_length or 0)) for path, one in manifests.items())


def content_of(lake: Lake, manifest: Any, *, lenient: bool = False) -> list[File]:
    """The data and delete files that a manifest lists as live, deletion vectors by the file that they lie in.

    Raises:
        NotFound: the manifest is gone; with `lenient` it counts as empty.
        Unavailable: it cannot be read.
    """
    from pyiceberg.manifest import DataFileContent, ManifestEntryStatus

    from catalog_server.lake.iceberg.file_io import LakeInput
    from catalog_server.lake.iceberg.scan.manifests import entry_records

    try:
        entries = list(entry_records(LakeInput(lake, manifest.manifest_path)))
    except FileNotFoundError as error:
        if lenient:
            return []
        raise NotFound("manifest", manifest.manifest_path) from error
    except CatalogError:
        raise
    except Exception as error:
        raise Unavailable(f"manifest {manifest.manifest_path} cannot be read: {str(error)[:300]}") from error
    files = (entry.data_file for entry in entries if entry.status != ManifestEntryStatus.DELETED)
    return [
        File(one.file_path, DATA if one.content == DataFileContent.DATA else DELETES, int(one.file_size_in_bytes or 0))
        for one in files
    ]


def referenced(lake: Lake, document: Json, metadata_location: str) -> Iterator[File]:
    """Every file that a complete document refers to; one may come more than once.

    Raises:
        NotFound, Unsupported, Unavailable: one that lists others cannot be read, so that not all are known.
    """
    yield from metadata_files(document, metadata_location)
    yield from statistics_files(document)
    yield from manifest_lists(document["snapshots"])
    manifests = manifests_of(lake, document["snapshots"])
    yield from manifest_files(manifests)
    for manifest in manifests.values():
        yield from content_of(lake, manifest)
