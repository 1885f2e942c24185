"""Freshness: how recent and how complete the tickets are, in every payload."""

import datetime as dt
from collections.abc import Callable

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.support.tickets import EAT, add_cluster, insert_ticket, value


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


def test_freshness_of_an_empty_database_knows_what_it_does_not_know(
    connection: psycopg.Connection,
) -> None:
    """Exactly these keys, null where nothing was seen yet."""
    freshness = value(connection, "select tickets.freshness()")

    assert freshness == {
        "watermark": None,
        "watermark_age_minutes": None,
        "content_as_of": None,
        "mode": "live",
        "pending": None,
        "pending_as_of": None,
        "held": None,
        "quarantined_24h": 0,
        "rejected_24h": 0,
        "last_capture_at": None,
        "geocode_coverage": None,
    }


def test_freshness_reports_the_current_generation(
    connection: psycopg.Connection, now: dt.datetime
) -> None:
    """The watermark's age by its stamp in EAT; coverage by precise points only."""
    stamp = (now - dt.timedelta(minutes=95)).strftime("%Y-%m-%dT%H-%M-%S")
    key = f"automations/inc/changes/{stamp}.csv"
    connection.execute(
        "insert into tickets.import_meta values ('inc', %s)", [Jsonb({"source_max_key": key})]
    )
    connection.execute(
        "insert into tickets.import_streams (dataset, generation, pending, held, pending_as_of)"
        " values ('inc', 1, 4, 2, now())"
    )
    add_cluster(connection, "Nakuru", 36.07, -0.3)
    insert_ticket(connection, "T1", source_updated_at="2026-06-14 10:00:00")
    insert_ticket(connection, "T2", source_updated_at="2026-06-15 10:00:00")
    insert_ticket(connection, "T3", longitude="36", latitude="-1")
    insert_ticket(connection, "T4", longitude="36", latitude="-1", is_actionable="false")

    freshness = value(connection, "select tickets.freshness()")

    assert (freshness["watermark"], freshness["watermark_age_minutes"]) == (key, 95)
    assert (freshness["pending"], freshness["held"], freshness["mode"]) == (4, 2, "live")
    content_as_of = dt.datetime.fromisoformat(freshness["content_as_of"])
    assert content_as_of == dt.datetime(2026, 6, 15, 10, tzinfo=EAT)
    assert freshness["geocode_coverage"] == 0.3333


def test_freshness_counts_the_trouble_of_a_day(connection: psycopg.Connection) -> None:
    """Quarantined files and rejected rows of the last 24 hours, and not before."""
    for revision, (status, reason, rejected, age) in enumerate(
        (
            ("quarantined", "bad", None, 1),
            ("quarantined", "bad", None, 25),
            ("skipped", "gone", None, 1),
            ("applied", None, 3, 1),
            ("applied", None, 5, 25),
            ("applied", None, 0, 1),
        ),
        start=1,
    ):
        connection.execute(
            "insert into tickets.import_files"
            " (dataset, generation, stamp, revision, object_key, status, reason, applied_at,"
            "  rows_read, rows_rejected, rows_dropped, rows_duplicate, rows_inserted,"
            "  rows_updated, rows_unchanged, rows_stale)"
            " select 'inc', 0, '2026-06-15T00-00-00', %s, 'k', %s, %s,"
            " now() - %s * interval '1 hour', n, n, n - n, n - n, n - n, n - n, n - n, n - n"
            " from (select %s::bigint as n) as counted",
            [revision, status, reason, age, rejected],
        )

    freshness = value(connection, "select tickets.freshness()")

    assert (freshness["quarantined_24h"], freshness["rejected_24h"]) == (1, 3)


@pytest.mark.parametrize(
    ("mode", "refused_source", "told"),
    [
        ("live", None, "live"),
        ("reseed", None, "reseed"),
        ("live", "s3://other/automations/inc", "reseed needed"),
    ],
)
def test_freshness_tells_the_mode(
    connection: psycopg.Connection, mode: str, refused_source: str | None, told: str
) -> None:
    """A configured source that is not the generation's needs a reseed."""
    connection.execute(
        "update tickets.import_streams set mode = %s, refused_source = %s", [mode, refused_source]
    )

    payloads = (
        value(connection, "select reporting.fn_tickets_for_map() -> 'summary'"),
        value(connection, "select reporting.fn_inc_dashboard()"),
    )

    assert [payload["freshness"]["mode"] for payload in payloads] == [told, told]
