"""One browser a worker, one page a module, a tab a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browsers import Watched, a_browser, a_tab
from tests.support.previews import Written, write_preview


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def written(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The page of the small feed, as the command line wrote it."""
    return write_preview(tmp_path_factory.mktemp("preview"), module_database_url)


@pytest.fixture
def page_path(written: Written) -> Path:
    """Where the page is."""
    return written.page


@pytest.fixture
def tab(browser: Browser, written: Written) -> Iterator[Watched]:
    """A wide tab with the page open, far from Kenya; it must neither complain nor ask anybody."""
    with a_tab(browser, timezone_id="America/Los_Angeles") as tab:
        tab.open(written.page)
        yield tab
        assert tab.errors == []
        assert tab.requests == []
