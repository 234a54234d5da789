"""The documentation is held to the code: what exists is written down, what is written down exists."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer

from catalog_server.cli import app
from catalog_server.config import PREFIX, Config
from catalog_server.facades.hms.app import NOUNS
from catalog_server.facades.iceberg.app import ENDPOINTS
from catalog_server.facades.web.app import OPERATIONS
from catalog_server.store.schema import metadata
from catalog_server.testing import compatibility, reference
from catalog_server.testing.settings import documented, sections

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
TOP_LEVEL = frozenset(
    "pyproject.toml catalog_server idl connectors tests docker README.md docs benchmarks .ci LICENSE .gitignore .npmrc".split()
)
GENERATED = frozenset({"cli.md", "api.md", "grpc.md", "configuration.md", "compatibility.md"})
KINDS_OF_CHANGE = frozenset({"added", "changed", "fixed", "removed", "upgrade"})
NOT_FOR_READERS = (
    r"(?<![\w.])/(home|root|work|tmp)/",
    r"\bissues? #?\d",
    r"\bthis session\b",
    r"\bhelper\b",
    r"\bAI\b",
    r"\bTODO\b|\bFIXME\b|\bTO MEASURE\b",
    r"(?i)\b(artifactory|nexus|jfrog|devpi)\b|index-url",
)
"""Paths of somebody's machine, hosts of registries, and words about how this came to be."""


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / ".ci" / "README.md", ROOT / "docker" / "README.md", *sorted(DOCS.rglob("*.md"))]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


@cache
def anchors(page: Path) -> frozenset[str]:
    """What a link may name behind `#`: headings as GitHub spells them, and anchors written out."""
    text = text_of(page)
    found = set(re.findall(r'<a id="([^"]+)"', text))
    for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE):
        plain = re.sub(r"<[^>]*>|[^\w\- ]", "", heading.lower())
        found.add(plain.replace(" ", "-"))
    return frozenset(found)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text_of(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / unquote(path)).resolve() if path else page
        assert found.exists(), f"{target} is not there"
        assert found.is_relative_to(ROOT), f"{target} leads out of the repository"
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), f"{target}: no such heading"


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_pages_speak_of_the_project_alone(page: Path) -> None:
    for pattern in NOT_FOR_READERS:
        found = re.search(pattern, text_of(page))
        assert found is None, f"{found and found[0]!r} in {name_of(page)}"


def test_every_page_can_be_found_from_the_readme() -> None:
    seen, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)#\s]+\.md)", text_of(page)):
            left.append((page.parent / target).resolve())
    lost = [name_of(page) for page in DOCS.rglob("*.md") if page not in seen and page.parent.name != "changes"]
    assert lost == []


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    records = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    assert [int(name[:3]) for name in records] == list(range(1, len(records) + 1))
    index = text_of(DOCS / "decisions" / "README.md")
    for name in records:
        text = text_of(DOCS / "decisions" / name)
        title = text.splitlines()[0]
        assert f"| [{name[:3]}]({name}) | {title.removeprefix(f'# {name[:3]} ')} |" in index
        assert title.startswith(f"# {name[:3]} ")
        assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == ["Context", "Decision", "Consequences"]
        assert len(text.splitlines()) <= 40, f"{name} is not short"


def test_fragments_of_changes_have_a_kind() -> None:
    fragments = [path.name for path in (DOCS / "changes").iterdir() if path.name != "README.md"]
    assert fragments
    for name in fragments:
        assert re.fullmatch(rf"[a-z0-9-]+\.({'|'.join(KINDS_OF_CHANGE)})\.md", name), name


def test_every_setting_says_what_it_means() -> None:
    said, page = documented(), text_of(DOCS / "reference" / "configuration.md")
    for section, node in sections(Config()):
        for item in fields(node):  # type: ignore[arg-type]
            assert said[type(node).__name__][1].get(item.name), f"{section}.{item.name} has no sentence in config.py"
            assert f"`{section}.{item.name}`" in page
            assert f"`{PREFIX}{section.upper()}__{item.name.upper()}`" in page


def test_settings_named_in_pages_exist() -> None:
    known = {f"{section}.{item.name}" for section, node in sections(Config()) for item in fields(node)}  # type: ignore[arg-type]
    names = {section for section, _ in sections(Config())}
    for page in pages():
        for found in re.findall(r"`([a-z]+\.[a-z_]+)`", text_of(page)):
            if found.split(".")[0] in names and not found.endswith((".py", ".md", ".key", ".db", ".lock", ".toml")):
                assert found in known or found == "catalog.db", f"{found} in {name_of(page)}"
        for variable in re.findall(rf"{PREFIX}([A-Z_]+__[A-Z_]+)", text_of(page)):
            if variable != "SECTION__FIELD":
                assert variable.lower().replace("__", ".") in known, f"{variable} in {name_of(page)}"


def test_every_operation_is_in_the_reference() -> None:
    page = text_of(DOCS / "reference" / "api.md")
    missing = [f"{one.method} {one.path}" for one in OPERATIONS if f"### `{one.method} {one.path}`" not in page]
    assert missing == []


def commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


COMMANDS = dict(commands(typer.main.get_command(app), ("catalog",)))


def test_every_command_is_in_the_reference() -> None:
    page = text_of(DOCS / "reference" / "cli.md")
    assert [" ".join(words) for words in COMMANDS if f"## `{' '.join(words)}`" not in page] == []


def shell_lines(page: Path) -> Iterator[str]:
    """Commands in blocks marked as shell, or behind the prompt in those marked as console; lines that go on joined."""
    for block in re.findall(r"^```shell\n(.*?)^```", text_of(page), flags=re.DOTALL | re.MULTILINE):
        yield from (line for line in block.replace("\\\n", " ").splitlines() if line.strip())
    for block in re.findall(r"^```console\n(.*?)^```", text_of(page), flags=re.DOTALL | re.MULTILINE):
        yield from (line[2:] for line in block.replace("\\\n", " ").splitlines() if line.startswith("$ "))


def check_command(words: list[str], where: str) -> None:
    """The command exists, with every option that is written."""
    path = ("catalog",)
    rest = words[1:]
    while rest and (*path, rest[0]) in COMMANDS:
        path, rest = (*path, rest[0]), rest[1:]
    command = COMMANDS[path]
    assert not getattr(command, "commands", {}), f"{where}: {' '.join(path)} wants a verb"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in rest:
        if re.match(r"--?[a-z]", word):
            assert word.split("=")[0] in known, f"{where}: {' '.join(path)} has no option {word}"


@pytest.mark.parametrize("page", [page for page in pages() if page.name not in GENERATED], ids=name_of)
def test_commands_in_pages_exist(page: Path) -> None:
    for line in shell_lines(page):
        words = shlex.split(line.split(" > ")[0], comments=True)
        if words[:1] == ["catalog"]:
            check_command(words, name_of(page))


def test_the_two_commands_of_the_readme_are_those_that_ci_runs() -> None:
    demo, tests = shell_lines(ROOT / "README.md")
    runs = text_of(ROOT / ".ci" / "run")
    for line in (demo, tests):
        steps = [shlex.split(step) for step in line.split(" && ")]
        assert [step[0] for step in steps] == ["python3", ".venv/bin/pip", ".venv/bin/uv"]
        assert f"step {shlex.join(steps[-1])} " in runs
    check_command(shlex.split(demo.split(" && ")[-1])[5:], "README.md")
    assert (ROOT / shlex.split(tests)[-1]).is_file()


def test_generated_pages_are_up_to_date() -> None:
    for name, text in reference.pages().items():
        assert text_of(DOCS / "reference" / name) == text, f"{name}: run .ci/generate"
    assert text_of(compatibility.TARGET) == compatibility.page(), "compatibility.md: run .ci/generate"


def test_what_is_served_stands_in_the_page_of_compatibility() -> None:
    page = text_of(compatibility.TARGET)
    for noun in NOUNS:
        for method in noun.served():
            assert f"| `{method}` |" in page
    for endpoint in ENDPOINTS:
        assert f"| `{endpoint}` | yes |" in page
    for method in compatibility.functions():
        assert f"`{method}`" in page


def test_every_table_of_the_store_is_described() -> None:
    page = text_of(DOCS / "architecture.md")
    assert [name for name in metadata.tables if f"`{name}`" not in page] == []


def test_folders_and_files_named_in_pages_exist() -> None:
    for page in (ROOT / "README.md", *DOCS.glob("*.md"), *DOCS.glob("guides/*.md")):
        text = re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
        for found in re.findall(r"`((?:tests|docs|docker|idl|\.ci|connectors|catalog_server)/[\w./-]*)`", text):
            assert (ROOT / found).exists(), f"{found} in {name_of(page)}"
        for found in re.findall(r"`((?:model|store|catalog|lake|crawlers|jobs|query|facades)/[\w./]+\.py)", text):
            assert (ROOT / "catalog_server" / found).exists(), f"{found} in {name_of(page)}"


def test_nouns_of_the_code_stand_in_the_glossary() -> None:
    words = set(re.findall(r"[a-z]+", text_of(DOCS / "glossary.md").lower()))
    nouns = {path.stem for path in (ROOT / "catalog_server" / "model").glob("*.py")}
    helpers = {
        "__init__",
        "errors",
        "names",
        "types",
        "expressions",
        "derived",
        "failpoint",
        "progress",
        "statistics",
        "spark_schema",
        "documents",
    }
    assert {word for noun in nouns - helpers for word in noun.split("_")} <= words


def test_nothing_lies_about_at_the_top() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a clone: there is no list of files")
    assert {line.split("/")[0] for line in listed.stdout.splitlines()} <= TOP_LEVEL
