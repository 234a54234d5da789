"""Both faces of a table of files: what Hive's clients are told (SerDe) and what Spark is told (provider and schema).

No single face is read rightly by all: Trino's CSV SerDe knows only VARCHAR, Spark does not skip the header of SerDe tables
and has no openx JSON SerDe. So every table carries both, and each engine takes its own:

- Parquet: ParquetHiveSerDe; provider parquet. ORC: OrcSerde; provider orc.
- Avro: AvroSerDe with the schema to read by, for Spark too, whose own provider for Avro is a package of its own.
- CSV without quotes: LazySimpleSerDe, which keeps types in Trino and Hive; provider csv with its options.
- CSV with quotes: OpenCSVSerde, all columns strings; provider csv, where the types stand in Spark's schema alone.
- XML: a SerDe that no engine here has; provider xml.
- Logs: RegexSerDe with their pattern, for Spark too.
- JSON lines: openx JsonSerDe; provider json.

Spark's options stand in the SerDe's parameters, where Spark looks for them, and as `option.NAME` among the table's, where
Sail does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from catalog_server.lake.formats import grok
from catalog_server.lake.formats.avro import LITERAL, collapse
from catalog_server.lake.formats.logs import LOGS, PATTERN
from catalog_server.model.names import name_key
from catalog_server.model.spark_schema import PROVIDER, SCHEMA, schema_parameters, text_parameters
from catalog_server.model.table import Column, SerDe, Storage
from catalog_server.model.types import DataType, parse_type

_HADOOP = "org.apache.hadoop"
_TEXT_INPUT = f"{_HADOOP}.mapred.TextInputFormat"
_TEXT_OUTPUT = f"{_HADOOP}.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_PARQUET = f"{_HADOOP}.hive.ql.io.parquet"
_ORC = f"{_HADOOP}.hive.ql.io.orc"
_HUDI = "org.apache.hudi.hadoop"
_ION = "com.amazon.ionhiveserde"
ION_SERDE = f"{_ION}.IonHiveSerDe"
LAZY_SIMPLE = f"{_HADOOP}.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = f"{_HADOOP}.hive.serde2.OpenCSVSerde"
OPENX_JSON = "org.openx.data.jsonserde.JsonSerDe"
PARQUET_SERDE = f"{_PARQUET}.serde.ParquetHiveSerDe"
AVRO_SERDE = f"{_HADOOP}.hive.serde2.avro.AvroSerDe"
XML_SERDE = "com.amazonaws.glue.serde.XmlSerDe"
"""Hive has no reader for XML; this name says what the files are, and engines that lack it refuse them."""
REGEX_SERDE = f"{_HADOOP}.hive.serde2.RegexSerDe"
ORC_SERDE = f"{_ORC}.OrcSerde"
FORMATS = ("parquet", "orc", "avro", "csv", "json", "xml", "excel", "ion")
"""The formats of tables of files that are made here."""
BY_SERDE = ("avro", "excel", "ion", *LOGS, grok.FORMAT)
"""Formats that Spark has no reader of its own for: it reads them through Hive's, or not at all."""
_SPARK_OPTIONS = ("header", "delimiter", "quote", "escape", "multiLine", "nullValue", "encoding", "comment", "rowTag")
UNPACKED = "unpacked"
"""Option of files that no engine but the server's own SQL unpacks."""
SINGLE = "single_file"
"""Option of a table that is one file beside others; Hive's readers go by folders."""
PATH = "json.path"
"""Parameter of a table whose rows stand at a path in each document."""
UNREADABLE = "catalog_server.UnreadableInputFormat"
"""Stands for Hive's reader of files where it would read wrong rows: engines refuse what they do not know."""
UNREADABLE_SERDE = "catalog_server.UnreadableSerDe"
"""The same for its reader of rows."""
READABLE_BY = "readable_by"
"""Parameter of a table that names the engines which read it rightly, where not all do."""
BYTE_ORDER_MARK = "byte_order_mark"
"""Parameter of a table some of whose JSON files begin with one, which not every reader overlooks."""
_NO_ESCAPE = "\x01"
"""OpenCSVSerde takes a backslash for an escape unless another is named; this one does not occur."""

_HIVE_NAMES = {
    "timestamp with local time zone": "timestamp",
    "timestamp_ns": "timestamp",
    "uuid": "string",
    "json": "string",
    "time": "string",
    "void": "string",
}


@dataclass(frozen=True, slots=True)
class Faces:
    """What goes into a table: Hive's columns and partition keys (lower case), storage and parameters."""

    columns: tuple[Column, ...]
    partition_keys: tuple[Column, ...]
    storage: Storage
    parameters: Mapping[str, str]


def hive_type(kind: DataType) -> DataType:
    """The type as Hive's own type language has it, names of fields in lower case."""
    if kind.fields:
        return DataType(kind.name, fields=tuple((name_key(name), hive_type(inner)) for name, inner in kind.fields))
    return DataType(_HIVE_NAMES.get(kind.name, kind.name), kind.arguments)


def faces(
    format: str, columns: Sequence[Column], partition_keys: Sequence[Column], location: str, options: Mapping[str, str]
) -> Faces:
    """The two faces of a table of `format` (one of `FORMATS` or of `LOGS`) at `location`; `options` as in `FileSchema`."""
    makers = {"parquet": _parquet, "orc": _orc, "avro": _avro, "csv": _csv, "json": _json, "xml": _xml, "excel": _csv}
    makers |= {"ion": _ion}
    storage = makers.get(format, _regex)(options)
    spark = {key: options[key] for key in _SPARK_OPTIONS if key in options}
    if format == "csv":
        spark.setdefault("quote", '"')
        spark.setdefault("escape", spark["quote"] or "\\")
    serde = replace(storage.serde, parameters={**storage.serde.parameters, **spark, "path": location})
    parameters = {"EXTERNAL": "TRUE", "classification": format}
    if format not in BY_SERDE:
        parameters[PROVIDER] = format
    if LITERAL in options:
        parameters[LITERAL] = json.dumps(collapse(json.loads(options[LITERAL]), set()))
    parameters |= schema_parameters(_spark_side(columns, format), partition_keys)
    parameters |= {f"option.{key}": value for key, value in spark.items()}
    if partition_keys and PROVIDER in parameters:
        parameters["spark.sql.partitionProvider"] = "catalog"
    own = UNPACKED in options or PATH in options or format == "excel"
    if own:
        parameters.pop(PROVIDER, None)
    if own or SINGLE in options or options.get("encoding") == "UTF-16":
        storage = replace(storage, input_format=UNREADABLE)
    if (engines := readable_by(format, options)) is not None:
        parameters[READABLE_BY] = engines
    if PATH in options:
        parameters[PATH] = options[PATH]
    if BYTE_ORDER_MARK in options:
        parameters[BYTE_ORDER_MARK] = "true"
    skipped = int(options.get("skip", "0")) + (options.get("header") == "true")
    if skipped:
        parameters["skip.header.line.count"] = str(skipped)
    strings_only = storage.serde.library == OPEN_CSV
    hive = tuple(_hive_side(column, strings_only) for column in columns)
    keys = tuple(_hive_side(key, False) for key in partition_keys)
    return Faces(hive, keys, replace(storage, serde=serde), parameters)


def delta_faces(columns: Sequence[Column], schema: str, partitioned_by: Sequence[str], location: str) -> Faces:
    """A Delta table as Spark's catalog of a Hive metastore keeps it: a place and a provider, no partitions.

    Trino's `delta_lake` goes by the same two. Hive's own classes are those that Spark writes where Hive has no reader.
    """
    serde = SerDe(LAZY_SIMPLE, parameters={"serialization.format": "1", "path": location})
    hive = f"{_HADOOP}.hive.ql.io.HiveSequenceFileOutputFormat"
    storage = Storage(f"{_HADOOP}.mapred.SequenceFileInputFormat", hive, serde)
    parameters = {"EXTERNAL": "TRUE", "classification": "delta", PROVIDER: "delta", READABLE_BY: "spark, trino"}
    parameters |= text_parameters(schema)
    if partitioned_by:
        parameters[f"{SCHEMA}.numPartCols"] = str(len(partitioned_by))
        parameters |= {f"{SCHEMA}.partCol.{n}": name for n, name in enumerate(partitioned_by)}
    return Faces(tuple(_hive_side(column, False) for column in columns), (), storage, parameters)


def hudi_faces(
    columns: Sequence[Column],
    partition_keys: Sequence[Column],
    location: str,
    *,
    merged: bool,
    optimized: bool,
    old: bool,
) -> Faces:
    """A Hudi table as its own sync with a Hive metastore keeps it; `merged` where readers have to merge changes into rows.

    Spark is told to leave out changes that were not merged yet (`optimized`), Hive by the input format. Trino never merges,
    and reads `old` versions alone.
    """
    serde = {"serialization.format": "1", "path": location, "hoodie.query.as.ro.table": str(optimized).lower()}
    storage = Storage(
        f"{_HUDI}.realtime.HoodieParquetRealtimeInputFormat" if merged else f"{_HUDI}.HoodieParquetInputFormat",
        f"{_PARQUET}.MapredParquetOutputFormat",
        SerDe(PARQUET_SERDE, parameters=serde),
    )
    keys = {key.key for key in partition_keys}
    inner = [column for column in columns if column.key not in keys]
    parameters = {"EXTERNAL": "TRUE", "classification": "hudi", PROVIDER: "hudi"}
    parameters[READABLE_BY] = "spark, trino" if old and not merged else "spark"
    parameters |= schema_parameters(inner, partition_keys)
    hive, hive_keys = (tuple(_hive_side(column, False) for column in some) for some in (inner, partition_keys))
    return Faces(hive, hive_keys, storage, parameters)


def readable_by(format: str, options: Mapping[str, str]) -> str | None:
    """The engines that read a table rightly where not all of Spark, Trino and the server's own SQL do; else None."""
    if UNPACKED in options or PATH in options or format in ("excel", "ion"):
        return "sql"
    if SINGLE in options:
        return "sql" if format in BY_SERDE else "sql, spark"
    if format == "xml":
        return "sql, spark"
    return "sql, spark" if options.get("multiLine") == "true" and format in ("csv", "json") else None


def _hive_side(column: Column, strings_only: bool) -> Column:
    kind = "string" if strings_only else str(hive_type(parse_type(column.type)))
    return replace(column, name=name_key(column.name), type=kind)


def _spark_side(columns: Sequence[Column], format: str) -> list[Column]:
    """Outside Parquet Spark reads times as its plain `timestamp`, by the session's zone unless they name one."""
    if format == "parquet":
        return list(columns)
    zoned = "timestamp with local time zone"
    return [replace(column, type=zoned if column.type == "timestamp" else column.type) for column in columns]


def _parquet(_: Mapping[str, str]) -> Storage:
    serde = SerDe(PARQUET_SERDE, parameters={"serialization.format": "1"})
    return Storage(f"{_PARQUET}.MapredParquetInputFormat", f"{_PARQUET}.MapredParquetOutputFormat", serde)


def _orc(_: Mapping[str, str]) -> Storage:
    serde = SerDe(ORC_SERDE, parameters={"serialization.format": "1"})
    return Storage(f"{_ORC}.OrcInputFormat", f"{_ORC}.OrcOutputFormat", serde)


def _avro(_: Mapping[str, str]) -> Storage:
    avro = f"{_HADOOP}.hive.ql.io.avro.AvroContainer"
    serde = SerDe(AVRO_SERDE, parameters={"serialization.format": "1"})
    return Storage(f"{avro}InputFormat", f"{avro}OutputFormat", serde)


def _ion(_: Mapping[str, str]) -> Storage:
    """Amazon's SerDe, which Hive on EMR and Athena have."""
    formats = f"{_ION}.formats.Ion"
    serde = SerDe(ION_SERDE, parameters={"serialization.format": "1"})
    return Storage(f"{formats}InputFormat", f"{formats}OutputFormat", serde)


def _regex(options: Mapping[str, str]) -> Storage:
    serde = SerDe(REGEX_SERDE, parameters={PATTERN: options[PATTERN], "serialization.format": "1"})
    return Storage(_TEXT_INPUT, _TEXT_OUTPUT, serde, compressed="compression" in options)


def _xml(options: Mapping[str, str]) -> Storage:
    serde = SerDe(XML_SERDE, parameters={"serialization.format": "1"})
    return Storage(_TEXT_INPUT, _TEXT_OUTPUT, serde, compressed="compression" in options)


def _json(options: Mapping[str, str]) -> Storage:
    serde = SerDe(UNREADABLE_SERDE if PATH in options else OPENX_JSON, parameters={"serialization.format": "1"})
    return Storage(_TEXT_INPUT, _TEXT_OUTPUT, serde, compressed="compression" in options)


def _csv(options: Mapping[str, str]) -> Storage:
    delimiter = options.get("delimiter", ",")
    if options.get("quoted") == "true":
        said = {"separatorChar": delimiter, "quoteChar": options.get("quote", '"'), "serialization.format": "1"}
        doubled = options.get("escape", '"') == said["quoteChar"]
        said["escapeChar"] = _NO_ESCAPE if doubled else options["escape"]
        serde = SerDe(OPEN_CSV, parameters=said)
    else:
        said = {"field.delim": delimiter, "serialization.format": delimiter}
        said["serialization.null.format"] = options.get("nullValue", "")
        if "timestamps" in options:
            said["timestamp.formats"] = options["timestamps"]
        serde = SerDe(LAZY_SIMPLE, parameters=said)
    return Storage(_TEXT_INPUT, _TEXT_OUTPUT, serde, compressed="compression" in options)
