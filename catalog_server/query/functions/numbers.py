"""Functions on numbers."""

from __future__ import annotations

from catalog_server.model.errors import Invalid
from catalog_server.query.casts import coerce, common, fail
from catalog_server.query.functions.registry import TABLES, Call, handler
from catalog_server.query.operators import arithmetic
from catalog_server.query.scope import Value
from catalog_server.query.types import BIGINT, DOUBLE, INTEGER, VARCHAR, Type, decimal, physical

_REAL = ("cbrt exp sin cos tan atan sinh cosh tanh degrees radians").split()
_LOG = "CASE WHEN {0} > 0 THEN log({0}) WHEN {0} = 0 THEN CAST('-inf' AS DOUBLE) WHEN {0} < 0 THEN CAST('nan' AS DOUBLE) END"
TABLES += [(f"{name}(double) -> double", name + "({0})") for name in _REAL]
TABLES += [
    ("sqrt(double) -> double", "CASE WHEN {0} < 0 THEN CAST('nan' AS DOUBLE) ELSE sqrt({0}) END"),
    ("asin(double) -> double", "CASE WHEN abs({0}) > 1 THEN CAST('nan' AS DOUBLE) ELSE asin({0}) END"),
    ("acos(double) -> double", "CASE WHEN abs({0}) > 1 THEN CAST('nan' AS DOUBLE) ELSE acos({0}) END"),
    *((f"{name}(double) -> double", _LOG.replace("log", name)) for name in ("ln", "log2", "log10")),
    ("atan2(double, double) -> double", "atan2({0}, {1})"),
    ("power(double, double) -> double", "pow({0}, {1})"),
    ("pow(double, double) -> double", "pow({0}, {1})"),
    ("log(double, double) -> double", "(ln({1}) / ln({0}))"),
    ("pi() -> double", "pi()"),
    ("e() -> double", "exp(CAST(1 AS DOUBLE))"),
    ("infinity() -> double", "CAST('inf' AS DOUBLE)"),
    ("nan() -> double", "CAST('nan' AS DOUBLE)"),
    ("is_nan(double) -> boolean", "isnan({0})"),
    ("is_finite(double) -> boolean", "isfinite({0})"),
    ("is_infinite(double) -> boolean", "isinf({0})"),
    ("random() -> double", "random()"),
    ("rand() -> double", "random()"),
    ("bitwise_and(bigint, bigint) -> bigint", "({0} & {1})"),
    ("bitwise_or(bigint, bigint) -> bigint", "({0} | {1})"),
    ("bitwise_xor(bigint, bigint) -> bigint", "xor({0}, {1})"),
    ("bitwise_not(bigint) -> bigint", "(~{0})"),
    ("from_base(varchar, bigint) -> bigint", "trino_from_base({0}, {1})"),
    (
        "to_base(bigint, bigint) -> varchar(64)",
        "CASE WHEN {0} < 0 THEN '-' ELSE '' END || lower(to_base(abs({0}), CAST({1} AS INTEGER)))",
    ),
    (
        "width_bucket(double, double, double, bigint) -> bigint",
        "CASE WHEN {0} < {1} THEN 0 WHEN {0} >= {2} THEN {3} + 1 "
        "ELSE CAST(floor(({0} - {1}) / (({2} - {1}) / {3})) AS BIGINT) + 1 END",
    ),
]


def _one(call: Call) -> Value:
    call.arity(1)
    value = call.value(0)
    if not value.type.numeric:
        raise call.mismatch()
    return value


@handler("abs")
def _abs(call: Call) -> Value:
    value = _one(call)
    return Value(f"abs({value.sql})", value.type)


@handler("sign")
def _sign(call: Call) -> Value:
    value = _one(call)
    kind = decimal(1, 0) if value.type.name == "decimal" else value.type
    return Value(f"CAST(sign({value.sql}) AS {physical(kind)})", kind)


@handler("ceil", "ceiling", "floor")
def _ceil(call: Call) -> Value:
    value = _one(call)
    name = "floor" if call.name == "floor" else "ceil"
    if value.type.integral:
        return value
    kind = _whole(value.type)
    return Value(f"CAST({name}({value.sql}) AS {physical(kind)})", kind)


def _whole(kind: Type) -> Type:
    if kind.name != "decimal":
        return kind
    precision, scale = kind.arguments
    return decimal(precision - scale + min(1, scale), 0)


@handler("round")
def _round(call: Call) -> Value:
    call.arity(1, 2)
    value = call.value(0)
    if not value.type.numeric:
        raise call.mismatch()
    if len(call) == 1:
        kind = _whole(value.type)
        return value if value.type.integral else Value(f"CAST(round({value.sql}) AS {physical(kind)})", kind)
    digits = call.take(1, INTEGER)
    if value.type.name == "decimal":
        return _round_decimal(call, value)
    return Value(f"CAST(round({value.sql}, {digits}) AS {physical(value.type)})", value.type)


def _round_decimal(call: Call, value: Value) -> Value:
    precision, scale = value.type.arguments
    kind = decimal(precision + 1, scale)
    digits = call.value(1).literal
    if not isinstance(digits, int):
        raise Invalid("", "round of a decimal takes a literal number of digits in the embedded engine")
    if digits >= scale:
        return Value(f"CAST({value.sql} AS {physical(kind)})", kind)
    if digits < 0:
        unit = 10**-digits
        return Value(f"CAST(round({value.sql} / {unit}) * {unit} AS {physical(kind)})", kind)
    return Value(f"CAST(round({value.sql}, {digits}) AS {physical(kind)})", kind)


@handler("truncate")
def _truncate(call: Call) -> Value:
    call.arity(1, 2)
    value = call.value(0)
    if len(call) == 1:
        if value.type.name == "decimal":
            kind = decimal(max(1, value.type.arguments[0] - value.type.arguments[1]), 0)
            return Value(f"CAST(trunc({value.sql}) AS {physical(kind)})", kind)
        if not value.type.numeric:
            raise call.mismatch()
        return Value(f"CAST(trunc({value.sql}) AS {physical(value.type)})", value.type)
    digits = call.value(1).literal
    if not isinstance(digits, int) or value.type.name != "decimal" or digits < 0:
        raise Invalid("", "truncate with digits takes a decimal and a literal in the embedded engine")
    unit = f"CAST({10**digits} AS DECIMAL({digits + 1},0))"
    cut = f"CAST(trunc({value.sql} * {unit}) AS HUGEINT)"
    if digits >= value.type.arguments[1]:
        return value
    scale = f"CAST('{1 / 10**digits:.{digits}f}' AS DECIMAL({max(digits, 1)},{digits}))" if digits else "1"
    return Value(f"CAST(CAST({cut} AS DECIMAL(38,0)) * {scale} AS {physical(value.type)})", value.type)


@handler("mod")
def _mod(call: Call) -> Value:
    call.arity(2)
    return arithmetic("%", call.value(0), call.value(1))


@handler("random", "rand")
def _random(call: Call) -> Value:
    call.arity(0, 1, 2)
    if len(call) == 0:
        return Value("random()", DOUBLE)
    low = call.take(0, BIGINT) if len(call) == 2 else "0"
    high = call.take(len(call) - 1, BIGINT)
    kind = common(call.values) or BIGINT
    return Value(f"CAST({low} + floor(random() * ({high} - {low})) AS {physical(kind)})", kind)


@handler("greatest", "least")
def _greatest(call: Call) -> Value:
    if not len(call):
        raise call.mismatch()
    met = common(call.values)
    if met is None:
        raise call.mismatch()
    parts = [coerce(value, met).sql for value in call.values]
    if met.name in ("real", "double"):
        numbers = ", ".join(f"CASE WHEN isnan({part}) THEN NULL ELSE {part} END" for part in parts)
        made = f"coalesce({call.name}({numbers}), CAST('nan' AS {physical(met)}))"
    else:
        made = f"{call.name}({', '.join(parts)})"
    nulls = " OR ".join(f"{part} IS NULL" for part in parts)
    return Value(f"CASE WHEN {nulls} THEN NULL ELSE {made} END", met)


@handler("bitwise_left_shift", "bitwise_right_shift")
def _shift(call: Call) -> Value:
    call.arity(2)
    value = call.value(0)
    if value.type != BIGINT and value.type != INTEGER:
        raise call.mismatch()
    width = 64 if value.type == BIGINT else 32
    by = call.take(1, BIGINT)
    wide, mask = f"CAST({value.sql} AS HUGEINT)", (1 << width) - 1
    unsigned = f"CASE WHEN {value.sql} < 0 THEN {wide} + {mask + 1} ELSE {wide} END"
    if call.name == "bitwise_left_shift":
        moved = f"(({unsigned}) * CAST(pow(2, least({by}, {width})) AS HUGEINT)) % {mask + 1}"
        if width == 64:
            kept = f"({unsigned}) % CAST(pow(2, {width} - least({by}, {width})) AS HUGEINT)"
            moved = f"(({kept}) * CAST(pow(2, least({by}, {width})) AS HUGEINT))"
    else:
        moved = f"(({unsigned}) // CAST(pow(2, least({by}, {width})) AS HUGEINT))"
    signed = f"CASE WHEN {moved} > {mask >> 1} THEN {moved} - {mask + 1} ELSE {moved} END"
    return Value(f"CAST({signed} AS {physical(value.type)})", value.type)


@handler("bit_count")
def _bit_count(call: Call) -> Value:
    call.arity(2)
    if call.value(1).literal != 64:
        raise Invalid("", "bit_count takes 64 bits in the embedded engine")
    return Value(f"CAST(bit_count({call.take(0, BIGINT)}) AS BIGINT)", BIGINT)


@handler("typeof")
def _typeof(call: Call) -> Value:
    call.arity(1)
    said = str(call.value(0).type)
    return Value(f"'{said}'", VARCHAR, said)


@handler("fail")
def _fail(call: Call) -> Value:
    call.arity(1)
    return Value(fail(call.literal(0, "the message"), BIGINT), Type("unknown"))
