"""One object of an S3-compatible store, being read."""

from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from fleettickets.clients.buckets import CHUNK_BYTES, ObjectSummary
from fleettickets.clients.s3_errors import translated_errors

if TYPE_CHECKING:
    from botocore.response import StreamingBody


class S3Object:
    """One object's answer whose body is still to be read; see `OpenObject`."""

    def __init__(
        self,
        bucket: str,
        summary: ObjectSummary,
        version_id: str | None,
        body: "StreamingBody",
    ) -> None:
        """Take over the `body`, which `close` ends."""
        self.key = summary.key
        self.etag = summary.etag
        self.size_bytes = summary.size_bytes
        self.version_id = version_id
        self._bucket = bucket
        self._body = body

    def chunks(self) -> Iterator[bytes]:
        """See `OpenObject`."""
        while True:
            with translated_errors(self._bucket, self.key):
                # Raises at the end of a body that is shorter than its Content-Length.
                chunk = self._body.read(CHUNK_BYTES)
            if not chunk:
                return
            yield chunk

    def close(self) -> None:
        """End the reading; what is left of the body is dropped with its connection."""
        self._body.close()

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
