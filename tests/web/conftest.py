"""A real server with a few tables, and a browser that fails a test when a page complains or looks beyond its server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from catalog_server.facades.web import build_ui
from catalog_server.testing import running_server
from tests.engines import process
from tests.web.seed import Seed, seed

WAIT_MILLISECONDS = 30_000
QUIET = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def pages_built() -> None:
    """The pages, built from the sources as they are now."""
    try:
        build_ui.build()
    except RuntimeError as error:
        process.missing(str(error))


@pytest.fixture(scope="session")
def seeded(pages_built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seed]:
    """A server that holds `raw.flights` (partitioned, three versions), `raw.airports` and a view."""
    folder = tmp_path_factory.mktemp("pages")
    with running_server(folder / "data") as server:
        yield seed(server.http, folder)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright, with what it needs to run on a machine without a display.

    It keeps an event loop running in this thread, in which no other test could then start one of its own: so it ends
    with the module.
    """
    expect.set_options(timeout=WAIT_MILLISECONDS)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium_options: dict[str, Any]) -> Iterator[Browser]:
    """One Chromium for all tests of a module."""
    options = {**chromium_options, "args": [*chromium_options["args"], *QUIET]}
    with playwright.chromium.launch(**options) as launched:
        yield launched


@pytest.fixture
def open_page(browser: Browser, seeded: Seed, tmp_path: Path) -> Iterator[OpenPage]:
    """Opens a path of the server in a window of its own; afterwards no page may have complained.

    `scheme` is the system's preference, `expected` holds status codes that the test provokes: the browser's own report of
    such an answer is no complaint.
    """
    complaints: list[str] = []
    with ExitStack() as stack:

        def opened(path: str, *, scheme: str = "light", expected: tuple[int, ...] = ()) -> Page:
            context = browser.new_context(
                color_scheme="dark" if scheme == "dark" else "light",
                viewport={"width": 1280, "height": 800},
                accept_downloads=True,
                permissions=["clipboard-read", "clipboard-write"],
            )
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(WAIT_MILLISECONDS)
            page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
            page.on("console", lambda message: _judge(path, message.type, message.text, expected, complaints))
            page.on("request", lambda request: _judge_address(request.url, seeded.http, complaints))
            page.goto(seeded.http + path)
            return page

        yield opened
        if "CATALOG_SERVER_SCREENSHOTS" in os.environ:
            _keep_pictures(browser, Path(os.environ["CATALOG_SERVER_SCREENSHOTS"]), tmp_path.name)
    assert complaints == []


def _judge(path: str, kind: str, text: str, expected: tuple[int, ...], complaints: list[str]) -> None:
    if kind in ("error", "warning") and not any(f"status of {status} " in text for status in expected):
        complaints.append(f"{path}: {kind}: {text}")


def _judge_address(address: str, http: str, complaints: list[str]) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != http:
        complaints.append(f"looked beyond the server: {address}")


def _keep_pictures(browser: Browser, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for context in browser.contexts:
        for number, page in enumerate(context.pages):
            page.screenshot(path=folder / f"{name}-{number}.png")
