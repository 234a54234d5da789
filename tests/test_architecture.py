"""The floors of the house: imports run down only, facades are strangers, files and functions stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_server.facades.grpc.app import NOUNS as GRPC_NOUNS
from catalog_server.facades.grpc.call import spelled
from catalog_server.facades.hms.app import NOUNS
from catalog_server.wire import catalog_pb2

ROOT = Path(__file__).parent.parent
PACKAGES = ("catalog_server", "connectors")

FLOORS: tuple[tuple[str, ...], ...] = (
    ("catalog_server.model", "catalog_server.config"),
    (
        "catalog_server.store",
        "catalog_server.lake",
        "catalog_server.connector",
        "catalog_server.hive",
        "catalog_server.authentication",
        "catalog_server.client",
    ),
    ("catalog_server.catalog", "connectors"),
    (
        "catalog_server.crawlers",
        "catalog_server.jobs",
        "catalog_server.query",
        "catalog_server.hive_migrations",
        "catalog_server.care",
    ),
    ("catalog_server.triggers", "catalog_server.studio", "catalog_server.recipes"),
    ("catalog_server.services",),
    ("catalog_server.facades",),
    ("catalog_server.server", "catalog_server.worker"),
    ("catalog_server.cli", "catalog_server.demo"),
)
"""From the ground up; a module may import from lower floors and from its own room."""
ANYWHERE = ("catalog_server.wire",)
"""Bindings: seen by the facades, by what asks foreign metastores, and by our own client."""
SEEING_BINDINGS = ("catalog_server.facades", "catalog_server.hive", "catalog_server.client", *ANYWHERE)
GUESTS = ("catalog_server.testing",)
"""Sees everything, is seen by the top floor and by tests."""
STRANGERS = {
    "catalog_server.store": ("catalog_server.lake",),
    "catalog_server.lake": ("catalog_server.store", "catalog_server.connector"),
}
"""Rooms of one floor that do not know each other."""
STAIRS = {
    ("catalog_server.config", "catalog_server.model"),
    ("catalog_server.connector", "catalog_server.lake"),
    ("catalog_server.jobs", "catalog_server.crawlers"),
}
"""Pairs of rooms on one floor of which the first may look into the second."""
GENERATED = ("catalog_server.wire.hive_metastore", "catalog_server.wire.catalog_pb2")
LINES_MAX = 500
FUNCTION_LINES_MAX = 70


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "node_modules" in parts or "versions" in parts:
                continue
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


MODULES = dict(modules())


def imports(name: str, path: Path) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package.split(".")[: len(package.split(".")) - node.level + 1], *base.split(".")])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in MODULES else base


def room(name: str) -> str | None:
    for floor in FLOORS:
        for one in floor:
            if name == one or name.startswith(one + "."):
                return one
    return None


def floor(name: str) -> int | None:
    return next((n for n, rooms in enumerate(FLOORS) if room(name) in rooms), None)


def is_in(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == one or name.startswith(one + ".") for one in rooms)


def ours(name: str) -> bool:
    return name.split(".")[0] in PACKAGES


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_down_only(name: str) -> None:
    if is_in(name, GUESTS) or name in PACKAGES:
        return
    mine = floor(name)
    for target in {found for found in imports(name, MODULES[name]) if ours(found) and found not in PACKAGES}:
        if is_in(target, ANYWHERE):
            assert is_in(name, SEEING_BINDINGS), f"{name} sees {target}"
        elif is_in(name, ANYWHERE):
            raise AssertionError(f"bindings know nobody, but {name} imports {target}")
        elif is_in(target, GUESTS):
            assert mine == len(FLOORS) - 1, f"{name} imports {target}"
        else:
            theirs = floor(target)
            assert mine is not None, f"{name} stands on no floor"
            assert theirs is not None, f"{target} stands on no floor"
            same = room(name) == room(target) or (room(name), room(target)) in STAIRS
            assert theirs < mine or same or theirs == mine == len(FLOORS) - 1, (
                f"{name} imports {target}, which is above"
            )
            allowed = STRANGERS.get(room(name) or "", ())
            assert room(target) not in allowed, f"{name} imports {target}, a stranger"


def test_facades_are_strangers_to_each_other() -> None:
    for name, path in MODULES.items():
        if name.startswith("catalog_server.facades."):
            mine = name.split(".")[2]
            for target in imports(name, path):
                if target.startswith("catalog_server.facades."):
                    assert target.split(".")[2] in (mine, "common"), f"{name} imports {target}"


def test_no_module_is_imported_in_a_circle() -> None:
    edges = {name: {t for t in _at_load(name, path) if t in MODULES and t != name} for name, path in MODULES.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for target in edges[name]:
                visit(target, (*trail, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


def _at_load(name: str, path: Path) -> set[str]:
    """What a module imports when it is loaded: not inside functions, not for type checking alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {one if one in MODULES else node.module or "" for one in inner}
    return found - {package}


@pytest.mark.parametrize("name", MODULES)
def test_files_and_functions_stay_small(name: str) -> None:
    path = MODULES[name]
    text = path.read_text(encoding="utf-8")
    if name in GENERATED:
        return
    assert text.count("\n") <= LINES_MAX, f"{path.name} has {text.count(chr(10))} lines: is there a second noun in it?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, f"{node.name} has {length} lines"


@pytest.mark.parametrize("name", MODULES)
def test_each_module_opens_with_what_it_is_for(name: str) -> None:
    opening = ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8")))
    assert opening, f"{name} has no opening sentence"


HEAVY = (
    "pyarrow",
    "pyiceberg",
    "duckdb",
    "sqlglot",
    "dbos",
    "alembic",
    "obstore",
    "pandas",
    "pyspark",
    "grpc",
    "boto3",
)


def test_the_server_loads_nothing_heavy_before_it_is_needed() -> None:
    script = (
        "import sys; import catalog_server.server, catalog_server.services; "
        "import catalog_server.facades.hms.app, catalog_server.facades.web.app, catalog_server.facades.iceberg.app; "
        f"print(','.join(m for m in {HEAVY!r} if m in sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_each_method_of_the_grpc_api_is_served() -> None:
    services = catalog_pb2.DESCRIPTOR.services_by_name
    served = {noun.__name__: noun for noun in GRPC_NOUNS}
    assert set(served) == set(services)
    for name, service in services.items():
        assert [one.name for one in service.methods if not hasattr(served[name], spelled(one.name))] == []


def test_each_thrift_method_has_one_handler() -> None:
    served = [method for noun in NOUNS for method in noun.served()]
    assert sorted(served) == sorted(set(served))
