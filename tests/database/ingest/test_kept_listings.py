"""Kept listings: the doorbells of a backlog share one listing, and nothing is passed over by it."""

from dataclasses import dataclass, field

import pytest

from fleettickets.errors import BucketUnavailableError, ObjectChangedError, SourceMismatchError
from fleettickets.jobs.context import IngestSummary
from fleettickets.jobs.ingest import OVERWRITES_TOLERATED, ingest_pending
from fleettickets.jobs.kept_listings import KeptListing
from fleettickets.jobs.repair import find_file, skip
from fleettickets.jobs.reseed_apply import open_reseed
from fleettickets.store.connections import Connection
from tests.support.buckets import Fault, FaultyBucket, Killed
from tests.support.ingests import PREFIX, Producer, a_context, etag_of
from tests.support.reseeds import a_plan, a_reseed, applied
from tests.support.s3 import running_s3_store
from tests.support.scenes import FIFTH, FIRST, FOURTH, SECOND, STAMPS, THIRD, Scene, a_ticket_file
from tests.support.scenes import keys_of as stamps_of


@dataclass
class Warm:
    """A function that stays warm: what it keeps, and how often it lists the bucket."""

    scene: Scene
    kept: KeptListing = field(default_factory=KeptListing)
    etags: dict[str, str] = field(default_factory=dict[str, str])
    listings: int = 0

    def put(self, *stamps: str, owner: str = "Amina") -> None:
        """Put a change file under each stamp."""
        for stamp in stamps:
            content = a_ticket_file(owner, ticket_id=f"INC {stamp}")
            self.scene.put(stamp, content)
            self.etags[stamp] = etag_of(content)

    def ring(self, stamp: str, *faults: Fault, **overrides: object) -> IngestSummary:
        """Answer the doorbell of the last content that was put under a stamp."""
        doorbell = {"through": PREFIX.change_key(stamp), "etag": self.etags[stamp]}
        return self.ingest(*faults, **(doorbell | overrides))

    def ingest(self, *faults: Fault, **overrides: object) -> IngestSummary:
        """Make a pass."""
        bucket = FaultyBucket(self.scene.producer.bucket(), faults)
        try:
            return self.scene.ingest(bucket, **({"kept": self.kept} | overrides))
        finally:
            self.listings += sum(call.startswith("list_objects") for call in bucket.calls)


@pytest.fixture
def warm(scene: Scene) -> Warm:
    """A warm function whose listing, of five files, has served the first one's doorbell."""
    function = Warm(scene)
    function.put(FIRST, SECOND, THIRD, FOURTH, FIFTH)
    assert stamps_of(function.ring(FIRST)) == [FIRST]
    assert function.listings == 1
    return function


def test_next_doorbells_are_served_from_the_listing(warm: Warm, scene: Scene) -> None:
    """Each goes up to its key, the last takes what nobody rang for; the bucket is listed once."""
    passes = [warm.ring(stamp) for stamp in (SECOND, THIRD, FIFTH)]

    assert [stamps_of(summary) for summary in passes] == [[SECOND], [THIRD], [FOURTH, FIFTH]]
    assert warm.listings == 1
    assert scene.names("changes") == []


@pytest.mark.parametrize(
    "order",
    [
        (FIFTH, FOURTH, THIRD, SECOND, FIRST),
        (THIRD, FIRST, SECOND, FIFTH, FOURTH),
        (SECOND, SECOND, FIRST, FOURTH, FOURTH),
    ],
)
def test_doorbells_in_any_order_and_number_need_one_listing(
    warm: Warm, scene: Scene, order: tuple[str, ...]
) -> None:
    """Those of files that an earlier doorbell has settled find nothing to do, and know it."""
    for stamp in order:
        warm.ring(stamp)

    assert warm.listings == 1
    assert scene.names("processed") == [stamp for stamp in STAMPS[:5] if stamp <= max(order)]


def test_what_is_left_is_reported_with_each_doorbell(warm: Warm, scene: Scene) -> None:
    """Freshness counts down as it does with a listing each."""
    left = [(warm.ring(stamp).pending, scene.freshness()["pending"]) for stamp in (SECOND, FOURTH)]

    assert left == [(3, 3), (1, 1)]


def test_object_that_appeared_is_listed(warm: Warm) -> None:
    """Its doorbell brings a new listing, in whose order it is applied."""
    late, new = STAMPS[0].replace("17", "18"), STAMPS[6]
    warm.put(late, new)

    summary = warm.ring(new)

    assert stamps_of(summary) == [late, SECOND, THIRD, FOURTH, FIFTH, new]
    assert warm.listings == 2


def test_object_that_appeared_before_the_next_one_comes_late_for_thirty_seconds_at_most(
    warm: Warm, scene: Scene
) -> None:
    """As within one pass; then it has its place in the order, its doorbell being lost or not."""
    early = STAMPS[0].replace("17", "18")
    warm.put(early)

    within = warm.ring(SECOND)
    scene.clock.advance(31)
    after = warm.ring(THIRD)

    assert (stamps_of(within), stamps_of(after)) == ([SECOND], [early, THIRD])
    assert [file.late for file in after.outcomes] == [True, False]


def test_object_that_was_overwritten_is_listed(warm: Warm, scene: Scene) -> None:
    """A doorbell with another etag than the listed one brings a new listing."""
    warm.put(SECOND, owner="Otieno")

    summary = warm.ring(SECOND)

    assert stamps_of(summary) == [SECOND]
    assert scene.owner(f"INC {SECOND}") == "Otieno"
    assert warm.listings == 2


def test_object_that_was_overwritten_without_a_doorbell_yet(warm: Warm, scene: Scene) -> None:
    """The former content's doorbell meets another one, and lists anew to apply that."""
    former = warm.etags[SECOND]
    warm.put(SECOND, owner="Otieno")

    summary = warm.ring(SECOND, etag=former)

    assert stamps_of(summary) == [SECOND]
    assert scene.owner(f"INC {SECOND}") == "Otieno"
    assert warm.listings == 2


def test_object_whose_listed_content_lies_in_the_archive_too(warm: Warm, scene: Scene) -> None:
    """A, B, A and C under one stamp: C's doorbell applies C, not the A that the listing shows."""
    for owner in ("a", "b"):
        warm.put(SECOND, owner=owner)
        warm.ring(SECOND)
    warm.put(SECOND, owner="a")
    early = STAMPS[0].replace("17", "18")
    warm.put(early)
    warm.ring(early)
    listings = warm.listings
    warm.put(SECOND, owner="c")

    warm.ring(SECOND)

    assert scene.owner(f"INC {SECOND}") == "c"
    assert SECOND not in scene.names("changes")
    assert warm.listings == listings + 1


def test_settled_object_that_was_put_again_is_listed(warm: Warm, scene: Scene) -> None:
    """The same bytes once more: they leave changes/ with their own doorbell, not with the sweep."""
    warm.put(FIRST)

    summary = warm.ring(FIRST)

    assert stamps_of(summary) == []
    assert FIRST not in scene.names("changes")
    assert warm.listings == 2


def test_doorbell_of_what_has_vanished_is_listed(warm: Warm, scene: Scene) -> None:
    """Whether it is gone for good is not for an old listing to say."""
    warm.etags[STAMPS[5]] = etag_of(b"never seen")

    summary = warm.ring(STAMPS[5])

    assert summary.gone == (PREFIX.change_key(STAMPS[5]),)
    assert warm.listings == 2
    assert scene.names("changes") == []


def test_listing_does_not_outlive_what_another_session_settled(warm: Warm, scene: Scene) -> None:
    """An older file that arrived meanwhile then goes before the newer one, as in one pass."""
    with scene.another_session() as other:
        _settle_second(other, scene)
    early = STAMPS[1].replace("17", "18")
    warm.put(early)

    summary = warm.ring(THIRD)

    assert stamps_of(summary) == [early, THIRD]
    assert warm.listings == 2


def _settle_second(other: Connection, scene: Scene) -> None:
    ingest_pending(a_context(other, scene.producer.bucket()), through=PREFIX.change_key(SECOND))


def test_count_does_not_outlive_what_another_session_settled(warm: Warm, scene: Scene) -> None:
    """A doorbell with nothing to do reports what is left by now, not what was then."""
    with scene.another_session() as other:
        _settle_second(other, scene)

    summary = warm.ring(FIRST)

    assert summary.pending == scene.freshness()["pending"] == 3


def test_listing_does_not_outlive_what_another_session_settles_while_it_is_taken_up(
    warm: Warm, scene: Scene
) -> None:
    """The lock is where it shows: nothing is settled twice, nothing out of its order."""
    early = STAMPS[1].replace("17", "18")
    with scene.another_session() as other:

        def work_of_another() -> float:
            if early not in warm.etags:
                _settle_second(other, scene)
                warm.put(early)
            return 100.0

        summary = warm.ring(THIRD, time_left=work_of_another)

    assert stamps_of(summary) == [early, THIRD]
    assert warm.listings == 2


def test_listing_does_not_outlive_a_skip(warm: Warm, scene: Scene) -> None:
    """What a person gave up is not applied from a listing that still shows it."""
    context = scene.context()
    skip(context, find_file(context, PREFIX.change_key(SECOND)), "not ours")

    summary = warm.ring(THIRD)

    assert stamps_of(summary) == [THIRD]
    assert warm.listings == 2


@pytest.mark.parametrize("stamp", [FIRST, SECOND], ids=["settled", "pending"])
@pytest.mark.parametrize("seconds", [31, -3_600])
def test_listing_is_renewed_when_it_is_thirty_seconds_old(
    warm: Warm, scene: Scene, seconds: float, stamp: str
) -> None:
    """Or of unknown age, because the clock was set back."""
    scene.clock.advance(seconds)

    warm.ring(stamp)

    assert warm.listings == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault("open_object", error=BucketUnavailableError("503")),
        Fault("chunk", error=Killed("in the middle")),
        Fault("find_object", after=lambda: 1 / 0),
    ],
)
def test_error_drops_the_listing(warm: Warm, fault: Fault) -> None:
    """Whatever went wrong, the next doorbell looks at the bucket itself."""
    with pytest.raises((BucketUnavailableError, Killed, ZeroDivisionError)):
        warm.ring(SECOND, fault)

    warm.ring(THIRD)

    assert warm.listings == 2


def test_archive_step_that_failed_is_made_up_for_by_the_next_doorbell(
    warm: Warm, scene: Scene
) -> None:
    """P4: it does not wait for the sweep because a listing without it is at hand."""
    refusal = Fault("copy_object", error=BucketUnavailableError("503"))
    warm.ring(SECOND, refusal)

    warm.ring(THIRD)

    assert scene.names("changes") == [FOURTH, FIFTH]


def test_archive_steps_of_the_listing_are_made_up_for_once(scene: Scene) -> None:
    """A settled file that is listed is archived by the first doorbell, with no call by others."""
    function = Warm(scene)
    function.put(FIRST, SECOND, THIRD)
    scene.killed("before copy_object")
    copies = list[str]()
    watch = Fault("copy_object", None, after=lambda: copies.append("copied"))

    for stamp in (SECOND, THIRD):
        function.ring(stamp, watch)

    assert len(copies) == 3
    assert scene.names("changes") == []


def test_file_that_changes_all_the_time_is_not_forgotten(warm: Warm, scene: Scene) -> None:
    """It was left for the next pass, which finds it in a new listing."""
    changed = Fault("open_object", None, error=ObjectChangedError(PREFIX.change_key(SECOND)))
    warm.ring(SECOND, changed)
    assert warm.listings == 1 + OVERWRITES_TOLERATED

    summary = warm.ring(THIRD)

    assert stamps_of(summary) == [SECOND, THIRD]
    assert scene.names("changes") == [FOURTH, FIFTH]


def test_pass_that_ran_out_of_time_keeps_nothing(warm: Warm, scene: Scene) -> None:
    """Its doorbell comes again behind others; those go up to their own keys only."""
    warm.ring(FOURTH, time_left=lambda: 1.0)

    summaries = [warm.ring(stamp) for stamp in (FIRST, SECOND)]

    assert [stamps_of(summary) for summary in summaries] == [[], [SECOND]]
    assert scene.names("changes") == [THIRD, FOURTH, FIFTH]
    assert warm.listings == 2


@pytest.mark.parametrize("doorbell", [{"etag": None}, {"etag": None, "through": None}])
def test_sweep_and_doorbell_without_an_etag_list_anew(
    warm: Warm, doorbell: dict[str, object]
) -> None:
    """Nothing says that the listed content is the one that it is about."""
    warm.ring(SECOND, **doorbell)

    assert warm.listings == 2


def test_listing_does_not_outlive_a_reseed(warm: Warm, scene: Scene) -> None:
    """The new generation has settled these files: none of them is applied once more."""
    a_reseed(scene.context())

    summary = warm.ring(SECOND)

    assert stamps_of(summary) == []
    assert warm.listings == 2


def test_listing_made_during_a_reseed_is_not_kept(scene: Scene) -> None:
    """It leaves to the manifest what `changes/` holds of the same stamps; that comes after it."""
    function, archived = Warm(scene), a_ticket_file("archived")
    scene.put(FIRST, archived, folder="processed")
    open_reseed(scene.context(), a_plan(scene.context()).plan_sha256, owner="amina@laptop")
    scene.connection.execute("update tickets.import_streams set lease_expires_at = now()")
    function.put(FIRST, SECOND)

    manifest = function.ring(FIRST, through=PREFIX.processed_key(FIRST, 1), etag=etag_of(archived))
    changes = function.ring(SECOND)

    assert (stamps_of(manifest), stamps_of(changes)) == ([FIRST], [FIRST, SECOND])


def test_listing_of_a_reseeds_worker_is_not_kept(warm: Warm, scene: Scene) -> None:
    """It is of the manifest alone, even when that is done and the stream is live again."""
    lease = open_reseed(scene.context(), a_plan(scene.context()).plan_sha256, owner="amina@laptop")
    applied(scene.context(), lease)

    ingest_pending(scene.context(token=lease.token), kept=warm.kept)

    assert warm.kept.take(scene.context(), PREFIX.change_key(FIRST), warm.etags[FIRST]) is None


def test_listing_of_another_place_is_not_used(warm: Warm, scene: Scene) -> None:
    """Its key and content are the same, and yet it is another file."""
    elsewhere = Producer(scene.root.parent / "elsewhere")
    elsewhere.put(SECOND, a_ticket_file("Amina", ticket_id=f"INC {SECOND}"))
    here, warm.scene.producer = warm.scene.producer, elsewhere

    warm.ring(SECOND)

    assert warm.listings == 2
    assert elsewhere.names("changes") == []
    assert f"{SECOND}.csv" in here.names("changes")


def test_source_that_is_refused_meanwhile(scene: Scene) -> None:
    """A reseed of a moved feed stops the former bucket's doorbells, kept listing or not."""
    with running_s3_store() as store:
        bucket = store.open_bucket(store.new_bucket())
        etags = {
            stamp: bucket.put_object(PREFIX.change_key(stamp), [a_ticket_file("a")]).etag
            for stamp in (FIRST, SECOND)
        }
        kept = KeptListing()
        scene.ingest(bucket, through=PREFIX.change_key(FIRST), etag=etags[FIRST], kept=kept)
        scene.connection.execute("update tickets.import_streams set source = 's3://new'")

        with pytest.raises(SourceMismatchError):
            scene.ingest(bucket, through=PREFIX.change_key(SECOND), etag=etags[SECOND], kept=kept)


def test_held_keys_are_logged_once_a_listing(warm: Warm, caplog: pytest.LogCaptureFixture) -> None:
    """And counted with each doorbell, as the alarm wants it."""
    caplog.clear()
    held = "2062-06-01T17-00-00"
    warm.put(held)
    warm.ring(held)

    counts = [len(warm.ring(stamp).held) for stamp in (FIRST, FIFTH)]

    lines = [record for record in caplog.records if record.message == "key was held"]
    assert (len(lines), counts) == (1, [1, 1])
    assert warm.listings == 2
