"""A database that an older system migrated 01-10 by itself, and what becomes of it."""

from pathlib import Path

import psycopg
import pytest

from fleettickets.errors import MigrationError
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.store.connections import connect
from fleettickets.store.migrations import apply_migrations
from tests.support.feeds import a_change_file, a_row
from tests.support.ingests import Producer, a_context
from tests.support.postgres import MIGRATIONS
from tests.support.roles import acting_as
from tests.support.tickets import places, replace_raw, value

WATERMARK = "2026-01-10T06-00-00"


@pytest.fixture
def notices() -> list[str]:
    """What the adoption reported."""
    return []


@pytest.fixture
def adopted(older: psycopg.Connection, notices: list[str]) -> psycopg.Connection:
    """The same database after our migrations."""
    apply_migrations(older, MIGRATIONS, notices.append)
    return older


def test_only_the_files_above_ten_run(older: psycopg.Connection) -> None:
    """The older system's ledger is believed, though it has no checksums."""
    applied = apply_migrations(older, MIGRATIONS)
    again = apply_migrations(older, MIGRATIONS)

    assert applied[0].filename.startswith("11_")
    assert again == []
    assert value(older, "select count(*) from tickets.schema_migrations where sha256 is null") == 10


def test_tickets_are_placed_and_typed_by_our_rules(adopted: psycopg.Connection) -> None:
    """What the older functions stored is computed anew, where theirs differ."""
    assert places(adopted) == {
        "T1": ("location", 36.06, -0.28),
        "T2": ("cluster", 36.07, -0.3),
        "T3": ("none", None, None),
        "T4": ("feed", 36.82, -1.28),
    }
    rows = adopted.execute(
        "select ticket_id, is_actionable, scheduled_at, mttr from tickets.inc order by ticket_id"
    ).fetchall()
    assert rows == [
        ("T1", True, None, None),
        ("T2", True, None, None),
        ("T3", False, None, 90),
        ("T4", True, None, None),
    ]


def test_no_cell_can_make_an_insert_fail_any_more(adopted: psycopg.Connection) -> None:
    """The older columns cast what came, and its index refused a long cluster name."""
    replace_raw(adopted, "T1", latitude="1e400", mttr="NaN", closed_at="24:00", cluster="x" * 65536)

    assert places(adopted)["T1"] == ("none", None, None)


def test_tickets_get_the_watermark_as_version_and_closures_the_smallest(
    adopted: psycopg.Connection,
) -> None:
    """So that what the older system had applied is neither lost nor regressed."""
    versions = adopted.execute(
        "select distinct generation, stamp, revision from tickets.inc_versions"
    ).fetchall()
    closures = adopted.execute(
        "select ticket_id, generation, stamp, revision from tickets.closure_events order by 1"
    ).fetchall()

    assert versions == [(0, WATERMARK, 0)]
    assert closures == [("T1", 0, "", 0), ("T3", 0, "", 0)]


@pytest.mark.parametrize(
    ("watermark", "stamp"),
    [
        ('{"source_max_key": "2026-01-10T06-00-00.csv"}', WATERMARK),
        ('{"source_max_key": "2026-01-10T06-00-00"}', WATERMARK),
        ('{"source_max_key": "s3://b/2020-01-01T00-00-00/2026-01-10T06-00-00.csv"}', WATERMARK),
        ('{"source_max_key": "yesterday"}', ""),
        ('{"source_max_key": null}', ""),
        ("{}", ""),
    ],
)
def test_the_stamp_is_taken_out_of_whatever_key_is_there(
    older: psycopg.Connection, watermark: str, stamp: str
) -> None:
    """A full key and a bare file name both occurred; without one tickets are oldest."""
    older.execute("update tickets.import_meta set metadata = %s", [watermark])

    apply_migrations(older, MIGRATIONS)

    assert value(older, "select array_agg(distinct stamp) from tickets.inc_versions") == [stamp]


def test_a_leftover_file_below_the_watermark_regresses_nothing(
    adopted: psycopg.Connection, empty_database_url: str, tmp_path: Path
) -> None:
    """It is applied as late: what is newer stays, what is new comes, its closures count."""
    before = value(adopted, "select raw from tickets.inc where ticket_id = 'T1'")
    producer = Producer(tmp_path)
    rows = [
        a_row(ticket_id="T1", owner="Somebody older", closed_at="2026-01-03 09:00:00"),
        a_row(ticket_id="T9"),
    ]
    producer.put("2026-01-09T06-00-00", a_change_file(rows))

    with connect(empty_database_url, application_name="test") as connection:
        summary = ingest_pending(a_context(connection, producer.bucket()))

    assert [outcome.outcome for outcome in summary.outcomes] == ["applied"]
    counts = adopted.execute(
        "select late, rows_stale, rows_inserted from tickets.import_files"
    ).fetchall()
    assert counts == [(True, 1, 1)]
    assert value(adopted, "select raw from tickets.inc where ticket_id = 'T1'") == before
    assert value(adopted, "select count(*) from tickets.closure_events") == 3


def test_existing_grants_survive(adopted: psycopg.Connection, dashboard: str) -> None:
    """Callers, PUBLIC among them, can do what they could, on what replaced their objects."""
    with acting_as(adopted, dashboard):
        adopted.execute("select reporting.fn_tickets_for_map()")
        adopted.execute("select count(*) from tickets.inc")
        assert value(adopted, "select count(*) from tickets.inc_open_sla") == 3

    assert value(
        adopted,
        "select has_function_privilege(%s, 'reporting.fn_inc_dashboard"
        "(text, text, text, date, date)', 'execute with grant option')",
        dashboard,
    )
    assert value(
        adopted, "select has_function_privilege('public', 'tickets.eat_ts(text)', 'execute')"
    )
    assert not value(
        adopted,
        "select has_function_privilege('public', 'reporting.fn_inc_dashboard"
        "(text, text, text, date, date)', 'execute')",
    )
    assert not value(
        adopted, "select has_function_privilege('public', 'tickets.freshness()', 'execute')"
    )


def test_whoever_could_write_tickets_still_can(adopted: psycopg.Connection, dashboard: str) -> None:
    """The columns and the trigger call functions that no older grant could name."""
    with acting_as(adopted, dashboard):
        adopted.execute(
            "insert into tickets.inc (ticket_id, raw) values"
            """ ('T8', '{"cluster": "Nakuru", "mttr": "2", "is_actionable": "t"}')"""
        )
        adopted.execute("""update tickets.inc set raw = '{"latitude": "1", "longitude": "36"}'
                           where ticket_id = 'T4'""")

    assert places(adopted)["T8"] == ("cluster", 36.07, -0.3)
    assert places(adopted)["T4"] == ("feed", 36, 1)


def test_each_right_that_public_keeps_is_reported_with_its_end(
    adopted: psycopg.Connection, notices: list[str]
) -> None:
    """The commands, run as they are printed, leave PUBLIC with nothing."""
    commands = [
        notice.partition("to end it: ")[2] for notice in notices if notice.startswith("PUBLIC")
    ]

    for command in commands:
        adopted.execute(command.encode())

    assert "revoke select on table tickets.inc_open_sla from public;" in commands
    assert len(commands) >= 5
    assert (
        value(
            adopted,
            "select count(*) from pg_proc,"
            " aclexplode(coalesce(proacl, acldefault('f', proowner))) as acl"
            " where pronamespace in ('tickets'::regnamespace, 'reporting'::regnamespace)"
            " and acl.grantee = 0",
        )
        == 0
    )


def test_one_overload_of_each_function_is_left(adopted: psycopg.Connection) -> None:
    """Older ones with other parameters would make a call ambiguous, or answer it wrongly."""
    names = adopted.execute(
        "select proname, prorettype::regtype::text from pg_proc where proname"
        " in ('fn_tickets_for_map', 'fn_inc_dashboard', 'capture_history') order by 1"
    ).fetchall()

    assert names == [
        ("capture_history", "jsonb"),
        ("fn_inc_dashboard", "jsonb"),
        ("fn_tickets_for_map", "jsonb"),
    ]


def test_history_goes_on(adopted: psycopg.Connection) -> None:
    """What was remembered stays; columns that we do not know no longer stand in the way."""
    captured = value(adopted, "select tickets.capture_history()")

    assert captured["snapshot"] == "written"
    assert (
        value(
            adopted,
            "select open_total from tickets.inc_daily_snapshot where snapshot_date = %s",
            "2026-01-08",
        )
        == 3
    )
    assert value(adopted, "select count(*) from tickets.closure_events") == 2


def test_points_that_were_no_coordinates_are_named(
    adopted: psycopg.Connection, notices: list[str]
) -> None:
    """A cluster at (0, 0) is on no map; its row stays, to be looked up again."""
    assert value(adopted, "select geom from tickets.geo_clusters where cluster = 'Nowhere'") is None
    assert "gazetteer rows whose point was no coordinate lost it: 'Nowhere'" in notices


def test_an_index_that_was_dropped_is_named_with_its_definition(
    notices: list[str], adopted: psycopg.Connection
) -> None:
    """A btree on unbounded text would let one long cell fail a file."""
    dropped = [notice for notice in notices if notice.startswith("dropped an index")]

    assert any("CREATE INDEX idx_inc_cluster ON" in notice for notice in dropped)
    assert value(adopted, "select to_regclass('tickets.idx_inc_closed') is null")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            "alter table tickets.inc_daily_snapshot alter captured_at type text",
            r"column captured_at of tickets\.inc_daily_snapshot is text",
        ),
        (
            "alter table tickets.inc drop column mttr; alter table tickets.inc add mttr integer",
            r"column mttr of tickets\.inc is integer, but integer \(generated from raw\)",
        ),
        (
            "create view public.theirs as select latitude from tickets.inc",
            r"12_inc_as_designed\.sql: .*view theirs depends on column latitude",
        ),
    ],
)
def test_what_cannot_be_adopted_is_named(
    older: psycopg.Connection, change: str, named: str
) -> None:
    """An unexpected type, or somebody's view on a column that has to be made anew."""
    older.execute(change.encode())

    with pytest.raises(MigrationError, match=named):
        apply_migrations(older, MIGRATIONS)


def test_older_columns_of_geocoding_stay_beside_ours(older: psycopg.Connection) -> None:
    """Whatever an older geocoder kept under such names, of whatever type."""
    older.execute("alter table tickets.geo_locations add column confidence text default 'high'")

    apply_migrations(older, MIGRATIONS)

    kept = "select array_agg(distinct former_confidence) from tickets.geo_locations"
    assert value(older, kept) == ["high"]
    assert value(older, "select array_agg(confidence) from tickets.geo_locations")[0] is None


def test_adopted_points_need_no_geocoder(adopted: psycopg.Connection) -> None:
    """What the older system had found, or was told, is not asked for."""
    asked_again = value(
        adopted,
        """
        select count(*) from tickets.geocode_backlog as backlog
        where
            backlog.is_due and backlog.tier = 'cluster'
            and backlog.cluster in (
                select cluster from tickets.geo_clusters where geom is not null
            )
        """,
    )

    adopted_points = "select count(*) from tickets.geo_clusters where geom is not null"
    assert value(adopted, adopted_points) > 0
    assert asked_again == 0
