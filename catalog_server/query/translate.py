"""Translation of a Trino query into one that DuckDB answers the same, or a refusal that says where and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from catalog_server.model.errors import Invalid, InvalidQuery, Unsupported
from catalog_server.query.expressions import FORMS, Expressions
from catalog_server.query.forms import HANDLERS
from catalog_server.query.ordering import direction
from catalog_server.query.parse import Source, parse, refuse_writes
from catalog_server.query.relations import query_relation, unite, values_query
from catalog_server.query.scope import Field, Query, Relation, Scan, Scope
from catalog_server.query.select import limits, translate_select
from catalog_server.query.types import MIXED, Type

VIEWS_DEPTH_MAX = 16
FORMS.update(HANDLERS)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a resolved table: its key (lower case) and Trino type."""

    key: str
    type: Type
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ResolvedTable:
    """A table that a statement names, as the caller may see it."""

    path: tuple[str, ...]
    """Catalog, schema and table, lower case."""
    columns: tuple[TableColumn, ...]
    row_filter: str | None = None
    filtered_by: tuple[TableColumn, ...] = ()
    """Columns that the row filter may use, where they are more than `columns`."""
    view: str | None = None
    """The statement of a view."""
    view_path: tuple[str | None, str | None] = (None, None)
    """Catalog and schema in which the view's statement was written."""
    table: Any = None
    """The catalog's own description of the table."""


class Tables(Protocol):
    """Where the names of tables are looked up."""

    def resolve(self, path: list[str]) -> ResolvedTable:
        """The table at a dotted path; raises `Invalid` with Trino's words when there is none."""

    def within(self, catalog: str | None, schema: str | None) -> Tables:
        """The same with other defaults for names that leave out catalog or schema."""


class NoTables:
    """No table exists: for statements that read none."""

    def resolve(self, path: list[str]) -> ResolvedTable:
        """Refuse every name."""
        raise Invalid("", f"Table '{'.'.join(path).lower()}' does not exist")

    def within(self, catalog: str | None, schema: str | None) -> NoTables:  # noqa: ARG002
        """Itself."""
        return self


@dataclass(slots=True)
class Translator:
    """Translates one statement; collects the scans it needs."""

    source: Source
    tables: Tables
    user: str = "anonymous"
    scans: list[Scan] = field(default_factory=list)
    count: list[int] = field(default_factory=lambda: [0])
    depth: int = 0

    def fresh(self, prefix: str) -> str:
        """A name that is used nowhere else in the statement."""
        self.count[0] += 1
        return f"{prefix}{self.count[0]}"

    def query(self, tree: Any, scope: Scope) -> Query:
        """Translate a query of any form; `scope` is what stands around it."""
        self.depth += 1
        if self.depth > 100:
            raise self.source.error(tree, "the queries are nested too deeply")
        inner = Scope(scope.fields, scope.parent, scope.ctes)
        prefix = self._with(tree, inner)
        made = self._body(tree, inner)
        self.depth -= 1
        return Query(prefix + made.sql, made.columns, made.origins)

    def _body(self, tree: Any, scope: Scope) -> Query:
        kind = type(tree).__name__
        if kind == "Select":
            return translate_select(self, tree, scope)
        if kind in ("Union", "Intersect", "Except"):
            return self._set_operation(tree, scope)
        if kind == "Values":
            return values_query(self, tree, scope)
        if kind in ("Subquery", "Paren"):
            return self._nested(tree, scope)
        if kind == "Table":
            from sqlglot import exp

            return translate_select(self, exp.select("*").from_(tree.copy()), scope)
        refuse_writes(tree, self.source)
        raise self.source.error(tree, f"{kind} is not a query")

    def _nested(self, tree: Any, scope: Scope) -> Query:
        inner = self.query(tree.this, scope)
        if not any(tree.args.get(key) is not None for key in ("order", "limit", "offset")):
            return inner
        return self._ordered(tree, inner.columns, f"SELECT * FROM ({inner.sql}) AS n", scope)

    def _set_operation(self, tree: Any, scope: Scope) -> Query:
        word = type(tree).__name__.upper() + ("" if tree.args.get("distinct") else " ALL")
        if tree.args.get("by_name"):
            raise self.source.error(tree, "BY NAME is not supported; use CORRESPONDING's equivalent by listing columns")
        left, right = self.query(tree.this, scope), self.query(tree.expression, scope)
        sql, kinds = unite(self, tree, left, right, word)
        columns = tuple((label, kind) for (label, _), kind in zip(left.columns, kinds, strict=True))
        return self._ordered(tree, columns, sql, scope)

    def _ordered(self, tree: Any, columns: tuple[tuple[str | None, Type], ...], sql: str, scope: Scope) -> Query:
        expressions = Expressions(self.source, Scope((), scope.parent, scope.ctes), self)
        order = tree.args.get("order")
        tail = limits(expressions, tree)
        if order is None and not tail:
            return Query(sql, columns)
        alias = self.fresh("r")
        labels = [(label or "").lower() for label, _ in columns]
        fields = [
            Field(label or None, kind, f"{alias}.c{index}")
            for index, (label, (_, kind)) in enumerate(zip(labels, columns, strict=True))
        ]
        expressions = Expressions(self.source, Scope(tuple(fields), scope.parent, scope.ctes), self)
        keys = []
        for part in order.expressions if order is not None else []:
            node = part.this
            if type(node).__name__ == "Literal" and not node.is_string:
                if not node.name.isdigit() or not 1 <= int(node.name) <= len(columns):
                    raise self.source.error(node, f"ORDER BY position {node.name} is not in select list")
                keys.append(f"{alias}.c{int(node.name) - 1} {direction(part)}")
            else:
                keys.append(f"{expressions.value(node).sql} {direction(part)}")
        by = f" ORDER BY {', '.join(keys)}" if keys else ""
        return Query(f"SELECT * FROM ({sql}) AS {alias}{by}{tail}", columns)

    def _with(self, tree: Any, scope: Scope) -> str:
        clause = tree.args.get("with_")
        if clause is None:
            return ""
        scope.ctes = dict(scope.ctes)
        parts = []
        for cte in clause.expressions:
            name = cte.alias.lower()
            if name in [each.alias.lower() for each in clause.expressions[: clause.expressions.index(cte)]]:
                raise self.source.error(cte, f"WITH query name '{name}' specified more than once")
            names = [column.name for column in cte.args["alias"].args.get("columns") or []]
            parts.append(self._common(cte, name, names, scope, bool(clause.args.get("recursive"))))
        return f"WITH {'RECURSIVE ' if clause.args.get('recursive') else ''}{', '.join(parts)} "

    def _common(self, cte: Any, name: str, names: list[str], scope: Scope, recursive: bool) -> str:
        alias = self.fresh("w")
        refers = any(
            type(node).__name__ == "Table" and node.name.lower() == name and not node.args.get("db")
            for node in cte.this.walk()
        )
        if recursive and refers and type(cte.this).__name__ == "Union":
            return self._recursive(cte, name, names, scope, alias)
        query = self.query(cte.this, Scope((), None, scope.ctes))
        if names and len(names) != len(query.columns):
            raise self.source.error(
                cte,
                f"Column alias list has {len(names)} entries but WITH query(name: {name}) has {len(query.columns)} columns",
            )
        labels: list[str | None] = [*names] or [label for label, _ in query.columns]
        columns = tuple((label, kind) for label, (_, kind) in zip(labels, query.columns, strict=True))
        scope.ctes[name] = Query(alias, columns)
        return f"{alias} AS ({query.sql})"

    def _recursive(self, cte: Any, name: str, names: list[str], scope: Scope, alias: str) -> str:
        if cte.this.args.get("distinct"):
            raise self.source.error(cte, "UNION DISTINCT is not supported in a recursive query; use UNION ALL")
        anchor = self.query(cte.this.this, Scope((), None, scope.ctes))
        if len(names) != len(anchor.columns):
            raise self.source.error(cte, "missing column aliases in recursive WITH query")
        columns = tuple((label, kind) for label, (_, kind) in zip(names, anchor.columns, strict=True))
        scope.ctes[name] = Query(alias, columns)
        step = self.query(cte.this.expression, Scope((), None, scope.ctes))
        _, kinds = unite(self, cte, anchor, step, "UNION ALL")
        if [str(kind) for kind in kinds] != [str(kind) for _, kind in columns]:
            raise self.source.error(
                cte, "recursion step relation output types do not match recursion base relation output types"
            )
        from catalog_server.query.relations import coerced

        return f"{alias} AS ({coerced(anchor, kinds)} UNION ALL {coerced(step, kinds)})"

    def cte(self, name: str, scope: Scope) -> Relation | None:
        """A WITH query in reach, as something to select from."""
        around: Scope | None = scope
        while around is not None:
            found = around.ctes.get(name)
            if found is not None:
                relation = query_relation(self, found, (name,))
                return Relation(relation.sql.replace(f"({found.sql})", found.sql, 1), relation.fields)
            around = around.parent
        return None

    def view(self, node: Any, found: ResolvedTable) -> Query:
        """The statement behind a view, translated in the view's own catalog and schema."""
        if self.depth > VIEWS_DEPTH_MAX:
            raise self.source.error(node, "views are nested too deeply")
        try:
            tree, source = parse(found.view or "")
            inner = Translator(
                source, self.tables.within(*found.view_path), self.user, self.scans, self.count, self.depth + 1
            )
            query = inner.query(tree, Scope())
        except InvalidQuery as error:
            raise Unsupported(f"view {'.'.join(found.path)} cannot be read here: {error.message}") from error
        if len(found.columns) != len(query.columns):
            raise self.source.error(
                node, f"View '{'.'.join(found.path)}' is stale or in invalid state: column count differs"
            )
        parts = []
        from catalog_server.query.casts import cast
        from catalog_server.query.scope import Value

        for index, (column, (_, kind)) in enumerate(zip(found.columns, query.columns, strict=True)):
            parts.append(f"{cast(Value(f'c{index}', kind), column.type).sql} AS c{index}")
        origins = query.origins
        return Query(
            f"SELECT {', '.join(parts)} FROM ({query.sql}) AS v", tuple((c.key, c.type) for c in found.columns), origins
        )

    def parse_expression(self, text: str) -> tuple[Any, Source]:
        """Parse a predicate that stands alone, such as a grant's row filter."""
        tree, source = parse(f"SELECT {text}")
        return tree.expressions[0], source


@dataclass(frozen=True, slots=True)
class Translation:
    """A statement for DuckDB, what it answers with, and the tables it reads."""

    sql: str
    columns: tuple[tuple[str, Type], ...]
    """Names as Trino would show them, and types."""
    scans: tuple[Scan, ...]


def translate(sql: str, tables: Tables | None = None, user: str = "anonymous") -> Translation:
    """Translate a query; raises `InvalidQuery` (with line and column) or `Unsupported`."""
    tree, source = parse(sql)
    return translate_tree(tree, source, tables or NoTables(), user)


def check_shown(kind: Type) -> None:
    """Raise `Unsupported` for a type whose values cannot be shown as Trino would."""
    if kind.name == "timestamp with time zone" and kind.zone == MIXED:
        raise Unsupported("values in different time zones cannot be mixed; use AT TIME ZONE first")
    for _, inner in kind.fields:
        check_shown(inner)


def translate_tree(tree: Any, source: Source, tables: Tables, user: str) -> Translation:
    """Translate a parsed query."""
    translator = Translator(source, tables, user)
    try:
        query = translator.query(tree, Scope())
    except InvalidQuery:
        raise
    except Invalid as error:
        raise source.error(tree, error.reason) from error
    except RecursionError as error:
        raise InvalidQuery("the statement is nested too deeply") from error
    for _, kind in query.columns:
        check_shown(kind)
    columns = tuple(
        (label if label is not None else f"_col{index}", kind) for index, (label, kind) in enumerate(query.columns)
    )
    return Translation(query.sql, columns, tuple(translator.scans))
