"""The ingest function whole: a bucket, its queue and a real database."""

from collections.abc import Generator
from dataclasses import dataclass, field
from types import ModuleType

import psycopg
import pytest

from fleettickets.clients.s3 import S3Bucket
from tests.support.feeds import a_change_file, a_doorbell, a_row
from tests.support.functions import FakeContext, FakeQueue, load_handler
from tests.support.s3 import PREFIX, S3Store, running_s3_store

STAMPS = ("2026-06-15T17-00-00", "2026-06-15T18-00-00", "2026-06-15T19-00-00")


@dataclass
class Stack:
    """A bucket, its queue and the function between them and the database."""

    store: S3Store
    bucket_name: str
    queue: FakeQueue
    handler: ModuleType
    etags: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def bucket(self) -> S3Bucket:
        """The bucket as a producer or an operator sees it."""
        return self.store.open_bucket(self.bucket_name)

    def put(self, stamp: str, **cells: str) -> None:
        """Put a change file of one row, as the producer does."""
        content = a_change_file([a_row(**cells)])
        self.etags[stamp] = self.bucket.put_object(_key(stamp), [content]).etag

    def ring(self, stamp: str) -> None:
        """Send the doorbell of a change file, as our rule does."""
        body = a_doorbell(_key(stamp), bucket=self.bucket_name, etag=self.etags[stamp])
        self.queue.send(body, dedup=f"{stamp} {self.etags[stamp]}")

    def answer(self) -> None:
        """Hand the next message to the function, and delete it if the function returns."""
        event = self.queue.receive()
        self.handler.handle(event, FakeContext())
        self.queue.acknowledge(event)

    def names(self, folder: str) -> list[str]:
        """Return the stamps of the files in a folder of the bucket."""
        listed = self.bucket.list_objects(f"{PREFIX}/{folder}/")
        return [summary.key.rpartition("/")[2].removesuffix(".csv") for summary in listed]


def _key(stamp: str) -> str:
    return f"{PREFIX}/changes/{stamp}.csv"


@pytest.fixture(params=[False, True], ids=["unversioned", "versioned"])
def stack(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> Generator[Stack]:
    """Run everything that the function touches, with the settings that a stack would give it."""
    with running_s3_store() as store:
        name = store.new_bucket(versioned=bool(request.param))
        monkeypatch.setenv("DATABASE_URL", database_url)
        monkeypatch.setenv("TICKETS_BUCKET", name)
        monkeypatch.setenv("RUSTFS_ENDPOINT_URL", store.endpoint_url)
        monkeypatch.setenv("RUSTFS_ACCESS_KEY", "testing")
        monkeypatch.setenv("RUSTFS_SECRET_KEY", "testing")
        handler = load_handler("ingest")
        yield Stack(store, name, FakeQueue(), handler)
        handler._runtime().connections.discard()  # noqa: SLF001


def _statuses(connection: psycopg.Connection) -> dict[str, str]:
    rows = connection.execute("select ticket_id, raw ->> 'normalized_status' from tickets.inc")
    return dict(rows.fetchall())


def test_doorbell_brings_a_file_into_the_database(
    stack: Stack, connection: psycopg.Connection
) -> None:
    """The rows of the file that was rung for are there, and the file lies in `processed/`."""
    stack.put(STAMPS[0], ticket_id="INC1", normalized_status="open")
    stack.ring(STAMPS[0])

    stack.answer()

    assert _statuses(connection) == {"INC1": "open"}
    assert stack.names("changes") == []
    assert stack.names("processed") == [STAMPS[0]]


def test_doorbells_in_the_wrong_order(stack: Stack, connection: psycopg.Connection) -> None:
    """The last doorbell applies what came before it; the earlier ones find nothing left to do."""
    for stamp, status in zip(STAMPS, ("open", "in progress", "closed"), strict=True):
        stack.put(stamp, ticket_id="INC1", normalized_status=status)
    for stamp in reversed(STAMPS):
        stack.ring(stamp)

    stack.answer()
    after_the_first = _statuses(connection)
    stack.answer()
    stack.answer()

    assert after_the_first == _statuses(connection) == {"INC1": "closed"}
    assert stack.names("processed") == list(STAMPS)


def test_doorbell_stops_at_its_key(stack: Stack, connection: psycopg.Connection) -> None:
    """Files after the doorbell's key are left to their own doorbells."""
    for stamp in STAMPS:
        stack.put(stamp, ticket_id=f"INC {stamp}")
    stack.ring(STAMPS[1])

    stack.answer()

    assert stack.names("changes") == [STAMPS[2]]
    assert set(_statuses(connection)) == {f"INC {stamp}" for stamp in STAMPS[:2]}


def test_warm_function_lists_a_backlog_once(stack: Stack, connection: psycopg.Connection) -> None:
    """The first doorbell lists; those that follow it are served from that, out of order or not."""
    listings = list[str]()
    events = stack.handler._runtime().bucket.client.meta.events  # noqa: SLF001
    events.register("before-call.s3.ListObjectsV2", lambda model, **_: listings.append(model.name))
    for stamp in STAMPS:
        stack.put(stamp, ticket_id=f"INC {stamp}")
    for stamp in (STAMPS[0], STAMPS[2], STAMPS[1]):
        stack.ring(stamp)

    for _ in STAMPS:
        stack.answer()

    assert listings == ["ListObjectsV2"]
    assert set(_statuses(connection)) == {f"INC {stamp}" for stamp in STAMPS}
    assert stack.names("processed") == list(STAMPS)


def test_connection_that_the_server_ended(stack: Stack, connection: psycopg.Connection) -> None:
    """A warm function whose session was ended between two runs opens another one."""
    stack.put(STAMPS[0], ticket_id="INC1")
    stack.ring(STAMPS[0])
    stack.answer()
    stack.put(STAMPS[1], ticket_id="INC2")
    stack.ring(STAMPS[1])
    connection.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and application_name like 'fleettickets ingest%'"
    )

    stack.answer()

    assert set(_statuses(connection)) == {"INC1", "INC2"}


def test_bad_file_does_not_stop_the_stream(stack: Stack, connection: psycopg.Connection) -> None:
    """A file without a ticket_id column goes to `quarantine/`, and the next one is applied."""
    bad = stack.bucket.put_object(_key(STAMPS[0]), [b"status\nopen\n"])
    stack.etags[STAMPS[0]] = bad.etag
    stack.put(STAMPS[1], ticket_id="INC2")
    stack.ring(STAMPS[0])
    stack.ring(STAMPS[1])

    stack.answer()
    stack.answer()

    assert set(_statuses(connection)) == {"INC2"}
    assert stack.names("quarantine") == [STAMPS[0]]
    assert stack.names("processed") == [STAMPS[1]]
