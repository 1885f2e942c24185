"""The end check of every scenario of trouble: one hash over what must not depend on the trouble.

It is compared with that of a clean ordered ingest of the same files into a fresh database.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

from fleettickets.jobs.ingest import ingest_pending
from tests.support.ingests import Producer, a_context
from tests.support.reseeds import a_reseed

# Left out: when it was written, and where it lies on the map, which the gazetteer says too. The
# stamp of a ticket's version is in; its revision counts contents that were refused on the way.
TICKETS: LiteralString = """
copy (
    select
        to_jsonb(inc) - array['ingested_at', 'geom', 'geog', 'geo_source', 'latitude', 'longitude'],
        versions.stamp
    from tickets.inc as inc
    left join tickets.inc_versions as versions on inc.ticket_id = versions.ticket_id
    order by inc.ticket_id collate "C"
) to stdout
"""
CLOSURES: LiteralString = """
copy (
    select to_jsonb(events) - array['recorded_at', 'generation', 'revision']
    from tickets.closure_events as events
    order by ticket_id collate "C", closed_at
) to stdout
"""

type Content = tuple[str, bytes]
"""A stamp and the bytes that were settled under it."""


def content_hash(connection: psycopg.Connection) -> str:
    """Return one sha256 over the tickets and the closure history."""
    digest = hashlib.sha256()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set local timezone to 'UTC'")
        for statement in (TICKETS, CLOSURES):
            with cursor.copy(statement) as copy:
                for block in copy:
                    digest.update(block)
            digest.update(b"\0")
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class CleanIngest:
    """A database of its own in which the same files are ingested again, in order and untroubled."""

    connection: psycopg.Connection
    truncate_all: Callable[[psycopg.Connection], None]

    def hash_of(self, *generations: Iterable[Content]) -> str:
        """Return the hash after an ingest of the files, by stamp; those of one stamp as given.

        Each further iterable holds the files that a reseed read, and what came after it.
        """
        self.truncate_all(self.connection)
        for number, files in enumerate(generations):
            root = Path(tempfile.mkdtemp(prefix="clean-ingest-"))
            ordered = sorted(files, key=lambda file: file[0])
            (self._reseed if number else self._ingest)(Producer(root), ordered)
            shutil.rmtree(root)
        return content_hash(self.connection)

    def assert_equals(
        self, connection: psycopg.Connection, *generations: Iterable[Content]
    ) -> None:
        """Compare a database with a clean ordered ingest of the same files."""
        expected = self.hash_of(*generations)
        found = content_hash(connection)
        assert found == expected, "\n".join(self._differences(connection))

    def _ingest(self, producer: Producer, files: Iterable[Content]) -> None:
        bucket = producer.bucket()
        for stamp, content in files:
            producer.put(stamp, content)
            ingest_pending(a_context(self.connection, bucket))

    def _reseed(self, producer: Producer, files: Iterable[Content]) -> None:
        for stamp, content in files:
            producer.put_archived(stamp, content)
        a_reseed(a_context(self.connection, producer.bucket()), allow_missing=True)

    def _differences(self, connection: psycopg.Connection) -> Iterable[str]:
        """Yield the first rows that are in one of the databases only."""
        for statement in (TICKETS, CLOSURES):
            found, clean = (_lines(each, statement) for each in (connection, self.connection))
            yield from (f"only here:  {line}" for line in sorted(found - clean)[:3])
            yield from (f"only clean: {line}" for line in sorted(clean - found)[:3])


def _lines(connection: psycopg.Connection, statement: LiteralString) -> set[str]:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        return set(b"".join(copy).decode().splitlines())
