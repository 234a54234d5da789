"""The forms of Trino's expressions, each with the DuckDB expression that gives the same answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalog_server.model.errors import Invalid, InvalidQuery, Unsupported
from catalog_server.query import literals
from catalog_server.query.casts import cast, coerce, common
from catalog_server.query.expressions import Expressions, path_of
from catalog_server.query.functions import registry
from catalog_server.query.operators import arithmetic, compare, concatenate, is_distinct, negate
from catalog_server.query.scope import Value
from catalog_server.query.types import BOOLEAN, UNKNOWN, VARCHAR, array, from_parsed, physical, row, widen, zoned
from catalog_server.query.values import choose, field_of, make_row, row_sql, subscript


def _dot(self: Expressions, node: Any) -> Value:
    base = node
    steps: list[Any] = []
    while type(base).__name__ == "Dot":
        steps.insert(0, base.expression)
        base = base.this
    if type(base).__name__ in ("Column", "Identifier"):
        parts = path_of(base) + steps
        try:
            return self.column(_Joined(node, parts))
        except InvalidQuery:
            if len(parts) > 4:
                raise
    if type(steps[0]).__name__ == "Anonymous":
        raise self.source.error(node, f"Function '{steps[0].name}' not registered")
    return self._dereference(node, self.value(base), [step.name.lower() for step in steps])


class _Joined:
    """Several identifiers seen as one dotted name."""

    def __init__(self, node: Any, parts: list[Any]) -> None:
        self.parts = parts
        self.walk = node.walk


def _literal(_: Expressions, node: Any) -> Value:
    return literals.text(node.this) if node.is_string else literals.number(node.this)


def _unicode(_: Expressions, node: Any) -> Value:
    return literals.unicode_text(node.this)


def _paren(self: Expressions, node: Any) -> Value:
    inner = self.value(node.this)
    return Value(
        f"({inner.sql})" if not inner.sql.startswith("(") or "CASE" in inner.sql else inner.sql,
        inner.type,
        inner.literal,
    )


def _cast(self: Expressions, node: Any) -> Value:
    target = from_parsed(node.to)
    if node.this.is_string and type(node.this).__name__ == "Literal":
        typed = literals.typed(node.this.name, target, node.to, self.source.is_typed_literal(node.this))
        if typed is not None:
            return typed
    value = self.value(node.this)
    return cast(value, target)


def _try_cast(self: Expressions, node: Any) -> Value:
    made = cast(self.value(node.this), from_parsed(node.to))
    return Value(f"TRY({made.sql})", made.type)


def _binary(operator: str) -> Callable[[Expressions, Any], Value]:
    def handle(self: Expressions, node: Any) -> Value:
        left, right = self.value(node.this), self.value(node.expression)
        return arithmetic(operator, left, right)

    return handle


def _comparison(operator: str) -> Callable[[Expressions, Any], Value]:
    def handle(self: Expressions, node: Any) -> Value:
        right = node.expression
        if type(right).__name__ in ("Any", "All"):
            return _quantified(self, node, operator)
        return compare(operator, self.value(node.this), self.value(right))

    return handle


def _quantified(self: Expressions, node: Any, operator: str) -> Value:
    left = self.value(node.this)
    inner = node.expression.this
    query = self.queries.query(inner.this if type(inner).__name__ == "Subquery" else inner, self.scope)
    if len(query.columns) != 1:
        raise self.source.error(
            node, f"Multiple columns returned by subquery are not yet supported. Found {len(query.columns)}"
        )
    met = common([left, Value("", query.columns[0][1])])
    if met is None:
        raise Invalid("", f"Cannot apply operator: {left.type} {operator} {query.columns[0][1]}")
    word = "ANY" if type(node.expression).__name__ == "Any" else "ALL"
    rows = f"SELECT {coerce(Value('c0', query.columns[0][1]), met).sql} FROM ({query.sql}) AS q"
    return Value(f"({coerce(left, met).sql} {operator} {word} ({rows}))", BOOLEAN)


def _logic(word: str) -> Callable[[Expressions, Any], Value]:
    def handle(self: Expressions, node: Any) -> Value:
        parts, rest = [], node
        while type(rest) is type(node):
            parts.append(rest.expression)
            rest = rest.this
        parts.append(rest)
        made = [self.condition(part, f"Logical expression term") for part in reversed(parts)]  # noqa: F541
        return Value("(" + f" {word} ".join(made) + ")", BOOLEAN)

    return handle


def _not(self: Expressions, node: Any) -> Value:
    return Value(f"(NOT {self.condition(node.this, 'Value of logical NOT expression')})", BOOLEAN)


def _is(self: Expressions, node: Any) -> Value:
    if type(node.expression).__name__ != "Null":
        raise self.source.error(node, "IS is followed by NULL, NOT NULL or DISTINCT FROM")
    return Value(f"({self.value(node.this).sql} IS NULL)", BOOLEAN)


def _distinct_from(negated: bool) -> Callable[[Expressions, Any], Value]:
    def handle(self: Expressions, node: Any) -> Value:
        return is_distinct(self.value(node.this), self.value(node.expression), negated)

    return handle


def _between(self: Expressions, node: Any) -> Value:
    if node.args.get("symmetric"):
        raise self.source.error(node, "BETWEEN SYMMETRIC is not supported")
    value, low, high = self.value(node.this), self.value(node.args["low"]), self.value(node.args["high"])
    met = common([value, low, high])
    if met is None:
        raise Invalid("", f"Cannot check if {value.type} is BETWEEN {low.type} AND {high.type}")
    parts = [coerce(each, met).sql for each in (value, low, high)]
    return Value(f"({parts[0]} BETWEEN {parts[1]} AND {parts[2]})", BOOLEAN)


def _in(self: Expressions, node: Any) -> Value:
    value = self.value(node.this)
    if node.args.get("query") is not None:
        return _in_query(self, node, value, node.args["query"])
    if [type(each).__name__ for each in node.expressions] == ["Values"]:
        return _in_query(self, node, value, node.expressions[0])
    if node.args.get("unnest") is not None or node.args.get("field") is not None:
        raise self.source.error(node, "IN is followed by a list or a query in parentheses")
    members = self.values(node.expressions)
    met = common([value, *members])
    if met is None:
        raise Invalid("", f"IN value and list items must be the same type: {value.type}")
    listed = ", ".join(coerce(member, met).sql for member in members)
    return Value(f"({coerce(value, met).sql} IN ({listed}))", BOOLEAN)


def _in_query(self: Expressions, node: Any, value: Value, tree: Any) -> Value:
    query = self.queries.query(tree.this if type(tree).__name__ == "Subquery" else tree, self.scope)
    kinds = [kind for _, kind in query.columns]
    wanted = [kind for _, kind in value.type.fields] if value.type.name == "row" else [value.type]
    if len(wanted) != len(kinds):
        raise self.source.error(node, f"Value expression and result of subquery must be of the same type: {value.type}")
    left, right = [], []
    for index, (mine, theirs) in enumerate(zip(wanted, kinds, strict=True)):
        met = widen(mine, theirs)
        if met is None:
            raise Invalid("", f"Value expression and result of subquery must be of the same type: {mine} vs {theirs}")
        part = field_of(value, index) if value.type.name == "row" else value
        left.append(coerce(part, met).sql)
        right.append(coerce(Value(f"c{index}", theirs), met).sql)
    tested = left[0] if len(left) == 1 else f"({', '.join(left)})"
    return Value(f"({tested} IN (SELECT {', '.join(right)} FROM ({query.sql}) AS q))", BOOLEAN)


def _like(self: Expressions, node: Any, escape: Any = None) -> Value:
    value = self.value(node.this)
    pattern = self.value(node.expression)
    if (not value.type.text and value.type != UNKNOWN) or not pattern.type.text:
        raise Invalid("", f"Left side of LIKE expression must evaluate to a varchar (actual: {value.type})")
    suffix = ""
    if escape is not None:
        made = self.value(escape)
        if not isinstance(made.literal, str) or len(made.literal) != 1:
            raise Invalid("", "Escape string must be a single character")
        suffix = f" ESCAPE {made.sql}"
    left = coerce(value, VARCHAR) if value.type.name == "char" else value
    word = "NOT LIKE" if node.args.get("negate") else "LIKE"
    return Value(f"({left.sql} {word} {pattern.sql}{suffix})", BOOLEAN)


def _escape(self: Expressions, node: Any) -> Value:
    if type(node.this).__name__ != "Like":
        raise self.source.error(node, "ESCAPE belongs to LIKE")
    return _like(self, node.this, node.expression)


def _case(self: Expressions, node: Any) -> Value:
    base = self.value(node.this) if node.this is not None else None
    whens, results = [], []
    for branch in node.args["ifs"]:
        if base is None:
            whens.append(self.condition(branch.this, "CASE WHEN clause"))
        else:
            whens.append(compare("=", base, self.value(branch.this)).sql)
        results.append(self.value(branch.args["true"]))
    default = node.args.get("default")
    results.append(self.value(default) if default is not None else Value("NULL", UNKNOWN))
    return choose(whens, results)


def _if(self: Expressions, node: Any) -> Value:
    condition = self.condition(node.this, "IF condition")
    otherwise = node.args.get("false")
    results = [
        self.value(node.args["true"]),
        self.value(otherwise) if otherwise is not None else Value("NULL", UNKNOWN),
    ]
    return choose([condition], results)


def _array(self: Expressions, node: Any) -> Value:
    values = self.values(node.expressions)
    met = common(values)
    if met is None:
        raise Invalid("", f"All ARRAY elements must be the same type: {', '.join(str(each.type) for each in values)}")
    made = ", ".join(coerce(each, met).sql for each in values)
    return Value(f"CAST([{made}] AS {physical(met)}[])" if not values else f"[{made}]", array(met))


def _tuple(self: Expressions, node: Any) -> Value:
    return make_row(self.values(node.expressions))


def _bracket(self: Expressions, node: Any) -> Value:
    value, index = self.value(node.this), self.value(node.expressions[0])
    return subscript(value, index)


def _subquery(self: Expressions, node: Any) -> Value:
    if node.args.get("alias") is not None:
        raise self.source.error(node, "a query inside an expression has no alias")
    query = self.queries.query(node.this, self.scope)
    if len(query.columns) == 1:
        return Value(f"({query.sql})", query.columns[0][1])
    kind = row((label.lower() if label else "", each) for label, each in query.columns)
    made = row_sql([Value(f"q.c{index}", each) for index, (_, each) in enumerate(query.columns)], kind)
    empty = row_sql([Value(f"CAST(NULL AS {physical(each)})", each) for _, each in query.columns], kind)
    return Value(f"coalesce((SELECT {made} FROM ({query.sql}) AS q), {empty})", kind)


def _exists(self: Expressions, node: Any) -> Value:
    inner = node.this.this if type(node.this).__name__ == "Subquery" else node.this
    return Value(f"EXISTS ({self.queries.query(inner, self.scope).sql})", BOOLEAN)


def _at_time_zone(self: Expressions, node: Any) -> Value:
    zone = self.value(node.args["zone"])
    value = self.value(node.this)
    if not isinstance(zone.literal, str):
        raise Unsupported("AT TIME ZONE takes a literal zone in the embedded engine")
    if value.type.name == "timestamp":
        value = cast(value, zoned(value.type.digits))
    if value.type.name != "timestamp with time zone":
        raise Invalid("", f"Type of value must be a time or timestamp with or without time zone (actual {value.type}")
    return Value(value.sql, zoned(value.type.digits, literals.check_zone(zone.literal)))


def _substring(self: Expressions, node: Any) -> Value:
    arguments = [node.this, node.args.get("start"), node.args.get("length")]
    return registry.call(self, node, "substring", [each for each in arguments if each is not None])


def _named(name: str, *keys: str) -> Callable[[Expressions, Any], Value]:
    def handle(self: Expressions, node: Any) -> Value:
        return registry.call(self, node, name, [node.args[key] for key in keys if node.args.get(key) is not None])

    return handle


def _trim(self: Expressions, node: Any) -> Value:
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get((node.args.get("position") or "BOTH").upper(), "trim")
    return _named(name, "this", "expression")(self, node)


def _extract(self: Expressions, node: Any) -> Value:
    unit = node.this.name.lower()
    known = {"dow": "day_of_week", "doy": "day_of_year", "yow": "year_of_week"}
    return registry.call(self, node, known.get(unit, unit), [node.expression])


def _anonymous(self: Expressions, node: Any) -> Value:
    return registry.call(self, node, node.name.lower(), list(node.expressions))


def _wrapped_call(self: Expressions, node: Any) -> Value:
    return registry.call_wrapped(self, node)


HANDLERS: dict[str, Callable[[Expressions, Any], Value]] = {
    "Column": lambda self, node: self.column(node),
    "Identifier": lambda self, node: self.column(node),
    "Dot": _dot,
    "Literal": _literal,
    "UnicodeString": _unicode,
    "HexString": lambda _, node: literals.binary(node.this),
    "Null": lambda _, __: Value("NULL", UNKNOWN),
    "Interval": lambda _, node: literals.interval(node),
    "Boolean": lambda _, node: Value("true" if node.this else "false", BOOLEAN),
    "Paren": _paren,
    "Cast": _cast,
    "TryCast": _try_cast,
    "ParseJSON": _named("json_parse", "this"),
    "Add": _binary("+"),
    "Sub": _binary("-"),
    "Mul": _binary("*"),
    "Div": _binary("/"),
    "Mod": _binary("%"),
    "Neg": lambda self, node: negate(self.value(node.this)),
    "EQ": _comparison("="),
    "NEQ": _comparison("<>"),
    "LT": _comparison("<"),
    "LTE": _comparison("<="),
    "GT": _comparison(">"),
    "GTE": _comparison(">="),
    "And": _logic("AND"),
    "Or": _logic("OR"),
    "Not": _not,
    "Is": _is,
    "NullSafeNEQ": _distinct_from(True),
    "NullSafeEQ": _distinct_from(False),
    "Between": _between,
    "In": _in,
    "Like": _like,
    "Escape": _escape,
    "Case": _case,
    "If": _if,
    "Array": _array,
    "Tuple": _tuple,
    "Bracket": _bracket,
    "Subquery": _subquery,
    "Exists": _exists,
    "AtTimeZone": _at_time_zone,
    "Substring": _substring,
    "StrPosition": _named("strpos", "this", "substr"),
    "Trim": _trim,
    "Extract": _extract,
    "Anonymous": _anonymous,
    "DPipe": lambda self, node: concatenate([self.value(node.this), self.value(node.expression)]),
    "Concat": lambda _, node: literals.text("".join(part.name for part in node.expressions)),
    "Window": _wrapped_call,
    "Filter": _wrapped_call,
    "WithinGroup": _wrapped_call,
    "IgnoreNulls": _wrapped_call,
    "RespectNulls": _wrapped_call,
    "CurrentDate": _named("current_date"),
    "CurrentTimestamp": _named("current_timestamp"),
    "Localtimestamp": _named("localtimestamp"),
    "CurrentUser": _named("current_user"),
    "Localtime": _named("localtime"),
    "CurrentTime": _named("current_time"),
}
