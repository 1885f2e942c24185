"""`make bench-preview`: the preview page with 100,000 open tickets, measured in the browser.

It says PASS or FAIL for each must, and is no test: it never fails.
"""

import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from playwright.sync_api import Browser, CDPSession, Page

from fleettickets.cli.preview import write_page
from fleettickets.jobs.preview import read_preview
from fleettickets.preview.pages import render_page
from fleettickets.samples.places import PLACES
from tests.support.browsers import PHONE, WIDE, Watched, a_browser, a_tab
from tests.support.postgres import DatabaseServer, find_server_url
from tests.support.tickets import add_cluster

OPEN_TICKETS = 100_000
CLOSED_TICKETS = 50_000
PAINT_LIMIT_SECONDS = 3.0
SMOOTH_FRAME_MILLISECONDS = 50.0  # 20 frames a second, drawn by the processor alone
LOADS = 3

CROWD = """
insert into tickets.inc (ticket_id, raw)
select
    'WOT' || lpad(number::text, 7, '0'),
    jsonb_strip_nulls(jsonb_build_object(
        'ticket_id', 'WOT' || lpad(number::text, 7, '0'),
        'is_actionable', (number <= %(open)s)::text,
        'normalized_status', (array['open', 'in_progress', 'on_hold'])[1 + number %% 3],
        'raw_status', 'ACTIVE',
        'cluster', place.cluster,
        'region', 'nairobi',
        'location_name', 'NW_' || place.cluster || '_FDT' || number %% 40,
        'assigned_team', place.cluster || ' Field ' || 1 + number %% 3,
        'owner', 'Resolver ' || number %% 400,
        'created_at_service', to_char(
            now() at time zone 'Africa/Nairobi' - random() * interval '70 hours',
            'YYYY-MM-DD HH24:MI:SS'
        ),
        'closed_at', case
            when number > %(open)s
                then to_char(
                    now() at time zone 'Africa/Nairobi' - random() * interval '7 days',
                    'YYYY-MM-DD HH24:MI:SS'
                )
        end,
        'latitude', case
            when number %% 5 < 3 then (place.latitude + (random() - 0.5) * 0.3)::text
        end,
        'longitude', case
            when number %% 5 < 3 then (place.longitude + (random() - 0.5) * 0.3)::text
        end
    ))
from generate_series(1, %(all)s) as number
inner join (
    select *, row_number() over () - 1 as at, count(*) over () as places
    from unnest(%(clusters)s::text [], %(longitudes)s::float8 [], %(latitudes)s::float8 [])
    as given (cluster, longitude, latitude)
) as place on number %% place.places = place.at
"""

NOTE_FRAMES = """
() => {
  window.frames_noted = [];
  let last = performance.now();
  const note = (now) => {
    window.frames_noted.push(now - last);
    last = now;
    requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}
"""

PICK = """
async () => {
  const started = performance.now();
  const select = document.getElementById("status");
  select.selectedIndex = 1;
  select.dispatchEvent(new Event("change"));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const took = performance.now() - started;
  document.getElementById("clear").click();
  return took;
}
"""

TIMES = """
() => ({
  painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  shown: performance.getEntriesByName("tickets shown")[0].startTime,
  markers: document.querySelectorAll(".pin").length,
  heap: performance.memory.usedJSHeapSize,
})
"""


def main() -> None:
    """Build the tickets, write the page, measure it wide and on a phone."""
    with (
        DatabaseServer(find_server_url(os.environ)) as server,
        server.migrated_database() as url,
        tempfile.TemporaryDirectory() as directory,
        a_browser() as browser,
    ):
        page = write_big_page(url, Path(directory))
        for name, size in (("wide", WIDE), ("phone", PHONE)):
            _load(browser, page, name, size)
        with a_tab(browser) as tab:
            tab.open(page)
            _report_moves(tab)


def write_big_page(url: str, directory: Path) -> Path:
    """Fill the database, write its page into the directory, and say how long that took."""
    with psycopg.connect(url, autocommit=True) as connection:
        for place in PLACES:
            add_cluster(connection, place.cluster, place.longitude, place.latitude)
        connection.execute(
            CROWD,
            {
                "open": OPEN_TICKETS,
                "all": OPEN_TICKETS + CLOSED_TICKETS,
                "clusters": [place.cluster for place in PLACES],
                "longitudes": [place.longitude for place in PLACES],
                "latitudes": [place.latitude for place in PLACES],
            },
        )
        connection.execute("vacuum (analyze) tickets.inc")
        connection.autocommit = False
        started = time.monotonic()
        found = read_preview(connection, lambda: datetime.now(UTC))
        read = time.monotonic()
        path = write_page(directory, render_page(found))
        written = time.monotonic()
    _say("tickets, open and closed", f"{OPEN_TICKETS:,} and {CLOSED_TICKETS:,}")
    _say("payloads", f"read in {read - started:.1f} s")
    _say("page", f"{path.stat().st_size / 1e6:.1f} MB, written in {written - read:.1f} s")
    return path


def _load(browser: Browser, page: Path, name: str, size: tuple[int, int]) -> None:
    times: list[dict[str, float]] = []
    for _ in range(LOADS):
        with a_tab(browser, size) as tab:
            session = tab.page.context.new_cdp_session(tab.page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            tab.open(page)
            times.append(tab.page.evaluate(TIMES) | {"work": _work_of(session)})
    painted, shown, work = (
        statistics.median(each[what] for each in times) for what in ("painted", "shown", "work")
    )
    _say(f"first paint, {name}", f"{painted / 1000:.2f} s", painted / 1000 < PAINT_LIMIT_SECONDS)
    note = f"{shown / 1000:.2f} s; the tab's thread worked for {work:.2f} s"
    _say(f"tickets shown, {name}", note, shown / 1000 < PAINT_LIMIT_SECONDS)
    _say(f"markers, {name}", f"{times[0]['markers']}, heap {times[0]['heap'] / 1e6:.0f} MB")


def _work_of(session: CDPSession) -> float:
    """Return the processor's seconds on the tab's main thread, whatever else the machine does."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "TaskDuration")


def _report_moves(tab: Watched) -> None:
    frames = sorted(_drag(tab.page))
    middle, late = statistics.median(frames), frames[int(len(frames) * 0.95)]
    text = f"median {middle:.0f} ms, p95 {late:.0f} ms, longest {frames[-1]:.0f} ms"
    _say("frames while panning", text, late < SMOOTH_FRAME_MILLISECONDS)
    _say("another filter", f"{tab.page.evaluate(PICK):.0f} ms until it is drawn")


def _drag(page: Page) -> list[float]:
    """Drag the map about by mouse, in four strokes; return the milliseconds of every frame."""
    page.locator("#map").scroll_into_view_if_needed()
    box = page.locator("#map").bounding_box()
    assert box is not None
    left, top = box["x"] + 200, box["y"] + 200
    page.evaluate(NOTE_FRAMES)
    for stroke in range(4):
        sign = 1 if stroke % 2 else -1
        page.mouse.move(left + 300, top + 100)
        page.mouse.down()
        page.mouse.move(left + 300 + sign * 280, top + 100 + sign * 90, steps=40)
        page.mouse.up()
        page.wait_for_timeout(150)
    return page.evaluate("window.frames_noted")


def _say(what: str, how_much: str, is_met: bool | None = None) -> None:
    verdict = "" if is_met is None else "   PASS" if is_met else "   FAIL"
    sys.stdout.write(f"{what:28} {how_much}{verdict}\n")


if __name__ == "__main__":
    main()
