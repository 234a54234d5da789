"""The register of functions: found by name and argument types, called with what surrounds them (FILTER, OVER, ORDER BY)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from catalog_server.model.errors import Invalid, InvalidQuery, Unsupported
from catalog_server.query import types as t
from catalog_server.query.casts import coerce
from catalog_server.query.functions.known import KNOWN
from catalog_server.query.scope import Value
from catalog_server.query.types import Type, coercible

if TYPE_CHECKING:
    from catalog_server.query.expressions import Expressions

_MODULES = (
    "text",
    "numbers",
    "times",
    "time_formats",
    "collections",
    "lambdas",
    "json",
    "general",
    "aggregates",
    "windows",
)
_SIGNATURE = re.compile(r"(\w+)\((.*)\) -> (.+)")


@dataclass(slots=True)
class Call:
    """One call: the translator around it, where it stands, its arguments, and what is written behind it."""

    translator: Expressions
    node: Any
    name: str
    nodes: list[Any]
    distinct: bool = False
    order: list[Any] = field(default_factory=list)
    filter: Any = None
    window: Any = None
    ignore_nulls: bool = False
    _values: dict[int, Value] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.nodes)

    def value(self, index: int) -> Value:
        """The argument at `index`, translated."""
        if index not in self._values:
            self._values[index] = self.translator.value(self.nodes[index])
        return self._values[index]

    @property
    def values(self) -> list[Value]:
        """All arguments, translated."""
        return [self.value(index) for index in range(len(self.nodes))]

    def take(self, index: int, kind: Type) -> str:
        """The argument at `index` as `kind`; raises `Invalid` when Trino would not turn it into that."""
        made = self.value(index)
        if not coercible(made.type, kind):
            raise self.mismatch()
        return coerce(made, kind).sql

    def literal(self, index: int, what: str) -> str:
        """A text that must be a constant; raises `Unsupported` when it is computed."""
        made = self.value(index)
        if not isinstance(made.literal, str):
            raise Unsupported(f"{self.name}: {what} must be a literal in the embedded engine")
        return made.literal

    def lambda_of(self, index: int, *kinds: Type) -> tuple[list[str], Value]:
        """The lambda at `index`, for arguments of `kinds`: names of its parameters, and its body."""
        return self.translator.lambda_of(self.nodes[index], list(kinds))

    def arity(self, *counts: int) -> None:
        """Raise when the number of arguments is none of `counts`."""
        if len(self.nodes) not in counts:
            raise self.mismatch()

    def mismatch(self) -> Invalid:
        """The error for arguments that fit no form of the function."""
        kinds = ", ".join(
            "function" if type(n).__name__ == "Lambda" else str(self.value(i).type) for i, n in enumerate(self.nodes)
        )
        expected = ", ".join(overload.text for overload in _table().get(self.name, ()))
        hint = f". Expected: {expected}" if expected else ""
        return Invalid("", f"Unexpected parameters ({kinds}) for function {self.name}{hint}")


Handler = Callable[[Call], Value]
HANDLERS: dict[str, Handler] = {}
AGGREGATES: dict[str, Handler] = {}
WINDOWS: dict[str, Handler] = {}
TABLES: list[tuple[str, str]] = []


def handler(*names: str) -> Callable[[Handler], Handler]:
    """Register a scalar function whose translation depends on more than the types of its arguments."""

    def register(function: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, function))
        return function

    return register


def aggregate(*names: str) -> Callable[[Handler], Handler]:
    """Register an aggregate function."""

    def register(function: Handler) -> Handler:
        AGGREGATES.update(dict.fromkeys(names, function))
        return function

    return register


def window(*names: str) -> Callable[[Handler], Handler]:
    """Register a function that needs OVER."""

    def register(function: Handler) -> Handler:
        WINDOWS.update(dict.fromkeys(names, function))
        return function

    return register


@dataclass(frozen=True, slots=True)
class _Overload:
    text: str
    parameters: tuple[str, ...]
    result: str
    template: str


_WORDS = {
    "boolean": t.BOOLEAN,
    "tinyint": t.TINYINT,
    "smallint": t.SMALLINT,
    "integer": t.INTEGER,
    "bigint": t.BIGINT,
    "real": t.REAL,
    "double": t.DOUBLE,
    "varchar": t.VARCHAR,
    "varbinary": t.VARBINARY,
    "date": t.DATE,
    "json": t.JSON,
    "uuid": t.UUID,
    "varchar(64)": t.varchar(64),
    "days": t.DAYS,
    "months": t.MONTHS,
    "timestamp": t.timestamp(3),
    "zoned": t.zoned(3),
    "array(varchar)": t.array(t.VARCHAR),
    "array(bigint)": t.array(t.BIGINT),
    "map(varchar,varchar)": t.map_of(t.VARCHAR, t.VARCHAR),
    "array(double)": t.array(t.DOUBLE),
}


@lru_cache(maxsize=1)
def _table() -> dict[str, list[_Overload]]:
    for name in _MODULES:
        import_module(f"catalog_server.query.functions.{name}")
    table: dict[str, list[_Overload]] = {}
    for signature, template in TABLES:
        found = _SIGNATURE.fullmatch(signature)
        assert found is not None, signature
        parameters = tuple(part.strip() for part in found[2].split(",")) if found[2] else ()
        shown = f"{found[1]}({', '.join(parameters)})"
        table.setdefault(found[1], []).append(_Overload(shown, parameters, found[3], template))
    return table


def names() -> list[str]:
    """Every function that can be called, in order."""
    return sorted({*_table(), *HANDLERS, *AGGREGATES, *WINDOWS})


def call(translator: Expressions, node: Any, name: str, nodes: list[Any]) -> Value:
    """Translate a plain call; raises `InvalidQuery` for an unknown function."""
    made = Call(translator, node, name, nodes)
    return _run(made)


def call_wrapped(translator: Expressions, node: Any) -> Value:
    """Translate a call with FILTER, OVER, WITHIN GROUP or IGNORE NULLS around it."""
    made = Call(translator, node, "", [])
    inner = node
    while type(inner).__name__ != "Anonymous":
        kind = type(inner).__name__
        if kind == "Filter":
            made.filter = inner.expression.this
        elif kind == "WithinGroup":
            made.order = list(inner.expression.expressions)
        elif kind == "IgnoreNulls":
            made.ignore_nulls = True
        elif kind == "Window":
            made.window = inner
        elif kind != "RespectNulls":
            raise translator.source.error(inner, f"{kind} cannot have FILTER or OVER")
        inner = inner.this
    made.name, made.nodes, made.node = inner.name.lower(), list(inner.expressions), inner
    return _run(made)


def _run(made: Call) -> Value:
    _unwrap_arguments(made)
    name, table = made.name, _table()
    try:
        if name in AGGREGATES:
            return _aggregate(made, AGGREGATES[name])
        if name in WINDOWS:
            return _window(made)
        wrapped = made.window is not None or made.filter is not None or made.distinct or bool(made.order)
        if wrapped and (name in HANDLERS or name in table):
            raise Invalid("", f"{name} is not an aggregate or window function")
        if name in HANDLERS:
            return HANDLERS[name](made)
        if name in table:
            return _overloaded(made, table[name])
    except InvalidQuery:
        raise
    except Invalid as error:
        raise made.translator.source.error(made.node, error.reason) from error
    if name in KNOWN:
        line, column = made.translator.source.position(made.node)
        raise Unsupported(f"line {line}:{column}: function {name} is not supported by the embedded engine")
    raise made.translator.source.error(made.node, f"Function '{name}' not registered")


def _unwrap_arguments(made: Call) -> None:
    if made.nodes and type(made.nodes[-1]).__name__ == "Order":
        order = made.nodes[-1]
        made.order = list(order.expressions)
        made.nodes[-1:] = [order.this] if order.this is not None else []
    if len(made.nodes) >= 1 and type(made.nodes[0]).__name__ == "Distinct":
        made.distinct = True
        made.nodes[:1] = list(made.nodes[0].expressions)


def _aggregate(made: Call, function: Handler) -> Value:
    translator = made.translator
    if made.window is not None:
        if made.filter is not None:
            raise Invalid("", "FILTER is not yet supported for window functions")
        return function(made)
    if not translator.aggregates_allowed:
        raise Invalid("", f"aggregate function {made.name} cannot be used here")
    if translator.inside_aggregate:
        raise Invalid("", f"Cannot nest aggregations inside aggregation '{made.name}'")
    translator.aggregated = True
    translator.inside_aggregate = True
    try:
        return function(made)
    finally:
        translator.inside_aggregate = False


def _window(made: Call) -> Value:
    if made.window is None:
        raise Invalid("", f"Window function {made.name} requires an OVER clause")
    return WINDOWS[made.name](made)


def _overloaded(made: Call, overloads: Sequence[_Overload]) -> Value:
    values = made.values
    best: tuple[int, _Overload] | None = None
    for overload in overloads:
        if len(overload.parameters) != len(values):
            continue
        costs = [_cost(value, wanted) for value, wanted in zip(values, overload.parameters, strict=True)]
        if None not in costs:
            total = sum(cost or 0 for cost in costs)
            if best is None or total < best[0]:
                best = (total, overload)
    if best is None:
        raise made.mismatch()
    overload = best[1]
    arguments = [_argument(value, wanted) for value, wanted in zip(values, overload.parameters, strict=True)]
    result = values[int(overload.result[1:])].type if overload.result.startswith("=") else _WORDS[overload.result]
    sql = overload.template.format(*arguments)
    return Value(f"rtrim({sql}, ' ')" if result.name == "char" else sql, result)


_FAMILIES = {
    "decimal": ("decimal",),
    "timestamp": ("timestamp",),
    "zoned": ("timestamp with time zone",),
    "varchar": ("varchar", "char"),
}
_FAMILIES |= {"array": ("array",), "map": ("map",), "time": ("time",)}


def _cost(value: Value, wanted: str) -> int | None:
    kind = value.type
    if wanted == "any" or kind.name in _FAMILIES.get(wanted, ()):
        return 0
    if wanted not in _WORDS:
        return None
    target = _WORDS[wanted]
    if kind == target:
        return 0
    if not coercible(kind, target):
        return None
    order = ("tinyint", "smallint", "integer", "bigint", "decimal", "real", "double")
    return 1 + (order.index(target.name) - order.index(kind.name) if kind.name in order and target.name in order else 3)


def _argument(value: Value, wanted: str) -> str:
    if wanted == "varchar" and value.type.name == "char":
        return coerce(value, t.VARCHAR).sql
    if wanted == "any" or value.type.name in _FAMILIES.get(wanted, ()):
        return value.sql
    return coerce(value, _WORDS[wanted]).sql
