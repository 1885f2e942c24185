"""Prefetching: small files are read in parallel, a little ahead of their turn."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from fleettickets.clients.buckets import OpenObject
from fleettickets.core.pending import PendingFile
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.settling import locate

READERS = 8
MAX_BYTES = 1024 * 1024  # a larger file is streamed in its turn, in constant memory


@dataclass(frozen=True, slots=True)
class ReadObject:
    """A whole object in memory; see `OpenObject`."""

    key: str
    etag: str
    version_id: str | None
    content: bytes

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        return len(self.content)

    def chunks(self) -> Iterator[bytes]:
        """Yield the content, once."""
        yield self.content

    def __enter__(self) -> Self:
        """Return the object itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class Prefetch:
    """Files that are being read, by their place; what was not asked for is opened when it is."""

    context: IngestContext
    pool: ThreadPoolExecutor
    _reading: dict[PendingFile, Future[ReadObject]] = field(
        default_factory=dict[PendingFile, Future[ReadObject]]
    )

    def begin(self, files: Sequence[PendingFile]) -> None:
        """Begin to read those of the `files` that are small."""
        for file in files:
            if file.size_bytes <= MAX_BYTES:
                self._reading[file] = self.pool.submit(_read, self.context, file)

    def forget(self, files: Sequence[PendingFile]) -> None:
        """Let go of those of the `files` that nobody opened."""
        for file in files:
            if (reading := self._reading.pop(file, None)) is not None:
                reading.cancel()

    def open(self, context: IngestContext, file: PendingFile) -> OpenObject:
        """Open the file as `locate` does, and with its errors."""
        reading = self._reading.pop(file, None)
        return locate(context, file) if reading is None else reading.result()


@contextmanager
def prefetching(context: IngestContext) -> Generator[Prefetch]:
    """Yield a prefetch whose readers end with the block."""
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="prefetch")
    try:
        yield Prefetch(context, pool)
    finally:
        pool.shutdown(cancel_futures=True)


def _read(context: IngestContext, file: PendingFile) -> ReadObject:
    with locate(context, file) as opened:
        content = b"".join(opened.chunks())
        return ReadObject(opened.key, opened.etag, opened.version_id, content)
