"""The page is readable: by keyboard, on a phone, in the dark, and later than it was written."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from tests.support.browsers import PHONE, WIDE, Watched, a_tab
from tests.support.previews import Written


def test_what_waits_for_a_person_is_named(tab: Watched, written: Written) -> None:
    """The pipeline says which file is in quarantine and why, and what was rejected."""
    reason = written.ask("select reason from tickets.import_files where status = 'quarantined'")
    rejected = written.ask("select reason from tickets.import_rejects")

    pipeline = tab.page.inner_text("#pipeline")

    assert reason in pipeline
    assert rejected in pipeline
    assert "Quarantine" in tab.page.inner_text(".checks .trouble")


def test_charts_say_what_they_show(tab: Watched, written: Written) -> None:
    """Each chart has a sentence, and its numbers as a table."""
    series = written.ask("select reporting.fn_inc_series() -> 'series'")
    created, closed = (sum(point[name] for point in series) for name in ("created", "closed"))

    drawings = tab.page.locator(".drawing")
    says = [str(each.get_attribute("aria-label")) for each in drawings.all()]
    rows = tab.page.locator(".chart table").first.locator("tbody tr").count()

    assert len(says) == 5
    assert f"{created} tickets created and {closed} closed in 30 days." in says
    assert rows == len(series) == 30


def test_a_bar_narrows_the_map(tab: Watched) -> None:
    """A row of a chart sets the filter that it stands for."""
    tab.page.locator(".row", has_text="South B").click()

    assert tab.page.input_value("#cluster") == "=South B"


def test_it_is_usable_by_keyboard(tab: Watched) -> None:
    """The first stop leads past the map; a marker opens by the Enter key, Escape closes it."""
    tab.page.keyboard.press("Tab")
    first = tab.page.evaluate("document.activeElement.className")
    tab.page.locator('.pin[aria-label*="BREACHED"]').focus()
    tab.page.keyboard.press("Enter")
    opened = tab.page.locator(".leaflet-popup").inner_text()
    tab.page.keyboard.press("Escape")
    tab.page.wait_for_selector(".leaflet-popup", state="detached")
    back_at = tab.page.evaluate("document.activeElement.getAttribute('aria-label')")

    assert first == "skip"
    assert "BREACHED" in opened
    assert "BREACHED" in back_at


@pytest.mark.parametrize("size", [WIDE, PHONE, (320, 568)], ids=["wide", "phone", "small"])
def test_nothing_is_wider_than_the_screen(
    browser: Browser, written: Written, size: tuple[int, int]
) -> None:
    """Only tables scroll sideways, inside of themselves."""
    with a_tab(browser, size) as tab:
        tab.open(written.page)
        width = tab.page.evaluate("document.documentElement.scrollWidth")

    assert width <= size[0]
    assert tab.errors == []


def test_the_reader_can_switch_to_dark_and_back(tab: Watched) -> None:
    """The switch goes over what the system prefers."""
    grounds: list[str] = []
    for _ in range(3):
        grounds.append(tab.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        tab.page.click("#theme")

    assert grounds[0] == grounds[2] != grounds[1]


def test_it_says_how_old_it_is(browser: Browser, written: Written) -> None:
    """Opened days later, the page says so: its numbers are of when it was written."""
    with a_tab(browser) as tab:
        tab.page.clock.set_fixed_time(written.at + timedelta(days=3, hours=2))
        tab.open(written.page)
        written_ago = tab.page.locator(".age", has_text="Page written")
        text, mark = written_ago.inner_text(), written_ago.get_attribute("class")

    assert "3 d 1 h ago" in text or "3 d 2 h ago" in text
    assert "EAT" in text
    assert "old" in str(mark)
