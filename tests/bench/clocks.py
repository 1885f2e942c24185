"""Clocks: wall time, the part of it in which a connection waits for its server, and WAL."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

type AnyConnection = Connection[Any]


@dataclass(slots=True)
class Span:
    """One measured piece of work.

    `database_ms` is the time inside the driver's calls that wait for the server: statements, COPY,
    COMMIT. What the server does while the client reads and parses is not in it. `round_trips`
    counts those waits, so a COPY counts as several. `wal_bytes` is the whole server's, and None if
    a checkpoint began meanwhile, since images of whole pages would be in it. `client_cpu_ms` is
    that of the process that measures, or of the one that was measured from outside, whose peak of
    resident memory is known, too.
    """

    wall_ms: float = 0.0
    database_ms: float = 0.0
    round_trips: int = 0
    wal_bytes: int | None = None
    client_cpu_ms: float = 0.0
    peak_memory_mb: float | None = None


class DatabaseClock:
    """Sums up how long one connection waits for its server.

    Every exchange of a psycopg connection goes through its `wait`, a COMMIT too.
    """

    def __init__(self, connection: AnyConnection) -> None:
        """Watch `connection` from now on."""
        self._connection = connection
        self._wait = connection.wait
        self._waited_seconds = 0.0
        self._waits = 0
        connection.wait = self._timed_wait

    def _timed_wait(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        started = time.perf_counter()
        try:
            return self._wait(*arguments, **named)
        finally:
            self._waited_seconds += time.perf_counter() - started
            self._waits += 1

    @contextmanager
    def span(self) -> Generator[Span]:
        """Yield a span that holds its figures once the block has ended."""
        span = Span()
        wal = read_wal(self._connection)
        seconds, waits = self._waited_seconds, self._waits
        started, cpu_seconds = time.perf_counter(), time.process_time()
        yield span
        span.wall_ms = (time.perf_counter() - started) * 1000
        span.client_cpu_ms = (time.process_time() - cpu_seconds) * 1000
        span.database_ms = (self._waited_seconds - seconds) * 1000
        span.round_trips = self._waits - waits
        span.wal_bytes = wal_written(wal, read_wal(self._connection))


READ_WAL = """
select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, redo_lsn::text
from pg_control_checkpoint()
"""


def read_wal(connection: AnyConnection) -> tuple[int, str]:
    """Return where the write-ahead log stands, and the last checkpoint before it."""
    position_bytes, checkpoint = connection.execute(READ_WAL).fetchone() or (0, "")
    return position_bytes, checkpoint


def wal_written(before: tuple[int, str], after: tuple[int, str]) -> int | None:
    """Return the bytes between two readings; None if a checkpoint began meanwhile."""
    return after[0] - before[0] if before[1] == after[1] else None
