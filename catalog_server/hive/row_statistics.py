"""Column statistics of the rows of TAB_COL_STATS and PART_COL_STATS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog_server.hive.rows import Row, decimal, number, raw, real
from catalog_server.hive.statistics import to_statistics
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.wire import hive_metastore as wire

_NO_VECTOR = b"HL"
"""What a metastore keeps for a column without bit vectors; it answers none then."""
_KINDS = {"boolean": "boolean", "binary": "binary", "date": "date", "timestamp": "timestamp", "decimal": "decimal"}
_KINDS |= dict.fromkeys(("tinyint", "smallint", "int", "bigint", "interval_year_month"), "long")
_KINDS |= dict.fromkeys(("float", "double"), "double")
_KINDS |= dict.fromkeys(("string", "varchar", "char"), "string")


def statistics_of(rows: Sequence[Row]) -> list[ColumnStatistics]:
    """Statistics of the rows of one table or partition; those of a type that has none are left out."""
    found = []
    for row in rows:
        data = _data(row)
        if data is not None:
            struct = wire.ColumnStatisticsObj(colName=row["COLUMN_NAME"], colType=row["COLUMN_TYPE"], statsData=data)
            analyzed = (number(row["LAST_ANALYZED"]) or 0) * 1000
            found.append(to_statistics(struct, row.get("ENGINE") or "hive", analyzed))
    return found


def _data(row: Row) -> Any:
    """The ColumnStatisticsData that the metastore would make of a row; the column's type says which."""
    kind = _KINDS.get((row["COLUMN_TYPE"] or "").lower().partition("(")[0].strip())
    nulls, distinct = number(row["NUM_NULLS"]) or 0, number(row["NUM_DISTINCTS"]) or 0
    vectors = raw(row.get("BIT_VECTOR"))
    counted = {
        "numNulls": nulls,
        "numDVs": distinct,
        "bitVectors": None if vectors == _NO_VECTOR else vectors,
        "histogram": raw(row.get("HISTOGRAM")),
    }
    low, high = number(row["LONG_LOW_VALUE"]), number(row["LONG_HIGH_VALUE"])
    lengths = {"maxColLen": number(row["MAX_COL_LEN"]) or 0, "avgColLen": real(row["AVG_COL_LEN"]) or 0.0}
    if kind == "long":
        return _made("longStats", "Long", counted, lowValue=low, highValue=high)
    if kind == "double":
        low_real, high_real = real(row["DOUBLE_LOW_VALUE"]), real(row["DOUBLE_HIGH_VALUE"])
        return _made("doubleStats", "Double", counted, lowValue=low_real, highValue=high_real)
    if kind == "decimal":
        ends = {"lowValue": row["BIG_DECIMAL_LOW_VALUE"], "highValue": row["BIG_DECIMAL_HIGH_VALUE"]}
        return _made("decimalStats", "Decimal", counted, **{name: _decimal(text) for name, text in ends.items()})
    if kind == "date":
        days = {"lowValue": low, "highValue": high}
        ends = {name: None if day is None else wire.Date(daysSinceEpoch=day) for name, day in days.items()}
        return _made("dateStats", "Date", counted, **ends)
    if kind == "timestamp":
        instants = {"lowValue": low, "highValue": high}
        ends = {
            name: None if second is None else wire.Timestamp(secondsSinceEpoch=second)
            for name, second in instants.items()
        }
        return _made("timestampStats", "Timestamp", counted, **ends)
    if kind == "string":
        return _made("stringStats", "String", counted, **lengths)
    if kind == "binary":
        return _made("binaryStats", "Binary", {"numNulls": nulls, "bitVectors": counted["bitVectors"]}, **lengths)
    if kind == "boolean":
        trues, falses = number(row["NUM_TRUES"]) or 0, number(row["NUM_FALSES"]) or 0
        common = {"numNulls": nulls, "bitVectors": counted["bitVectors"]}
        return _made("booleanStats", "Boolean", common, numTrues=trues, numFalses=falses)
    return None


def _made(field: str, struct: str, common: dict[str, Any], **rest: Any) -> Any:
    kind = getattr(wire, f"{struct}ColumnStatsData")
    values = {name: value for name, value in {**common, **rest}.items() if value is not None and name in kind.FIELDS}
    return wire.ColumnStatisticsData(**{field: kind(**values)})


def _decimal(text: str | None) -> Any:
    found = decimal(text)
    return None if found is None else wire.Decimal(unscaled=found[0], scale=found[1])
