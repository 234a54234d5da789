"""Macros that a worker defines in DuckDB before a statement runs, for answers that take more than an expression."""

from __future__ import annotations


def _number_text(name: str, kind: str) -> str:
    """Java's text of a floating point number: one digit before the point and an exponent (`1.5E0`)."""
    plain = f"CAST(abs(CAST(x AS {kind})) AS VARCHAR)"
    mantissa = f"split_part({plain}, 'e', 1)"
    exponent = f"CASE WHEN contains({plain}, 'e') THEN CAST(split_part({plain}, 'e', 2) AS INTEGER) ELSE 0 END"
    whole = f"split_part({mantissa}, '.', 1)"
    digits = f"ltrim(replace({mantissa}, '.', ''), '0')"
    zeros = f"(length(replace({mantissa}, '.', '')) - length({digits}))"
    power = f"({exponent} + length({whole}) - 1 - {zeros})"
    fraction = f"CASE WHEN rtrim(substr({digits}, 2), '0') = '' THEN '0' ELSE rtrim(substr({digits}, 2), '0') END"
    return (
        f"CREATE TEMP MACRO {name}(x) AS CASE WHEN x IS NULL THEN NULL WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN "
        f"CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END WHEN x = 0 THEN CASE WHEN signbit(x) THEN '-0E0' ELSE '0E0' END "
        f"ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || left({digits}, 1) || '.' || {fraction} || 'E' || {power} END"
    )


MACROS = (
    _number_text("trino_double_text", "DOUBLE"),
    _number_text("trino_real_text", "FLOAT"),
    *(
        f"CREATE TEMP MACRO trino_{name}_json(x) AS CASE WHEN x = 0 OR (abs(x) >= 1e-3 AND abs(x) < 1e7) THEN to_json(x) "
        f"WHEN isfinite(x) THEN CAST(trino_{name}_text(x) AS JSON) ELSE to_json(trino_{name}_text(x)) END"
        for name in ("double", "real")
    ),
    # Half away from zero; both are HUGEINT.
    "CREATE TEMP MACRO trino_divide(a, b) AS CASE WHEN (a < 0) <> (b < 0) THEN -1 ELSE 1 END * "
    "(abs(a) // abs(b) + CASE WHEN abs(a) % abs(b) >= abs(b) - abs(a) % abs(b) THEN 1 ELSE 0 END)",
    # Whole months from a to b.
    "CREATE TEMP MACRO trino_months_up(a, b) AS date_diff('month', a, b) - "
    "CASE WHEN a + to_months(CAST(date_diff('month', a, b) AS INTEGER)) > b THEN 1 ELSE 0 END",
    "CREATE TEMP MACRO trino_months_between(a, b) AS CASE WHEN a <= b THEN trino_months_up(a, b) ELSE -trino_months_up(b, a) END",
    "CREATE TEMP MACRO trino_days_text(x) AS CASE WHEN x IS NULL THEN NULL ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || "
    "(abs(x) // 86400000) || ' ' || lpad(CAST(abs(x) // 3600000 % 24 AS VARCHAR), 2, '0') || ':' || "
    "lpad(CAST(abs(x) // 60000 % 60 AS VARCHAR), 2, '0') || ':' || lpad(CAST(abs(x) // 1000 % 60 AS VARCHAR), 2, '0') || '.' || "
    "lpad(CAST(abs(x) % 1000 AS VARCHAR), 3, '0') END",
    "CREATE TEMP MACRO trino_months_text(x) AS CASE WHEN x IS NULL THEN NULL ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || "
    "(abs(x) // 12) || '-' || (abs(x) % 12) END",
    "CREATE TEMP MACRO trino_from_base(t, b) AS CASE WHEN starts_with(t, '-') THEN -1 ELSE 1 END * CAST(list_sum(list_transform("
    "string_split(upper(ltrim(t, '-')), ''), lambda d, i: "
    "CAST(strpos('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', d) - 1 AS HUGEINT) * "
    "CAST(pow(b, length(ltrim(t, '-')) - i) AS HUGEINT))) AS BIGINT)",
    "CREATE TEMP MACRO trino_map_of_pairs(p) AS CASE WHEN p IS NULL THEN NULL "
    "WHEN len(list_distinct(list_transform(p, lambda e: e.key))) "
    "= len(p) THEN map_from_entries(p) ELSE map_from_entries(list_filter(p, lambda e, i: "
    "list_position(list_transform(p, lambda f: f.key), e.key) = i)) END",
    "CREATE TEMP MACRO trino_multimap_of_pairs(p) AS CASE WHEN p IS NULL THEN NULL ELSE map_from_entries(list_transform("
    "list_distinct(list_transform(p, lambda e: e.key)), lambda k: {'key': k, 'value': "
    "list_transform(list_filter(p, lambda f: f.key = k), "
    "lambda g: g.value)})) END",
)
"""Statements; a macro may use those before it."""
