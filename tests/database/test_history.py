"""Closures and the daily snapshot: captured again and again, each day by its own EAT edges."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.errors import InvalidParameterValue
from psycopg.rows import dict_row

from fleettickets.store.history import capture_history
from tests.support.tickets import eat_text, insert_ticket, replace_raw, value

EAT = ZoneInfo("Africa/Nairobi")
DAY = dt.date(2026, 6, 15)
LAST_SECOND = dt.datetime(2026, 6, 15, 20, 59, 59, tzinfo=dt.UTC)
NEXT_DAY = dt.datetime(2026, 6, 15, 21, 0, 0, tzinfo=dt.UTC)


@pytest.fixture
def connection(
    module_connection: psycopg.Connection, truncate_all: Callable[[psycopg.Connection], None]
) -> psycopg.Connection:
    """A connection to the module's database, as it was right after its migration."""
    truncate_all(module_connection)
    return module_connection


def snapshots(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Return the snapshots in order of their days."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select * from tickets.inc_daily_snapshot order by snapshot_date"
        ).fetchall()


def now_on(connection: psycopg.Connection) -> dt.datetime:
    """Return the database's clock."""
    return value(connection, "select clock_timestamp()")


def test_the_day_ends_at_2100_utc(connection: psycopg.Connection) -> None:
    """One second divides what was created and closed on two EAT days."""
    insert_ticket(connection, "T1", created_at_service="2026-06-15 23:59:59")
    insert_ticket(connection, "T2", created_at_service="2026-06-16 00:00:00")
    insert_ticket(connection, "T3", closed_at="2026-06-15 23:59:59", is_actionable="false")
    insert_ticket(connection, "T4", closed_at="2026-06-16 00:00:00", is_actionable="false")

    first = capture_history(connection, LAST_SECOND)
    second = capture_history(connection, NEXT_DAY)

    assert (first.snapshot_date, second.snapshot_date) == (DAY, DAY + dt.timedelta(1))
    days = [(row["created_today"], row["closed_today"]) for row in snapshots(connection)]
    assert days == [(1, 1), (1, 1)]


def test_capturing_again_changes_nothing(connection: psycopg.Connection) -> None:
    """Not even the time of capture, while the numbers are the same."""
    insert_ticket(connection, closed_at="2026-06-15 10:00:00")
    first = capture_history(connection)
    before = snapshots(connection)

    second = capture_history(connection)

    assert (first.snapshot, first.closures_added) == ("written", 1)
    assert (second.snapshot, second.closures_added) == ("untouched", 0)
    assert snapshots(connection) == before


def test_today_is_rewritten_through_the_day(connection: psycopg.Connection) -> None:
    """The last run of the day has the last word."""
    capture_history(connection)
    insert_ticket(connection, first_seen_at=eat_text(now_on(connection) - dt.timedelta(hours=50)))

    again = capture_history(connection)

    assert again.snapshot == "written"
    row = snapshots(connection)[-1]
    assert (row["open_total"], row["open_breached"]) == (1, 1)
    assert row["per_cluster"] == {
        "Nakuru": {"open": 1, "breached": 1, "created": row["created_today"], "closed": 0}
    }
    assert list(row["per_team"]) == ["unknown"]


def test_yesterday_is_never_rewritten(connection: psycopg.Connection) -> None:
    """A late run, for 23:50 of a day that is over, finds its snapshot and leaves it."""
    connection.execute(
        "insert into tickets.inc_daily_snapshot"
        " (snapshot_date, open_total, open_breached, created_today, closed_today)"
        " values ('2026-06-15', 7, 1, 2, 3)"
    )
    before = snapshots(connection)
    insert_ticket(connection)

    captured = capture_history(connection, LAST_SECOND)

    assert captured.snapshot == "untouched"
    assert snapshots(connection) == before


def test_a_missing_day_is_reconstructed_as_of_its_end(connection: psycopg.Connection) -> None:
    """Open then: created before its end, and open now or closed later."""
    insert_ticket(connection, "open since", created_at_service="2026-06-13 10:00:00")
    insert_ticket(connection, "open later", created_at_service="2026-06-16 08:00:00")
    insert_ticket(
        connection,
        "closed later",
        created_at_service="2026-06-15 10:00:00",
        closed_at="2026-06-17 10:00:00",
        is_actionable="false",
    )
    insert_ticket(
        connection, "closed then", created_at_service="2026-06-14 10:00:00",
        closed_at="2026-06-15 10:00:00", is_actionable="false",
    )  # fmt: skip

    capture_history(connection, LAST_SECOND)

    [row] = snapshots(connection)
    assert (row["open_total"], row["open_breached"]) == (2, 1)
    assert (row["created_today"], row["closed_today"]) == (1, 1)
    assert row["captured_at"] > NEXT_DAY


def test_each_closure_of_a_reopened_ticket_is_remembered(connection: psycopg.Connection) -> None:
    """Closed, reopened, closed again: two closures, the first with its own attributes."""
    insert_ticket(connection, closed_at="2026-06-15 10:00:00", owner="first", mttr="1")
    capture_history(connection)
    replace_raw(connection, "T1", is_actionable="true")
    capture_history(connection)
    replace_raw(connection, "T1", closed_at="2026-06-17 10:00:00", owner="second", mttr="2")
    capture_history(connection)

    events = connection.execute(
        "select owner, mttr, generation, stamp, revision from tickets.closure_events"
        " order by closed_at"
    ).fetchall()
    assert events == [("first", 60, 0, "", 0), ("second", 120, 0, "", 0)]


def test_a_closure_takes_the_version_of_its_ticket(connection: psycopg.Connection) -> None:
    """So that a file with a smaller version may still correct it, and a later one may not."""
    insert_ticket(connection, closed_at="2026-06-15 10:00:00")
    connection.execute(
        "insert into tickets.inc_versions values ('T1', 0, '2026-06-16T10-00-00', 2)"
    )

    capture_history(connection)

    versions = connection.execute(
        "select generation, stamp, revision from tickets.closure_events"
    ).fetchall()
    assert versions == [(0, "2026-06-16T10-00-00", 2)]


def test_a_closure_that_is_known_is_left_alone(connection: psycopg.Connection) -> None:
    """Ingest has recorded it, of a stale row perhaps, with a smaller version."""
    connection.execute(
        "insert into tickets.closure_events (ticket_id, closed_at, owner, generation, stamp,"
        " revision) values ('T1', '2026-06-15 10:00:00+03', 'known', 0, '2026-01-01T00-00-00', 1)"
    )
    insert_ticket(connection, closed_at="2026-06-15 10:00:00", owner="shown")

    captured = capture_history(connection)

    assert captured.closures_added == 0
    assert value(connection, "select owner from tickets.closure_events") == "known"


def test_a_reseed_makes_no_history(connection: psycopg.Connection) -> None:
    """A half-rebuilt state is not what any day was like."""
    insert_ticket(connection, closed_at="2026-06-15 10:00:00")
    connection.execute(
        "insert into tickets.import_streams (dataset, generation, mode) values ('inc', 1, 'reseed')"
    )

    captured = capture_history(connection)

    assert (captured.captured, captured.reason) == (False, "a reseed is under way")
    assert snapshots(connection) == []
    assert value(connection, "select count(*) from tickets.closure_events") == 0
    assert value(connection, "select tickets.freshness() ->> 'last_capture_at'") is None


def test_the_time_of_the_last_capture_is_told(connection: psycopg.Connection) -> None:
    """It moves with every capture, and leaves the watermark alone."""
    connection.execute(
        """insert into tickets.import_meta values ('inc', '{"source_max_key": "k"}')"""
    )
    before = now_on(connection)

    capture_history(connection)

    freshness = value(connection, "select tickets.freshness()")
    assert dt.datetime.fromisoformat(freshness["last_capture_at"]) >= before
    assert freshness["watermark"] == "k"


@pytest.mark.parametrize("at", ["now() + interval '16 minutes'", "'infinity'", "null"])
def test_a_time_to_come_is_refused(connection: psycopg.Connection, at: str) -> None:
    """Tomorrow's snapshot, taken today, would never be corrected."""
    with pytest.raises(InvalidParameterValue, match="history cannot be captured"):
        connection.execute(f"select tickets.capture_history({at})".encode())


def test_a_clock_that_is_slightly_ahead_is_forgiven(connection: psycopg.Connection) -> None:
    """The schedule's clock and the database's need not agree to the second."""
    captured = capture_history(connection, now_on(connection) + dt.timedelta(minutes=5))

    assert captured.captured


def test_breach_that_only_the_clock_brought_is_counted(connection: psycopg.Connection) -> None:
    """No ticket was written since the capture before, which read them all."""
    noon = now_on(connection)
    insert_ticket(connection, first_seen_at=eat_text(noon - dt.timedelta(hours=48, minutes=-4)))
    first = capture_history(connection, noon)
    day = first.snapshot_date
    figures = [snapshots(connection)[-1]["open_breached"]]

    for minutes in (3, 4, 5):
        at = noon + dt.timedelta(minutes=minutes)
        if capture_history(connection, at).snapshot_date != day:
            pytest.skip("a day ended meanwhile")
        figures.append(snapshots(connection)[-1]["open_breached"])

    assert figures == [0, 0, 1, 1]


def test_breach_that_only_a_new_contract_brought_is_counted(connection: psycopg.Connection) -> None:
    """No ticket was written since the capture before, and the next breach is hours away."""
    noon = now_on(connection)
    insert_ticket(connection, first_seen_at=eat_text(noon - dt.timedelta(hours=30)))
    capture_history(connection, noon)
    before = snapshots(connection)[-1]["open_breached"]

    with connection.transaction(force_rollback=True):
        connection.execute("update tickets.settings set contract_hours = 24, at_risk_hours = 18")
        capture_history(connection, noon)
        after = snapshots(connection)[-1]["open_breached"]

    assert (before, after) == (0, 1)


def test_closure_that_another_than_the_ingest_wrote_is_found(
    connection: psycopg.Connection,
) -> None:
    """A person's psql leaves a mark as well."""
    insert_ticket(connection)
    capture_history(connection)

    replace_raw(connection, "T1", is_actionable="false", closed_at="2026-06-15 10:00:00")
    captured = capture_history(connection)

    assert captured.closures_added == 1


def test_capture_of_a_day_that_is_over_leaves_todays_work_to_do(
    connection: psycopg.Connection,
) -> None:
    """The snapshot of today has to learn of the ticket too."""
    capture_history(connection)
    insert_ticket(connection)

    capture_history(connection, LAST_SECOND)
    today = capture_history(connection)

    assert today.snapshot == "written"
    assert snapshots(connection)[-1]["open_total"] == 1


def test_ticket_that_is_committed_after_a_capture_is_in_the_next(
    connection: psycopg.Connection, module_database_url: str
) -> None:
    """It was written before, by somebody who takes no lock, and nobody could see it."""
    with psycopg.connect(module_database_url) as writer:
        insert_ticket(writer)
        capture_history(connection)
        writer.commit()

    captured = capture_history(connection)

    assert captured.snapshot == "written"
    assert snapshots(connection)[-1]["open_total"] == 1


def test_marks_of_steps_that_are_off_do_not_pile_up(connection: psycopg.Connection) -> None:
    """Without a geocoder nobody else deletes them; one of each step is left, which is enough."""
    for number in range(5):
        insert_ticket(connection, f"T{number}")

    capture_history(connection)

    left = "select array_agg(step order by step) from tickets.enrich_marks"
    assert value(connection, left) == ["clusters", "geometry", "locations"]
