"""History: the closures and the daily snapshot, captured by one function of the database."""

from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from fleettickets.store.connections import Connection, translated_errors


@dataclass(frozen=True, slots=True)
class Capture:
    """What one capture did.

    `captured` is False during a reseed, and `reason` says so; `snapshot_date` is an EAT day;
    `snapshot` is `untouched` if its numbers were right already or its day is over.
    """

    captured: bool
    reason: str | None
    snapshot_date: date
    snapshot: str
    closures_added: int


CAPTURE_HISTORY = """
select
    (report ->> 'captured')::boolean as captured,
    report ->> 'reason' as reason,
    (report ->> 'snapshot_date')::date as snapshot_date,
    report ->> 'snapshot' as snapshot,
    (report ->> 'closures_added')::bigint as closures_added
from tickets.capture_history(coalesce(%s, now())) as report
"""


def capture_history(connection: Connection, at: datetime | None = None) -> Capture:
    """Record what tickets show and history lacks, and the snapshot of the EAT day of `at`.

    None means now. A day that is over is only filled in if it is missing. To be run again at will.

    Raises:
        LockTimeoutError: another session worked on the dataset for longer than the lock timeout.
        DatabaseUnavailableError: the database went away.
    """
    with translated_errors(), connection.cursor(row_factory=class_row(Capture)) as cursor:
        capture = cursor.execute(CAPTURE_HISTORY, [at]).fetchone()
    if capture is None:
        raise LookupError("tickets.capture_history returned nothing")
    return capture
