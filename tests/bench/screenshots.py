"""`make screenshots`: pictures of the preview page, of made-up tickets, for the documentation.

Content of the feed trails file time by two days, so by the usual contract nearly everything that it
shows as open is breached. For the pictures the contract is longer: all states are to be seen.
"""

import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from playwright.sync_api import Page

from fleettickets.core.keys import EAT
from fleettickets.samples.places import PLACES
from tests.support.browsers import PHONE, a_browser, a_tab
from tests.support.commands import CommandLine
from tests.support.postgres import DatabaseServer, find_server_url
from tests.support.tickets import add_cluster

TICKETS = 9_000
DAYS = 28
WIDE_PICTURE = (1280, 1010)
LONGER_CONTRACT = "update tickets.settings set contract_hours = 120, at_risk_hours = 84"
BROKEN_FILE = b'ticket_id,cluster\n"WOT1,Kilimani\n'
REJECTED_ROWS = b"ticket_id,cluster\nWOT0199999,Kilimani\n,Kilimani\n,Westlands\n"


def main() -> None:
    """Make the tickets and their page in places of their own; replace the folder's pictures."""
    target = Path(sys.argv[1])
    with (
        DatabaseServer(find_server_url(os.environ)) as server,
        server.migrated_database() as url,
        tempfile.TemporaryDirectory() as directory,
        a_browser() as browser,
    ):
        page = write_page(Path(directory), url)
        target.mkdir(parents=True, exist_ok=True)
        with a_tab(browser, WIDE_PICTURE, color_scheme="light") as tab:
            tab.open(page)
            _take(tab.page, target / "preview-map.png")
            tab.page.locator("#charts-title").scroll_into_view_if_needed()
            tab.page.evaluate("document.querySelector('#charts-title').scrollIntoView()")
            _take(tab.page, target / "preview-charts.png")
        with a_tab(browser, WIDE_PICTURE, color_scheme="dark") as tab:
            tab.open(page)
            tab.page.click('[data-show="both"]')
            tab.page.locator("#rows button").nth(2).click()
            _take(tab.page, target / "preview-dark.png")
        with a_tab(browser, PHONE, color_scheme="dark", device_scale_factor=2) as tab:
            tab.open(page)
            tab.page.evaluate("document.querySelector('.states').scrollIntoView()")
            _take(tab.page, target / "preview-phone.png")


def write_page(directory: Path, url: str) -> Path:
    """Ingest a sample stream, a broken file and some bad rows; return the page of it all."""
    shell = CommandLine(directory, {"DATABASE_URL": url})
    with psycopg.connect(url, autocommit=True) as connection:
        for place in PLACES:
            add_cluster(connection, place.cluster, place.longitude, place.latitude)
        connection.execute(LONGER_CONTRACT)
    shell.run("sample-feed", "feed", "--tickets", str(TICKETS), "--days", str(DAYS))
    changes = directory / "feed" / "automations" / "inc" / "changes"
    for minutes, content in ((9, BROKEN_FILE), (4, REJECTED_ROWS)):
        stamp = (datetime.now(UTC) - timedelta(minutes=minutes)).astimezone(EAT)
        changes.joinpath(f"{stamp:%Y-%m-%dT%H-%M-%S}.csv").write_bytes(content)
    shell.run("ingest", "--from-dir", "feed", "--apply")
    answer = shell.run("preview", "--out", "page", "--json")
    return Path(answer.document["page"])


def _take(page: Page, path: Path) -> None:
    """Take what is in view, once it has come to rest."""
    page.wait_for_timeout(400)
    page.screenshot(path=path)


if __name__ == "__main__":
    main()
