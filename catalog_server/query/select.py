"""SELECT: its items, grouping, ordering and limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalog_server.model.errors import Unsupported
from catalog_server.query.expressions import Expressions
from catalog_server.query.functions import registry
from catalog_server.query.ordering import direction
from catalog_server.query.relations import from_clause, push_predicates
from catalog_server.query.scope import Origin, Query, Scope, Value
from catalog_server.query.values import field_of

if TYPE_CHECKING:
    from catalog_server.query.translate import Translator

_KEYS = {
    "expressions",
    "from_",
    "joins",
    "laterals",
    "where",
    "group",
    "having",
    "windows",
    "order",
    "limit",
    "offset",
    "distinct",
    "with_",
    "kind",
    "hint",
}


@dataclass(slots=True)
class _Item:
    label: str | None
    value: Value
    origin: Origin | None = None
    node: Any = None


@dataclass(slots=True)
class _Group:
    sql: str = ""
    expressions: list[Value] = field(default_factory=list)


def translate_select(translator: Translator, tree: Any, outer: Scope) -> Query:
    """One SELECT as DuckDB's SQL."""
    for key, held in tree.args.items():
        if held and key not in _KEYS:
            raise translator.source.error(tree, f"{key.upper().strip('_')} is not supported")
    relation = from_clause(translator, tree, Scope((), outer.parent if outer.parent else None, outer.ctes))
    scope = Scope(relation.fields, outer, outer.ctes)
    expressions = Expressions(translator.source, scope, translator)
    for each in tree.args.get("windows") or []:
        expressions.named_windows[each.this.name.lower()] = each
    where = _where(expressions, tree)
    aggregated = _aggregates(tree)
    group = _grouping(expressions, tree) if aggregated else _Group()
    if aggregated:
        expressions.grouped = {value.sql for value in group.expressions}
    items = list(_items(expressions, tree))
    having = ""
    if tree.args.get("having") is not None:
        having = f" HAVING {expressions.condition(tree.args['having'].this, 'HAVING clause')}"
    order = _order(expressions, tree, items)
    expressions.check_grouping()
    distinct = _distinct(translator, tree)
    listed = ", ".join(f"{each.value.sql} AS c{index}" for index, each in enumerate(items))
    source = f" FROM {relation.sql}" if relation.sql else ""
    limit = limits(expressions, tree)
    sql = f"SELECT {distinct}{listed}{source}{where}{group.sql}{having}{order}{limit}"
    plain = not (aggregated or limit or distinct) and not any("OVER" in each.value.sql for each in items)
    origins = tuple(each.origin for each in items) if plain else ()
    return Query(sql, tuple((each.label, each.value.type) for each in items), origins)


def _where(expressions: Expressions, tree: Any) -> str:
    where = tree.args.get("where")
    if where is None:
        return ""
    expressions.aggregates_allowed = False
    made = expressions.condition(where.this, "WHERE clause")
    push_predicates(expressions, where.this)
    expressions.aggregates_allowed = True
    return f" WHERE {made}"


def _distinct(translator: Translator, tree: Any) -> str:
    distinct = tree.args.get("distinct")
    if distinct is None:
        return ""
    if distinct.args.get("on") is not None:
        raise translator.source.error(tree, "DISTINCT ON is not supported")
    return "DISTINCT "


def _aggregates(tree: Any) -> bool:
    """Whether the SELECT aggregates: by GROUP BY, HAVING, or an aggregate in its items or order."""
    if tree.args.get("group") is not None or tree.args.get("having") is not None:
        return True
    roots = [*tree.expressions, *(tree.args["order"].expressions if tree.args.get("order") is not None else [])]
    registry.names()
    return any(_calls_aggregate(root) for root in roots)


_WRAPPERS = ("Filter", "IgnoreNulls", "RespectNulls", "WithinGroup")


def _calls_aggregate(root: Any) -> bool:
    for node in root.walk(prune=lambda each: type(each).__name__ in ("Subquery", "Select", "Exists", "Union")):
        if type(node).__name__ == "Anonymous" and node.name.lower() in registry.AGGREGATES:
            wrapper = node.parent
            inner = node
            while type(wrapper).__name__ in _WRAPPERS and wrapper.this is inner:
                inner, wrapper = wrapper, wrapper.parent
            if not (type(wrapper).__name__ == "Window" and wrapper.this is inner):
                return True
    return False


def _grouping(expressions: Expressions, tree: Any) -> _Group:
    group = tree.args.get("group")
    if group is None:
        return _Group()
    for key, held in group.args.items():
        if held and key != "expressions":
            raise expressions.source.error(group, f"GROUP BY {key.upper()} is not supported")
    expressions.aggregates_allowed = False
    made = _Group()
    parts = [_group_part(expressions, tree, node, made) for node in group.expressions]
    expressions.aggregates_allowed = True
    made.sql = f" GROUP BY {', '.join(parts)}"
    return made


def _group_part(expressions: Expressions, tree: Any, node: Any, made: _Group) -> str:
    kind = type(node).__name__
    if kind in ("GroupingSets", "Rollup", "Cube"):
        inner = ", ".join(_group_part(expressions, tree, each, made) for each in node.expressions)
        return f"{ {'GroupingSets': 'GROUPING SETS', 'Rollup': 'ROLLUP', 'Cube': 'CUBE'}[kind] } ({inner})"
    if kind == "Tuple":
        return "(" + ", ".join(_group_part(expressions, tree, each, made) for each in node.expressions) + ")"
    if kind == "Paren":
        return f"({_group_part(expressions, tree, node.this, made)})"
    if kind == "Literal" and not node.is_string:
        node = _ordinal(expressions, tree, node, "GROUP BY")
    value = expressions.value(node)
    if value.type.name == "json":
        raise expressions.source.error(
            node, f"{value.type} is not comparable, and therefore cannot be used in GROUP BY"
        )
    made.expressions.append(value)
    return value.sql


def _ordinal(expressions: Expressions, tree: Any, node: Any, clause: str) -> Any:
    position = int(node.name) if node.name.isdigit() else 0
    if any(_is_star(each) for each in tree.expressions):
        raise Unsupported(f"{clause} by position together with * is not supported by the embedded engine")
    if not 1 <= position <= len(tree.expressions):
        raise expressions.source.error(node, f"{clause} position {node.name} is not in select list")
    chosen = tree.expressions[position - 1]
    return chosen.this if type(chosen).__name__ == "Alias" else chosen


def _is_star(node: Any) -> bool:
    """Whether an item is `*` or `table.*`."""
    return type(node).__name__ == "Star" or (type(node).__name__ == "Column" and type(node.this).__name__ == "Star")


def _items(expressions: Expressions, tree: Any) -> Iterator[_Item]:
    for node in tree.expressions:
        if _is_star(node):
            yield from _star(expressions, node)
        elif type(node).__name__ == "Dot" and type(node.expression).__name__ == "Star":
            yield from _fields(expressions, node, expressions.value(node.this))
        elif type(node).__name__ == "Alias":
            value = expressions.value(node.this)
            yield _Item(node.alias, value, _origin(expressions, node.this, value), node.this)
        elif type(node).__name__ == "Aliases":
            raise expressions.source.error(node, "several aliases for one expression are not supported")
        else:
            value = expressions.value(node)
            yield _Item(_label(node), value, _origin(expressions, node, value), node)


def _label(node: Any) -> str | None:
    kind = type(node).__name__
    if kind == "Column":
        return str(node.name)
    while type(node).__name__ == "Dot":
        node, last = node.this, node.expression
        if type(node).__name__ == "Column":
            return str(last.name)
    return None


def _origin(expressions: Expressions, node: Any, value: Value) -> Origin | None:
    if type(node).__name__ != "Column":
        return None
    found = expressions.scope.lookup([part.name.lower() for part in node.parts])
    return found[0].origin if len(found) == 1 and found[0].sql == value.sql else None


def _star(expressions: Expressions, node: Any) -> Iterator[_Item]:
    star = node if type(node).__name__ == "Star" else node.this
    if any(star.args.get(key) for key in ("except_", "replace", "rename")):
        raise expressions.source.error(node, "* with EXCEPT, REPLACE or RENAME is not supported")
    path = [part.name.lower() for part in node.parts[:-1]] if type(node).__name__ == "Column" else []
    fields = [each for each in expressions.scope.fields if not path or each.qualifiers[-len(path) :] == tuple(path)]
    if path and not fields:
        yield from _row_star(expressions, node)
        return
    if not fields:
        raise expressions.source.error(node, "SELECT * not allowed in queries without FROM clause")
    for each in fields:
        if each.hidden and not path:
            continue
        if each.origin is not None:
            each.origin.scan.used.add(each.origin.column)
        value = Value(each.sql, each.type)
        if expressions.grouped is not None and each.sql not in expressions.grouped:
            expressions.strays.append((node, each.name or "*"))
        yield _Item(each.label if each.label is not None else each.name, value, each.origin, None)


def _row_star(expressions: Expressions, node: Any) -> Iterator[_Item]:
    from sqlglot import exp

    parts = node.parts[:-1]
    whole = expressions.value(exp.Column(this=parts[-1], table=parts[0] if len(parts) > 1 else None))
    yield from _fields(expressions, node, whole)


def _fields(expressions: Expressions, node: Any, whole: Value) -> Iterator[_Item]:
    """The fields of a row as items of their own."""
    if whole.type.name != "row":
        raise expressions.source.error(node, f"Cannot expand {whole.type}: it is not a row")
    for index, (name, _) in enumerate(whole.type.fields):
        yield _Item(name or None, field_of(whole, index))


def _order(expressions: Expressions, tree: Any, items: list[_Item]) -> str:
    order = tree.args.get("order")
    if order is None:
        return ""
    expressions.aliases = {each.label.lower(): each.value for each in items if each.label is not None}
    made = []
    for part in order.expressions:
        made.append(f"{_order_key(expressions, tree, part.this, items)} {direction(part)}")
    expressions.aliases = {}
    return f" ORDER BY {', '.join(made)}"


def _order_key(expressions: Expressions, tree: Any, node: Any, items: list[_Item]) -> str:
    if type(node).__name__ == "Literal" and not node.is_string and node.name.isdigit():
        if not 1 <= int(node.name) <= len(items):
            raise expressions.source.error(node, f"ORDER BY position {node.name} is not in select list")
        return str(int(node.name))
    value = expressions.value(node)
    if value.type.name in ("json", "map"):
        raise expressions.source.error(
            node, f"Type {value.type} is not orderable, and therefore cannot be used in ORDER BY"
        )
    for index, each in enumerate(items):
        if each.value.sql == value.sql:
            return str(index + 1)
    if tree.args.get("distinct") is not None:
        raise expressions.source.error(node, "For SELECT DISTINCT, ORDER BY expressions must appear in select list")
    return value.sql


def limits(expressions: Expressions, tree: Any) -> str:
    """LIMIT, FETCH FIRST and OFFSET."""
    made = ""
    limit = tree.args.get("limit")
    if limit is not None:
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
            raise Unsupported("FETCH FIRST ... WITH TIES is not supported by the embedded engine")
        count = limit.args.get("count") if type(limit).__name__ == "Fetch" else limit.expression
        if count is None:
            made += " LIMIT 1"
        elif count.name.upper() != "ALL":
            made += f" LIMIT {_whole(expressions, count, 'LIMIT')}"
    offset = tree.args.get("offset")
    if offset is not None:
        made += f" OFFSET {_whole(expressions, offset.expression, 'OFFSET')}"
    return made


def _whole(expressions: Expressions, node: Any, clause: str) -> int:
    if type(node).__name__ != "Literal" or not str(node.name).isdigit():
        raise expressions.source.error(node, f"{clause} takes a number")
    return int(node.name)
