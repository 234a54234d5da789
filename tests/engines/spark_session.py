"""Runs inside Spark's own Python: takes questions as JSON lines on stdin and answers them, a line each, on stdout."""

import json
import os
import sys
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import Row, SparkSession


def plain(value: object) -> object:
    """A value as JSON can hold it."""
    if isinstance(value, Row):
        return {name: plain(field) for name, field in value.asDict().items()}
    if isinstance(value, dict):
        return {str(key): plain(field) for key, field in value.items()}
    if isinstance(value, list | tuple):
        return [plain(field) for field in value]
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def answer(spark: SparkSession, question: dict[str, str]) -> dict[str, object]:
    """What the session says to one question."""
    if "sql" in question:
        return {"rows": [[plain(value) for value in row] for row in spark.sql(question["sql"]).collect()]}
    if "columns" in question:
        fields = spark.sql(question["columns"]).schema.fields
        return {"columns": [[field.name, field.dataType.simpleString()] for field in fields]}
    names = {"spark": spark, "result": None}
    exec(question["python"], names)
    return {"result": plain(names["result"])}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever prints must not stand among the answers
    sys.stdout = sys.stderr
    questions = os.fdopen(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    spark = SparkSession.builder.getOrCreate()
    Path("ready").touch()
    for line in questions:
        try:
            reply = answer(spark, json.loads(line))
        except PySparkException as error:
            reply = {"error": error.getCondition() or type(error).__name__, "message": str(error)}
        except Exception as error:
            reply = {"error": type(error).__name__, "message": str(error)}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
