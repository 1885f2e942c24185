"""What the tests of the ingest share: a stream in a directory, workers that die, the outcome."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString, Self, override

import psycopg
from psycopg import Cursor
from psycopg.abc import Params, QueryNoTemplate
from psycopg.rows import TupleRow

from fleettickets.clients.buckets import Bucket
from fleettickets.clients.directories import DirectoryBucket
from fleettickets.core.keys import Prefix
from fleettickets.jobs.context import IngestContext
from fleettickets.store.connections import Connection
from tests.support.buckets import FaultyBucket, Steps

PREFIX = Prefix()
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


@dataclass(slots=True)
class Producer:
    """Puts change files where a directory bucket finds them, as a producer does: by a rename."""

    root: Path
    history: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])

    def put(self, stamp: str, content: bytes, folder: str = "changes") -> str:
        """Put `content` as the change file of `stamp`; return its key."""
        directory = self.root / folder
        directory.mkdir(parents=True, exist_ok=True)
        partial = directory / f".{stamp}.partial"
        partial.write_bytes(content)
        partial.replace(directory / f"{stamp}.csv")
        self.history.append((stamp, content))
        return f"{PREFIX.text}/{folder}/{stamp}.csv"

    def put_archived(self, stamp: str, content: bytes) -> None:
        """Put a content where settled ones lie, after those of its stamp that lie there already."""
        copies = 1
        while Path(PREFIX.processed_key(stamp, copies)).name in self.names("processed"):
            copies += 1
        name = Path(PREFIX.processed_key(stamp, copies)).name
        self.put(name.removesuffix(".csv"), content, "processed")

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder of the bucket."""
        directory = self.root / folder
        return sorted(path.name for path in directory.glob("*.csv")) if directory.exists() else []

    def content(self, folder: str, name: str) -> bytes:
        """Return the bytes of a file in a folder of the bucket."""
        return (self.root / folder / name).read_bytes()

    def bucket(self) -> DirectoryBucket:
        """Open the directory as a bucket."""
        (self.root / "changes").mkdir(parents=True, exist_ok=True)
        return DirectoryBucket(self.root, PREFIX.text)


def a_context(
    connection: Connection,
    bucket: Bucket,
    **overrides: object,
) -> IngestContext:
    """Return a context for the command line at a fixed time."""
    defaults: dict[str, object] = {
        "prefix": PREFIX,
        "worker": "command line",
        "now": lambda: NOW,
        "max_file_bytes": 1 << 30,
    }
    return IngestContext(connection, bucket, **(defaults | overrides))  # type: ignore[arg-type]


class DyingConnection(psycopg.Connection[TupleRow]):
    """A connection whose statements, and whose COMMITs, are steps that a worker can die at."""

    steps: Steps


class DyingCursor(Cursor[TupleRow]):
    """A cursor whose statements are steps before and after their effect."""

    @override
    def execute(  # pyright: ignore[reportIncompatibleMethodOverride]  one overload is used here
        self,
        query: QueryNoTemplate,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        """Run the statement between two steps."""
        steps: Steps = getattr(self.connection, "steps", None) or Steps()
        name = " ".join(str(query).split())[:40]
        steps.step(f"before {name}")
        super().execute(query, params, prepare=prepare, binary=binary)
        steps.step(f"after {name}")
        return self


def a_worker(database_url: str, bucket: Bucket, steps: Steps, **overrides: object) -> IngestContext:
    """Return the context of a worker that dies at `steps.kill_at`, counted over all its I/O."""
    connection = DyingConnection.connect(
        database_url, autocommit=True, cursor_factory=DyingCursor, application_name="test worker"
    )
    connection.steps = steps
    return a_context(connection, FaultyBucket(bucket, steps=steps), **overrides)


STATE = """
select inc.ticket_id, inc.raw, versions.generation, versions.stamp, versions.revision
from tickets.inc as inc
left join tickets.inc_versions as versions on inc.ticket_id = versions.ticket_id
order by inc.ticket_id collate "C"
"""

LEDGER: LiteralString = """
select stamp, revision, status, sha256
from tickets.import_files
where dataset = 'inc' and generation = %s
order by stamp, revision
"""


def tickets_state(connection: Connection) -> list[tuple[object, ...]]:
    """Return what P3 speaks of: each ticket with its raw and its version."""
    return list(connection.execute(STATE))


def settled_contents(
    connection: Connection, generation: int = 0
) -> list[tuple[str, int, str, str]]:
    """Return (stamp, revision, status, sha256) of the ledger, in stamp order."""
    return list(connection.execute(LEDGER, [generation]))  # type: ignore[arg-type]


def sha256(content: bytes) -> str:
    """Return the content's sha256 as the ledger writes it."""
    return hashlib.sha256(content).hexdigest()


def etag_of(content: bytes) -> str:
    """Return the etag that a directory, or S3 for what is put in one part, gives the content."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class Model:
    """A plain in-order replay: what the tables must hold after the settled contents."""

    tickets: dict[str, tuple[dict[str, str], tuple[int, str, int]]] = field(default_factory=dict)
    closures: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def apply(self, stamp: str, revision: int, rows: Iterable[Mapping[str, str]]) -> None:
        """Apply one content after all that come before it in the order of versions."""
        shown: dict[tuple[str, str], dict[str, str]] = {}
        for row in rows:
            raw = {name: value for name, value in row.items() if value}
            self.tickets[raw["ticket_id"]] = (raw, (0, stamp, revision))
            if "closed_at" in raw:
                shown[raw["ticket_id"], raw["closed_at"]] = raw
        for key, raw in shown.items():
            self.closures.setdefault(key, raw)

    def state(self) -> list[tuple[object, ...]]:
        """Return the tickets in the shape of `tickets_state`."""
        return [(ticket, raw, *version) for ticket, (raw, version) in sorted(self.tickets.items())]


CLOSURE_EVENTS = """
select
    ticket_id, to_char(closed_at at time zone 'Africa/Nairobi', 'YYYY-MM-DD HH24:MI:SS'),
    cluster, owner, raw_status
from tickets.closure_events
order by ticket_id collate "C", closed_at
"""


def closure_state(connection: Connection) -> list[tuple[object, ...]]:
    """Return the closure history as the model can compute it."""
    return list(connection.execute(CLOSURE_EVENTS))


def model_closures(model: Model) -> list[tuple[object, ...]]:
    """Return the model's closures in the shape of `closure_state`."""
    return [
        (ticket, closed_at, raw.get("cluster"), raw.get("owner"), raw.get("raw_status"))
        for (ticket, closed_at), raw in sorted(model.closures.items())
    ]


def as_json(value: object) -> str:
    """Return a readable form for failure messages."""
    return json.dumps(value, default=str, indent=1)
