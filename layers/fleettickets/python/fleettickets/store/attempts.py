"""Attempts: what was begun, committed before the work starts, so that deaths can be counted."""

from dataclasses import dataclass
from typing import Literal

from psycopg.rows import class_row

from fleettickets.store.connections import Connection
from fleettickets.store.streams import DATASET

type Worker = Literal["function", "command line"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A begun attempt; `deaths` counts the function's attempts in a row that died before it."""

    attempt_id: int
    deaths: int


# An attempt died if it has no end, its database session is gone, and the server that it began on
# still runs. A session of another role shows no backend_start: then the pid alone has to do.
BEGIN_ATTEMPT = """
with begun as (
    insert into tickets.import_attempts
    (dataset, generation, stamp, etag, worker,
     backend_pid, backend_started_at, postmaster_started_at)
    values
    (%(dataset)s, %(generation)s, %(stamp)s, %(etag)s, %(worker)s, pg_backend_pid(),
     (select backend_start from pg_stat_activity where pid = pg_backend_pid()),
     pg_postmaster_start_time())
    returning attempt_id
),

former as (
    select
        attempt_id,
        ended_at is null
        and postmaster_started_at = pg_postmaster_start_time()
        and not exists (
            select from pg_stat_activity as session
            where
                session.pid = backend_pid
                and (
                    session.backend_start is null
                    or session.backend_start = backend_started_at
                )
        ) as died
    from tickets.import_attempts
    where
        dataset = %(dataset)s and generation = %(generation)s
        and stamp = %(stamp)s and etag = %(etag)s and worker = 'function'
    order by attempt_id desc
    limit 10
)

select
    (select attempt_id from begun) as attempt_id,
    (
        select count(*) from former
        where attempt_id > coalesce((select max(attempt_id) from former where not died), 0)
    )::integer as deaths
"""


def begin_attempt(
    connection: Connection, *, generation: int, stamp: str, etag: str, worker: Worker
) -> Attempt:
    """Record, committed at once, that work on this content begins."""
    with connection.cursor(row_factory=class_row(Attempt)) as cursor:
        attempt = cursor.execute(
            BEGIN_ATTEMPT,
            {
                "dataset": DATASET,
                "generation": generation,
                "stamp": stamp,
                "etag": etag,
                "worker": worker,
            },
        ).fetchone()
    if attempt is None:
        raise LookupError("an attempt was not recorded")
    return attempt


END_ATTEMPT = """
update tickets.import_attempts set ended_at = clock_timestamp(), outcome = %s
where attempt_id = %s and ended_at is null
"""


def end_attempt(connection: Connection, attempt_id: int, outcome: str) -> None:
    """Record that an attempt ended without settling the file: it did not die."""
    connection.execute(END_ATTEMPT, [outcome, attempt_id])


FORGIVE_OUTAGE = """
update tickets.import_attempts as attempts
set ended_at = clock_timestamp(), outcome = 'the database was unavailable'
where
    dataset = %s and ended_at is null and pg_backend_pid() <> backend_pid
    and not exists (
        select from pg_stat_activity as session
        where
            session.pid = attempts.backend_pid
            and (
                session.backend_start is null
                or session.backend_start = attempts.backend_started_at
            )
    )
"""


def forgive_outage(connection: Connection) -> None:
    """End the attempts whose sessions are gone: an outage ended them, not their content."""
    connection.execute(FORGIVE_OUTAGE, [DATASET])
