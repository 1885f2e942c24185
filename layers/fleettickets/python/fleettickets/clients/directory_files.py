"""The regular files behind a directory bucket: naming, walking, reading and writing them."""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from fleettickets.clients.buckets import CHUNK_BYTES, ObjectSummary
from fleettickets.errors import (
    BucketUnavailableError,
    ObjectChangedError,
    ObjectGoneError,
    SettingError,
)

# A file that is being removed has this name until its bytes have been compared (see
# `DirectoryBucket.delete_object`); until then it still is the object of its first name.
ASIDE_NAME = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{16}\.removing", re.DOTALL)

NO_OBJECT_ERRNOS = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})
LASTING_ERRNOS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

# Device, inode, size, modification time and change time (the last one cannot be set back).
type Signature = tuple[int, int, int, int, int]


class DirectoryObject:
    """One open file; see `OpenObject`."""

    version_id = None

    def __init__(self, key: str, etag: str, path: Path, file: FileIO) -> None:
        """Take over the open `file`, which `close` ends; it lies at `path`."""
        self.key = key
        self.etag = etag
        self.path = path
        self._file = file
        found = os.fstat(file.fileno())
        self.size_bytes = found.st_size
        self.changed_ns = found.st_ctime_ns

    def chunks(self) -> Iterator[bytes]:
        """See `OpenObject`."""
        digest = hashlib.md5(usedforsecurity=False)
        while chunk := self._read():
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != self.etag or not self._is_still_in_place():
            raise ObjectChangedError(self.key)

    def is_still_at(self, path: Path) -> bool:
        """Tell whether `path` is this very file, unchanged; a rename does not count as a change."""
        return signature(path)[:-1] == signature(self._file.fileno())[:-1]

    def close(self) -> None:
        """End the reading."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the object itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the reading."""
        self.close()

    def _read(self) -> bytes:
        with translated_errors():
            return self._file.read(CHUNK_BYTES)

    def _is_still_in_place(self) -> bool:
        """Tell whether no other file has taken the name; one that is gone was read whole."""
        try:
            return self.path.lstat().st_ino == os.fstat(self._file.fileno()).st_ino
        except FileNotFoundError:
            return True


@contextmanager
def translated_errors() -> Generator[None]:
    """Raise what the operating system raises as errors of this package.

    Raises:
        SettingError: access is denied or the file system is read-only.
        BucketUnavailableError: any other trouble: it may pass.
    """
    try:
        yield
    except OSError as error:
        name = error.filename or "the directory"
        if error.errno in LASTING_ERRNOS:
            raise SettingError("--from-dir", f"{name}: {error.strerror}; allow access") from error
        raise BucketUnavailableError(f"{name}: {error.strerror}") from error


def walk(directory: Path, folder: str) -> Iterator[str]:
    """Yield the keys of the regular files below `directory`, in no order."""
    try:
        entries = list(os.scandir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = aside_of(entry.name) or entry.name
        if is_hidden(name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from walk(directory / entry.name, f"{folder}{_text(name)}/")
        elif entry.is_file(follow_symlinks=False):
            yield folder + _text(name)


def _text(name: str) -> str:
    """Return a name that is not UTF-8 in a form that can be logged; no key matches it."""
    return os.fsencode(name).decode(errors="backslashreplace")


def aside_of(name: str) -> str | None:
    """Return the first name of a file that is aside, or None for any other name."""
    match = ASIDE_NAME.fullmatch(name)
    return match["name"] if match else None


def asides_of(path: Path, *, before_ns: int | None = None) -> list[Path]:
    """Return the files that were renamed aside from `path` and are still there, oldest first.

    With `before_ns` only those that were so before that time of the file system's clock.
    """
    found: list[tuple[int, Path]] = []
    with suppress(FileNotFoundError, NotADirectoryError):
        for entry in os.scandir(path.parent):
            if aside_of(entry.name) == path.name:
                with suppress(FileNotFoundError):
                    changed_ns = entry.stat(follow_symlinks=False).st_ctime_ns
                    found.append((changed_ns, path.with_name(entry.name)))
    return [aside for at, aside in sorted(found) if before_ns is None or at < before_ns]


def is_hidden(name: str) -> bool:
    """Tell whether `name` cannot be a part of a key."""
    return not name or name.startswith(".") or "\0" in name


def is_real_directory(path: Path) -> bool:
    """Tell whether `path`, itself without links, is a directory and reached without any."""
    return path.is_dir() and path.resolve() == path


def open_regular(path: Path, key: str) -> FileIO:
    """Open the file at `path`, neither following a link nor waiting for a pipe.

    Raises:
        ObjectGoneError: there is no regular file.
    """
    try:
        # Without O_NONBLOCK the opening of a named pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in NO_OBJECT_ERRNOS:
            raise ObjectGoneError(key) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ObjectGoneError(key)
    return FileIO(descriptor)


def write_file(path: Path, key: str, chunks: Iterable[bytes]) -> ObjectSummary:
    """Write a new file at `path` and have it on the disk; the summary is for `key`."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("xb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
        file.flush()
        os.fsync(file.fileno())
        return ObjectSummary(key, digest.hexdigest(), file.tell())


def sync_directory(directory: Path) -> None:
    """Have the names in `directory` on the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def signature(file: int | Path) -> Signature:
    """Return what changes when the bytes of a file do; a rename changes the last part only."""
    found = os.fstat(file) if isinstance(file, int) else file.stat()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
