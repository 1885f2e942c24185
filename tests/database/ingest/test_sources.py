"""The source of a stream: set once, checked ever after, so that two feeds are never mixed."""

from collections.abc import Iterator

import pytest

from fleettickets.clients.local_files import LocalFiles
from fleettickets.clients.s3 import S3Bucket
from fleettickets.errors import SourceMismatchError
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.listings import check_source
from fleettickets.jobs.planning import plan_ingest
from fleettickets.jobs.reseed import reseed_at_once
from fleettickets.store import streams
from tests.support.ingests import PREFIX
from tests.support.s3 import S3Store, running_s3_store
from tests.support.scenes import FIRST, SECOND, THIRD, Scene, a_ticket_file, all_tables, outcomes_of


@pytest.fixture(scope="module")
def store() -> Iterator[S3Store]:
    """An S3 store."""
    with running_s3_store() as store:
        yield store


@pytest.fixture
def old(store: S3Store) -> S3Bucket:
    """The bucket that the stream came from first, with one file."""
    bucket = store.open_bucket(store.new_bucket())
    bucket.put_object(PREFIX.change_key(FIRST), [a_ticket_file("old")])
    return bucket


@pytest.fixture
def new(store: S3Store) -> S3Bucket:
    """The bucket that the feed moved to, with a newer file."""
    bucket = store.open_bucket(store.new_bucket())
    bucket.put_object(PREFIX.change_key(SECOND), [a_ticket_file("new")])
    return bucket


def test_first_ingest_from_a_bucket_sets_the_source(scene: Scene, old: S3Bucket) -> None:
    """Before it there is none."""
    assert scene.stream()["source"] is None

    scene.ingest(old)

    assert scene.stream()["source"] == old.source


def test_first_ingest_sets_the_source_even_if_nothing_is_there(
    scene: Scene, store: S3Store
) -> None:
    """The empty bucket of a new system is its source from then on."""
    empty = store.open_bucket(store.new_bucket())

    scene.ingest(empty)

    assert scene.stream()["source"] == empty.source


def test_quicker_of_two_first_ingests_sets_the_source(
    scene: Scene, old: S3Bucket, new: S3Bucket
) -> None:
    """Both read that there is none; the slower one is refused, not mixed in."""
    context = scene.context(new)
    before = streams.read_state(scene.connection)
    scene.ingest(old)

    with pytest.raises(SourceMismatchError):
        check_source(context, before)

    assert scene.stream()["source"] == old.source


def test_other_source_is_refused_and_said_so(scene: Scene, old: S3Bucket, new: S3Bucket) -> None:
    """No file of it is read or moved; freshness says that a reseed is needed."""
    scene.ingest(old)

    with pytest.raises(SourceMismatchError) as refusal:
        scene.ingest(new)

    assert (refusal.value.configured, refusal.value.current) == (new.source, old.source)
    assert scene.owner() == "old"
    assert new.find_object(PREFIX.change_key(SECOND)) is not None
    assert scene.stream()["refused_source"] == new.source
    assert scene.freshness()["mode"] == "reseed needed"


def test_pointing_back_clears_the_refusal(scene: Scene, old: S3Bucket, new: S3Bucket) -> None:
    """The setting is right again: work goes on, and freshness says live."""
    scene.ingest(old)
    with pytest.raises(SourceMismatchError):
        scene.ingest(new)

    scene.ingest(old)

    assert scene.stream()["refused_source"] is None
    assert scene.freshness()["mode"] == "live"


def test_reseed_from_the_new_source_clears_the_refusal(
    scene: Scene, old: S3Bucket, new: S3Bucket
) -> None:
    """The new generation is the new bucket's, and the old one is refused from then on."""
    scene.ingest(old)
    with pytest.raises(SourceMismatchError):
        scene.ingest(new)

    reseed_at_once(scene.context(new), owner="test")

    assert scene.owner() == "new"
    assert scene.freshness()["mode"] == "live"
    with pytest.raises(SourceMismatchError):
        scene.ingest(old)


def test_same_bucket_under_another_prefix_is_another_source(scene: Scene, store: S3Store) -> None:
    """A bucket may hold several streams."""
    name = store.new_bucket()
    scene.ingest(store.open_bucket(name))

    with pytest.raises(SourceMismatchError):
        scene.ingest(store.open_bucket(name, "other/inc"))


def test_dry_run_refuses_too_and_records_nothing(
    scene: Scene, old: S3Bucket, new: S3Bucket
) -> None:
    """Nothing about a dry run shows afterwards."""
    scene.ingest(old)
    before = all_tables(scene.connection)

    with pytest.raises(SourceMismatchError):
        plan_ingest(scene.context(new))

    assert all_tables(scene.connection) == before


def test_dry_run_does_not_set_the_source(scene: Scene, old: S3Bucket) -> None:
    """Whoever tries a bucket out is not bound to it."""
    plan_ingest(scene.context(old))

    assert scene.stream()["source"] is None


def test_directory_is_exempt(scene: Scene, old: S3Bucket) -> None:
    """A person may ingest a directory into any stream, and it does not become the source."""
    scene.ingest(old)
    scene.put(SECOND, a_ticket_file("by hand"))

    summary = scene.ingest()

    assert outcomes_of(summary) == [(SECOND, "applied")]
    assert scene.stream()["source"] == old.source
    assert scene.freshness()["mode"] == "live"


def test_directory_does_not_become_the_source(scene: Scene) -> None:
    """The first ingest from a bucket still may set it."""
    scene.put(FIRST, a_ticket_file("a"))

    scene.ingest()

    assert scene.stream()["source"] is None


def test_named_files_are_exempt_and_stay_where_they_are(scene: Scene, old: S3Bucket) -> None:
    """`--csv`: applied by the stamp of their key, never moved; the stream's pending stays."""
    old.put_object(PREFIX.change_key(THIRD), [a_ticket_file("pending")])
    scene.ingest(old, through=PREFIX.change_key(FIRST))
    scene.put(SECOND, a_ticket_file("by name"))
    path = scene.root / "changes" / f"{SECOND}.csv"
    named = LocalFiles({PREFIX.change_key(SECOND): path})

    summary = ingest_pending(scene.context(named, archive=False))

    assert outcomes_of(summary) == [(SECOND, "applied")]
    assert scene.names("changes") == [SECOND]
    assert scene.entry(SECOND)["archive_key"] is None
    assert scene.freshness()["pending"] == 1
