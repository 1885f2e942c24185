-- Purpose: which version last asserted each ticket, and which gave each closure its attributes.
-- Why: every order question is a comparison of versions. The table is narrow and leaves room on its
--      pages, so that an unchanged row costs one small update.
-- Locks: share row exclusive on tickets.closure_events while columns are added.
-- Undo: drop table tickets.inc_versions; drop the three columns (late files could then regress).

-- squawk-ignore-file ban-drop-default

create table tickets.inc_versions (
    ticket_id text not null,
    generation integer not null,
    stamp text collate "C" not null, -- noqa: LT01
    revision integer not null,
    constraint inc_versions_pkey primary key (ticket_id)
) with (fillfactor = 50);

create function tickets.key_stamp(p_key text) returns text
language sql
immutable
parallel safe
as $$
    select
        (regexp_match(
            p_key,
            '^.*([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2})'
        ))[1] collate "C"
$$;

revoke execute on function tickets.key_stamp(text) from public;

create temporary table import_meta_model (
    dataset text not null,
    metadata jsonb not null default '{}'
) on commit drop;

select tickets.conform_table('tickets.import_meta', 'pg_temp.import_meta_model');
select tickets.conform_key('tickets.import_meta', array['dataset'], 'import_meta_dataset_key');

-- Added without a default first: when an adopted closure was recorded is not known.
alter table tickets.closure_events add column if not exists recorded_at timestamptz;

create temporary table closure_events_model (
    ticket_id text not null,
    closed_at timestamptz not null,
    cluster text,
    region text,
    location_name text,
    assigned_team text,
    owner text,
    raw_status text,
    normalized_status text,
    sla_status text,
    mttr integer,
    created_at_service timestamptz,
    first_seen_at timestamptz,
    generation integer not null default 0,
    stamp text collate "C" not null default '', -- noqa: LT01
    revision integer not null default 0,
    recorded_at timestamptz default clock_timestamp()
) on commit drop;

select tickets.conform_table('tickets.closure_events', 'pg_temp.closure_events_model');
select
    tickets.conform_key(
        'tickets.closure_events', array['ticket_id', 'closed_at'], 'closure_events_closure_key'
    );

alter table tickets.closure_events
alter column generation drop default,
alter column stamp drop default,
alter column revision drop default;

create index if not exists closure_events_closed_at_idx on tickets.closure_events (closed_at);

insert into tickets.inc_versions (ticket_id, generation, stamp, revision)
select
    inc.ticket_id,
    0 as generation,
    coalesce(tickets.key_stamp(meta.metadata ->> 'source_max_key'), '') as stamp,
    0 as revision
from tickets.inc as inc
left join tickets.import_meta as meta on meta.dataset = 'inc'
on conflict (ticket_id) do nothing;
