"""Which tables can be rewritten by this server and to which size of files, as far as their metadata alone tells."""

from __future__ import annotations

from catalog_server.lake.iceberg.document import ROW_LINEAGE_VERSION, default_order
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid, Unsupported

TARGET_BYTES = "write.target-file-size-bytes"
TARGET_BYTES_DEFAULT = 512 * 1024 * 1024
INSTEAD = "; run Spark's rewrite_data_files in a job instead"


def check(document: Json, name: str) -> None:
    """Refuse a table that could not be written as it is to be; raises `Unsupported` that says what it would need."""
    version = int(document["format-version"])
    if version >= ROW_LINEAGE_VERSION:
        raise Unsupported(
            f"table {name} has format version {version}, whose row ids a rewrite must carry over{INSTEAD}"
        )
    if default_order(document).get("fields"):
        raise Unsupported(f"table {name} has a sort order, and its files are to be sorted{INSTEAD}")
    if document["properties"].get("encryption.key-id") or document.get("encryption-keys"):
        raise Unsupported(f"files of table {name} are encrypted{INSTEAD}")
    written = str(document["properties"].get("write.format.default", "parquet")).lower()
    if written != "parquet":
        raise Unsupported(f"files of table {name} are written as {written}; only Parquet is rewritten here{INSTEAD}")


def target_of(document: Json, asked: int | None) -> int:
    """The size in bytes that files are to have: as asked, else as the table says; raises `Invalid` for no number."""
    said = document["properties"].get(TARGET_BYTES, TARGET_BYTES_DEFAULT) if asked is None else asked
    try:
        return int(said)
    except ValueError as error:
        raise Invalid(TARGET_BYTES, f"{said!r} is not a whole number") from error


def delete_files_refused(name: str) -> Unsupported:
    """Why a table with delete files is not rewritten; these are found only once its manifests are read."""
    return Unsupported(f"table {name} has delete files, which are to be applied{INSTEAD}")
