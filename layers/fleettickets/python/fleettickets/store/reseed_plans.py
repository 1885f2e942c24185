"""Plans of a reseed: what they know so far, in schema scratch, between one short run and the next.

Everything is kept under the number of the plan, its `run`; the statements judge nothing but what
`plans` judges in a session of its own.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from fleettickets.core.manifests import Identity
from fleettickets.errors import LockTimeoutError
from fleettickets.store import plans
from fleettickets.store.connections import Connection
from fleettickets.store.ledger import RowCounts, Status
from fleettickets.store.manifests import ManifestFile
from fleettickets.store.staging import Written

SUMMARY_KEPT_HOURS = 24


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan as it was opened; `held` and `foreign_keys` are listed keys that it leaves alone.

    `generation` is the one that the reseed would open; `summary` is None until it is finished.
    """

    run: int
    plan_sha256: str
    generation: int
    source: str
    cleaning_version: int
    held: Sequence[str]
    foreign_keys: Sequence[str]
    opened_at: datetime
    summary: dict[str, Any] | None

    @property
    def identity(self) -> Identity:
        """What the plan is made for, besides its files."""
        return Identity(self.generation, self.source, self.cleaning_version)


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """What would become of one file of the plan, by its `position`.

    `status` is what the ledger would know its content as; `counts` is None unless it would be
    applied.
    """

    position: int
    outcome: str
    status: Status
    revision: int
    reason: str | None
    counts: RowCounts | None


SET_ROLE = """
select
    set_config('role', 'fleettickets_plan', false)
from pg_roles
where rolname = 'fleettickets_plan' and pg_has_role(current_user, oid, 'member')
"""
END_ROLE = "reset role"
# A temporary table is its maker's: neither role may find one of the other.
DISCARD = "discard temp"


@contextmanager
def plan_rights(connection: Connection) -> Generator[None]:
    """Work with the rights of the role for plans, if the login may; outside of transactions only.

    So that a dry run cannot write a product table, whoever it runs as.
    """
    is_set = connection.execute(SET_ROLE).fetchone() is not None
    if is_set:
        connection.execute(DISCARD)
    try:
        yield
    finally:
        if is_set and not connection.closed:
            connection.execute(END_ROLE)
            connection.execute(DISCARD)


OPEN_PLAN = """
insert into scratch.reseed_plans
(plan_sha256, generation, source, cleaning_version, held, foreign_keys)
values
(
    %(plan_sha256)s, %(generation)s, %(source)s, %(cleaning_version)s, %(held)s, %(foreign)s
)
returning run
"""

LIST_FILES = """
insert into scratch.reseed_files (run, position, stamp, object_key, etag, size_bytes)
select %(run)s, listed.*
from
    unnest(
        %(positions)s::integer [], %(stamps)s::text [], %(keys)s::text [], %(etags)s::text [],
        %(sizes)s::bigint []
    ) as listed
"""


def open_plan(
    connection: Connection,
    identity: Identity,
    plan_sha256: str,
    files: Sequence[ManifestFile],
    *,
    held: Sequence[str],
    foreign: Sequence[str],
) -> int:
    """Store a new plan with its files; return its run. To be called inside a transaction."""
    opening = asdict(identity) | {"plan_sha256": plan_sha256}
    opening |= {"held": list(held), "foreign": list(foreign)}
    with connection.cursor(row_factory=scalar_row) as cursor:
        run = int(cursor.execute(OPEN_PLAN, opening).fetchone() or 0)
    connection.execute(
        LIST_FILES,
        {
            "run": run,
            "positions": [file.position for file in files],
            "stamps": [file.stamp for file in files],
            "keys": [file.object_key for file in files],
            "etags": [file.etag for file in files],
            "sizes": [file.size_bytes for file in files],
        },
    )
    return run


READ_PLAN = """
select
    run,
    plan_sha256,
    generation,
    source,
    cleaning_version,
    held,
    foreign_keys,
    opened_at,
    summary
from scratch.reseed_plans
where run = %s
"""


def read_plan(connection: Connection, run: int) -> PlanRow | None:
    """Return the plan, None if there is none of that number any more."""
    with connection.cursor(row_factory=class_row(PlanRow)) as cursor:
        return cursor.execute(READ_PLAN, [run]).fetchone()


NEXT_FILES = """
select position, stamp, object_key, etag, size_bytes
from scratch.reseed_files
where
    run = %(run)s and outcome is null
    and stamp <= (
        select max(stamp)
        from (
            select stamp from scratch.reseed_files
            where run = %(run)s and outcome is null
            order by position
            limit %(limit)s
        ) as next_stamps
    )
order by position
"""


def next_files(connection: Connection, run: int, limit: int | None) -> list[ManifestFile]:
    """Return the next files to judge, in order: `limit` (None: all), and all of the last stamp."""
    with connection.cursor(row_factory=class_row(ManifestFile)) as cursor:
        return cursor.execute(NEXT_FILES, {"run": run, "limit": limit}).fetchall()


ALL_FILES = """
select position, stamp, object_key, etag, size_bytes
from scratch.reseed_files
where run = %s
order by position
"""


def all_files(connection: Connection, run: int) -> list[ManifestFile]:
    """Return the plan's files, in order."""
    with connection.cursor(row_factory=class_row(ManifestFile)) as cursor:
        return cursor.execute(ALL_FILES, [run]).fetchall()


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """How many files the plan has, how many of them are judged, and their size."""

    files: int
    judged: int
    size_bytes: int


COUNT_FILES = """
select
    count(*) as files,
    count(outcome) as judged,
    coalesce(sum(size_bytes), 0)::bigint as size_bytes
from scratch.reseed_files
where run = %s
"""


def count_files(connection: Connection, run: int) -> PlanCounts:
    """Count the plan's files."""
    with connection.cursor(row_factory=class_row(PlanCounts)) as cursor:
        counts = cursor.execute(COUNT_FILES, [run]).fetchone()
    if counts is None:
        raise LookupError("counting the files of a plan returned nothing")
    return counts


RESUME_CONCERNED = """
insert into pg_temp.planned_inc (ticket_id, raw_hash, generation, stamp, revision)
select ticket_id, raw_hash, generation, stamp, revision
from scratch.reseed_tickets
where
    run = %s
    and ticket_id in (select staged.ticket_id from pg_temp.import_stage as staged)
on conflict (ticket_id) do nothing
"""

SHOW_CLOSURES = """
insert into scratch.reseed_closures (run, ticket_id, closed_at)
select distinct %s::bigint, shown.ticket_id, shown.closed_at
from (
    select ticket_id, tickets.eat_ts(raw ->> 'closed_at') as closed_at
    from pg_temp.import_stage
    where raw ? 'closed_at'
) as shown
where
    shown.closed_at is not null
    and not exists (
        select from tickets.closure_events as events
        where events.ticket_id = shown.ticket_id and events.closed_at = shown.closed_at
    )
on conflict do nothing
"""


def plan_rows(
    connection: Connection, *, run: int, generation: int, stamp: str, revision: int
) -> Written:
    """Judge the staged rows after all files of the plan that were judged before.

    The statements are planned anew each time, since the tables grow a thousandfold in a plan.
    """
    connection.execute(RESUME_CONCERNED, [run], prepare=False)
    connection.execute(SHOW_CLOSURES, [run], prepare=False)
    return plans.plan_rows(connection, generation=generation, stamp=stamp, revision=revision)


KEEP_TICKETS = """
insert into scratch.reseed_tickets as tickets
(run, ticket_id, raw_hash, generation, stamp, revision)
select %s, ticket_id, raw_hash, generation, stamp, revision
from pg_temp.planned_inc
where generation = %s
on conflict (run, ticket_id) do update
    set
        raw_hash = excluded.raw_hash,
        generation = excluded.generation,
        stamp = excluded.stamp,
        revision = excluded.revision
"""

KEEP_FILES = """
update scratch.reseed_files as files
set
    outcome = judged.outcome,
    status = judged.status,
    revision = judged.revision,
    reason = judged.reason,
    rows_read = judged.rows_read,
    rows_dropped = judged.rows_dropped,
    rows_rejected = judged.rows_rejected,
    rows_duplicate = judged.rows_duplicate,
    rows_inserted = judged.rows_inserted,
    rows_updated = judged.rows_updated,
    rows_unchanged = judged.rows_unchanged,
    rows_stale = judged.rows_stale
from
    jsonb_to_recordset(%s) as judged (
        "position" integer, outcome text, status text, revision integer, reason text,
        rows_read bigint, rows_dropped bigint, rows_rejected bigint, rows_duplicate bigint,
        rows_inserted bigint, rows_updated bigint, rows_unchanged bigint, rows_stale bigint
    )
where files.run = %s and files.position = judged.position and files.outcome is null
"""


def keep_judged(
    connection: Connection, run: int, generation: int, files: Sequence[JudgedFile]
) -> None:
    """Keep what the transaction has judged: its files, and the tickets as they leave them.

    Raises:
        LockTimeoutError: another worker has judged some of the files meanwhile.
    """
    connection.execute(KEEP_TICKETS, [run, generation], prepare=False)
    judged = Jsonb([_columns(file) for file in files])
    kept = connection.execute(KEEP_FILES, [judged, run], prepare=False).rowcount
    if kept != len(files):
        raise LockTimeoutError(
            f"another worker judges plan {run} at the same time: of {len(files)} files it had "
            f"{len(files) - kept} first; go on with the plan once that one has ended"
        )


def _columns(file: JudgedFile) -> dict[str, object]:
    counts = file.counts
    rows = {} if counts is None else {f"rows_{name}": n for name, n in _row_counts(counts)}
    return {
        "position": file.position,
        "outcome": file.outcome,
        "status": file.status,
        "revision": file.revision,
        "reason": file.reason,
        **rows,
    }


def _row_counts(counts: RowCounts) -> list[tuple[str, int]]:
    return [(name, getattr(counts, name)) for name in RowCounts.__slots__]


FORGET_ROWS = """
with forgotten_files as (
    delete from scratch.reseed_files where run = %(run)s
),

forgotten_tickets as (
    delete from scratch.reseed_tickets where run = %(run)s
),

forgotten_closures as (
    delete from scratch.reseed_closures where run = %(run)s
)

update scratch.reseed_plans set summary = %(summary)s where run = %(run)s
"""


def finish_plan(connection: Connection, run: int, summary: dict[str, Any]) -> None:
    """Forget all of the plan but its `summary`, which whoever asks again within a day gets."""
    connection.execute(FORGET_ROWS, {"run": run, "summary": Jsonb(summary)})


FORGET_PLAN = """
with forgotten as (
    delete from scratch.reseed_plans
    where
        run = %(run)s
        or opened_at < now() - make_interval(
            hours => case when summary is null then 7 * %(hours)s else %(hours)s end
        )
    returning run
),

forgotten_files as (
    delete from scratch.reseed_files where run in (select run from forgotten)
),

forgotten_tickets as (
    delete from scratch.reseed_tickets where run in (select run from forgotten)
)

delete from scratch.reseed_closures where run in (select run from forgotten)
"""


def forget_plan(connection: Connection, run: int | None = None) -> None:
    """Forget the plan, those finished and opened more than a day ago, all after a week."""
    connection.execute(FORGET_PLAN, {"run": run, "hours": SUMMARY_KEPT_HOURS})
