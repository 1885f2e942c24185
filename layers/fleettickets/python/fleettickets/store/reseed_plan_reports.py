"""Reports of a plan: what its judged files say, besides the counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import class_row, dict_row, scalar_row

from fleettickets.store.connections import Connection


@dataclass(frozen=True, slots=True)
class MissingCost:
    """What it costs to do without the files that are missing.

    `tickets_falling_back` would be overwritten with an older content than they have;
    `tickets_unasserted` keep theirs, although no file of the new generation asserts them.
    """

    tickets_falling_back: int
    tickets_unasserted: int


MISSING_COST = """
with missing as (
    select * from unnest(%(stamps)s::text [], %(revisions)s::integer []) as file (stamp, revision)
)

select
    count(*) filter (where planned.raw_hash <> md5(inc.raw::text)) as tickets_falling_back,
    count(*) filter (where planned.ticket_id is null) as tickets_unasserted
from tickets.inc_versions as versions
inner join missing
    on versions.stamp = missing.stamp and versions.revision = missing.revision
inner join tickets.inc as inc on versions.ticket_id = inc.ticket_id
left join scratch.reseed_tickets as planned
    on planned.run = %(run)s and versions.ticket_id = planned.ticket_id
where versions.generation = %(generation)s
"""


def count_missing(
    connection: Connection, run: int, generation: int, missing: Sequence[tuple[str, int]]
) -> MissingCost:
    """Say what doing without the `missing` (stamp, revision) of `generation` would cost."""
    parameters = {
        "run": run,
        "generation": generation,
        "stamps": [stamp for stamp, _ in missing],
        "revisions": [revision for _, revision in missing],
    }
    with connection.cursor(row_factory=class_row(MissingCost)) as cursor:
        cost = cursor.execute(MISSING_COST, parameters).fetchone()
    if cost is None:
        raise LookupError("counting what is missing returned nothing")
    return cost


PAGE_OF_FILES = """
select
    position,
    object_key as key,
    stamp,
    etag,
    size_bytes,
    outcome,
    revision,
    reason,
    rows_read,
    rows_dropped,
    rows_rejected,
    rows_duplicate,
    rows_inserted,
    rows_updated,
    rows_unchanged,
    rows_stale
from scratch.reseed_files
where run = %s and position > %s
order by position
limit %s
"""


def page_of_files(connection: Connection, run: int, after: int, limit: int) -> list[dict[str, Any]]:
    """Return the plan's files after the position `after`, at most `limit` of them, for a report."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(PAGE_OF_FILES, [run, after, limit]).fetchall()


KEYS_BY_OUTCOME = """
select object_key from scratch.reseed_files
where run = %s and outcome = %s
order by position
limit %s
"""


def keys_by_outcome(connection: Connection, run: int, outcome: str, limit: int) -> list[str]:
    """Return the first keys of the plan that would end so."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(KEYS_BY_OUTCOME, [run, outcome, limit]).fetchall()
