"""Opens what a migration reads from by its address."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from catalog_server.hive.source import MetastoreSource, Source
from catalog_server.model.errors import Invalid

DERBY = "derby:"


def check(address: str) -> None:
    """Refuse an address that names no source; raises `Invalid`."""
    if address.startswith("thrift:"):
        from catalog_server.hive.metastore import parse_addresses

        parse_addresses(address)
    elif not address.startswith(DERBY):
        from catalog_server.hive.rows import parse_url

        parse_url(address)


def without_password(address: str) -> tuple[str, str | None]:
    """An address as it may be shown, and the password that was in it; `address_with` puts it back."""
    if address.startswith(("thrift:", DERBY)):
        return address, None
    from sqlalchemy.engine import make_url

    url = make_url(address)
    if url.password is None:
        return address, None
    return url._replace(password=None).render_as_string(), str(url.password)


def with_password(address: str, password: str | None) -> str:
    """Undo `without_password`."""
    if password is None:
        return address
    from sqlalchemy.engine import make_url

    return make_url(address).set(password=password).render_as_string(hide_password=False)


def open_source(address: str, catalog: str, remote: str) -> Source:
    """The source at `thrift://host:9083`, `postgresql://...`, `mysql://...` or `derby:/folder/of/an/export`.

    `catalog` is the name that its nouns carry here, `remote` the catalog of the metastore that is read.
    Raises `Invalid`, `Unavailable`.
    """
    if address.startswith("thrift:"):
        return MetastoreSource(address, catalog, remote)
    from catalog_server.hive.database_reader import DatabaseReader
    from catalog_server.hive.rows import Rows, parse_url

    if not address.startswith(DERBY):
        return DatabaseReader(Rows(parse_url(address)), catalog, remote)
    return _export(address, catalog, remote)


def _export(address: str, catalog: str, remote: str) -> Source:
    from catalog_server.hive.derby import Export, load

    folder = Path(unquote(urlsplit(address).path))
    if not folder.is_dir():
        raise Invalid("database", f"{folder} is no folder with an export of Derby")
    return Export(load(folder), address, catalog, remote)
