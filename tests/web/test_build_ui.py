"""The pages are built when their sources changed, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.facades.web import build_ui


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder as `ui/` is."""
    folder = tmp_path / "ui"
    (folder / "src").mkdir(parents=True)
    (folder / "node_modules").mkdir()
    (folder / "src" / "main.tsx").write_text("one")
    return folder


def built(static: Path, fingerprint: str) -> Path:
    """A folder as `static/` is after a build."""
    static.mkdir()
    (static / "index.html").write_text("pages")
    (static / build_ui.MARKER).write_text(fingerprint + "\n")
    return static


def test_the_fingerprint_follows_names_and_contents_of_sources_alone(sources: Path) -> None:
    before = build_ui.fingerprint(sources)
    (sources / "node_modules" / "react.js").write_text("fetched")
    (sources / "src" / "main.test.ts").write_text("a test")
    assert build_ui.fingerprint(sources) == before
    (sources / "src" / "main.tsx").write_text("two")
    changed = build_ui.fingerprint(sources)
    (sources / "src" / "main.tsx").rename(sources / "src" / "start.tsx")
    assert len({before, changed, build_ui.fingerprint(sources)}) == 3


def test_pages_of_the_same_sources_are_left_alone(sources: Path, tmp_path: Path) -> None:
    static = built(tmp_path / "static", build_ui.fingerprint(sources))
    assert build_ui.build(sources, static) is False
    assert (static / "index.html").read_text() == "pages"


def test_a_build_that_fails_says_why_and_keeps_the_pages_there_are(sources: Path, tmp_path: Path) -> None:
    static = built(tmp_path / "static", "of other sources")
    with pytest.raises(RuntimeError, match=r"(?s)CATALOG_SERVER_SKIP_UI=1.*package"):
        build_ui.build(sources, static)
    assert (static / "index.html").read_text() == "pages"


def test_a_build_is_skipped_on_request(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(build_ui.SKIP, "1")
    monkeypatch.setattr(build_ui, "SOURCES", Path("/nowhere"))
    build_ui.PagesHook.initialize(object(), "standard", {})
    assert "not built" in capsys.readouterr().err
