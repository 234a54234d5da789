"""Reads the behaviour suite of the metastore: which methods it calls, what it has refused, where we mean to differ."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog_server.wire import hive_metastore as wire

SUITE = Path(__file__).parents[2] / "tests" / "metastore"
SERVERS = {"HIVE4": "4.0.1", "HIVE2": "2.3.10"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A behaviour in which a real metastore differs from ours, and why that is wanted."""

    behaviour: str
    version: str
    reason: str


@dataclass(slots=True)
class Behaviour:
    """What the suite says of the methods."""

    called: dict[str, set[str]] = field(default_factory=dict)
    """By method the test files in which a call of it succeeds."""
    refused: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """By method and exception the test files that provoke it."""
    differences: list[Difference] = field(default_factory=list)


def read(suite: Path = SUITE) -> Behaviour:
    """Read the tests; calls are told by `hms.METHOD(...)` or `getattr(hms, method)(...)` with the methods as texts nearby.

    What a function calls that is called where something is refused, is refused as well.
    """
    found, methods = Behaviour(), frozenset(wire.BINDINGS.method_names())
    for path in sorted(suite.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = [one for group in tree.body if isinstance(group, ast.ClassDef) for one in group.body]
        functions = [one for one in (*tree.body, *inside) if isinstance(one, ast.FunctionDef)]
        helpers = {one.name: _attributes(one) & methods for one in functions if not one.name.startswith("test_")}
        for function in functions:
            _Reader(found, path.stem, methods, _texts(function, tree) & methods, helpers).visit(function)
            found.differences += _differences(function, tree)
    return found


def _attributes(function: ast.FunctionDef) -> frozenset[str]:
    return frozenset(node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute))


class _Reader(ast.NodeVisitor):
    """Notes the calls of one function."""

    def __init__(
        self,
        found: Behaviour,
        file: str,
        methods: frozenset[str],
        texts: frozenset[str],
        helpers: Mapping[str, frozenset[str]],
    ) -> None:
        self._found, self._file, self._methods, self._texts, self._helpers = found, file, methods, texts, helpers
        self._refused: tuple[str, ...] = ()

    def visit_With(self, node: ast.With) -> None:
        """In a block of `refused(wire.A, ...)` the calls raise."""
        before = self._refused
        for item in node.items:
            self.visit(item.context_expr)
            self._refused = _kinds(item.context_expr) or self._refused
        for statement in node.body:
            self.visit(statement)
        self._refused = before

    def visit_Call(self, node: ast.Call) -> None:
        """A call of a method, by name or by getattr."""
        self.generic_visit(node)
        for method in self._called(node.func):
            if self._refused:
                for kind in self._refused:
                    self._found.refused.setdefault((method, kind), set()).add(self._file)
            else:
                self._found.called.setdefault(method, set()).add(self._file)

    def _called(self, function: ast.expr) -> frozenset[str]:
        if isinstance(function, ast.Attribute) and function.attr in self._methods:
            return frozenset((function.attr,))
        if isinstance(function, ast.Call) and isinstance(function.func, ast.Name) and function.func.id == "getattr":
            return self._texts
        if self._refused and isinstance(function, ast.Name):
            return self._helpers.get(function.id, frozenset())
        return frozenset()


def _kinds(expression: ast.expr) -> tuple[str, ...]:
    if not (isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name)):
        return ()
    if expression.func.id != "refused":
        return ()
    return tuple(one.attr for one in expression.args if isinstance(one, ast.Attribute))


def _texts(function: ast.FunctionDef, module: ast.Module) -> frozenset[str]:
    """Texts in a function and in the module's constants that it names."""
    named = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    places: list[ast.AST] = [function]
    for node in module.body:
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id in named for one in node.targets):
            places.append(node)
    return frozenset(
        node.value
        for place in places
        for node in ast.walk(place)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _differences(function: ast.FunctionDef, module: ast.Module) -> Iterator[Difference]:
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "differs":
            server, reason = mark.args
            name = server.id if isinstance(server, ast.Name) else ""
            sentence = function.name.removeprefix("test_").replace("_", " ")
            yield Difference(sentence, SERVERS.get(name, name), _constant(reason, module))


def _constant(expression: ast.expr, module: ast.Module) -> Any:
    """The value of a literal, or of a name that the module gives one."""
    if isinstance(expression, ast.Name):
        for node in module.body:
            if isinstance(node, ast.Assign) and any(
                isinstance(one, ast.Name) and one.id == expression.id for one in node.targets
            ):
                return ast.literal_eval(node.value)
    return ast.literal_eval(expression)
