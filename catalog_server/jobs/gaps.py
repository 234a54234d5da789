"""Makes up for what Sail lacks, so that scripts written for Spark run unchanged: replacing tables, above all.

Spark replaces a table on saveAsTable(mode="overwrite") and createOrReplace(). Sail has no such operation. Where the new
rows fit the table as it is, its contents are overwritten (for Iceberg one commit that keeps the history); where columns
or partitioning change, an Iceberg table is written beside the old one and takes its name, a table of files is dropped,
its folder emptied and made again, which is how Spark does it too.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_server.jobs import nested, null_keys
from catalog_server.jobs.rest import Rest

ICEBERG = "iceberg"
"""The catalog under which Iceberg tables are found, by the same name on all engines."""
TIME_ZONE = "spark.sql.session.timeZone"
_REPLACE = re.compile(
    r"\s*create\s+(?P<replace>or\s+replace\s+)?table\s+(?P<table>[`\w.]+)(\s+using\s+(?P<provider>\w+))?"
    r"(\s+partitioned\s+by\s*\((?P<partitions>[^()]*)\))?\s+as\s+(?P<query>.+)",
    re.IGNORECASE | re.DOTALL,
)
_OVERWRITE = re.compile(
    r"\s*insert\s+overwrite\s+(table\s+|into\s+)?(?P<table>[`\w.]+)(?P<query>.*)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Target:
    """A table that is written to: the name as the script said it, taken apart."""

    said: str
    catalog: str
    database: str
    table: str

    @property
    def is_iceberg(self) -> bool:
        """Whether the name is one of the Iceberg catalog."""
        return self.catalog == ICEBERG

    def quoted(self, table: str | None = None) -> str:
        """The whole name (or that of another table beside it), quoted part by part."""
        parts = (self.catalog, *self.database.split("."), table or self.table)
        return ".".join(f"`{part}`" for part in parts)


def target_of(session: Any, said: str) -> Target:
    """Take a table's name apart as the session's current catalog and database complete it."""
    parts = [part.strip("`") for part in re.findall(r"`[^`]+`|[^.`]+", said)]
    catalog = str(session.catalog.currentCatalog())
    if len(parts) == 1:
        return Target(said, catalog, str(session.catalog.currentDatabase()), parts[0])
    if len(parts) > 2 or parts[0] == ICEBERG:
        return Target(said, parts[0], ".".join(parts[1:-1]), parts[-1])
    return Target(said, catalog, parts[0], parts[1])


def accept_any_master() -> None:
    """Let scripts name a master and ask for Hive's support: both are settled already where the engine is reached by URL."""
    from pyspark.sql.session import SparkSession

    SparkSession.Builder.master = lambda builder, _master: builder
    SparkSession.Builder.enableHiveSupport = lambda builder: builder


def keep_time_in_utc() -> None:
    """Let sessions count time in UTC unless the script says otherwise: Sail writes Iceberg's timestamps in no other zone."""
    from pyspark.sql.session import SparkSession

    builder = SparkSession.Builder
    original = builder.getOrCreate

    @functools.wraps(original)
    def get_or_create(this: Any) -> Any:
        if TIME_ZONE not in this._options:
            this.config(TIME_ZONE, "UTC")
        return original(this)

    builder.getOrCreate = get_or_create


class Gaps:
    """The patches of one run. `staging` is a word that names what is written beside a table until it takes its place."""

    def __init__(self, rest: Rest, remove_directory: Callable[[str], None], staging: str) -> None:
        self._rest = rest
        self._remove_directory = remove_directory
        self._staging = staging
        self._replaced = 0

    def install(self) -> None:
        """Patch Spark Connect's client of this process."""
        from pyspark.sql.connect import readwriter, session

        keep_time_in_utc()
        self._writer_saves_files(readwriter.DataFrameWriter)
        self._writer_saves_tables(readwriter.DataFrameWriter)
        self._writer_inserts(readwriter.DataFrameWriter)
        self._writer_creates(readwriter.DataFrameWriterV2)
        self._sql_replaces(session.SparkSession)

    @staticmethod
    def _writer_saves_files(writer: Any) -> None:
        original = writer.save

        @functools.wraps(original)
        def save(
            this: Any,
            path: str | None = None,
            format: str | None = None,
            mode: str | None = None,
            partitionBy: Any = None,  # noqa: N803
            **more: Any,
        ) -> None:
            if partitionBy is not None:
                this.partitionBy(partitionBy)
            null_keys.refuse(this, [str(column) for column in this._write.partitioning_cols])
            original(this, path, format, mode, None, **more)

        writer.save = save

    def _writer_saves_tables(self, writer: Any) -> None:
        original = writer.saveAsTable
        gaps = self

        @functools.wraps(original)
        def save_as_table(
            this: Any,
            name: str,
            format: str | None = None,
            mode: str | None = None,
            partitionBy: Any = None,  # noqa: N803
            **more: Any,
        ) -> None:
            this.mode(mode).options(**more)
            if partitionBy is not None:
                this.partitionBy(partitionBy)
            if format is not None:
                this.format(format)
            target = target_of(this._spark, name)
            if target.is_iceberg and this._write.source is None:
                this.format("iceberg")
            partitions = [str(column) for column in this._write.partitioning_cols]

            def create(table: str) -> None:
                this.mode("error")
                if target.is_iceberg:
                    gaps._create_iceberg(this, table, partitions, {}, lambda: original(this, table))
                else:
                    null_keys.refuse(this, partitions)
                    original(this, table)

            mode = (this._write.mode or "").lower()
            if mode != "overwrite":
                if not this._spark.catalog.tableExists(target.quoted()):
                    create(target.quoted())
                elif not (mode == "append" and gaps._append(this, target)):
                    original(this, name)
                return
            gaps._replace(this._spark, this._df, target, this._write.source, partitions, create)

        writer.saveAsTable = save_as_table

    @staticmethod
    def _writer_inserts(writer: Any) -> None:
        original = writer.insertInto

        @functools.wraps(original)
        def insert_into(this: Any, tableName: str, overwrite: bool | None = None) -> None:  # noqa: N803
            replaces = overwrite or (overwrite is None and (this._write.mode or "").lower() == "overwrite")
            target = target_of(this._spark, tableName)
            if replaces and not target.is_iceberg and _reads(this._df, this._spark, target):
                raise _reads_itself(target)
            if not target.is_iceberg and (keys := _partitions(this._spark, target)):
                null_keys.refuse(this, keys, this._spark.table(target.quoted()).columns)
            original(this, tableName, overwrite)

        writer.insertInto = insert_into

    def _writer_creates(self, writer: Any) -> None:
        create = writer.create
        gaps = self

        def prepare(this: Any) -> Target:
            target = target_of(this._spark, this._table_name)
            if target.is_iceberg and this._write.provider is None:
                this.using("iceberg")
            return target

        def made(this: Any, target: Target, table: str) -> None:
            this._write.table_name = table
            partitions = _plain_names(this._write.partitioning_columns)
            if target.is_iceberg and partitions is not None:
                properties = {**this._write.options, **this._write.table_properties}
                gaps._create_iceberg(this, table, partitions, properties, lambda: create(this))
            else:
                null_keys.refuse(this, partitions or ())
                create(this)

        @functools.wraps(create)
        def create_table(this: Any) -> None:
            target = prepare(this)
            made(this, target, target.quoted())

        @functools.wraps(writer.createOrReplace)
        def create_or_replace(this: Any, must_exist: bool = False) -> None:
            target = prepare(this)
            if must_exist and not this._spark.catalog.tableExists(target.quoted()):
                raise _analysis_error(f"[TABLE_OR_VIEW_NOT_FOUND] The table {target.said} cannot be found.")

            partitions = _plain_names(this._write.partitioning_columns)
            make = functools.partial(made, this, target)
            gaps._replace(this._spark, this._df, target, this._write.provider, partitions, make)

        append = writer.append

        @functools.wraps(append)
        def append_rows(this: Any) -> None:
            if not gaps._append(this, prepare(this)):
                append(this)

        writer.append = append_rows
        overwrite = writer.overwrite

        @functools.wraps(overwrite)
        def overwrite_rows(this: Any, condition: Any) -> None:
            target = prepare(this)
            if not _is_true(condition):
                overwrite(this, condition)
                return
            frame = _frame(this._df, this._spark)
            frame.select(*gaps._order(this._spark, target)).write.insertInto(target.quoted(), overwrite=True)

        writer.create = create_table
        writer.createOrReplace = create_or_replace
        writer.replace = lambda this: create_or_replace(this, must_exist=True)
        writer.overwrite = overwrite_rows

    @staticmethod
    def _sql_replaces(session: Any) -> None:
        original = session.sql

        @functools.wraps(original)
        def sql(this: Any, sqlQuery: Any, *arguments: Any, **named: Any) -> Any:  # noqa: N803
            match = _REPLACE.fullmatch(sqlQuery) if isinstance(sqlQuery, str) else None
            overwrite = _OVERWRITE.match(sqlQuery) if isinstance(sqlQuery, str) else None
            if overwrite is not None:
                target = target_of(this, overwrite["table"])
                if not target.is_iceberg and _names(overwrite["query"], target):
                    raise _reads_itself(target)
            insert = null_keys.INSERT.fullmatch(sqlQuery) if isinstance(sqlQuery, str) else None
            if insert is not None:
                rows = functools.partial(original, this, insert["query"], *arguments, **named)
                if _insert(this, insert, rows):
                    return original(this, "SELECT 1 WHERE 1 = 0")
            divides = match is not None and (match["replace"] or match["partitions"])
            if match is None or not (divides or target_of(this, match["table"]).is_iceberg):
                return original(this, sqlQuery, *arguments, **named)
            from pyspark.sql.connect.functions import col

            writer = original(this, match["query"], *arguments, **named).writeTo(match["table"])
            if match["provider"]:
                writer = writer.using(match["provider"].lower())
            if match["partitions"]:
                writer = writer.partitionedBy(*(col(name.strip()) for name in match["partitions"].split(",")))
            (writer.createOrReplace if match["replace"] else writer.create)()
            return original(this, "SELECT 1 WHERE 1 = 0")

        session.sql = sql

    def _append(self, writer: Any, target: Target) -> bool:
        """Append by insertInto, which knows names with capitals as Sail's own way does not.

        False where there is no table with the same columns, of which Sail knows what to say.
        """
        if not writer._spark.catalog.tableExists(target.quoted()):
            return False
        frame = _frame(writer._df, writer._spark)
        held = {name.lower(): name for name in frame.columns}
        columns = [name.strip("`").lower() for name in self._order(writer._spark, target)]
        if sorted(held) != sorted(columns) or len(held) != len(frame.columns):
            if not target.is_iceberg:
                null_keys.refuse(writer, _partitions(writer._spark, target))
            return False
        frame.select(*(nested.quoted(held[name]) for name in columns)).write.insertInto(target.quoted())
        return True

    @staticmethod
    def _create_iceberg(
        writer: Any, table: str, partitions: Sequence[str], properties: Mapping[str, str], create: Callable[[], None]
    ) -> None:
        frame = _frame(writer._df, writer._spark)
        nested.create_table(writer._spark, frame, table, partitions, properties, create)

    def _replace(
        self,
        session: Any,
        plan: Any,
        target: Target,
        source: str | None,
        partitions: Sequence[str] | None,
        create: Callable[[str], None],
    ) -> None:
        """Put the rows of a plan in the place of a table; `partitions` is None where they are more than column names."""
        if not session.catalog.tableExists(target.quoted()):
            create(target.quoted())
            return
        frame = _frame(plan, session)
        if target.is_iceberg:
            self._replace_iceberg(session, frame, target, partitions, create)
        else:
            self._replace_files(session, plan, frame, target, source, partitions, create)

    def _replace_iceberg(
        self, session: Any, frame: Any, target: Target, partitions: Sequence[str] | None, create: Callable[[str], None]
    ) -> None:
        metadata = self._rest.load(target.database, target.table)
        columns, divided = _iceberg_layout(metadata)
        fits = {(f.name.lower(), f.dataType.simpleString()) for f in frame.schema.fields} == {
            (f.name.lower(), f.dataType.simpleString()) for f in session.table(target.quoted()).schema.fields
        }
        if fits and partitions is not None and [name.lower() for name in partitions] == divided:
            frame.select(*(f"`{name}`" for name in columns)).write.insertInto(target.quoted(), overwrite=True)
            return
        self._replaced += 1
        beside = f"{target.table}__{self._staging}_{self._replaced}"
        create(target.quoted(beside))
        self._rest.drop(target.database, target.table, purge=True)
        self._rest.rename(target.database, beside, target.table)

    def _replace_files(
        self,
        session: Any,
        plan: Any,
        frame: Any,
        target: Target,
        source: str | None,
        partitions: Sequence[str] | None,
        create: Callable[[str], None],
    ) -> None:
        if _reads(plan, session, target):
            raise _reads_itself(target)
        known = _describe(session, target)
        old = [(f.name.lower(), f.dataType.simpleString()) for f in session.table(target.quoted()).schema.fields]
        new = [(f.name.lower(), f.dataType.simpleString()) for f in frame.schema.fields]
        same_format = (source or "parquet").lower() == known.provider
        if same_format and sorted(old) == sorted(new) and list(partitions or ()) == known.partitions:
            frame.select(*(f"`{name}`" for name, _ in old)).write.insertInto(target.quoted(), overwrite=True)
            return
        session.sql(f"DROP TABLE {target.quoted()}").toPandas()
        if known.location and known.location.rstrip("/").rpartition("/")[2].lower() == target.table.lower():
            self._remove_directory(known.location)
        create(target.quoted())

    def _order(self, session: Any, target: Target) -> list[str]:
        """The columns of a table in the order that insertInto takes them."""
        if target.is_iceberg:
            columns, _ = _iceberg_layout(self._rest.load(target.database, target.table))
        else:
            columns = list(session.table(target.quoted()).columns)
        return [f"`{name}`" for name in columns]


@dataclass(frozen=True, slots=True)
class _Described:
    location: str
    provider: str
    partitions: list[str]


def _describe(session: Any, target: Target) -> _Described:
    rows = session.sql(f"DESCRIBE TABLE EXTENDED {target.quoted()}").toPandas().to_dict("records")
    facts = {str(row["col_name"]).lower(): str(row["data_type"]) for row in rows}
    names = [str(row["col_name"]) for row in rows]
    start = names.index("# Partition Information") + 2 if "# Partition Information" in names else len(names)
    end = next((place for place in range(start, len(names)) if not names[place].strip("# ")), len(names))
    return _Described(facts.get("location", ""), facts.get("provider", "").lower(), names[start:end])


def _partitions(session: Any, target: Target) -> list[str]:
    """Partition columns of a table of files; none where there is no such table yet."""
    return _describe(session, target).partitions if session.catalog.tableExists(target.quoted()) else []


def _insert(session: Any, insert: re.Match[str], rows: Callable[[], Any]) -> bool:
    """Insert the rows of a query into a table of files that has partitions, as the writer of rows does, which knows of NULL.

    False, and nothing is done, for other tables, and where not all columns are said.
    """
    target = target_of(session, insert["table"])
    if target.is_iceberg or not _partitions(session, target):
        return False
    frame, order = rows(), list(session.table(target.quoted()).columns)
    if insert["columns"] is not None:
        said = [name.strip(" `\n\t").lower() for name in insert["columns"].split(",")]
        if sorted(said) != sorted(name.lower() for name in order) or len(frame.columns) != len(said):
            return False
        frame = frame.toDF(*said).select(*(nested.quoted(name.lower()) for name in order))
    frame.write.insertInto(target.quoted(), overwrite=insert["how"].lower() == "overwrite")
    return True


def _iceberg_layout(metadata: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Column names in order, and the lower-case names of the columns it is divided by (transforms spelled out)."""
    schema = next(item for item in metadata["schemas"] if item["schema-id"] == metadata["current-schema-id"])
    spec = next(item for item in metadata["partition-specs"] if item["spec-id"] == metadata["default-spec-id"])
    names = {field["id"]: str(field["name"]) for field in schema["fields"]}
    divided = [
        names.get(field["source-id"], "?").lower()
        + ("" if field["transform"] == "identity" else f" {field['transform']}")
        for field in spec["fields"]
        if field["transform"] != "void"
    ]
    return list(names.values()), divided


def _frame(plan: Any, session: Any) -> Any:
    from pyspark.sql.connect.dataframe import DataFrame

    return DataFrame(plan, session)


def _plain_names(columns: Sequence[Any]) -> list[str] | None:
    """The names of columns, or None if one of them is an expression."""
    names = []
    for column in columns:
        expression = getattr(column, "_expr", column)
        name = getattr(expression, "_unparsed_identifier", None)
        if not isinstance(name, str):
            return None
        names.append(name.strip("`"))
    return names


def _is_true(condition: Any) -> bool:
    return getattr(getattr(condition, "_expr", None), "_value", None) is True


def _reads(plan: Any, session: Any, target: Target) -> bool:
    """Whether a plan names the table that it is to replace."""
    said = re.findall(r"(?:unparsed_identifier|query): (.*)", str(plan.to_proto(session.client)))
    return any(_names(text, target) for text in said)


def _names(text: str, target: Target) -> bool:
    """Whether a statement speaks of a table."""
    table, database = re.escape(target.table.lower()), re.escape(target.database.lower())
    return re.search(rf"(?<![\w.])(`?spark_catalog`?\.)?(`?{database}`?\.)?`?{table}(?!\w)", text.lower()) is not None


def _reads_itself(target: Target) -> Exception:
    return _analysis_error(
        f"[UNSUPPORTED_OVERWRITE.TABLE] Can't overwrite the target that is also being read from: {target.said}"
    )


def _analysis_error(message: str) -> Exception:
    from pyspark.errors import AnalysisException

    error: Exception = AnalysisException(message)
    return error
