"""The SLA clock and the windows: where hours and days begin and end."""

import datetime as dt
from collections.abc import Callable

import psycopg
import pytest

from tests.support.tickets import EAT, eat_text, insert_ticket, value


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


@pytest.mark.parametrize(
    ("hours", "state"),
    [(-5, "within"), (0, "within"), (35.99, "within"), (36, "at_risk"), (47.99, "at_risk"),
     (48, "breached"), (9999, "breached")],
)  # fmt: skip
def test_the_sla_clock_has_sharp_edges(
    connection: psycopg.Connection, hours: float, state: str
) -> None:
    """At risk from 36 hours, breached from 48; a start to come counts as none gone by."""
    row = connection.execute(
        "select sla_state, sla_clock_source, hours_open from tickets.sla_clock("
        " null, timestamptz '2026-06-15 12:00Z' - %s * interval '1 hour', '2026-06-15 12:00Z')",
        [hours],
    ).fetchone()

    assert row is not None
    assert row[:2] == (state, "first_seen_at")
    assert float(row[2]) == max(hours, 0)


def test_the_clock_starts_at_creation_else_first_sight_else_not(
    connection: psycopg.Connection, now: dt.datetime
) -> None:
    """Without either the state is unknown, and so are the hours."""
    created = {"created_at_service": eat_text(now - dt.timedelta(hours=40))}
    seen = {"first_seen_at": eat_text(now - dt.timedelta(hours=50))}
    insert_ticket(connection, "T1", **created, **seen)
    insert_ticket(connection, "T2", **seen)
    insert_ticket(connection, "T3", created_at_service="yesterday")
    insert_ticket(connection, "T4", **seen, is_actionable="false")

    rows = connection.execute(
        "select ticket_id, sla_state, sla_clock_source, trunc(hours_open)::integer"
        " from tickets.inc_open_sla order by 1"
    ).fetchall()

    assert rows == [
        ("T1", "at_risk", "created_at_service", 40),
        ("T2", "breached", "first_seen_at", 50),
        ("T3", "unknown", None, None),
    ]


WINDOWS = {
    "today": ("2026-06-17", "2026-06-17"),
    "yesterday": ("2026-06-16", "2026-06-16"),
    "last_7_days": ("2026-06-11", "2026-06-17"),
    "this_week": ("2026-06-15", "2026-06-17"),
    "this_month": ("2026-06-01", "2026-06-17"),
    "last_30_days": ("2026-05-19", "2026-06-17"),
}


@pytest.mark.parametrize(("name", "days"), WINDOWS.items())
@pytest.mark.parametrize("at", ["2026-06-16 21:00:00Z", "2026-06-17 20:59:59Z"])
def test_windows_are_eat_days(
    connection: psycopg.Connection, name: str, days: tuple[str, str], at: str
) -> None:
    """Wednesday 17 June begins and ends at 21:00 UTC; weeks begin on Monday."""
    row = connection.execute(
        "select from_date::text, to_date::text, from_at, to_at"
        " from tickets.eat_window(%s, null, null, %s)",
        [name, at],
    ).fetchone()

    first, last = (dt.datetime.fromisoformat(day).replace(tzinfo=EAT) for day in days)
    assert row == (*days, first, last + dt.timedelta(days=1))
