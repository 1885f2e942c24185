"""Scale by files: rows of a file, and files that are pending, each on the ingest's own path."""

import hashlib
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fleettickets.clients.directories import DirectoryBucket
from fleettickets.core.keys import EAT
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.listings import take_listing
from fleettickets.store.connections import connect
from tests.bench.clocks import DatabaseClock, Span
from tests.bench.contenders import MAX_FILE_BYTES, PREFIX, Product
from tests.bench.ingest import add_places, checkpoint
from tests.bench.scale_points import Point
from tests.bench.workloads import make_workload
from tests.support.feeds import a_change_file, a_row
from tests.support.postgres import DatabaseServer

WORKLOAD_ROWS = 20_000  # larger files repeat these under other ticket numbers
ROWS_OF_ROUNDS = 300_000  # a file is loaded until so many rows were, but at most five times
MOST_ROUNDS = 5
LISTINGS = 3
DOORBELLS = 10
FIRST = datetime(2026, 2, 1, tzinfo=EAT)


def stamp_of(number: int) -> str:
    """Return the stamp of the file of that number: one every 20 s, from FIRST on."""
    return f"{FIRST + timedelta(seconds=20 * number):%Y-%m-%dT%H-%M-%S}"


@contextmanager
def a_product(server: DatabaseServer) -> Generator[tuple[str, Product]]:
    """Yield the URL of a fresh database, and the product on it and an empty directory."""
    with (
        server.migrated_database() as url,
        tempfile.TemporaryDirectory() as directory,
        closing(Product(url, Path(directory))) as product,
    ):
        yield url, product


def measure_rows(server: DatabaseServer, sizes: Sequence[int]) -> Iterator[Point]:
    """Load files of so many rows into an empty table, and then the same bytes again."""
    workload = make_workload(min(WORKLOAD_ROWS, max(sizes)), 0)
    for rows in sizes:
        content = repeated(workload.first_load[1], rows)
        loads, again = list[Span](), list[Span]()
        for _ in range(max(1, min(MOST_ROUNDS, ROWS_OF_ROUNDS // rows))):
            with a_product(server) as (_, product):
                add_places(product.connection, workload)
                checkpoint(product.connection)
                loads.append(product.ingest(stamp_of(0), content))
                again.append(product.ingest(stamp_of(1), content))
        for series, spans in (("first load", loads), ("the same bytes again", again)):
            yield Point(series, rows, "s", [span.wall_ms / 1000 for span in spans])
        sys.stderr.write(f"{rows:,} rows a file\n")


def repeated(content: bytes, rows: int) -> bytes:
    """Return a file of `rows` rows: those of `content`, then they again under other numbers."""
    header, *lines = content.decode().splitlines()
    if not header.startswith("ticket_id,"):
        raise ValueError("a row does not begin with the number of its ticket")
    numbered = (f"{n // len(lines) or ''}{lines[n % len(lines)]}" for n in range(rows))
    return "\r\n".join((header, *numbered, "")).encode()


@dataclass(frozen=True, slots=True)
class Backlog:
    """A directory with files that wait, one row each; nobody has looked at it yet."""

    context: IngestContext
    clock: DatabaseClock
    etags: Sequence[str]

    def answer(self, number: int) -> Span:
        """Answer the doorbell of the file of that number, which is the oldest that is left."""
        key = PREFIX.change_key(stamp_of(number))
        with self.clock.span() as span:
            summary = ingest_pending(self.context, through=key, etag=self.etags[number])
        left = len(self.etags) - number - 1
        if (summary.count("applied"), summary.pending) != (1, left):
            raise RuntimeError(f"{key} was not the one that was settled: {summary}")
        return span

    def list_all(self) -> Span:
        """Take a listing of all files, as each pass over them begins with."""
        with self.clock.span() as span:
            listing = take_listing(self.context, None)
        if listing is None or listing.pending != len(self.etags):
            raise RuntimeError("the listing does not show what is pending")
        return span


@contextmanager
def a_backlog(server: DatabaseServer, files: int) -> Generator[Backlog]:
    """Yield a backlog of so many files over an empty table."""
    with server.migrated_database() as url, tempfile.TemporaryDirectory() as directory:
        etags = _write_files(Path(directory, "changes"), files)
        with closing(connect(url, application_name="fleettickets bench")) as connection:
            context = IngestContext(
                connection=connection,
                bucket=DirectoryBucket(Path(directory), PREFIX.text, rest_seconds=0.0),
                prefix=PREFIX,
                worker="function",
                now=lambda: datetime.now(UTC),
                max_file_bytes=MAX_FILE_BYTES,
            )
            yield Backlog(context, DatabaseClock(connection), etags)


def _write_files(directory: Path, files: int) -> list[str]:
    directory.mkdir()
    etags = list[str]()
    for number in range(files):
        stamp = stamp_of(number)
        content = a_change_file([a_row(ticket_id=stamp)])
        directory.joinpath(f"{stamp}.csv").write_bytes(content)
        etags.append(hashlib.md5(content, usedforsecurity=False).hexdigest())
    return etags


def measure_pending(server: DatabaseServer, sizes: Sequence[int]) -> Iterator[Point]:
    """Let so many files wait; list them, then answer the doorbells of the oldest, one by one.

    Left out are the first listing, which computes the etags that a bucket has, and the first
    doorbell, after which the connection is warm.
    """
    for files in sizes:
        with a_backlog(server, files + 1) as backlog:
            listings = [backlog.list_all() for _ in range(1 + LISTINGS)][1:]
            spans = [backlog.answer(number) for number in range(1 + min(DOORBELLS, files))][1:]
        yield Point("listing, a file", files, "µs", [s.wall_ms * 1e3 / files for s in listings])
        yield Point(
            "listing, a file, database",
            files,
            "µs",
            [s.database_ms * 1e3 / files for s in listings],
        )
        yield Point("doorbell", files, "ms", [span.wall_ms for span in spans])
        yield Point("doorbell, database", files, "ms", [span.database_ms for span in spans])
        sys.stderr.write(f"{files:,} pending files\n")
