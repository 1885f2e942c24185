-- Purpose: what is known about each import, and the map's freshness.
-- Why: a map that does not say how old it is misleads.
-- Locks: none that matter; the map's function is replaced under the same signature.
-- Undo: drop table tickets.import_meta; replace the function by the text of 01.

create table tickets.import_meta (
    dataset text not null,
    metadata jsonb not null default '{}',
    constraint import_meta_pkey primary key (dataset)
);

create or replace function reporting.fn_tickets_for_map(
    p_open_only boolean default true, p_cluster text default null, p_status text default null
) returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with shown as (
        select
            inc.geom,
            jsonb_build_object(
                'ticket_id', inc.ticket_id,
                'normalized_status', inc.raw ->> 'normalized_status',
                'cluster', inc.raw ->> 'cluster',
                'geo_source', inc.geo_source
            ) as properties
        from tickets.inc as inc
        where
            (not coalesce(p_open_only, true) or lower(inc.raw ->> 'is_actionable') = 'true')
            and (p_cluster is null or inc.raw ->> 'cluster' = p_cluster)
            and (p_status is null or inc.raw ->> 'normalized_status' = p_status)
    )

    select
        jsonb_build_object(
            'type', 'FeatureCollection',
            'features', coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'type', 'Feature',
                        'geometry', public.st_asgeojson(shown.geom)::jsonb,
                        'properties', shown.properties
                    )
                ) filter (where shown.geom is not null),
                '[]'
            ),
            'summary', jsonb_build_object(
                'total', count(*),
                'on_map', count(shown.geom),
                'without_coordinate', count(*) - count(shown.geom),
                'freshness', jsonb_build_object(
                    'watermark', (
                        select meta.metadata ->> 'source_max_key'
                        from tickets.import_meta as meta
                        where meta.dataset = 'inc'
                    )
                )
            )
        )
    from shown
$$;
