"""What an operator asks about the pipeline: the stream, the ledger, the tickets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row, scalar_row, tuple_row
from psycopg.types.json import Jsonb

from fleettickets.store.connections import Connection
from fleettickets.store.streams import DATASET


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """The current generation, and its freshness as every payload carries it.

    `refused_source` is the configured source that differs from the generation's, else None.
    `lease_owner` holds an unfinished reseed until `lease_expires_at`.
    """

    generation: int
    source: str | None
    opened_at: datetime
    refused_source: str | None
    lease_owner: str | None
    lease_expires_at: datetime | None
    foreign_keys: int | None
    freshness: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """The settled files of the current generation.

    A stamp counts by its latest revision as applied, quarantined or skipped; `late` counts late
    revisions, and `rows_rejected` the rejected rows of all applied ones.
    """

    applied: int
    quarantined: int
    skipped: int
    late: int
    rows_rejected: int


@dataclass(frozen=True, slots=True)
class SettledFile:
    """One row of the ledger; the row counts are None unless it was applied."""

    generation: int
    stamp: str
    revision: int
    status: str
    late: bool
    reason: str | None
    rows_read: int | None
    rows_dropped: int | None
    rows_rejected: int | None
    rows_duplicate: int | None
    rows_inserted: int | None
    rows_updated: int | None
    rows_unchanged: int | None
    rows_stale: int | None
    applied_at: datetime
    duration_ms: int | None
    archive_key: str | None


@dataclass(frozen=True, slots=True)
class TicketCounts:
    """The tickets as they are now; the last four count open ones only.

    `without_clock` have neither created_at_service nor first_seen_at, so no service level.
    """

    total: int
    open: int
    breached: int
    at_risk: int
    without_clock: int
    without_coordinate: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What geocoding has not placed for one reason.

    `tier` is `cluster` or `location`; `names` is how many names, `tickets` how many open tickets.
    """

    tier: str
    why: str
    names: int
    tickets: int


STREAM_FACTS = """
select
    generation,
    source,
    opened_at,
    refused_source,
    lease_owner,
    lease_expires_at,
    foreign_keys,
    tickets.freshness() as freshness
from tickets.import_streams
where dataset = %s
order by generation desc
limit 1
"""


def read_stream_facts(connection: Connection) -> StreamFacts:
    """Read the current generation and its freshness."""
    return _one(connection, StreamFacts, STREAM_FACTS, [DATASET])


LEDGER_COUNTS = """
with files as (
    select
        status,
        late,
        coalesce(rows_rejected, 0) as rows_rejected,
        revision = max(revision) over (partition by stamp) as is_latest
    from tickets.import_files
    where dataset = %s and generation = %s
)

select
    count(*) filter (where is_latest and status = 'applied') as applied,
    count(*) filter (where is_latest and status = 'quarantined') as quarantined,
    count(*) filter (where is_latest and status = 'skipped') as skipped,
    count(*) filter (where late) as late,
    coalesce(sum(rows_rejected), 0)::bigint as rows_rejected
from files
"""


def read_ledger_counts(connection: Connection, generation: int) -> LedgerCounts:
    """Count the settled files of `generation`."""
    return _one(connection, LedgerCounts, LEDGER_COUNTS, [DATASET, generation])


LAST_FILES = """
select
    generation,
    stamp,
    revision,
    status,
    late,
    reason,
    rows_read,
    rows_dropped,
    rows_rejected,
    rows_duplicate,
    rows_inserted,
    rows_updated,
    rows_unchanged,
    rows_stale,
    applied_at,
    duration_ms,
    archive_key
from tickets.import_files
where dataset = %s
order by applied_at desc, generation desc, stamp desc, revision desc
limit %s
"""


def read_last_files(connection: Connection, limit: int) -> list[SettledFile]:
    """Return what was settled last, of any generation, newest first."""
    with connection.cursor(row_factory=class_row(SettledFile)) as cursor:
        return cursor.execute(LAST_FILES, [DATASET, limit]).fetchall()


QUARANTINED_FILES = """
with latest as (
    select distinct on (stamp)
        generation,
        stamp,
        revision,
        status,
        late,
        reason,
        rows_read,
        rows_dropped,
        rows_rejected,
        rows_duplicate,
        rows_inserted,
        rows_updated,
        rows_unchanged,
        rows_stale,
        applied_at,
        duration_ms,
        archive_key
    from tickets.import_files
    where dataset = %s and generation = %s
    order by stamp asc, revision desc
)

select * from latest
where status = 'quarantined'
order by stamp desc
limit %s
"""


def read_quarantined_files(
    connection: Connection, generation: int, limit: int
) -> list[SettledFile]:
    """Return the files of `generation` whose latest revision is quarantined, latest stamp first."""
    with connection.cursor(row_factory=class_row(SettledFile)) as cursor:
        return cursor.execute(QUARANTINED_FILES, [DATASET, generation, limit]).fetchall()


TICKET_COUNTS = """
select
    (select count(*) from tickets.inc) as total,
    count(*) as open,
    count(*) filter (where open_tickets.sla_state = 'breached') as breached,
    count(*) filter (where open_tickets.sla_state = 'at_risk') as at_risk,
    count(*) filter (where open_tickets.sla_state = 'unknown') as without_clock,
    count(*) filter (where open_tickets.geog is null) as without_coordinate
from tickets.inc_open_sla as open_tickets
"""


def read_ticket_counts(connection: Connection) -> TicketCounts:
    """Count the tickets by what is late and what is not on the map."""
    return _one(connection, TicketCounts, TICKET_COUNTS, [])


TIERS = """
select geo_source, count(*) from tickets.inc
where is_actionable
group by geo_source
"""


def read_tiers(connection: Connection) -> dict[str, int]:
    """Return how many open tickets each tier places; `none` places the rest."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        counted = dict(cursor.execute(TIERS).fetchall())
    return {tier: counted.get(tier, 0) for tier in ("feed", "location", "cluster", "none")}


GAPS = """
select tier, why, count(*) as names, sum(tickets)::bigint as tickets
from tickets.geocode_backlog
group by tier, why
order by tickets desc, tier asc, why asc
"""


def read_gaps(connection: Connection) -> list[Gap]:
    """Return what is not placed by its reason, what most tickets wait for first."""
    with connection.cursor(row_factory=class_row(Gap)) as cursor:
        return cursor.execute(GAPS).fetchall()


PIPELINE_STATUS = "select reporting.fn_pipeline_status(p_limits => %s)"


def read_pipeline_status(connection: Connection, limits: Mapping[str, float]) -> Mapping[str, Any]:
    """Read whether an operator is needed; `limits` replace the defaults of checks by name."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        found: Mapping[str, Any] | None = cursor.execute(
            PIPELINE_STATUS, [Jsonb(dict(limits))]
        ).fetchone()
    return found or {}


def _one[Row](
    connection: Connection, row_class: type[Row], statement: LiteralString, parameters: list[Any]
) -> Row:
    with connection.cursor(row_factory=class_row(row_class)) as cursor:
        row = cursor.execute(statement, parameters).fetchone()
    if row is None:
        raise LookupError("tickets.import_streams has no row for the dataset: run the migrations")
    return row
