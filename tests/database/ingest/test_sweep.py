"""The sweep: what it rings for, what it leaves alone, what it reports."""

import datetime as dt
import json
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from fleettickets.clients.queues import DoorbellQueue
from fleettickets.clients.s3 import S3Bucket
from fleettickets.errors import RetryableError
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.reseed import reseed_at_once
from fleettickets.jobs.sweep import SweepSummary, sweep
from fleettickets.store import reseeds, streams
from fleettickets.store.connections import Connection
from fleettickets.store.manifests import ManifestFile
from tests.support.feeds import a_doorbell
from tests.support.functions import FakeQueue
from tests.support.ingests import a_context
from tests.support.roles import acting_as
from tests.support.s3 import PREFIX, S3Store, running_s3_store
from tests.support.scenes import BROKEN, FIRST, SECOND, THIRD, a_ticket_file

TWO_MINUTES = dt.timedelta(minutes=2)
SOON, LATER = dt.timedelta(seconds=30), dt.timedelta(minutes=3)


@dataclass
class Feed:
    """A stream in a bucket, with its queue and its database."""

    store: S3Store
    connection: Connection
    name: str = ""
    queue: FakeQueue = field(default_factory=FakeQueue)

    @property
    def bucket(self) -> S3Bucket:
        """The bucket as a producer or an operator sees it."""
        return self.store.open_bucket(self.name)

    def put(self, stamp: str, content: bytes | None = None, folder: str = "changes") -> str:
        """Put a change file, without a doorbell; return its key."""
        key = f"{PREFIX}/{folder}/{stamp}.csv"
        self.bucket.put_object(key, [content or a_ticket_file(stamp)])
        return key

    def context(self, after: dt.timedelta = SOON, **overrides: object) -> IngestContext:
        """Return the context of a run that begins `after` the files were put."""
        options: dict[str, object] = {
            "worker": "function",
            "now": lambda: dt.datetime.now(dt.UTC) + after,
        }
        return a_context(self.connection, self.bucket, **(options | overrides))

    def sweep(self, after: dt.timedelta = SOON, **overrides: object) -> SweepSummary:
        """Sweep, `after` the files were put."""
        return sweep(
            self.context(after, **overrides),
            DoorbellQueue(self.queue.url),
            bucket_name=self.name,
            lost_after=TWO_MINUTES,
        )

    def messages(self) -> list[dict[str, Any]]:
        """Return the bodies that wait in the queue, in order, and leave it empty."""
        bodies: list[dict[str, Any]] = []
        while body := self._take():
            bodies.append(json.loads(body))
        return bodies

    def _take(self) -> str:
        event = self.queue.receive()
        body = str(event["Records"][0]["body"])
        if body:
            self.queue.acknowledge(event)
        return body

    def names(self, folder: str) -> list[str]:
        """Return the stamps in a folder of the bucket."""
        listed = self.bucket.list_objects(f"{PREFIX}/{folder}/")
        return [summary.key.rpartition("/")[2].removesuffix(".csv") for summary in listed]

    def freshness(self) -> dict[str, Any]:
        """Return what every payload carries about the stream."""
        row = self.connection.execute("select tickets.freshness()").fetchone()
        assert row is not None
        return row[0]  # type: ignore[return-value]


@pytest.fixture(params=[False, True], ids=["unversioned", "versioned"])
def feed(request: pytest.FixtureRequest, connection: Connection) -> Generator[Feed]:
    """Return an empty stream."""
    with running_s3_store() as store:
        yield Feed(store, connection, store.new_bucket(versioned=bool(request.param)))


def test_nothing_pending_rings_nobody(feed: Feed) -> None:
    """An empty bucket is a quiet one."""
    summary = feed.sweep()

    assert summary == SweepSummary("nothing pending")
    assert feed.messages() == []


def test_one_ring_for_the_last_pending_key(feed: Feed) -> None:
    """One doorbell of our rule's form, which applies all that comes before its key."""
    for stamp in (SECOND, FIRST, THIRD):
        feed.put(stamp)

    summary = feed.sweep()

    last = f"{PREFIX}/changes/{THIRD}.csv"
    found = feed.bucket.find_object(last)
    assert found is not None
    assert (summary.outcome, summary.rung_key, summary.pending) == ("rang", last, 3)
    assert feed.messages() == [
        {"schema": 1, "bucket": feed.name, "key": last, "etag": found.etag, "sequencer": None}
    ]


def test_ring_brings_the_lost_files_in(feed: Feed) -> None:
    """P4: files whose notifications were lost are applied by the doorbell that follows a sweep."""
    for stamp in (FIRST, SECOND):
        feed.put(stamp)
    feed.sweep()
    (body,) = feed.messages()

    ingest_pending(feed.context(), through=body["key"], etag=body["etag"])

    assert feed.sweep().outcome == "nothing pending"
    assert feed.names("processed") == [FIRST, SECOND]


def test_repeated_rings_are_not_dropped(feed: Feed) -> None:
    """Each ring has its own deduplication id: the one before may have been acknowledged in vain."""
    feed.put(FIRST)
    feed.sweep()
    first = feed.messages()

    feed.sweep()

    assert feed.messages() == first


@pytest.mark.parametrize("in_flight", [False, True])
def test_queue_that_holds_a_message_is_left_alone(feed: Feed, in_flight: bool) -> None:
    """Somebody has rung, or works on it: nothing is rung, and nothing counts as lost."""
    key = feed.put(FIRST)
    feed.queue.send(a_doorbell(key))
    if in_flight:
        feed.queue.receive()

    summary = feed.sweep(LATER)

    assert (summary.outcome, summary.rung_key, summary.lost) == ("queue not empty", None, ())
    assert summary.pending == 1
    assert len(feed.messages()) == (0 if in_flight else 1)


def test_old_file_with_an_empty_queue_was_lost(feed: Feed) -> None:
    """After two minutes its notification should have come; the keys are named."""
    key = feed.put(FIRST)

    young = feed.sweep(SOON)
    feed.messages()
    old = feed.sweep(LATER)

    assert young.lost == ()
    assert old.lost == (key,)


def test_lag_is_that_of_the_oldest_file(feed: Feed) -> None:
    """In seconds since it was put; without a pending file there is none."""
    feed.put(FIRST)

    assert feed.sweep(LATER).lag_seconds == pytest.approx(LATER.total_seconds(), abs=20)

    ingest_pending(feed.context())
    assert feed.sweep(LATER).lag_seconds == 0


def test_sweep_reports_for_freshness(feed: Feed) -> None:
    """Readers learn what is pending and what is held, though nothing was ingested."""
    feed.put(FIRST)
    feed.put("2062-01-01T00-00-00")
    feed.put("notes/readme")

    summary = feed.sweep()

    facts = feed.freshness()
    assert (facts["pending"], facts["held"]) == (1, 1)
    assert facts["pending_as_of"] is not None
    assert (len(summary.held), len(summary.foreign)) == (1, 1)


def test_held_file_alone_rings_nobody(feed: Feed) -> None:
    """It would not be applied."""
    feed.put("2062-01-01T00-00-00")

    summary = feed.sweep(LATER)

    assert (summary.outcome, summary.lost, len(summary.held)) == ("nothing pending", (), 1)
    assert feed.messages() == []


def test_archive_step_that_was_left_is_finished(feed: Feed) -> None:
    """P4: a settled file that still lies in `changes/` is moved, and not rung for."""
    feed.put(FIRST)
    feed.put(SECOND, BROKEN)
    ingest_pending(feed.context(archive=False))
    left = feed.names("changes")

    summary = feed.sweep()

    assert left == [FIRST, SECOND]
    assert (summary.outcome, summary.archived) == ("nothing pending", 2)
    assert feed.names("changes") == []
    assert (feed.names("processed"), feed.names("quarantine")) == ([FIRST], [SECOND])


def test_archive_steps_stop_in_time(feed: Feed) -> None:
    """What does not fit into this run is left to the next one; the ring is not."""
    feed.put(FIRST)
    ingest_pending(feed.context(archive=False))
    feed.put(SECOND)

    summary = feed.sweep(time_left=lambda: 9.0)

    assert (summary.outcome, summary.archived) == ("rang", 0)
    assert feed.names("changes") == [FIRST, SECOND]


def test_source_of_another_generation(feed: Feed) -> None:
    """A bucket that was changed without a reseed is said so, and not rung for."""
    feed.put(FIRST)
    feed.sweep()
    ingest_pending(feed.context())
    feed.messages()
    feed.name = feed.store.new_bucket()
    feed.put(SECOND)

    summary = feed.sweep(LATER)

    assert summary.outcome == "reseed needed"
    assert "reseed needed" in str(summary.reason)
    assert feed.messages() == []
    assert feed.freshness()["mode"] == "reseed needed"


def _open_reseed(feed: Feed) -> None:
    """Open a reseed, of which nothing is applied yet, and let it hold its lease."""
    context = feed.context()
    with context.connection.transaction():
        streams.lock_dataset(context.connection)
        state = streams.read_state(context.connection)
        summary = feed.bucket.find_object(f"{PREFIX}/processed/{FIRST}.csv")
        assert summary is not None
        file = ManifestFile(1, FIRST, summary.key, summary.etag, summary.size_bytes)
        reseeds.open_generation(
            context.connection,
            state,
            source=feed.bucket.source,
            owner="somebody@host",
            plan_sha256="0" * 64,
            manifest=[file],
        )


def _end_lease(feed: Feed) -> None:
    feed.connection.execute(
        "update tickets.import_streams set lease_expires_at = now() - interval '1 second'"
        " where mode = 'reseed'"
    )


def test_reseed_under_way_is_left_alone(feed: Feed) -> None:
    """While its lease lives, nothing is listed or rung for."""
    feed.put(FIRST)
    ingest_pending(feed.context())
    _open_reseed(feed)
    feed.put(SECOND)

    summary = feed.sweep(LATER)

    assert summary == SweepSummary("reseed under way")
    assert feed.messages() == []


def test_manifest_of_a_dead_reseed_is_rung_for(feed: Feed) -> None:
    """Its last file may be all that is left; the key is where the manifest says it lies."""
    feed.put(FIRST)
    ingest_pending(feed.context())
    _open_reseed(feed)
    _end_lease(feed)

    summary = feed.sweep(LATER)

    assert summary.rung_key == f"{PREFIX}/processed/{FIRST}.csv"
    assert summary.lost == ()
    (body,) = feed.messages()
    ingest_pending(feed.context(), through=body["key"], etag=body["etag"])
    assert feed.freshness()["mode"] == "live"


def test_changes_come_after_a_manifest(feed: Feed) -> None:
    """The pending order ends with `changes/`, so its last file is the one that is rung for.

    Its notification was not lost: while the reseed lived it was acknowledged without work.
    """
    feed.put(SECOND)
    ingest_pending(feed.context())
    feed.put(FIRST, folder="processed")
    _open_reseed(feed)
    _end_lease(feed)
    last = feed.put(THIRD)

    summary = feed.sweep(LATER)

    assert (summary.rung_key, summary.pending, summary.lost) == (last, 2, ())


def test_what_waited_for_a_reseed_was_not_lost(feed: Feed) -> None:
    """Its doorbells were acknowledged without work: it has waited only since the reseed ended."""
    feed.put(FIRST)
    ingest_pending(feed.context())
    reseed_at_once(feed.context(), owner="somebody@host")
    feed.connection.execute(
        "update tickets.import_streams set closed_at = now() + interval '3 minutes'"
        " where generation = 1"
    )
    feed.put(SECOND)

    right_after = feed.sweep(LATER + SOON)
    feed.messages()
    much_later = feed.sweep(2 * LATER)

    assert right_after.outcome == "rang"
    assert right_after.lost == ()
    assert len(much_later.lost) == 1


def test_queue_that_does_not_answer(feed: Feed) -> None:
    """The sweep fails as something that passes."""
    feed.put(FIRST)
    feed.queue.url = feed.queue.url.replace(feed.queue.name, "none.fifo")

    with pytest.raises(RetryableError, match=r"none\.fifo"):
        feed.sweep()


def test_rights_of_the_function_are_enough(feed: Feed) -> None:
    """The role that ingests sweeps too: all that a sweep writes is the stream's bookkeeping."""
    feed.put(FIRST)
    ingest_pending(feed.context(archive=False))
    feed.put(SECOND)

    with acting_as(feed.connection, "fleettickets_ingest"):
        summary = feed.sweep()

    assert (summary.outcome, summary.archived) == ("rang", 1)
