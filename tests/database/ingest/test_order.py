"""P1 and P2: the oldest pending file is applied first, and once, whatever the doorbells say."""

from collections.abc import Iterator

from fleettickets.jobs.context import FileOutcome
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.status import read_report, read_status
from tests.support.buckets import Fault, FaultyBucket
from tests.support.ingests import PREFIX, a_context
from tests.support.scenes import (
    FIRST,
    FOURTH,
    SECOND,
    STAMPS,
    THIRD,
    Clock,
    Scene,
    a_ticket_file,
    keys_of,
    outcomes_of,
)


def test_doorbells_in_any_order_apply_files_in_stamp_order(scene: Scene) -> None:
    """A doorbell for the newest file applies the older ones before it; later ones wait."""
    for stamp in (THIRD, FOURTH, FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))

    summary = scene.ingest(through=PREFIX.change_key(THIRD))

    assert outcomes_of(summary) == [(FIRST, "applied"), (SECOND, "applied"), (THIRD, "applied")]
    assert summary.pending == 1
    assert not summary.out_of_time
    assert scene.owner() == THIRD
    assert scene.names("changes") == [FOURTH]


def test_doorbell_for_an_older_file_leaves_newer_ones(scene: Scene) -> None:
    """Work goes up to the doorbell's key and no further; the next doorbell does the rest."""
    scene.put(FIRST, a_ticket_file("a"))
    scene.put(SECOND, a_ticket_file("b"))

    first = scene.ingest(through=PREFIX.change_key(FIRST))
    second = scene.ingest(through=PREFIX.change_key(SECOND))

    assert (keys_of(first), keys_of(second)) == ([FIRST], [SECOND])


def test_repeated_doorbell_takes_no_effect(scene: Scene) -> None:
    """The second ring for a settled file finds nothing to do."""
    key = scene.put(FIRST, a_ticket_file("a"))
    scene.ingest(through=key)
    before = scene.ledger()

    summary = scene.ingest(through=key)

    assert summary.outcomes == ()
    assert scene.ledger() == before


def test_watermark_is_the_greatest_applied_key(scene: Scene) -> None:
    """It moves with each newer file."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
        scene.ingest()

        assert scene.watermark() == PREFIX.change_key(stamp)


def test_quarantined_file_does_not_move_the_watermark(scene: Scene) -> None:
    """The watermark reports what was applied; what was refused is none of that."""
    scene.put(FIRST, a_ticket_file("a"))
    scene.put(SECOND, b"no,such\ncolumn,here\n")

    scene.ingest()

    assert scene.watermark() == PREFIX.change_key(FIRST)


def test_file_counts_add_up_in_the_ledger(scene: Scene) -> None:
    """The ledger names the object, its hash and size, and rows read is the sum of the others."""
    content = a_ticket_file("a")
    key = scene.put(FIRST, content)

    scene.ingest()

    entry = scene.entry()
    assert entry["object_key"] == key
    assert entry["size_bytes"] == len(content)
    assert (entry["rows_read"], entry["rows_inserted"]) == (1, 1)
    assert entry["archive_key"] == PREFIX.processed_key(FIRST, 1)
    assert entry["archived_at"] is not None
    assert entry["late"] is False


def test_listing_is_renewed_when_another_session_settled_something(scene: Scene) -> None:
    """Seen under the lock: the older file that arrived meanwhile is applied before the newer."""
    scene.put(THIRD, a_ticket_file("c"))
    scene.put(FOURTH, a_ticket_file("d"))
    with scene.another_session() as other:

        def work_of_another() -> None:
            first = scene.put(FIRST, a_ticket_file("a"))
            scene.put(SECOND, a_ticket_file("b"))
            ingest_pending(a_context(other, scene.producer.bucket()), through=first)

        bucket = FaultyBucket(scene.producer.bucket(), [Fault("listed", 2, after=work_of_another)])
        summary = scene.ingest(bucket)

    assert keys_of(summary) == [SECOND, THIRD, FOURTH]


def test_listing_serves_the_files_that_follow(scene: Scene) -> None:
    """With nobody else at work, thirty seconds' worth of files needs one listing."""
    for stamp in STAMPS:
        scene.put(stamp, a_ticket_file(stamp))
    bucket = FaultyBucket(scene.producer.bucket())

    scene.ingest(bucket)

    assert sum(call.startswith("list_objects") for call in bucket.calls) == 1


def test_listing_is_renewed_when_it_is_thirty_seconds_old(scene: Scene) -> None:
    """An older file that arrived in that time goes before the newer ones of the old listing."""
    scene.put(SECOND, a_ticket_file("b"))
    scene.put(FOURTH, a_ticket_file("d"))

    def time_passes(outcome: FileOutcome) -> None:
        if outcome.stamp == SECOND:
            scene.clock.advance(31)
            scene.put(THIRD, a_ticket_file("c"))

    summary = scene.ingest(on_outcome=time_passes)

    assert keys_of(summary) == [SECOND, THIRD, FOURTH]


def test_listing_that_takes_long_still_lets_a_file_be_applied(scene: Scene) -> None:
    """A bucket that takes 40 s to list makes progress: a file for each listing at least."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
    listings = Fault("list_objects", None, after=lambda: scene.clock.advance(40))
    budget = _falling(100.0, 90.0, 80.0, 0.0)

    summary = scene.ingest(
        FaultyBucket(scene.producer.bucket(), [listings]), time_left=lambda: next(budget)
    )

    assert keys_of(summary) == [FIRST, SECOND]


def test_time_budget_ends_the_pass_between_two_files(scene: Scene) -> None:
    """What is left is reported, and the next pass goes on there."""
    for stamp in (FIRST, SECOND, THIRD):
        scene.put(stamp, a_ticket_file(stamp))
    budget = _falling(60.0, 9.0)

    summary = scene.ingest(time_left=lambda: next(budget))

    assert keys_of(summary) == [FIRST]
    assert summary.out_of_time
    assert summary.pending == 2
    assert keys_of(scene.ingest()) == [SECOND, THIRD]


def test_no_time_at_all_settles_nothing(scene: Scene) -> None:
    """The caller sees that no file was settled although some are pending."""
    scene.put(FIRST, a_ticket_file("a"))

    summary = scene.ingest(time_left=lambda: 1.0)

    assert summary.outcomes == ()
    assert summary.out_of_time
    assert scene.ledger() == []


def test_file_is_not_begun_when_its_forerunner_took_longer_than_is_left(scene: Scene) -> None:
    """A file of forty seconds is followed by another one only with a minute in hand."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
    slow_read = Fault("chunk", 1, after=lambda: scene.clock.advance(40))
    budget = _falling(100.0, 59.0)

    summary = scene.ingest(
        FaultyBucket(scene.producer.bucket(), [slow_read]), time_left=lambda: next(budget)
    )

    assert keys_of(summary) == [FIRST]
    assert summary.out_of_time


def test_pending_is_reported_for_freshness(scene: Scene) -> None:
    """Readers see how many files wait, and when that was counted."""
    scene.put(FIRST, a_ticket_file("a"))
    scene.put(SECOND, a_ticket_file("b"))

    scene.ingest(through=PREFIX.change_key(FIRST))

    facts = scene.freshness()
    assert facts["pending"] == 1
    assert facts["pending_as_of"] is not None
    assert facts["mode"] == "live"


def test_status_leaves_the_connection_as_it_was(scene: Scene) -> None:
    """A file that is ingested after it on the same connection still sees what others commit."""
    scene.put(FIRST, a_ticket_file("a"))

    read_status(scene.connection, last_files=1)
    read_report(scene.connection)

    assert scene.rows("show transaction_isolation") == [{"transaction_isolation": "read committed"}]
    assert keys_of(scene.ingest()) == [FIRST]


def _falling(*seconds: float) -> Iterator[float]:
    yield from seconds
    while True:
        yield seconds[-1]


def test_clock_stands_still() -> None:
    """The scenes' clock moves only when a test moves it."""
    clock = Clock()

    assert clock() == clock()
