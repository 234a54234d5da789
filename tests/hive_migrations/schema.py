"""A small metastore as rows of its own database, in the schema of Hive 4 or of 2.3, put into MySQL or a Derby export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PARTITIONS = 2500
NEW_IN_4 = {
    "DBS": ("CTLG_NAME", "CREATE_TIME", "TYPE"),
    "TBLS": ("OWNER_TYPE", "WRITE_ID"),
    "TAB_COL_STATS": ("BIT_VECTOR", "ENGINE"),
    "PART_COL_STATS": ("BIT_VECTOR", "ENGINE"),
    "SERDES": ("DESCRIPTION",),
    "KEY_CONSTRAINTS": ("DEFAULT_VALUE",),
}
"""Columns that the schema of Hive 2.3 has not."""
FLAGS = ("IS_COMPRESSED", "IS_STOREDASSUBDIRECTORIES", "IS_REWRITE_ENABLED")
REALS = ("DOUBLE_LOW_VALUE", "DOUBLE_HIGH_VALUE", "AVG_COL_LEN")
TEXTS = (
    "NAME",
    "DESC",
    "URI",
    "TYPE",
    "KEY",
    "VALUE",
    "OWNER",
    "TEXT",
    "FORMAT",
    "LOCATION",
    "SLIB",
    "COMMENT",
    "CLASS",
    "CTLG_NAME",
    "PKEY_NAME",
    "COL",
    "VAL",
    "ENGINE",
    "DESCRIPTION",
    "COL_NAME",
    "SCHEMA_VERSION",
)


def rows(modern: bool) -> dict[str, list[dict[str, Any]]]:
    """Rows by table: a table of partitions, a skewed one, a view, statistics, a function and keys."""
    found: dict[str, list[dict[str, Any]]] = {
        "VERSION": [{"VER_ID": 1, "SCHEMA_VERSION": "4.0.0" if modern else "2.3.0"}],
        "DBS": [
            {
                "DB_ID": 1,
                "NAME": "shop",
                "DESC": 'of "things", sold\nand bought',
                "DB_LOCATION_URI": "hdfs://n/shop.db",
                "OWNER_NAME": "ann",
                "OWNER_TYPE": "ROLE",
                "CTLG_NAME": "hive",
                "CREATE_TIME": 1_600_000_000,
                "TYPE": "NATIVE",
            }
        ],
        "DATABASE_PARAMS": [{"DB_ID": 1, "PARAM_KEY": "team", "PARAM_VALUE": ""}],
        "CDS": [{"CD_ID": 10}, {"CD_ID": 11}],
        "COLUMNS_V2": [
            {"CD_ID": 10, "COLUMN_NAME": "id", "TYPE_NAME": "bigint", "COMMENT": None, "INTEGER_IDX": 0},
            {"CD_ID": 10, "COLUMN_NAME": "price", "TYPE_NAME": "decimal(10,2)", "COMMENT": "in €", "INTEGER_IDX": 1},
            {"CD_ID": 11, "COLUMN_NAME": "id", "TYPE_NAME": "bigint", "COMMENT": None, "INTEGER_IDX": 0},
        ],
        "SERDES": [{"SERDE_ID": 5, "NAME": "s", "SLIB": "org.x.Serde", "DESCRIPTION": None}],
        "SERDE_PARAMS": [{"SERDE_ID": 5, "PARAM_KEY": "field.delim", "PARAM_VALUE": "|"}],
        "SDS": [
            _sd(20, 10, "hdfs://n/shop.db/orders"),
            _sd(21, 11, None),
            *(_sd(100 + n, 10, f"hdfs://n/p/{n}") for n in range(PARTITIONS)),
        ],
        "SD_PARAMS": [{"SD_ID": 20, "PARAM_KEY": "kept", "PARAM_VALUE": "here"}],
        "BUCKETING_COLS": [{"SD_ID": 20, "BUCKET_COL_NAME": "id", "INTEGER_IDX": 0}],
        "SORT_COLS": [{"SD_ID": 20, "COLUMN_NAME": "id", "ORDER": 1, "INTEGER_IDX": 0}],
        "SKEWED_COL_NAMES": [{"SD_ID": 20, "SKEWED_COL_NAME": "id", "INTEGER_IDX": 0}],
        "SKEWED_STRING_LIST": [{"STRING_LIST_ID": 7}],
        "SKEWED_STRING_LIST_VALUES": [{"STRING_LIST_ID": 7, "STRING_LIST_VALUE": "42", "INTEGER_IDX": 0}],
        "SKEWED_VALUES": [{"SD_ID_OID": 20, "STRING_LIST_ID_EID": 7, "INTEGER_IDX": 0}],
        "SKEWED_COL_VALUE_LOC_MAP": [{"SD_ID": 20, "STRING_LIST_ID_KID": 7, "LOCATION": "hdfs://n/42"}],
        "TBLS": [
            _table(30, "orders", 20, "EXTERNAL_TABLE", None),
            _table(31, "cheap", 21, "VIRTUAL_VIEW", 'select "id",\n 1 from orders'),
        ],
        "TABLE_PARAMS": [
            {"TBL_ID": 30, "PARAM_KEY": "EXTERNAL", "PARAM_VALUE": "TRUE"},
            {"TBL_ID": 30, "PARAM_KEY": "odd", "PARAM_VALUE": 'a,b "c"\nd'},
        ],
        "PARTITION_KEYS": [
            {"TBL_ID": 30, "PKEY_COMMENT": None, "PKEY_NAME": "day", "PKEY_TYPE": "string", "INTEGER_IDX": 0}
        ],
        "PARTITIONS": [
            {
                "PART_ID": 1000 + n,
                "CREATE_TIME": 1_600_000_000 + n,
                "LAST_ACCESS_TIME": 0,
                "PART_NAME": f"day={n}",
                "SD_ID": 100 + n,
                "TBL_ID": 30,
            }
            for n in range(PARTITIONS)
        ],
        "PARTITION_PARAMS": [
            {"PART_ID": 1000 + n, "PARAM_KEY": "numRows", "PARAM_VALUE": str(n)} for n in range(PARTITIONS)
        ],
        "PARTITION_KEY_VALS": [
            {"PART_ID": 1000 + n, "PART_KEY_VAL": str(n), "INTEGER_IDX": 0} for n in range(PARTITIONS)
        ],
        "TAB_COL_STATS": [_statistics("TBL_ID", 30)],
        "PART_COL_STATS": [_statistics("PART_ID", 1003)],
        "FUNCS": [
            {
                "FUNC_ID": 1,
                "CLASS_NAME": "org.x.F",
                "CREATE_TIME": 1_600_000_000,
                "DB_ID": 1,
                "FUNC_NAME": "f",
                "FUNC_TYPE": 1,
                "OWNER_NAME": "ann",
                "OWNER_TYPE": "USER",
            }
        ],
        "FUNC_RU": [{"FUNC_ID": 1, "RESOURCE_TYPE": 1, "RESOURCE_URI": "hdfs://n/f.jar", "INTEGER_IDX": 0}],
        "KEY_CONSTRAINTS": [
            {
                "CHILD_CD_ID": None,
                "CHILD_INTEGER_IDX": None,
                "CHILD_TBL_ID": None,
                "PARENT_CD_ID": 10,
                "PARENT_INTEGER_IDX": 0,
                "PARENT_TBL_ID": 30,
                "POSITION": 1,
                "CONSTRAINT_NAME": "pk",
                "CONSTRAINT_TYPE": 0,
                "UPDATE_RULE": None,
                "DELETE_RULE": None,
                "ENABLE_VALIDATE_RELY": 1,
                "DEFAULT_VALUE": None,
            }
        ],
    }
    if modern:
        found["CTLGS"] = [{"CTLG_ID": 1, "NAME": "hive", "DESC": None}]
        return found
    return {
        table: [{name: value for name, value in row.items() if name not in NEW_IN_4.get(table, ())} for row in held]
        for table, held in found.items()
    }


def _sd(number: int, columns: int, location: str | None) -> dict[str, Any]:
    return {
        "SD_ID": number,
        "INPUT_FORMAT": "org.x.In",
        "IS_COMPRESSED": False,
        "LOCATION": location,
        "NUM_BUCKETS": 4,
        "OUTPUT_FORMAT": "org.x.Out",
        "SERDE_ID": 5,
        "CD_ID": columns,
        "IS_STOREDASSUBDIRECTORIES": number == 20,
    }


def _table(number: int, name: str, storage: int, kind: str, text: str | None) -> dict[str, Any]:
    return {
        "TBL_ID": number,
        "CREATE_TIME": 1_600_000_000,
        "DB_ID": 1,
        "LAST_ACCESS_TIME": 0,
        "OWNER": "ann",
        "OWNER_TYPE": "USER",
        "RETENTION": 3,
        "SD_ID": storage,
        "TBL_NAME": name,
        "TBL_TYPE": kind,
        "VIEW_EXPANDED_TEXT": text,
        "VIEW_ORIGINAL_TEXT": text,
        "IS_REWRITE_ENABLED": False,
        "WRITE_ID": 0,
    }


def _statistics(key: str, number: int) -> dict[str, Any]:
    return {
        "CS_ID": number,
        key: number,
        "COLUMN_NAME": "price",
        "COLUMN_TYPE": "decimal(10,2)",
        "LONG_LOW_VALUE": None,
        "LONG_HIGH_VALUE": None,
        "DOUBLE_LOW_VALUE": None,
        "DOUBLE_HIGH_VALUE": None,
        "BIG_DECIMAL_LOW_VALUE": "-1.50",
        "BIG_DECIMAL_HIGH_VALUE": "99.99",
        "NUM_NULLS": 1,
        "NUM_DISTINCTS": 7,
        "BIT_VECTOR": None,
        "AVG_COL_LEN": None,
        "MAX_COL_LEN": None,
        "NUM_TRUES": None,
        "NUM_FALSES": None,
        "LAST_ANALYZED": 1_650_000_000,
        "ENGINE": "hive",
    }


def mysql(database: str, modern: bool) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """Statements with the rows to run each with, that make the metastore in a database of MySQL or MariaDB."""
    statements: list[tuple[str, list[tuple[Any, ...]]]] = [
        (f"CREATE DATABASE {database} CHARACTER SET utf8mb4", []),
        (f"USE {database}", []),
    ]
    for table, held in rows(modern).items():
        listed = ", ".join(f"`{name}` {_type(name)}" for name in held[0])
        statements.append((f"CREATE TABLE `{table}` ({listed})", []))
        slots = ", ".join(["%s"] * len(held[0]))
        statements.append((f"INSERT INTO `{table}` VALUES ({slots})", [tuple(row.values()) for row in held]))
    return statements


def _type(name: str) -> str:
    if name in FLAGS:
        return "bit(1) NOT NULL"
    if name == "BIT_VECTOR":
        return "blob"
    if name in REALS:
        return "double"
    numbers = ("FUNC_TYPE", "RESOURCE_TYPE", "CONSTRAINT_TYPE", "LONG_LOW_VALUE", "LONG_HIGH_VALUE", "WRITE_ID")
    is_text = name.endswith(TEXTS) and name not in numbers
    return "text" if is_text else "bigint"


def export(folder: Path, modern: bool) -> None:
    """The folder that an export of Derby leaves."""
    folder.mkdir()
    columns = []
    for table, held in rows(modern).items():
        lines = [",".join(_derby(name, value) for name, value in row.items()) for row in held]
        (folder / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        columns += [f'"{table}","{name}",{place}' for place, name in enumerate(held[0], start=1)]
    (folder / "COLUMNS.csv").write_text("\n".join(columns) + "\n", encoding="utf-8")


def _derby(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return '"Y"' if value else '"N"'
    if isinstance(value, int | float):
        return str(value)
    return '"' + str(value).replace('"', '""') + '"'
