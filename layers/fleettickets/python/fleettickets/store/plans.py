"""Dry runs: the same judgement as `staging`, against a temporary copy of what is concerned."""

from psycopg.rows import class_row

from fleettickets.store.connections import Connection
from fleettickets.store.staging import Written

CREATE_PLAN = """
create temporary table if not exists planned_inc (
    ticket_id text primary key,
    raw_hash text,
    generation integer,
    stamp text collate "C",
    revision integer
) on commit delete rows
"""


def create_plan(connection: Connection) -> None:
    """Create this session's planning table, once; the end of the transaction empties it."""
    connection.execute(CREATE_PLAN)


COPY_CONCERNED = """
insert into pg_temp.planned_inc (ticket_id, raw_hash, generation, stamp, revision)
select
    inc.ticket_id, md5(inc.raw::text), versions.generation, versions.stamp, versions.revision
from tickets.inc as inc
left join tickets.inc_versions as versions on inc.ticket_id = versions.ticket_id
where inc.ticket_id in (select staged.ticket_id from pg_temp.import_stage as staged)
on conflict (ticket_id) do nothing
"""

PLAN_ROWS = """
with latest as materialized (
    select distinct on (ticket_id) ticket_id, md5(raw::text) as raw_hash
    from pg_temp.import_stage
    order by ticket_id asc, line_number desc
),

judged as materialized (
    select
        latest.ticket_id,
        latest.raw_hash,
        case
            when
                (planned.generation, planned.stamp, planned.revision)
                >= (%(generation)s::integer, %(stamp)s::text collate "C", %(revision)s::integer)
                then 'stale'
            when planned.ticket_id is null then 'inserted'
            when planned.raw_hash <> latest.raw_hash then 'updated'
            else 'unchanged'
        end as verdict
    from latest
    left join pg_temp.planned_inc as planned on latest.ticket_id = planned.ticket_id
),

asserted as (
    insert into pg_temp.planned_inc (ticket_id, raw_hash, generation, stamp, revision)
    select ticket_id, raw_hash, %(generation)s, %(stamp)s, %(revision)s
    from judged
    where verdict <> 'stale'
    on conflict (ticket_id) do update
        set
            raw_hash = excluded.raw_hash,
            generation = excluded.generation,
            stamp = excluded.stamp,
            revision = excluded.revision
)

select
    (select count(*) from pg_temp.import_stage)::integer as staged,
    (count(*) filter (where verdict = 'inserted'))::integer as inserted,
    (count(*) filter (where verdict = 'updated'))::integer as updated,
    (count(*) filter (where verdict = 'unchanged'))::integer as unchanged,
    (count(*) filter (where verdict = 'stale'))::integer as stale
from judged
"""

EMPTY_STAGE = "truncate pg_temp.import_stage"


FREEZE = "set transaction isolation level repeatable read"


def freeze(connection: Connection) -> None:
    """Let the whole transaction see one state of the tables; must be its first statement."""
    connection.execute(FREEZE)


def empty_stage(connection: Connection) -> None:
    """Empty the staging table, which only a commit does by itself."""
    connection.execute(EMPTY_STAGE)


def plan_rows(connection: Connection, *, generation: int, stamp: str, revision: int) -> Written:
    """Judge the staged rows as `write_rows` would; no product table changes.

    To be called inside one transaction for the whole dry run: later files see the earlier ones. The
    statements are planned anew each time, since files differ in size and tables grow.
    """
    connection.execute(COPY_CONCERNED, prepare=False)
    version = {"generation": generation, "stamp": stamp, "revision": revision}
    with connection.cursor(row_factory=class_row(Written)) as cursor:
        written = cursor.execute(PLAN_ROWS, version, prepare=False).fetchone()
    if written is None:
        raise LookupError("the statement that plans the rows returned nothing")
    return written
