"""Reading one change file's content: hash it, stage its rows, write or judge them."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from psycopg import errors as pg

from fleettickets.clients.buckets import OpenObject
from fleettickets.core.feed import FeedCounts, Reject, read_change_file
from fleettickets.errors import FileQuarantineError
from fleettickets.store.connections import Connection
from fleettickets.store.ledger import RowCounts
from fleettickets.store.staging import Written, stage_rows

DATA_ERRORS = (pg.DataError, pg.IntegrityError, pg.ProgramLimitExceeded)  # classes 22, 23 and 54


@dataclass(frozen=True, slots=True)
class Processed:
    """What a content turned out to be.

    Exactly one of three: `known` (its sha256 is the settled one), `reason` (it is to be
    quarantined), or `counts` (its rows were written). `sha256` is None if it was not read whole.
    """

    sha256: str | None
    size_bytes: int
    known: bool = False
    reason: str | None = None
    counts: RowCounts | None = None
    rejects: tuple[Reject, ...] = ()


def reasons_of(rejects: Sequence[Reject]) -> tuple[str, ...]:
    """Return the reasons of rejected rows, each once, in order."""
    return tuple(sorted({reject.reason for reject in rejects}))


class HashedContent:
    """The chunks of an open object, hashed as they pass."""

    def __init__(self, opened: OpenObject) -> None:
        """Start at the object's first byte."""
        self._chunks = opened.chunks()
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks that are left."""
        for chunk in self._chunks:
            self._hash.update(chunk)
            self.size_bytes += len(chunk)
            yield chunk

    def finish(self, limit_bytes: int) -> str | None:
        """Read what is left and return the sha256; None if there are more than `limit_bytes`."""
        for _ in self:
            if self.size_bytes > limit_bytes:
                return None
        return self._hash.hexdigest()


def process_content(
    connection: Connection,
    opened: OpenObject,
    *,
    max_file_bytes: int,
    settled_sha256: str | None,
    write: Callable[[], Written],
) -> Processed:
    """Stage the object's rows and call `write`, unless it is the settled content or a bad file.

    What was staged or written for a bad file is rolled back; the transaction around it goes on.
    """
    content = HashedContent(opened)
    change_file = read_change_file(content, max_file_bytes=max_file_bytes)
    try:
        with connection.transaction():
            stage_rows(connection, change_file)
            sha256 = content.finish(max_file_bytes)
            if sha256 == settled_sha256:
                return Processed(sha256, content.size_bytes, known=True)
            counts = _row_counts(change_file.counts, write())
    except FileQuarantineError as error:
        return _bad(content, max_file_bytes, settled_sha256, error.reason)
    except DATA_ERRORS as error:
        reason = (
            f"the database refused its rows ({type(error).__name__}, SQLSTATE {error.sqlstate}); "
            "mend the file and replay it"
        )
        return _bad(content, max_file_bytes, settled_sha256, reason)
    return Processed(sha256, content.size_bytes, counts=counts, rejects=tuple(change_file.rejects))


def _bad(
    content: HashedContent, max_file_bytes: int, settled_sha256: str | None, reason: str
) -> Processed:
    sha256 = content.finish(max_file_bytes)
    known = sha256 is not None and sha256 == settled_sha256
    return Processed(sha256, content.size_bytes, known=known, reason=reason)


def _row_counts(feed: FeedCounts, written: Written) -> RowCounts:
    return RowCounts(
        read=feed.read,
        dropped=feed.dropped,
        rejected=feed.rejected,
        duplicate=written.duplicate,
        inserted=written.inserted,
        updated=written.updated,
        unchanged=written.unchanged,
        stale=written.stale,
    )
