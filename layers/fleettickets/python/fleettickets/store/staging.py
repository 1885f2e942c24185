"""Staging and writing of one file's rows: COPY, then one set-based statement."""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg.rows import class_row

from fleettickets.core.feed import CleanRow
from fleettickets.store.connections import Connection

CREATE_STAGE = """
create temporary table if not exists import_stage (
    line_number bigint not null,
    ticket_id text not null,
    raw jsonb not null
) on commit delete rows
"""


def create_stage(connection: Connection) -> None:
    """Create this session's staging table, once; each commit empties it."""
    connection.execute(CREATE_STAGE)


COPY_STAGE = "copy pg_temp.import_stage (line_number, ticket_id, raw) from stdin"


def stage_rows(connection: Connection, rows: Iterable[CleanRow]) -> None:
    """Send the cleaned `rows` to the staging table while they are parsed.

    An error of the iterator itself leaves the transaction usable: what was sent is kept, the COPY
    ends in order, and the error is raised afterwards.
    """
    trouble: Exception | None = None
    with connection.cursor() as cursor, cursor.copy(COPY_STAGE) as copy:
        try:
            for row in rows:
                copy.write_row(row)
        except Exception as error:  # noqa: BLE001 - raised again below, whatever it is
            trouble = error
    if trouble is not None:
        raise trouble


@dataclass(frozen=True, slots=True)
class Written:
    """How many tickets a file inserted, updated, left alone or came too late for."""

    staged: int
    inserted: int
    updated: int
    unchanged: int
    stale: int

    @property
    def duplicate(self) -> int:
        """Rows that a later line of the same ticket replaced."""
        return self.staged - self.inserted - self.updated - self.unchanged - self.stale


# A row takes effect only if the file's version is above the ticket's. The last line of a ticket is
# chosen before anything is compared. Steps hand on line numbers, not rows, which stay in the stage.
# A place is all that a point depends on; tickets share places, so each is resolved once.
APPLY_ROWS = """
with latest as materialized (
    select ticket_id, max(line_number) as line_number, count(*) as lines
    from pg_temp.import_stage
    group by ticket_id
),

judged as materialized (
    select
        latest.ticket_id,
        latest.line_number,
        latest.lines,
        case
            when
                (versions.generation, versions.stamp, versions.revision)
                >= (%(generation)s::integer, %(stamp)s::text collate "C", %(revision)s::integer)
                then 'stale'
            when inc.ticket_id is null then 'inserted'
            when inc.raw is distinct from staged.raw then 'updated'
            else 'unchanged'
        end as verdict
    from latest
    inner join pg_temp.import_stage as staged on latest.line_number = staged.line_number
    left join tickets.inc as inc on latest.ticket_id = inc.ticket_id
    left join tickets.inc_versions as versions on latest.ticket_id = versions.ticket_id
),

written as materialized (
    select
        judged.ticket_id,
        judged.verdict,
        judged.line_number,
        jsonb_build_object(
            'location_name', staged.raw -> 'location_name',
            'cluster', staged.raw -> 'cluster',
            'longitude', staged.raw -> 'longitude',
            'latitude', staged.raw -> 'latitude'
        ) as place
    from judged
    inner join pg_temp.import_stage as staged on judged.line_number = staged.line_number
    where judged.verdict in ('inserted', 'updated')
),

points as materialized (
    select places.place, point.geom, point.geo_source
    from (select distinct place from written) as places
    cross join lateral tickets.resolve_point(places.place) as point
),

inserted as (
    insert into tickets.inc as inc (ticket_id, raw, geom, geo_source, ingested_at)
    select written.ticket_id, staged.raw, points.geom, points.geo_source, now()
    from written
    inner join points on written.place = points.place
    inner join pg_temp.import_stage as staged on written.line_number = staged.line_number
    where written.verdict = 'inserted'
    on conflict (ticket_id) do update
        set
            raw = excluded.raw,
            geom = excluded.geom,
            geo_source = excluded.geo_source,
            ingested_at = excluded.ingested_at
),

updated as (
    update tickets.inc as inc
    set
        raw = staged.raw,
        geom = points.geom,
        geo_source = points.geo_source,
        ingested_at = now()
    from written
    inner join points on written.place = points.place
    inner join pg_temp.import_stage as staged on written.line_number = staged.line_number
    where inc.ticket_id = written.ticket_id and written.verdict = 'updated'
),

asserted as (
    insert into tickets.inc_versions as versions (ticket_id, generation, stamp, revision)
    select ticket_id, %(generation)s, %(stamp)s, %(revision)s
    from judged
    where verdict <> 'stale'
    on conflict (ticket_id) do update
        set
            generation = excluded.generation,
            stamp = excluded.stamp,
            revision = excluded.revision
)

select
    coalesce(sum(lines), 0)::integer as staged,
    (count(*) filter (where verdict = 'inserted'))::integer as inserted,
    (count(*) filter (where verdict = 'updated'))::integer as updated,
    (count(*) filter (where verdict = 'unchanged'))::integer as unchanged,
    (count(*) filter (where verdict = 'stale'))::integer as stale
from judged
"""

# Every closure that a row shows counts, those of duplicate and stale rows too. The attributes come
# from the smallest version that shows it, and within one file from its last line. Most closures of
# a file are known already: those are left out before their attributes are read.
RECORD_CLOSURES = """
with shown as materialized (
    select line_number, ticket_id, tickets.eat_ts(raw ->> 'closed_at') as closed_at
    from pg_temp.import_stage
    where raw ? 'closed_at'
),

closures as materialized (
    select ticket_id, closed_at, max(line_number) as line_number
    from shown
    where
        closed_at is not null
        and not exists (
            select from tickets.closure_events as events
            where
                events.ticket_id = shown.ticket_id
                and events.closed_at = shown.closed_at
                and (events.generation, events.stamp, events.revision)
                <= (%(generation)s::integer, %(stamp)s::text collate "C", %(revision)s::integer)
        )
    group by ticket_id, closed_at
)

insert into tickets.closure_events as events
(
    ticket_id, closed_at, cluster, region, location_name, assigned_team, owner, raw_status,
    normalized_status, sla_status, mttr, created_at_service, first_seen_at,
    generation, stamp, revision
)
select
    closures.ticket_id,
    closures.closed_at,
    staged.raw ->> 'cluster',
    staged.raw ->> 'region',
    staged.raw ->> 'location_name',
    staged.raw ->> 'assigned_team',
    staged.raw ->> 'owner',
    staged.raw ->> 'raw_status',
    staged.raw ->> 'normalized_status',
    staged.raw ->> 'sla_status',
    tickets.to_minutes(staged.raw ->> 'mttr'),
    tickets.eat_ts(staged.raw ->> 'created_at_service'),
    tickets.eat_ts(staged.raw ->> 'first_seen_at'),
    %(generation)s,
    %(stamp)s,
    %(revision)s
from closures
inner join pg_temp.import_stage as staged on closures.line_number = staged.line_number
on conflict (ticket_id, closed_at) do update
    set
        cluster = excluded.cluster,
        region = excluded.region,
        location_name = excluded.location_name,
        assigned_team = excluded.assigned_team,
        owner = excluded.owner,
        raw_status = excluded.raw_status,
        normalized_status = excluded.normalized_status,
        sla_status = excluded.sla_status,
        mttr = excluded.mttr,
        created_at_service = excluded.created_at_service,
        first_seen_at = excluded.first_seen_at,
        generation = excluded.generation,
        stamp = excluded.stamp,
        revision = excluded.revision
    where
        (excluded.generation, excluded.stamp, excluded.revision)
        < (events.generation, events.stamp, events.revision)
"""


def write_rows(connection: Connection, *, generation: int, stamp: str, revision: int) -> Written:
    """Write the staged rows into the tickets and the closure history; return what changed.

    To be called under the dataset's lock, in the transaction that staged the rows.
    """
    version = {"generation": generation, "stamp": stamp, "revision": revision}
    connection.execute(RECORD_CLOSURES, version)
    with connection.cursor(row_factory=class_row(Written)) as cursor:
        written = cursor.execute(APPLY_ROWS, version).fetchone()
    if written is None:
        raise LookupError("the statement that writes the rows returned nothing")
    return written
