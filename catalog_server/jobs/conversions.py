"""Conversions: the job that makes a table for every engine of one that some cannot read, its script included.

The source is read by the server's SQL, which reads what crawls make tables of, through a run on `sail`; or, if that is wanted
or the SQL cannot, by an engine. The script is an ordinary one: it can be changed, and run again, which makes the table anew.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from catalog_server.jobs.jobs import Jobs
from catalog_server.jobs.nested import quoted
from catalog_server.lake.formats.faces import OPEN_CSV, READABLE_BY
from catalog_server.lake.locations import is_under
from catalog_server.model.caller import Caller
from catalog_server.model.conversion import FORMATS, ICEBERG, Conversion, Converting
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.model.job import Job, JobRun
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.spark_schema import spark_columns
from catalog_server.model.table import Table, TableKind
from catalog_server.model.types import DataType, identifier, parse_type, to_trino

if TYPE_CHECKING:
    from catalog_server.catalog.catalog import CatalogService

SQL, SAIL, SPARK = "sql", "sail", "spark"
ENGINES = (SAIL, SPARK)
_NUMBERS = frozenset({"tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "boolean", "date"})
_TIMES = frozenset({"timestamp", "timestamp with local time zone"})
_WIDER = {"tinyint": "integer", "smallint": "integer"}
"""Types that Iceberg does not have, and those that it has for them."""


class Conversions:
    """Makes jobs that convert tables."""

    def __init__(self, catalog: CatalogService, jobs: Jobs) -> None:
        self._catalog = catalog
        self._jobs = jobs

    def plan(self, caller: Caller, wanted: Conversion) -> Converting:
        """What would be done; nothing is changed.

        Raises:
            NotFound, Denied: for the source, or the database of the new table.
            Invalid: for what makes no sense, or a source that the engine cannot read.
            AlreadyExists: where the new table is there, or a job of the name that does something else.
        """
        source = self._catalog.tables.get(caller, wanted.source)
        wanted = replace(wanted, source=source.full_name)
        if wanted.format not in FORMATS:
            raise Invalid("format", f"{wanted.format!r} is none of {', '.join(FORMATS)}")
        if wanted.engine not in (None, *ENGINES):
            raise Invalid("engine", f"{wanted.engine!r} is none of {', '.join(ENGINES)}")
        target = self._target(caller, wanted)
        _check_places(source, target, wanted.location)
        job = _job(source, target, wanted)
        exists = self._is_there(caller, job)
        if not exists and self._catalog.tables.get_many(caller, target.parent, [target.table]):
            raise AlreadyExists("table", str(target))
        return Converting(wanted, job, target, source.parameters.get(READABLE_BY), exists)

    def create(self, caller: Caller, wanted: Conversion, *, run: bool = True) -> tuple[Converting, JobRun | None]:
        """Keep the job, unless it is there just so, and start it if wanted. Raises as `plan` does."""
        planned = self.plan(caller, wanted)
        if not planned.exists:
            planned = replace(planned, job=self._jobs.create(caller, planned.job), exists=True)
        return planned, self._jobs.run(caller, planned.job.name) if run else None

    def _target(self, caller: Caller, wanted: Conversion) -> TableName:
        home = self._catalog.core.default_catalog
        database = wanted.database or wanted.source.database
        name = wanted.table or f"{wanted.source.table}_{wanted.format}"
        self._catalog.databases.get(caller, DatabaseName(home, database))
        return TableName(home, database, name)

    def _is_there(self, caller: Caller, job: Job) -> bool:
        """Whether a job of this name does just this; raises `AlreadyExists` for one that does something else."""
        try:
            found = self._jobs.get(caller, job.name)
        except NotFound:
            return False
        same = replace(found, id=0, version=0, created_at=0, comment=job.comment, timeout_seconds=job.timeout_seconds)
        if same != job:
            raise AlreadyExists("job", f"{job.name} (which does something else: give this one another name)")
        return True


def _check_places(source: Table, target: TableName, location: str | None) -> None:
    if _key(target) == _key(source.full_name):
        raise Invalid("table", f"{target} cannot be made of itself: give the new table another name")
    if location is not None and ":/" not in location:
        raise Invalid("location", f"{location!r} is no place such as s3://bucket/folder/")
    if location and source.location and (is_under(location, source.location) or is_under(source.location, location)):
        raise Invalid("location", f"{location} and the files of {source.full_name} would lie in one another")


def _job(source: Table, target: TableName, wanted: Conversion) -> Job:
    reader, engine = _reader(source, wanted)
    read = _by_sql(source, wanted.format) if reader == SQL else _by_engine(source, reader)
    article = "an Iceberg table" if wanted.format == ICEBERG else "a table of Parquet files"
    keys = [key.name for key in source.partition_keys]
    declares = wanted.format != ICEBERG and wanted.location is not None
    return Job(
        name=wanted.job or _job_name(source, target, wanted.format),
        script=_SCRIPT.format(
            title=f"Make {_plain(target)}, {article}, of all rows of {_plain(source.full_name)}; each run makes it anew.",
            imports="from catalog_sql import read_sql\n" if reader == SQL else "",
            read=read,
            write=_write(target, wanted, keys),
        ),
        engine=engine,
        outputs=(f"{target.database}.{target.table}={wanted.location}",) if declares else (),
        configuration=dict(wanted.configuration),
        timeout_seconds=_TIMEOUT_SECONDS,
        comment=f"Makes {target.database}.{target.table} of {source.full_name}.",
    )


def _job_name(source: Table, target: TableName, format: str) -> str:
    chosen = (target.database, target.table) == (source.database, f"{source.name}_{format}")
    made = format if chosen else f"{target.database}-{target.table}"
    return f"convert-{source.database}-{source.name}-to-{made}"


_TIMEOUT_SECONDS = 24 * 3600
_SCRIPT = '''"""{title}"""

{imports}from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
{read}
{write}
'''


def _reader(source: Table, wanted: Conversion) -> tuple[str, str]:
    """Who reads the source (`sql`, `sail` or `spark`), and on which engine the job runs."""
    said = source.parameters.get(READABLE_BY)
    readers = said.split(", ") if said else [SQL, SPARK]
    if source.format == "delta":
        readers = [SAIL, SPARK]
    elif source.kind is TableKind.CONNECTION or source.is_view:
        readers = [SQL]
    wished = [SPARK] if wanted.engine == SPARK else [SQL, SAIL]
    for reader in (*wished, *([] if wanted.engine else [SPARK])):
        if reader in readers:
            here = SAIL if importlib.util.find_spec("pysail") else SPARK
            return reader, here if reader == SQL else reader
    raise Invalid("engine", f"{source.full_name} is read by {', '.join(readers)} alone")


def _by_sql(source: Table, format: str) -> str:
    columns = ",\n    ".join(_selected(source, format))
    path = source.catalog, source.database, source.name
    statement = f"SELECT\n    {columns}\nFROM {'.'.join(map(identifier, path))}"
    return f"rows = read_sql(spark, {_literal(statement)})"


def _key(name: TableName) -> tuple[str, ...]:
    return tuple(name_key(part) for part in (name.catalog, name.database, name.table))


def _selected(source: Table, format: str) -> list[str]:
    """Each column under the name that Spark has for it, in the type that the new table is to have."""
    said = () if source.is_iceberg else spark_columns(source.parameters) or ()
    spark = {name_key(column.name): column for column in said}
    texts = source.storage.serde.library == OPEN_CSV
    null = source.parameters.get("option.nullValue", "")
    columns = source.columns or tuple(spark.values())
    found = []
    for column in (*columns, *source.partition_keys):
        known = spark.get(name_key(column.name))
        kind = parse_type(column.type)
        name = identifier(name_key(column.name))
        wanted = parse_type(known.type) if known and texts and column in columns else kind
        shown = identifier(known.name if known else column.name)
        value = _typed(name, kind, wanted, null, format)
        found.append(value if value == shown else f"{value} AS {shown}")
    return found


def _typed(name: str, kind: DataType, wanted: DataType, null: str, format: str) -> str:
    """A column's value in the type wanted: texts of CSV as what they say, and what Iceberg does not have as what it has."""
    word = _WIDER.get(wanted.name) if format == ICEBERG else None
    if kind.name == "string" and wanted.name in _NUMBERS | _TIMES:
        text = f"NULLIF(NULLIF({name}, ''), {_text(null)})" if null else f"NULLIF({name}, '')"
        if wanted.name in _TIMES:
            return f"CAST(from_iso8601_timestamp(replace({text}, ' ', 'T')) AS timestamp(6) with time zone)"
        return f"CAST({text} AS {word or to_trino(wanted)})"
    return f"CAST({name} AS {word})" if word else name


def _by_engine(source: Table, reader: str) -> str:
    if reader == SAIL:  # which knows Delta by its place alone
        return f'rows = spark.read.format("delta").load({_literal(source.location or "")})'
    return f"rows = spark.table({_literal(_spark_name(source.full_name))})"


def _spark_name(name: TableName) -> str:
    return ".".join(map(quoted, (*name.database.split("."), name.table)))


def _write(target: TableName, wanted: Conversion, keys: list[str]) -> str:
    divided = ", ".join(map(_literal, keys))
    if wanted.format == ICEBERG:
        place = f'.tableProperty("location", {_literal(wanted.location)})' if wanted.location else ""
        partitioned = f".partitionedBy({divided})" if divided else ""
        return f"rows.writeTo({_literal(f'iceberg.{_spark_name(target)}')}){partitioned}{place}.createOrReplace()"
    writer = f'rows.write.mode("overwrite"){f".partitionBy({divided})" if divided else ""}'
    if wanted.location:
        return f"{writer}.parquet({_literal(wanted.location)})"
    return f'{writer}.format("parquet").saveAsTable({_literal(_spark_name(target))})'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _plain(name: TableName) -> str:
    """A table's name as it may stand in a docstring."""
    return str(name).replace("\\", "\\\\").replace('"', "'").replace("\n", " ")


def _literal(text: str) -> str:
    """A text as Python writes it, over several lines where it has several and nothing in it has to be escaped."""
    if "\n" in text and text.replace("\n", "").isprintable() and "\\" not in text and '"""' not in text:
        return f'"""\n{text}\n"""'
    return json.dumps(text, ensure_ascii=False)
