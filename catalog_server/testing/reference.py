"""Writes the pages of docs/reference/ from the command line, the route table, the IDL and the settings themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from catalog_server.testing import grpc_reference, settings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"
WIDTH = 100


def pages() -> dict[str, str]:
    """The generated pages by file name."""
    return {
        "cli.md": cli_page(),
        "api.md": api_page(),
        "grpc.md": grpc_reference.page(),
        "configuration.md": settings.page(),
    }


def cli_page() -> str:
    """Every command with its help, as it is printed."""
    import typer

    from catalog_server.cli import app

    lines = [
        "# The `catalog` command",
        "",
        "Nouns, then verbs. Every command takes `--help`; the ones that print a result take `-o table|json|jsonl|csv`:",
        "a table on a terminal, JSON lines elsewhere, unless said otherwise. Results go to stdout, all else to stderr.",
        "",
        "Commands that need a server ask the one named by `--server`, else by `CATALOG_SERVER__CLIENT__URL`, else",
        "`http://127.0.0.1:8181`. They never ask questions when stdin is not a terminal.",
        "",
        "| exit code | meaning |",
        "|---|---|",
        *(f"| {code} | {words} |" for code, words in EXIT_CODES.items()),
        "",
    ]
    for name, text in _helps(typer.main.get_command(app), "catalog", None):
        lines += [f"## `{name}`", "", "```text", text.rstrip(), "```", ""]
    return "\n".join(lines)


EXIT_CODES = {
    0: "done",
    1: "failed",
    2: "wrongly called, or a value was refused",
    3: "not found",
    4: "conflict: a name is taken, a thing is not empty, or somebody else changed it",
    5: "denied",
    6: "timed out",
    130: "stopped by Ctrl-C; the work was cancelled on the server",
}


def _helps(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    context = command.context_class(command, info_name=name.split()[-1], parent=parent, terminal_width=WIDTH)
    with context:
        yield name, command.get_help(context)
    for inner, found in getattr(command, "commands", {}).items():
        yield from _helps(found, f"{name} {inner}", context)


def api_page() -> str:
    """Every operation of the JSON API with its parameters, body and answer."""
    from catalog_server.facades.web.app import OPERATIONS
    from catalog_server.facades.web.errors import STATUS
    from catalog_server.facades.web.openapi import document

    said = document(OPERATIONS)
    lines = [
        "# The JSON API",
        "",
        "All paths are below `/api/v1`; the same as OpenAPI 3.1 is at `/api/v1/openapi.json`. Times are milliseconds since",
        "1970, UTC. Parts of a path are percent-encoded, so that a name may hold any character. Changes take",
        "`Content-Type: application/json`. Lists answer `items` and `next_page_token`, which is given back as `page_token`.",
        "",
        "An answer that is no success holds `error` with `type`, `message` and `request_id`, and for statements `line` and",
        "`column`:",
        "",
        "| type | status |",
        "|---|---|",
        *(f"| {kind.__name__} | {status} |" for kind, status in STATUS),
        "",
    ]
    for tag in said["tags"]:
        lines += [f"## {tag['name']}", ""]
        for path, methods in said["paths"].items():
            for method, one in methods.items():
                if tag["name"] in one["tags"]:
                    lines += _operation(method.upper(), path.removeprefix("/api/v1"), one)
    lines += ["## Shapes", ""]
    for name, schema in sorted(said["components"]["schemas"].items()):
        lines += _schema(name, schema)
    return "\n".join(lines)


def _operation(method: str, path: str, one: dict[str, Any]) -> list[str]:
    lines = [f"### `{method} {path}`", "", f"{one['summary']}."]
    if "description" in one:
        lines += ["", one["description"]]
    queried = [parameter for parameter in one["parameters"] if parameter["in"] == "query"]
    if queried:
        lines += ["", "| parameter | type | default | |", "|---|---|---|---|"]
    for parameter in queried:
        schema = parameter["schema"]
        default = f"`{schema['default']}`" if schema.get("default") is not None else ""
        lines.append(f"| {parameter['name']} | {_type(schema)} | {default} | {schema.get('description', '')} |")
    if "requestBody" in one:
        lines += ["", f"Body: {_type(one['requestBody']['content']['application/json']['schema'])}"]
    for status, answer in one["responses"].items():
        if status != "default":
            content = answer.get("content", {}).get("application/json")
            lines += ["", f"Answer: {status}" + (f", {_type(content['schema'])}" if content else "")]
    return [*lines, ""]


def _schema(name: str, schema: dict[str, Any]) -> list[str]:
    lines = [f'### <a id="{name.lower()}"></a>{name}', "", schema.get("description", "").strip(), ""]
    if not schema.get("properties"):
        return lines
    lines += ["| field | type | |", "|---|---|---|"]
    required = set(schema.get("required", ()))
    for field, kind in schema["properties"].items():
        words = kind.get("description", "")
        optional = "" if field in required else "may be left out" + ("; " if words else "")
        lines.append(f"| {field} | {_type(kind)} | {optional}{words} |")
    return [*lines, ""]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"] if value is not None)
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if schema.get("items") else "list"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_type(schema['additionalProperties'])}"
    return str(schema.get("type", "any"))


def main(arguments: Sequence[str]) -> int:
    """Write the pages; with `--check` only say which of them are out of date (status 1 if any is)."""
    stale = []
    for name, text in pages().items():
        path = FOLDER / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in arguments:
        print(f"out of date: {', '.join(stale)}; run .ci/generate", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
