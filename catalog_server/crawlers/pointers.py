"""Iceberg tables that were found in place: when the catalog's pointer follows the files, and when it stays where it is.

A table has one catalog that its writers agree on. As long as nobody commits through this one the files say what is current;
from the first commit on the catalog does.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalog_server.catalog.commits import Noted
from catalog_server.crawlers.figures import UPDATED_BY
from catalog_server.crawlers.found import CRAWLER, DEPRECATED
from catalog_server.lake.iceberg.files import metadata_file_version
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.lake.locations import base_name, normalize
from catalog_server.model.errors import CatalogError
from catalog_server.model.table import Table

POINTER = "crawler.metadata_location"
"""Parameter with the metadata file that a crawl had the table point to: while it still does, nobody else has committed."""


def noted(found: Table) -> Noted:
    """What is kept with a table that a crawl registers."""
    crawler = found.parameters[CRAWLER]
    said = {CRAWLER: crawler, UPDATED_BY: crawler, "classification": "iceberg", "typeOfData": "file"}
    return {**said, POINTER: found.metadata_location, DEPRECATED: None}


def is_at(held: Table, found: Table) -> bool:
    """Whether the table points to the file that was found."""
    return _is_same(held.metadata_location, found.metadata_location)


def why_not(held: Table, found: Table, document: Json) -> str | None:
    """Why a table stays where it points to, though another metadata file was found; None if it may follow."""
    at, there = held.metadata_location or "", found.metadata_location or ""
    stays = f"it stays at {base_name(at)} though {base_name(there)} is in its folder"
    if POINTER not in held.parameters:
        return f"{stays}: it was not registered by a crawl"
    if not _is_same(at, held.parameters[POINTER]):
        return f"{stays}: others commit to it through this catalog"
    if held.parameters.get("uuid") != found.parameters.get("uuid"):
        return f"another table lies at {held.location} now, as its uuid says: drop the table to have it made anew"
    if metadata_file_version(at) >= metadata_file_version(there):
        return f"{stays}: that one is not newer"
    if not _follows(at, [str(entry.get("metadata-file")) for entry in document["metadata-log"]]):
        return f"{stays}: it is not among the files that {base_name(there)} follows on"
    return None


def _follows(at: str, log: Sequence[str]) -> bool:
    """Whether a log of metadata files names one, or begins later since it was cut off."""
    if any(_is_same(at, one) for one in log):
        return True
    return bool(log) and min(map(metadata_file_version, log)) > metadata_file_version(at)


def _is_same(one: str | None, other: str | None) -> bool:
    try:
        return normalize(one or "") == normalize(other or "")
    except CatalogError:
        return one == other
