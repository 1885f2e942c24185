-- Purpose: schemas tickets and reporting; the ticket tables, the gazetteer, the map's function.
-- Why: geom is resolved by the database, so that every writer of raw gets the same point.
-- Locks: none that matter; everything here is new.
-- Undo: drop schema reporting cascade; drop schema tickets cascade.

create extension if not exists postgis with schema public;

create schema if not exists tickets;
create schema if not exists reporting;

create table tickets.inc (
    ticket_id text not null,
    raw jsonb not null,
    geom public.geometry (point, 4326),
    geo_source text,
    ingested_at timestamptz not null default now(),
    constraint inc_pkey primary key (ticket_id)
);

create table tickets.crq (
    ticket_id text not null,
    raw jsonb not null,
    geom public.geometry (point, 4326),
    geo_source text,
    ingested_at timestamptz not null default now(),
    constraint crq_pkey primary key (ticket_id)
);

create table tickets.geo_clusters (
    cluster text not null,
    geom public.geometry (point, 4326),
    source text,
    verified boolean not null default false,
    updated_at timestamptz not null default now(),
    constraint geo_clusters_pkey primary key (cluster)
);

create table tickets.geo_locations (
    location_name text not null,
    geom public.geometry (point, 4326),
    source text,
    verified boolean not null default false,
    updated_at timestamptz not null default now(),
    constraint geo_locations_pkey primary key (location_name)
);

create function tickets.feed_point(p_raw jsonb) returns public.geometry
language plpgsql
immutable
parallel safe
as $$
declare
    v_decimal constant text := '^[+-]?[0-9]{1,3}(\.[0-9]{1,30})?$';
    v_longitude constant text := p_raw ->> 'longitude';
    v_latitude constant text := p_raw ->> 'latitude';
begin
    if v_longitude ~ v_decimal and v_latitude ~ v_decimal
        and abs(v_longitude::double precision) <= 180
        and abs(v_latitude::double precision) <= 90
        and not (v_longitude::double precision = 0 and v_latitude::double precision = 0)
    then
        return public.st_setsrid(
            public.st_makepoint(v_longitude::double precision, v_latitude::double precision), 4326
        );
    end if;
    return null;
end
$$;

create function tickets.inc_resolve_geom() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    select
        coalesce(feed.geom, location.geom, coarse.geom),
        case
            when feed.geom is not null then 'feed'
            when location.geom is not null then 'location'
            when coarse.geom is not null then 'cluster'
            else 'none'
        end
    into new.geom, new.geo_source
    from (select tickets.feed_point(new.raw) as geom) as feed
    left join tickets.geo_locations as location
        on location.location_name = new.raw ->> 'location_name'
    left join tickets.geo_clusters as coarse
        on coarse.cluster = new.raw ->> 'cluster';
    return new;
end
$$;

create trigger inc_resolve_geom
before insert or update of raw on tickets.inc
for each row execute function tickets.inc_resolve_geom();

create trigger crq_resolve_geom
before insert or update of raw on tickets.crq
for each row execute function tickets.inc_resolve_geom();

create function reporting.fn_tickets_for_map(
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
                'without_coordinate', count(*) - count(shown.geom)
            )
        )
    from shown
$$;

revoke execute on function tickets.feed_point(jsonb) from public;
revoke execute on function tickets.inc_resolve_geom() from public;
revoke execute on function reporting.fn_tickets_for_map(boolean, text, text) from public;
