"""What consumers read: their own statements, the map and the dashboard."""

import datetime as dt
from collections.abc import Callable
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.errors import InvalidParameterValue

from tests.support.roles import acting_as
from tests.support.tickets import EAT, add_cluster, eat_text, insert_ticket, value

# As its consumers run them today; only the psql variables have become parameters.
CONSUMER_QUERIES: list[LiteralString] = [
    "SELECT reporting.fn_tickets_for_map();",
    "SELECT reporting.fn_tickets_for_map(p_open_only := false);",
    "SELECT sla_state, count(*) FROM tickets.inc_open_sla GROUP BY 1;",
    """SELECT cluster, count(*), round(avg(hours_open),1) AS avg_hrs
FROM tickets.inc_open_sla GROUP BY 1 ORDER BY 2 DESC;""",
    """SELECT (closed_at AT TIME ZONE 'Africa/Nairobi')::date AS d, count(*)
FROM tickets.inc WHERE closed_at IS NOT NULL GROUP BY 1 ORDER BY 1 DESC;""",
    """SELECT snapshot_date, open_total, open_breached, closed_today
FROM tickets.inc_daily_snapshot ORDER BY snapshot_date DESC;""",
    """SELECT ticket_id, cluster, hours_open,
       round(ST_Distance(geog, ST_SetSRID(ST_MakePoint(%(lng)s,%(lat)s),4326)::geography))::int AS metres
FROM tickets.inc_open_sla
ORDER BY geog <-> ST_SetSRID(ST_MakePoint(%(lng)s,%(lat)s),4326)::geography
LIMIT 10;""",  # noqa: E501
]


@pytest.fixture
def connection(
    module_connection: psycopg.Connection, truncate_all: Callable[[psycopg.Connection], None]
) -> psycopg.Connection:
    """A connection to the module's database, as it was right after its migration."""
    truncate_all(module_connection)
    return module_connection


@pytest.fixture
def now(connection: psycopg.Connection) -> dt.datetime:
    """The database's clock, in EAT."""
    return value(connection, "select now()").astimezone(EAT)


def the_map(connection: psycopg.Connection, **arguments: object) -> dict[str, Any]:
    """Return the map's payload for named arguments."""
    return _call(connection, "reporting.fn_tickets_for_map", arguments)


def dashboard(connection: psycopg.Connection, **arguments: object) -> dict[str, Any]:
    """Return the dashboard's payload for named arguments."""
    return _call(connection, "reporting.fn_inc_dashboard", arguments)


def ids(collection: dict[str, Any]) -> list[str]:
    """Return the tickets of a feature collection, which come in no particular order."""
    return sorted(feature["properties"]["ticket_id"] for feature in collection["features"])


def _call(
    connection: psycopg.Connection, function: str, arguments: dict[str, object]
) -> dict[str, Any]:
    named = ", ".join(f"{name} := %({name})s" for name in arguments)
    row = connection.execute(f"select {function}({named})".encode(), arguments).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("query", CONSUMER_QUERIES)
def test_consumers_statements_run_as_they_stand(
    connection: psycopg.Connection, query: LiteralString
) -> None:
    """By the role of readers, on tickets with and without a point."""
    insert_ticket(connection, "T1", longitude="36.8", latitude="-1.3", first_seen_at="2026-06-15")
    insert_ticket(connection, "T2", closed_at="2026-06-15 10:00:00", is_actionable="false")

    with acting_as(connection, "fleettickets_read"):
        rows = connection.execute(query, {"lng": 36.8, "lat": -1.3}).fetchall()

    assert isinstance(rows, list)


def test_the_map_shows_open_tickets_with_a_point_and_counts_the_others(
    connection: psycopg.Connection,
) -> None:
    """A ticket that is nowhere is on no map, and is said to be missing."""
    add_cluster(connection, "Nakuru", 36.07, -0.3)
    insert_ticket(connection, "T1", normalized_status="open", owner="Wanjiru")
    insert_ticket(connection, "T2", cluster="Elsewhere", normalized_status="waiting")
    insert_ticket(connection, "T3", cluster=None)
    insert_ticket(connection, "T4", is_actionable="false", closed_at="2026-06-15 10:00:00")

    payload = the_map(connection)

    [feature] = payload["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [36.07, -0.3]}
    assert feature["properties"]["ticket_id"] == "T1"
    assert feature["properties"]["owner"] == "Wanjiru"
    assert feature["properties"]["geo_source"] == "cluster"
    summary = payload["summary"]
    assert summary.pop("freshness")["mode"] == "live"
    assert summary == {
        "total": 3,
        "open": 3,
        "on_map": 1,
        "without_coordinate": 2,
        "by_status": {"open": 1, "waiting": 1, "unknown": 1},
        "by_cluster": {"Nakuru": 1, "Elsewhere": 1, "unknown": 1},
        "at_cluster_point": {"Nakuru": 1},
    }


def test_the_map_of_all_tickets_has_the_closed_ones(connection: psycopg.Connection) -> None:
    """A closed ticket has no running clock; one of unknown state counts as not open."""
    add_cluster(connection, "Nakuru", 36.07, -0.3)
    insert_ticket(connection, "T1", first_seen_at="2026-06-15 10:00:00")
    insert_ticket(connection, "T2", is_actionable="false", closed_at="2026-06-15 10:00:00")
    insert_ticket(connection, "T3", is_actionable="perhaps")

    payload = the_map(connection, p_open_only=False)

    states = {
        feature["properties"]["ticket_id"]: (
            feature["properties"]["is_open"], feature["properties"]["sla_state"]
        )
        for feature in payload["features"]
    }  # fmt: skip
    assert states == {"T1": (True, "breached"), "T2": (False, None), "T3": (False, None)}
    assert (payload["summary"]["total"], payload["summary"]["open"]) == (3, 1)


@pytest.mark.parametrize("call", [the_map, dashboard])
def test_filters_narrow_together_and_hostile_ones_are_data(
    connection: psycopg.Connection, call: Callable[..., dict[str, Any]]
) -> None:
    """Cluster and status are both asked for, and never part of a statement."""
    place = {"longitude": "36", "latitude": "-1"}
    insert_ticket(connection, "T1", normalized_status="open", **place)
    insert_ticket(connection, "T2", normalized_status="waiting", **place)
    insert_ticket(connection, "T3", normalized_status="open", cluster="Kisumu", **place)
    hostile = "' or true; drop table tickets.inc; --"

    found = [
        ids(payload.get("open", payload))
        for payload in (
            call(connection),
            call(connection, p_cluster="Nakuru"),
            call(connection, p_status="open"),
            call(connection, p_cluster="Nakuru", p_status="open"),
            call(connection, p_cluster=hostile, p_status=hostile),
        )
    ]

    assert found == [["T1", "T2", "T3"], ["T1", "T2"], ["T1", "T3"], ["T1"], []]


def test_a_custom_window_has_both_days(connection: psycopg.Connection) -> None:
    """Closed from the first second of p_from to the last of p_to."""
    place = {"longitude": "36", "latitude": "-1", "is_actionable": "false"}
    for number, closed_at in enumerate(
        ("2026-06-14 23:59:59", "2026-06-15 00:00:00", "2026-06-16 23:59:59", "2026-06-17")
    ):
        insert_ticket(connection, f"T{number}", closed_at=closed_at, **place)

    payload = dashboard(
        connection, p_window="custom", p_from=dt.date(2026, 6, 15), p_to=dt.date(2026, 6, 16)
    )

    assert ids(payload["closed"]) == ["T1", "T2"]
    assert payload["window"]["name"] == "custom"
    assert (payload["window"]["from_date"], payload["window"]["to_date"]) == (
        "2026-06-15",
        "2026-06-16",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p_window": "fortnight"}, "unknown window 'fortnight'"),
        ({"p_window": "custom"}, "needs both"),
        ({"p_window": "custom", "p_from": "2026-06-15"}, "needs both"),
        (
            {"p_window": "custom", "p_from": "2026-06-16", "p_to": "2026-06-15"},
            "2026-06-16 is after",
        ),
        ({"p_window": "custom", "p_from": "-infinity", "p_to": "2026-06-15"}, "outside"),
        ({"p_window": "custom", "p_from": "2026-06-15", "p_to": "infinity"}, "outside"),
        ({"p_window": "custom", "p_from": "2026-06-15", "p_to": "5874897-12-31"}, "outside"),
    ],
)
def test_a_window_that_makes_no_sense_is_a_clear_error(
    connection: psycopg.Connection, arguments: dict[str, str], message: str
) -> None:
    """With a hint, instead of an empty answer."""
    query = ", ".join(f"{name} := '{argument}'" for name, argument in arguments.items())

    with pytest.raises(InvalidParameterValue, match=message) as caught:
        connection.execute(f"select reporting.fn_inc_dashboard({query})".encode())

    assert caught.value.diag.message_hint


def test_metrics_count_what_is_open_now_and_what_happened_in_the_window(
    connection: psycopg.Connection, now: dt.datetime
) -> None:
    """Of all tickets, by cluster and by team, those without a point included and counted."""
    today = eat_text(now)
    insert_ticket(connection, "T1", first_seen_at=today, assigned_team="A")
    insert_ticket(
        connection,
        "T2",
        first_seen_at="2026-01-01",
        cluster="Kisumu",
        longitude="36",
        latitude="-1",
    )
    for number, mttr in enumerate(("1", "2", "10")):
        insert_ticket(
            connection,
            f"C{number}",
            closed_at=today,
            mttr=mttr,
            assigned_team="A",
            is_actionable="false",
        )
    insert_ticket(connection, "reopened", closed_at=today, first_seen_at="2026-01-01")
    insert_ticket(connection, "old", closed_at="2026-01-01", is_actionable="false")  # fmt: skip

    payload = dashboard(connection)

    metrics = payload["metrics"]
    clusters = {row.pop("cluster"): row for row in metrics.pop("by_cluster")}
    teams = {row.pop("assigned_team"): row for row in metrics.pop("by_team")}
    assert metrics == {
        "open": 3,
        "breached": 2,
        "at_risk": 0,
        "created": 1,
        "closed": 3,
        "mttr_minutes_median": 120,
        "mttr_minutes_p90": 504,
        "sla_compliance": None,
        "without_coordinate": 5,
        "backlog": [{"day": now.date().isoformat(), "open": 3, "source": "live"}],
    }
    assert (clusters["Nakuru"]["open"], clusters["Kisumu"]["open"]) == (2, 1)
    assert (teams["A"]["closed"], teams[None]["open"]) == (3, 2)
    assert ids(payload["open"]) == ["T2"]
    assert payload["open"]["without_coordinate"] == 2
    assert payload["closed"]["without_coordinate"] == 3
