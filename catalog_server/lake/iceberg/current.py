"""Which metadata file of a table's folder is the current one, where no catalog says it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog_server.lake.iceberg.files import metadata_file_version
from catalog_server.lake.locations import base_name

_OF_HADOOP = re.compile(r"v\d+\.(?:gz\.)?metadata\.json(?:\.gz)?")


def current_files(locations: Sequence[str], hint: str | None = None) -> list[str]:
    """The metadata files of the highest version; several where writers were at odds, and the last one written counts.

    `hint` is what `version-hint.text` says: a version, or a file's name. Iceberg's Hadoop tables go by it, and by the versions
    that follow without a gap since it may be late; files numbered by a catalog (`00003-<uuid>`) that are newer go before it.
    """
    said = (hint or "").strip()
    if said and not said.isdecimal():
        named = [one for one in locations if base_name(one).startswith(f"{said.removesuffix('.metadata.json')}.")]
        if named:
            return named[:1]
    versions = {one: metadata_file_version(one) for one in locations}
    if said.isdecimal():
        of_hadoop = {version for one, version in versions.items() if _OF_HADOOP.fullmatch(base_name(one))}
        last = int(said)
        if last in of_hadoop:
            while last + 1 in of_hadoop:
                last += 1
            beyond = [one for one in versions if _OF_HADOOP.fullmatch(base_name(one)) and versions[one] > last]
            versions = {one: version for one, version in versions.items() if one not in beyond}
    highest = max(versions.values(), default=-1)
    return [one for one, version in versions.items() if version == highest]
