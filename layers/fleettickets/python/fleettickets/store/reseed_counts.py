"""Counting a reseed: what its plan says it would come to, and what it came to, in one shape."""

from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg.rows import dict_row

from fleettickets.store.connections import Connection
from fleettickets.store.ledger import RowCounts
from fleettickets.store.streams import DATASET


@dataclass(frozen=True, slots=True)
class FileCounts:
    """The listed files: `repeated` ones hold what an earlier one of their stamp held already."""

    applied: int
    quarantined: int
    skipped: int
    repeated: int


@dataclass(frozen=True, slots=True)
class TicketChanges:
    """The tickets that the files assert, compared with what they were before the reseed."""

    new: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class ReseedCounts:
    """What a reseed comes to; `rows` are summed over the applied files.

    `closures_new` are those that the history lacked.
    """

    files: FileCounts
    size_bytes: int
    rows: RowCounts
    tickets: TicketChanges
    closures_new: int


PLAN_COUNTS = """
with files as (
    select
        *,
        row_number() over (partition by stamp, revision order by position) = 1 as is_first
    from scratch.reseed_files
    where run = %(run)s
),

tickets as (
    select
        count(*) filter (where inc.ticket_id is null) as tickets_new,
        count(*) filter (where md5(inc.raw::text) <> planned.raw_hash) as tickets_changed,
        count(*) filter (where md5(inc.raw::text) = planned.raw_hash) as tickets_unchanged
    from scratch.reseed_tickets as planned
    left join tickets.inc as inc on planned.ticket_id = inc.ticket_id
    where planned.run = %(run)s
),

closures as (
    select count(*) as closures_new
    from scratch.reseed_closures as shown
    where
        shown.run = %(run)s
        and not exists (
            select from tickets.closure_events as events
            where events.ticket_id = shown.ticket_id and events.closed_at = shown.closed_at
        )
)

select
    count(*) filter (where is_first and status = 'applied') as files_applied,
    count(*) filter (where is_first and status = 'quarantined') as files_quarantined,
    count(*) filter (where is_first and status = 'skipped') as files_skipped,
    count(*) filter (where not is_first) as files_repeated,
    coalesce(sum(size_bytes), 0)::bigint as size_bytes,
    coalesce(sum(rows_read), 0)::bigint as rows_read,
    coalesce(sum(rows_dropped), 0)::bigint as rows_dropped,
    coalesce(sum(rows_rejected), 0)::bigint as rows_rejected,
    coalesce(sum(rows_duplicate), 0)::bigint as rows_duplicate,
    coalesce(sum(rows_inserted), 0)::bigint as rows_inserted,
    coalesce(sum(rows_updated), 0)::bigint as rows_updated,
    coalesce(sum(rows_unchanged), 0)::bigint as rows_unchanged,
    coalesce(sum(rows_stale), 0)::bigint as rows_stale,
    (select tickets_new from tickets) as tickets_new,
    (select tickets_changed from tickets) as tickets_changed,
    (select tickets_unchanged from tickets) as tickets_unchanged,
    (select closures_new from closures) as closures_new
from files
"""


def count_plan(connection: Connection, run: int) -> ReseedCounts:
    """Count what the judged files of a plan would come to, against the tickets of this moment."""
    return _counts(connection, PLAN_COUNTS, {"run": run})


KEEP_BEFORE = """
insert into scratch.reseed_before (generation, ticket_id, raw_hash)
select %s, ticket_id, md5(raw::text) from tickets.inc
"""
FORGET_BEFORE = "delete from scratch.reseed_before"


def keep_before(connection: Connection, generation: int) -> None:
    """Keep what the tickets are before a reseed, instead of what was kept for another one.

    To be called in the transaction that opens the `generation`.
    """
    forget_before(connection)
    connection.execute(KEEP_BEFORE, [generation])


def forget_before(connection: Connection) -> None:
    """Forget what the tickets were before a reseed, once it is counted."""
    connection.execute(FORGET_BEFORE)


RESEED_COUNTS = """
with settled as (
    select
        manifest.size_bytes as listed_bytes,
        files.*,
        row_number() over (
            partition by files.stamp, files.revision order by manifest.position
        ) = 1 as is_first
    from tickets.import_manifest as manifest
    inner join tickets.import_files as files
        on
            manifest.dataset = files.dataset and manifest.generation = files.generation
            and manifest.stamp = files.stamp and manifest.settled_revision = files.revision
    where manifest.dataset = %(dataset)s and manifest.generation = %(generation)s
),

tickets as (
    select
        count(*) filter (where former.ticket_id is null) as tickets_new,
        count(*) filter (where md5(inc.raw::text) <> former.raw_hash) as tickets_changed,
        count(*) filter (where md5(inc.raw::text) = former.raw_hash) as tickets_unchanged
    from tickets.inc_versions as versions
    inner join tickets.inc as inc on versions.ticket_id = inc.ticket_id
    left join scratch.reseed_before as former
        on versions.generation = former.generation and versions.ticket_id = former.ticket_id
    where versions.generation = %(generation)s
),

closures as (
    select count(*) as closures_new
    from tickets.closure_events as events
    where
        events.generation = %(generation)s
        and (events.stamp, events.revision) in (
            select stamp, revision from settled
        )
)

select
    count(*) filter (where is_first and status = 'applied') as files_applied,
    count(*) filter (where is_first and status = 'quarantined') as files_quarantined,
    count(*) filter (where is_first and status = 'skipped') as files_skipped,
    count(*) filter (where not is_first) as files_repeated,
    coalesce(sum(listed_bytes), 0)::bigint as size_bytes,
    coalesce(sum(rows_read) filter (where is_first), 0)::bigint as rows_read,
    coalesce(sum(rows_dropped) filter (where is_first), 0)::bigint as rows_dropped,
    coalesce(sum(rows_rejected) filter (where is_first), 0)::bigint as rows_rejected,
    coalesce(sum(rows_duplicate) filter (where is_first), 0)::bigint as rows_duplicate,
    coalesce(sum(rows_inserted) filter (where is_first), 0)::bigint as rows_inserted,
    coalesce(sum(rows_updated) filter (where is_first), 0)::bigint as rows_updated,
    coalesce(sum(rows_unchanged) filter (where is_first), 0)::bigint as rows_unchanged,
    coalesce(sum(rows_stale) filter (where is_first), 0)::bigint as rows_stale,
    (select tickets_new from tickets) as tickets_new,
    (select tickets_changed from tickets) as tickets_changed,
    (select tickets_unchanged from tickets) as tickets_unchanged,
    (select closures_new from closures) as closures_new
from settled
"""


def count_reseed(connection: Connection, generation: int) -> ReseedCounts:
    """Count what the reseed of `generation` came to, once its manifest is settled.

    What was applied after its last file, by the live path, counts among the changed tickets too.
    """
    return _counts(connection, RESEED_COUNTS, {"dataset": DATASET, "generation": generation})


def _counts(
    connection: Connection, statement: LiteralString, parameters: dict[str, Any]
) -> ReseedCounts:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement, parameters).fetchone()
    if row is None:
        raise LookupError("counting a reseed returned nothing")
    return ReseedCounts(
        files=FileCounts(**_part(row, "files_")),
        size_bytes=row["size_bytes"],
        rows=RowCounts(**_part(row, "rows_")),
        tickets=TicketChanges(**_part(row, "tickets_")),
        closures_new=row["closures_new"],
    )


def _part(row: dict[str, Any], prefix: str) -> dict[str, int]:
    names = (name for name in row if name.startswith(prefix))
    return {name.removeprefix(prefix): row[name] for name in names}
