"""A directory that serves as a bucket: the etag of a file is the MD5 of its bytes."""

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path

from fleettickets.clients.buckets import ObjectSummary
from fleettickets.clients.directory_files import (
    DirectoryObject,
    Signature,
    asides_of,
    is_hidden,
    is_real_directory,
    open_regular,
    signature,
    sync_directory,
    translated_errors,
    walk,
    write_file,
)
from fleettickets.errors import ObjectChangedError, ObjectGoneError, UsageError

# A file written in place twice within one tick of the file system's clock looks unchanged, so an
# etag is remembered only of a file that has rested. FAT's clock has the coarsest tick, 2 s.
REST_SECONDS = 2.0


def open_directory(directory: Path, prefix: str) -> "DirectoryBucket":
    """Open `directory` as a bucket: its root, or the prefix itself if it holds `changes/`.

    Raises:
        UsageError: neither shape fits; the text says which ones would.
    """
    root = directory.resolve()
    for candidate in (root, root.joinpath(*prefix.strip("/").split("/"))):
        if is_real_directory(candidate / "changes"):
            return DirectoryBucket(candidate, prefix)
    raise UsageError(
        f"{directory} holds neither changes/ nor {prefix}/changes/; give the bucket's root or the "
        "folder that holds changes/ (links are not followed), or set TICKETS_PREFIX"
    )


class DirectoryBucket:
    """The objects of one prefix, as the regular files below one directory.

    Symbolic links are not followed, and names that start with a dot are not objects. Producers
    are expected to rename complete files into place. A process that is killed while it writes
    leaves a file `.<name>.<random>.tmp` behind, which may be deleted.
    """

    checks_source = False

    def __init__(self, directory: Path, prefix: str, *, rest_seconds: float = REST_SECONDS) -> None:
        """Serve the key `<prefix>/<path>` from `<directory>/<path>`.

        The etag of a file that has not changed for `rest_seconds` is computed once only.
        """
        self._directory = directory.resolve()
        self._base = f"{prefix.strip('/')}/".lstrip("/")
        self._rest_nanoseconds = int(rest_seconds * 1e9)
        self._etags: dict[Signature, str] = {}
        self.source = f"file://{self._directory}"

    def __repr__(self) -> str:
        """Show the place."""
        return f"DirectoryBucket({self.source!r})"

    def list_objects(self, folder: str) -> Iterator[ObjectSummary]:
        """See `Bucket`; a file that goes away meanwhile is left out."""
        directory = self._path(folder.removesuffix("/"))
        if directory is None:
            return
        with translated_errors():
            keys = set(walk(directory, folder))
        for key in sorted(keys):
            found = self.find_object(key)
            if found is not None:
                yield found

    def find_object(self, key: str) -> ObjectSummary | None:
        """See `Bucket`."""
        try:
            with self.open_object(key) as found:
                return ObjectSummary(key, found.etag, found.size_bytes)
        except ObjectGoneError:
            return None

    def open_object(self, key: str, *, etag: str | None = None) -> "DirectoryObject":
        """See `Bucket`; the bytes are compared here and, while they are read, once more."""
        with translated_errors():
            path = self._locate(key)
            file = open_regular(path, key)
            try:
                found = DirectoryObject(key, self._etag(file), path, file)
            except BaseException:
                file.close()
                raise
        if etag not in {None, found.etag}:
            found.close()
            raise ObjectChangedError(key)
        return found

    def copy_object(self, source_key: str, target_key: str, *, etag: str) -> None:
        """See `Bucket`."""
        with self.open_object(source_key, etag=etag) as found:
            self.put_object(target_key, found.chunks(), size_bytes=found.size_bytes)

    def put_object(
        self, key: str, chunks: Iterable[bytes], *, size_bytes: int | None = None
    ) -> ObjectSummary:
        """See `Bucket`; the file is on the disk before it gets its name."""
        path = self._path(key)
        if path is None:
            raise UsageError(f"{key} cannot be written: it is not a name below {self.source}")
        partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        with translated_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                written = write_file(partial, key, chunks)
                if size_bytes not in {None, written.size_bytes}:
                    raise ObjectChangedError(key)
                partial.replace(path)
                sync_directory(path.parent)
            finally:
                partial.unlink(missing_ok=True)
        return written

    def delete_object(self, key: str, *, etag: str, version_id: str | None) -> bool:
        """See `Bucket`; there are no versions.

        A file could be renamed into place between the comparison and the removal. So the compared
        file is first renamed aside; if it turns out to be another one, it gets its name back
        unless a still newer one has taken it. A process killed in between leaves the file aside,
        where it still counts as the object.
        """
        del version_id
        try:
            with self.open_object(key, etag=etag) as found:
                return self._remove(found)
        except (ObjectGoneError, ObjectChangedError):
            return False

    def _remove(self, found: "DirectoryObject") -> bool:
        name = found.key.rpartition("/")[2]
        aside = found.path.with_name(f".{name}.{secrets.token_hex(8)}.removing")
        with translated_errors():
            # Files aside that this one came after would come to light as if they were new.
            for superseded in asides_of(found.path, before_ns=found.changed_ns):
                superseded.unlink(missing_ok=True)
            try:
                found.path.rename(aside)
            except FileNotFoundError:
                return False
            if found.is_still_at(aside):
                aside.unlink(missing_ok=True)
                return True
            with suppress(FileExistsError):
                aside.with_name(name).hardlink_to(aside)
            aside.unlink(missing_ok=True)
        return False

    def _path(self, key: str) -> Path | None:
        """Return where the object would be, or None if no object can have that key."""
        if f"{key}/" == self._base:
            return self._directory
        names = key.removeprefix(self._base).split("/")
        if not key.startswith(self._base) or any(is_hidden(name) for name in names):
            return None
        path = self._directory.joinpath(*names)
        return path if path.parent.resolve() == path.parent else None

    def _locate(self, key: str) -> Path:
        path = self._path(key)
        if path is None:
            raise ObjectGoneError(key)
        if os.path.lexists(path):
            return path
        asides = asides_of(path)
        if not asides:
            raise ObjectGoneError(key)
        return asides[-1]

    def _etag(self, file: FileIO) -> str:
        before = signature(file.fileno())
        known = self._etags.get(before)
        if known is not None:
            return known
        etag = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        file.seek(0)
        rested = time.time_ns() - max(before[-2:]) >= self._rest_nanoseconds
        if rested and signature(file.fileno()) == before:
            self._etags[before] = etag
        return etag
