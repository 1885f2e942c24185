"""What the ingest jobs are given, and what they answer."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from fleettickets.clients.buckets import Bucket
from fleettickets.core.keys import Prefix
from fleettickets.store.attempts import Worker
from fleettickets.store.connections import Connection
from fleettickets.store.ledger import RowCounts

type Outcome = Literal["applied", "quarantined", "skipped", "already settled", "gone"]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one change file.

    `outcome` is "already settled" when the ledger knew the content, and "gone" when the object was
    found neither in its place nor in `processed/`. `revision` is None if nothing was settled;
    `counts` is None unless rows were applied; `reject_reasons` are those of the rejected rows that
    are kept, each once. Durations do not take part in comparisons, so that a
    dry run's outcomes equal those of the run after it.
    """

    key: str
    stamp: str
    outcome: Outcome
    generation: int
    revision: int | None
    late: bool = False
    reason: str | None = None
    counts: RowCounts | None = None
    reject_reasons: tuple[str, ...] = ()
    duration_ms: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """What one pass over the pending files did, and what it left.

    `waiting` says that a reseed holds the stream, so that nothing was done on purpose;
    `out_of_time` that files up to the one asked for are left; `gone` names the keys that were
    rung or listed and have vanished without a later content of their stamp.
    """

    outcomes: tuple[FileOutcome, ...] = ()
    held: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    pending: int = 0
    waiting: bool = False
    out_of_time: bool = False

    def count(self, outcome: Outcome) -> int:
        """Return the number of files with this `outcome`."""
        return sum(1 for file in self.outcomes if file.outcome == outcome)


def _unlimited() -> float:
    return math.inf


def _ignore(outcome: FileOutcome) -> None:
    """Take no notice of an outcome."""


@dataclass(frozen=True, slots=True)
class IngestContext:
    """The connections, limits and callbacks of one ingest.

    `now` returns an aware datetime; `time_left` the seconds that the caller has left, asked before
    each file; `on_outcome` is called after each file. `token` is the fencing token of a reseed's
    lease, None for the live path. With `archive` false the files stay where they are.
    """

    connection: Connection
    bucket: Bucket
    prefix: Prefix
    worker: Worker
    now: Callable[[], datetime]
    max_file_bytes: int
    time_left: Callable[[], float] = _unlimited
    on_outcome: Callable[[FileOutcome], None] = _ignore
    token: int | None = None
    archive: bool = True

    def with_token(self, token: int) -> "IngestContext":
        """Return the same context as the holder of a reseed's lease."""
        return replace(self, token=token)

    def milliseconds_since(self, start: datetime) -> int:
        """Return the whole milliseconds from `start` to now."""
        return max(0, (self.now() - start) // timedelta(milliseconds=1))
