"""Revisions: the contents of one stamp, in their order, and what counts as the same content."""

from collections.abc import Iterator

import pytest

from fleettickets.clients.s3 import S3Bucket
from tests.support.buckets import Fault, FaultyBucket, Method
from tests.support.ingests import PREFIX
from tests.support.s3 import S3Store, running_s3_store
from tests.support.scenes import (
    FIRST,
    SECOND,
    Scene,
    a_file,
    a_ticket_file,
    archive_names,
    outcomes_of,
    tree,
)

A, B, C = (a_ticket_file(owner) for owner in "abc")
KEY = PREFIX.change_key(FIRST)


@pytest.fixture(scope="module")
def store() -> Iterator[S3Store]:
    """An S3 store."""
    with running_s3_store() as store:
        yield store


def test_overwritten_file_is_the_next_revision(scene: Scene) -> None:
    """New content under an old stamp applies after the old content; both are archived."""
    for content in (A, B):
        scene.put(FIRST, content)
        scene.ingest()

    assert scene.settled() == [(FIRST, 1, "applied"), (FIRST, 2, "applied")]
    assert scene.owner() == "b"
    assert scene.version() == (0, FIRST, 2)
    assert scene.names("processed") == [FIRST, f"{FIRST}.r2"]


def test_content_that_returns_is_a_third_revision(scene: Scene) -> None:
    """A, B and A again under one stamp: three revisions and three archived names, in order."""
    for content in (A, B, A):
        scene.put(FIRST, content)
        scene.ingest()

    assert [row["revision"] for row in scene.ledger()] == [1, 2, 3]
    assert scene.owner() == "a"
    assert [
        scene.producer.content("processed", f"{name}.csv")
        for name in (FIRST, f"{FIRST}.r2", f"{FIRST}.r3")
    ] == [A, B, A]
    assert [row["archive_key"] for row in scene.ledger()] == [
        PREFIX.processed_key(FIRST, copy) for copy in (1, 2, 3)
    ]


def test_archived_file_put_again_adds_nothing(scene: Scene) -> None:
    """The same bytes once more: no new revision, and the file leaves changes/ again."""
    scene.put(FIRST, A)
    scene.ingest()
    before = (scene.ledger(), tree(scene.root / "processed"))
    scene.put(FIRST, A)

    scene.ingest()

    assert (scene.ledger(), tree(scene.root / "processed")) == before
    assert scene.names("changes") == []


def test_new_revision_of_an_older_stamp_is_late(scene: Scene) -> None:
    """It changes only tickets that no newer stamp asserted."""
    scene.put(FIRST, a_file({"ticket_id": "INC1"}, {"ticket_id": "INC2", "owner": "a"}))
    scene.put(SECOND, a_ticket_file("newer", "INC1"))
    scene.ingest()
    scene.put(FIRST, a_file({"ticket_id": "INC1"}, {"ticket_id": "INC2", "owner": "b"}))

    scene.ingest()

    assert scene.entry(FIRST, revision=2)["late"] is True
    assert (scene.owner("INC1"), scene.owner("INC2")) == ("newer", "b")


def test_object_overwritten_between_listing_and_reading_is_listed_again(scene: Scene) -> None:
    """The listed content is gone for good; the one that took its place is applied as revision 1."""
    scene.put(FIRST, A)
    overwrite = Fault("open_object", 1, before=lambda: scene.put(FIRST, B))

    summary = scene.ingest(FaultyBucket(scene.producer.bucket(), [overwrite]))

    assert outcomes_of(summary) == [(FIRST, "applied")]
    assert scene.owner() == "b"
    assert scene.settled() == [(FIRST, 1, "applied")]


def test_object_overwritten_while_it_is_read_leaves_nothing_half_done(scene: Scene) -> None:
    """Rows of the old content are rolled back; the new content is applied instead."""
    scene.put(FIRST, a_file({"ticket_id": "INC1", "owner": "a"}, {"ticket_id": "INC9"}))
    overwrite = Fault("chunk", 1, before=lambda: scene.put(FIRST, B))

    scene.ingest(FaultyBucket(scene.producer.bucket(), [overwrite]))

    assert scene.owner() == "b"
    assert scene.raw("INC9") is None
    assert scene.settled() == [(FIRST, 1, "applied")]


@pytest.mark.parametrize("step", ["find_object", "copy_object"])
def test_object_overwritten_between_commit_and_copy_is_not_archived_as_the_old_one(
    scene: Scene, step: Method
) -> None:
    """What lies in changes/ now is not what was settled: it stays, and is the next revision."""
    scene.put(FIRST, A)
    overwrite = Fault(step, 1, before=lambda: scene.put(FIRST, B))

    scene.ingest(FaultyBucket(scene.producer.bucket(), [overwrite]))

    assert scene.entry()["archive_key"] is None
    assert scene.producer.content("changes", f"{FIRST}.csv") == B
    scene.ingest()
    assert [row["status"] for row in scene.ledger()] == ["applied", "applied"]
    assert scene.owner() == "b"
    assert scene.names("changes") == []
    assert scene.producer.content("processed", f"{FIRST}.csv") == B


def test_object_overwritten_between_commit_and_delete_is_kept(scene: Scene) -> None:
    """The newer content survives the archive step of the older one, and is applied next."""
    scene.put(FIRST, A)
    overwrite = Fault("delete_object", 1, before=lambda: scene.put(FIRST, B))

    scene.ingest(FaultyBucket(scene.producer.bucket(), [overwrite]))

    assert scene.producer.content("changes", f"{FIRST}.csv") == B
    scene.ingest()
    assert scene.owner() == "b"
    assert archive_names(scene)["changes"] == []
    assert scene.names("processed") == [FIRST, f"{FIRST}.r2"]


@pytest.mark.parametrize("versioned", [False, True])
def test_s3_object_overwritten_between_commit_and_delete_is_kept(
    scene: Scene, store: S3Store, *, versioned: bool
) -> None:
    """In S3 too, with versions and without."""
    name = store.new_bucket(versioned=versioned)
    bucket = store.open_bucket(name)
    _put(store, name, A)
    overwrite = Fault("delete_object", 1, before=lambda: _put(store, name, B))

    scene.ingest(FaultyBucket(bucket, [overwrite]))

    left = bucket.find_object(KEY)
    assert left is not None
    scene.ingest(bucket)
    assert scene.owner() == "b"
    assert _s3_names(bucket, "changes") == []
    assert _s3_names(bucket, "processed") == [FIRST, f"{FIRST}.r2"]


def test_s3_object_overwritten_before_reading_is_listed_again(scene: Scene, store: S3Store) -> None:
    """If-Match refuses the new content under the old etag."""
    name = store.new_bucket()
    _put(store, name, A)
    overwrite = Fault("open_object", 1, before=lambda: _put(store, name, B))

    summary = scene.ingest(FaultyBucket(store.open_bucket(name), [overwrite]))

    assert outcomes_of(summary) == [(FIRST, "applied")]
    assert scene.owner() == "b"


def test_file_that_changes_all_the_time_is_left_for_the_next_pass(scene: Scene) -> None:
    """It does not keep the files after it waiting for ever, and its last content is not lost."""
    scene.put(FIRST, A)
    scene.put(SECOND, a_ticket_file("other", "INC2"))
    contents = (a_ticket_file(f"version {number}") for number in range(100))
    restless = Fault("chunk", None, before=lambda: scene.put(FIRST, next(contents)))
    bucket = FaultyBucket(scene.producer.bucket(), [restless])

    # given a producer that rewrites the file whenever a byte of any file is read
    summary = scene.ingest(bucket)

    assert outcomes_of(summary) == [(SECOND, "applied")]
    assert scene.owner() is None
    assert outcomes_of(scene.ingest()) == [(FIRST, "applied")]


def test_equal_content_with_another_etag_is_settled_by_its_hash(
    scene: Scene, store: S3Store
) -> None:
    """An upload in parts has an etag of its own: the sha256 says that the content is known."""
    name = store.new_bucket()
    bucket = store.open_bucket(name)
    _put(store, name, A)
    scene.ingest(bucket)
    _put_in_parts(store, name, A)

    summary = scene.ingest(bucket)

    assert outcomes_of(summary) == [(FIRST, "already settled")]
    assert len(scene.ledger()) == 1
    assert _s3_names(bucket, "changes") == []
    assert _s3_names(bucket, "processed") == [FIRST]


def test_equal_content_of_another_stamp_is_a_file_of_its_own(scene: Scene) -> None:
    """Only the contents of one stamp are compared."""
    scene.put(FIRST, A)
    scene.put(SECOND, A)

    scene.ingest()

    assert [row["status"] for row in scene.ledger()] == ["applied", "applied"]
    assert scene.version() == (0, SECOND, 1)


def _put(store: S3Store, bucket: str, content: bytes) -> None:
    store.client().put_object(Bucket=bucket, Key=KEY, Body=content)


def _put_in_parts(store: S3Store, bucket: str, content: bytes) -> None:
    client = store.client()
    upload = client.create_multipart_upload(Bucket=bucket, Key=KEY)["UploadId"]
    part = client.upload_part(Bucket=bucket, Key=KEY, UploadId=upload, PartNumber=1, Body=content)
    client.complete_multipart_upload(
        Bucket=bucket,
        Key=KEY,
        UploadId=upload,
        MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
    )


def _s3_names(bucket: S3Bucket, folder: str) -> list[str]:
    path = f"{PREFIX.text}/{folder}/"
    return [item.key.removeprefix(path).removesuffix(".csv") for item in bucket.list_objects(path)]
