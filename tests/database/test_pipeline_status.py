"""The status payload: it fails when an alarm would fire, and says which."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.types.json import Jsonb

from fleettickets.jobs.operation import StepResult, report_steps
from fleettickets.store.ledger import RowCounts
from fleettickets.store.step_runs import record_step
from tests.support.payloads import call, check_shape
from tests.support.templates import Template

# 11:00 in Nairobi: working hours.
NOON = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
HOUR = timedelta(hours=1)
STAMP = "2026-06-15T17-00-00"


@pytest.fixture
def pipeline(connection: psycopg.Connection) -> psycopg.Connection:
    """A pipeline in which all is well at NOON: swept just now, and nothing waits."""
    connection.execute(
        "update tickets.import_streams set pending = 0, held = 0, pending_as_of = %s", [NOON]
    )
    swept(connection, at=NOON)
    return connection


def swept(connection: psycopg.Connection, *, at: datetime, **facts: object) -> None:
    """Record a sweep at that time."""
    counts = {"pending_since": None, "dead_letters": 0, "doorbell_dead_letters": 0}
    report_steps(connection, [StepResult("sweep", facts=counts | facts)])
    connection.execute("update tickets.step_runs set ran_at = %s where step = 'sweep'", [at])


def status(
    connection: psycopg.Connection, at: datetime = NOON, **limits: float
) -> Mapping[str, Any]:
    """Return the payload for that moment."""
    row = connection.execute(
        "select reporting.fn_pipeline_status(%s, %s)", [at, Jsonb(limits)]
    ).fetchone()
    assert row
    return row[0]


def failing(connection: psycopg.Connection, at: datetime = NOON, **limits: float) -> set[str]:
    """Return the names of the checks that fail; `ok` must say the same."""
    payload = status(connection, at, **limits)
    names = {check["name"] for check in payload["checks"] if not check["ok"]}
    assert payload["ok"] is (not names)
    return names


def settle(connection: psycopg.Connection, status: str, at: datetime, **counts: int) -> None:
    """Put a settled file into the ledger; its next revision if there is one."""
    names = [column.name for column in fields(RowCounts)]
    rows = [counts.get(name, 0) if status == "applied" else None for name in names]
    connection.execute(
        "insert into tickets.import_files (dataset, generation, stamp, revision, object_key,"
        " status, reason, applied_at, rows_read, rows_dropped, rows_rejected, rows_duplicate,"
        " rows_inserted, rows_updated, rows_unchanged, rows_stale)"
        " values ('inc', 0, %s, (select count(*) + 1 from tickets.import_files where stamp = %s),"
        " 'k', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [STAMP, STAMP, status, None if status == "applied" else "why", at, *rows],
    )


def attempt(connection: psycopg.Connection, outcome: str, at: datetime, stamp: str = STAMP) -> None:
    """Record an attempt of the function that ended so."""
    connection.execute(
        "insert into tickets.import_attempts (dataset, generation, stamp, etag, worker,"
        " backend_pid, started_at, ended_at, outcome)"
        " values ('inc', 0, %s, 'e', 'function', 1, %s, %s, %s)",
        [stamp, at, at, outcome],
    )


def test_all_is_well(pipeline: psycopg.Connection) -> None:
    """Every check has its value, and the rest of the payload is there."""
    payload = status(pipeline)

    assert payload["ok"] is True
    assert payload["working_hours"] is True
    assert payload["freshness"]["mode"] == "live"
    assert payload["stream"]["generation"] == 0
    assert [step["step"] for step in payload["steps"]] == ["sweep"]
    assert all(check["value"] is not None for check in payload["checks"])


def test_a_pipeline_that_never_ran_is_not_well(connection: psycopg.Connection) -> None:
    """As the alarms on missing data: nobody knows, so somebody has to look."""
    assert failing(connection, NOON) == {"freshness", "schedule"}


# --- freshness, schedule ---


def waits_since(connection: psycopg.Connection, since: datetime) -> None:
    """Let one file wait since that time, as the sweep saw just now."""
    connection.execute("update tickets.import_streams set pending = 1")
    swept(connection, at=NOON, pending_since=since.isoformat())


def test_file_that_has_waited_for_too_long(pipeline: psycopg.Connection) -> None:
    """Half an hour is enough; the limit may be another one."""
    waits_since(pipeline, NOON - timedelta(minutes=29))
    assert failing(pipeline) == set()
    assert failing(pipeline, freshness=60) == {"freshness"}

    waits_since(pipeline, NOON - timedelta(minutes=31))
    assert failing(pipeline) == {"freshness"}


def test_file_that_was_applied_since_the_sweep_waits_no_more(pipeline: psycopg.Connection) -> None:
    """The ingest has reported an empty listing meanwhile."""
    waits_since(pipeline, NOON - HOUR)
    pipeline.execute("update tickets.import_streams set pending = 0")

    assert failing(pipeline) == set()


@pytest.mark.parametrize(("hour", "is_judged"), [(2, False), (3, True), (17, True), (18, False)])
def test_freshness_is_judged_in_working_hours(
    pipeline: psycopg.Connection, hour: int, is_judged: bool
) -> None:
    """From 6 to 21 in Nairobi, three hours after UTC; those may be others, too."""
    at = NOON.replace(hour=hour)
    waits_since(pipeline, at - 3 * HOUR)
    pipeline.execute("update tickets.step_runs set ran_at = %s", [at])

    assert failing(pipeline, at) == ({"freshness"} if is_judged else set())
    assert failing(pipeline, at, from_hour=0, to_hour=24) == {"freshness"}


def test_schedule_that_does_not_run(pipeline: psycopg.Connection) -> None:
    """Doorbells that are answered meanwhile do not stand for the sweep."""
    swept(pipeline, at=NOON - timedelta(minutes=31))

    assert failing(pipeline) == {"schedule"}


def test_command_line_stands_for_the_sweep_where_there_is_none(
    connection: psycopg.Connection,
) -> None:
    """As plain cron, an ingest that lists the directory is all that there is."""
    connection.execute("update tickets.import_streams set pending = 0, pending_as_of = %s", [NOON])

    assert failing(connection, NOON) == set()
    assert failing(connection, NOON + HOUR) == {"schedule"}


def test_payload_has_its_documented_shape(pipeline: psycopg.Connection) -> None:
    """With a step that failed, and without any."""
    check_shape("reporting.fn_pipeline_status", call(pipeline, "reporting.fn_pipeline_status"))

    record_step(pipeline, "history", error="LockTimeoutError", facts=None)

    payload = call(pipeline, "reporting.fn_pipeline_status")
    check_shape("reporting.fn_pipeline_status", payload)
    assert payload["steps"]


# --- files and rows ---


def test_file_in_quarantine_until_it_is_mended_or_skipped(pipeline: psycopg.Connection) -> None:
    """A stamp counts by its latest revision, and for as long as nobody did anything."""
    settle(pipeline, "quarantined", NOON - 30 * 24 * HOUR)
    assert failing(pipeline) == {"quarantine"}

    settle(pipeline, "applied", NOON - 30 * 24 * HOUR)
    assert failing(pipeline) == set()


def test_many_rejected_rows(pipeline: psycopg.Connection) -> None:
    """More than 5 % and ten at least, of the last hour's."""
    settle(pipeline, "applied", NOON - HOUR / 2, read=20, rejected=9, inserted=11)
    assert failing(pipeline) == set()

    settle(pipeline, "applied", NOON - HOUR / 2, read=30, rejected=1, inserted=29)
    assert failing(pipeline) == {"rejects"}
    assert failing(pipeline, NOON + timedelta(minutes=31), schedule=3600) == set()


def test_held_key(pipeline: psycopg.Connection) -> None:
    """As the last listing found it."""
    pipeline.execute("update tickets.import_streams set held = 1")

    assert failing(pipeline) == {"held"}


def test_key_that_was_gone(pipeline: psycopg.Connection) -> None:
    """For an hour, unless a later content of its stamp is settled."""
    attempt(pipeline, "ObjectGoneError", NOON - HOUR / 2)
    assert failing(pipeline) == {"gone"}
    assert failing(pipeline, NOON + HOUR, schedule=9999) == set()

    settle(pipeline, "applied", NOON)
    assert failing(pipeline) == set()


# --- sources, reseeds ---


def test_source_that_was_refused(pipeline: psycopg.Connection) -> None:
    """Nobody lists the bucket then, so freshness is not known either: both alarms fire."""
    pipeline.execute("update tickets.import_streams set refused_source = 's3://other/x'")

    assert failing(pipeline) == {"reseed-needed", "freshness"}


LEASES: dict[str, tuple[LiteralString, set[str]]] = {
    "held": ("lease_owner = 'ann', lease_expires_at = %(later)s", set()),
    "run out": ("lease_owner = 'ann', lease_expires_at = %(before)s", {"reseed"}),
    "ended": ("lease_owner = null, lease_expires_at = null", {"reseed"}),
}


@pytest.mark.parametrize(("lease", "expected"), LEASES.values(), ids=LEASES.keys())
def test_reseed_that_nobody_runs(
    pipeline: psycopg.Connection, lease: LiteralString, expected: set[str]
) -> None:
    """Its manifest has files left, and its lease is over; the one that runs is no trouble."""
    pipeline.execute(
        "insert into tickets.import_manifest (dataset, generation, position, stamp, object_key,"
        " etag, size_bytes) values ('inc', 0, 1, %s, 'k', 'e', 1)",
        [STAMP],
    )
    pipeline.execute(
        "update tickets.import_streams set mode = 'reseed', " + lease,
        {"later": NOON + HOUR, "before": NOON - HOUR},
    )

    assert failing(pipeline) == expected
    assert status(pipeline)["stream"]["manifest_left"] == 1


# --- dead letters, errors ---


@pytest.mark.parametrize("queue", ["dead_letters", "doorbell_dead_letters"])
def test_dead_letters_as_the_sweep_counted_them(pipeline: psycopg.Connection, queue: str) -> None:
    """The database cannot see a queue."""
    swept(pipeline, at=NOON, **{queue: 2})

    assert failing(pipeline) == {queue.replace("_", "-")}


def test_step_that_fails_again_and_again(pipeline: psycopg.Connection) -> None:
    """Once is by chance; a good run ends it."""
    failure, success = StepResult("history", "LockTimeoutError"), StepResult("history", facts={})

    report_steps(pipeline, [failure])
    assert failing(pipeline) == set()
    report_steps(pipeline, [failure])
    assert failing(pipeline) == {"errors"}
    assert [s["failures"] for s in status(pipeline)["steps"] if s["step"] == "history"] == [2]
    report_steps(pipeline, [success])
    assert failing(pipeline) == set()


def test_failed_sweep_keeps_what_the_last_good_one_found(pipeline: psycopg.Connection) -> None:
    """Dead letters do not go away because nobody can look."""
    swept(pipeline, at=NOON, dead_letters=1)

    report_steps(pipeline, [StepResult("sweep", "BucketUnavailableError")])

    assert "dead-letters" in failing(pipeline, datetime.now(UTC), from_hour=24)


def test_ingest_that_fails_again_and_again(pipeline: psycopg.Connection) -> None:
    """In two of three periods of 20 minutes; what was gone or overwritten is no failure."""
    attempt(pipeline, "BucketUnavailableError", NOON - timedelta(minutes=5))
    attempt(pipeline, "BucketUnavailableError", NOON - timedelta(minutes=6))
    attempt(pipeline, "ObjectChangedError", NOON - timedelta(minutes=30))
    assert failing(pipeline) == set()

    attempt(pipeline, "LockTimeoutError", NOON - timedelta(minutes=30))
    assert failing(pipeline) == {"errors"}


# --- agreement with the alarms ---


def test_each_check_is_an_alarm_with_the_same_limit(pipeline: psycopg.Connection) -> None:
    """The reseed's alarm is on its executions; errors are counted in another way."""
    alarms = {
        each["Properties"]["AlarmName"].removeprefix("fleet-"): each["Properties"]
        for each in Template().resources("AWS::CloudWatch::Alarm").values()
    }
    limits = {check["name"]: check["limit"] for check in status(pipeline)["checks"]}

    assert limits.keys() - alarms.keys() <= {"reseed"}
    for name in limits.keys() & alarms.keys() - {"errors", "schedule"}:
        assert limits[name] == alarms[name]["Threshold"], name
    assert limits["schedule"] == alarms["schedule"]["Period"]
    # What only AWS can know; that the database is not there `status` finds out by itself.
    assert alarms.keys() - limits.keys() <= {"throttles", "duration", "database", "reseed"}


def test_working_hours_are_those_of_the_alarm(pipeline: psycopg.Connection) -> None:
    """The template's defaults."""
    template = Template()
    hours = int(template.value("WorkingFromHour")), int(template.value("WorkingToHour"))

    judged = [status(pipeline, NOON.replace(hour=hour))["working_hours"] for hour in range(24)]

    assert [hour for hour in range(24) if judged[(hour - 3) % 24]] == list(range(*hours))
