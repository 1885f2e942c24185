"""The backlog of past days: remembered where it was captured, reconstructed where it was not."""

import datetime as dt

import psycopg
import pytest
from psycopg.errors import InvalidParameterValue
from psycopg.types.json import Jsonb

from tests.support.payloads import call
from tests.support.tickets import insert_ticket

DAY = dt.date(2026, 6, 15)
CAPTURED = dt.datetime(2026, 6, 15, 20, 50, tzinfo=dt.UTC)
AFTERWARDS = dt.datetime(2026, 6, 15, 21, 0, tzinfo=dt.UTC)

ADD_SNAPSHOT = """
insert into tickets.inc_daily_snapshot (
    snapshot_date, open_total, open_breached, created_today, closed_today,
    per_cluster, per_team, captured_at
)
values (%s, 7, 0, 0, 0, %s, %s, %s)
"""


def add_snapshot(
    connection: psycopg.Connection,
    captured_at: dt.datetime = CAPTURED,
    per_cluster: object = None,
    per_team: object = None,
) -> None:
    """Remember seven open tickets at the end of DAY."""
    parts = (Jsonb(part or {}) for part in (per_cluster, per_team))
    connection.execute(ADD_SNAPSHOT, [DAY, *parts, captured_at])


def backlog(connection: psycopg.Connection, **arguments: object) -> tuple[int, str]:
    """Return the backlog of DAY, and where it is from."""
    payload = call(
        connection, "reporting.fn_inc_series", p_from=DAY, p_to=DAY, **arguments
    )  # fmt: skip
    [bucket] = payload["series"]
    return bucket["backlog"], bucket["backlog_source"]


def test_a_snapshot_is_believed(connection: psycopg.Connection) -> None:
    """Of all tickets, of a cluster, of a team; who is not in it had none."""
    add_snapshot(connection, per_cluster={"Nakuru": {"open": 5}}, per_team={"A": {"open": 2}})

    assert backlog(connection) == (7, "snapshot")
    assert backlog(connection, p_cluster="Nakuru") == (5, "snapshot")
    assert backlog(connection, p_cluster="Kisumu") == (0, "snapshot")
    assert backlog(connection, p_team="A") == (2, "snapshot")
    assert backlog(connection, p_team="B") == (0, "snapshot")


def test_a_snapshot_made_after_its_day_is_marked(connection: psycopg.Connection) -> None:
    """It was reconstructed then, as it would be now."""
    add_snapshot(connection, AFTERWARDS)

    assert backlog(connection) == (7, "reconstructed")


@pytest.mark.parametrize(
    ("per_cluster", "arguments"),
    [
        ({"Nakuru": {"open": 5}}, {"p_cluster": "Nakuru", "p_team": "A"}),
        ({"Nakuru": 5}, {"p_cluster": "Nakuru"}),
        ({"Nakuru": {"open": "5"}}, {"p_cluster": "Nakuru"}),
        ({}, {"p_cluster": "Nakuru"}),
        ({"Nakuru": {"open": 5}}, {"p_team": "A"}),
    ],
)
def test_what_a_snapshot_does_not_know_is_reconstructed(
    connection: psycopg.Connection, per_cluster: object, arguments: dict[str, str]
) -> None:
    """Both filters at once, and what an older system left out or wrote otherwise."""
    insert_ticket(connection, created_at_service="2026-06-15 23:59:59", assigned_team="A")
    insert_ticket(connection, "T2", created_at_service="2026-06-16 00:00:00", assigned_team="A")
    add_snapshot(connection, per_cluster=per_cluster)

    assert backlog(connection, **arguments) == (1, "reconstructed")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p_bucket": "year"}, "unknown bucket 'year'"),
        ({"p_bucket": "day'; drop table tickets.inc; --"}, "unknown bucket"),
        ({"p_from": dt.date(2026, 6, 16), "p_to": DAY}, "2026-06-16 is after"),
        ({"p_from": dt.date(2020, 1, 1), "p_to": DAY}, "more than 1100 buckets of a day"),
        ({"p_from": dt.date(1, 1, 1), "p_to": DAY, "p_bucket": "month"}, "more than 1100"),
    ],
)
def test_a_series_that_makes_no_sense_is_a_clear_error(
    connection: psycopg.Connection, arguments: dict[str, object], message: str
) -> None:
    """With a hint that says what to give."""
    with pytest.raises(InvalidParameterValue, match=message) as caught:
        call(connection, "reporting.fn_inc_series", **arguments)

    assert caught.value.diag.message_hint


def test_a_reversed_range_of_teams_is_a_clear_error(connection: psycopg.Connection) -> None:
    """As everywhere."""
    with pytest.raises(InvalidParameterValue, match="is after"):
        call(connection, "reporting.fn_inc_teams", p_from=DAY, p_to=dt.date(2026, 6, 14))


def test_a_range_without_ends_is_the_last_thirty_days(connection: psycopg.Connection) -> None:
    """Today is the last of them."""
    series = call(connection, "reporting.fn_inc_series")
    teams = call(connection, "reporting.fn_inc_teams")

    assert len(series["series"]) == 30
    assert series["series"][-1]["backlog_source"] == "live"
    assert (series["from_date"], series["to_date"]) == (teams["from_date"], teams["to_date"])


def test_a_ticket_closed_twice_counts_twice(connection: psycopg.Connection) -> None:
    """With the team of each time; the first closure was followed by another, so it was reopened."""
    insert_ticket(connection, closed_at="2026-06-15 10:00:00", assigned_team="A")
    connection.execute("select tickets.capture_history()")
    connection.execute("delete from tickets.inc")
    insert_ticket(
        connection, closed_at="2026-06-15 12:00:00", assigned_team="B", is_actionable="false"
    )
    connection.execute("select tickets.capture_history()")

    payload = call(connection, "reporting.fn_inc_teams", p_from=DAY, p_to=DAY)
    [day] = call(connection, "reporting.fn_inc_series", p_from=DAY, p_to=DAY)["series"]

    figures = {
        team["assigned_team"]: (team["closed"], team["reopened"]) for team in payload["teams"]
    }
    assert figures == {"A": (1, 1), "B": (1, 0)}
    assert (day["closed"], day["reopened"]) == (2, 1)
