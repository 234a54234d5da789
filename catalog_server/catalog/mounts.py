"""Catalogs that live elsewhere: which of ours are mounted metastores, and the way to each of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from catalog_server.hive.metastore import CONNECTIONS_MAX, DEADLINE_SECONDS, Metastore, parse_addresses
from catalog_server.hive.reader import Reader
from catalog_server.model.database import HIVE, NATIVE, Catalog
from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.model.names import DEFAULT_CATALOG, check_name, name_key
from catalog_server.store import catalogs as rows
from catalog_server.store.transaction import Store, Transaction

REMOTE_CATALOG = "hive.catalog"
"""Parameter of a mounted catalog: the name that its metastore knows it by (`hive`)."""
DEADLINE = "hive.deadline-seconds"
"""Parameter: how long a call may take (5)."""
CONNECTIONS = "hive.connections-max"
"""Parameter: calls at a time (4)."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What a test of a mounted catalog found."""

    ok: bool
    message: str
    milliseconds: int


class Mounts:
    """The mounted catalogs of a store. Asked only about what is not found here, so that native catalogs pay nothing."""

    def __init__(self, store: Store, default_catalog: str) -> None:
        self._store = store
        self._default = name_key(default_catalog)
        self._lock = threading.Lock()
        self._readers: dict[int, tuple[Catalog, Reader]] = {}

    def of(self, catalog: str | None) -> Reader | None:
        """The way to a mounted catalog; None for a native one or one that is not there. One statement, often none."""
        if not self._may_be_mounted(catalog):
            return None
        with self._store.read() as tx:
            found = rows.get(tx, catalog or "")
        return self.reader(found) if found is not None else None

    def _may_be_mounted(self, catalog: str | None) -> bool:
        return bool(catalog) and name_key(catalog or "") not in (DEFAULT_CATALOG, self._default)

    def refuse(self, tx: Transaction, catalog: str | None) -> None:
        """Raise `Unsupported` for a change of something in a mounted catalog."""
        if self._may_be_mounted(catalog):
            found = rows.get(tx, catalog or "")
            if found is not None:
                refuse_mounted(found)

    def reader(self, catalog: Catalog) -> Reader | None:
        """The way to a catalog, None for a native one; connections are kept until the catalog changes."""
        if catalog.kind == NATIVE:
            return None
        with self._lock:
            held = self._readers.get(catalog.id)
            if held is not None and held[0].version == catalog.version and held[0].uri == catalog.uri:
                return held[1]
            made = _reader(catalog)
            self._readers[catalog.id] = (catalog, made)
        if held is not None:
            held[1].metastore.close()
        return made

    def test(self, catalog: Catalog) -> Tested:
        """Ask a catalog's metastore for its version and databases; what went wrong is in the answer."""
        reader = self.reader(catalog)
        if reader is None:
            raise Invalid("catalog", f"{catalog.name} is kept here; only a mounted catalog can be tested")
        began = time.monotonic()
        try:
            version, databases = reader.version(), reader.database_names()
        except Exception as error:
            return Tested(False, str(error), int((time.monotonic() - began) * 1000))
        took = int((time.monotonic() - began) * 1000)
        return Tested(True, f"{catalog.uri} answers as version {version} with {len(databases)} databases", took)

    def forget(self, catalog: Catalog) -> None:
        """Hang up on a catalog that is unmounted."""
        with self._lock:
            held = self._readers.pop(catalog.id, None)
        if held is not None:
            held[1].metastore.close()

    def close(self) -> None:
        """Hang up on all."""
        with self._lock:
            held, self._readers = list(self._readers.values()), {}
        for _, reader in held:
            reader.metastore.close()


def refuse_mounted(catalog: Catalog) -> None:
    """Raise `Unsupported` for a change in a mounted catalog."""
    if catalog.kind != NATIVE:
        raise Unsupported(
            f"catalog {catalog.name} is mounted from {catalog.uri} and can only be read here; change it there"
        )


def check_mount(catalog: Catalog) -> None:
    """Refuse a catalog whose kind, address or parameters make no sense; raises `Invalid`."""
    if catalog.kind == NATIVE:
        if catalog.uri is not None:
            raise Invalid("uri", "is of mounted catalogs alone: give a kind, such as hive, too")
        return
    if catalog.kind != HIVE:
        raise Invalid("kind", f"{catalog.kind!r} is neither {NATIVE} nor {HIVE}")
    if not catalog.uri:
        raise Invalid("uri", "a mounted catalog needs one, such as thrift://host:9083")
    if catalog.location is not None:
        raise Invalid("location", "a mounted catalog has none: the metastore says where its databases are")
    parse_addresses(catalog.uri)
    check_name(REMOTE_CATALOG, catalog.parameters.get(REMOTE_CATALOG, DEFAULT_CATALOG), dots=False)
    _number(catalog.parameters, DEADLINE, DEADLINE_SECONDS, 0.1, 300)
    _number(catalog.parameters, CONNECTIONS, CONNECTIONS_MAX, 1, 64)


def _number(parameters: Mapping[str, str], key: str, otherwise: float, least: float, most: float) -> float:
    said = parameters.get(key)
    if said is None:
        return otherwise
    try:
        number = float(said)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise Invalid(f"parameter {key}", f"{said!r} is not a number from {least:g} to {most:g}")
    return number


def _reader(catalog: Catalog) -> Reader:
    metastore = Metastore(
        f"catalog {catalog.name}",
        catalog.uri or "",
        deadline_seconds=_number(catalog.parameters, DEADLINE, DEADLINE_SECONDS, 0.1, 300),
        connections_max=int(_number(catalog.parameters, CONNECTIONS, CONNECTIONS_MAX, 1, 64)),
    )
    return Reader(metastore, catalog.name, catalog.parameters.get(REMOTE_CATALOG, DEFAULT_CATALOG))
