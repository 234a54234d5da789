"""The page of settings, made from the dataclasses of config.py and the sentences that stand below their fields."""

from __future__ import annotations

import ast
import inspect
import json
from dataclasses import fields
from pathlib import Path

from catalog_server import config
from catalog_server.config import PREFIX, Config

Documented = dict[str, tuple[str, dict[str, str]]]
"""By class: its docstring, and the sentence of each field."""


def page() -> str:
    """docs/reference/configuration.md: every setting with its default, its variable and what it means."""
    said = documented()
    top = said["Config"][1]
    lines = [
        "# Settings",
        "",
        "One TOML file, named by `--config`, and environment variables, which win over it; options of the command line win over",
        f"both. A variable is `{PREFIX}SECTION__FIELD`. An unknown key is an error that names the nearest known one.",
        "",
        "```toml",
        'data = "/srv/catalog"',
        "",
        "[store]",
        'url = "postgresql://catalog@db.example/catalog"',
        "",
        "[query]",
        'memory_limit = "8GB"',
        "```",
        "",
        "| setting | default | variable | |",
        "|---|---|---|---|",
        _row("data", Config().data, f"{PREFIX}DATA", top["data"]),
        "",
    ]
    for section, node in sections(Config()):
        opening, sentences = said[type(node).__name__]
        lines += [f"## {section}", "", opening, "", "| setting | default | variable | |", "|---|---|---|---|"]
        for item in fields(node):  # type: ignore[arg-type]
            variable = f"{PREFIX}{section.upper()}__{item.name.upper()}"
            lines.append(
                _row(f"{section}.{item.name}", getattr(node, item.name), variable, sentences.get(item.name, ""))
            )
        lines.append("")
    return "\n".join(lines)


def sections(tree: Config) -> list[tuple[str, object]]:
    """The sections of the tree by name."""
    found = [(item.name, getattr(tree, item.name)) for item in fields(tree)]
    return [(name, node) for name, node in found if hasattr(node, "__dataclass_fields__")]


def documented() -> Documented:
    """What config.py says of its classes and fields."""
    found: Documented = {}
    for node in ast.parse(inspect.getsource(config)).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = (ast.get_docstring(node) or "", _sentences(node))
    return found


def _sentences(of: ast.ClassDef) -> dict[str, str]:
    """The text that stands below each field."""
    found: dict[str, str] = {}
    for field, below in zip(of.body, of.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(ast.Constant(str(text))):
                    found[field.target.id] = inspect.cleandoc(text)
    return found


def _row(name: str, default: object, variable: str, sentence: str) -> str:
    return f"| `{name}` | {_shown(default)} | `{variable}` | {' '.join(sentence.split())} |"


def _shown(default: object) -> str:
    if isinstance(default, Path):
        default = str(default)
    if default in ("", ()):
        return "empty"
    return f"`{json.dumps(default)}`"
