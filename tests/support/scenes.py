"""A scene of the ingest: a producer's directory, a database, a clock; and what a user looks at."""

import datetime as dt
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import dict_row

from fleettickets.clients.buckets import Bucket
from fleettickets.jobs.context import FileOutcome, IngestContext, IngestSummary
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.store.connections import Connection, connect
from tests.support.buckets import Killed, Steps
from tests.support.feeds import a_change_file, a_row
from tests.support.ingests import NOW, PREFIX, Producer, a_context, a_worker

STAMPS = tuple(f"2026-06-{day:02}T17-00-00" for day in range(1, 10))
FIRST, SECOND, THIRD, FOURTH, FIFTH = STAMPS[:5]

BROKEN = b'ticket_id,owner\nINC1,"never closed\n'


def a_file(*rows: dict[str, str]) -> bytes:
    """Return a change file with these rows, each completed to an open ticket's."""
    return a_change_file(a_row(**row) for row in rows)


def a_ticket_file(owner: str, ticket_id: str = "INC1") -> bytes:
    """Return a change file with one ticket, whose `owner` tells one content from another."""
    return a_file({"ticket_id": ticket_id, "owner": owner})


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is moved."""

    at: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        """Return the time that it is."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at += dt.timedelta(seconds=seconds)


@dataclass(slots=True)
class Scene:
    """One stream in a directory, with one connection to the database that it is read into."""

    database_url: str
    connection: Connection
    producer: Producer
    clock: Clock = field(default_factory=Clock)

    @property
    def root(self) -> Path:
        """The directory that is the bucket."""
        return self.producer.root

    def put(self, stamp: str, content: bytes, folder: str = "changes") -> str:
        """Put a change file; return its key."""
        return self.producer.put(stamp, content, folder)

    def context(self, bucket: Bucket | None = None, **overrides: object) -> IngestContext:
        """Return a context of this scene."""
        defaults = {"connection": self.connection, "bucket": bucket or self.producer.bucket()}
        return a_context(**(defaults | {"now": self.clock} | overrides))  # type: ignore[arg-type]

    def ingest(self, bucket: Bucket | None = None, **overrides: object) -> IngestSummary:
        """Ingest what is pending, up to the key `through` if one is given."""
        names = ("through", "etag", "kept")
        asked = {name: overrides.pop(name) for name in names if name in overrides}
        return ingest_pending(self.context(bucket, **overrides), **asked)  # type: ignore[arg-type]

    def killed(self, kill_at: str, bucket: Bucket | None = None) -> None:
        """Let a worker ingest and die at the first step whose name starts with `kill_at`."""
        steps = _StepsUntil(name=kill_at)
        worker = a_worker(
            self.database_url, bucket or self.producer.bucket(), steps, now=self.clock
        )
        try:
            ingest_pending(worker)
        except Killed:
            return
        finally:
            worker.connection.close()
        raise AssertionError(f"no step {kill_at!r} in {steps.taken}")

    @contextmanager
    def another_session(self) -> Generator[Connection]:
        """Open a second session, which waits for locks for at most a fifth of a second."""
        with connect(
            self.database_url,
            application_name="another session",
            lock_timeout=dt.timedelta(milliseconds=200),
        ) as connection:
            yield connection

    def raw(self, ticket_id: str = "INC1") -> dict[str, str] | None:
        """Return what a ticket holds, None if there is no such ticket."""
        row = self.connection.execute(
            "select raw from tickets.inc where ticket_id = %s", [ticket_id]
        ).fetchone()
        return None if row is None else row[0]  # type: ignore[return-value]

    def owner(self, ticket_id: str = "INC1") -> str | None:
        """Return the owner of a ticket, which tells the contents of `a_ticket_file` apart."""
        raw = self.raw(ticket_id)
        return None if raw is None else raw.get("owner")

    def version(self, ticket_id: str = "INC1") -> tuple[object, ...] | None:
        """Return the version that last asserted a ticket: generation, stamp, revision."""
        return self.connection.execute(
            "select generation, stamp, revision from tickets.inc_versions where ticket_id = %s",
            [ticket_id],
        ).fetchone()

    def rows(self, statement: LiteralString) -> list[dict[str, Any]]:
        """Return the rows of a query, column to value."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement).fetchall()

    def ledger(self) -> list[dict[str, Any]]:
        """Return the ledger in the order of versions."""
        return self.rows("select * from tickets.import_files order by generation, stamp, revision")

    def settled(self) -> list[tuple[str, int, str]]:
        """Return stamp, revision and status of the ledger's rows, in the order of versions."""
        return [(row["stamp"], row["revision"], row["status"]) for row in self.ledger()]

    def entry(self, stamp: str = FIRST, revision: int = 1, generation: int = 0) -> dict[str, Any]:
        """Return one row of the ledger."""
        wanted = (generation, stamp, revision)
        for row in self.ledger():
            if (row["generation"], row["stamp"], row["revision"]) == wanted:
                return row
        raise AssertionError(f"{wanted} is not settled")

    def rejects(self) -> list[dict[str, Any]]:
        """Return the rejected rows that were kept."""
        return self.rows(
            "select * from tickets.import_rejects order by stamp, revision, line_number"
        )

    def stream(self) -> dict[str, Any]:
        """Return the row of the current generation."""
        return self.rows("select * from tickets.import_streams order by generation desc limit 1")[0]

    def freshness(self) -> dict[str, Any]:
        """Return what every payload carries about the stream."""
        return self.rows("select tickets.freshness() as facts")[0]["facts"]

    def watermark(self) -> str | None:
        """Return the stored watermark, a key."""
        return self.freshness()["watermark"]

    def names(self, folder: str) -> list[str]:
        """Return the stamps, with copy numbers, of the files in a folder of the bucket."""
        return [name.removesuffix(".csv") for name in self.producer.names(folder)]


@dataclass(slots=True)
class _StepsUntil(Steps):
    """Steps that end in death at the first one with a name that starts so."""

    name: str = ""

    def step(self, name: str) -> None:
        """Take the next step, or die at it."""
        self.taken.append(name)
        if name.startswith(self.name):
            raise Killed(name)


def keys_of(summary: IngestSummary) -> list[str]:
    """Return the stamps of the outcomes, in order."""
    return [outcome.stamp for outcome in summary.outcomes]


def outcomes_of(summary: IngestSummary) -> list[tuple[str, str]]:
    """Return (stamp, outcome) of each file, in order."""
    return [(file.stamp, file.outcome) for file in summary.outcomes]


def tree(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return bytes and modification time of every file below `root`, hidden ones included."""
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


TABLES: LiteralString = """
select format('%I.%I', schemaname, tablename) from pg_tables
where schemaname in ('tickets', 'reporting', 'scratch')
order by 1
"""


def all_tables(connection: Connection) -> dict[str, list[str]]:
    """Return the rows of every product table with their physical place: any write shows."""
    return {
        str(name): [
            str(row)
            for (row,) in connection.execute(
                sql.SQL("select (ctid, xmin, t)::text from {} as t order by 1").format(
                    sql.SQL(name)  # type: ignore[arg-type]
                )
            )
        ]
        for (name,) in connection.execute(TABLES).fetchall()
    }


def archive_names(scene: Scene) -> dict[str, list[str]]:
    """Return what lies in each folder of the scene's bucket."""
    return {folder: scene.names(folder) for folder in ("changes", "processed", "quarantine")}


def prefix_key(folder: str, name: str) -> str:
    """Return the key of a file in a folder of the stream."""
    return f"{PREFIX.text}/{folder}/{name}.csv"


def only(outcomes: tuple[FileOutcome, ...]) -> FileOutcome:
    """Return the one outcome that there is."""
    assert len(outcomes) == 1
    return outcomes[0]
