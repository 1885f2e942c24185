"""What the jobs ask of a bucket, whether it is an S3-compatible store or a directory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ObjectSummary:
    """One object as a listing shows it.

    `etag` has no quotes. Two objects with one etag and one size hold the same bytes; the reverse
    does not hold, because the etag of an object uploaded in parts changes when it is copied.
    `modified_at` is when the store took it in, for an upload in parts when that began; None where
    nobody asks. It says nothing about which object this is, so comparisons leave it out.
    """

    key: str
    etag: str
    size_bytes: int
    modified_at: datetime | None = field(default=None, compare=False)


class OpenObject(Protocol):
    """One object being read; a context manager that ends the reading."""

    @property
    def key(self) -> str:
        """The object's whole key."""
        ...

    @property
    def etag(self) -> str:
        """The etag of the bytes that are being read, without quotes."""
        ...

    @property
    def version_id(self) -> str | None:
        """The object's version, or None where the store keeps none."""
        ...

    @property
    def size_bytes(self) -> int:
        """How many bytes the whole object has."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield the whole content once, in order, `CHUNK_BYTES` at a time.

        Content counts as read only when the iteration has ended by itself: a body that was cut
        short, or a file that changed meanwhile, shows at its end.

        Raises:
            BucketUnavailableError: the body broke off.
            ObjectChangedError: the bytes read are not those of `etag`.
        """
        ...

    def __enter__(self) -> Self:
        """Return the object itself."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the reading."""
        ...


class Bucket(Protocol):
    """The place that a stream is read from and archived in; keys are whole, prefix included.

    Every method raises BucketUnavailableError for trouble that passes, and SettingError for
    trouble that stays until somebody changes a setting or a permission.
    """

    @property
    def source(self) -> str:
        """The stream's source: equal for one place however its setting was written."""
        ...

    @property
    def checks_source(self) -> bool:
        """Whether the generation's source has to be this one; a directory is exempt."""
        ...

    def list_objects(self, folder: str) -> Iterator[ObjectSummary]:
        """Yield everything below `folder` (a key prefix ending in "/"), nested too.

        The order is bytewise by key. A folder that does not exist is empty.
        """
        ...

    def open_object(self, key: str, *, etag: str | None = None) -> OpenObject:
        """Open the object, with `etag` only if it is still that one.

        Raises:
            ObjectGoneError: there is no such object.
            ObjectChangedError: it is another one than `etag` says.
        """
        ...

    def find_object(self, key: str) -> ObjectSummary | None:
        """Return the object's summary, or None when there is no such object."""
        ...

    def copy_object(self, source_key: str, target_key: str, *, etag: str) -> None:
        """Copy the object within the bucket if it is still `etag`; replaces the target.

        Raises:
            ObjectGoneError: there is no such source.
            ObjectChangedError: the source is another one; no copy of that one is left behind.
        """
        ...

    def put_object(
        self, key: str, chunks: Iterable[bytes], *, size_bytes: int | None = None
    ) -> ObjectSummary:
        """Write the object whole or not at all; replaces what is there.

        Raises:
            ObjectChangedError: the chunks do not add up to `size_bytes`.
        """
        ...

    def delete_object(self, key: str, *, etag: str, version_id: str | None) -> bool:
        """Delete the object if it is still that one; say whether this call removed it.

        A newer object under the same key always stays, and no older version comes to light.
        """
        ...
