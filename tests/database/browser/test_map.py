"""The map, its filters and its popups agree with the payloads."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browsers import Watched, a_tab
from tests.support.previews import HOSTILE_CLUSTER, HOSTILE_ID, HOSTILE_PLACE, HOSTILE_TEAM, Written

MARKER_COUNTS = "pins => pins.map(pin => Number(pin.dataset.count))"

COVERED_NAMES = """
() => {
  const boxOf = element => element.getBoundingClientRect();
  const pins = [...document.querySelectorAll(".pin")].map(boxOf);
  const touches = (a, b) =>
    a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
  return [...document.querySelectorAll(".town span")]
    .filter(name => getComputedStyle(name).visibility === "visible")
    .filter(name => pins.some(pin => touches(pin, boxOf(name))))
    .map(name => name.textContent);
}
"""


def counted(page: Page) -> int:
    """The tickets that the markers in view stand for."""
    return sum(page.eval_on_selector_all(".pin", MARKER_COUNTS))


def shown(page: Page) -> int:
    """The tickets that the list says are on the map."""
    return int(page.inner_text("#shown").split()[0].replace(",", ""))


def state_counts(page: Page) -> dict[str, int]:
    """The numbers on the buttons of the states."""
    buttons = page.query_selector_all("[data-state]")
    return {str(b.get_attribute("data-state")): int(b.inner_text().split()[-1]) for b in buttons}


def unfold(page: Page, ticket_id: str) -> str:
    """Choose a ticket in the list and return what its popup says of it."""
    page.locator("#rows button", has_text=ticket_id).click()
    return page.locator(f'.leaflet-popup [data-ticket="{ticket_id}"]').inner_text()


def test_markers_stand_for_what_the_payload_has(tab: Watched, written: Written) -> None:
    """Every open ticket with a coordinate is in one marker, the others are counted in words."""
    summary = written.ask("select reporting.fn_tickets_for_map() -> 'summary'")

    assert counted(tab.page) == summary["on_map"]
    assert shown(tab.page) == summary["on_map"]
    assert f"{summary['without_coordinate']} open without a coordinate" in tab.page.inner_text(
        "#shown"
    )


def test_names_of_towns_are_whole_or_not_there(tab: Watched) -> None:
    """A marker hides the name below it altogether; a name that is shown lies free."""
    covered = tab.page.evaluate(COVERED_NAMES)

    assert tab.page.locator(".town span:not(.covered)").count() > 0
    assert tab.page.locator(".town span.covered").count() > 0
    assert covered == []


def test_states_are_those_of_the_database(tab: Watched, written: Written) -> None:
    """Each button counts the tickets on the map in its state."""
    expected = written.ask(
        """
        select jsonb_object_agg(sla_state, tickets)
        from (
            select sla_state, count(*) as tickets from tickets.inc_open_sla
            where geog is not null group by sla_state
        ) as counted
        """
    )

    assert state_counts(tab.page) == expected
    assert set(expected) == {"within", "at_risk", "breached", "unknown"}


def test_a_state_can_be_left_out(tab: Watched) -> None:
    """A press hides the state's tickets, the next one brings them back."""
    before = state_counts(tab.page)

    tab.page.click('[data-state="breached"]')
    without = counted(tab.page)
    tab.page.click('[data-state="breached"]')

    assert without == sum(before.values()) - before["breached"]
    assert counted(tab.page) == sum(before.values())


@pytest.mark.parametrize(
    ("control", "value", "call"),
    [
        ("cluster", "South B", "reporting.fn_tickets_for_map(true, 'South B')"),
        ("status", "on_hold", "reporting.fn_tickets_for_map(true, null, 'on_hold')"),
    ],
)
def test_a_filter_shows_what_the_function_gives_for_it(
    tab: Watched, written: Written, control: str, value: str, call: str
) -> None:
    """The page narrows its tickets as the database would, and back."""
    everything = counted(tab.page)
    expected = written.ask(f"select {call} -> 'summary' -> 'on_map'")

    tab.page.select_option(f"#{control}", f"={value}")
    narrowed = counted(tab.page)
    tab.page.click("#clear")

    assert narrowed == expected > 0
    assert counted(tab.page) == everything


def test_team_and_cluster_narrow_together(tab: Watched, written: Written) -> None:
    """Filters add up: what fits both is left."""
    expected = written.ask(
        "select count(*) from tickets.inc where is_actionable and latitude is not null "
        "and assigned_team = %s and cluster = %s",
        "Group 24",
        "South B",
    )

    tab.page.select_option("#team", "=Group 24")
    tab.page.select_option("#cluster", "=South B")

    assert shown(tab.page) == expected == 4


@pytest.mark.parametrize("window", ["today", "last_7_days", "last_30_days"])
def test_closed_tickets_are_those_of_the_window(
    tab: Watched, written: Written, window: str
) -> None:
    """The days of a window are the database's, not the reader's."""
    closed = written.ask("select reporting.fn_inc_dashboard(p_window => %s) -> 'closed'", window)

    tab.page.click('[data-show="closed"]')
    tab.page.select_option("#window", window)

    assert shown(tab.page) == len(closed["features"]) > 0
    assert state_counts(tab.page) == {"closed": len(closed["features"])}


def test_figures_are_the_metrics(tab: Watched, written: Written) -> None:
    """The figures on top are those of fn_inc_metrics for the chosen window."""
    metrics = written.ask(
        "select reporting.fn_inc_metrics(p_window => 'last_30_days') -> 'metrics'"
    )

    tab.page.select_option("#window", "last_30_days")
    figures = [text.split("\n")[0] for text in tab.page.locator("#figures dd").all_inner_texts()]

    names = ("open", "breached", "at_risk", "created", "closed")
    assert figures[:5] == [str(metrics[name]) for name in names]
    assert figures[5] == "6 h 30 min"


def test_popup_of_a_known_ticket(tab: Watched, written: Written) -> None:
    """It names state, place and people, tells times in EAT, and says how exact the place is."""
    created = written.ask(
        """
        select to_char(created_at_service at time zone 'Africa/Nairobi', 'FMDD Mon YYYY, HH24:MI')
        from tickets.inc where ticket_id = 'RISK'
        """
    )

    popup = unfold(tab.page, "RISK")

    assert "At risk, open for 1 d 16 h" in popup
    assert all(text in popup for text in ("Kilimani", "Group 24", "Resolver 31", "NEW"))
    assert f"{created} EAT" in popup
    assert "Exact" in popup


def test_a_centroid_is_an_area(tab: Watched, written: Written) -> None:
    """Tickets of which the cluster is all that is known share an outlined circle of that size."""
    accuracy = written.ask(
        "select feature #> '{properties,accuracy_metres}' from jsonb_array_elements("
        "reporting.fn_tickets_for_map(true, 'South B') -> 'features') as feature limit 1"
    )

    popup = unfold(tab.page, "AREA2")

    around = tab.page.locator(".leaflet-popup-content").inner_text()
    assert "Somewhere in South B" in around
    assert "4 tickets: 4 breached" in around
    assert "Area" in popup
    assert tab.page.locator(".outlined").count() == 1
    radius = tab.page.eval_on_selector(".outlined", "path => path.getBBox().width / 2")
    scale = tab.page.eval_on_selector(
        ".leaflet-control-scale-line",
        "bar => parseFloat(bar.innerText) * (bar.innerText.includes('km') ? 1000 : 1)"
        " / (bar.getBoundingClientRect().width)",
    )
    assert radius * scale == pytest.approx(accuracy, rel=0.1)


def test_hostile_text_is_text(tab: Watched) -> None:
    """Markup, scripts, quotes and other directions of writing are shown as they came."""
    popup = unfold_hostile(tab.page)

    assert tab.page.evaluate("window.hacked") is None
    assert popup == {
        "title": HOSTILE_ID,
        "texts": [HOSTILE_CLUSTER, HOSTILE_PLACE, HOSTILE_TEAM],
        "elements": 0,
    }
    tab.page.select_option("#cluster", f"={HOSTILE_CLUSTER}")
    assert shown(tab.page) == 1


def unfold_hostile(page: Page) -> dict[str, Any]:
    """What the hostile ticket's popup holds: its texts, and elements that came out of them."""
    page.locator("#rows button", has_text="window.hacked").click()
    return page.eval_on_selector(
        ".leaflet-popup .ticket",
        """card => ({
          title: card.querySelector("h4").textContent,
          texts: [...card.querySelectorAll("dd")].slice(0, 3).map(each => each.textContent),
          elements: card.querySelectorAll("bdi *").length,
        })""",
    )


def test_nearest_tickets_are_those_of_the_database(tab: Watched, written: Written) -> None:
    """A click answers what fn_nearest_open_tickets would, the same distances within a hundredth."""
    tab.page.click("#seek")
    tab.page.click("#map", position={"x": 420, "y": 330})
    latitude, longitude = (
        tab.page.inner_text("#shown").removeprefix("to ").split(";")[0].split(", ")
    )
    found = tab.page.eval_on_selector_all(
        "#rows button", "rows => rows.map(row => [row.dataset.ticket, Number(row.dataset.metres)])"
    )

    expected = written.ask(
        "select reporting.fn_nearest_open_tickets(%s, %s) -> 'tickets'",
        float(longitude),
        float(latitude),
    )

    assert [ticket for ticket, _ in found] == [ticket["ticket_id"] for ticket in expected]
    metres = [ticket["metres"] for ticket in expected]
    assert [distance for _, distance in found] == pytest.approx(metres, rel=0.01)


def test_streets_are_asked_for_by_the_reader_only(browser: Browser, written: Written) -> None:
    """Nothing leaves the page until the box is ticked; then only the named host is asked."""
    with a_tab(browser) as tab:
        tab.open(written.page)
        before = list(tab.requests)
        tab.page.check("#tiles")
        tab.page.wait_for_function("document.querySelectorAll('.leaflet-tile').length > 0")
        tab.page.wait_for_timeout(100)

    assert before == []
    assert tab.requests
    assert all(url.startswith("https://tile.openstreetmap.org/") for url in tab.requests)
