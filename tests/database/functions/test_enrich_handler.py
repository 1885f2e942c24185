"""The enrich function whole: a bucket, its queue and a real database."""

import json
from collections.abc import Generator
from dataclasses import dataclass
from types import ModuleType

import psycopg
import pytest

from fleettickets.errors import StepsFailedError
from tests.support.feeds import a_change_file, a_row
from tests.support.functions import FakeContext, FakeQueue, load_handler
from tests.support.s3 import PREFIX, S3Store, running_s3_store

KEY = f"{PREFIX}/changes/2026-06-15T17-00-00.csv"


@dataclass(frozen=True, slots=True)
class Stack:
    """A bucket, its queue and the two functions around them and the database."""

    store: S3Store
    bucket_name: str
    queue: FakeQueue
    enrich: ModuleType
    ingest: ModuleType

    def put(self) -> None:
        """Put a change file of one closed ticket; its notification is lost."""
        closed = a_row(ticket_id="INC1", closed_at="2026-06-15 16:00:00", is_actionable="false")
        self.store.open_bucket(self.bucket_name).put_object(KEY, [a_change_file([closed])])


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Generator[Stack]:
    """Run everything that the functions touch, with the settings that a stack would give them."""
    with running_s3_store() as store:
        name, queue = store.new_bucket(), FakeQueue()
        monkeypatch.setenv("DATABASE_URL", database_url)
        monkeypatch.setenv("DOORBELL_QUEUE_URL", queue.url)
        monkeypatch.setenv("TICKETS_BUCKET", name)
        monkeypatch.setenv("RUSTFS_ENDPOINT_URL", store.endpoint_url)
        monkeypatch.setenv("RUSTFS_ACCESS_KEY", "testing")
        monkeypatch.setenv("RUSTFS_SECRET_KEY", "testing")
        enrich, ingest = load_handler("enrich"), load_handler("ingest")
        yield Stack(store, name, queue, enrich, ingest)
        for module in (enrich, ingest):
            module._runtime().connections.discard()  # noqa: SLF001


def test_sweep_and_doorbell_bring_a_lost_file_in(
    stack: Stack, connection: psycopg.Connection
) -> None:
    """P4: the scheduled sweep rings, and the ingest function answers that doorbell as any other."""
    stack.put()

    stack.enrich.handle({"steps": ["sweep"], "scheduled_at": "2026-06-15T14:20:00Z"}, FakeContext())
    stack.ingest.handle(stack.queue.receive(), FakeContext())

    assert connection.execute("select ticket_id from tickets.inc").fetchall() == [("INC1",)]


def test_history_of_the_scheduled_day(stack: Stack, connection: psycopg.Connection) -> None:
    """The snapshot is of the EAT day that the run was due on."""
    event = {"steps": ["history"], "scheduled_at": "2026-06-15T21:10:00Z"}

    stack.enrich.handle(event, FakeContext())

    days = connection.execute("select snapshot_date::text from tickets.inc_daily_snapshot")
    assert days.fetchall() == [("2026-06-16",)]


def test_session_says_who_it_is(stack: Stack, connection: psycopg.Connection) -> None:
    """An operator sees function and version in pg_stat_activity, and limits on every wait."""
    stack.enrich.handle({"steps": ["history"]}, FakeContext())

    session = stack.enrich._runtime().connections.get()  # noqa: SLF001
    names = ("application_name", "lock_timeout", "statement_timeout")
    shown = [session.execute(f"show {name}").fetchone()[0] for name in names]
    assert shown == ["fleettickets enrich/1.0.0", "5min", "15min"]


def test_history_is_captured_though_the_sweep_fails(
    stack: Stack,
    connection: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each step fails alone, and the run fails at its end."""
    monkeypatch.setenv("DOORBELL_QUEUE_URL", stack.queue.url.replace(stack.queue.name, "none.fifo"))

    with pytest.raises(StepsFailedError, match="sweep"):
        stack.enrich.handle({"steps": ["sweep", "history"]}, FakeContext())

    assert json.loads(capsys.readouterr().out)["StepsFailed"] == [1]
    row = connection.execute("select count(*) from tickets.inc_daily_snapshot").fetchone()
    assert row == (1,)
