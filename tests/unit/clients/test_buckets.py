"""What every bucket does alike: S3 with and without versions, on AWS and elsewhere, directories."""

import hashlib
from collections.abc import Generator
from pathlib import Path

import pytest

from fleettickets.clients.buckets import CHUNK_BYTES, Bucket, ObjectSummary
from fleettickets.clients.directories import open_directory
from fleettickets.errors import ObjectChangedError, ObjectGoneError
from tests.support.s3 import S3Store, running_s3_store

PREFIX = "automations/inc"
CHANGES = f"{PREFIX}/changes/"
KEY = f"{CHANGES}2026-06-15T17-00-00.csv"
ARCHIVED = f"{PREFIX}/processed/2026-06-15T17-00-00.csv"
# The etag of other bytes than any that these tests write.
STALE = "0" * 32


@pytest.fixture(scope="module")
def store() -> Generator[S3Store]:
    """One store for all; each test has a bucket of its own."""
    with running_s3_store() as running:
        yield running


def _make_bucket(kind: str, store: S3Store, directory: Path) -> Bucket:
    if kind == "directory: root":
        (directory / CHANGES).mkdir(parents=True)
        return open_directory(directory, PREFIX)
    if kind == "directory: prefix":
        (directory / "changes").mkdir()
        return open_directory(directory, PREFIX)
    name = store.new_bucket(versioned="versions" in kind)
    return store.open_aws_bucket(name) if kind.startswith("aws") else store.open_bucket(name)


@pytest.fixture(
    params=["aws", "aws, versions", "s3", "s3, versions", "directory: root", "directory: prefix"]
)
def kind(request: pytest.FixtureRequest) -> str:
    """What the bucket is."""
    return str(request.param)


@pytest.fixture
def bucket(kind: str, store: S3Store, tmp_path: Path) -> Bucket:
    """Return an empty bucket of that kind."""
    return _make_bucket(kind, store, tmp_path)


def _put(bucket: Bucket, content: bytes, key: str = KEY) -> ObjectSummary:
    return bucket.put_object(key, [content])


def _read(bucket: Bucket, key: str = KEY, etag: str | None = None) -> bytes:
    with bucket.open_object(key, etag=etag) as found:
        return b"".join(found.chunks())


def _version(bucket: Bucket, key: str = KEY) -> str | None:
    with bucket.open_object(key) as found:
        return found.version_id


def test_listing_is_bytewise_and_nested(bucket: Bucket) -> None:
    """A listing holds everything below the folder and nothing beside it, in bytewise order."""
    names = ["b.csv", "B.csv", "a/nested.csv", "a.csv", "a-.csv", "ä.csv", "\U0001f600.csv"]
    for name in names:
        _put(bucket, b"x", CHANGES + name)
    _put(bucket, b"x", f"{PREFIX}/changes2/beside.csv")

    listed = [summary.key for summary in bucket.list_objects(CHANGES)]

    assert listed == sorted((CHANGES + name for name in names), key=str.encode)


def test_listing_of_more_than_a_page(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing goes on after the objects that S3 answers at once (a thousand; two here)."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    keys = [f"{CHANGES}{number:05}.csv" for number in range(5)]
    for key in keys:
        _put(bucket, b"", key)

    listed = [summary.key for summary in bucket.list_objects(CHANGES)]

    assert listed == keys


def test_listing_of_a_missing_folder_is_empty(bucket: Bucket) -> None:
    """A folder that was never written to is an empty one."""
    assert list(bucket.list_objects(f"{PREFIX}/processed/")) == []


def test_every_view_of_an_object_agrees(bucket: Bucket) -> None:
    """Writing, listing, finding and opening name the same etag and size, the etag unquoted."""
    content = b"ticket_id\nINC1\n"
    written = _put(bucket, content)

    listed = list(bucket.list_objects(CHANGES))
    with bucket.open_object(KEY) as found:
        opened = ObjectSummary(found.key, found.etag, found.size_bytes)

    assert [written] == listed == [bucket.find_object(KEY)] == [opened]
    assert written == ObjectSummary(KEY, hashlib.md5(content).hexdigest(), 15)  # noqa: S324


def test_reading_is_chunked_and_whole(bucket: Bucket) -> None:
    """A large object arrives unchanged, a bounded piece at a time."""
    content = bytes(range(256)) * (CHUNK_BYTES // 100)
    summary = bucket.put_object(KEY, [content[:1000], content[1000:]], size_bytes=len(content))

    with bucket.open_object(KEY, etag=summary.etag) as found:
        chunks = list(found.chunks())

    assert b"".join(chunks) == content
    assert max(map(len, chunks)) <= CHUNK_BYTES


def test_empty_object(bucket: Bucket) -> None:
    """An empty object has no chunk and is no error."""
    _put(bucket, b"")

    assert _read(bucket) == b""


def test_object_that_is_gone(bucket: Bucket) -> None:
    """Finding a missing object answers None; opening and copying it say that it is gone."""
    assert bucket.find_object(KEY) is None
    with pytest.raises(ObjectGoneError) as opening:
        bucket.open_object(KEY)
    with pytest.raises(ObjectGoneError) as copying:
        bucket.copy_object(KEY, ARCHIVED, etag=STALE)

    assert opening.value.key == copying.value.key == KEY


def test_opening_an_overwritten_object(bucket: Bucket) -> None:
    """An object that is not the listed one any more is not handed out."""
    listed = _put(bucket, b"old")
    _put(bucket, b"new")

    with pytest.raises(ObjectChangedError) as raised:
        bucket.open_object(KEY, etag=listed.etag)

    assert raised.value.key == KEY
    assert _read(bucket) == b"new"


def test_copy_holds_the_bytes_and_replaces_its_target(bucket: Bucket) -> None:
    """A copy equals its source, which stays, and takes the place of what was there."""
    _put(bucket, b"something else", ARCHIVED)
    source = _put(bucket, b"content")

    bucket.copy_object(KEY, ARCHIVED, etag=source.etag)

    assert _read(bucket, ARCHIVED) == _read(bucket, KEY) == b"content"


def test_copy_of_an_overwritten_object(bucket: Bucket, kind: str) -> None:
    """Overwritten bytes never end under the name that the listed ones were meant to get."""
    if kind.startswith("aws"):
        pytest.skip("moto ignores CopySourceIfMatch, which AWS honours; the s3 kinds compare")
    listed = _put(bucket, b"old")
    _put(bucket, b"new")

    with pytest.raises(ObjectChangedError):
        bucket.copy_object(KEY, ARCHIVED, etag=listed.etag)

    assert bucket.find_object(ARCHIVED) is None


def test_delete_of_the_settled_object(bucket: Bucket) -> None:
    """The settled object goes, and deleting it again removes nothing."""
    settled = _put(bucket, b"content")
    version = _version(bucket)

    first = bucket.delete_object(KEY, etag=settled.etag, version_id=version)
    again = bucket.delete_object(KEY, etag=settled.etag, version_id=version)

    assert (first, again) == (True, False)
    assert bucket.find_object(KEY) is None
    assert list(bucket.list_objects(CHANGES)) == []


def test_delete_without_a_version_in_hand(bucket: Bucket) -> None:
    """Whoever finishes another's archive step knows the etag only, and that is enough."""
    settled = _put(bucket, b"content")

    removed = bucket.delete_object(KEY, etag=settled.etag, version_id=None)

    assert removed
    assert bucket.find_object(KEY) is None


@pytest.mark.parametrize("knows_version", [True, False])
def test_delete_leaves_a_newer_object(bucket: Bucket, knows_version: bool) -> None:
    """What was overwritten between commit and delete stays, whatever became of the old bytes."""
    settled = _put(bucket, b"old")
    version = _version(bucket) if knows_version else None
    _put(bucket, b"new")

    bucket.delete_object(KEY, etag=settled.etag, version_id=version)

    assert _read(bucket) == b"new"


def test_delete_brings_no_older_version_to_light(bucket: Bucket) -> None:
    """Content that was overwritten before anybody saw it stays overwritten."""
    _put(bucket, b"overwritten")
    settled = _put(bucket, b"settled")

    removed = bucket.delete_object(KEY, etag=settled.etag, version_id=_version(bucket))

    assert removed
    assert bucket.find_object(KEY) is None
    assert list(bucket.list_objects(CHANGES)) == []


def test_object_that_comes_back(bucket: Bucket) -> None:
    """A key that was archived and is put again can be read and deleted again."""
    for content in (b"A", b"B", b"A"):
        settled = _put(bucket, content)
        version = _version(bucket)

        assert _read(bucket, etag=settled.etag) == content
        assert bucket.delete_object(KEY, etag=settled.etag, version_id=version)

    assert bucket.find_object(KEY) is None


def test_failing_write_leaves_nothing(bucket: Bucket) -> None:
    """Chunks that break off, or do not add up, leave what was there before."""
    _put(bucket, b"before")

    def broken_off() -> Generator[bytes]:
        yield b"half"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bucket.put_object(KEY, broken_off())
    with pytest.raises(ObjectChangedError):
        bucket.put_object(KEY, [b"half"], size_bytes=8)

    assert _read(bucket) == b"before"
    assert len(list(bucket.list_objects(CHANGES))) == 1


def test_s3_source_does_not_depend_on_slashes(store: S3Store) -> None:
    """One bucket and prefix have one source, and it has to be the generation's."""
    buckets = [store.open_bucket("b", prefix) for prefix in (PREFIX, f"{PREFIX}/", f"/{PREFIX}")]

    sources = {bucket.source for bucket in buckets}

    assert sources == {f"s3://b/{PREFIX}"}
    assert store.open_bucket("b", "").source == "s3://b"
    assert all(bucket.checks_source for bucket in buckets)


def test_directory_source_does_not_depend_on_its_shape(tmp_path: Path) -> None:
    """One directory has one source, given as a root or as the prefix, however it was spelled."""
    below = tmp_path / PREFIX
    (below / "changes").mkdir(parents=True)
    shapes = (tmp_path, Path(f"{tmp_path}//."), below, below / ".." / "inc")

    buckets = [open_directory(shape, PREFIX) for shape in shapes]

    assert {bucket.source for bucket in buckets} == {f"file://{below}"}
    assert not any(bucket.checks_source for bucket in buckets)
