"""A real browser for the preview page: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE = (1400, 900)
PHONE = (390, 844)
READY = "html[data-ready]"
PATIENCE_MILLISECONDS = 20_000
OWN_SCHEMES = ("file:", "data:", "blob:")


def find_chromium() -> str:
    """Return the browser's path; without one a skip with a reason, in CI a failure."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is not None:
        return found
    reason = "no Chromium here: `apt-get install chromium`, or run `make setup`"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@contextmanager
def a_browser() -> Generator[Browser]:
    """Yield a running Chromium without a window."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(slots=True)
class Watched:
    """A tab, and what it did that it should not: errors it logged, requests it made."""

    page: Page
    errors: list[str] = field(default_factory=list[str])
    requests: list[str] = field(default_factory=list[str])

    def open(self, path: Path) -> None:
        """Load the page at `path` and wait until its tickets are shown."""
        self.page.goto(path.as_uri())
        self.page.wait_for_selector(READY, timeout=PATIENCE_MILLISECONDS)

    def _note_console(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.errors.append(text)

    def _note_request(self, url: str) -> None:
        if not url.startswith(OWN_SCHEMES):
            self.requests.append(url)

    def watch(self) -> None:
        """Begin to note errors and requests; call it before anything is loaded."""
        self.page.on("console", lambda message: self._note_console(message.type, message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._note_request(request.url))


@contextmanager
def a_tab(browser: Browser, size: tuple[int, int] = WIDE, **options: Any) -> Generator[Watched]:  # noqa: ANN401
    """Yield a tab of `size` pixels in a context of its own; nothing it asks for is answered."""
    width, height = size
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", **options
    )
    try:
        context.route("http*://**", lambda route: route.abort())
        tab = Watched(context.new_page())
        tab.watch()
        yield tab
    finally:
        context.close()
