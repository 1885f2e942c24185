"""The payloads as one would write them first: objects built as jsonb, one inside the other."""

from typing import LiteralString

FEATURES: LiteralString = """
select
    coalesce(jsonb_agg(jsonb_build_object(
        'type', 'Feature',
        'geometry', jsonb_build_object(
            'type', 'Point', 'coordinates', jsonb_build_array(inc.longitude, inc.latitude)
        ),
        'properties', jsonb_build_object(
            'ticket_id', inc.ticket_id,
            'is_open', inc.is_actionable is true,
            'normalized_status', inc.normalized_status,
            'raw_status', inc.raw_status,
            'cluster', inc.cluster,
            'region', inc.region,
            'location_name', inc.location_name,
            'assigned_team', inc.assigned_team,
            'owner', inc.owner,
            'created_at', coalesce(inc.created_at_service, inc.first_seen_at),
            'closed_at', inc.closed_at,
            'hours_open', clock.hours_open,
            'sla_state', clock.sla_state,
            'sla_clock_source', clock.sla_clock_source,
            'geo_source', inc.geo_source,
            'accuracy_metres', case inc.geo_source
                when 'feed' then settings.feed_accuracy_metres
                when 'location' then settings.location_accuracy_metres
                else settings.cluster_accuracy_metres
            end,
            'shares_point', inc.geo_source = 'cluster'
        )
    )), '[]')
from tickets.inc as inc
cross join tickets.settings as settings
cross join lateral tickets.sla_clock(inc.created_at_service, inc.first_seen_at, now()) as clock
where inc.is_actionable and inc.longitude is not null
"""

MAP: LiteralString = f"""
with counted as (
    select cluster, normalized_status, geo_source from tickets.inc where is_actionable
)

select
    jsonb_build_object(
        'type', 'FeatureCollection',
        'features', ({FEATURES}),
        'summary', jsonb_build_object(
            'total', (select count(*) from counted),
            'open', (select count(*) from counted),
            'on_map', (select count(*) from counted where geo_source <> 'none'),
            'without_coordinate', (select count(*) from counted where geo_source = 'none'),
            'by_status', (
                select coalesce(jsonb_object_agg(status, tickets), '{{}}')
                from (
                    select coalesce(normalized_status, 'unknown') as status, count(*) as tickets
                    from counted group by 1
                ) as named
            ),
            'by_cluster', (
                select coalesce(jsonb_object_agg(name, tickets), '{{}}')
                from (
                    select coalesce(cluster, 'unknown') as name, count(*) as tickets
                    from counted group by 1
                ) as named
            ),
            'at_cluster_point', (
                select coalesce(jsonb_object_agg(name, tickets), '{{}}')
                from (
                    select coalesce(cluster, 'unknown') as name, count(*) as tickets
                    from counted where geo_source = 'cluster' group by 1
                ) as named
            ),
            'freshness', tickets.freshness()
        )
    )
"""
"""What `reporting.fn_tickets_for_map()` returns, the order of the features apart."""

DASHBOARD: LiteralString = f"""
with numbers as materialized (select reporting.fn_inc_metrics() as payload),

closed as (
    select
        coalesce(jsonb_agg(jsonb_build_object(
            'type', 'Feature',
            'geometry', jsonb_build_object(
                'type', 'Point', 'coordinates', jsonb_build_array(inc.longitude, inc.latitude)
            ),
            'properties', jsonb_build_object(
                'ticket_id', inc.ticket_id,
                'is_open', false,
                'normalized_status', inc.normalized_status,
                'raw_status', inc.raw_status,
                'cluster', inc.cluster,
                'region', inc.region,
                'location_name', inc.location_name,
                'assigned_team', inc.assigned_team,
                'owner', inc.owner,
                'created_at', coalesce(inc.created_at_service, inc.first_seen_at),
                'closed_at', inc.closed_at,
                'hours_open', null, 'sla_state', null, 'sla_clock_source', null,
                'geo_source', inc.geo_source,
                'accuracy_metres', case inc.geo_source
                    when 'feed' then settings.feed_accuracy_metres
                    when 'location' then settings.location_accuracy_metres
                    else settings.cluster_accuracy_metres
                end,
                'shares_point', inc.geo_source = 'cluster',
                'sla_status', inc.sla_status,
                'mttr_minutes', inc.mttr
            )
        )), '[]') as features
    from tickets.inc as inc
    cross join tickets.settings as settings
    cross join tickets.eat_window('today', null, null, now()) as period
    where
        inc.closed_at >= period.from_at and inc.closed_at < period.to_at
        and inc.is_actionable is not true and inc.longitude is not null
)

select
    numbers.payload || jsonb_build_object(
        'open', jsonb_build_object(
            'type', 'FeatureCollection', 'features', ({FEATURES}),
            'without_coordinate', (
                select count(*) from tickets.inc where is_actionable and longitude is null
            )
        ),
        'closed', jsonb_build_object(
            'type', 'FeatureCollection', 'features', closed.features,
            'without_coordinate', (numbers.payload #>> '{{metrics,closed}}')::bigint
            - jsonb_array_length(closed.features)
        )
    )
from numbers
cross join closed
"""
"""What `reporting.fn_inc_dashboard()` returns, the order of the features apart."""
