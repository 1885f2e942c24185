"""P4: a settled file leaves changes/ once, after its ledger row; whoever lists it finishes that."""

import logging
from collections.abc import Iterator

import pytest

from fleettickets.clients.s3 import S3Bucket
from fleettickets.errors import BucketUnavailableError
from tests.support.buckets import Fault, FaultyBucket
from tests.support.ingests import PREFIX
from tests.support.s3 import S3Store, running_s3_store
from tests.support.scenes import (
    BROKEN,
    FIRST,
    SECOND,
    THIRD,
    Scene,
    a_ticket_file,
    archive_names,
    outcomes_of,
    tree,
)

A, B = a_ticket_file("a"), a_ticket_file("b")
KEY = PREFIX.change_key(FIRST)


@pytest.fixture(scope="module")
def store() -> Iterator[S3Store]:
    """An S3 store."""
    with running_s3_store() as store:
        yield store


@pytest.fixture
def s3(store: S3Store) -> S3Bucket:
    """A fresh bucket without versions."""
    return store.open_bucket(store.new_bucket())


@pytest.mark.parametrize(
    "step",
    [
        "before find_object",
        "before copy_object",
        "after copy_object",
        "before update tickets.import_files set archived",
        "after update tickets.import_files set archived",
        "before delete_object",
        "after delete_object",
    ],
)
@pytest.mark.parametrize(("content", "folder"), [(A, "processed"), (BROKEN, "quarantine")])
def test_archive_step_is_finished_after_a_crash(
    scene: Scene, step: str, content: bytes, folder: str
) -> None:
    """Killed at any of its points, the next pass leaves one copy, noted, and an empty changes/."""
    scene.put(FIRST, content)
    scene.killed(step)
    assert len(scene.ledger()) == 1

    scene.ingest()

    empty: dict[str, list[str]] = {"changes": [], "processed": [], "quarantine": []}
    assert archive_names(scene) == empty | {folder: [FIRST]}
    assert scene.producer.content(folder, f"{FIRST}.csv") == content
    assert len(scene.ledger()) == 1
    if step != "after delete_object":
        assert scene.entry()["archive_key"] == f"{PREFIX.text}/{folder}/{FIRST}.csv"


def test_crash_before_the_commit_leaves_the_file_to_be_applied(scene: Scene) -> None:
    """Nothing of it is in the tables, nothing left changes/; the next pass applies it once."""
    scene.put(FIRST, A)
    scene.killed("before with settled as")

    assert (scene.owner(), scene.ledger(), scene.names("changes")) == (None, [], [FIRST])
    assert outcomes_of(scene.ingest()) == [(FIRST, "applied")]
    assert scene.owner() == "a"


def test_file_leaves_changes_only_after_the_commit(scene: Scene) -> None:
    """When the archive step begins, another session sees the ledger row."""
    scene.put(FIRST, A)
    seen: list[int] = []
    with scene.another_session() as other:
        look = Fault(
            "copy_object",
            before=lambda: seen.append(
                len(other.execute("select from tickets.import_files").fetchall())
            ),
        )

        scene.ingest(FaultyBucket(scene.producer.bucket(), [look]))

    assert seen == [1]


def test_settled_file_is_archived_even_by_a_pass_for_another_key(scene: Scene) -> None:
    """Whoever lists it finishes its archive step."""
    scene.put(FIRST, A)
    scene.killed("before copy_object")
    scene.put(SECOND, B)

    scene.ingest(through=PREFIX.change_key(SECOND))

    assert scene.names("changes") == []
    assert scene.names("processed") == [FIRST, SECOND]


def test_store_that_refuses_the_copy_does_not_stop_the_stream(scene: Scene) -> None:
    """The later files are applied; the copy is made up for by the next pass."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
    refusal = Fault("copy_object", 1, error=BucketUnavailableError("503"))

    summary = scene.ingest(FaultyBucket(scene.producer.bucket(), [refusal]))

    assert outcomes_of(summary) == [(FIRST, "applied"), (SECOND, "applied")]
    assert scene.names("changes") == [FIRST]
    scene.ingest()
    assert scene.names("processed") == [FIRST, SECOND]
    assert scene.names("changes") == []


def test_name_in_the_archive_that_holds_other_bytes_is_never_overwritten(scene: Scene) -> None:
    """The next free name is taken, and the ledger says which."""
    scene.put(FIRST, B, folder="processed")
    scene.put(FIRST, A)

    scene.ingest()

    assert scene.producer.content("processed", f"{FIRST}.csv") == B
    assert scene.producer.content("processed", f"{FIRST}.r2.csv") == A
    assert scene.entry()["archive_key"] == PREFIX.processed_key(FIRST, 2)


def test_name_in_the_archive_that_holds_the_same_bytes_is_enough(scene: Scene) -> None:
    """No second copy is made."""
    scene.put(FIRST, A, folder="processed")
    scene.put(FIRST, A)

    scene.ingest()

    assert archive_names(scene) == {"changes": [], "processed": [FIRST], "quarantine": []}


def test_nothing_in_processed_is_listed_or_moved(scene: Scene) -> None:
    """The archive's own notifications start no loop: a doorbell for its key finds nothing to do."""
    scene.put(FIRST, A)
    scene.ingest()
    before = tree(scene.root)

    summary = scene.ingest(through=PREFIX.processed_key(FIRST, 1), etag="any")

    assert summary.outcomes == ()
    assert tree(scene.root) == before


def test_file_only_in_processed_is_applied_from_there(scene: Scene) -> None:
    """A doorbell names a key that somebody archived by hand: the etag finds it; it stays there."""
    key = scene.put(FIRST, A)
    etag = _etag(scene, key)
    _move(scene, FIRST)
    before = tree(scene.root)

    summary = scene.ingest(through=key, etag=etag)

    assert outcomes_of(summary) == [(FIRST, "applied")]
    assert summary.gone == ()
    assert scene.owner() == "a"
    assert tree(scene.root) == before
    entry = scene.entry()
    assert entry["object_key"] == entry["archive_key"] == PREFIX.processed_key(FIRST, 1)


def test_applying_from_processed_warns_of_nothing(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no archive step to be left undone."""
    key = scene.put(FIRST, A)
    etag = _etag(scene, key)
    _move(scene, FIRST)

    with caplog.at_level(logging.WARNING, "fleettickets"):
        scene.ingest(through=key, etag=etag)

    assert caplog.messages == []


def test_s3_file_only_in_processed_is_applied_from_there(scene: Scene, s3: S3Bucket) -> None:
    """In S3 too."""
    s3.put_object(PREFIX.processed_key(FIRST, 1), [B])
    listed = s3.put_object(PREFIX.processed_key(FIRST, 2), [A])

    summary = scene.ingest(s3, through=KEY, etag=listed.etag)

    assert outcomes_of(summary) == [(FIRST, "applied")]
    assert scene.entry()["object_key"] == PREFIX.processed_key(FIRST, 2)


def test_doorbell_for_a_settled_and_archived_file_finds_nothing_to_do(scene: Scene) -> None:
    """The usual late repeat: no outcome, nothing gone, no alarm."""
    key = scene.put(FIRST, A)
    etag = _etag(scene, key)
    scene.ingest()

    summary = scene.ingest(through=key, etag=etag)

    assert (summary.outcomes, summary.gone) == ((), ())


def test_doorbell_for_an_older_settled_content_finds_nothing_to_do(scene: Scene) -> None:
    """A repeat for revision 1 after revision 2 was settled must not bring revision 1 back."""
    key = scene.put(FIRST, A)
    etag = _etag(scene, key)
    scene.ingest()
    scene.put(FIRST, B)
    scene.ingest()

    summary = scene.ingest(through=key, etag=etag)

    assert summary.outcomes == ()
    assert scene.owner() == "b"


def test_key_that_is_gone_entirely_is_counted(scene: Scene) -> None:
    """Neither in changes/ nor in processed/ nor settled: reported, so that somebody looks."""
    summary = scene.ingest(through=KEY, etag="0" * 32)

    assert summary.gone == (KEY,)
    assert outcomes_of(summary) == [(FIRST, "gone")]
    assert scene.ledger() == []


def test_gone_key_with_a_later_content_of_its_stamp_raises_no_alarm(scene: Scene) -> None:
    """The producer overwrote it before anybody saw it: what replaced it is settled."""
    scene.put(FIRST, B)
    scene.ingest()

    summary = scene.ingest(through=KEY, etag="0" * 32)

    assert summary.gone == ()
    assert summary.count("gone") == 1


def test_listed_file_that_vanishes_is_counted_and_the_stream_goes_on(scene: Scene) -> None:
    """Deleted between listing and reading."""
    key = scene.put(FIRST, A)
    scene.put(SECOND, B)
    vanish = Fault("open_object", 1, before=(scene.root / "changes" / f"{FIRST}.csv").unlink)

    summary = scene.ingest(FaultyBucket(scene.producer.bucket(), [vanish]))

    assert outcomes_of(summary) == [(FIRST, "gone"), (SECOND, "applied")]
    assert summary.gone == (key,)


def test_gone_key_is_no_reason_to_skip_what_is_pending_before_it(scene: Scene) -> None:
    """The doorbell still rings for every older file."""
    scene.put(FIRST, A)
    scene.put(THIRD, B)

    summary = scene.ingest(through=PREFIX.change_key(SECOND), etag="0" * 32)

    assert outcomes_of(summary) == [(FIRST, "applied"), (SECOND, "gone")]
    assert scene.names("changes") == [THIRD]


def test_gone_key_with_a_stamp_ahead_is_not_applied_from_processed(scene: Scene) -> None:
    """A held stamp is never applied, wherever its file lies."""
    stamp = "2062-06-15T17-00-00"
    key = scene.put(stamp, A, folder="processed")
    etag = _etag(scene, key)

    summary = scene.ingest(through=PREFIX.change_key(stamp), etag=etag)

    assert summary.outcomes == ()
    assert scene.owner() is None


def test_versioned_bucket_loses_only_the_settled_version(scene: Scene, store: S3Store) -> None:
    """After the archive step the key is empty, and no older version has come to light."""
    name = store.new_bucket(versioned=True)
    client, bucket = store.client(), store.open_bucket(name)
    client.put_object(Bucket=name, Key=KEY, Body=A)
    version = client.put_object(Bucket=name, Key=KEY, Body=B)["VersionId"]

    scene.ingest(bucket)

    assert scene.owner() == "b"
    assert scene.entry()["version_id"] == version
    assert bucket.find_object(KEY) is None
    assert bucket.find_object(PREFIX.processed_key(FIRST, 1)) is not None


def test_broken_body_settles_nothing(scene: Scene, s3: S3Bucket) -> None:
    """A reading that breaks off is trouble that passes, never a short file."""
    s3.put_object(KEY, [A])
    broken = Fault("chunk", 1, error_after=BucketUnavailableError("connection reset"))

    with pytest.raises(BucketUnavailableError):
        scene.ingest(FaultyBucket(s3, [broken]))

    assert scene.ledger() == []
    assert scene.owner() is None
    assert outcomes_of(scene.ingest(s3)) == [(FIRST, "applied")]


def _etag(scene: Scene, key: str) -> str:
    found = scene.producer.bucket().find_object(key)
    assert found is not None
    return found.etag


def _move(scene: Scene, stamp: str) -> None:
    (scene.root / "processed").mkdir(exist_ok=True)
    (scene.root / "changes" / f"{stamp}.csv").rename(scene.root / "processed" / f"{stamp}.csv")
