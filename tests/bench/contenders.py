"""What is measured in process: the product, and the limits that COPY and short calls set."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

from psycopg import Connection, sql

from fleettickets.clients.buckets import CHUNK_BYTES
from fleettickets.clients.directories import DirectoryBucket
from fleettickets.core.feed import read_change_file
from fleettickets.core.keys import Prefix
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.store.connections import connect
from tests.bench.clocks import DatabaseClock, Span

PREFIX = Prefix()
MAX_FILE_BYTES = 1 << 30


class Product:
    """The product's own path: the ingest job on a directory bucket, over one warm connection."""

    def __init__(self, database_url: str, directory: Path) -> None:
        """Connect as the function does."""
        self._changes = directory / "changes"
        self._changes.mkdir()
        self.connection = connect(database_url, application_name="fleettickets bench")
        self._clock = DatabaseClock(self.connection)
        self._context = IngestContext(
            connection=self.connection,
            bucket=DirectoryBucket(directory, PREFIX.text, rest_seconds=0.0),
            prefix=PREFIX,
            worker="function",
            now=lambda: datetime.now(UTC),
            max_file_bytes=MAX_FILE_BYTES,
        )

    def close(self) -> None:
        """End the connection."""
        self.connection.close()

    def ingest(self, stamp: str, content: bytes) -> Span:
        """Put a change file into place and settle it, as its doorbell would have it."""
        partial = self._changes / f".{stamp}.partial"
        partial.write_bytes(content)
        partial.rename(self._changes / f"{stamp}.csv")
        return self._ring(stamp, content, settles=1)

    def ring_again(self, stamp: str, content: bytes) -> Span:
        """Ring once more for a file that is settled: there is nothing to do."""
        return self._ring(stamp, content, settles=0)

    def _ring(self, stamp: str, content: bytes, *, settles: int) -> Span:
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        with self._clock.span() as span:
            summary = ingest_pending(self._context, through=PREFIX.change_key(stamp), etag=etag)
        if (summary.count("applied"), len(summary.outcomes)) != (settles, settles):
            raise RuntimeError(f"{stamp} was not settled as expected: {summary}")
        return span


def copy_as_text(connection: Connection[Any], content: bytes) -> Span:
    """Measure COPY of the same bytes into an unlogged table with a text column for each cell."""
    names = content.partition(b"\r\n")[0].decode().split(",")
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in names)
    connection.execute("drop table if exists scratch.limit_text")
    connection.execute(sql.SQL("create unlogged table scratch.limit_text ({})").format(columns))
    return _timed_copy(
        connection, "copy scratch.limit_text from stdin (format csv, header)", content
    )


def copy_as_jsonb(connection: Connection[Any], content: bytes) -> Span:
    """Measure COPY of (ticket_id, raw), prepared before, into a plain logged table, no key."""
    connection.execute("drop table if exists scratch.limit_jsonb")
    connection.execute("create table scratch.limit_jsonb (ticket_id text, raw jsonb)")
    rows = read_change_file([content], max_file_bytes=MAX_FILE_BYTES)
    # JSON text holds no tab and no line end, so the backslash is all that COPY has to be spared.
    prepared = [f"{row.ticket_id}\t{row.raw_json}\n".replace("\\", "\\\\").encode() for row in rows]
    return _timed_copy(connection, "copy scratch.limit_jsonb from stdin", b"".join(prepared))


def _timed_copy(connection: Connection[Any], statement: LiteralString, content: bytes) -> Span:
    with (
        DatabaseClock(connection).span() as span,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for start in range(0, len(content), CHUNK_BYTES):
            copy.write(content[start : start + CHUNK_BYTES])
    return span


def commit_nothing(connection: Connection[Any]) -> None:
    """Run an empty transaction."""
    with connection.transaction():
        pass


def select_one(connection: Connection[Any]) -> None:
    """Make the shortest round trip that there is."""
    connection.execute("select 1")
