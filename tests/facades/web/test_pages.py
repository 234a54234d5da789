"""The interface's files, and what stands there when it was not built."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from catalog_server.facades.web.pages import Pages

HTML = {"Accept": "text/html,*/*"}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "static" / "assets").mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_text("<!doctype html><title>catalog</title>")
    (tmp_path / "static" / "assets" / "main-1a2b.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "static"


async def ask(static: Path, path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(Pages(static))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get(path, headers=headers or HTML)


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/", "/catalogs/hive/sales", "/queries/1?tab=rows"])
async def test_every_path_opens_the_interface(built: Path, path: str) -> None:
    answer = await ask(built, path)
    assert answer.status_code == 200
    assert "<title>catalog</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.anyio
async def test_hashed_files_are_kept_for_ever(built: Path) -> None:
    answer = await ask(built, "/assets/main-1a2b.js")
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/a%00b"]
)
async def test_no_other_file_is_served(built: Path, path: str) -> None:
    answer = await ask(built, path, Accept="*/*")
    assert answer.status_code == 404
    assert "secret" not in answer.text or "secret.txt" in answer.text


@pytest.mark.anyio
async def test_without_a_built_interface_a_text_says_what_to_do(tmp_path: Path) -> None:
    answer = await ask(tmp_path, "/")
    assert "/api/v1" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
