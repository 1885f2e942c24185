"""One run of geocoding: what it asks, what it remembers, and where the tickets end up."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.rows import dict_row

from fleettickets.errors import (
    GeocoderBudgetError,
    GeocoderKeyError,
    GeocoderQueryError,
    GeocoderQuotaError,
    GeocoderUnavailableError,
)
from fleettickets.jobs.geocode import GeocodeSummary, geocode, plan_geocode
from fleettickets.store.connections import Connection, connect
from tests.support.geocoders import ScriptedGeocoder, a_candidate, a_geocode_context
from tests.support.tickets import add_cluster, add_location, insert_ticket, places, value

NAKURU = (36.07, -0.3)
MILIMANI = (36.06, -0.28)
LANET = (36.13, -0.29)
ASK_MILIMANI = "Milimani, Nakuru, Kenya"
ASK_LANET = "Lanet, Nakuru, Kenya"
TOMORROW = dt.timedelta(hours=23), dt.timedelta(hours=25)


@pytest.fixture
def connection(
    module_database_url: str, truncate_all: Callable[[psycopg.Connection], None]
) -> Iterator[Connection]:
    """A connection as the function has it, to a database right after its migration."""
    with connect(module_database_url, application_name="test") as connection:
        truncate_all(connection)
        yield connection


@pytest.fixture
def geocoder() -> ScriptedGeocoder:
    """A geocoder that knows Nakuru and Milimani."""
    known = {"Nakuru, Kenya": [a_candidate(*NAKURU)], ASK_MILIMANI: [a_candidate(*MILIMANI)]}
    return ScriptedGeocoder(dict(known))


def ask_all(
    connection: Connection, geocoder: ScriptedGeocoder
) -> tuple[GeocodeSummary, GeocodeSummary]:
    """Run clusters, then locations, as the schedule does."""
    context = a_geocode_context(connection, geocoder)
    return geocode(context, "cluster"), geocode(context, "location")


def row(connection: Connection, query: LiteralString) -> dict[str, Any]:
    """Return the only row of a query."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(query).fetchall()
    assert len(found) == 1
    return found[0]


LOCATIONS: LiteralString = """
select location_name, cluster, st_x(geom), st_y(geom), outcome
from tickets.geo_locations order by location_name, cluster
"""


def test_clusters_first_then_the_locations_around_them(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """The map's payload follows: the precise tier where a location was found."""
    insert_ticket(connection, "T1", location_name="NW_MILIMANI_FDT3")
    insert_ticket(connection, "T2", location_name="Atlantis")
    insert_ticket(connection, "T3")

    clusters, locations = ask_all(connection, geocoder)

    assert geocoder.asked == ["Nakuru, Kenya", "Atlantis, Nakuru, Kenya", ASK_MILIMANI]
    assert (clusters.found, locations.found, locations.not_found) == (1, 1, 1)
    features = value(connection, "select reporting.fn_tickets_for_map()")["features"]
    tiers = {f["properties"]["ticket_id"]: f["properties"]["geo_source"] for f in features}
    assert tiers == {"T1": "location", "T2": "cluster", "T3": "cluster"}


def test_one_call_for_all_names_and_tickets_of_a_place(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """The answer is fanned out to every raw name of the same place in the same cluster."""
    add_cluster(connection, "Nakuru", *NAKURU)
    for number, name in enumerate(["Milimani", "NW_MILIMANI_FDT3", "milimani", "Milimani_MDU"]):
        for copy in range(3):
            insert_ticket(connection, f"T{number}-{copy}", location_name=name)

    summary = geocode(a_geocode_context(connection, geocoder), "location")

    assert geocoder.asked == [ASK_MILIMANI]
    assert (summary.asked, summary.found) == (1, 4)
    assert set(places(connection).values()) == {("location", *MILIMANI)}


def test_same_name_in_another_cluster_is_another_place(connection: Connection) -> None:
    """There is a Milimani in half of the towns."""
    add_cluster(connection, "Nakuru", *NAKURU)
    add_cluster(connection, "Kisumu", 34.76, -0.09)
    insert_ticket(connection, "T1", location_name="Milimani")
    insert_ticket(connection, "T2", location_name="Milimani", cluster="Kisumu")
    geocoder = ScriptedGeocoder(
        {
            ASK_MILIMANI: [a_candidate(*MILIMANI)],
            "Milimani, Kisumu, Kenya": [a_candidate(34.77, -0.1)],
        }
    )

    geocode(a_geocode_context(connection, geocoder), "location")

    assert places(connection) == {"T1": ("location", *MILIMANI), "T2": ("location", 34.77, -0.1)}


def test_only_open_tickets_without_their_own_pair_are_asked_for(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """A closed ticket keeps its cluster's point; what a call costs is spent on open ones."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, "closed", location_name="Lanet", is_actionable="false")
    insert_ticket(connection, "fed", location_name="Naka", longitude="36.1", latitude="-0.3")

    summary = geocode(a_geocode_context(connection, geocoder), "location")

    assert (summary.asked, geocoder.asked) == (0, [])


def test_cluster_that_only_closed_tickets_name_gets_its_point(connection: Connection) -> None:
    """The dashboard shows closed ones too."""
    insert_ticket(connection, is_actionable="false")
    geocoder = ScriptedGeocoder({"Nakuru, Kenya": [a_candidate(*NAKURU)]})

    geocode(a_geocode_context(connection, geocoder), "cluster")

    assert places(connection) == {"T1": ("cluster", *NAKURU)}


def test_location_waits_for_its_clusters_point(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """Without it nothing would tell the right Milimani from the others."""
    insert_ticket(connection, location_name="Milimani")

    geocode(a_geocode_context(connection, geocoder), "location")
    why = row(connection, "select why from tickets.geocode_backlog where tier = 'location'")
    asked_before = list(geocoder.asked)
    add_cluster(connection, "Nakuru", *NAKURU)
    geocode(a_geocode_context(connection, geocoder), "location")

    assert why == {"why": "waits for the cluster's point"}
    assert (asked_before, geocoder.asked) == ([], [ASK_MILIMANI])


def test_what_was_answered_is_remembered(connection: Connection) -> None:
    """Who said it, what was asked, how far off it is, and until when it may be reused."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, location_name="NW_Milimani")
    geocoder = ScriptedGeocoder(
        {ASK_MILIMANI: [a_candidate(*MILIMANI, confidence=0.7)]},
        cache_lifetime=dt.timedelta(hours=48),
    )

    geocode(a_geocode_context(connection, geocoder), "location")

    found = row(
        connection,
        "select *, expires_at - now() as reusable from tickets.geo_locations",
    )
    expected = {
        "location_name": "NW_Milimani",
        "cluster": "Nakuru",
        "source": "locationiq",
        "provider": "locationiq",
        "query": ASK_MILIMANI,
        "confidence": 0.7,
        "outcome": "found",
        "attempts": 1,
        "next_attempt_at": None,
        "verified": False,
    }
    assert {name: found[name] for name in expected} == expected
    assert found["distance_metres"] == pytest.approx(2486, abs=20)
    assert dt.timedelta(hours=47) < found["reusable"] <= dt.timedelta(hours=48)


def test_rejected_answers_are_remembered_with_their_reason(connection: Connection) -> None:
    """The wrong town: the ticket keeps its cluster's point, and the backlog says why."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, location_name="Milimani")
    geocoder = ScriptedGeocoder({ASK_MILIMANI: [a_candidate(34.77, -0.1)]})

    summary = geocode(a_geocode_context(connection, geocoder), "location")

    assert summary.rejected == 1
    assert places(connection) == {"T1": ("cluster", *NAKURU)}
    why = row(connection, "select why, is_due from tickets.geocode_backlog")
    assert why == {"why": "rejected: too far", "is_due": False}


def test_what_was_not_found_is_asked_for_later_and_later(connection: Connection) -> None:
    """A day, then two, then four; never before its time."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, location_name="Atlantis")
    geocoder, waits = ScriptedGeocoder(), list[dt.timedelta]()

    for _ in range(3):
        geocode(a_geocode_context(connection, geocoder), "location")
        geocode(a_geocode_context(connection, geocoder), "location")
        wait = "select next_attempt_at - now() from tickets.geo_locations"
        waits.append(value(connection, wait))
        connection.execute("update tickets.geo_locations set next_attempt_at = now()")

    assert [round(wait / dt.timedelta(days=1)) for wait in waits] == [1, 2, 4]
    assert len(geocoder.asked) == 3


def test_new_name_of_a_place_that_is_known_costs_no_call(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """Found or not: the answer serves the name that turns up tomorrow too."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, "T1", location_name="Milimani")
    insert_ticket(connection, "T2", location_name="Atlantis")
    geocode(a_geocode_context(connection, geocoder), "location")
    insert_ticket(connection, "T3", location_name="NW_Milimani_FDT1")
    insert_ticket(connection, "T4", location_name="NW_Atlantis_FDT1")

    summary = geocode(a_geocode_context(connection, geocoder), "location")

    assert (summary.asked, summary.reused) == (0, 2)
    assert places(connection)["T3"] == ("location", *MILIMANI)
    times = "select count(distinct next_attempt_at) from tickets.geo_locations where geom is null"
    assert value(connection, times) == 1


def test_answer_whose_terms_have_ended_is_not_reused(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """The point stays on its own row; another name asks anew."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, "T1", location_name="Milimani")
    geocode(a_geocode_context(connection, geocoder), "location")
    connection.execute("update tickets.geo_locations set expires_at = now()")
    insert_ticket(connection, "T2", location_name="NW_Milimani_FDT1")

    summary = geocode(a_geocode_context(connection, geocoder), "location")

    assert (summary.asked, summary.reused) == (1, 0)
    assert set(places(connection).values()) == {("location", *MILIMANI)}


def test_name_without_a_place_is_never_asked_for(connection: Connection) -> None:
    """Its cluster's point has to do, and the backlog says so."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, location_name="ADR_MNT_FDT12")
    geocoder = ScriptedGeocoder()

    for _ in range(2):
        geocode(a_geocode_context(connection, geocoder), "location")

    assert geocoder.asked == []
    backlog = row(connection, "select why, is_due from tickets.geocode_backlog")
    assert backlog == {"why": "not found: no place", "is_due": False}


def test_names_too_long_for_an_index_are_left_alone(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """One ticket's cell must not make every run fail."""
    insert_ticket(connection, "T1", cluster="🎫" * 5000, location_name="Milimani")
    insert_ticket(connection, "T2", location_name="x" * 9000)
    insert_ticket(connection, "T3", location_name="Milimani")

    ask_all(connection, geocoder)

    assert places(connection)["T3"] == ("location", *MILIMANI)
    whys = "select array_agg(why order by why) from tickets.geocode_backlog"
    assert value(connection, whys) == ["the name is too long"] * 3


# --- people win ---


def test_verified_rows_are_neither_asked_for_nor_touched(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """P6: not even one whose point a person took away."""
    add_cluster(connection, "Nakuru", 36.5, -0.5)
    insert_ticket(connection, location_name="Milimani")
    connection.execute("update tickets.geo_clusters set verified = true")
    connection.execute(
        "insert into tickets.geo_locations (location_name, cluster, verified)"
        " values ('Milimani', 'Nakuru', true)"
    )

    ask_all(connection, geocoder)

    assert geocoder.asked == []
    assert places(connection) == {"T1": ("cluster", 36.5, -0.5)}


@pytest.mark.parametrize("verified", [True, False])
def test_person_who_is_quicker_than_the_answer_wins(
    connection: Connection, module_database_url: str, *, verified: bool
) -> None:
    """P6, in a race: the row is made while the provider is being asked."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, location_name="Milimani")
    geocoder = ScriptedGeocoder({ASK_MILIMANI: [a_candidate(*MILIMANI)]})
    with psycopg.connect(module_database_url, autocommit=True) as person:

        def place_it(_: str) -> None:
            add_location(person, "Milimani", "Nakuru", 36.01, -0.2)
            person.execute("update tickets.geo_locations set verified = %s", [verified])

        geocoder.before = place_it
        geocode(a_geocode_context(connection, geocoder), "location")

    assert places(connection) == {"T1": ("location", 36.01, -0.2)}


def test_moved_cluster_has_its_locations_judged_again(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """What was found around a wrong point is in the wrong town; what was too far may be right."""
    add_cluster(connection, "Nakuru", 34.76, -0.09)
    insert_ticket(connection, "T1", location_name="Milimani")
    insert_ticket(connection, "T2", location_name="Lanet")
    geocoder.replies[ASK_LANET] = [a_candidate(34.77, -0.1)]
    geocode(a_geocode_context(connection, geocoder), "location")
    before = places(connection)

    connection.execute(
        "update tickets.geo_clusters set verified = true,"
        " geom = st_setsrid(st_makepoint(36.07, -0.3), 4326)"
    )
    geocoder.replies[ASK_LANET] = [a_candidate(*LANET)]
    geocode(a_geocode_context(connection, geocoder), "location")

    assert before == {"T1": ("cluster", 34.76, -0.09), "T2": ("location", 34.77, -0.1)}
    assert places(connection) == {"T1": ("location", *MILIMANI), "T2": ("location", *LANET)}


# --- trouble is no answer ---


def test_refused_query_is_no_answer_and_waits(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """The provider does not take it; the others are asked all the same."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, "T1", location_name="Atlantis")
    insert_ticket(connection, "T2", location_name="Milimani")
    geocoder.replies["Atlantis, Nakuru, Kenya"] = GeocoderQueryError("400")

    summary = geocode(a_geocode_context(connection, geocoder), "location")
    geocode(a_geocode_context(connection, geocoder), "location")

    assert (summary.refused, summary.found) == (1, 1)
    assert len(geocoder.asked) == 2
    stored = row(
        connection,
        "select outcome, attempts, next_attempt_at > now() as waits from tickets.geo_locations"
        " where location_name = 'Atlantis'",
    )
    assert stored == {"outcome": None, "attempts": 1, "waits": True}


STOPS = [
    (GeocoderQuotaError("day", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)), "quota"),
    (GeocoderBudgetError("time"), "out of time"),
]


@pytest.mark.parametrize(("error", "outcome"), STOPS)
def test_run_that_may_not_go_on_leaves_the_rest_pending(
    connection: Connection, geocoder: ScriptedGeocoder, error: Exception, outcome: str
) -> None:
    """What was answered before is kept; the next run asks for the rest, and only for that."""
    add_cluster(connection, "Nakuru", *NAKURU)
    for number, name in enumerate(["Milimani", "Milimani", "Lanet", "Naka"]):
        insert_ticket(connection, f"T{number}", location_name=name)
    geocoder.replies[ASK_LANET] = error

    stopped = geocode(a_geocode_context(connection, geocoder), "location")
    geocoder.replies[ASK_LANET] = [a_candidate(*LANET)]
    asked = len(geocoder.asked)
    done = geocode(a_geocode_context(connection, geocoder), "location")

    assert (stopped.outcome, stopped.found, stopped.left) == (outcome, 1, 2)
    assert geocoder.asked[asked:] == [ASK_LANET, "Naka, Nakuru, Kenya"]
    assert (done.outcome, done.found, done.not_found) == ("done", 1, 1)


def test_silent_provider_ends_the_run_after_three_questions(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """Nothing is stored about what it did not answer; what it answered is."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, "T0", location_name="Milimani")
    for area in ["Naka", "Langa", "Barut", "Kiti", "Mwariki"]:
        insert_ticket(connection, area, location_name=area)
        geocoder.replies[f"{area}, Nakuru, Kenya"] = GeocoderUnavailableError("503")
    insert_ticket(connection, "T0b", location_name="Milimani")

    with pytest.raises(GeocoderUnavailableError):
        geocode(a_geocode_context(connection, geocoder), "location")

    assert len(geocoder.asked) == 4
    assert connection.execute(LOCATIONS).fetchall() == [("Milimani", "Nakuru", *MILIMANI, "found")]


def test_one_failure_is_passed_over(connection: Connection, geocoder: ScriptedGeocoder) -> None:
    """And asked again in the next run."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, "T1", location_name="Lanet")
    insert_ticket(connection, "T2", location_name="Milimani")
    geocoder.replies[ASK_LANET] = GeocoderUnavailableError("503")

    first = geocode(a_geocode_context(connection, geocoder), "location")
    geocoder.replies[ASK_LANET] = [a_candidate(*LANET)]
    second = geocode(a_geocode_context(connection, geocoder), "location")

    assert (first.failed, first.found, second.found) == (1, 1, 1)


def test_refused_key_stops_the_run_and_is_told(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """Somebody has to change it; what was answered before is kept."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, "T1", location_name="Milimani")
    insert_ticket(connection, "T2", location_name="Milimani")
    insert_ticket(connection, "T3", location_name="Lanet")
    geocoder.replies[ASK_LANET] = GeocoderKeyError("401")

    with pytest.raises(GeocoderKeyError):
        geocode(a_geocode_context(connection, geocoder), "location")

    assert places(connection)["T1"] == ("location", *MILIMANI)
    assert value(connection, "select count(*) from tickets.geo_locations") == 1


def test_run_without_time_asks_nothing(connection: Connection, geocoder: ScriptedGeocoder) -> None:
    """The steps after it need what is left."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, location_name="Milimani")

    summary = geocode(a_geocode_context(connection, geocoder, time_left=lambda: 0.0), "location")

    assert (summary.outcome, summary.left, geocoder.asked) == ("out of time", 1, [])


# --- runs beside each other, and runs with nothing to do ---


def test_second_run_at_once_skips(
    connection: Connection, module_database_url: str, geocoder: ScriptedGeocoder
) -> None:
    """Two would call the provider at twice its rate."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, location_name="Milimani")
    with connect(module_database_url, application_name="other") as other:
        seconds = list[GeocodeSummary]()
        geocoder.before = lambda _: seconds.append(
            geocode(a_geocode_context(other, ScriptedGeocoder()), "cluster")
        )

        first = geocode(a_geocode_context(connection, geocoder), "location")
        geocoder.before = None
        third = geocode(a_geocode_context(other, geocoder), "location")

    assert (first.outcome, third.outcome) == ("done", "nothing to do")
    assert [second.outcome for second in seconds] == ["busy"]


def test_run_with_nothing_to_do_does_not_even_open_the_geocoder(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """Nor does it read the tickets: no mark, nothing due."""
    insert_ticket(connection, location_name="Milimani")
    insert_ticket(connection, "T2", location_name="Atlantis")
    ask_all(connection, geocoder)
    ask_all(connection, geocoder)

    def refuse() -> ScriptedGeocoder:
        raise AssertionError("nothing is to be asked")

    context = a_geocode_context(connection, geocoder, open_geocoder=refuse)
    outcomes = [geocode(context, "cluster").outcome, geocode(context, "location").outcome]

    assert outcomes == ["nothing to do"] * 2


CHANGES: dict[str, LiteralString] = {
    "its point is deleted": "delete from tickets.geo_locations",
    "its point is taken away": "update tickets.geo_locations set geom = null, outcome = null",
    "the ticket moves": (
        'update tickets.inc set raw = raw || \'{"location_name": "MILIMANI NW"}\','
        " geo_source = null"
    ),
    "all points are lost": "truncate tickets.geo_locations",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES.keys())
def test_change_by_anybody_is_noticed_by_the_next_run(
    connection: Connection, geocoder: ScriptedGeocoder, statement: LiteralString
) -> None:
    """Though a run with nothing to do reads no ticket."""
    insert_ticket(connection, location_name="Milimani")
    ask_all(connection, geocoder)
    ask_all(connection, geocoder)

    connection.execute(statement)
    ask_all(connection, geocoder)

    assert places(connection) == {"T1": ("location", *MILIMANI)}


def test_ticket_written_while_a_run_asks_is_not_forgotten(
    connection: Connection, module_database_url: str, geocoder: ScriptedGeocoder
) -> None:
    """Its mark was made after the run read the marks that it deletes at its end."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, location_name="Milimani")
    geocoder.replies[ASK_LANET] = [a_candidate(*LANET)]
    with psycopg.connect(module_database_url, autocommit=True) as other:
        geocoder.before = lambda _: insert_ticket(other, "T2", location_name="Lanet")
        geocode(a_geocode_context(connection, geocoder), "location")
        geocoder.before = None

    geocode(a_geocode_context(connection, geocoder), "location")

    assert places(connection)["T2"] == ("location", *LANET)


def test_rows_that_no_ticket_waits_for_do_not_keep_runs_busy(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """They are put off, and asked for once a ticket names them again."""
    add_cluster(connection, "Nakuru", *NAKURU)
    connection.execute(
        "insert into tickets.geo_locations (location_name, cluster) values ('Lanet', 'Nakuru')"
    )

    outcomes = [geocode(a_geocode_context(connection, geocoder), "location").outcome for _ in "ab"]

    assert outcomes == ["done", "nothing to do"]
    assert geocoder.asked == []


def test_limit_asks_for_the_places_of_most_tickets(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """And leaves the rest for the next run."""
    add_cluster(connection, "Nakuru", *NAKURU)
    insert_ticket(connection, "T1", location_name="Lanet")
    insert_ticket(connection, "T2", location_name="Milimani")
    insert_ticket(connection, "T3", location_name="NW_Milimani")
    insert_ticket(connection, "T4", location_name="Milimani")

    summary = geocode(a_geocode_context(connection, geocoder), "location", limit=1)

    assert geocoder.asked == [ASK_MILIMANI]
    assert (summary.outcome, summary.left) == ("limit", 1)


def test_dry_run_shows_what_a_run_would_ask(
    connection: Connection, geocoder: ScriptedGeocoder
) -> None:
    """The same questions in the same order; nothing is written."""
    insert_ticket(connection, "T1", location_name="Milimani")
    before = plan_geocode(connection, "cluster")
    geocode(a_geocode_context(connection, geocoder), "cluster")
    insert_ticket(connection, "T2", location_name="NW_Milimani")
    insert_ticket(connection, "T3", location_name="Lanet")

    planned = plan_geocode(connection, "location")
    rows = value(connection, "select count(*) from tickets.geo_locations")
    geocode(a_geocode_context(connection, geocoder), "location")

    assert [question.key[0] for question in before] == ["Nakuru, Kenya"]
    assert [question.key[0] for question in planned] == [ASK_MILIMANI, ASK_LANET]
    assert [question.key[0] for question in [*before, *planned]] == geocoder.asked
    assert rows == 0
