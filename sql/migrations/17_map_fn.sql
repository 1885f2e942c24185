-- Purpose: reporting.fn_tickets_for_map in its final form: typed columns, SLA, whole freshness.
-- Why: one overload only, whatever an older system left; its callers keep their grants.
-- Locks: none that matter; the function is gone and back in one transaction.
-- Undo: replace the function by the text of 02.

create or replace function tickets.to_feature(
    p_longitude double precision, p_latitude double precision, p_properties jsonb
) returns jsonb
language sql
stable
parallel safe
as $$
    select
        jsonb_build_object(
            'type', 'Feature',
            'geometry', jsonb_build_object(
                'type', 'Point', 'coordinates', jsonb_build_array(p_longitude, p_latitude)
            ),
            'properties', p_properties
        )
$$;

revoke execute on function
tickets.to_feature(double precision, double precision, jsonb) from public;

select tickets.drop_keeping_grants('reporting', 'fn_tickets_for_map');

create function reporting.fn_tickets_for_map(
    p_open_only boolean default true, p_cluster text default null, p_status text default null
) returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with shown as materialized (
        select
            inc.ticket_id, inc.is_actionable, inc.normalized_status, inc.raw_status, inc.cluster,
            inc.region, inc.location_name, inc.assigned_team, inc.owner, inc.created_at_service,
            inc.first_seen_at, inc.closed_at, inc.geo_source, inc.longitude, inc.latitude,
            clock.hours_open, clock.sla_state, clock.sla_clock_source
        from tickets.inc as inc
        cross join lateral tickets.sla_clock(
            inc.created_at_service, inc.first_seen_at, now()
        ) as clock
        where
            inc.is_actionable
            and (p_cluster is null or inc.cluster = p_cluster)
            and (p_status is null or inc.normalized_status = p_status)
        union all
        select
            inc.ticket_id, inc.is_actionable, inc.normalized_status, inc.raw_status, inc.cluster,
            inc.region, inc.location_name, inc.assigned_team, inc.owner, inc.created_at_service,
            inc.first_seen_at, inc.closed_at, inc.geo_source, inc.longitude, inc.latitude,
            null, null, null
        from tickets.inc as inc
        where
            not coalesce(p_open_only, true)
            and inc.is_actionable is not true
            and (p_cluster is null or inc.cluster = p_cluster)
            and (p_status is null or inc.normalized_status = p_status)
    ),

    features as (
        select
            jsonb_agg(
                tickets.to_feature(
                    shown.longitude,
                    shown.latitude,
                    jsonb_build_object(
                        'ticket_id', shown.ticket_id,
                        'is_open', shown.is_actionable is true,
                        'normalized_status', shown.normalized_status,
                        'raw_status', shown.raw_status,
                        'cluster', shown.cluster,
                        'region', shown.region,
                        'location_name', shown.location_name,
                        'assigned_team', shown.assigned_team,
                        'owner', shown.owner,
                        'created_at', coalesce(shown.created_at_service, shown.first_seen_at),
                        'closed_at', shown.closed_at,
                        'hours_open', shown.hours_open,
                        'sla_state', shown.sla_state,
                        'sla_clock_source', shown.sla_clock_source,
                        'geo_source', shown.geo_source
                    )
                )
                order by shown.ticket_id collate "C"
            ) as features
        from shown
        where shown.latitude is not null
    ),

    statuses as (
        select jsonb_object_agg(counted.status, counted.tickets) as by_status
        from (
            select coalesce(shown.normalized_status, 'unknown') as status, count(*) as tickets
            from shown
            group by coalesce(shown.normalized_status, 'unknown')
        ) as counted
    ),

    clusters as (
        select jsonb_object_agg(counted.cluster, counted.tickets) as by_cluster
        from (
            select coalesce(shown.cluster, 'unknown') as cluster, count(*) as tickets
            from shown
            group by coalesce(shown.cluster, 'unknown')
        ) as counted
    ),

    totals as (
        select
            count(*) as total,
            count(*) filter (where shown.is_actionable) as open,
            count(shown.latitude) as on_map
        from shown
    )

    select
        jsonb_build_object(
            'type', 'FeatureCollection',
            'features', coalesce(features.features, '[]'),
            'summary', jsonb_build_object(
                'total', totals.total,
                'open', totals.open,
                'on_map', totals.on_map,
                'without_coordinate', totals.total - totals.on_map,
                'by_status', coalesce(statuses.by_status, '{}'),
                'by_cluster', coalesce(clusters.by_cluster, '{}'),
                'freshness', tickets.freshness()
            )
        )
    from totals
    cross join features
    cross join statuses
    cross join clusters
$$;

revoke execute on function reporting.fn_tickets_for_map(boolean, text, text) from public;

select tickets.restore_grants();
