"""What a deployment leaves behind: a migrated database, functions that run, schedules that fire."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.support.applications import Application
from tests.support.feeds import a_change_file, a_row
from tests.support.localstack import scheduler
from tests.support.postgres import MIGRATIONS, DatabaseServer
from tests.support.streams import some_stamps
from tests.support.waits import wait_until

NAMES = [path.name for path in sorted(MIGRATIONS.glob("*.sql"))]
SCHEDULES = {
    "in-working-hours": ["sweep", "clusters", "locations", "history"],
    "at-end-of-day": ["sweep", "clusters", "locations", "history"],
    "sweep": ["sweep"],
}


def test_deployment_migrates_the_database(application: Application) -> None:
    """It was empty, and the stack's own resource applied all of the migrations, as the owner."""
    applied = application.connection.execute(
        "select filename from tickets.schema_migrations order by filename"
    )
    (row,) = application.connection.execute(
        "select pg_get_userbyid(relowner) from pg_class where oid = 'tickets.inc'::regclass"
    )
    assert [name for (name,) in applied] == NAMES
    assert row[0] == application.database.owner


@pytest.fixture
def empty(
    application: Application, database_server: DatabaseServer
) -> Generator[psycopg.Connection]:
    """An empty database, which the migrate function finds at its next start, and no warm one."""
    with (
        database_server.empty_database() as url,
        application.database.moved(application.localstack, url) as connection,
    ):
        application.restart("Migrate")
        yield connection
    application.restart("Migrate")


def test_migrations_on_demand(application: Application, empty: psycopg.Connection) -> None:
    """The function lists what it would do, does it when told to, and then has nothing to do."""
    planned = application.run("Migrate", {}).answer
    before = empty.execute("select to_regclass('tickets.inc')").fetchone()
    applied = application.run("Migrate", {"apply": True}).answer
    again = application.run("Migrate", {"apply": True}).answer

    assert (planned["dry_run"], planned["migrations"], before) == (True, NAMES, (None,))
    assert (applied["dry_run"], applied["migrations"]) == (False, NAMES)
    assert again["migrations"] == []


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_runs_its_target(application: Application, name: str) -> None:
    """Fired now, the deployed schedule's target runs its steps for the time that it was due."""
    client = scheduler(application.localstack)
    schedule = client.get_schedule(Name=f"{application.stack.name}-{name}")
    due_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)

    client.create_schedule(
        Name=f"{application.stack.name}-{name}-now",
        ScheduleExpression=f"at({due_at:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=schedule["Target"],
    )

    run = f"{due_at:%Y-%m-%dT%H:%M:%SZ}"
    pattern = f'{{ $.message = "step was run" && $.correlation_id = "{run}" }}'
    steps = SCHEDULES[name]
    wait_until(lambda: len(application.logged("Enrich", pattern)) == len(steps), "its steps")
    lines = application.logged("Enrich", pattern)
    assert [(line["step"], line["outcome"] == "failed") for line in lines] == [
        (step, False) for step in steps
    ]


def test_scheduled_run_captures_history(application: Application) -> None:
    """The snapshot is of the day on which the run was due; closures are there since the ingest."""
    (stamp,) = some_stamps(1)
    created = {"created_at_service": "2023-12-20 08:15:00"}
    closed = {"is_actionable": "false", "closed_at": "2023-12-24 10:00:00"}
    rows = [a_row(ticket_id="INC1", **created), a_row(ticket_id="INC2", **created, **closed)]
    application.put(stamp, a_change_file(rows))
    application.await_settled([stamp])

    application.run(
        "Enrich", {"steps": ["sweep", "history"], "scheduled_at": "2024-01-31T20:50:00Z"}
    )

    snapshots = application.connection.execute(
        "select snapshot_date::text, open_total from tickets.inc_daily_snapshot"
    )
    assert snapshots.fetchall() == [("2024-01-31", 1)]
    closures = application.connection.execute("select ticket_id from tickets.closure_events")
    assert closures.fetchall() == [("INC2",)]
