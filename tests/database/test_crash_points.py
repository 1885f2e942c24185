"""Scenario 15, a crash at every step: whoever dies anywhere, the next run ends like a clean one.

The steps are not listed here. Each piece of work is run once to its end, and every statement,
COMMIT and call of the store is counted; then it is run anew for each of them, and dies there.
"""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from fleettickets.clients.buckets import Bucket
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.kept_listings import KeptListing
from fleettickets.jobs.reseed import reseed_at_once
from tests.support.applications import LONG
from tests.support.buckets import FaultyBucket, Killed, Steps
from tests.support.digests import CleanIngest, Content, content_hash
from tests.support.ingests import PREFIX, Producer, a_context, a_worker, etag_of
from tests.support.s3 import S3Store, running_s3_store
from tests.support.scenes import BROKEN
from tests.support.streams import a_stream

LEAST_STEPS = 50  # fewer would mean that they are not counted any more
SOME = 6  # so many deaths in a quick run, evenly spread; `make test-long` has all of them
GONE = "select not exists (select from pg_stat_activity where pid = %s)"

type Work = Callable[[IngestContext, Sequence[Content]], object]


class Place(Protocol):
    """Where a stream lies: a fresh one at each run."""

    def put(self, stamp: str, content: bytes) -> object:
        """Put a change file."""
        ...

    def bucket(self, steps: Steps) -> Bucket:
        """Open it so that each call of the store is a step."""
        ...


class DirectoryPlace:
    """A directory, whose steps are the calls of the bucket's interface."""

    def __init__(self, root: Path) -> None:
        """Start empty."""
        self._producer = Producer(root)

    def put(self, stamp: str, content: bytes) -> None:
        """See `Place`."""
        self._producer.put(stamp, content)

    def bucket(self, steps: Steps) -> Bucket:
        """See `Place`."""
        return FaultyBucket(self._producer.bucket(), steps=steps)


class S3Place:
    """A bucket in S3, whose steps are the requests to the store: before each, and after each."""

    def __init__(self, store: S3Store) -> None:
        """Start empty."""
        self._store = store
        self._name = store.new_bucket()

    def put(self, stamp: str, content: bytes) -> None:
        """See `Place`."""
        self._store.open_bucket(self._name).put_object(PREFIX.change_key(stamp), [content])

    def bucket(self, steps: Steps) -> Bucket:
        """See `Place`."""
        bucket = self._store.open_bucket(self._name)
        events = bucket.client.meta.events
        events.register("before-call.s3", lambda model, **_: steps.step(f"before {model.name}"))
        events.register("after-call.s3", lambda model, **_: steps.step(f"after {model.name}"))
        return bucket


@pytest.fixture(params=["directory", "S3"])
def new_place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Place]]:
    """A function that makes a place for a stream."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # a power cut is not among these crashes
    if request.param == "directory":
        numbers = count()
        yield lambda: DirectoryPlace(tmp_path / str(next(numbers)))
        return
    with running_s3_store() as store:
        yield lambda: S3Place(store)


@contextmanager
def mortal(database_url: str, bucket: Bucket, steps: Steps) -> Generator[IngestContext]:
    """Yield the context of a worker whose death is no error of the test, but the end of it."""
    worker = replace(a_worker(database_url, bucket, steps), bucket=bucket)
    pid = worker.connection.info.backend_pid
    try:
        yield worker
    except Killed:
        pass
    finally:
        worker.connection.close()
    with psycopg.connect(database_url, autocommit=True) as witness:
        while witness.execute(GONE, [pid]).fetchone() != (True,):
            witness.execute("select pg_sleep(0.001)")


def ingest(context: IngestContext, _: Sequence[Content]) -> None:
    """Apply what is pending."""
    ingest_pending(context)


def answer(context: IngestContext, files: Sequence[Content]) -> None:
    """Answer a doorbell for each file, as a function does that stays warm."""
    kept = KeptListing()
    for stamp, content in files:
        key = PREFIX.change_key(stamp)
        ingest_pending(context, through=key, etag=etag_of(content), kept=kept)


def reseed(context: IngestContext, _: Sequence[Content]) -> None:
    """Plan a reseed and apply it, or go on with one that is open."""
    reseed_at_once(context, owner="somebody")


@pytest.mark.parametrize(
    ("work", "is_settled_before"), [(ingest, False), (answer, False), (reseed, True)]
)
def test_15_crash_at_every_step(
    module_database_url: str,
    module_connection: psycopg.Connection,
    clean: CleanIngest,
    new_place: Callable[[], Place],
    work: Work,
    record_property: Callable[[str, object], None],
    *,
    is_settled_before: bool,
) -> None:
    """No partial file, no closure twice, nothing in two places or none, nothing left to do."""
    first, second, bad = ((file.stamp, file.content) for file in a_stream(3))
    files: list[Content] = [first, second, (bad[0], BROKEN)]
    expected = clean.hash_of(files)

    def run(steps: Steps) -> None:
        """Do the work; whoever comes next finishes it."""
        clean.truncate_all(module_connection)
        place = new_place()
        for stamp, content in files[:-1] if is_settled_before else files:
            place.put(stamp, content)
        if is_settled_before:
            ingest_pending(a_context(module_connection, place.bucket(Steps())))
            place.put(*files[-1])
        with mortal(module_database_url, place.bucket(steps), steps) as worker:
            work(worker, files)
        bucket = place.bucket(Steps())
        work(a_context(module_connection, bucket), files)
        ingest_pending(a_context(module_connection, bucket))
        died_at = steps.taken[-1]
        assert content_hash(module_connection) == expected, died_at
        assert list(bucket.list_objects(PREFIX.changes)) == [], died_at
        assert sorted(archived(bucket)) == [f"{stamp}.csv" for stamp, _ in files], died_at

    uninterrupted = Steps()
    run(uninterrupted)
    steps = len(uninterrupted.taken)
    deaths = range(1, steps + 1, 1 if LONG else steps // SOME)
    for kill_at in deaths:
        run(Steps(kill_at))

    record_property(f"{work.__name__}, deaths", f"{len(deaths)} at {steps} steps")
    assert steps >= LEAST_STEPS


def archived(bucket: Bucket) -> Iterator[str]:
    """Yield the names of the files in both archive folders."""
    for folder in (PREFIX.processed, PREFIX.quarantine):
        yield from (found.key.rpartition("/")[2] for found in bucket.list_objects(folder))
