"""Named files that are read as change files where they lie, and never moved."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from fleettickets.clients.buckets import ObjectSummary
from fleettickets.clients.directories import DirectoryBucket
from fleettickets.clients.directory_files import DirectoryObject
from fleettickets.errors import ObjectGoneError, UsageError


class LocalFiles:
    """A read-only bucket of files that the command line names, whatever directory they are in."""

    checks_source = False
    source = "file:"

    def __init__(self, paths: Mapping[str, Path]) -> None:
        """Serve each key of `paths` from its file; links are followed: a person named them."""
        self._paths = {key: path.resolve() for key, path in paths.items()}

    def list_objects(self, folder: str) -> Iterator[ObjectSummary]:
        """See `Bucket`."""
        for key in sorted(self._paths):
            if key.startswith(folder) and (found := self.find_object(key)):
                yield found

    def find_object(self, key: str) -> ObjectSummary | None:
        """See `Bucket`."""
        try:
            with self.open_object(key) as found:
                return ObjectSummary(key, found.etag, found.size_bytes)
        except ObjectGoneError:
            return None

    def open_object(self, key: str, *, etag: str | None = None) -> DirectoryObject:
        """See `Bucket`."""
        path = self._paths.get(key)
        if path is None:
            raise ObjectGoneError(key)
        return DirectoryBucket(path.parent, "").open_object(path.name, etag=etag)

    def copy_object(self, source_key: str, target_key: str, *, etag: str) -> None:
        """Refuse: named files are never moved."""
        del target_key, etag
        self._refuse(source_key)

    def put_object(
        self, key: str, chunks: Iterable[bytes], *, size_bytes: int | None = None
    ) -> ObjectSummary:
        """Refuse: nothing is written beside named files."""
        del chunks, size_bytes
        self._refuse(key)

    def delete_object(self, key: str, *, etag: str, version_id: str | None) -> bool:
        """Refuse: named files are never moved."""
        del etag, version_id
        self._refuse(key)

    def _refuse(self, key: str) -> NoReturn:
        raise UsageError(f"{key} was named on the command line: it is read, never moved")
