-- Purpose: reporting.fn_inc_dashboard in its final form, with the whole freshness.
-- Why: the text of 09, for a database that an older system brought; existing grants are kept.
-- Locks: none that matter; the function is gone and back in one transaction.
-- Undo: replace the function by the text of 09.

create or replace function tickets.eat_window(
    p_window text, p_from date, p_to date, p_at timestamptz
) returns table (name text, from_date date, to_date date, from_at timestamptz, to_at timestamptz)
language plpgsql
stable
parallel safe
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
    v_today constant date := (p_at at time zone 'Africa/Nairobi')::date;
begin
    name := coalesce(p_window, 'today');
    to_date := v_today;
    case name
        when 'today' then
            from_date := v_today;
        when 'yesterday' then
            from_date := v_today - 1;
            to_date := v_today - 1;
        when 'last_7_days' then
            from_date := v_today - 6;
        when 'this_week' then
            from_date := date_trunc('week', v_today::timestamp)::date;
        when 'this_month' then
            from_date := date_trunc('month', v_today::timestamp)::date;
        when 'last_30_days' then
            from_date := v_today - 29;
        when 'custom' then
            from_date := p_from;
            to_date := p_to;
        else
            raise exception using
                errcode = 'invalid_parameter_value',
                message = format('unknown window %L', p_window),
                hint = 'Use today, yesterday, last_7_days, this_week, this_month, last_30_days '
                    'or custom.';
    end case;
    if from_date is null or to_date is null then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = 'window custom needs both p_from and p_to',
            hint = 'Give both as dates (EAT days); p_to is inclusive.';
    elsif from_date > to_date then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('p_from %s is after p_to %s', from_date, to_date),
            hint = 'Give the earlier day as p_from; p_to is inclusive.';
    elsif from_date < date '0001-01-01' or to_date > date '9999-12-30' then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('the range %s to %s is outside the calendar', from_date, to_date),
            hint = 'Give days between 0001-01-01 and 9999-12-30.';
    end if;
    from_at := from_date::timestamp at time zone 'Africa/Nairobi';
    to_at := (to_date + 1)::timestamp at time zone 'Africa/Nairobi';
    return next;
end
$$;

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

revoke execute on function tickets.eat_window(text, date, date, timestamptz) from public;
revoke execute on function
tickets.to_feature(double precision, double precision, jsonb) from public;

select tickets.drop_keeping_grants('reporting', 'fn_inc_dashboard');

create function reporting.fn_inc_dashboard(
    p_cluster text default null,
    p_status text default null,
    p_window text default 'today',
    p_from date default null,
    p_to date default null
) returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with period as materialized (
        select * from tickets.eat_window(p_window, p_from, p_to, now())
    ),

    open_tickets as materialized (
        select
            inc.ticket_id, inc.normalized_status, inc.raw_status, inc.cluster, inc.region,
            inc.location_name, inc.assigned_team, inc.owner, inc.created_at_service,
            inc.first_seen_at, inc.geo_source, inc.longitude, inc.latitude,
            clock.hours_open, clock.sla_state, clock.sla_clock_source
        from tickets.inc as inc
        cross join lateral tickets.sla_clock(
            inc.created_at_service, inc.first_seen_at, now()
        ) as clock
        where
            inc.is_actionable
            and (p_cluster is null or inc.cluster = p_cluster)
            and (p_status is null or inc.normalized_status = p_status)
    ),

    closed_tickets as materialized (
        select
            inc.ticket_id, inc.normalized_status, inc.raw_status, inc.cluster, inc.region,
            inc.location_name, inc.assigned_team, inc.owner, inc.sla_status, inc.mttr,
            inc.created_at_service, inc.first_seen_at, inc.closed_at, inc.geo_source,
            inc.longitude, inc.latitude
        from tickets.inc as inc
        cross join period
        where
            inc.closed_at >= period.from_at and inc.closed_at < period.to_at
            and inc.is_actionable is not true
            and (p_cluster is null or inc.cluster = p_cluster)
            and (p_status is null or inc.normalized_status = p_status)
    ),

    figures as (
        select
            cluster, assigned_team, 1 as is_open,
            (sla_state = 'breached')::integer as is_breached,
            (sla_state = 'at_risk')::integer as is_at_risk,
            0 as is_created, 0 as is_closed, null::integer as mttr,
            (latitude is null)::integer as is_without_coordinate
        from open_tickets
        union all
        select inc.cluster, inc.assigned_team, 0, 0, 0, 1, 0, null, 0
        from tickets.inc as inc
        cross join period
        where
            coalesce(inc.created_at_service, inc.first_seen_at) >= period.from_at
            and coalesce(inc.created_at_service, inc.first_seen_at) < period.to_at
            and (p_cluster is null or inc.cluster = p_cluster)
            and (p_status is null or inc.normalized_status = p_status)
        union all
        select cluster, assigned_team, 0, 0, 0, 0, 1, mttr, (latitude is null)::integer
        from closed_tickets
    ),

    measures as materialized (
        select
            grouping(cluster) = 0 as is_cluster,
            grouping(assigned_team) = 0 as is_team,
            cluster,
            assigned_team,
            jsonb_build_object(
                'open', coalesce(sum(is_open), 0),
                'breached', coalesce(sum(is_breached), 0),
                'at_risk', coalesce(sum(is_at_risk), 0),
                'created', coalesce(sum(is_created), 0),
                'closed', coalesce(sum(is_closed), 0),
                'mttr_minutes_median', percentile_cont(0.5) within group (order by mttr),
                'mttr_minutes_p90', percentile_cont(0.9) within group (order by mttr),
                'without_coordinate', coalesce(sum(is_without_coordinate), 0)
            ) as measured
        from figures
        group by grouping sets ((), (cluster), (assigned_team))
    ),

    metrics as (
        select
            (select measured from measures where not is_cluster and not is_team)
            || jsonb_build_object(
                'by_cluster', coalesce((
                    select jsonb_agg(
                        jsonb_build_object('cluster', cluster) || measured
                        order by (measured ->> 'open')::bigint desc, cluster collate "C" asc
                    )
                    from measures
                    where is_cluster
                ), '[]'),
                'by_team', coalesce((
                    select jsonb_agg(
                        jsonb_build_object('assigned_team', assigned_team) || measured
                        order by
                            (measured ->> 'open')::bigint desc, assigned_team collate "C" asc
                    )
                    from measures
                    where is_team
                ), '[]')
            ) as metrics
    ),

    open_collection as (
        select
            jsonb_build_object(
                'type', 'FeatureCollection',
                'features', coalesce(
                    jsonb_agg(
                        tickets.to_feature(
                            longitude,
                            latitude,
                            jsonb_build_object(
                                'ticket_id', ticket_id,
                                'normalized_status', normalized_status,
                                'raw_status', raw_status,
                                'cluster', cluster,
                                'region', region,
                                'location_name', location_name,
                                'assigned_team', assigned_team,
                                'owner', owner,
                                'created_at', coalesce(created_at_service, first_seen_at),
                                'hours_open', hours_open,
                                'sla_state', sla_state,
                                'sla_clock_source', sla_clock_source,
                                'geo_source', geo_source
                            )
                        )
                        order by ticket_id collate "C"
                    ) filter (where latitude is not null),
                    '[]'
                ),
                'without_coordinate', count(*) - count(latitude)
            ) as collection
        from open_tickets
    ),

    closed_collection as (
        select
            jsonb_build_object(
                'type', 'FeatureCollection',
                'features', coalesce(
                    jsonb_agg(
                        tickets.to_feature(
                            longitude,
                            latitude,
                            jsonb_build_object(
                                'ticket_id', ticket_id,
                                'normalized_status', normalized_status,
                                'raw_status', raw_status,
                                'cluster', cluster,
                                'region', region,
                                'location_name', location_name,
                                'assigned_team', assigned_team,
                                'owner', owner,
                                'created_at', coalesce(created_at_service, first_seen_at),
                                'closed_at', closed_at,
                                'mttr_minutes', mttr,
                                'sla_status', sla_status,
                                'geo_source', geo_source
                            )
                        )
                        order by ticket_id collate "C"
                    ) filter (where latitude is not null),
                    '[]'
                ),
                'without_coordinate', count(*) - count(latitude)
            ) as collection
        from closed_tickets
    )

    select
        jsonb_build_object(
            'window', (select to_jsonb(period) from period),
            'open', open_collection.collection,
            'closed', closed_collection.collection,
            'metrics', metrics.metrics,
            'freshness', tickets.freshness()
        )
    from metrics
    cross join open_collection
    cross join closed_collection
$$;

revoke execute on function
reporting.fn_inc_dashboard(text, text, text, date, date) from public;

select tickets.restore_grants();
