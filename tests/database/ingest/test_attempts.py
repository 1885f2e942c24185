"""Attempts that died: three in a row, by the function, on one content end in quarantine."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import LiteralString

import psycopg
import pytest

from fleettickets.errors import BucketUnavailableError, DatabaseUnavailableError
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.repair import find_file
from fleettickets.jobs.repair import replay as replay_file
from fleettickets.store.attempts import Worker, begin_attempt, forgive_outage
from fleettickets.store.connections import Connection, ConnectionKeeper, connect
from tests.support.buckets import Fault, FaultyBucket
from tests.support.scenes import FIRST, Scene, a_ticket_file, only, outcomes_of


@pytest.fixture
def die(scene: Scene) -> Callable[..., None]:
    """A function that lets a worker begin an attempt on FIRST's content and vanish."""

    def die(times: int = 1, *, worker: Worker = "function", etag: str | None = None) -> None:
        for _ in range(times):
            with connect(scene.database_url, application_name="doomed") as session:
                _begin(scene, session, worker, etag)
                pid = session.info.backend_pid
            _wait_until_gone(scene.connection, pid)

    return die


def _begin(scene: Scene, session: Connection, worker: Worker, etag: str | None = None) -> None:
    found = scene.producer.bucket().find_object("automations/inc/changes/" + FIRST + ".csv")
    assert found is not None
    begin_attempt(session, generation=0, stamp=FIRST, etag=etag or found.etag, worker=worker)


def _wait_until_gone(connection: Connection, pid: int) -> None:
    """Wait for the server to have taken notice of a closed connection."""
    gone = "select not exists (select from pg_stat_activity where pid = %s)"
    while connection.execute(gone, [pid]).fetchone() != (True,):
        connection.execute("select pg_sleep(0.001)")


def test_fourth_attempt_after_three_deaths_quarantines_the_file(
    scene: Scene, die: Callable[..., None]
) -> None:
    """The content is not read again: it would kill this worker too."""
    scene.put(FIRST, a_ticket_file("deadly"))
    die(3)
    bucket = FaultyBucket(scene.producer.bucket(), [Fault("chunk", None, error=SystemExit())])

    outcome = only(scene.ingest(bucket, worker="function").outcomes)

    assert outcome.outcome == "quarantined"
    assert "three attempts" in str(outcome.reason)
    assert scene.names("quarantine") == [FIRST]
    assert scene.names("changes") == []
    assert scene.owner() is None


def test_two_deaths_are_not_enough(scene: Scene, die: Callable[..., None]) -> None:
    """The third attempt may well succeed."""
    scene.put(FIRST, a_ticket_file("a"))
    die(2)

    assert outcomes_of(scene.ingest(worker="function")) == [(FIRST, "applied")]


def test_command_line_is_never_refused(scene: Scene, die: Callable[..., None]) -> None:
    """A person's machine has the memory and the time that the function lacked."""
    scene.put(FIRST, a_ticket_file("a"))
    die(5)

    assert outcomes_of(scene.ingest(worker="command line")) == [(FIRST, "applied")]


def test_deaths_of_the_command_line_never_count(scene: Scene, die: Callable[..., None]) -> None:
    """A person who presses Ctrl-C five times quarantines nothing."""
    scene.put(FIRST, a_ticket_file("a"))
    die(2)
    die(5, worker="command line")

    assert outcomes_of(scene.ingest(worker="function")) == [(FIRST, "applied")]


def test_command_line_attempts_in_between_do_not_break_the_row(
    scene: Scene, die: Callable[..., None]
) -> None:
    """They never count, in neither direction."""
    scene.put(FIRST, a_ticket_file("deadly"))
    die(2)
    die(1, worker="command line")
    die(1)

    assert scene.ingest(worker="function").count("quarantined") == 1


def test_deaths_on_another_content_of_the_stamp_do_not_count(
    scene: Scene, die: Callable[..., None]
) -> None:
    """The producer mended the file: its new content has a clean record."""
    scene.put(FIRST, a_ticket_file("mended"))
    die(3, etag="of the deadly content")

    assert outcomes_of(scene.ingest(worker="function")) == [(FIRST, "applied")]


def test_session_that_still_lives_has_not_died(scene: Scene, die: Callable[..., None]) -> None:
    """Another function works on the file right now."""
    scene.put(FIRST, a_ticket_file("a"))
    die(2)
    with connect(scene.database_url, application_name="at work") as session:
        _begin(scene, session, "function")

        assert outcomes_of(scene.ingest(worker="function")) == [(FIRST, "applied")]


def test_attempt_that_ended_breaks_the_row(scene: Scene, die: Callable[..., None]) -> None:
    """Two deaths, an attempt put off by trouble of the bucket, two deaths: not three in a row."""
    scene.put(FIRST, a_ticket_file("a"))
    die(2)
    trouble = Fault("open_object", None, error=BucketUnavailableError("503"))
    with pytest.raises(BucketUnavailableError):
        scene.ingest(FaultyBucket(scene.producer.bucket(), [trouble]), worker="function")
    die(2)

    assert outcomes_of(scene.ingest(worker="function")) == [(FIRST, "applied")]


def test_attempts_of_a_server_that_was_restarted_do_not_count(
    scene: Scene, die: Callable[..., None]
) -> None:
    """The restart ended those sessions, not the content."""
    scene.put(FIRST, a_ticket_file("a"))
    die(3)
    scene.connection.execute(
        "update tickets.import_attempts set postmaster_started_at = %s",
        [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)],
    )

    assert outcomes_of(scene.ingest(worker="function")) == [(FIRST, "applied")]


def test_attempts_that_an_outage_ended_do_not_count(scene: Scene, die: Callable[..., None]) -> None:
    """After the database refused connections, the sessions that are gone are forgiven."""
    scene.put(FIRST, a_ticket_file("a"))
    die(3)

    forgive_outage(scene.connection)

    assert outcomes_of(scene.ingest(worker="function")) == [(FIRST, "applied")]


def test_outage_forgives_no_session_that_is_alive(scene: Scene) -> None:
    """What is at work now may still die of its content."""
    scene.put(FIRST, a_ticket_file("a"))
    with connect(scene.database_url, application_name="at work") as session:
        _begin(scene, session, "function")

        forgive_outage(scene.connection)

        assert _open_attempts(scene) == 1


def test_pid_that_another_session_got_later_is_no_sign_of_life(
    scene: Scene, die: Callable[..., None]
) -> None:
    """The server gave the dead sessions' process id to this test's own connection."""
    scene.put(FIRST, a_ticket_file("deadly"))
    die(3)
    scene.connection.execute("update tickets.import_attempts set backend_pid = pg_backend_pid()")

    assert scene.ingest(worker="function").count("quarantined") == 1


def test_attempt_is_committed_before_the_content_is_read(scene: Scene) -> None:
    """Otherwise a death would leave no trace."""
    scene.put(FIRST, a_ticket_file("a"))
    seen: list[int] = []
    with scene.another_session() as other:
        look = Fault(
            "open_object",
            before=lambda: seen.append(
                len(other.execute("select from tickets.import_attempts").fetchall())
            ),
        )

        scene.ingest(FaultyBucket(scene.producer.bucket(), [look]))

    assert seen == [1]


def test_attempt_of_a_settled_file_ends_with_its_outcome(scene: Scene) -> None:
    """In the same transaction as the ledger row."""
    scene.put(FIRST, a_ticket_file("a"))

    scene.ingest(worker="function")

    attempts = scene.rows("select worker, outcome, ended_at from tickets.import_attempts")
    assert [(row["worker"], row["outcome"]) for row in attempts] == [("function", "applied")]
    assert attempts[0]["ended_at"] is not None


def test_worker_that_dies_leaves_its_attempt_open(scene: Scene) -> None:
    """Killed in the middle of its transaction: begun, no end."""
    scene.put(FIRST, a_ticket_file("a"))

    scene.killed("before chunk")

    assert _open_attempts(scene) == 1


def test_attempt_that_found_nothing_to_settle_is_ended(scene: Scene) -> None:
    """The content was settled by somebody else between listing and lock: no death."""
    scene.put(FIRST, a_ticket_file("a"))
    with scene.another_session() as other:
        context = scene.context()

        def settle_first() -> float:
            ingest_pending(replace(context, connection=other))
            return 100.0

        summary = scene.ingest(worker="function", time_left=settle_first)

    assert summary.outcomes == ()
    assert _open_attempts(scene) == 0


def test_quarantined_deadly_content_applies_by_replay(
    scene: Scene, die: Callable[..., None]
) -> None:
    """A person runs it where there is more memory; the ledger keeps both facts."""
    scene.put(FIRST, a_ticket_file("a"))
    die(3)
    scene.ingest(worker="function")
    context = scene.context()

    outcome = replay_file(context, find_file(context, FIRST))

    assert outcome.outcome == "applied"
    assert scene.settled() == [(FIRST, 1, "quarantined"), (FIRST, 2, "applied")]
    assert scene.owner() == "a"


def _open_attempts(scene: Scene) -> int:
    return len(scene.rows("select from tickets.import_attempts where ended_at is null"))


def test_connection_that_broke_under_the_work_is_no_death(scene: Scene) -> None:
    """The server ends the function's session five times: the next run applies the file."""
    scene.put(FIRST, a_ticket_file("a"))
    keeper = ConnectionKeeper(
        lambda: connect(scene.database_url, application_name="function"), forgive_outage
    )
    end_session = Fault(
        "chunk",
        None,
        before=lambda: scene.connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where application_name = 'function' and datname = current_database()"
        ),
    )
    broken = FaultyBucket(scene.producer.bucket(), [end_session])

    for _ in range(5):
        with pytest.raises(DatabaseUnavailableError):
            scene.ingest(broken, worker="function", connection=keeper.get())
        keeper.discard()
    summary = scene.ingest(worker="function", connection=keeper.get())
    keeper.discard()

    assert outcomes_of(summary) == [(FIRST, "applied")]


# Each makes writing a ticket fail in its own way; the second statement mends it.
REFUSALS: dict[str, tuple[LiteralString, LiteralString]] = {
    "XX000": (
        """
        create function tickets.fail() returns trigger language plpgsql as
        $$ begin raise sqlstate 'XX000' using message = 'could not extend file'; end $$;
        create trigger fail before insert on tickets.inc execute function tickets.fail()
        """,
        "drop function tickets.fail() cascade",
    ),
    "42P01": (
        "alter table tickets.inc_versions rename to away",
        "alter table tickets.away rename to inc_versions",
    ),
}


@pytest.mark.parametrize(
    ("sqlstate", "error"),
    [("XX000", DatabaseUnavailableError), ("42P01", psycopg.ProgrammingError)],
)
def test_work_that_the_database_refuses_is_no_death(
    scene: Scene, sqlstate: str, error: type[Exception]
) -> None:
    """Whatever is wrong with the database itself five times: a good file is not quarantined."""
    breaks, mends = REFUSALS[sqlstate]
    scene.put(FIRST, a_ticket_file("a"))
    with connect(scene.database_url, application_name="mechanic") as mechanic:
        mechanic.execute(breaks)
        for _ in range(5):
            with (
                connect(scene.database_url, application_name="function") as session,
                pytest.raises(error),
            ):
                scene.ingest(worker="function", connection=session)
        mechanic.execute(mends)

    assert outcomes_of(scene.ingest(worker="function")) == [(FIRST, "applied")]
