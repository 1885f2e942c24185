"""Staging and writing of one file's rows: COPY, then one set-based statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from fleettickets.core.feed import CleanRow
from fleettickets.store.connections import Connection

FIND_STAGE = "select to_regclass('pg_temp.import_stage') is not null"
CREATE_STAGE = """
create temporary table import_stage (
    line_number bigint not null,
    ticket_id text not null,
    raw jsonb not null
) on commit delete rows
"""


def create_stage(connection: Connection) -> None:
    """Create this session's staging table, once; each commit empties it.

    It is looked for first: `create … if not exists` takes a millisecond where it is there already.
    """
    found = connection.execute(FIND_STAGE).fetchone()
    if found != (True,):
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
# chosen before anything is compared. The rows stay in the stage: steps hand on their addresses, in
# the order of tickets, so that an index of new tickets grows at its end.
APPLY_ROWS = """
with latest as materialized (
    select distinct on (ticket_id collate "C") ticket_id, ctid as address
    from pg_temp.import_stage
    order by ticket_id collate "C" asc, line_number desc
),

judged as materialized (
    select
        latest.ticket_id,
        latest.address,
        versions.ticket_id is not null as has_version,
        case
            when
                (versions.generation, versions.stamp, versions.revision)
                >= (%(generation)s::integer, %(stamp)s::text collate "C", %(revision)s::integer)
                then 'stale'
            when inc.ticket_id is null then 'inserted'
            when record_image_eq(row(inc.raw), row(staged.raw)) then 'unchanged' -- quick: bytes
            when inc.raw is distinct from staged.raw then 'updated'
            else 'unchanged'
        end as verdict
    from latest
    inner join pg_temp.import_stage as staged on latest.address = staged.ctid
    left join tickets.inc as inc on latest.ticket_id = inc.ticket_id
    left join tickets.inc_versions as versions on latest.ticket_id = versions.ticket_id
),

located as materialized (
    select judged.ticket_id, judged.address, judged.verdict, point.geom, point.geo_source
    from judged
    inner join pg_temp.import_stage as staged on judged.address = staged.ctid
    cross join lateral tickets.resolve_point(staged.raw) as point
    where judged.verdict not in ('unchanged', 'stale')
    order by judged.ticket_id collate "C" asc
),

inserted as (
    insert into tickets.inc (ticket_id, raw, geom, geo_source, ingested_at)
    select located.ticket_id, staged.raw, located.geom, located.geo_source, now()
    from located
    inner join pg_temp.import_stage as staged on located.address = staged.ctid
    where located.verdict = 'inserted'
),

updated as (
    update tickets.inc as inc
    set
        raw = staged.raw,
        geom = located.geom,
        geo_source = located.geo_source,
        ingested_at = now()
    from located
    inner join pg_temp.import_stage as staged on located.address = staged.ctid
    where inc.ticket_id = located.ticket_id and located.verdict = 'updated'
),

asserted_first as (
    insert into tickets.inc_versions (ticket_id, generation, stamp, revision)
    select ticket_id, %(generation)s, %(stamp)s, %(revision)s
    from judged
    where verdict <> 'stale' and not has_version
),

asserted_again as (
    update tickets.inc_versions as versions
    set generation = %(generation)s, stamp = %(stamp)s, revision = %(revision)s
    from judged
    where
        versions.ticket_id = judged.ticket_id
        and judged.verdict <> 'stale' and judged.has_version
)

select
    (select count(*) from pg_temp.import_stage)::integer as staged,
    (count(*) filter (where verdict = 'inserted'))::integer as inserted,
    (count(*) filter (where verdict = 'updated'))::integer as updated,
    (count(*) filter (where verdict = 'unchanged'))::integer as unchanged,
    (count(*) filter (where verdict = 'stale'))::integer as stale
from judged
"""

# Every closure that a row shows counts, those of duplicate and stale rows too. The attributes come
# from the smallest version that shows it, and within one file from its last line. Most closures of
# a file are known already: those are left out before their attributes are read, looked up by ticket
# and not by time, since many tickets may be closed at one instant.
RECORD_CLOSURES = """
with shown as materialized (
    select ctid as address, line_number, ticket_id, tickets.eat_ts(raw ->> 'closed_at') as closed_at
    from pg_temp.import_stage
    where raw ? 'closed_at'
),

closures as materialized (
    select distinct on (ticket_id collate "C", closed_at) ticket_id, closed_at, address
    from shown
    where
        closed_at is not null
        and not exists (
            select from tickets.closure_events as events
            where
                events.ticket_id = shown.ticket_id
                and events.closed_at is not distinct from shown.closed_at
                and (events.generation, events.stamp, events.revision)
                <= (%(generation)s::integer, %(stamp)s::text collate "C", %(revision)s::integer)
        )
    order by ticket_id collate "C" asc, closed_at asc, line_number desc
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
inner join pg_temp.import_stage as staged on closures.address = staged.ctid
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

    To be called under the dataset's lock, in the transaction that staged the rows. The statements
    are planned anew each time: files differ in size, and tables grow, a thousandfold in a session.
    """
    version = {"generation": generation, "stamp": stamp, "revision": revision}
    connection.execute(RECORD_CLOSURES, version, prepare=False)
    try:
        with connection.transaction():
            return _apply_rows(connection, version)
    except UniqueViolation:
        # Somebody who does not take the lock has just inserted one of the tickets; now it is seen.
        return _apply_rows(connection, version)


def _apply_rows(connection: Connection, version: Mapping[str, object]) -> Written:
    with connection.cursor(row_factory=class_row(Written)) as cursor:
        written = cursor.execute(APPLY_ROWS, version, prepare=False).fetchone()
    if written is None:
        raise LookupError("the statement that writes the rows returned nothing")
    return written
