"""Scans of a translated statement as a worker is told them: pruned partitions, listed files, credentials, connections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalog_server.lake.formats.faces import BYTE_ORDER_MARK, PATH
from catalog_server.lake.formats.logs import PATTERN
from catalog_server.lake.formats.packing import named_packing
from catalog_server.lake.formats.xml import ROW_TAG
from catalog_server.lake.locations import only_crawled
from catalog_server.model.caller import SYSTEM
from catalog_server.model.connection import Connection
from catalog_server.model.errors import Unsupported
from catalog_server.model.expressions import Both, Predicate, keys_of
from catalog_server.model.names import name_key
from catalog_server.model.partition import DEFAULT_PARTITION, Partition
from catalog_server.model.spark_schema import spark_columns
from catalog_server.model.table import Column, Storage, Table, storage_format
from catalog_server.model.types import parse_type, to_duckdb
from catalog_server.query.federation import ConnectedTable, StoredTable, attachable
from catalog_server.query.iceberg import local_path
from catalog_server.query.plan import Plan, both, predicate_to_json
from catalog_server.query.scope import Scan
from catalog_server.query.types import Type, physical

if TYPE_CHECKING:
    from catalog_server.catalog.catalog import CatalogService

LISTERS = 16
FILES_MAX = 200_000
NOT_READ = ("delta", "hudi")
"""Formats of tables whose files say nothing without a log that is not read here."""
_GLOB = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})


@dataclass(slots=True)
class Counts:
    """How much the scans of a statement read."""

    tables: int = 0
    partitions: int = 0
    files: int = 0
    file_bytes: int = 0


@dataclass(slots=True)
class SpecBuilder:
    """Adds scans to a plan."""

    catalog: CatalogService
    plan: Plan
    counts: Counts = field(default_factory=Counts)
    _secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    _attached: dict[str, str] = field(default_factory=dict)

    def add(self, scan: Scan) -> None:
        """Add one scan; raises `Unsupported` for tables that the embedded engine cannot read."""
        self.counts.tables += 1
        source = scan.table.table
        spec: dict[str, Any] = {"alias": scan.alias, "columns": _used(scan)}
        if isinstance(source, ConnectedTable):
            self._connected(spec, source, both(scan.predicates))
        elif source.table.format in NOT_READ:
            kind = source.table.format.capitalize()
            raise Unsupported(f"{source.table.full_name} is a {kind} table, which the server's own SQL does not read")
        elif source.table.location and (store := only_crawled(source.table.location)):
            raise Unsupported(f"{source.table.full_name} lies in {store}, which the server's own SQL does not read")
        elif source.table.is_iceberg:
            self._iceberg(spec, source, both(scan.predicates))
        else:
            self._files(spec, source, scan.predicates)
        self.plan.scans.append(spec)

    def _connected(self, spec: dict[str, Any], source: ConnectedTable, predicate: Predicate | None) -> None:
        names = {column.key: column for column in source.columns}
        for each in spec["columns"]:
            each["source"] = names[each["name"]].name
        spec["source"] = [source.database, source.name]
        attach = self._attach(source, [names[each["name"]] for each in spec["columns"]])
        if attach is not None:
            spec["kind"] = "attached"
            spec["source"] = [attach, *([source.database] if source.connection.kind != "sqlite" else []), source.name]
            return
        connection = source.connection
        spec["kind"] = "connector"
        spec["connection"] = {
            "name": connection.name,
            "kind": connection.kind,
            "options": dict(connection.options),
            "secrets": dict(connection.secrets),
        }
        spec["predicate"] = predicate_to_json(predicate)

    def _attach(self, source: ConnectedTable, columns: list[Column]) -> str | None:
        """The name under which DuckDB attaches the source; None where the connector's own reader is the surer one."""
        connection = source.connection
        if connection.kind not in attachable() or not all(_same_in_duckdb(connection, column) for column in columns):
            return None
        if connection.name in self._attached:
            return self._attached[connection.name]
        from catalog_server.connector import open_connector

        with open_connector(connection, self.catalog.lake) as opened:
            attach = opened.duckdb_attach()
        if attach is None:
            return None
        alias = f"source_{len(self._attached)}"
        self._attached[connection.name] = alias
        said = {"alias": alias, "extension": attach.extension, "kind": attach.kind, "target": attach.target}
        self.plan.attached.append({**said, "secret": dict(attach.secret)})
        return alias

    def _iceberg(self, spec: dict[str, Any], source: StoredTable, predicate: Predicate | None) -> None:
        table = source.table
        if not table.metadata_location:
            raise Unsupported(f"Iceberg table {table.full_name} has no metadata file")
        spec |= {
            "kind": "iceberg",
            "name": str(table.full_name),
            "metadata_location": table.metadata_location,
            "storage": self.catalog.lake.storage_options(table.location or table.metadata_location),
            "predicate": predicate_to_json(predicate),
        }
        self._allow_store(table.location or table.metadata_location)

    def _files(self, spec: dict[str, Any], source: StoredTable, predicates: list[Predicate]) -> None:
        table = source.table
        spec |= {"kind": "files", "all_columns": [column.key for column in source.columns]}
        keys = {key.key for key in table.partition_keys}
        sources, nested = _names_in_files(source), _nested_in_files(source)
        columns = spec["columns"]
        spec["columns"] = [
            {**each, "source": sources[each["name"]], "nested": nested.get(each["name"])}
            for each in columns
            if each["name"] not in keys
        ]
        spec["partitions"] = [each for each in columns if each["name"] in keys]
        groups: dict[str, dict[str, Any]] = {}
        for partition in self._partitions(table, predicates):
            self._add_partition(groups, spec, table, partition)
        spec["groups"] = list(groups.values())

    def _partitions(
        self, table: Table, predicates: list[Predicate]
    ) -> Iterable[tuple[Partition | None, str, list[Any]]]:
        """Each partition (None for a table without) with its location and files."""
        if not table.partition_keys:
            location = table.storage.serde.parameters.get("path") if not table.location else table.location
            if not location:
                raise Unsupported(f"table {table.full_name} has no location")
            yield None, location, self._list(location)
            return
        keys = {key.key for key in table.partition_keys}
        wanted = both([part for each in predicates for part in _parts(each) if keys_of(part) <= keys])
        found = [
            partition
            for _, batch in self.catalog.partitions.scan(SYSTEM, table.full_name, wanted)
            for partition in batch
            if partition.location
        ]
        self.counts.partitions += len(found)
        with ThreadPoolExecutor(LISTERS) as pool:
            for partition, files in zip(
                found, pool.map(lambda one: self._list(one.location or ""), found), strict=True
            ):
                yield partition, partition.location or "", files

    def _list(self, location: str) -> list[Any]:
        """The files directly in a folder that hold rows; the file itself where the location is one."""
        lake = self.catalog.lake.filesystem(location)
        folders, files = lake.list_folder(location)
        if not folders and not files and lake.is_file(location):
            files = [lake.stat(location)]
        return [info for info in files if info.size > 0 and not _hidden(info.location)]

    def _add_partition(
        self,
        groups: dict[str, dict[str, Any]],
        spec: dict[str, Any],
        table: Table,
        found: tuple[Partition | None, str, list[Any]],
    ) -> None:
        partition, location, files = found
        storage = partition.storage if partition is not None and partition.storage is not None else table.storage
        said = reading(table, storage)
        values = _values(spec, table, partition)
        allowed, stored = False, None
        for info in files:
            format, options = read_by(info.location, *said)
            by_duckdb = format in BY_DUCKDB
            if by_duckdb and not allowed:
                self._allow_store(location)
                allowed = True
            elif not by_duckdb:
                stored = self.catalog.lake.storage_options(location) if stored is None else stored
                options = {**options, "storage": stored}
            group = groups.setdefault(
                f"{format} {sorted(options.items())}",
                {"format": format, "options": options, "files": [], "values": [], "of_file": []},
            )
            if values not in group["values"][-1:]:
                group["values"].append(values)
            path = local_path(info.location)
            pattern = path.translate(_GLOB) if by_duckdb else path
            group["files"].append(pattern)
            group["of_file"].append(len(group["values"]) - 1)
            if by_duckdb:
                self.plan.files += [path] if pattern == path else [path, pattern]
            self.counts.files += 1
            self.counts.file_bytes += info.size
        if self.counts.files > FILES_MAX:
            raise Unsupported(f"the query would read more than {FILES_MAX} files; filter on partition keys")

    def _allow_store(self, location: str) -> None:
        """Hand the worker the credentials for a location's store."""
        options = self.catalog.lake.storage_options(location)
        if not options:
            return
        bucket = local_path(location).removeprefix("s3://").split("/", 1)[0]
        secret = _secret(options)
        scope = f"s3://{bucket}/"
        if self._secrets.get(scope, secret) != secret:
            scope = local_path(location).rstrip("/") + "/"
        if scope not in self._secrets:
            self._secrets[scope] = secret
            self.plan.secrets.append({**secret, "SCOPE": scope})


def _secret(options: Mapping[str, str]) -> dict[str, str]:
    names = {
        "access_key_id": "KEY_ID",
        "secret_access_key": "SECRET",
        "session_token": "SESSION_TOKEN",
        "region": "REGION",
    }
    made = {name: options[key] for key, name in names.items() if options.get(key)}
    endpoint = options.get("endpoint", "")
    if endpoint:
        made["ENDPOINT"] = endpoint.split("://", 1)[-1].rstrip("/")
        made["USE_SSL"] = "false" if endpoint.startswith("http://") else "true"
    made["URL_STYLE"] = "path" if options.get("path_style") == "true" else "vhost"
    return made


def _used(scan: Scan) -> list[dict[str, Any]]:
    """The columns that the statement uses, in the table's order."""
    return [
        _column(column.key, column.type)
        for column in scan.table.filtered_by or scan.table.columns
        if column.key in scan.used
    ]


def _column(name: str, kind: Type) -> dict[str, Any]:
    return {"name": name, "duckdb": physical(kind), "trino": str(kind), "source": name}


def _parts(predicate: Predicate) -> tuple[Predicate, ...]:
    return predicate.parts if isinstance(predicate, Both) else (predicate,)


def _hidden(location: str) -> bool:
    return location.rstrip("/").rsplit("/", 1)[-1].startswith(("_", "."))


def _values(spec: dict[str, Any], table: Table, partition: Partition | None) -> list[str | None]:
    """The partition's values for the keys that are used."""
    if partition is None:
        return []
    held = dict(zip((key.key for key in table.partition_keys), partition.values, strict=True))
    return [None if held[each["name"]] == DEFAULT_PARTITION else held[each["name"]] for each in spec["partitions"]]


def _names_in_files(source: StoredTable) -> dict[str, str]:
    """The columns' names as files spell them, by key: Spark's schema keeps the case that Hive's lost."""
    names = {column.key: column.name for column in source.columns}
    for column in spark_columns(source.table.parameters) or ():
        if name_key(column.name) in names:
            names[name_key(column.name)] = column.name
    return names


def _nested_in_files(source: StoredTable) -> dict[str, str]:
    """DuckDB's types of nested columns with their fields named as files spell them, by key."""
    columns = spark_columns(source.table.parameters) or ()
    kinds = {name_key(column.name): parse_type(column.type) for column in columns}
    return {key: to_duckdb(kind) for key, kind in kinds.items() if kind.fields}


BY_DUCKDB = ("parquet", "csv", "json")
"""Readers that open files themselves; all others get their store's options."""


def read_by(location: str, format: str, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The reader of one file: DuckDB's where it can unpack and decode the file, else one that does that before."""
    parameters = "?" in location and not location.startswith(
        ("file:", "/")
    )  # what follows is none of the name to DuckDB
    if parameters and format == "parquet":
        raise Unsupported(f"{location}: the embedded engine reads no Parquet file of a store with a ? in its name")
    packing = named_packing(location.lower())
    odd = parameters or packing not in (None, "gzip", "zstd") or options.get("encoding") or options.get("mark")
    if format == "csv" and odd:
        return "csv texts", {**options, "rows": "csv"}
    if format.endswith("texts"):
        return format, options
    if format == "json" and options.get("documents"):
        return "json texts", {**options, "rows": "documents"}
    if format == "json" and odd:
        return "json texts", {**options, "rows": "lines"}
    return format, options


def reading(table: Table, storage: Storage) -> tuple[str, dict[str, Any]]:
    """The format in which the embedded engine reads a table's files, with its options; raises `Unsupported`."""
    provider = table.parameters.get("spark.sql.sources.provider", "").lower().rsplit(".", 1)[-1]
    format = provider if provider in ("csv", "json", "xml", "parquet", "orc") else storage_format(storage)
    if format in ("parquet", "orc", "avro"):
        return format, {}
    said = {**table.parameters, **storage.serde.parameters}
    if PATH in said:
        return "json texts", {"rows": "documents", "path": said[PATH]}
    if format == "json":
        several = said.get("multiLine", "").lower() == "true"
        return "json", {"documents": True} if several else {"mark": True} if BYTE_ORDER_MARK in said else {}
    if format == "ion":
        return "json texts", {"rows": "ion"}
    if format == "xml":
        types = {column.name: column.type for column in spark_columns(table.parameters) or table.columns}
        return "json texts", {"rows": "xml", "tag": said.get(ROW_TAG, "ROW"), "types": types}
    if said.get("classification") == "excel":
        return "csv texts", {"rows": "excel", "skip": _skip(said), "null": ""}
    if PATTERN in said:
        return "csv texts", {"rows": "matches", "pattern": said[PATTERN]}
    if format == "csv" or format == "text":
        library = (storage.serde.library or "").lower()
        encoding = {} if said.get("encoding", "UTF-8").upper() == "UTF-8" else {"encoding": said["encoding"]}
        if "opencsv" in library:
            return "csv", _open_csv(said) | encoding
        if "lazysimple" in library and not (provider == "csv" and "field.delim" not in said):
            return "csv", _lazy_simple(said) | encoding
        if provider == "csv":
            return "csv", _spark_csv(said) | encoding
    raise Unsupported(f"table {table.full_name}: files of format {format} cannot be read by the embedded engine")


def _skip(said: Mapping[str, str]) -> int:
    text = said.get("skip.header.line.count", "0")
    return int(text) if text.isdigit() else 0


def _open_csv(said: Mapping[str, str]) -> dict[str, Any]:
    quote = said.get("quoteChar", '"')
    escape = said.get("escapeChar", "\\")
    # One that occurs nowhere stands for "doubled quotes", which is how DuckDB reads a quote as its own escape.
    return {
        "delimiter": said.get("separatorChar", ","),
        "quote": quote,
        "escape": quote if escape < " " else escape,
        "skip": _skip(said),
        "null": None,
    }


def _lazy_simple(said: Mapping[str, str]) -> dict[str, Any]:
    delimiter = said.get("field.delim") or said.get("serialization.format") or "\x01"
    if delimiter.isdigit():
        delimiter = chr(int(delimiter))
    return {
        "delimiter": delimiter,
        "quote": "",
        "escape": said.get("escape.delim", ""),
        "skip": _skip(said),
        "null": said.get("serialization.null.format", "\\N"),
        "zones": any(mark in said.get("timestamp.formats", "") for mark in ("'Z'", "X")),
    }


def _spark_csv(said: Mapping[str, str]) -> dict[str, Any]:
    return {
        "delimiter": said.get("delimiter") or said.get("sep") or ",",
        "quote": said.get("quote", '"'),
        "escape": said.get("escape", "\\"),
        "skip": 1 if said.get("header", "").lower() == "true" else 0,
        "null": said.get("nullValue", ""),
    }


_SAME = (
    "boolean",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "string",
    "varchar",
    "char",
    "date",
    "timestamp",
    "uuid",
)


def _same_in_duckdb(connection: Connection, column: Column) -> bool:
    """Whether DuckDB's own reader gives a column's values as the connector does."""
    raw = column.parameters.get("raw_type", "").lower()
    base = column.type.split("(")[0]
    if connection.kind == "sqlite":
        return base in ("bigint", "double", "string") and raw in (
            "integer",
            "int",
            "bigint",
            "text",
            "real",
            "double",
            "varchar",
        )
    if base == "decimal":
        return raw.startswith(("numeric(", "decimal("))
    plain = ("boolean", "smallint", "integer", "bigint", "real", "double precision", "text", "date", "uuid")
    return base in _SAME and raw.startswith((*plain, "character", "varchar", "char", "timestamp"))
