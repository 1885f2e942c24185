-- Purpose: two indexes: open tickets by team and cluster, to be counted without reading the
--          tickets; and all tickets by creation, for what was created in a window. The index of
--          open tickets by geo_source goes: the first of the two serves tickets.freshness too.
-- Why: a dashboard counts a hundred thousand open tickets of a kilobyte and more each. The text in
--      the index is bounded by its predicate, so that a long cell cannot fail a file; the few
--      tickets with longer names are found by an index of their own.
-- Locks: share on tickets.inc while the indexes are built; access exclusive on it at the end.
-- Undo: replace tickets.freshness by the text of 16 and create the index of 20 again; drop the
--       three indexes and tickets.open_facts; reset the three settings.

create index inc_open_facts_idx on tickets.inc (
    assigned_team, cluster, normalized_status, geo_source, created_at_service, first_seen_at
)
where is_actionable
and coalesce(octet_length(assigned_team), 0) + coalesce(octet_length(cluster), 0)
+ coalesce(octet_length(normalized_status), 0) <= 1000;

create index inc_open_long_facts_idx on tickets.inc (geo_source)
where is_actionable
and coalesce(octet_length(assigned_team), 0) + coalesce(octet_length(cluster), 0)
+ coalesce(octet_length(normalized_status), 0) > 1000;

create index inc_created_idx on tickets.inc ((coalesce(created_at_service, first_seen_at)));

comment on index tickets.inc_open_facts_idx is
'What is counted of open tickets, without reading them; and the open tickets of a team.';
comment on index tickets.inc_open_long_facts_idx is
'The open tickets whose names are too long for the index above.';
comment on index tickets.inc_created_idx is
'Tickets created in a window.';

-- Only pages that a vacuum has seen can be counted by the index alone: so it comes after one
-- ticket in fifty has changed, not one in five.
alter table tickets.inc set (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02
);

-- To be inlined, so it has nothing set.
create function tickets.open_facts() returns table (
    assigned_team text, cluster text, normalized_status text, geo_source text,
    created_at_service timestamptz, first_seen_at timestamptz
)
language sql
stable
parallel safe
as $$
    select
        inc.assigned_team, inc.cluster, inc.normalized_status, inc.geo_source,
        inc.created_at_service, inc.first_seen_at
    from tickets.inc as inc
    where
        inc.is_actionable
        and coalesce(octet_length(inc.assigned_team), 0) + coalesce(octet_length(inc.cluster), 0)
        + coalesce(octet_length(inc.normalized_status), 0) <= 1000
    union all
    select
        inc.assigned_team, inc.cluster, inc.normalized_status, inc.geo_source,
        inc.created_at_service, inc.first_seen_at
    from tickets.inc as inc
    where
        inc.is_actionable
        and coalesce(octet_length(inc.assigned_team), 0) + coalesce(octet_length(inc.cluster), 0)
        + coalesce(octet_length(inc.normalized_status), 0) > 1000
$$;

comment on function tickets.open_facts() is
'One row for each open ticket: what is counted of it. Read from the index alone where it can be.';

revoke execute on function tickets.open_facts() from public;

create or replace function tickets.freshness() returns jsonb
language sql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
    with stream as (
        select streams.mode, streams.refused_source, streams.pending, streams.pending_as_of,
            streams.held
        from tickets.import_streams as streams
        where streams.dataset = 'inc'
        order by streams.generation desc
        limit 1
    ),

    progress as (
        select
            meta.metadata ->> 'source_max_key' as watermark,
            tickets.key_stamp(meta.metadata ->> 'source_max_key') as stamp,
            meta.metadata -> 'last_capture_at' as last_capture_at
        from tickets.import_meta as meta
        where meta.dataset = 'inc'
    ),

    watermark as (
        select
            progress.watermark,
            floor(
                extract(
                    epoch from now() - tickets.eat_ts(
                        left(progress.stamp, 11) || replace(right(progress.stamp, 8), '-', ':')
                    )
                ) / 60
            ) as age_minutes,
            progress.last_capture_at
        from progress
    ),

    trouble as (
        select
            count(*) filter (where files.status = 'quarantined') as quarantined,
            coalesce(sum(files.rows_rejected), 0) as rejected
        from tickets.import_files as files
        where
            files.applied_at > now() - interval '24 hours'
            and (files.status = 'quarantined' or files.rows_rejected > 0)
    ),

    coverage as (
        select
            round(
                (count(*) filter (where facts.geo_source in ('feed', 'location')))::numeric
                / nullif(count(*), 0), 4
            ) as share
        from tickets.open_facts() as facts
    )

    select
        jsonb_build_object(
            'watermark', (select watermark.watermark from watermark),
            'watermark_age_minutes', (select watermark.age_minutes from watermark),
            'content_as_of', (select max(inc.source_updated_at) from tickets.inc as inc),
            'mode', (
                select
                    case
                        when stream.refused_source is null then stream.mode
                        else 'reseed needed'
                    end
                from stream
            ),
            'pending', (select stream.pending from stream),
            'pending_as_of', (select stream.pending_as_of from stream),
            'held', (select stream.held from stream),
            'quarantined_24h', trouble.quarantined,
            'rejected_24h', trouble.rejected,
            'last_capture_at', (select watermark.last_capture_at from watermark),
            'geocode_coverage', coverage.share
        )
    from trouble
    cross join coverage
$$;

-- squawk-ignore require-concurrent-index-deletion
drop index tickets.inc_open_geo_source_idx;
