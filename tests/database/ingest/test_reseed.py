"""Reseed: a new generation from the whole listing, oldest first, whatever the watermark says."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fleettickets.clients.s3 import S3Bucket
from fleettickets.errors import LeaseLostError, LockTimeoutError, ReseedRefusedError
from fleettickets.jobs.context import FileOutcome, IngestContext, IngestSummary
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.repair import find_file, replay, skip
from fleettickets.jobs.reseed import apply_reseed, preview_reseed, reseed_at_once
from fleettickets.jobs.reseed import plan_reseed as jobs_plan
from fleettickets.jobs.reseed_apply import apply_chunk, open_reseed
from fleettickets.store import reseeds, streams
from tests.support.buckets import Fault, FaultyBucket, Killed, Steps
from tests.support.ingests import PREFIX, Producer, a_worker
from tests.support.s3 import S3Store, running_s3_store
from tests.support.scenes import (
    BROKEN,
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    Scene,
    a_file,
    a_ticket_file,
    all_tables,
    archive_names,
    keys_of,
    only,
    outcomes_of,
    tree,
)

A, B = a_ticket_file("a"), a_ticket_file("b")

EXPIRE_LEASE = """
update tickets.import_streams set lease_expires_at = clock_timestamp() - interval '1 second'
where lease_owner is not null
"""


@pytest.fixture(scope="module")
def store() -> Iterator[S3Store]:
    """An S3 store."""
    with running_s3_store() as store:
        yield store


def _reseed(scene: Scene, bucket: object = None, **overrides: object) -> IngestSummary:
    return _at_once(scene.context(bucket, **overrides))  # type: ignore[arg-type]


def _apply(scene: Scene, bucket: object = None, **overrides: object) -> IngestSummary:
    """Plan in peace, and then apply with this bucket."""
    context = scene.context(bucket, **overrides)  # type: ignore[arg-type]
    plan_sha256 = jobs_plan(scene.context()).summary.plan_sha256
    return apply_reseed(context, plan_sha256, owner="amina@laptop", allow_missing=True).files


def _at_once(context: IngestContext, owner: str = "amina@laptop") -> IngestSummary:
    return reseed_at_once(context, owner=owner, allow_missing=True).files


def plan_reseed(context: IngestContext) -> IngestSummary:
    """Judge what a reseed in one go would do."""
    return preview_reseed(context)[0]


def _open(scene: Scene) -> int:
    """Open a reseed and leave it as a worker does that died at once; return its token."""
    planned = jobs_plan(scene.context()).summary
    return open_reseed(
        scene.context(), planned.plan_sha256, owner="amina@laptop", allow_missing=True
    ).token


def test_reseed_opens_the_next_generation_and_applies_the_archive(scene: Scene) -> None:
    """Every archived file is applied again, in order, and asserts its tickets anew."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
        scene.ingest()

    summary = _reseed(scene)

    assert outcomes_of(summary) == [(FIRST, "applied"), (SECOND, "applied")]
    assert scene.version() == (1, SECOND, 1)
    assert scene.owner() == SECOND
    assert (scene.stream()["generation"], scene.stream()["mode"]) == (1, "live")
    assert scene.names("processed") == [FIRST, SECOND]


def test_first_key_below_the_old_watermark_applies(scene: Scene, tmp_path: Scene) -> None:
    """The feed moved: the new place's stamps may lie below everything seen before."""
    scene.put(FOURTH, a_ticket_file("old stream"))
    scene.ingest()
    moved = replace(scene, producer=Producer(scene.root.parent / "moved"))
    moved.put(FIRST, a_ticket_file("new stream"))

    summary = _reseed(moved)

    assert only(summary.outcomes).late is False
    assert scene.owner() == "new stream"
    assert scene.version() == (1, FIRST, 1)
    assert scene.watermark() == PREFIX.change_key(FIRST)


def test_watermark_restarts(scene: Scene) -> None:
    """It reports the progress of the current generation only."""
    scene.put(FIRST, A)
    scene.ingest()

    _open(scene)

    assert scene.watermark() is None


def test_tickets_that_the_new_stream_lacks_stay(scene: Scene) -> None:
    """Rows are never deleted; their version says that the old stream asserted them."""
    scene.put(FIRST, a_ticket_file("old stream", "OLD1"))
    scene.ingest()
    moved = replace(scene, producer=Producer(scene.root.parent / "moved"))
    moved.put(FIRST, a_ticket_file("new stream"))

    _reseed(moved)

    assert scene.owner("OLD1") == "old stream"
    assert scene.version("OLD1") == (0, FIRST, 1)


def test_archive_and_new_files_are_applied_in_one_order(scene: Scene) -> None:
    """processed/ and changes/ together, by stamp; the new ones are archived on the way."""
    for stamp in (FIRST, THIRD):
        scene.put(stamp, a_ticket_file(stamp))
    scene.ingest()
    for stamp in (SECOND, FOURTH):
        scene.put(stamp, a_ticket_file(stamp))

    summary = _reseed(scene)

    assert keys_of(summary) == [FIRST, SECOND, THIRD, FOURTH]
    assert archive_names(scene) == {
        "changes": [],
        "processed": [FIRST, SECOND, THIRD, FOURTH],
        "quarantine": [],
    }


def test_contents_of_one_stamp_keep_their_order(scene: Scene) -> None:
    """A, B and A again in processed/, then C in changes/: four revisions, and C is what counts."""
    for content in (A, B, A):
        scene.put(FIRST, content)
        scene.ingest()
    for owner in "xy":
        scene.put(SECOND, a_ticket_file(owner, "INC2"))
        scene.ingest()
    before = (scene.raw("INC1"), scene.raw("INC2"))

    _reseed(scene)

    assert (scene.raw("INC1"), scene.raw("INC2")) == before
    hashes = [row["sha256"] for row in scene.ledger()]
    assert hashes[:5] == hashes[5:]
    scene.put(FIRST, a_ticket_file("c"))
    _reseed(scene)
    assert scene.owner() == "c"
    assert scene.version() == (2, FIRST, 4)


def test_archived_file_that_still_lies_in_changes_is_one_content(scene: Scene) -> None:
    """Killed between copy and delete: one revision in the new generation, and changes/ empties."""
    scene.put(FIRST, A)
    scene.killed("before delete_object")

    summary = _reseed(scene)

    assert outcomes_of(summary) == [(FIRST, "applied"), (FIRST, "already settled")]
    assert archive_names(scene) == {"changes": [], "processed": [FIRST], "quarantine": []}
    assert scene.stream()["mode"] == "live"


def test_bad_file_in_the_archive_is_quarantined_where_it_lies(scene: Scene) -> None:
    """What lies in processed/ is never archived again."""
    scene.put(FIRST, BROKEN, folder="processed")
    scene.put(SECOND, A)

    summary = _reseed(scene)

    assert outcomes_of(summary) == [(FIRST, "quarantined"), (SECOND, "applied")]
    assert scene.names("processed") == [FIRST, SECOND]
    assert scene.stream()["mode"] == "live"


def test_held_and_foreign_files_are_left_out(scene: Scene) -> None:
    """Of both folders; the plan names them."""
    scene.put("2062-06-15T17-00-00", A, folder="processed")
    scene.put(FIRST, A)
    (scene.root / "processed" / "notes.txt").write_bytes(b"")

    planned = plan_reseed(scene.context())
    summary = _reseed(scene)

    assert planned.held == (PREFIX.processed_key("2062-06-15T17-00-00", 1),)
    assert planned.foreign == (f"{PREFIX.processed}notes.txt",)
    assert keys_of(summary) == [FIRST]


def test_empty_listing_is_a_reseed_that_is_done(scene: Scene) -> None:
    """A new and empty bucket: the generation opens, and the stream is live at once."""
    summary = _reseed(scene)

    assert summary.outcomes == ()
    assert (scene.stream()["generation"], scene.stream()["mode"]) == (1, "live")
    scene.put(FIRST, A)
    assert outcomes_of(scene.ingest()) == [(FIRST, "applied")]
    assert scene.version() == (1, FIRST, 1)


def test_skipped_files_stay_skipped(scene: Scene) -> None:
    """A person's decision holds in the next generation, even if the file lies in changes/."""
    scene.put(FIRST, A)
    context = scene.context(archive=False)
    skip(scene.context(), find_file(context, FIRST), "a test export")
    scene.put(SECOND, a_ticket_file("b", "INC2"))
    _reseed(scene)  # the source of generation 0 is not known, of generation 1 it is
    skip(context, find_file(context, FIRST), "a test export")
    scene.put(FIRST, A)

    planned = plan_reseed(scene.context())
    summary = _reseed(scene)

    assert planned.outcomes == summary.outcomes
    assert scene.owner() is None
    assert scene.entry(FIRST, generation=2)["reason"] == "a test export"
    assert archive_names(scene) == {"changes": [], "processed": [SECOND], "quarantine": [FIRST]}


def test_skipped_content_stays_skipped_beside_an_applied_one(scene: Scene) -> None:
    """What a person gave up is not applied by a reseed either, when it is put once more."""
    scene.put(FIRST, A)
    _reseed(scene)  # the source of generation 0 is not known, of generation 1 it is
    skip(scene.context(), find_file(scene.context(), scene.put(FIRST, B)), "a test export")

    scene.put(FIRST, B)
    planned = plan_reseed(scene.context())
    applied = _reseed(scene)
    scene.put(FIRST, B)
    again = scene.ingest()

    assert outcomes_of(applied) == [(FIRST, "applied"), (FIRST, "already settled")]
    assert planned.outcomes == applied.outcomes
    assert outcomes_of(again) == [(FIRST, "already settled")]
    assert scene.names("changes") == []


def test_skips_of_another_source_are_not_carried_over(scene: Scene, store: S3Store) -> None:
    """The same name in another bucket is another file."""
    old, new = (store.open_bucket(store.new_bucket()) for _ in range(2))
    for bucket in (old, new):
        bucket.put_object(PREFIX.change_key(FIRST), [A])
    scene.ingest(old, through="")
    context = scene.context(old)
    skip(context, find_file(context, FIRST), "a test export")

    planned = plan_reseed(scene.context(new))
    summary = _reseed(scene, new)

    assert outcomes_of(summary) == [(FIRST, "applied")]
    assert planned.outcomes == summary.outcomes


def test_manifest_file_that_is_gone_is_skipped_and_the_rest_applied(scene: Scene) -> None:
    """Its reason is `gone`; the reseed ends all the same."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp, f"INC{stamp}"), folder="processed")
    vanish = Fault("open_object", 1, before=(scene.root / "processed" / f"{FIRST}.csv").unlink)

    summary = _apply(scene, FaultyBucket(scene.producer.bucket(), [vanish]))

    assert outcomes_of(summary) == [(FIRST, "skipped"), (SECOND, "applied")]
    assert scene.entry(FIRST, generation=1)["reason"] == "gone"
    assert scene.stream()["mode"] == "live"


def test_gone_file_has_no_archive_step(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """One warning, that it was skipped: nothing else is left undone."""
    scene.put(FIRST, A)
    vanish = Fault("open_object", 1, before=(scene.root / "changes" / f"{FIRST}.csv").unlink)

    with caplog.at_level(logging.WARNING, "fleettickets"):
        _apply(scene, FaultyBucket(scene.producer.bucket(), [vanish]))

    assert caplog.messages == ["file was settled"]


def _lose_first(scene: Scene) -> None:
    scene.put(FIRST, A, folder="processed")
    vanish = Fault("open_object", 1, before=(scene.root / "processed" / f"{FIRST}.csv").unlink)
    _apply(scene, FaultyBucket(scene.producer.bucket(), [vanish]))
    assert scene.owner() is None


def test_gone_file_that_comes_back_in_changes_is_applied(scene: Scene) -> None:
    """Nobody decided against it: it was just not there."""
    _lose_first(scene)
    scene.put(FIRST, A)

    summary = scene.ingest()

    assert outcomes_of(summary) == [(FIRST, "applied")]
    assert archive_names(scene) == {"changes": [], "processed": [FIRST], "quarantine": []}


def test_gone_file_that_comes_back_in_the_archive_is_applied_by_the_next_reseed(
    scene: Scene,
) -> None:
    """The natural remedy: restore the file and reseed once more."""
    _lose_first(scene)
    scene.put(FIRST, A, folder="processed")

    planned = plan_reseed(scene.context())
    summary = _reseed(scene)

    assert outcomes_of(summary) == [(FIRST, "applied")]
    assert planned.outcomes == summary.outcomes
    assert scene.owner() == "a"


def test_manifest_file_that_was_overwritten_is_applied_after_the_manifest(scene: Scene) -> None:
    """The listed content is gone; the new content of its key follows."""
    scene.put(FIRST, A)
    scene.put(SECOND, a_ticket_file("other", "INC2"))
    overwrite = Fault("open_object", 1, before=lambda: scene.put(FIRST, B))

    summary = _apply(scene, FaultyBucket(scene.producer.bucket(), [overwrite]))

    assert outcomes_of(summary) == [
        (FIRST, "skipped"),
        (SECOND, "applied"),
        (FIRST, "applied"),
    ]
    assert scene.owner() == "b"
    assert scene.names("changes") == []


def test_files_that_arrive_meanwhile_are_applied_after_the_manifest(scene: Scene) -> None:
    """Also one with an older stamp; it is late then, and P3 keeps the state right."""
    for stamp in (SECOND, THIRD):
        scene.put(stamp, a_ticket_file(stamp))

    def arrive(outcome: FileOutcome) -> None:
        if outcome.stamp == SECOND:
            for stamp in (FIRST, FOURTH):
                scene.put(stamp, a_ticket_file(stamp))

    summary = _apply(scene, on_outcome=arrive)

    assert keys_of(summary) == [SECOND, THIRD, FIRST, FOURTH]
    assert [outcome.late for outcome in summary.outcomes] == [False, False, True, False]
    assert scene.owner() == FOURTH
    assert scene.names("changes") == []


@pytest.mark.parametrize("kill_at", [15, 25, 35, 45, 55, 65])
def test_killed_reseed_is_resumed(scene: Scene, kill_at: int) -> None:
    """Calling again goes on from the ledger, in the same generation, with a higher token."""
    for stamp in (FIRST, SECOND, THIRD):
        scene.put(stamp, a_ticket_file(stamp, f"INC{stamp}"))
    plan_sha256 = jobs_plan(scene.context()).summary.plan_sha256
    worker = a_worker(scene.database_url, scene.producer.bucket(), Steps(kill_at))
    with pytest.raises(Killed):
        apply_reseed(worker, plan_sha256, owner="amina@laptop")
    worker.connection.close()

    _at_once(scene.context(), "otieno@desk")

    assert scene.settled() == [(stamp, 1, "applied") for stamp in (FIRST, SECOND, THIRD)]
    assert (scene.stream()["generation"], scene.stream()["mode"]) == (1, "live")
    assert archive_names(scene)["changes"] == []


def test_reseed_that_ran_out_of_time_goes_on_where_it_stopped(scene: Scene) -> None:
    """A chunk a step: the second call applies the rest."""
    for stamp in (FIRST, SECOND, THIRD):
        scene.put(stamp, a_ticket_file(stamp))
    budget = iter([100.0, 0.0])

    first = _apply(scene, time_left=lambda: next(budget))
    second = _reseed(scene)

    assert (keys_of(first), first.out_of_time) == ([FIRST], True)
    assert (keys_of(second), second.out_of_time) == ([SECOND, THIRD], False)
    assert scene.stream()["generation"] == 1


def test_zombie_stops_at_its_next_file(scene: Scene) -> None:
    """A worker whose reseed was taken over meanwhile leaves the rest to the other one."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
    with scene.another_session() as other:

        def take_over(outcome: FileOutcome) -> None:
            del outcome
            with other.transaction():
                streams.lock_dataset(other)
                reseeds.take_lease(other, 1, "otieno@desk")

        with pytest.raises(LeaseLostError, match="otieno@desk"):
            _apply(scene, on_outcome=take_over)

    assert scene.settled() == [(FIRST, 1, "applied")]
    assert scene.owner() == FIRST
    assert scene.names("changes") == [SECOND]


def test_zombie_chunk_writes_nothing(scene: Scene) -> None:
    """It begins after its lease was taken over: no table and no file changes at all."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
    token = _open(scene)
    _take_over(scene)
    before = (all_tables(scene.connection), tree(scene.root))

    with pytest.raises(LeaseLostError, match="otieno@desk"):
        apply_chunk(scene.context(), generation=1, token=token)

    assert (all_tables(scene.connection), tree(scene.root)) == before


def _take_over(scene: Scene) -> None:
    """Let another worker take the lease, as `open_reseed` does."""
    with scene.connection.transaction():
        streams.lock_dataset(scene.connection)
        reseeds.take_lease(scene.connection, 1, "otieno@desk")


def test_zombie_of_a_reseed_that_the_live_path_finished_writes_nothing(scene: Scene) -> None:
    """Its token died with its lease."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
    token = _open(scene)
    scene.connection.execute(EXPIRE_LEASE)
    scene.ingest()
    scene.put(THIRD, a_ticket_file("after"))

    with pytest.raises(LeaseLostError):
        ingest_pending(scene.context().with_token(token))

    assert scene.owner() == SECOND


def test_live_path_waits_while_a_reseed_runs(scene: Scene) -> None:
    """A doorbell is answered without work, and says that it waited; freshness says reseed."""
    scene.put(FIRST, A)
    _open(scene)
    before = (scene.ledger(), tree(scene.root), scene.stream())

    summary = scene.ingest(through=PREFIX.change_key(FIRST))

    assert summary.waiting
    assert summary.outcomes == ()
    assert (scene.ledger(), tree(scene.root), scene.stream()) == before
    assert scene.freshness()["mode"] == "reseed"


def test_live_path_stops_when_a_reseed_opens_under_it(scene: Scene) -> None:
    """Seen under the lock: the file that it had listed is left to the reseed."""
    scene.put(FIRST, A)
    plan_sha256 = jobs_plan(scene.context()).summary.plan_sha256
    with scene.another_session() as other:
        opening = replace(scene.context(), connection=other)
        start = Fault(
            "listed", 1, after=lambda: open_reseed(opening, plan_sha256, owner="amina@laptop")
        )

        summary = scene.ingest(FaultyBucket(scene.producer.bucket(), [start]))

    assert summary.waiting
    assert scene.ledger() == []


def test_live_path_finishes_the_manifest_after_the_lease_ended(scene: Scene) -> None:
    """A reseed that died for good: the next doorbell goes on, manifest first, to the end."""
    for stamp in (SECOND, THIRD):
        scene.put(stamp, a_ticket_file(stamp), folder="processed")
    _open(scene)
    scene.put(FIRST, a_ticket_file(FIRST))
    scene.connection.execute(EXPIRE_LEASE)

    summary = scene.ingest()

    assert keys_of(summary) == [SECOND, THIRD, FIRST]
    assert scene.stream()["mode"] == "live"
    assert scene.stream()["lease_owner"] is None
    assert scene.owner() == THIRD


def test_doorbell_after_the_lease_ended_goes_up_to_its_place_in_the_manifest(scene: Scene) -> None:
    """The order is the manifest's; a key of the manifest is a place in it."""
    for stamp in (FIRST, SECOND, THIRD):
        scene.put(stamp, a_ticket_file(stamp), folder="processed")
    _open(scene)
    scene.connection.execute(EXPIRE_LEASE)

    summary = scene.ingest(through=PREFIX.processed_key(SECOND, 1))

    assert keys_of(summary) == [FIRST, SECOND]
    assert summary.pending == 1
    assert scene.stream()["mode"] == "reseed"


def test_lease_is_extended_with_each_file(scene: Scene) -> None:
    """A reseed of many files does not lose its lease while it makes progress."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
    _open(scene)
    scene.connection.execute(EXPIRE_LEASE)
    budget = iter([100.0, 0.0])
    token = scene.stream()["fencing_token"]

    ingest_pending(scene.context(time_left=lambda: next(budget)).with_token(token))

    remaining = scene.rows(
        "select lease_expires_at > clock_timestamp() + interval '10 minutes' as is_long"
        " from tickets.import_streams where generation = 1"
    )
    assert remaining == [{"is_long": True}]


def test_unfinished_reseed_of_another_source_is_refused(scene: Scene, store: S3Store) -> None:
    """By name; finishing it first is the way."""
    scene.put(FIRST, A)
    _open(scene)
    other = store.open_bucket(store.new_bucket())

    for attempt in (plan_reseed, _at_once):
        with pytest.raises(ReseedRefusedError, match="amina@laptop"):
            attempt(scene.context(other))

    assert scene.stream()["generation"] == 1


def test_opening_waits_for_the_file_that_is_being_applied(scene: Scene) -> None:
    """It takes one transaction under the dataset's lock."""
    scene.put(FIRST, A)
    with scene.another_session() as other:

        def open_reseed() -> None:
            with pytest.raises(LockTimeoutError):
                _at_once(replace(scene.context(), connection=other), "otieno")

        scene.ingest(FaultyBucket(scene.producer.bucket(), [Fault("chunk", 1, after=open_reseed)]))

    assert scene.stream()["generation"] == 0


def test_old_bucket_is_neither_read_nor_written(scene: Scene, store: S3Store) -> None:
    """The feed moved; what is pending in the old bucket stays there."""
    old, new = (store.open_bucket(store.new_bucket()) for _ in range(2))
    old.put_object(PREFIX.change_key(FIRST), [A])
    scene.ingest(old)
    old.put_object(PREFIX.change_key(SECOND), [B])
    before = _s3_keys(old)
    new.put_object(PREFIX.change_key(FIRST), [a_ticket_file("new")])

    _reseed(scene, new)

    assert _s3_keys(old) == before
    assert scene.stream()["source"] == new.source
    assert scene.owner() == "new"


def test_replay_is_possible_once_the_lease_has_ended(scene: Scene) -> None:
    """A dead reseed does not lock people out."""
    scene.put(FIRST, A, folder="processed")
    _open(scene)
    scene.put(SECOND, B)
    scene.connection.execute(EXPIRE_LEASE)
    context = scene.context()

    outcome = replay(context, find_file(context, SECOND))

    assert (outcome.outcome, outcome.generation) == ("applied", 1)


def test_manifest_file_can_be_skipped_once_the_lease_has_ended(scene: Scene) -> None:
    """The way out when one file of the manifest is the trouble: its place counts as settled."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp, f"INC{stamp}"))
    _open(scene)
    scene.connection.execute(EXPIRE_LEASE)
    context = scene.context()
    skip(context, find_file(context, FIRST), "not wanted")

    summary = scene.ingest()

    assert outcomes_of(summary) == [(SECOND, "applied")]
    assert scene.stream()["mode"] == "live"


def test_dry_reseed_says_what_the_reseed_does(scene: Scene) -> None:
    """P7: the same outcomes for archived, new, overwritten, doubled and bad files; no trace."""
    for content in (A, B, A):
        scene.put(SECOND, content)
        scene.ingest()
    scene.put(FIRST, a_file({"ticket_id": "INC1"}, {"ticket_id": "INC2"}, {"ticket_id": "INC2"}))
    scene.ingest()
    scene.put(THIRD, BROKEN, folder="processed")
    scene.put(FOURTH, a_ticket_file("fourth"))
    scene.put(SECOND, A)
    before = (all_tables(scene.connection), tree(scene.root))

    planned = plan_reseed(scene.context())

    assert (all_tables(scene.connection), _tree_but_reports(scene)) == before
    applied = _reseed(scene)
    assert planned.outcomes == applied.outcomes
    assert {outcome.outcome for outcome in planned.outcomes} == {
        "applied",
        "quarantined",
        "already settled",
    }


def test_dry_run_of_an_unfinished_reseed_judges_what_is_left(scene: Scene) -> None:
    """It would be resumed, so that is what the dry run shows."""
    for stamp in (FIRST, THIRD):
        scene.put(stamp, a_ticket_file(stamp))
    budget = iter([100.0, 0.0])
    _apply(scene, time_left=lambda: next(budget))
    scene.put(SECOND, a_ticket_file("arrived meanwhile"))

    planned = plan_reseed(scene.context())

    assert [(file.stamp, file.late) for file in planned.outcomes] == [
        (THIRD, False),
        (SECOND, True),
    ]
    assert planned.outcomes == _reseed(scene).outcomes


def _tree_but_reports(scene: Scene) -> dict[str, tuple[bytes, int]]:
    return {name: file for name, file in tree(scene.root).items() if "reports/" not in name}


def _s3_keys(bucket: S3Bucket) -> list[tuple[str, str]]:
    return [(item.key, item.etag) for item in bucket.list_objects(f"{PREFIX.text}/")]
