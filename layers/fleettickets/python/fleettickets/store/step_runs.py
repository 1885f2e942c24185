"""What the steps of the scheduled run came to, kept for who has nothing but the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from fleettickets.store.connections import Connection

RECORD_STEP = """
insert into tickets.step_runs as runs (step, ran_at, error, failures, facts)
values (
    %(step)s, clock_timestamp(), %(error)s,
    case when %(error)s::text is null then 0 else 1 end, %(facts)s
)
on conflict (step) do update set
    ran_at = excluded.ran_at,
    error = excluded.error,
    failures = case when excluded.error is null then 0 else runs.failures + 1 end,
    facts = coalesce(excluded.facts, runs.facts)
"""


def record_step(
    connection: Connection, step: str, *, error: str | None, facts: Mapping[str, Any] | None
) -> None:
    """Record that a step ended just now, in an `error` (its class) or well (None).

    `facts` are what it found that the database cannot know; None keeps the former ones.
    """
    connection.execute(
        RECORD_STEP,
        {"step": step, "error": error, "facts": None if facts is None else Jsonb(facts)},
    )


FILES_IN_QUARANTINE = "select tickets.files_in_quarantine()"


def files_in_quarantine(connection: Connection) -> int:
    """Count the files of the current generation that wait to be mended or skipped."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute(FILES_IN_QUARANTINE).fetchone() or 0)


STANDING = """
select
    tickets.files_in_quarantine() as files_in_quarantine,
    (tickets.freshness() ->> 'geocode_coverage')::double precision as geocode_coverage
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand: files that wait for a person, and the share of open tickets placed.

    The share is of those placed by the feed or by their location, from 0 to 1; None: none is open.
    """

    files_in_quarantine: int
    geocode_coverage: float | None


def read_standing(connection: Connection) -> Standing:
    """Return how things stand now."""
    with connection.cursor(row_factory=class_row(Standing)) as cursor:
        return cursor.execute(STANDING).fetchone() or Standing(0, None)
