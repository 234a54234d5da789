"""Partition columns of files on Sail: a NULL fails the write, since Sail would write it as 0 or 1970-01-01 without a word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from catalog_server.jobs.nested import quoted

INSERT = re.compile(
    r"\s*insert\s+(?P<how>into|overwrite)\s+(table\s+)?(?P<table>[`\w.]+)\s*(partition\s*\([^()=]*\)\s*)?"
    r"(\((?!\s*(select|with|values|from|table)\b)(?P<columns>[^()]*)\)\s*)?"
    r"(?P<query>(\(\s*)*(select|with|values|from|table)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
"""An INSERT of a query in SQL that leaves it to the rows which partitions they belong to."""


def refuse(writer: Any, names: Sequence[str], order: Sequence[str] = ()) -> None:
    """Have what a writer of Spark Connect's client writes fail at the first NULL in one of these columns.

    It is found while the rows are written, without reading them twice. Where columns are written by their places, `order` are
    those of the table.
    """
    from pyspark.sql.connect import functions as f
    from pyspark.sql.connect.dataframe import DataFrame

    frame = DataFrame(writer._df, writer._spark)
    if len(order) == len(frame.columns):
        frame = frame.toDF(*order)
    wanted = {name.lower() for name in names}
    columns = [field for field in frame.schema.fields if field.name.lower() in wanted] if wanted else []
    if not columns:
        return
    guarded = {}
    for field in columns:
        column = f.col(quoted(field.name))
        reason = f"NULL in the partition column {field.name}, which sail cannot write to files: fill it, or use spark or Iceberg"
        error = f.raise_error(f.lit(reason)).cast(field.dataType)
        guarded[field.name] = f.when(column.isNull(), error).otherwise(column)
    writer._df = writer._write._child = frame.withColumns(guarded)._plan
