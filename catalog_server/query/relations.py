"""What stands behind FROM: tables, views, common table expressions, subqueries, UNNEST, VALUES and their joins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog_server.model.errors import Invalid, InvalidQuery, Unsupported
from catalog_server.model.types import identifier
from catalog_server.query.casts import coerce, common
from catalog_server.query.expressions import Expressions
from catalog_server.query.scope import Field, Origin, Query, Relation, Scan, Scope, Value, rename
from catalog_server.query.types import BIGINT, Type, physical_names, widen, widen_all
from catalog_server.query.values import field_of

if TYPE_CHECKING:
    from catalog_server.query.translate import TableColumn, Translator


def from_clause(translator: Translator, tree: Any, scope: Scope) -> Relation:
    """All items and joins of a SELECT as one relation."""
    base = tree.args.get("from_")
    if base is None:
        return Relation("", ())
    if tree.args.get("laterals"):
        raise translator.source.error(tree, "LATERAL is not supported here")
    return _with_joins(translator, base.this, tree.args.get("joins") or [], scope)


def _with_joins(translator: Translator, first: Any, joins: list[Any], scope: Scope) -> Relation:
    relation = item(translator, first, scope)
    for join in [*(first.args.get("joins") or []), *joins]:
        relation = _join(translator, relation, join, scope)
        for inner in join.this.args.get("joins") or []:
            relation = _join(translator, relation, inner, scope)
    return relation


def item(translator: Translator, node: Any, scope: Scope) -> Relation:
    """One item of FROM; `scope` holds what LATERAL and UNNEST may refer to."""
    kind = type(node).__name__
    if kind == "Table" and type(node.this).__name__ == "Values":
        return _named(translator, node, _values(translator, node.this, scope))
    handler = {"Table": _table, "Subquery": _subquery, "Unnest": _unnest, "Values": _values, "Lateral": _lateral}.get(
        kind
    )
    if handler is None:
        raise translator.source.error(node, f"{kind.upper()} is not supported in FROM")
    relation = handler(translator, node, scope)
    if node.args.get("sample") is not None:
        relation = _sample(translator, node.args["sample"], relation)
    return relation


def _alias(node: Any) -> tuple[str | None, list[str]]:
    alias = node.args.get("alias")
    if alias is None:
        return None, []
    return (alias.this.name if alias.this is not None else None), [
        column.name for column in alias.args.get("columns") or []
    ]


def _named(translator: Translator, node: Any, relation: Relation) -> Relation:
    alias, names = _alias(node)
    if alias is None:
        return relation
    visible = [each for each in relation.fields if not each.hidden]
    if names and len(names) != len(visible):
        raise translator.source.error(
            node, f"Column alias list has {len(names)} entries but '{alias}' has {len(visible)} columns available"
        )
    return Relation(relation.sql, rename(relation.fields, alias, names))


def query_relation(translator: Translator, query: Query, qualifiers: tuple[str, ...] = ()) -> Relation:
    """A query as something to select from."""
    alias = translator.fresh("r")
    fields = tuple(
        Field(
            label.lower() if label is not None else None,
            kind,
            f"{alias}.c{index}",
            qualifiers,
            False,
            label,
            query.origins[index] if query.origins else None,
        )
        for index, (label, kind) in enumerate(query.columns)
    )
    return Relation(f"({query.sql}) AS {alias}", fields)


_TABLE_KEYS = {"this", "db", "catalog", "alias", "joins", "sample"}


def _table(translator: Translator, node: Any, scope: Scope) -> Relation:
    for key, held in node.args.items():
        if held and key not in _TABLE_KEYS:
            what = "time travel (FOR ... AS OF)" if key in ("version", "when") else f"{key} behind a table"
            raise Unsupported(f"{_at(translator, node)}{what} is not supported by the embedded engine")
    if type(node.this).__name__ != "Identifier":
        raise translator.source.error(node, f"Table function '{node.this.name.lower()}' not registered")
    path = [part.name for part in node.parts]
    if len(path) == 1:
        cte = translator.cte(path[0].lower(), scope)
        if cte is not None:
            return _named(translator, node, cte)
    return _named(translator, node, _stored(translator, node, path))


def _at(translator: Translator, node: Any) -> str:
    line, column = translator.source.position(node)
    return f"line {line}:{column}: "


def _stored(translator: Translator, node: Any, path: list[str]) -> Relation:
    try:
        found = translator.tables.resolve(path)
    except InvalidQuery:
        raise
    except Invalid as error:
        raise translator.source.error(node, error.reason) from error
    qualifiers = found.path
    if found.view is not None:
        return query_relation(translator, translator.view(node, found), qualifiers)
    scan = Scan(translator.fresh("scan"), found)
    translator.scans.append(scan)
    alias = translator.fresh("r")

    def fields_of(columns: tuple[TableColumn, ...]) -> tuple[Field, ...]:
        return tuple(
            Field(
                each.key,
                each.type,
                f"{alias}.{identifier(each.key)}",
                qualifiers,
                False,
                each.key,
                Origin(scan, each.key),
            )
            for each in columns
        )

    fields = fields_of(found.columns)
    relation = Relation(f"{scan.alias} AS {alias}", fields)
    if not found.row_filter:
        return relation
    return _filtered(translator, relation, fields_of(found.filtered_by or found.columns), found.row_filter)


def _filtered(translator: Translator, relation: Relation, fields: tuple[Field, ...], row_filter: str) -> Relation:
    """The rows of a table that its grants let through; the filter may use columns that the statement may not."""
    condition, source = translator.parse_expression(row_filter)
    inner = Expressions(source, Scope(fields), translator)
    inner.aggregates_allowed = False
    try:
        made = inner.condition(condition, "row filter")
    except InvalidQuery as error:
        raise Unsupported(f"the row filter of the grants cannot be applied: {error.message}") from error
    alias = translator.fresh("r")
    old = relation.fields[0].sql.split(".", 1)[0] if relation.fields else alias
    shown = tuple(replace(each, sql=f"{alias}.{identifier(each.name or '')}") for each in relation.fields)
    return Relation(f"(SELECT {old}.* FROM {relation.sql} WHERE {made}) AS {alias}", shown)


def _subquery(translator: Translator, node: Any, scope: Scope) -> Relation:
    inner = node.this
    if type(inner).__name__ in ("Table", "Subquery", "Unnest"):
        return _named(translator, node, _with_joins(translator, inner, [], scope))
    query = translator.query(inner, _outer(scope))
    return _named(translator, node, query_relation(translator, query))


def _outer(scope: Scope) -> Scope:
    """What a derived table may see: the queries around and their WITH, but not its neighbours in FROM."""
    return Scope((), scope.parent, scope.ctes)


def _lateral(translator: Translator, node: Any, scope: Scope) -> Relation:
    inner = node.this.this if type(node.this).__name__ == "Subquery" else node.this
    query = translator.query(inner, scope)
    relation = query_relation(translator, query)
    return _named(translator, node, Relation(f"LATERAL {relation.sql}", relation.fields))


def _values(translator: Translator, node: Any, scope: Scope) -> Relation:
    query = values_query(translator, node, _outer(scope))
    return _named(translator, node, query_relation(translator, query))


def values_query(translator: Translator, node: Any, scope: Scope) -> Query:
    """VALUES: the columns' types are those in which the rows meet."""
    expressions = Expressions(translator.source, scope, translator)
    expressions.aggregates_allowed = False
    rows = []
    for each in node.expressions:
        whole = type(each).__name__ == "Tuple"
        rows.append(
            expressions.values(each.expressions if whole else [each.this if type(each).__name__ == "Paren" else each])
        )
    if len({len(values) for values in rows}) > 1:
        raise translator.source.error(node, "Values rows have mismatched sizes")
    kinds = []
    for index in range(len(rows[0])):
        met = common([values[index] for values in rows])
        if met is None:
            raise translator.source.error(
                node, f"Values rows have mismatched types: {', '.join(str(values[index].type) for values in rows)}"
            )
        kinds.append(met)
    made = ", ".join(
        "(" + ", ".join(coerce(value, kind).sql for value, kind in zip(values, kinds, strict=True)) + ")"
        for values in rows
    )
    names = ", ".join(f"c{index}" for index in range(len(kinds)))
    return Query(f"SELECT * FROM (VALUES {made}) AS v({names})", tuple((None, kind) for kind in kinds))


def _unnest(translator: Translator, node: Any, scope: Scope) -> Relation:
    expressions = Expressions(translator.source, scope, translator)
    expressions.aggregates_allowed = False
    lists: list[str] = []
    outer: list[str] = []
    fields: list[Field] = []
    inner, alias = translator.fresh("u"), translator.fresh("r")

    def add(kind: Type, sql: str) -> None:
        outer.append(f"{sql} AS c{len(fields)}")
        fields.append(Field(None, kind, f"{alias}.c{len(fields)}"))

    for value, tree in zip(expressions.values(node.expressions), node.expressions, strict=True):
        if value.type.name == "map":
            for name, kind in (("keys", value.type.key), ("values", value.type.value)):
                lists.append(f"map_{name}({value.sql})")
                add(kind, f"{inner}.l{len(lists) - 1}")
        elif value.type.name == "array":
            lists.append(value.sql)
            element = Value(f"{inner}.l{len(lists) - 1}", value.type.element)
            if element.type.name == "row":
                for index in range(len(element.type.fields)):
                    part = field_of(element, index)
                    add(part.type, part.sql)
            else:
                add(element.type, element.sql)
        else:
            raise translator.source.error(tree, f"Cannot unnest type: {value.type}")
    if node.args.get("offset"):
        lengths = ", ".join(f"coalesce(len({each}), 0)" for each in lists)
        longest = f"greatest({lengths})" if len(lists) > 1 else lengths
        lists.append(f"range(1, CAST({longest} AS BIGINT) + 1)")
        add(BIGINT, f"{inner}.l{len(lists) - 1}")
    columns = ", ".join(f"unnest({each}) AS l{index}" for index, each in enumerate(lists))
    sql = f"LATERAL (SELECT {', '.join(outer)} FROM (SELECT {columns}) AS {inner}) AS {alias}"
    return _unnest_named(translator, node, Relation(sql, tuple(fields)))


def _unnest_named(translator: Translator, node: Any, relation: Relation) -> Relation:
    alias, names = _alias(node)
    offset = node.args.get("offset")
    if hasattr(offset, "name"):
        names = [*names, offset.name]
    if alias is None:
        return relation
    if names and len(names) != len(relation.fields):
        raise translator.source.error(
            node,
            f"Column alias list has {len(names)} entries but '{alias}' has {len(relation.fields)} columns available",
        )
    return Relation(relation.sql, rename(relation.fields, alias, names))


def _sample(translator: Translator, sample: Any, relation: Relation) -> Relation:
    method = (sample.args.get("method").name if sample.args.get("method") else "").upper()
    percent = sample.args.get("percent")
    if method not in ("BERNOULLI", "SYSTEM") or percent is None or not percent.is_number:
        raise translator.source.error(sample, "TABLESAMPLE takes BERNOULLI or SYSTEM and a percentage")
    head, _, alias = relation.sql.rpartition(" AS ")
    return Relation(
        f"(SELECT * FROM {head} AS s TABLESAMPLE BERNOULLI({float(percent.name)} PERCENT)) AS {alias}", relation.fields
    )


_JOIN_KEYS = {"this", "on", "using", "side", "kind", "method", "expressions"}


def _join(translator: Translator, left: Relation, join: Any, scope: Scope) -> Relation:
    for key, held in join.args.items():
        if held and key not in _JOIN_KEYS:
            raise translator.source.error(join, f"JOIN with {key} is not supported")
    side, kind = (join.args.get("side") or "").upper(), (join.args.get("kind") or "").upper()
    method = (join.args.get("method") or "").upper()
    if kind not in ("", "INNER", "CROSS", "OUTER") or method not in ("", "NATURAL"):
        raise translator.source.error(join, f"{method or kind} JOIN is not supported")
    neighbours = Scope(left.fields, scope.parent, scope.ctes)
    right = item(translator, join.this, neighbours)
    both = left.fields + right.fields
    if method == "NATURAL":
        raise Unsupported(f"{_at(translator, join)}Natural join not supported")
    if join.args.get("using"):
        return _join_using(translator, left, right, join, side)
    on = join.args.get("on")
    if on is None:
        if side:
            raise translator.source.error(join, f"{side} JOIN needs ON or USING")
        return Relation(f"{left.sql} CROSS JOIN {right.sql}", both)
    expressions = Expressions(translator.source, Scope(both, scope.parent, scope.ctes), translator)
    expressions.aggregates_allowed = False
    condition = expressions.condition(on, "JOIN ON clause")
    if not side:
        push_predicates(expressions, on)
    return Relation(f"{left.sql} {side or 'INNER'} JOIN {right.sql} ON {condition}", both)


def _join_using(translator: Translator, left: Relation, right: Relation, join: Any, side: str) -> Relation:
    conditions: list[str] = []
    merged: list[Field] = []
    taken: set[int] = set()
    for node in join.args["using"]:
        name = node.name.lower()
        pair = [
            _using_field(translator, node, relation, where) for relation, where in ((left, "left"), (right, "right"))
        ]
        met = widen(pair[0].type, pair[1].type)
        if met is None:
            raise translator.source.error(
                node, f"Column types of {name} do not match: {pair[0].type} and {pair[1].type}"
            )
        a, b = (coerce(Value(each.sql, each.type), met).sql for each in pair)
        conditions.append(f"{a} = {b}")
        sql = {"FULL": f"coalesce({a}, {b})", "RIGHT": b}.get(side, a)
        merged.append(Field(name, met, sql, (), False, name, pair[0].origin if not side else None))
        taken.update(id(each) for each in pair)
        for each in pair:
            if each.origin is not None:
                each.origin.scan.used.add(each.origin.column)
    rest = tuple(replace(each, hidden=True) if id(each) in taken else each for each in (*left.fields, *right.fields))
    sql = f"{left.sql} {side or 'INNER'} JOIN {right.sql} ON {' AND '.join(conditions)}"
    return Relation(sql, (*merged, *rest))


def _using_field(translator: Translator, node: Any, relation: Relation, where: str) -> Field:
    found = [each for each in relation.fields if each.answers([node.name.lower()]) and not each.hidden]
    if len(found) != 1:
        problem = "is missing from" if not found else "is ambiguous on"
        raise translator.source.error(node, f"Column '{node.name.lower()}' {problem} {where} side of join")
    return found[0]


def push_predicates(expressions: Expressions, condition: Any) -> None:
    """Tell the scans what a WHERE's conjuncts demand of single columns, so that fewer partitions and files are read."""
    from catalog_server.query.pushdown import conjuncts, predicate_of

    for part in conjuncts(condition):
        found = predicate_of(expressions, part)
        if found is not None:
            scan, predicate = found
            scan.predicates.append(predicate)


def unite(translator: Translator, node: Any, left: Query, right: Query, word: str) -> tuple[str, list[Type]]:
    """Two queries under UNION, INTERSECT or EXCEPT in the types in which their columns meet."""
    if len(left.columns) != len(right.columns):
        raise translator.source.error(
            node, f"{word} query has different number of fields: {len(left.columns)}, {len(right.columns)}"
        )
    kinds = []
    for index, ((_, mine), (_, theirs)) in enumerate(zip(left.columns, right.columns, strict=True)):
        met = widen_all([mine, theirs])
        if met is None:
            raise translator.source.error(
                node, f"column {index + 1} in {word} query has incompatible types: {mine}, {theirs}"
            )
        kinds.append(met)
    return f"{coerced(left, kinds)} {word} {coerced(right, kinds)}", kinds


def coerced(query: Query, kinds: list[Type]) -> str:
    """A query in parentheses, its columns in `kinds`."""
    same = all(
        str(mine) == str(wanted) and physical_names(mine) == physical_names(wanted)
        for (_, mine), wanted in zip(query.columns, kinds, strict=True)
    )
    if same:
        return f"({query.sql})"
    parts = ", ".join(
        f"{coerce(Value(f'c{index}', mine), wanted).sql} AS c{index}"
        for index, ((_, mine), wanted) in enumerate(zip(query.columns, kinds, strict=True))
    )
    return f"(SELECT {parts} FROM ({query.sql}) AS u)"
