"""What a directory does as a bucket: shapes, links, changes under way, crashes, speed."""

import os
import stat
import time
from pathlib import Path

import pytest

from fleettickets.clients import directory_files
from fleettickets.clients.directories import DirectoryBucket, open_directory
from fleettickets.errors import (
    BucketUnavailableError,
    ObjectChangedError,
    ObjectGoneError,
    SettingError,
    UsageError,
)
from tests.support.buckets import Killed

PREFIX = "automations/inc"
CHANGES = f"{PREFIX}/changes/"
NAME = "2026-06-15T17-00-00.csv"
KEY = f"{CHANGES}{NAME}"


@pytest.fixture
def bucket(tmp_path: Path) -> DirectoryBucket:
    """Return a bucket whose prefix is `tmp_path`."""
    (tmp_path / "changes").mkdir()
    return open_directory(tmp_path, PREFIX)


def _keys(bucket: DirectoryBucket) -> list[str]:
    return [summary.key for summary in bucket.list_objects(CHANGES)]


def _read(bucket: DirectoryBucket, key: str = KEY) -> bytes:
    with bucket.open_object(key) as found:
        return b"".join(found.chunks())


@pytest.mark.parametrize("shape", ["", PREFIX])
def test_both_shapes_of_a_directory(tmp_path: Path, shape: str) -> None:
    """The bucket's root and the prefix itself give the same keys."""
    changes = tmp_path / shape / "changes"
    changes.mkdir(parents=True)
    (changes / NAME).write_bytes(b"x")

    assert _keys(open_directory(tmp_path, PREFIX)) == [KEY]


@pytest.mark.parametrize("made", ["", "processed", "automations/crq/changes", "a-file"])
def test_neither_shape_fits(tmp_path: Path, made: str) -> None:
    """Any other directory is refused, with the two shapes in the text."""
    if made == "a-file":
        (tmp_path / "changes").write_bytes(b"")
    else:
        (tmp_path / made).mkdir(parents=True, exist_ok=True)

    with pytest.raises(UsageError) as raised:
        open_directory(tmp_path, PREFIX)

    assert str(tmp_path) in str(raised.value)
    assert f"{PREFIX}/changes/" in str(raised.value)


def test_directory_that_is_not_there(tmp_path: Path) -> None:
    """A path without a directory is refused in the same words."""
    with pytest.raises(UsageError, match="holds neither"):
        open_directory(tmp_path / "missing", PREFIX)


def test_links_are_not_followed(bucket: DirectoryBucket, tmp_path: Path) -> None:
    """Neither a linked file nor a file in a linked directory is an object."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / NAME).write_bytes(b"secret")
    (tmp_path / "changes" / NAME).symlink_to(outside / NAME)
    (tmp_path / "changes" / "nested").symlink_to(outside)
    (tmp_path / "quarantine").symlink_to(outside)

    assert _keys(bucket) == []
    for key in (KEY, f"{CHANGES}nested/{NAME}", f"{PREFIX}/quarantine/{NAME}"):
        assert bucket.find_object(key) is None
    with pytest.raises(UsageError):
        bucket.put_object(f"{PREFIX}/quarantine/new.csv", [b"x"])


def test_linked_changes_folder_is_refused(tmp_path: Path) -> None:
    """A `changes` that is a link would look empty, so it does not count as one."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "changes").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UsageError, match="links are not followed"):
        open_directory(tmp_path, PREFIX)


@pytest.mark.parametrize(
    "key",
    [
        f"{CHANGES}../../outside.csv",
        f"{PREFIX}/../outside.csv",
        f"{CHANGES}./{NAME}",
        f"{CHANGES}/{NAME}",
        f"{CHANGES}.hidden.csv",
        f"{CHANGES}nul\0.csv",
        f"{CHANGES}{'long' * 100}.csv",
        f"other/prefix/{NAME}",
        f"/etc/{NAME}",
        "",
    ],
)
def test_keys_that_no_object_can_have(bucket: DirectoryBucket, tmp_path: Path, key: str) -> None:
    """No key leads out of the directory, or to a hidden file."""
    (tmp_path.parent / "outside.csv").write_bytes(b"secret")
    (tmp_path / "outside.csv").write_bytes(b"secret")
    (tmp_path / "changes" / NAME).write_bytes(b"x")
    (tmp_path / "changes" / ".hidden.csv").write_bytes(b"x")

    assert bucket.find_object(key) is None
    with pytest.raises(ObjectGoneError):
        bucket.open_object(key)


@pytest.mark.parametrize("key", [f"{CHANGES}../{NAME}", f"elsewhere/{NAME}", f"{CHANGES}.x.csv"])
def test_keys_that_cannot_be_written(bucket: DirectoryBucket, tmp_path: Path, key: str) -> None:
    """A write outside the directory is refused before anything is made."""
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(UsageError):
        bucket.put_object(key, [b"x"])

    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_no_regular_file_is_no_object(bucket: DirectoryBucket, tmp_path: Path) -> None:
    """A named pipe is neither listed nor waited for, and hidden files are not listed."""
    os.mkfifo(tmp_path / "changes" / NAME)
    (tmp_path / "changes" / f".{NAME}.tmp").write_bytes(b"half")
    (tmp_path / "changes" / ".git").mkdir()
    (tmp_path / "changes" / ".git" / "x.csv").write_bytes(b"half")

    assert _keys(bucket) == []
    assert bucket.find_object(KEY) is None
    assert bucket.find_object(CHANGES.rstrip("/")) is None


def test_name_that_is_not_utf8(bucket: DirectoryBucket, tmp_path: Path) -> None:
    """A name in another encoding neither stops a listing nor gets into a log as broken text."""
    path = os.fsencode(tmp_path / "changes") + b"/caf\xe9.csv"
    try:
        Path(os.fsdecode(path)).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")

    assert all(key.isascii() for key in _keys(bucket))


def test_file_appended_while_it_is_read(bucket: DirectoryBucket, tmp_path: Path) -> None:
    """A reading that saw more than the listed bytes does not end well."""
    path = tmp_path / "changes" / NAME
    path.write_bytes(b"listed")

    with bucket.open_object(KEY) as found:
        with path.open("ab") as producer:
            producer.write(b" and more")
        with pytest.raises(ObjectChangedError) as raised:
            list(found.chunks())

    assert raised.value.key == KEY


def test_file_replaced_while_it_is_read(bucket: DirectoryBucket, tmp_path: Path) -> None:
    """A file that another one took the place of is left for the next pass."""
    path = tmp_path / "changes" / NAME
    path.write_bytes(b"old")

    with bucket.open_object(KEY) as found:
        bucket.put_object(KEY, [b"new"])
        with pytest.raises(ObjectChangedError):
            list(found.chunks())


def test_file_removed_while_it_is_read(bucket: DirectoryBucket, tmp_path: Path) -> None:
    """A file that was archived by somebody else meanwhile still was read whole."""
    path = tmp_path / "changes" / NAME
    path.write_bytes(b"content")

    with bucket.open_object(KEY) as found:
        path.unlink()

        assert b"".join(found.chunks()) == b"content"


def test_copy_of_a_file_that_changes_meanwhile(
    bucket: DirectoryBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that caught a change leaves nothing behind, not even a hidden file."""
    path = tmp_path / "changes" / NAME
    path.write_bytes(b"listed")
    etag = bucket.put_object(KEY, [b"listed"]).etag
    write_file = directory_files.write_file

    def overwriting_first(*args: object, **kwargs: object) -> object:
        path.write_bytes(b"change")
        return write_file(*args, **kwargs)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr("fleettickets.clients.directories.write_file", overwriting_first)
    with pytest.raises(ObjectChangedError):
        bucket.copy_object(KEY, f"{PREFIX}/processed/{NAME}", etag=etag)

    assert list((tmp_path / "processed").iterdir()) == []


def test_rewrite_in_place_shows_at_once(bucket: DirectoryBucket, tmp_path: Path) -> None:
    """Bytes rewritten with the same size, and the time set back, still change the etag."""
    path = tmp_path / "changes" / NAME
    path.write_bytes(b"aaaa")
    times = path.stat()
    before = bucket.find_object(KEY)

    path.write_bytes(b"bbbb")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert bucket.find_object(KEY) != before


def test_listing_again_does_not_read_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The etag of a file that has rested is remembered: no byte of it is read again."""
    (tmp_path / "changes").mkdir()
    for number in range(100):
        (tmp_path / "changes" / f"{number:03}.csv").write_bytes(b"x" * number)
    bucket = DirectoryBucket(tmp_path, PREFIX, rest_seconds=0)
    first = list(bucket.list_objects(CHANGES))

    monkeypatch.setattr("hashlib.file_digest", None)

    assert list(bucket.list_objects(CHANGES)) == first


def test_fresh_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An etag is not remembered of a file so fresh that a second write might not show."""
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / NAME).write_bytes(b"x")
    bucket = DirectoryBucket(tmp_path, PREFIX, rest_seconds=60)
    list(bucket.list_objects(CHANGES))

    monkeypatch.setattr("hashlib.file_digest", None)

    with pytest.raises(TypeError):
        list(bucket.list_objects(CHANGES))


def test_listing_a_thousand_files_is_quick(tmp_path: Path) -> None:
    """A thousand files of 100 kB are listed in a few seconds at first, and in no time again."""
    (tmp_path / "changes").mkdir()
    content = b"x" * 100_000
    for number in range(1000):
        (tmp_path / "changes" / f"{number:04}.csv").write_bytes(content)
    bucket = DirectoryBucket(tmp_path, PREFIX, rest_seconds=0)

    start = time.perf_counter()
    first = len(list(bucket.list_objects(CHANGES)))
    between = time.perf_counter()
    again = len(list(bucket.list_objects(CHANGES)))
    end = time.perf_counter()

    assert first == again == 1000
    assert between - start < 5
    assert end - between < 1


def test_written_file_has_the_usual_mode(bucket: DirectoryBucket, tmp_path: Path) -> None:
    """What is written can be read by whoever may read its neighbours; no temporary file stays."""
    (tmp_path / "changes" / "neighbour.csv").write_bytes(b"x")

    bucket.put_object(KEY, [b"x"])

    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "changes").iterdir()}
    assert len(modes) == 1
    assert len(list((tmp_path / "changes").iterdir())) == 2


def _produce_at_rename(
    monkeypatch: pytest.MonkeyPatch,
    path: Path,
    *,
    before: bytes | None = None,
    after: bytes | None = None,
) -> None:
    """Let a producer rename files into place right before and after the file goes aside."""
    rename = Path.rename

    def produce(content: bytes | None) -> None:
        if content is not None:
            fresh = path.with_name("fresh.csv")
            fresh.write_bytes(content)
            rename(fresh, path)

    def racing(self: Path, target: Path) -> Path:
        produce(before)
        moved = rename(self, target)
        produce(after)
        return moved

    monkeypatch.setattr(Path, "rename", racing)


def test_delete_puts_a_newer_file_back(
    bucket: DirectoryBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file renamed into place right before the removal is there again after it."""
    path = tmp_path / "changes" / NAME
    settled = bucket.put_object(KEY, [b"settled"])
    _produce_at_rename(monkeypatch, path, before=b"newer")

    removed = bucket.delete_object(KEY, etag=settled.etag, version_id=None)

    assert removed is False
    assert path.read_bytes() == b"newer"
    assert list(path.parent.iterdir()) == [path]


def test_delete_leaves_a_file_that_comes_right_after(
    bucket: DirectoryBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file renamed into place after the settled one went aside is not touched."""
    path = tmp_path / "changes" / NAME
    settled = bucket.put_object(KEY, [b"settled"])
    _produce_at_rename(monkeypatch, path, after=b"newer")

    removed = bucket.delete_object(KEY, etag=settled.etag, version_id=None)

    assert removed is True
    assert path.read_bytes() == b"newer"
    assert list(path.parent.iterdir()) == [path]


def test_delete_between_two_newer_files(
    bucket: DirectoryBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two files that come right before and right after, the last one stays."""
    path = tmp_path / "changes" / NAME
    settled = bucket.put_object(KEY, [b"settled"])
    _produce_at_rename(monkeypatch, path, before=b"newer", after=b"newest")

    removed = bucket.delete_object(KEY, etag=settled.etag, version_id=None)

    assert removed is False
    assert path.read_bytes() == b"newest"
    assert list(path.parent.iterdir()) == [path]


def test_delete_that_somebody_else_was_quicker_with(
    bucket: DirectoryBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that delete one file do so once."""
    settled = bucket.put_object(KEY, [b"settled"])
    rename = Path.rename

    def removed_first(self: Path, target: Path) -> Path:
        self.unlink()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", removed_first)

    assert bucket.delete_object(KEY, etag=settled.etag, version_id=None) is False


def _delete_and_die(bucket: DirectoryBucket, etag: str) -> None:
    """Delete `KEY` in a process that is killed before the file that went aside is removed."""

    def killed(self: Path, **_: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(Killed):
            bucket.delete_object(KEY, etag=etag, version_id=None)


def test_file_left_aside_by_a_crash_still_is_the_object(
    bucket: DirectoryBucket, tmp_path: Path
) -> None:
    """A kill between renaming aside and removing loses nothing: the next pass sees the object."""
    settled = bucket.put_object(KEY, [b"settled"])
    _delete_and_die(bucket, settled.etag)

    assert not (tmp_path / "changes" / NAME).exists()
    assert list(bucket.list_objects(CHANGES)) == [settled]
    assert _read(bucket) == b"settled"
    assert bucket.delete_object(KEY, etag=settled.etag, version_id=None)
    assert list((tmp_path / "changes").iterdir()) == []


def test_file_left_aside_is_superseded_by_a_newer_one(
    bucket: DirectoryBucket, tmp_path: Path
) -> None:
    """What a crash left aside does not come to light again after a newer content was settled."""
    settled = bucket.put_object(KEY, [b"settled"])
    _delete_and_die(bucket, settled.etag)
    aside = next((tmp_path / "changes").iterdir())
    newer = bucket.put_object(KEY, [b"newer"])
    while (tmp_path / "changes" / NAME).stat().st_ctime_ns <= aside.stat().st_ctime_ns:
        newer = bucket.put_object(KEY, [b"newer"])

    assert list(bucket.list_objects(CHANGES)) == [newer]
    assert bucket.delete_object(KEY, etag=newer.etag, version_id=None)
    assert _keys(bucket) == []
    assert list((tmp_path / "changes").iterdir()) == []


def test_disk_trouble_passes_and_denied_access_stays(
    bucket: DirectoryBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read error may be tried again; a folder that may not be read needs a person."""
    bucket.put_object(KEY, [b"x"])

    def failing(error: OSError) -> None:
        def fail(*_: object, **__: object) -> int:
            raise error

        monkeypatch.setattr(os, "open", fail)

    failing(OSError(5, "Input/output error", NAME))
    with pytest.raises(BucketUnavailableError, match=NAME):
        bucket.open_object(KEY)

    failing(PermissionError(13, "Permission denied", NAME))
    with pytest.raises(SettingError, match="Permission denied"):
        bucket.open_object(KEY)
