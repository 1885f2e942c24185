-- Purpose: the index of open tickets by geo_source, which 30 dropped, and with it the text of
--          tickets.freshness that counts by it.
-- Why: it is an eighth of the size of the index that was to serve in its place. Counting a hundred
--      thousand open tickets takes 12 milliseconds by it and 26 without, and each payload counts.
-- Locks: share on tickets.inc while the index is built.
-- Undo: replace tickets.freshness by the text of 30 and drop the index.

create index inc_open_geo_source_idx on tickets.inc (geo_source) where is_actionable;

comment on index tickets.inc_open_geo_source_idx is
'Open tickets, and how they were placed.';

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
                (count(*) filter (where inc.geo_source in ('feed', 'location')))::numeric
                / nullif(count(*), 0), 4
            ) as share
        from tickets.inc as inc
        where inc.is_actionable
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
