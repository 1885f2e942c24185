-- Generated from sql/migrations by `make schema`: do not edit.
-- PostgreSQL database dump

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

-- Name: reporting; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA reporting;

-- Name: SCHEMA reporting; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA reporting IS 'Functions for consumers; each returns one JSON payload.';

-- Name: scratch; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA scratch;

-- Name: SCHEMA scratch; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA scratch IS 'Tables of a reseed''s plan, empty when none is being made, and a snapshot during a reseed.';

-- Name: tickets; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA tickets;

-- Name: SCHEMA tickets; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA tickets IS 'Tickets, their history, the gazetteer, and the ledger of what was ingested.';

-- Name: fn_inc_dashboard(text, text, text, date, date); Type: FUNCTION; Schema: reporting; Owner: -

CREATE FUNCTION reporting.fn_inc_dashboard(p_cluster text DEFAULT NULL::text, p_status text DEFAULT NULL::text, p_window text DEFAULT 'today'::text, p_from date DEFAULT NULL::date, p_to date DEFAULT NULL::date) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select reporting.fn_inc_dashboard_text(p_cluster, p_status, p_window, p_from, p_to)::jsonb
$$;

-- Name: FUNCTION fn_inc_dashboard(p_cluster text, p_status text, p_window text, p_from date, p_to date); Type: COMMENT; Schema: reporting; Owner: -

COMMENT ON FUNCTION reporting.fn_inc_dashboard(p_cluster text, p_status text, p_window text, p_from date, p_to date) IS 'The live INC map: open tickets, tickets closed in the window, metrics, freshness. Arguments: cluster, normalized_status, window, and for window custom its first and last EAT day.';

-- Name: fn_inc_dashboard_text(text, text, text, date, date); Type: FUNCTION; Schema: reporting; Owner: -

CREATE FUNCTION reporting.fn_inc_dashboard_text(p_cluster text DEFAULT NULL::text, p_status text DEFAULT NULL::text, p_window text DEFAULT 'today'::text, p_from date DEFAULT NULL::date, p_to date DEFAULT NULL::date) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'Africa/Nairobi'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
    return (
        with numbers as materialized (
            select
                payload,
                (payload #>> '{metrics,open}')::bigint as open,
                (payload #>> '{metrics,closed}')::bigint as closed
            from reporting.fn_inc_metrics(p_cluster, p_status, p_window, p_from, p_to) as payload
        ),

        period as materialized (
            select eat.from_at, eat.to_at
            from tickets.eat_window(p_window, p_from, p_to, now()) as eat
        ),

        open_features as (
            select
                count(*) as on_map,
                string_agg(
                    tickets.feature_text(marker.longitude, marker.latitude, marker.members), ','
                ) as listed
            from tickets.markers() as marker
            where
                marker.is_actionable
                and marker.longitude is not null
                and (p_cluster is null or marker.cluster = p_cluster)
                and (p_status is null or marker.normalized_status = p_status)
        ),

        closed_features as (
            select
                count(*) as on_map,
                string_agg(
                    tickets.feature_text(
                        marker.longitude,
                        marker.latitude,
                        concat(
                            marker.members,
                            ',"sla_status":', coalesce(to_json(marker.sla_status), 'null'),
                            ',"mttr_minutes":', coalesce(marker.mttr::text, 'null')
                        )
                    ), ','
                ) as listed
            from period
            inner join tickets.markers() as marker
                on period.from_at <= marker.closed_at and period.to_at > marker.closed_at
            where
                marker.is_actionable is not true
                and marker.longitude is not null
                and (p_cluster is null or marker.cluster = p_cluster)
                and (p_status is null or marker.normalized_status = p_status)
        )

        select
            concat(
                '{"window":', numbers.payload -> 'window',
                ',"metrics":', numbers.payload -> 'metrics',
                ',"freshness":', numbers.payload -> 'freshness',
                ',"open":{"type":"FeatureCollection","features":['
            ) || coalesce(open_features.listed, '') || concat(
                '],"without_coordinate":', numbers.open - open_features.on_map,
                '},"closed":{"type":"FeatureCollection","features":[', closed_features.listed,
                '],"without_coordinate":', numbers.closed - closed_features.on_map, '}}'
            )
        from numbers
        cross join open_features
        cross join closed_features
    );
end
$$;

-- Name: FUNCTION fn_inc_dashboard_text(p_cluster text, p_status text, p_window text, p_from date, p_to date); Type: COMMENT; Schema: reporting; Owner: -

COMMENT ON FUNCTION reporting.fn_inc_dashboard_text(p_cluster text, p_status text, p_window text, p_from date, p_to date) IS 'The dashboard''s payload as the text of its JSON, to be handed on as it is; arguments as there.';

-- Name: fn_inc_metrics(text, text, text, date, date); Type: FUNCTION; Schema: reporting; Owner: -

CREATE FUNCTION reporting.fn_inc_metrics(p_cluster text DEFAULT NULL::text, p_status text DEFAULT NULL::text, p_window text DEFAULT 'today'::text, p_from date DEFAULT NULL::date, p_to date DEFAULT NULL::date) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'Africa/Nairobi'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
    return (
        with period as materialized (
            select eat.*, (now() at time zone 'Africa/Nairobi')::date as today
            from tickets.eat_window(p_window, p_from, p_to, now()) as eat
        ),

        figures as (
            select
                facts.cluster, facts.assigned_team,
                count(*) as open,
                count(*) filter (where clock.sla_state = 'breached') as breached,
                count(*) filter (where clock.sla_state = 'at_risk') as at_risk,
                0 as created, 0 as closed, null::integer as mttr, null::text as verdict,
                count(*) filter (where facts.geo_source = 'none') as without_coordinate
            from tickets.open_facts() as facts
            cross join lateral tickets.sla_clock(
                facts.created_at_service, facts.first_seen_at, now()
            ) as clock
            where
                (p_cluster is null or facts.cluster = p_cluster)
                and (p_status is null or facts.normalized_status = p_status)
            group by facts.cluster, facts.assigned_team
            union all
            select inc.cluster, inc.assigned_team, 0, 0, 0, count(*), 0, null, null, 0
            from period
            inner join tickets.inc as inc
                on
                    period.from_at <= coalesce(inc.created_at_service, inc.first_seen_at)
                    and period.to_at > coalesce(inc.created_at_service, inc.first_seen_at)
            where
                (p_cluster is null or inc.cluster = p_cluster)
                and (p_status is null or inc.normalized_status = p_status)
            group by inc.cluster, inc.assigned_team
            union all
            select
                inc.cluster, inc.assigned_team, 0, 0, 0, 0, 1, inc.mttr,
                tickets.closed_sla(inc.sla_status), (inc.geo_source = 'none')::integer
            from period
            inner join tickets.inc as inc
                on period.from_at <= inc.closed_at and period.to_at > inc.closed_at
            where
                inc.is_actionable is not true
                and (p_cluster is null or inc.cluster = p_cluster)
                and (p_status is null or inc.normalized_status = p_status)
        ),

        measures as materialized (
            select
                grouping(cluster) = 0 as is_cluster,
                grouping(assigned_team) = 0 as is_team,
                cluster,
                assigned_team,
                coalesce(sum(open), 0) as open,
                jsonb_build_object(
                    'open', coalesce(sum(open), 0),
                    'breached', coalesce(sum(breached), 0),
                    'at_risk', coalesce(sum(at_risk), 0),
                    'created', coalesce(sum(created), 0),
                    'closed', coalesce(sum(closed), 0),
                    'mttr_minutes_median', percentile_cont(0.5) within group (order by mttr),
                    'mttr_minutes_p90', percentile_cont(0.9) within group (order by mttr),
                    'sla_compliance', round(
                        count(*) filter (where verdict = 'within')::numeric
                        / nullif(count(*) filter (where verdict in ('within', 'breached')), 0), 4
                    ),
                    'without_coordinate', coalesce(sum(without_coordinate), 0)
                ) as measured
            from figures
            group by grouping sets ((), (cluster), (assigned_team))
        ),

        total as (
            select open, measured from measures where not is_cluster and not is_team
        ),

        daily as (
            select past.day, past.backlog as open, past.source
            from period
            cross join lateral tickets.daily_backlog(
                greatest(period.from_date, least(period.to_date, period.today) - 399),
                least(period.to_date, period.today - 1), p_cluster, null
            ) as past
            where p_status is null
            union all
            select period.today, total.open, 'live'
            from period
            cross join total
            where p_status is null and period.today between period.from_date and period.to_date
        )

        select
            jsonb_build_object(
                'window', (select to_jsonb(period) - 'today' from period),
                'metrics', total.measured || jsonb_build_object(
                    'by_cluster', coalesce((
                        select jsonb_agg(
                            jsonb_build_object('cluster', cluster) || measured
                            order by open desc, cluster collate "C" asc
                        )
                        from measures
                        where is_cluster
                    ), '[]'),
                    'by_team', coalesce((
                        select jsonb_agg(
                            jsonb_build_object('assigned_team', assigned_team) || measured
                            order by open desc, assigned_team collate "C" asc
                        )
                        from measures
                        where is_team
                    ), '[]'),
                    'backlog', (
                        select jsonb_agg(to_jsonb(daily) order by daily.day) from daily
                    )
                ),
                'freshness', tickets.freshness()
            )
        from total
    );
end
$$;

-- Name: FUNCTION fn_inc_metrics(p_cluster text, p_status text, p_window text, p_from date, p_to date); Type: COMMENT; Schema: reporting; Owner: -

COMMENT ON FUNCTION reporting.fn_inc_metrics(p_cluster text, p_status text, p_window text, p_from date, p_to date) IS 'The numbers of the live INC map: what is open now, what was created and closed in the window, by cluster and by team, and the backlog of the window''s days. Arguments: cluster, normalized_status, window, and for window custom its first and last EAT day.';

-- Name: fn_inc_series(date, date, text, text, text); Type: FUNCTION; Schema: reporting; Owner: -

CREATE FUNCTION reporting.fn_inc_series(p_from date DEFAULT NULL::date, p_to date DEFAULT NULL::date, p_bucket text DEFAULT 'day'::text, p_cluster text DEFAULT NULL::text, p_team text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'Africa/Nairobi'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    v_most_buckets constant integer := 1100;
    v_bucket constant text := coalesce(p_bucket, 'day');
    v_today constant date := (now() at time zone 'Africa/Nairobi')::date;
    v_range record;
begin
    if v_bucket not in ('day', 'week', 'month') then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('unknown bucket %L', left(v_bucket, 100)),
            hint = 'Use day, week (from Monday) or month.';
    end if;
    v_range := tickets.check_days(p_from, p_to);
    if (
        (v_range.p_to - v_range.p_from)
        / case v_bucket when 'day' then 1 when 'week' then 7 else 31 end >= v_most_buckets
    ) then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format(
                '%s to %s has more than %s buckets of a %s',
                v_range.p_from, v_range.p_to, v_most_buckets, v_bucket
            ),
            hint = 'Give a shorter range, or a longer bucket.';
    end if;

    return (
        with buckets as materialized (
            select
                greatest(started.on_date, v_range.p_from) as from_date,
                least(
                    (started.on_date + ('1 ' || v_bucket)::interval)::date - 1, v_range.p_to
                ) as to_date
            from (
                select stepped.at::date as on_date
                from generate_series(
                    date_trunc(v_bucket, v_range.p_from::timestamp), v_range.p_to::timestamp,
                    ('1 ' || v_bucket)::interval
                ) as stepped (at)
            ) as started
        ),

        created as (
            select
                greatest(
                    date_trunc(
                        v_bucket,
                        coalesce(inc.created_at_service, inc.first_seen_at)
                        at time zone 'Africa/Nairobi'
                    )::date, v_range.p_from
                ) as from_date,
                count(*) as created
            from tickets.inc as inc
            where
                coalesce(inc.created_at_service, inc.first_seen_at) >= v_range.from_at
                and coalesce(inc.created_at_service, inc.first_seen_at) < v_range.to_at
                and (p_cluster is null or inc.cluster = p_cluster)
                and (p_team is null or inc.assigned_team = p_team)
            group by 1
        ),

        closed as (
            select
                greatest(
                    date_trunc(v_bucket, closures.closed_on::timestamp)::date, v_range.p_from
                ) as from_date,
                count(*) as closed,
                count(*) filter (where closures.is_reopened) as reopened,
                percentile_cont(0.5) within group (order by closures.mttr) as mttr_median,
                percentile_cont(0.9) within group (order by closures.mttr) as mttr_p90,
                round(
                    count(*) filter (where closures.verdict = 'breached')::numeric
                    / nullif(count(*) filter (where closures.verdict <> 'unknown'), 0), 4
                ) as breach_rate
            from tickets.closures(v_range.from_at, v_range.to_at) as closures
            where
                (p_cluster is null or closures.cluster = p_cluster)
                and (p_team is null or closures.assigned_team = p_team)
            group by 1
        ),

        backlog as (
            select past.day, past.backlog, past.source
            from tickets.daily_backlog(
                (select min(buckets.to_date) from buckets),
                least(v_range.p_to, v_today - 1), p_cluster, p_team
            ) as past
            union all
            select v_today, count(*), 'live'
            from tickets.open_facts() as facts
            where
                (p_cluster is null or facts.cluster = p_cluster)
                and (p_team is null or facts.assigned_team = p_team)
        ),

        series as (
            select
                buckets.from_date,
                buckets.to_date,
                coalesce(created.created, 0) as created,
                coalesce(closed.closed, 0) as closed,
                coalesce(closed.reopened, 0) as reopened,
                backlog.backlog,
                backlog.source as backlog_source,
                closed.mttr_median as mttr_minutes_median,
                closed.mttr_p90 as mttr_minutes_p90,
                closed.breach_rate
            from buckets
            left join created on buckets.from_date = created.from_date
            left join closed on buckets.from_date = closed.from_date
            left join backlog
                on
                    backlog.day = case
                        when v_today between buckets.from_date and buckets.to_date
                            then v_today
                        else buckets.to_date
                    end
        )

        select
            jsonb_build_object(
                'bucket', v_bucket,
                'from_date', v_range.p_from,
                'to_date', v_range.p_to,
                'series', (select jsonb_agg(to_jsonb(series) order by from_date) from series),
                'freshness', tickets.freshness()
            )
    );
end
$$;

-- Name: FUNCTION fn_inc_series(p_from date, p_to date, p_bucket text, p_cluster text, p_team text); Type: COMMENT; Schema: reporting; Owner: -

COMMENT ON FUNCTION reporting.fn_inc_series(p_from date, p_to date, p_bucket text, p_cluster text, p_team text) IS 'Created, closed, reopened, backlog, MTTR and breach rate of each day, week or month of a range of EAT days, both inclusive; the first and the last bucket may be cut by it. Arguments: first day (null: 29 days before the last), last day (null: today), bucket, cluster, team.';

-- Name: fn_inc_teams(date, date); Type: FUNCTION; Schema: reporting; Owner: -

CREATE FUNCTION reporting.fn_inc_teams(p_from date DEFAULT NULL::date, p_to date DEFAULT NULL::date) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'Africa/Nairobi'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    v_range constant record := tickets.check_days(p_from, p_to);
begin
    return (
        with measures as materialized (
            select
                grouping(closures.owner) = 1 as is_team,
                closures.assigned_team,
                closures.owner,
                count(*) as closed,
                jsonb_build_object(
                    'closed', count(*),
                    'tickets', count(distinct closures.ticket_id),
                    'mttr_minutes_median',
                    percentile_cont(0.5) within group (order by closures.mttr),
                    'mttr_minutes_p90',
                    percentile_cont(0.9) within group (order by closures.mttr),
                    'breached', count(*) filter (where closures.verdict = 'breached'),
                    'breach_rate', round(
                        count(*) filter (where closures.verdict = 'breached')::numeric
                        / nullif(count(*) filter (where closures.verdict <> 'unknown'), 0), 4
                    ),
                    'reopened', count(*) filter (where closures.is_reopened),
                    'reopen_rate', round(
                        count(*) filter (where closures.is_reopened)::numeric / count(*), 4
                    ),
                    'clusters', coalesce(
                        to_jsonb(
                            array_agg(distinct closures.cluster collate "C")
                            filter (where closures.cluster is not null)
                        ), '[]'
                    )
                ) as measured
            from tickets.closures(v_range.from_at, v_range.to_at) as closures
            group by grouping sets (
                (closures.assigned_team), (closures.assigned_team, closures.owner)
            )
        ),

        owners as (
            select
                measures.assigned_team,
                jsonb_agg(
                    jsonb_build_object('owner', measures.owner) || measures.measured
                    order by measures.closed desc, measures.owner collate "C" asc
                ) as listed
            from measures
            where not measures.is_team
            group by measures.assigned_team
        )

        select
            jsonb_build_object(
                'from_date', v_range.p_from,
                'to_date', v_range.p_to,
                'teams', coalesce((
                    select
                        jsonb_agg(
                            jsonb_build_object('assigned_team', teams.assigned_team)
                            || teams.measured || jsonb_build_object('owners', owners.listed)
                            order by teams.closed desc, teams.assigned_team collate "C" asc
                        )
                    from measures as teams
                    inner join owners
                        on teams.assigned_team is not distinct from owners.assigned_team
                    where teams.is_team
                ), '[]'),
                'freshness', tickets.freshness()
            )
    );
end
$$;

-- Name: FUNCTION fn_inc_teams(p_from date, p_to date); Type: COMMENT; Schema: reporting; Owner: -

COMMENT ON FUNCTION reporting.fn_inc_teams(p_from date, p_to date) IS 'What each team, and each owner in it, closed in a range of EAT days, both inclusive: closures, MTTR, breaches, reopened ones, clusters served. Null means today, and 29 days before it.';

-- Name: fn_nearest_open_tickets(double precision, double precision, integer, double precision, text); Type: FUNCTION; Schema: reporting; Owner: -

CREATE FUNCTION reporting.fn_nearest_open_tickets(p_longitude double precision, p_latitude double precision, p_limit integer DEFAULT 10, p_max_metres double precision DEFAULT NULL::double precision, p_team text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'Africa/Nairobi'
    SET jit TO 'off'
    AS $$
declare
    v_point constant public.geography := tickets.check_point(p_longitude, p_latitude);
begin
    perform tickets.check_reach(p_limit, p_max_metres);

    return (
        with near as materialized (
            select nearest.ticket_id, nearest.metres
            from tickets.nearest_open(v_point, p_limit, p_max_metres, p_team) as nearest
        ),

        listed as (
            select
                near.metres,
                tickets.dispatch_marker(marker.longitude, marker.latitude, marker.members) as ticket
            from near
            inner join tickets.markers() as marker on near.ticket_id = marker.ticket_id
        )

        select
            jsonb_build_object(
                'origin', jsonb_build_object('longitude', p_longitude, 'latitude', p_latitude),
                'tickets', coalesce((
                    select
                        jsonb_agg(
                            listed.ticket || tickets.distance_range(
                                listed.metres, (listed.ticket ->> 'accuracy_metres')::integer
                            )
                            order by
                                listed.metres asc,
                                (listed.ticket ->> 'hours_open')::numeric desc nulls last,
                                listed.ticket ->> 'ticket_id' collate "C" asc
                        )
                    from listed
                ), '[]'),
                'without_coordinate', (
                    select count(*)
                    from tickets.inc as inc
                    where
                        inc.is_actionable and inc.geo_source = 'none'
                        and (p_team is null or inc.assigned_team = p_team)
                ),
                'freshness', tickets.freshness()
            )
    );
end
$$;

-- Name: FUNCTION fn_nearest_open_tickets(p_longitude double precision, p_latitude double precision, p_limit integer, p_max_metres double precision, p_team text); Type: COMMENT; Schema: reporting; Owner: -

COMMENT ON FUNCTION reporting.fn_nearest_open_tickets(p_longitude double precision, p_latitude double precision, p_limit integer, p_max_metres double precision, p_team text) IS 'The open tickets nearest to a point, nearest first, with metres, accuracy and SLA. Arguments: degrees east and north, how many (1 to 1000), how far at most in metres (null: any), team.';

-- Name: fn_nearest_vehicles(text, jsonb, integer, double precision); Type: FUNCTION; Schema: reporting; Owner: -

CREATE FUNCTION reporting.fn_nearest_vehicles(p_ticket_id text, p_vehicles jsonb, p_limit integer DEFAULT 10, p_max_metres double precision DEFAULT NULL::double precision) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'Africa/Nairobi'
    SET jit TO 'off'
    AS $$
declare
    v_ticket jsonb;
    v_point public.geography;
begin
    select
        tickets.dispatch_marker(marker.longitude, marker.latitude, marker.members),
        tickets.valid_point(marker.longitude, marker.latitude)::public.geography
    into v_ticket, v_point
    from tickets.markers() as marker
    where marker.ticket_id = p_ticket_id;
    if v_ticket is null then
        raise exception using
            errcode = 'no_data_found',
            message = format('there is no ticket %L', left(p_ticket_id, 200)),
            hint = 'Give a ticket_id as the feed writes it; case and spaces count.';
    end if;
    perform tickets.check_reach(p_limit, p_max_metres);

    return (
        with vehicles as materialized (
            select
                given.number, given.id, given.properties, given.point,
                public.st_distance(given.point::public.geography, v_point) as metres
            from tickets.geojson_points(p_vehicles) as given
        ),

        near as (
            select vehicles.*
            from vehicles
            where vehicles.metres <= coalesce(p_max_metres, 'infinity')
            order by vehicles.metres, vehicles.number
            limit p_limit
        )

        select
            jsonb_build_object(
                'ticket', v_ticket,
                'vehicles', coalesce((
                    select
                        jsonb_agg(
                            jsonb_build_object(
                                'number', near.number,
                                'id', near.id,
                                'properties', near.properties,
                                'longitude', public.st_x(near.point),
                                'latitude', public.st_y(near.point)
                            ) || tickets.distance_range(
                                near.metres, (v_ticket ->> 'accuracy_metres')::integer
                            )
                            order by near.metres, near.number
                        )
                    from near
                ), '[]'),
                'vehicles_without_coordinate', (
                    select count(*) from vehicles where vehicles.point is null
                ),
                'freshness', tickets.freshness()
            )
    );
end
$$;

-- Name: FUNCTION fn_nearest_vehicles(p_ticket_id text, p_vehicles jsonb, p_limit integer, p_max_metres double precision); Type: COMMENT; Schema: reporting; Owner: -

COMMENT ON FUNCTION reporting.fn_nearest_vehicles(p_ticket_id text, p_vehicles jsonb, p_limit integer, p_max_metres double precision) IS 'Which vehicles of a GeoJSON FeatureCollection of points are nearest to a ticket, nearest first; none if nothing places the ticket. Arguments: ticket, vehicles, how many (1 to 1000), how far at most in metres (null: any).';

-- Name: fn_pipeline_status(timestamp with time zone, jsonb); Type: FUNCTION; Schema: reporting; Owner: -

CREATE FUNCTION reporting.fn_pipeline_status(p_at timestamp with time zone DEFAULT now(), p_limits jsonb DEFAULT '{}'::jsonb) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with limits as (
        select
            jsonb_build_object(
                'freshness', 1800, 'from_hour', 6, 'to_hour', 21, 'schedule', 1800,
                'quarantine', 0, 'rejects', 5, 'held', 0, 'gone', 0, 'reseed', 0,
                'reseed-needed', 0, 'doorbell-dead-letters', 0, 'dead-letters', 0, 'errors', 1
            ) || p_limits as limits
    ),

    stream as (
        select streams.generation, streams.source, streams.refused_source, streams.mode,
            streams.lease_owner, streams.lease_expires_at, streams.opened_at,
            streams.pending, streams.pending_as_of, streams.held
        from tickets.import_streams as streams
        where streams.dataset = 'inc'
        order by streams.generation desc
        limit 1
    ),

    sweep as (
        select max(runs.ran_at) as ran_at, (max(runs.facts::text))::jsonb as facts
        from tickets.step_runs as runs
        where runs.step = 'sweep' and runs.facts is not null
    ),

    -- Only small files are rejected by a row or two; so few say nothing about a rate.
    rejects as (
        select
            case
                when sum(files.rows_rejected) >= 10
                    then round(100 * sum(files.rows_rejected) / sum(files.rows_read), 2)
                else 0
            end as percent
        from tickets.import_files as files
        where files.dataset = 'inc' and files.applied_at > p_at - interval '1 hour'
    ),

    attempts as (
        select
            attempts.outcome,
            floor(extract(epoch from p_at - attempts.started_at) / 1200) as slice,
            exists (
                select from tickets.import_files as files
                where
                    files.dataset = attempts.dataset and files.generation = attempts.generation
                    and files.stamp = attempts.stamp
            ) as is_settled
        from tickets.import_attempts as attempts
        where
            attempts.dataset = 'inc' and attempts.worker = 'function'
            and attempts.started_at > p_at - interval '1 hour'
    ),

    gone as (
        select
            (select count(*) from attempts
            where attempts.outcome = 'ObjectGoneError' and not attempts.is_settled)
            + (select count(*) from tickets.import_files as files
            where files.dataset = 'inc' and files.status = 'skipped' and files.reason = 'gone'
                and files.applied_at > p_at - interval '1 hour') as files
    ),

    failures as (
        select
            (select count(distinct attempts.slice) from attempts
            where attempts.outcome like '%Error'
                and attempts.outcome not in ('ObjectGoneError', 'ObjectChangedError')) as slices,
            (select coalesce(max(runs.failures), 0) from tickets.step_runs as runs) as in_a_row
    ),

    manifest as (
        select count(*) as files, count(*) filter (where manifest.settled_revision is null) as left
        from tickets.import_manifest as manifest
        inner join stream on manifest.generation = stream.generation
        where manifest.dataset = 'inc'
    ),

    facts as (
        select
            case
                when stream.refused_source is not null or stream.pending_as_of is null then null
                when coalesce(stream.pending, 0) = 0 or stream.mode = 'reseed' then 0
                else greatest(0, floor(extract(
                    epoch from p_at - coalesce(
                        (sweep.facts ->> 'pending_since')::timestamptz, stream.pending_as_of
                    )
                )))
            end as lag_seconds,
            floor(
                extract(epoch from p_at - coalesce(sweep.ran_at, stream.pending_as_of))
            ) as unswept_seconds,
            extract(hour from p_at at time zone 'Africa/Nairobi')
            >= (limits.limits ->> 'from_hour')::integer
            and extract(hour from p_at at time zone 'Africa/Nairobi')
            < (limits.limits ->> 'to_hour')::integer as is_working,
            case
                when
                    stream.mode = 'reseed'
                    and coalesce(stream.lease_expires_at < p_at, stream.lease_owner is null)
                    then manifest.left
                else 0
            end as abandoned_files,
            sweep.facts as swept
        from stream
        cross join sweep
        cross join limits
        cross join manifest
    ),

    measured as (
        select measures.name, measures.value, measures.says
        from facts
        cross join stream
        cross join rejects
        cross join gone
        cross join failures
        cross join lateral (
            values
            ('freshness', facts.lag_seconds, 'seconds that the oldest pending file has waited'),
            ('schedule', facts.unswept_seconds, 'seconds since the last sweep'),
            ('quarantine', tickets.files_in_quarantine(), 'files that wait for a person'),
            ('rejects', rejects.percent, 'percent of the last hour''s rows that were rejected'),
            ('held', coalesce(stream.held, 0), 'keys whose stamp is no real time, or ahead of now'),
            ('gone', gone.files, 'files that vanished, in the last hour, before they were applied'),
            ('reseed', facts.abandoned_files, 'files left of a reseed that nobody runs'),
            ('reseed-needed', (stream.refused_source is not null)::integer,
                'configured sources that are not the one of the tickets'),
            ('doorbell-dead-letters',
                coalesce((facts.swept ->> 'doorbell_dead_letters')::numeric, 0),
                'doorbells that were given up'),
            ('dead-letters', coalesce((facts.swept ->> 'dead_letters')::numeric, 0),
                'events that were not delivered, and scheduled runs that failed'),
            ('errors', greatest(failures.slices, failures.in_a_row),
                'times in a row that a step failed, or thirds of the last hour in which ingest did')
        ) as measures (name, value, says)
    ),

    checks as (
        select
            measured.name,
            case
                when measured.name = 'freshness' and not facts.is_working then true
                else coalesce(measured.value <= (limits.limits ->> measured.name)::numeric, false)
            end as ok,
            measured.value,
            (limits.limits ->> measured.name)::numeric as limit,
            measured.says
        from measured
        cross join facts
        cross join limits
    )

    select
        jsonb_build_object(
            'at', p_at,
            'ok', (select bool_and(checks.ok) from checks),
            'working_hours', (select facts.is_working from facts),
            'checks', (select jsonb_agg(to_jsonb(checks) order by checks.ok, checks.name) from checks),
            'freshness', tickets.freshness(),
            'stream', (
                select
                    to_jsonb(stream) || jsonb_build_object(
                        'manifest_files', manifest.files, 'manifest_left', manifest.left
                    )
                from stream
                cross join manifest
            ),
            'steps', (
                select
                    coalesce(
                        jsonb_agg(
                            jsonb_build_object(
                                'step', runs.step, 'ran_at', runs.ran_at, 'error', runs.error,
                                'failures', runs.failures
                            )
                            order by runs.step
                        ), '[]'
                    )
                from tickets.step_runs as runs
            )
        )
$$;

-- Name: FUNCTION fn_pipeline_status(p_at timestamp with time zone, p_limits jsonb); Type: COMMENT; Schema: reporting; Owner: -

COMMENT ON FUNCTION reporting.fn_pipeline_status(p_at timestamp with time zone, p_limits jsonb) IS 'Whether an operator is needed: ok, and checks (name, ok, value, limit, says), those that fail first, named as the alarms and the sections of the runbook are; a null value means that nobody has measured. Then working_hours, freshness, stream (the current generation) and steps. p_at: the moment to judge for. p_limits: limits by check''s name that replace the defaults, and from_hour, to_hour: the hours of the day (EAT) in which freshness is judged.';

-- Name: fn_tickets_for_map(boolean, text, text); Type: FUNCTION; Schema: reporting; Owner: -

CREATE FUNCTION reporting.fn_tickets_for_map(p_open_only boolean DEFAULT true, p_cluster text DEFAULT NULL::text, p_status text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select reporting.fn_tickets_for_map_text(p_open_only, p_cluster, p_status)::jsonb
$$;

-- Name: FUNCTION fn_tickets_for_map(p_open_only boolean, p_cluster text, p_status text); Type: COMMENT; Schema: reporting; Owner: -

COMMENT ON FUNCTION reporting.fn_tickets_for_map(p_open_only boolean, p_cluster text, p_status text) IS 'GeoJSON of the tickets that have a point, and a summary of all: counts, how many have no point, how many stand on their cluster''s, freshness. Arguments: open only, cluster, normalized_status.';

-- Name: fn_tickets_for_map_text(boolean, text, text); Type: FUNCTION; Schema: reporting; Owner: -

CREATE FUNCTION reporting.fn_tickets_for_map_text(p_open_only boolean DEFAULT true, p_cluster text DEFAULT NULL::text, p_status text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'Africa/Nairobi'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
    return (
        with counted as materialized (
            select
                true as is_open, facts.cluster, facts.normalized_status, facts.geo_source,
                count(*) as tickets
            from tickets.open_facts() as facts
            where
                (p_cluster is null or facts.cluster = p_cluster)
                and (p_status is null or facts.normalized_status = p_status)
            group by facts.cluster, facts.normalized_status, facts.geo_source
            union all
            select false, inc.cluster, inc.normalized_status, inc.geo_source, count(*)
            from tickets.inc as inc
            where
                not coalesce(p_open_only, true)
                and inc.is_actionable is not true
                and (p_cluster is null or inc.cluster = p_cluster)
                and (p_status is null or inc.normalized_status = p_status)
            group by inc.cluster, inc.normalized_status, inc.geo_source
        ),

        shown as (
            select tickets.feature_text(marker.longitude, marker.latitude, marker.members) as feature
            from tickets.markers() as marker
            where
                marker.is_actionable
                and marker.longitude is not null
                and (p_cluster is null or marker.cluster = p_cluster)
                and (p_status is null or marker.normalized_status = p_status)
            union all
            select tickets.feature_text(marker.longitude, marker.latitude, marker.members)
            from tickets.markers() as marker
            where
                not coalesce(p_open_only, true)
                and marker.is_actionable is not true
                and marker.longitude is not null
                and (p_cluster is null or marker.cluster = p_cluster)
                and (p_status is null or marker.normalized_status = p_status)
        ),

        features as (
            select count(*) as on_map, string_agg(shown.feature, ',') as listed
            from shown
        ),

        totals as (
            select
                coalesce(sum(counted.tickets), 0) as total,
                coalesce(sum(counted.tickets) filter (where counted.is_open), 0) as open
            from counted
        ),

        statuses as (
            select jsonb_object_agg(named.status, named.tickets) as tickets
            from (
                select
                    coalesce(counted.normalized_status, 'unknown') as status,
                    sum(counted.tickets) as tickets
                from counted
                group by coalesce(counted.normalized_status, 'unknown')
            ) as named
        ),

        clusters as (
            select
                jsonb_object_agg(named.cluster, named.tickets) as tickets,
                jsonb_object_agg(named.cluster, named.at_its_point)
                filter (where named.at_its_point > 0) as at_its_point
            from (
                select
                    coalesce(counted.cluster, 'unknown') as cluster,
                    sum(counted.tickets) as tickets,
                    coalesce(sum(counted.tickets) filter (where counted.geo_source = 'cluster'), 0)
                        as at_its_point
                from counted
                group by coalesce(counted.cluster, 'unknown')
            ) as named
        )

        select
            '{"type":"FeatureCollection","features":[' || coalesce(features.listed, '')
            || (
                '],"summary":' || jsonb_build_object(
                    'total', totals.total,
                    'open', totals.open,
                    'on_map', features.on_map,
                    'without_coordinate', totals.total - features.on_map,
                    'by_status', coalesce(statuses.tickets, '{}'),
                    'by_cluster', coalesce(clusters.tickets, '{}'),
                    'at_cluster_point', coalesce(clusters.at_its_point, '{}'),
                    'freshness', tickets.freshness()
                )::text || '}'
            )
        from features
        cross join totals
        cross join statuses
        cross join clusters
    );
end
$$;

-- Name: FUNCTION fn_tickets_for_map_text(p_open_only boolean, p_cluster text, p_status text); Type: COMMENT; Schema: reporting; Owner: -

COMMENT ON FUNCTION reporting.fn_tickets_for_map_text(p_open_only boolean, p_cluster text, p_status text) IS 'The map''s payload as the text of its JSON, to be handed on as it is: four times quicker than jsonb. Arguments: open only, cluster, normalized_status.';

-- Name: grant_roles(); Type: FUNCTION; Schema: scratch; Owner: -

CREATE FUNCTION scratch.grant_roles() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if to_regrole('fleettickets_plan') is not null then
        execute 'grant select, insert, update, delete on all tables in schema scratch '
            'to fleettickets_plan';
    end if;
    if to_regrole('fleettickets_ingest') is not null then
        execute 'grant usage on schema scratch to fleettickets_ingest';
        execute 'grant select, insert, update, delete on all tables in schema scratch '
            'to fleettickets_ingest';
    end if;
end
$$;

-- Name: FUNCTION grant_roles(); Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON FUNCTION scratch.grant_roles() IS 'The part of tickets.grant_roles() for the schema scratch.';

-- Name: capture_history(timestamp with time zone); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.capture_history(p_at timestamp with time zone DEFAULT now()) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_day constant date := (p_at at time zone 'Africa/Nairobi')::date;
    v_from constant timestamptz := v_day::timestamp at time zone 'Africa/Nairobi';
    v_to constant timestamptz := (v_day + 1)::timestamp at time zone 'Africa/Nairobi';
    v_started_at timestamptz;
    v_over boolean;
    v_marks bigint [];
    v_foreign_marks bigint [];
    v_closures bigint := 0;
    v_is_known boolean;
    v_is_written boolean;
begin
    perform tickets.lock_dataset('inc');
    v_started_at := clock_timestamp();
    if p_at is null or p_at > clock_timestamp() + interval '15 minutes' then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('history cannot be captured at %s', coalesce(p_at::text, 'null')),
            hint = 'Give a time that is not ahead of the database''s clock.';
    elsif (
        select streams.mode
        from tickets.import_streams as streams
        where streams.dataset = 'inc'
        order by streams.generation desc
        limit 1
    ) = 'reseed' then
        return jsonb_build_object(
            'captured', false, 'reason', 'a reseed is under way', 'snapshot_date', v_day,
            'snapshot', 'untouched', 'closures_added', 0
        );
    end if;
    v_over := v_to <= v_started_at;
    select array_agg(marks.mark_id) into v_marks
    from tickets.enrich_marks as marks
    where marks.step = 'history';
    select array_agg(marks.mark_id) into v_foreign_marks
    from tickets.enrich_marks as marks
    where marks.step = 'closures';

    -- Without an anti-join: planned while this table was empty, it took minutes for a million tickets.
    insert into tickets.closure_events (
        ticket_id, closed_at, cluster, region, location_name, assigned_team, owner, raw_status,
        normalized_status, sla_status, mttr, created_at_service, first_seen_at,
        generation, stamp, revision
    )
    select
        inc.ticket_id, inc.closed_at, inc.cluster, inc.region, inc.location_name,
        inc.assigned_team, inc.owner, inc.raw_status, inc.normalized_status, inc.sla_status,
        inc.mttr, inc.created_at_service, inc.first_seen_at,
        coalesce(versions.generation, 0), coalesce(versions.stamp, ''),
        coalesce(versions.revision, 0)
    from tickets.inc as inc
    left join tickets.inc_versions as versions on inc.ticket_id = versions.ticket_id
    where
        v_foreign_marks is not null
        and inc.closed_at is not null
    on conflict (ticket_id, closed_at) do nothing;
    get diagnostics v_closures = row_count;
    delete from tickets.enrich_marks as marks where marks.mark_id = any (v_foreign_marks);

    -- Without a change of the tickets only the clock changes a number: when the next ticket is breached.
    v_is_known := exists (
        select from tickets.inc_daily_snapshot as snapshot
        where
            snapshot.snapshot_date = v_day
            and (
                v_over
                or (
                    v_marks is null and snapshot.judged_at <= p_at
                    and coalesce(snapshot.next_breach_at > p_at, true)
                )
            )
    );

    if not v_is_known then
        insert into tickets.inc_daily_snapshot as snapshot (
            snapshot_date, open_total, open_breached, created_today, closed_today,
            per_cluster, per_team, captured_at, judged_at, next_breach_at
        )
        select
            v_day, figures.open_total, figures.open_breached, figures.created_today,
            figures.closed_today, figures.per_cluster, figures.per_team,
            clock_timestamp(), p_at, figures.next_breach_at
        from tickets.day_figures(v_from, v_to, case when v_over then v_to else p_at end) as figures
        on conflict (snapshot_date) do update
        set
            open_total = excluded.open_total, open_breached = excluded.open_breached,
            created_today = excluded.created_today, closed_today = excluded.closed_today,
            per_cluster = excluded.per_cluster, per_team = excluded.per_team,
            judged_at = excluded.judged_at, next_breach_at = excluded.next_breach_at,
            captured_at = case
                when
                    (
                        snapshot.open_total, snapshot.open_breached, snapshot.created_today,
                        snapshot.closed_today, snapshot.per_cluster, snapshot.per_team
                    ) is distinct from (
                        excluded.open_total, excluded.open_breached, excluded.created_today,
                        excluded.closed_today, excluded.per_cluster, excluded.per_team
                    )
                    then excluded.captured_at
                else snapshot.captured_at
            end
        where not v_over
        returning snapshot.captured_at >= v_started_at into v_is_written;
    end if;

    -- Until today's snapshot has the change too.
    if v_from <= v_started_at and not v_over then
        delete from tickets.enrich_marks as marks where marks.mark_id = any (v_marks);
    end if;
    -- One mark a step says all that many do; nobody else would delete those of a step that is off.
    delete from tickets.enrich_marks as marks
    using (
        select step, max(mark_id) as mark_id from tickets.enrich_marks group by step
    ) as newest
    where marks.step = newest.step and marks.mark_id < newest.mark_id;

    insert into tickets.import_meta as meta (dataset, metadata)
    values ('inc', jsonb_build_object('last_capture_at', clock_timestamp()))
    on conflict (dataset) do update set metadata = meta.metadata || excluded.metadata;

    return jsonb_build_object(
        'captured', true, 'snapshot_date', v_day,
        'snapshot', case when v_is_written then 'written' else 'untouched' end,
        'closures_added', v_closures
    );
end
$$;

-- Name: FUNCTION capture_history(p_at timestamp with time zone); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.capture_history(p_at timestamp with time zone) IS 'Records the closures that history lacks and the snapshot of the time''s EAT day; says what it did. To be run again at will; silent during a reseed.';

-- Name: check_days(date, date); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.check_days(INOUT p_from date, INOUT p_to date, OUT from_at timestamp with time zone, OUT to_at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_today constant date := (now() at time zone 'Africa/Nairobi')::date;
begin
    p_to := coalesce(p_to, v_today);
    p_from := coalesce(p_from, p_to - 29);
    select eat.from_at, eat.to_at into from_at, to_at
    from tickets.eat_window('custom', p_from, p_to, now()) as eat;
end
$$;

-- Name: FUNCTION check_days(INOUT p_from date, INOUT p_to date, OUT from_at timestamp with time zone, OUT to_at timestamp with time zone); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.check_days(INOUT p_from date, INOUT p_to date, OUT from_at timestamp with time zone, OUT to_at timestamp with time zone) IS 'A range of EAT days, both inclusive, and its instants [from_at, to_at). Null means today, and 29 days before the other end. Errors with a hint if it is reversed or outside the calendar.';

-- Name: check_point(double precision, double precision); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.check_point(p_longitude double precision, p_latitude double precision) RETURNS public.geography
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if tickets.valid_point(p_longitude, p_latitude) is null then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format(
                'longitude %s, latitude %s is no coordinate',
                coalesce(p_longitude::text, 'null'), coalesce(p_latitude::text, 'null')
            ),
            hint = 'Give degrees: longitude from -180 to 180, latitude from -90 to 90, not both 0.';
    end if;
    return tickets.valid_point(p_longitude, p_latitude)::public.geography;
end
$$;

-- Name: FUNCTION check_point(p_longitude double precision, p_latitude double precision); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.check_point(p_longitude double precision, p_latitude double precision) IS 'The point to search around; errors with a hint if the degrees are no coordinate.';

-- Name: check_reach(integer, double precision); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.check_reach(p_limit integer, p_max_metres double precision) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if p_limit is null or p_limit not between 1 and 1000 then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('p_limit is %s', coalesce(p_limit::text, 'null')),
            hint = 'Give a number from 1 to 1000.';
    elsif p_max_metres <= 0 or p_max_metres = 'NaN' then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('p_max_metres is %s', p_max_metres),
            hint = 'Give metres above 0, or null for any distance.';
    end if;
end
$$;

-- Name: FUNCTION check_reach(p_limit integer, p_max_metres double precision); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.check_reach(p_limit integer, p_max_metres double precision) IS 'Errors with a hint if the number to be found or the distance in metres makes no sense.';

-- Name: closed_sla(text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.closed_sla(p_sla_status text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select
        case lower(p_sla_status)
            when 'compliant' then 'within'
            when 'breached' then 'breached'
            else 'unknown'
        end
$$;

-- Name: FUNCTION closed_sla(p_sla_status text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.closed_sla(p_sla_status text) IS 'The SLA of a closed ticket by the source''s sla_status: within, breached, or unknown. The source knows the pauses that a contract allows, which the feed does not show; but it judges when it closes a ticket, and calls nearly every open one compliant. So it is trusted for closed ones only.';

-- Name: closures(timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.closures(p_from_at timestamp with time zone, p_to_at timestamp with time zone) RETURNS TABLE(ticket_id text, closed_on date, cluster text, assigned_team text, owner text, mttr integer, verdict text, is_reopened boolean)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select
        events.ticket_id,
        (events.closed_at at time zone 'Africa/Nairobi')::date,
        events.cluster,
        events.assigned_team,
        events.owner,
        events.mttr,
        tickets.closed_sla(events.sla_status),
        inc.is_actionable is true or later.closed_at is not null
    from tickets.closure_events as events
    left join tickets.inc as inc on events.ticket_id = inc.ticket_id
    left join lateral (
        select next_events.closed_at
        from tickets.closure_events as next_events
        where
            next_events.ticket_id = events.ticket_id
            and next_events.closed_at > events.closed_at
        limit 1
    ) as later on true
    where events.closed_at >= p_from_at and events.closed_at < p_to_at
$$;

-- Name: FUNCTION closures(p_from_at timestamp with time zone, p_to_at timestamp with time zone); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.closures(p_from_at timestamp with time zone, p_to_at timestamp with time zone) IS 'Closures of [p_from_at, p_to_at) with their EAT day, the source''s verdict on the SLA, and whether the ticket was opened again: it is open now or was closed once more.';

-- Name: crq_follow_gazetteer(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.crq_follow_gazetteer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_names text [];
begin
    if tg_op = 'INSERT' then
        select array_agg(to_jsonb(added) ->> tg_argv[0]) into v_names from added;
    elsif tg_op = 'DELETE' then
        select array_agg(to_jsonb(removed) ->> tg_argv[0]) into v_names from removed;
    elsif tg_op = 'UPDATE' then
        select array_agg(to_jsonb(moved) ->> tg_argv[0]) into v_names
        from (select removed.* from removed union all select added.* from added) as moved;
    end if;
    update tickets.crq as crq
    set geom = resolved.geom, geo_source = resolved.geo_source
    from (
        select ticket.ticket_id, point.geom, point.geo_source
        from tickets.crq as ticket
        cross join lateral tickets.resolve_point(ticket.raw) as point
        where
            (tg_op = 'TRUNCATE' or ticket.raw ->> tg_argv[0] = any (v_names))
            and (
                point.geom::bytea is distinct from ticket.geom::bytea
                or point.geo_source is distinct from ticket.geo_source
            )
    ) as resolved
    where crq.ticket_id = resolved.ticket_id;
    return null;
end
$$;

-- Name: FUNCTION crq_follow_gazetteer(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.crq_follow_gazetteer() IS 'Trigger: moves the CRQ tickets of the clusters or locations that a statement wrote.';

SET default_tablespace = '';

SET default_table_access_method = heap;

-- Name: settings; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.settings (
    is_only_row boolean DEFAULT true NOT NULL,
    contract_hours numeric DEFAULT 48 NOT NULL,
    at_risk_hours numeric DEFAULT 36 NOT NULL,
    feed_accuracy_metres integer DEFAULT 50 NOT NULL,
    location_accuracy_metres integer DEFAULT 2500 NOT NULL,
    cluster_accuracy_metres integer DEFAULT 12500 NOT NULL,
    CONSTRAINT settings_accuracies_are_ordered CHECK ((((feed_accuracy_metres >= 1) AND (feed_accuracy_metres <= location_accuracy_metres)) AND (location_accuracy_metres <= cluster_accuracy_metres))),
    CONSTRAINT settings_hours_are_ordered CHECK (((at_risk_hours > (0)::numeric) AND (at_risk_hours <= contract_hours) AND (contract_hours <= (8760)::numeric))),
    CONSTRAINT settings_is_one_row CHECK (is_only_row)
);

-- Name: TABLE settings; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.settings IS 'What the read schema takes for granted, in one row; a change counts from the next call on.';

-- Name: COLUMN settings.is_only_row; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.settings.is_only_row IS 'True: there is one row.';

-- Name: COLUMN settings.contract_hours; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.settings.contract_hours IS 'Hours from the start of a ticket''s clock after which its SLA is breached.';

-- Name: COLUMN settings.at_risk_hours; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.settings.at_risk_hours IS 'Hours from the start of the clock after which it is at risk; at most contract_hours.';

-- Name: COLUMN settings.feed_accuracy_metres; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.settings.feed_accuracy_metres IS 'Accuracy of the feed''s own pair in metres: that of a phone''s GPS between buildings.';

-- Name: COLUMN settings.location_accuracy_metres; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.settings.location_accuracy_metres IS 'Accuracy of a location''s point in metres: half the extent of an estate or a village.';

-- Name: COLUMN settings.cluster_accuracy_metres; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.settings.cluster_accuracy_metres IS 'Accuracy of a cluster''s point in metres: half of the 25 km within which geocoding looks.';

-- Name: current_settings(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.current_settings() RETURNS tickets.settings
    LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select settings.* from tickets.settings as settings
$$;

-- Name: FUNCTION current_settings(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.current_settings() IS 'The settings'' only row.';

-- Name: daily_backlog(date, date, text, text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.daily_backlog(p_from date, p_to date, p_cluster text, p_team text) RETURNS TABLE(day date, backlog bigint, source text)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    with days as materialized (
        select p_from + number as day
        from generate_series(0, p_to - p_from) as number
    ),

    remembered as materialized (
        select
            snapshot.snapshot_date as day,
            case
                when p_cluster is not null and p_team is not null then null
                when p_cluster is null and p_team is null then snapshot.open_total
                when parts.part is not null
                    then
                        case
                            when jsonb_typeof(parts.part -> 'open') = 'number'
                                then (parts.part ->> 'open')::bigint
                        end
                when parts.parts <> '{}' or snapshot.open_total = 0 then 0
            end as backlog,
            case
                when
                    snapshot.captured_at
                    < (snapshot.snapshot_date + 1)::timestamp at time zone 'Africa/Nairobi'
                    then 'snapshot'
                else 'reconstructed'
            end as source
        from tickets.inc_daily_snapshot as snapshot
        cross join lateral (
            select
                case when p_team is null then snapshot.per_cluster else snapshot.per_team end
                    as parts,
                case
                    when p_team is null then snapshot.per_cluster -> p_cluster
                    else snapshot.per_team -> p_team
                end as part
        ) as parts
        where snapshot.snapshot_date between p_from and p_to
    ),

    missing as materialized (
        select
            min(days.day) as first_day,
            max(days.day) as last_day,
            (min(days.day) + 1)::timestamp at time zone 'Africa/Nairobi' as first_end,
            (max(days.day) + 1)::timestamp at time zone 'Africa/Nairobi' as last_end
        from days
        left join remembered on days.day = remembered.day
        where remembered.backlog is null
    ),

    lives as (
        select
            coalesce(facts.created_at_service, facts.first_seen_at) as created_at,
            null::timestamptz as closed_at,
            missing.first_day
        from missing
        cross join tickets.open_facts() as facts
        where
            missing.first_day is not null
            and (p_cluster is null or facts.cluster = p_cluster)
            and (p_team is null or facts.assigned_team = p_team)
            and coalesce(facts.created_at_service, facts.first_seen_at, '-infinity')
            < missing.last_end
        union all
        select
            coalesce(inc.created_at_service, inc.first_seen_at), inc.closed_at, missing.first_day
        from missing
        inner join tickets.inc as inc on missing.first_end <= inc.closed_at
        where
            inc.is_actionable is not true
            and (p_cluster is null or inc.cluster = p_cluster)
            and (p_team is null or inc.assigned_team = p_team)
            and coalesce(inc.created_at_service, inc.first_seen_at, '-infinity')
            < missing.last_end
    ),

    spans as (
        select
            greatest(
                (lives.created_at at time zone 'Africa/Nairobi')::date, lives.first_day
            ) as first_day,
            (lives.closed_at at time zone 'Africa/Nairobi')::date as closed_day
        from lives
    ),

    steps as (
        select spans.first_day as day, count(*) as step
        from spans
        where coalesce(spans.closed_day > spans.first_day, true)
        group by spans.first_day
        union all
        select spans.closed_day, -count(*)
        from spans
        where spans.closed_day > spans.first_day
        group by spans.closed_day
    ),

    reconstructed as (
        select
            days.day,
            sum(coalesce(stepped.step, 0)) over (order by days.day)::bigint as backlog
        from days
        left join (
            select steps.day, sum(steps.step) as step from steps group by steps.day
        ) as stepped on days.day = stepped.day
    )

    select
        days.day,
        coalesce(remembered.backlog, reconstructed.backlog),
        case when remembered.backlog is null then 'reconstructed' else remembered.source end
    from days
    left join remembered on days.day = remembered.day
    left join reconstructed on days.day = reconstructed.day
$$;

-- Name: FUNCTION daily_backlog(p_from date, p_to date, p_cluster text, p_team text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.daily_backlog(p_from date, p_to date, p_cluster text, p_team text) IS 'Open tickets at the end of each past EAT day from p_from to p_to, of a cluster, of a team, or of both: from the snapshot, or reconstructed from created and closed where there is none. source says which; reconstructed too if the snapshot was taken after its day.';

-- Name: day_figures(timestamp with time zone, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.day_figures(p_from timestamp with time zone, p_to timestamp with time zone, p_at timestamp with time zone) RETURNS TABLE(open_total bigint, open_breached bigint, created_today bigint, closed_today bigint, per_cluster jsonb, per_team jsonb, next_breach_at timestamp with time zone)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
#variable_conflict use_column
declare
    v_is_over constant boolean := p_at >= p_to;
    v_contract constant interval := (
        select settings.contract_hours::double precision * interval '1 hour'
        from tickets.current_settings() as settings
    );
begin
    return query
    -- A day that is over is reconstructed: open at its end is what was created before and is open now
    -- or was closed later.
    with open_then as (
        select facts.cluster, facts.assigned_team, facts.created_at_service, facts.first_seen_at
        from tickets.open_facts() as facts
        where
            not v_is_over
            or coalesce(facts.created_at_service, facts.first_seen_at, '-infinity') < p_to
        union all
        select inc.cluster, inc.assigned_team, inc.created_at_service, inc.first_seen_at
        from tickets.inc as inc
        where
            v_is_over
            and inc.is_actionable is not true
            and inc.closed_at >= p_to
            and coalesce(inc.created_at_service, inc.first_seen_at, '-infinity') < p_to
    ),

    figures as (
        select
            open_then.cluster, open_then.assigned_team,
            count(*) as open,
            count(*) filter (where clock.sla_state = 'breached') as breached,
            0 as created, 0 as closed,
            min(
                coalesce(open_then.created_at_service, open_then.first_seen_at)
            ) filter (
                where coalesce(open_then.created_at_service, open_then.first_seen_at)
                > p_at - v_contract
            ) + v_contract as next_breach_at
        from open_then
        cross join lateral tickets.sla_clock(
            open_then.created_at_service, open_then.first_seen_at, p_at
        ) as clock
        group by open_then.cluster, open_then.assigned_team
        union all
        select inc.cluster, inc.assigned_team, 0, 0, count(*), 0, null
        from tickets.inc as inc
        where
            coalesce(inc.created_at_service, inc.first_seen_at) >= p_from
            and coalesce(inc.created_at_service, inc.first_seen_at) < p_to
        group by inc.cluster, inc.assigned_team
        union all
        select events.cluster, events.assigned_team, 0, 0, 0, count(*), null
        from tickets.closure_events as events
        where events.closed_at >= p_from and events.closed_at < p_to
        group by events.cluster, events.assigned_team
    ),

    measures as materialized (
        select
            grouping(named.cluster) = 0 as is_cluster,
            grouping(named.assigned_team) = 0 as is_team,
            coalesce(named.cluster, named.assigned_team) as name,
            coalesce(sum(named.open), 0)::bigint as open,
            coalesce(sum(named.breached), 0)::bigint as breached,
            coalesce(sum(named.created), 0)::bigint as created,
            coalesce(sum(named.closed), 0)::bigint as closed,
            min(named.next_breach_at) as next_breach_at
        from (
            select
                coalesce(figures.cluster, 'unknown') as cluster,
                coalesce(figures.assigned_team, 'unknown') as assigned_team,
                figures.open, figures.breached, figures.created, figures.closed,
                figures.next_breach_at
            from figures
        ) as named
        group by grouping sets ((), (named.cluster), (named.assigned_team))
    ),

    rendered as (
        select
            measures.is_cluster,
            measures.name,
            jsonb_build_object(
                'open', measures.open, 'breached', measures.breached,
                'created', measures.created, 'closed', measures.closed
            ) as rendering
        from measures
        where measures.is_cluster or measures.is_team
    )

    select
        total.open, total.breached, total.created, total.closed,
        coalesce((
            select jsonb_object_agg(rendered.name, rendered.rendering)
            from rendered
            where rendered.is_cluster
        ), '{}'),
        coalesce((
            select jsonb_object_agg(rendered.name, rendered.rendering)
            from rendered
            where not rendered.is_cluster
        ), '{}'),
        total.next_breach_at
    from measures as total
    where not total.is_cluster and not total.is_team;
end
$$;

-- Name: FUNCTION day_figures(p_from timestamp with time zone, p_to timestamp with time zone, p_at timestamp with time zone); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.day_figures(p_from timestamp with time zone, p_to timestamp with time zone, p_at timestamp with time zone) IS 'The numbers of an EAT day [p_from, p_to) as seen at p_at: open, breached, created, closed, by cluster and by team, and when the next open ticket will be breached (null: none will). A time that is not before p_to is the day''s end: open then is reconstructed.';

-- Name: dispatch_marker(double precision, double precision, text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.dispatch_marker(p_longitude double precision, p_latitude double precision, p_members text) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select
        marker.properties || jsonb_build_object(
            'longitude', p_longitude,
            'latitude', p_latitude,
            'hours_to_breach',
            settings.contract_hours - (marker.properties ->> 'hours_open')::numeric
        )
    from (select ('{' || p_members || '}')::jsonb as properties) as marker
    cross join tickets.current_settings() as settings
$$;

-- Name: FUNCTION dispatch_marker(p_longitude double precision, p_latitude double precision, p_members text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.dispatch_marker(p_longitude double precision, p_latitude double precision, p_members text) IS 'A ticket''s marker as one object, with its point in degrees and the hours that its SLA has left: below 0 if it is breached, null without a clock.';

-- Name: distance_range(double precision, integer); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.distance_range(p_metres double precision, p_accuracy_metres integer) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select
        jsonb_build_object(
            'metres', round(p_metres::numeric, 1),
            'metres_at_least', round(greatest(p_metres - p_accuracy_metres, 0)::numeric, 1),
            'metres_at_most', round((p_metres + p_accuracy_metres)::numeric, 1)
        )
$$;

-- Name: FUNCTION distance_range(p_metres double precision, p_accuracy_metres integer); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.distance_range(p_metres double precision, p_accuracy_metres integer) IS 'A distance in metres to a point of some accuracy in metres, and the least and most that it can be.';

-- Name: eat_ts(text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.eat_ts(p_text text) RETURNS timestamp with time zone
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
begin
    if octet_length($1) = 19
        and substr($1, 1, 5) = any ('{1970-,1971-,1972-,1973-,1974-,1975-,1976-,1977-,1978-,1979-,1980-,1981-,1982-,1983-,1984-,1985-,1986-,1987-,1988-,1989-,1990-,1991-,1992-,1993-,1994-,1995-,1996-,1997-,1998-,1999-,2000-,2001-,2002-,2003-,2004-,2005-,2006-,2007-,2008-,2009-,2010-,2011-,2012-,2013-,2014-,2015-,2016-,2017-,2018-,2019-,2020-,2021-,2022-,2023-,2024-,2025-,2026-,2027-,2028-,2029-,2030-,2031-,2032-,2033-,2034-,2035-,2036-,2037-,2038-,2039-,2040-,2041-,2042-,2043-,2044-,2045-,2046-,2047-,2048-,2049-,2050-,2051-,2052-,2053-,2054-,2055-,2056-,2057-,2058-,2059-,2060-,2061-,2062-,2063-,2064-,2065-,2066-,2067-,2068-,2069-,2070-,2071-,2072-,2073-,2074-,2075-,2076-,2077-,2078-,2079-,2080-,2081-,2082-,2083-,2084-,2085-,2086-,2087-,2088-,2089-,2090-,2091-,2092-,2093-,2094-,2095-,2096-,2097-,2098-,2099-}')
        and substr($1, 6, 5) = any ('{01-01,01-02,01-03,01-04,01-05,01-06,01-07,01-08,01-09,01-10,01-11,01-12,01-13,01-14,01-15,01-16,01-17,01-18,01-19,01-20,01-21,01-22,01-23,01-24,01-25,01-26,01-27,01-28,01-29,01-30,01-31,02-01,02-02,02-03,02-04,02-05,02-06,02-07,02-08,02-09,02-10,02-11,02-12,02-13,02-14,02-15,02-16,02-17,02-18,02-19,02-20,02-21,02-22,02-23,02-24,02-25,02-26,02-27,02-28,03-01,03-02,03-03,03-04,03-05,03-06,03-07,03-08,03-09,03-10,03-11,03-12,03-13,03-14,03-15,03-16,03-17,03-18,03-19,03-20,03-21,03-22,03-23,03-24,03-25,03-26,03-27,03-28,03-29,03-30,03-31,04-01,04-02,04-03,04-04,04-05,04-06,04-07,04-08,04-09,04-10,04-11,04-12,04-13,04-14,04-15,04-16,04-17,04-18,04-19,04-20,04-21,04-22,04-23,04-24,04-25,04-26,04-27,04-28,04-29,04-30,05-01,05-02,05-03,05-04,05-05,05-06,05-07,05-08,05-09,05-10,05-11,05-12,05-13,05-14,05-15,05-16,05-17,05-18,05-19,05-20,05-21,05-22,05-23,05-24,05-25,05-26,05-27,05-28,05-29,05-30,05-31,06-01,06-02,06-03,06-04,06-05,06-06,06-07,06-08,06-09,06-10,06-11,06-12,06-13,06-14,06-15,06-16,06-17,06-18,06-19,06-20,06-21,06-22,06-23,06-24,06-25,06-26,06-27,06-28,06-29,06-30,07-01,07-02,07-03,07-04,07-05,07-06,07-07,07-08,07-09,07-10,07-11,07-12,07-13,07-14,07-15,07-16,07-17,07-18,07-19,07-20,07-21,07-22,07-23,07-24,07-25,07-26,07-27,07-28,07-29,07-30,07-31,08-01,08-02,08-03,08-04,08-05,08-06,08-07,08-08,08-09,08-10,08-11,08-12,08-13,08-14,08-15,08-16,08-17,08-18,08-19,08-20,08-21,08-22,08-23,08-24,08-25,08-26,08-27,08-28,08-29,08-30,08-31,09-01,09-02,09-03,09-04,09-05,09-06,09-07,09-08,09-09,09-10,09-11,09-12,09-13,09-14,09-15,09-16,09-17,09-18,09-19,09-20,09-21,09-22,09-23,09-24,09-25,09-26,09-27,09-28,09-29,09-30,10-01,10-02,10-03,10-04,10-05,10-06,10-07,10-08,10-09,10-10,10-11,10-12,10-13,10-14,10-15,10-16,10-17,10-18,10-19,10-20,10-21,10-22,10-23,10-24,10-25,10-26,10-27,10-28,10-29,10-30,10-31,11-01,11-02,11-03,11-04,11-05,11-06,11-07,11-08,11-09,11-10,11-11,11-12,11-13,11-14,11-15,11-16,11-17,11-18,11-19,11-20,11-21,11-22,11-23,11-24,11-25,11-26,11-27,11-28,11-29,11-30,12-01,12-02,12-03,12-04,12-05,12-06,12-07,12-08,12-09,12-10,12-11,12-12,12-13,12-14,12-15,12-16,12-17,12-18,12-19,12-20,12-21,12-22,12-23,12-24,12-25,12-26,12-27,12-28,12-29,12-30,12-31}')
        and substr($1, 11, 3) = any ('{" 00"," 01"," 02"," 03"," 04"," 05"," 06"," 07"," 08"," 09"," 10"," 11"," 12"," 13"," 14"," 15"," 16"," 17"," 18"," 19"," 20"," 21"," 22"," 23"}')
        and substr($1, 14, 3) = any ('{:00,:01,:02,:03,:04,:05,:06,:07,:08,:09,:10,:11,:12,:13,:14,:15,:16,:17,:18,:19,:20,:21,:22,:23,:24,:25,:26,:27,:28,:29,:30,:31,:32,:33,:34,:35,:36,:37,:38,:39,:40,:41,:42,:43,:44,:45,:46,:47,:48,:49,:50,:51,:52,:53,:54,:55,:56,:57,:58,:59}')
        and substr($1, 17, 3) = any ('{:00,:01,:02,:03,:04,:05,:06,:07,:08,:09,:10,:11,:12,:13,:14,:15,:16,:17,:18,:19,:20,:21,:22,:23,:24,:25,:26,:27,:28,:29,:30,:31,:32,:33,:34,:35,:36,:37,:38,:39,:40,:41,:42,:43,:44,:45,:46,:47,:48,:49,:50,:51,:52,:53,:54,:55,:56,:57,:58,:59}')
    then
        return $1::timestamp at time zone 'Africa/Nairobi';
    elsif octet_length($1) > 64
        or $1 !~ (
            '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
            '([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?'
            '(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?$'
        )
        or $1 like '0000%'
        or substr($1, 6, 5) = any ('{02-30,02-31,04-31,06-31,09-31,11-31}')
        or (
            substr($1, 6, 5) = '02-29'
            and not (
                left($1, 4)::integer % 4 = 0
                and (left($1, 4)::integer % 100 <> 0 or left($1, 4)::integer % 400 = 0)
            )
        )
    then
        return null;
    elsif substr($1, 11) ~ '[Z+-]' then
        return $1::timestamptz;
    end if;
    return $1::timestamp at time zone 'Africa/Nairobi';
end
$_$;

-- Name: FUNCTION eat_ts(p_text text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.eat_ts(p_text text) IS 'Reads the feed''s times: YYYY-MM-DD, optionally with HH:MM[:SS[.f]] and Z or an offset; without one it is EAT. Null for any other text, never an error.';

-- Name: eat_window(text, date, date, timestamp with time zone); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.eat_window(p_window text, p_from date, p_to date, p_at timestamp with time zone) RETURNS TABLE(name text, from_date date, to_date date, from_at timestamp with time zone, to_at timestamp with time zone)
    LANGUAGE plpgsql STABLE ROWS 1 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

-- Name: FUNCTION eat_window(p_window text, p_from date, p_to date, p_at timestamp with time zone); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.eat_window(p_window text, p_from date, p_to date, p_at timestamp with time zone) IS 'The EAT days, both inclusive, and instants [from_at, to_at) of a named window, seen from a time; custom takes its two dates. Errors with a hint otherwise.';

-- Name: explain_sla(text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.explain_sla(p_ticket_id text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'Africa/Nairobi'
    AS $$
declare
    v_ticket record;
    v_clock record;
    v_hours constant record := tickets.current_settings();
    v_started_at timestamptz;
    v_state text;
    v_steps text [];
begin
    select
        inc.ticket_id, inc.is_actionable is true as is_open, inc.sla_status,
        inc.created_at_service, inc.first_seen_at, inc.closed_at,
        inc.raw ->> 'created_at_service' as created_text, inc.raw ->> 'first_seen_at' as seen_text
    into v_ticket
    from tickets.inc as inc
    where inc.ticket_id = p_ticket_id;
    if not found then
        raise exception using
            errcode = 'no_data_found',
            message = format('there is no ticket %L', left(p_ticket_id, 200)),
            hint = 'Give a ticket_id as the feed writes it; case and spaces count.';
    end if;
    select clock.* into v_clock
    from tickets.sla_clock(v_ticket.created_at_service, v_ticket.first_seen_at, now()) as clock;
    v_started_at := coalesce(v_ticket.created_at_service, v_ticket.first_seen_at);
    v_state := case
        when v_ticket.is_open then v_clock.sla_state else tickets.closed_sla(v_ticket.sla_status)
    end;
    if v_ticket.is_open then
        v_steps := array[
            'The ticket is open: its clock decides, not the source''s sla_status.',
            case
                when v_ticket.created_at_service is not null
                    then format('The clock started at created_at_service, %s.', v_started_at)
                when v_ticket.created_text is null then 'created_at_service is not given.'
                else format('created_at_service, %L, is no time.', left(v_ticket.created_text, 64))
            end
        ];
        if v_ticket.created_at_service is null then
            v_steps := v_steps || case
                when v_ticket.first_seen_at is not null
                    then format('So the clock started at first_seen_at, %s.', v_started_at)
                when v_ticket.seen_text is null then 'first_seen_at is not given either.'
                else format('first_seen_at, %L, is no time either.', left(v_ticket.seen_text, 64))
            end;
        end if;
        v_steps := v_steps || case
            when v_started_at is null then 'Without a clock the state is unknown.'
            else format(
                '%s hours have passed; at risk from %s, breached from %s: %s.',
                v_clock.hours_open, v_hours.at_risk_hours, v_hours.contract_hours, v_state
            )
        end;
    else
        v_steps := array[
            'The ticket is not open: the source''s sla_status decides, its clock has stopped.',
            case
                when v_ticket.sla_status is null then 'sla_status is not given: unknown.'
                else format('sla_status is %L: %s.', left(v_ticket.sla_status, 64), v_state)
            end
        ];
    end if;
    return jsonb_build_object(
        'ticket_id', v_ticket.ticket_id,
        'is_open', v_ticket.is_open,
        'sla_state', v_state,
        'decided_by', case when v_ticket.is_open then 'clock' else 'sla_status' end,
        'sla_status', v_ticket.sla_status,
        'sla_clock_source', v_clock.sla_clock_source,
        'started_at', v_started_at,
        'at_risk_at',
        v_started_at + v_hours.at_risk_hours::double precision * interval '1 hour',
        'breached_at',
        v_started_at + v_hours.contract_hours::double precision * interval '1 hour',
        'closed_at', v_ticket.closed_at,
        'hours_open', case when v_ticket.is_open then v_clock.hours_open end,
        'at_risk_hours', v_hours.at_risk_hours,
        'contract_hours', v_hours.contract_hours,
        'judged_at', now(),
        'steps', to_jsonb(v_steps)
    );
end
$$;

-- Name: FUNCTION explain_sla(p_ticket_id text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.explain_sla(p_ticket_id text) IS 'How a ticket''s SLA state came about: the state, what decided, the clock, and the steps in words.';

-- Name: feature_text(double precision, double precision, text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.feature_text(p_longitude double precision, p_latitude double precision, p_members text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select
        concat(
            '{"type":"Feature","geometry":{"type":"Point","coordinates":[', p_longitude, ',',
            p_latitude, ']},"properties":{', p_members, '}}'
        )
$$;

-- Name: FUNCTION feature_text(p_longitude double precision, p_latitude double precision, p_members text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.feature_text(p_longitude double precision, p_latitude double precision, p_members text) IS 'The text of a GeoJSON feature: of a point in degrees and the members of its properties.';

-- Name: feed_point(jsonb); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.feed_point(p_raw jsonb) RETURNS public.geometry
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
begin
    return case
        when p_raw ? 'longitude' and p_raw ? 'latitude'
            then tickets.valid_point(
                tickets.to_degrees(p_raw ->> 'longitude'), tickets.to_degrees(p_raw ->> 'latitude')
            )
    end;
end
$$;

-- Name: FUNCTION feed_point(p_raw jsonb); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.feed_point(p_raw jsonb) IS 'The point that a ticket''s raw gives itself; null if it is no coordinate.';

-- Name: files_in_quarantine(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.files_in_quarantine() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select count(*)
    from tickets.import_files as files
    where
        files.dataset = 'inc' and files.status = 'quarantined'
        and files.generation = (
            select max(streams.generation) from tickets.import_streams as streams
            where streams.dataset = 'inc'
        )
        and not exists (
            select from tickets.import_files as later
            where
                later.dataset = files.dataset and later.generation = files.generation
                and later.stamp = files.stamp and later.revision > files.revision
        )
$$;

-- Name: FUNCTION files_in_quarantine(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.files_in_quarantine() IS 'How many files of the current generation wait for a person: mended and replayed, or skipped.';

-- Name: follow_clusters(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.follow_clusters() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_names text [];
begin
    if tg_op = 'INSERT' then
        select array_agg(added.cluster) into v_names from added where added.geom is not null;
    elsif tg_op = 'DELETE' then
        select array_agg(removed.cluster) into v_names from removed where removed.geom is not null;
        insert into tickets.enrich_marks (step) values ('clusters');
    else
        select array_agg(distinct coalesce(added.cluster, removed.cluster)) into v_names
        from removed
        full join added on removed.cluster = added.cluster
        where removed.geom::bytea is distinct from added.geom::bytea;
        insert into tickets.enrich_marks (step)
        select 'clusters'
        from removed
        where not exists (select from added where added.cluster = removed.cluster)
        limit 1;
    end if;
    if v_names is null then
        return null;
    end if;
    update tickets.inc as inc
    set geom = resolved.geom, geo_source = resolved.geo_source
    from (
        select ticket.ticket_id, point.geom, point.geo_source
        from tickets.inc as ticket
        cross join lateral tickets.resolve_point(ticket.raw) as point
        where
            ticket.cluster in (select unnest(v_names))
            and (
                point.geom::bytea is distinct from ticket.geom::bytea
                or point.geo_source is distinct from ticket.geo_source
            )
    ) as resolved
    where inc.ticket_id = resolved.ticket_id;
    -- Answers were sought and judged around the former point. What geocoders found more than 25 km
    -- from the new one, the geocoding's guard, is in the wrong town; the rest is asked for again.
    update tickets.geo_locations as locations
    set
        geom = null, outcome = 'rejected', reason = 'too_far', next_attempt_at = now(),
        distance_metres = public.st_distancesphere(locations.geom, clusters.geom)
    from tickets.geo_clusters as clusters
    where
        clusters.cluster in (select unnest(v_names)) and locations.cluster = clusters.cluster
        and locations.provider is not null and not locations.verified
        and public.st_distancesphere(locations.geom, clusters.geom) > 25000;
    update tickets.geo_locations as locations
    set next_attempt_at = now()
    where
        locations.cluster in (select unnest(v_names))
        and locations.geom is null and not locations.verified
        and locations.next_attempt_at > now();
    insert into tickets.enrich_marks (step) values ('locations');
    return null;
end
$$;

-- Name: FUNCTION follow_clusters(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.follow_clusters() IS 'Trigger: moves the tickets of the clusters that a statement wrote, in one statement.';

-- Name: follow_locations(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.follow_locations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_names text [];
begin
    if tg_op = 'INSERT' then
        select array_agg(added.location_name) into v_names from added where added.geom is not null;
    elsif tg_op = 'DELETE' then
        select array_agg(removed.location_name) into v_names
        from removed
        where removed.geom is not null;
        insert into tickets.enrich_marks (step) values ('locations');
    else
        select array_agg(distinct coalesce(added.location_name, removed.location_name))
        into v_names
        from removed
        full join added
            on removed.location_name = added.location_name and removed.cluster = added.cluster
        where removed.geom::bytea is distinct from added.geom::bytea;
        insert into tickets.enrich_marks (step)
        select 'locations'
        from removed
        where
            removed.geom is not null
            and not exists (
                select from added
                where
                    added.location_name = removed.location_name
                    and added.cluster = removed.cluster and added.geom is not null
            )
        limit 1;
    end if;
    if v_names is null then
        return null;
    end if;
    update tickets.inc as inc
    set geom = resolved.geom, geo_source = resolved.geo_source
    from (
        select ticket.ticket_id, point.geom, point.geo_source
        from tickets.inc as ticket
        cross join lateral tickets.resolve_point(ticket.raw) as point
        where
            ticket.location_name in (select unnest(v_names))
            and (
                point.geom::bytea is distinct from ticket.geom::bytea
                or point.geo_source is distinct from ticket.geo_source
            )
    ) as resolved
    where inc.ticket_id = resolved.ticket_id;
    return null;
end
$$;

-- Name: FUNCTION follow_locations(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.follow_locations() IS 'Trigger: moves the tickets of the locations that a statement wrote, in one statement.';

-- Name: follow_truncation(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.follow_truncation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform tickets.reconcile_geometry();
    insert into tickets.enrich_marks (step) values ('clusters'), ('locations');
    return null;
end
$$;

-- Name: FUNCTION follow_truncation(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.follow_truncation() IS 'Trigger: places all tickets anew after a gazetteer table was emptied.';

-- Name: freshness(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.freshness() RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

-- Name: FUNCTION freshness(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.freshness() IS 'How fresh and complete the tickets are, for every payload; reads the ledger with its owner''s rights.';

-- Name: geojson_points(jsonb); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.geojson_points(p_collection jsonb) RETURNS TABLE(number bigint, id jsonb, properties jsonb, point public.geometry)
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_most_features constant integer := 10000;
begin
    if jsonb_typeof(p_collection) is distinct from 'object'
        or p_collection ->> 'type' is distinct from 'FeatureCollection'
        or jsonb_typeof(p_collection -> 'features') is distinct from 'array'
    then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = 'p_vehicles is no GeoJSON FeatureCollection',
            hint = 'Give {"type": "FeatureCollection", "features": [...]} with a Point for each.';
    elsif jsonb_array_length(p_collection -> 'features') > v_most_features then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format(
                'p_vehicles has %s features',
                jsonb_array_length(p_collection -> 'features')
            ),
            hint = format('Give at most %s.', v_most_features);
    end if;
    return query
    select
        features.number, features.feature -> 'id',
        case
            when jsonb_typeof(features.feature -> 'properties') = 'object'
                then features.feature -> 'properties'
            else '{}'
        end,
        case
            when features.feature #>> '{geometry,type}' = 'Point'
                then tickets.valid_point(
                    tickets.to_degrees(features.feature #>> '{geometry,coordinates,0}'),
                    tickets.to_degrees(features.feature #>> '{geometry,coordinates,1}')
                )
        end
    from jsonb_array_elements(p_collection -> 'features')
        with ordinality as features (feature, number);
end
$$;

-- Name: FUNCTION geojson_points(p_collection jsonb); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.geojson_points(p_collection jsonb) IS 'The features of a GeoJSON FeatureCollection, numbered from 1; point is null where there is no coordinate. Errors with a hint if it is no FeatureCollection or has over 10,000 features.';

-- Name: grant_product_roles(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.grant_product_roles() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_cells constant text := 'tickets.eat_ts(text), tickets.to_boolean(text), '
        'tickets.to_minutes(text), tickets.to_degrees(text), '
        'tickets.valid_point(double precision, double precision), tickets.feed_point(jsonb)';
    v_clock constant text := 'tickets.sla_clock(timestamptz, timestamptz, timestamptz), '
        'tickets.current_settings()';
begin
    if to_regrole('fleettickets_ingest') is not null then
        execute 'grant usage on schema tickets, reporting to fleettickets_ingest';
        execute 'grant select, insert, update on tickets.inc, tickets.inc_versions, '
            'tickets.closure_events, tickets.inc_daily_snapshot, tickets.import_meta, '
            'tickets.import_streams, tickets.import_files, tickets.import_rejects, '
            'tickets.import_attempts, tickets.import_manifest to fleettickets_ingest';
        execute 'grant select on tickets.geo_clusters, tickets.geo_locations, '
            'tickets.inc_open_sla to fleettickets_ingest';
        execute 'grant execute on function ' || v_cells || ', ' || v_clock || ', '
            'tickets.resolve_point(jsonb), tickets.reconcile_geometry(), '
            'tickets.lock_dataset(text), tickets.key_stamp(text), tickets.freshness(), '
            'tickets.open_facts(), tickets.day_figures(timestamptz, timestamptz, timestamptz), '
            'tickets.capture_history(timestamptz), tickets.files_in_quarantine(), '
            'reporting.fn_pipeline_status(timestamptz, jsonb) to fleettickets_ingest';
        -- All but verified: that is for people.
        execute 'grant insert (cluster, geom, source, provider, query, confidence, outcome, '
            'reason, attempts, next_attempt_at, expires_at, updated_at), update (geom, source, '
            'provider, query, confidence, outcome, reason, attempts, next_attempt_at, '
            'expires_at, updated_at) on tickets.geo_clusters to fleettickets_ingest';
        execute 'grant insert (location_name, cluster, geom, source, provider, query, '
            'distance_metres, confidence, outcome, reason, attempts, next_attempt_at, '
            'expires_at, updated_at), update (geom, source, provider, query, '
            'distance_metres, confidence, outcome, reason, attempts, next_attempt_at, '
            'expires_at, updated_at) on tickets.geo_locations to fleettickets_ingest';
        execute 'grant select on tickets.geocode_backlog to fleettickets_ingest';
        execute 'grant select, insert, update on tickets.step_runs to fleettickets_ingest';
        execute 'grant select, delete on tickets.enrich_marks to fleettickets_ingest';
        execute format(
            'grant temporary on database %I to fleettickets_ingest', current_database()
        );
    end if;
    if to_regrole('fleettickets_read') is not null then
        execute 'grant usage on schema tickets, reporting to fleettickets_read';
        execute 'grant select on tickets.inc, tickets.inc_open_sla, tickets.inc_daily_snapshot, '
            'tickets.closure_events, tickets.import_meta, tickets.geo_clusters, '
            'tickets.geo_locations, tickets.geocode_backlog to fleettickets_read';
        execute 'grant execute on all functions in schema reporting to fleettickets_read';
        execute 'grant execute on function tickets.explain_sla(text), ' || tickets.read_functions()
            || ' to fleettickets_read';
    end if;
    if to_regrole('fleettickets_plan') is not null then
        execute 'grant usage on schema tickets, scratch to fleettickets_plan';
        execute 'grant create on schema scratch to fleettickets_plan';
        execute 'grant select on all tables in schema tickets to fleettickets_plan';
        execute 'grant execute on function ' || v_cells || ', ' || v_clock || ', '
            'tickets.resolve_point(jsonb), tickets.key_stamp(text), tickets.freshness() '
            'to fleettickets_plan';
        execute format(
            'grant temporary on database %I to fleettickets_plan', current_database()
        );
    end if;
end
$$;

-- Name: FUNCTION grant_product_roles(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.grant_product_roles() IS 'The part of tickets.grant_roles() for the schemas tickets and reporting.';

-- Name: grant_roles(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.grant_roles() RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select tickets.grant_product_roles();
    select scratch.grant_roles();
$$;

-- Name: FUNCTION grant_roles(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.grant_roles() IS 'Gives the group roles that exist their rights; to be run again after a role was made.';

-- Name: key_stamp(text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.key_stamp(p_key text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select
        (regexp_match(
            p_key,
            '^.*([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2})'
        ))[1] collate "C"
$$;

-- Name: FUNCTION key_stamp(p_key text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.key_stamp(p_key text) IS 'The last stamp in a key or file name; null if there is none.';

-- Name: lock_dataset(text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.lock_dataset(p_dataset text) RETURNS void
    LANGUAGE sql
    AS $$
    select pg_catalog.pg_advisory_xact_lock(1718382708, pg_catalog.hashtext(p_dataset))
$$;

-- Name: FUNCTION lock_dataset(p_dataset text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.lock_dataset(p_dataset text) IS 'Takes the dataset''s lock until the transaction ends; every writer does so first.';

-- Name: lock_for_gazetteer(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.lock_for_gazetteer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform tickets.lock_dataset('inc');
    return null;
end
$$;

-- Name: FUNCTION lock_for_gazetteer(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.lock_for_gazetteer() IS 'Trigger: takes the dataset''s lock before the gazetteer is written.';

-- Name: mark_enrich(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.mark_enrich() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    insert into tickets.enrich_marks (step) select unnest(tg_argv);
    return null;
end
$$;

-- Name: FUNCTION mark_enrich(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.mark_enrich() IS 'Trigger: leaves a mark for each step of the scheduled run that its arguments name.';

-- Name: markers(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.markers() RETURNS TABLE(ticket_id text, is_actionable boolean, cluster text, normalized_status text, closed_at timestamp with time zone, sla_status text, mttr integer, longitude double precision, latitude double precision, members text)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select
        inc.ticket_id, inc.is_actionable, inc.cluster, inc.normalized_status,
        inc.closed_at, inc.sla_status, inc.mttr,
        inc.longitude, inc.latitude,
        concat(
            '"ticket_id":', to_json(inc.ticket_id),
            ',"is_open":', case when inc.is_actionable then 'true' else 'false' end,
            ',"normalized_status":', coalesce(to_json(inc.normalized_status), 'null'),
            ',"raw_status":', coalesce(to_json(inc.raw_status), 'null'),
            ',"cluster":', coalesce(to_json(inc.cluster), 'null'),
            ',"region":', coalesce(to_json(inc.region), 'null'),
            ',"location_name":', coalesce(to_json(inc.location_name), 'null'),
            ',"assigned_team":', coalesce(to_json(inc.assigned_team), 'null'),
            ',"owner":', coalesce(to_json(inc.owner), 'null'),
            ',"created_at":',
            coalesce(to_json(coalesce(inc.created_at_service, inc.first_seen_at)), 'null'),
            ',"closed_at":', coalesce(to_json(inc.closed_at), 'null'),
            case
                when inc.is_actionable
                    then concat(
                        ',"hours_open":', coalesce(clock.hours_open::text, 'null'),
                        ',"sla_state":"', clock.sla_state,
                        '","sla_clock_source":', coalesce(to_json(clock.sla_clock_source), 'null')
                    )
                else ',"hours_open":null,"sla_state":null,"sla_clock_source":null'
            end,
            ',"geo_source":"', inc.geo_source,
            '","accuracy_metres":',
            case inc.geo_source
                when 'feed'
                    then (
                        select settings.feed_accuracy_metres
                        from tickets.current_settings() as settings
                    )
                when 'location'
                    then (
                        select settings.location_accuracy_metres
                        from tickets.current_settings() as settings
                    )
                else (
                    select settings.cluster_accuracy_metres
                    from tickets.current_settings() as settings
                )
            end,
            ',"shares_point":', case when inc.geo_source = 'cluster' then 'true' else 'false' end
        )
    from tickets.inc as inc
    cross join lateral tickets.sla_clock(
        inc.created_at_service, inc.first_seen_at, now()
    ) as clock
$$;

-- Name: FUNCTION markers(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.markers() IS 'One row for each ticket: what it is chosen by, its point in degrees (null if nothing places it), and the members of its marker''s properties as JSON text, without braces.';

-- Name: nearest_open(public.geography, integer, double precision, text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.nearest_open(p_point public.geography, p_limit integer, p_max_metres double precision DEFAULT NULL::double precision, p_team text DEFAULT NULL::text) RETURNS TABLE(ticket_id text, metres double precision)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select near.ticket_id, near.metres
    from (
        (
            select
                inc.ticket_id,
                public.st_distance(inc.geog, p_point) as metres,
                coalesce(inc.created_at_service, inc.first_seen_at) as started_at
            from tickets.inc as inc
            where
                inc.is_actionable
                and inc.geog is not null
                and p_team is null
                and (p_max_metres is null or public.st_dwithin(inc.geog, p_point, p_max_metres))
            order by inc.geog operator(public.<->) p_point
            fetch first (p_limit) rows with ties
        )
        union all
        select
            inc.ticket_id,
            public.st_distance(inc.geog, p_point),
            coalesce(inc.created_at_service, inc.first_seen_at)
        from tickets.inc as inc
        where
            inc.is_actionable
            and coalesce(octet_length(inc.assigned_team), 0)
            + coalesce(octet_length(inc.cluster), 0)
            + coalesce(octet_length(inc.normalized_status), 0) <= 1000
            and inc.geog is not null
            and inc.assigned_team = p_team
        union all
        select
            inc.ticket_id,
            public.st_distance(inc.geog, p_point),
            coalesce(inc.created_at_service, inc.first_seen_at)
        from tickets.inc as inc
        where
            inc.is_actionable
            and coalesce(octet_length(inc.assigned_team), 0)
            + coalesce(octet_length(inc.cluster), 0)
            + coalesce(octet_length(inc.normalized_status), 0) > 1000
            and inc.geog is not null
            and inc.assigned_team = p_team
    ) as near
    where p_max_metres is null or near.metres <= p_max_metres
    order by near.metres asc, near.started_at asc nulls last, near.ticket_id collate "C" asc
    limit p_limit
$$;

-- Name: FUNCTION nearest_open(p_point public.geography, p_limit integer, p_max_metres double precision, p_team text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.nearest_open(p_point public.geography, p_limit integer, p_max_metres double precision, p_team text) IS 'The open tickets nearest to a point, with their distance in metres; at one distance the longest open comes first. Arguments: point, how many, how far at most (null: any), team (null: all).';

-- Name: open_facts(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.open_facts() RETURNS TABLE(assigned_team text, cluster text, normalized_status text, geo_source text, created_at_service timestamp with time zone, first_seen_at timestamp with time zone)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
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

-- Name: FUNCTION open_facts(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.open_facts() IS 'One row for each open ticket: what is counted of it. Read from the index alone where it can be.';

-- Name: read_functions(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.read_functions() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select
        'tickets.freshness(), tickets.current_settings(), '
        'tickets.sla_clock(timestamptz, timestamptz, timestamptz), tickets.closed_sla(text), '
        'tickets.eat_window(text, date, date, timestamptz), tickets.check_days(date, date), '
        'tickets.open_facts(), tickets.markers(), '
        'tickets.feature_text(double precision, double precision, text), '
        'tickets.daily_backlog(date, date, text, text), '
        'tickets.closures(timestamptz, timestamptz), '
        'tickets.nearest_open(public.geography, integer, double precision, text), '
        'tickets.check_reach(integer, double precision), '
        'tickets.check_point(double precision, double precision), '
        'tickets.distance_range(double precision, integer), '
        'tickets.dispatch_marker(double precision, double precision, text), '
        'tickets.geojson_points(jsonb), tickets.to_degrees(text), '
        'tickets.valid_point(double precision, double precision)'
$$;

-- Name: FUNCTION read_functions(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.read_functions() IS 'The functions that reporting.* needs its callers to have, as grant takes them.';

-- Name: reconcile_geometry(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.reconcile_geometry() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_marks bigint [];
    v_changed bigint;
begin
    perform tickets.lock_dataset('inc');
    select array_agg(marks.mark_id) into v_marks
    from tickets.enrich_marks as marks
    where marks.step = 'geometry';
    update tickets.inc as inc
    set geom = resolved.geom, geo_source = resolved.geo_source
    from (
        select ticket.ticket_id, point.geom, point.geo_source
        from tickets.inc as ticket
        cross join lateral tickets.resolve_point(ticket.raw) as point
        where
            point.geom::bytea is distinct from ticket.geom::bytea
            or point.geo_source is distinct from ticket.geo_source
    ) as resolved
    where inc.ticket_id = resolved.ticket_id;
    get diagnostics v_changed = row_count;
    -- With them goes the mark that this very statement left.
    delete from tickets.enrich_marks as marks
    where
        marks.step = 'geometry'
        and (marks.mark_id = any (v_marks) or marks.xmin = pg_current_xact_id()::xid);
    return v_changed;
end
$$;

-- Name: FUNCTION reconcile_geometry(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.reconcile_geometry() IS 'Places all tickets anew by the gazetteer as it is; returns how many moved.';

-- Name: resolve_geom(); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.resolve_geom() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    select point.geom, point.geo_source into new.geom, new.geo_source
    from tickets.resolve_point(new.raw) as point;
    return new;
end
$$;

-- Name: FUNCTION resolve_geom(); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.resolve_geom() IS 'Trigger: places a ticket that is written without being placed.';

-- Name: resolve_point(jsonb); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.resolve_point(p_raw jsonb) RETURNS TABLE(geom public.geometry, geo_source text)
    LANGUAGE sql STABLE ROWS 1 PARALLEL SAFE
    AS $$
    select
        coalesce(feed.geom, precise.geom, anywhere.geom, coarse.geom),
        case
            when feed.geom is not null then 'feed'
            when precise.geom is not null or anywhere.geom is not null then 'location'
            when coarse.geom is not null then 'cluster'
            else 'none'
        end
    from (
        select
            tickets.feed_point(p_raw) as geom,
            p_raw ->> 'location_name' as location_name,
            p_raw ->> 'cluster' as cluster,
            '' as any_cluster
        offset 0
    ) as feed
    left join tickets.geo_locations as precise
        on feed.location_name = precise.location_name and feed.cluster = precise.cluster
    left join tickets.geo_locations as anywhere
        on feed.location_name = anywhere.location_name and feed.any_cluster = anywhere.cluster
    left join tickets.geo_clusters as coarse
        on feed.cluster = coarse.cluster
$$;

-- Name: FUNCTION resolve_point(p_raw jsonb); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.resolve_point(p_raw jsonb) IS 'The one rule that places a ticket: its own pair, else its location in its cluster, else in any cluster, else its cluster.';

-- Name: sla_clock(timestamp with time zone, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.sla_clock(p_created_at_service timestamp with time zone, p_first_seen_at timestamp with time zone, p_at timestamp with time zone) RETURNS TABLE(sla_clock_source text, sla_state text, hours_open numeric)
    LANGUAGE sql STABLE ROWS 1 PARALLEL SAFE
    AS $$
    select
        case
            when p_created_at_service is not null then 'created_at_service'
            when p_first_seen_at is not null then 'first_seen_at'
        end,
        case
            when clock.started_at is null then 'unknown'
            when
                clock.started_at <= p_at - (
                    select settings.contract_hours::double precision * interval '1 hour'
                    from tickets.current_settings() as settings
                )
                then 'breached'
            when
                clock.started_at <= p_at - (
                    select settings.at_risk_hours::double precision * interval '1 hour'
                    from tickets.current_settings() as settings
                )
                then 'at_risk'
            else 'within'
        end,
        case
            when clock.started_at is not null
                then (
                    floor(greatest(date_part('epoch', p_at - clock.started_at), 0) / 36) / 100
                )::numeric
        end
    from (select coalesce(p_created_at_service, p_first_seen_at) as started_at) as clock
$$;

-- Name: FUNCTION sla_clock(p_created_at_service timestamp with time zone, p_first_seen_at timestamp with time zone, p_at timestamp with time zone); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.sla_clock(p_created_at_service timestamp with time zone, p_first_seen_at timestamp with time zone, p_at timestamp with time zone) IS 'The rules of the SLA clock, for created_at_service, first_seen_at and the time to judge at: at risk and breached from the hours in tickets.settings on.';

-- Name: to_boolean(text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.to_boolean(p_text text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
begin
    if p_text = any ('{true,false}') then
        return p_text = 'true';
    elsif octet_length(p_text) > 5 then
        return null;
    end if;
    return case lower(p_text)
        when 'true' then true when 't' then true when 'yes' then true
        when 'y' then true when '1' then true
        when 'false' then false when 'f' then false when 'no' then false
        when 'n' then false when '0' then false
    end;
end
$$;

-- Name: FUNCTION to_boolean(p_text text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.to_boolean(p_text text) IS 'Reads true, t, yes, y, 1 and their opposites in any case; null for any other text.';

-- Name: to_degrees(text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.to_degrees(p_text text) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
begin
    if octet_length(p_text) > 40
        or p_text !~ '^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$'
    then
        return null;
    end if;
    return p_text::double precision;
end
$_$;

-- Name: FUNCTION to_degrees(p_text text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.to_degrees(p_text text) IS 'Reads a decimal number; null for any other text, infinity and NaN too.';

-- Name: to_minutes(text); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.to_minutes(p_text text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
declare
    v_minutes numeric;
begin
    if octet_length(p_text) > 32
        or p_text = '.'
        or (
            translate(p_text, '0123456789', '') <> '.' -- quicker than the expression below
            and p_text !~ '^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$'
        )
    then
        return null;
    end if;
    v_minutes := round(p_text::numeric * 60);
    if v_minutes between -2147483648 and 2147483647 then
        return v_minutes::integer;
    end if;
    return null;
end
$_$;

-- Name: FUNCTION to_minutes(p_text text); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.to_minutes(p_text text) IS 'Rounds decimal hours to minutes; null for what is no number or no integer then.';

-- Name: valid_point(double precision, double precision); Type: FUNCTION; Schema: tickets; Owner: -

CREATE FUNCTION tickets.valid_point(p_longitude double precision, p_latitude double precision) RETURNS public.geometry
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
begin
    if p_longitude between -180 and 180 and p_latitude between -90 and 90
        and not (p_longitude = 0 and p_latitude = 0)
    then
        return public.st_setsrid(public.st_makepoint(p_longitude, p_latitude), 4326);
    end if;
    return null;
end
$$;

-- Name: FUNCTION valid_point(p_longitude double precision, p_latitude double precision); Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON FUNCTION tickets.valid_point(p_longitude double precision, p_latitude double precision) IS 'Makes the point of a longitude and a latitude in degrees; null if they are out of range, NaN or both 0. The one rule of what a coordinate is.';

-- Name: reseed_before; Type: TABLE; Schema: scratch; Owner: -

CREATE TABLE scratch.reseed_before (
    generation integer NOT NULL,
    ticket_id text NOT NULL,
    raw_hash text NOT NULL
);

-- Name: TABLE reseed_before; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON TABLE scratch.reseed_before IS 'The tickets as they were when a reseed was opened, until its report is made.';

-- Name: COLUMN reseed_before.generation; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_before.generation IS 'Generation of the reseed.';

-- Name: COLUMN reseed_before.ticket_id; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_before.ticket_id IS 'The source''s number of the ticket.';

-- Name: COLUMN reseed_before.raw_hash; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_before.raw_hash IS 'MD5 of its content at that time.';

-- Name: reseed_closures; Type: TABLE; Schema: scratch; Owner: -

CREATE UNLOGGED TABLE scratch.reseed_closures (
    run bigint NOT NULL,
    ticket_id text NOT NULL,
    closed_at timestamp with time zone NOT NULL
);

-- Name: TABLE reseed_closures; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON TABLE scratch.reseed_closures IS 'Closures that a plan''s files show and the history lacks.';

-- Name: COLUMN reseed_closures.run; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_closures.run IS 'Number of the plan.';

-- Name: COLUMN reseed_closures.ticket_id; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_closures.ticket_id IS 'The source''s number of the ticket.';

-- Name: COLUMN reseed_closures.closed_at; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_closures.closed_at IS 'When it was closed.';

-- Name: reseed_files; Type: TABLE; Schema: scratch; Owner: -

CREATE UNLOGGED TABLE scratch.reseed_files (
    run bigint NOT NULL,
    "position" integer NOT NULL,
    stamp text NOT NULL COLLATE pg_catalog."C",
    object_key text NOT NULL,
    etag text NOT NULL,
    size_bytes bigint NOT NULL,
    outcome text,
    status text,
    revision integer,
    reason text,
    rows_read bigint,
    rows_dropped bigint,
    rows_rejected bigint,
    rows_duplicate bigint,
    rows_inserted bigint,
    rows_updated bigint,
    rows_unchanged bigint,
    rows_stale bigint
);

-- Name: TABLE reseed_files; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON TABLE scratch.reseed_files IS 'The files of a plan in the order of application, and what would become of each.';

-- Name: COLUMN reseed_files.run; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.run IS 'Number of the plan.';

-- Name: COLUMN reseed_files."position"; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files."position" IS 'Place in the order of application, from 1.';

-- Name: COLUMN reseed_files.stamp; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.stamp IS 'Stamp of the file, which orders the stream.';

-- Name: COLUMN reseed_files.object_key; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.object_key IS 'Where it was listed.';

-- Name: COLUMN reseed_files.etag; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.etag IS 'Etag that it was listed with.';

-- Name: COLUMN reseed_files.size_bytes; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.size_bytes IS 'Its size in bytes.';

-- Name: COLUMN reseed_files.outcome; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.outcome IS 'applied, quarantined, skipped or already settled; null until it is judged.';

-- Name: COLUMN reseed_files.status; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.status IS 'What the ledger would know its content as: applied, quarantined or skipped; null until judged.';

-- Name: COLUMN reseed_files.revision; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.revision IS 'Revision of its stamp that the content would be; null until it is judged.';

-- Name: COLUMN reseed_files.reason; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.reason IS 'Why it would not be applied; null if it would.';

-- Name: COLUMN reseed_files.rows_read; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.rows_read IS 'Rows read, the sum of the other seven; this and they are null unless the file would be applied.';

-- Name: COLUMN reseed_files.rows_dropped; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.rows_dropped IS 'Rows that are no tickets.';

-- Name: COLUMN reseed_files.rows_rejected; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.rows_rejected IS 'Rows that break a rule.';

-- Name: COLUMN reseed_files.rows_duplicate; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.rows_duplicate IS 'Rows that a later line of the same ticket replaces.';

-- Name: COLUMN reseed_files.rows_inserted; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.rows_inserted IS 'New tickets.';

-- Name: COLUMN reseed_files.rows_updated; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.rows_updated IS 'Tickets whose content would change.';

-- Name: COLUMN reseed_files.rows_unchanged; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.rows_unchanged IS 'Tickets that would be asserted as they are.';

-- Name: COLUMN reseed_files.rows_stale; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_files.rows_stale IS 'Tickets that something newer has asserted.';

-- Name: reseed_plans; Type: TABLE; Schema: scratch; Owner: -

CREATE UNLOGGED TABLE scratch.reseed_plans (
    run bigint NOT NULL,
    plan_sha256 text NOT NULL,
    generation integer NOT NULL,
    source text NOT NULL,
    cleaning_version integer NOT NULL,
    held text[] NOT NULL,
    foreign_keys text[] NOT NULL,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    summary jsonb
);

-- Name: TABLE reseed_plans; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON TABLE scratch.reseed_plans IS 'Plans in progress, and for a day those that are finished.';

-- Name: COLUMN reseed_plans.run; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_plans.run IS 'Number of the plan.';

-- Name: COLUMN reseed_plans.plan_sha256; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_plans.plan_sha256 IS 'Hash that names what the plan is about.';

-- Name: COLUMN reseed_plans.generation; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_plans.generation IS 'Generation that the reseed would open.';

-- Name: COLUMN reseed_plans.source; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_plans.source IS 'Bucket and prefix that were listed.';

-- Name: COLUMN reseed_plans.cleaning_version; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_plans.cleaning_version IS 'Version of the rules that rows are cleaned by.';

-- Name: COLUMN reseed_plans.held; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_plans.held IS 'Listed keys whose stamp is no real time or lies ahead.';

-- Name: COLUMN reseed_plans.foreign_keys; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_plans.foreign_keys IS 'Listed keys that are not named like change files.';

-- Name: COLUMN reseed_plans.opened_at; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_plans.opened_at IS 'When the listing was made.';

-- Name: COLUMN reseed_plans.summary; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_plans.summary IS 'The answer of the finished plan, for whoever asks again; null until then.';

-- Name: reseed_plans_run_seq; Type: SEQUENCE; Schema: scratch; Owner: -

ALTER TABLE scratch.reseed_plans ALTER COLUMN run ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME scratch.reseed_plans_run_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: reseed_tickets; Type: TABLE; Schema: scratch; Owner: -

CREATE UNLOGGED TABLE scratch.reseed_tickets (
    run bigint NOT NULL,
    ticket_id text NOT NULL,
    raw_hash text NOT NULL,
    generation integer NOT NULL,
    stamp text NOT NULL COLLATE pg_catalog."C",
    revision integer NOT NULL
);

-- Name: TABLE reseed_tickets; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON TABLE scratch.reseed_tickets IS 'The tickets as a plan''s files would leave them, by the files that were judged so far.';

-- Name: COLUMN reseed_tickets.run; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_tickets.run IS 'Number of the plan.';

-- Name: COLUMN reseed_tickets.ticket_id; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_tickets.ticket_id IS 'The source''s number of the ticket.';

-- Name: COLUMN reseed_tickets.raw_hash; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_tickets.raw_hash IS 'MD5 of its content.';

-- Name: COLUMN reseed_tickets.generation; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_tickets.generation IS 'Generation of the version that would assert it.';

-- Name: COLUMN reseed_tickets.stamp; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_tickets.stamp IS 'Stamp of that version.';

-- Name: COLUMN reseed_tickets.revision; Type: COMMENT; Schema: scratch; Owner: -

COMMENT ON COLUMN scratch.reseed_tickets.revision IS 'Revision of that version.';

-- Name: closure_events; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.closure_events (
    ticket_id text NOT NULL,
    closed_at timestamp with time zone NOT NULL,
    cluster text,
    region text,
    location_name text,
    assigned_team text,
    owner text,
    raw_status text,
    normalized_status text,
    sla_status text,
    mttr integer,
    created_at_service timestamp with time zone,
    first_seen_at timestamp with time zone,
    recorded_at timestamp with time zone DEFAULT clock_timestamp(),
    generation integer NOT NULL,
    stamp text NOT NULL COLLATE pg_catalog."C",
    revision integer NOT NULL
);

-- Name: TABLE closure_events; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.closure_events IS 'Every closure that any row showed, for good; the attributes are those of the smallest version that showed it.';

-- Name: COLUMN closure_events.ticket_id; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.ticket_id IS 'The ticket.';

-- Name: COLUMN closure_events.closed_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.closed_at IS 'When it was closed.';

-- Name: COLUMN closure_events.cluster; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.cluster IS 'Area that a team serves; null if not given.';

-- Name: COLUMN closure_events.region; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.region IS 'Region above the cluster, in lower case; null if not given.';

-- Name: COLUMN closure_events.location_name; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.location_name IS 'Place as the source names it, network codes included; null if not given.';

-- Name: COLUMN closure_events.assigned_team; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.assigned_team IS 'Team that has the ticket; null if not given.';

-- Name: COLUMN closure_events.owner; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.owner IS 'Person who has the ticket; null if not given.';

-- Name: COLUMN closure_events.raw_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.raw_status IS 'State as the source shows it, in upper case; null if not given.';

-- Name: COLUMN closure_events.normalized_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.normalized_status IS 'State of the ticket in the source''s normal form (new, open, closed, …); null if not given.';

-- Name: COLUMN closure_events.sla_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.sla_status IS 'The source''s own verdict; it means something for closed tickets only. Null if not given.';

-- Name: COLUMN closure_events.mttr; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.mttr IS 'Time to repair in whole minutes, from the source''s decimal hours; not closed minus created. Null if not given or no number.';

-- Name: COLUMN closure_events.created_at_service; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.created_at_service IS 'When the customer''s trouble was reported; missing on about 30 % of the rows. Null if not given or no time.';

-- Name: COLUMN closure_events.first_seen_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.first_seen_at IS 'When the exporter first saw the ticket; stands in for created_at_service. Null if not given or no time.';

-- Name: COLUMN closure_events.recorded_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.recorded_at IS 'When the closure was first recorded; null if adopted without it.';

-- Name: COLUMN closure_events.generation; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.generation IS 'Version that gave the attributes: its generation; 0 if adopted.';

-- Name: COLUMN closure_events.stamp; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.stamp IS 'Version that gave the attributes: its stamp; empty if adopted.';

-- Name: COLUMN closure_events.revision; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.closure_events.revision IS 'Version that gave the attributes: its revision; 0 if adopted.';

-- Name: crq; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.crq (
    ticket_id text NOT NULL,
    raw jsonb NOT NULL,
    geom public.geometry(Point,4326),
    geo_source text NOT NULL,
    ingested_at timestamp with time zone DEFAULT now() NOT NULL,
    normalized_status text GENERATED ALWAYS AS ((raw ->> 'normalized_status'::text)) STORED,
    raw_status text GENERATED ALWAYS AS ((raw ->> 'raw_status'::text)) STORED,
    bucket text GENERATED ALWAYS AS ((raw ->> 'bucket'::text)) STORED,
    is_actionable boolean GENERATED ALWAYS AS (tickets.to_boolean((raw ->> 'is_actionable'::text))) STORED,
    cluster text GENERATED ALWAYS AS ((raw ->> 'cluster'::text)) STORED,
    region text GENERATED ALWAYS AS ((raw ->> 'region'::text)) STORED,
    location_name text GENERATED ALWAYS AS ((raw ->> 'location_name'::text)) STORED,
    assigned_team text GENERATED ALWAYS AS ((raw ->> 'assigned_team'::text)) STORED,
    owner text GENERATED ALWAYS AS ((raw ->> 'owner'::text)) STORED,
    sla_status text GENERATED ALWAYS AS ((raw ->> 'sla_status'::text)) STORED,
    created_at_service timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'created_at_service'::text))) STORED,
    scheduled_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'scheduled_at'::text))) STORED,
    closed_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'closed_at'::text))) STORED,
    first_seen_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'first_seen_at'::text))) STORED,
    last_seen_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'last_seen_at'::text))) STORED,
    source_created_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'source_created_at'::text))) STORED,
    source_updated_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'source_updated_at'::text))) STORED,
    latitude double precision GENERATED ALWAYS AS (COALESCE(public.st_y(tickets.feed_point(raw)), public.st_y(geom))) STORED,
    longitude double precision GENERATED ALWAYS AS (COALESCE(public.st_x(tickets.feed_point(raw)), public.st_x(geom))) STORED,
    geog public.geography(Point,4326) GENERATED ALWAYS AS ((geom)::public.geography) STORED,
    mttr integer GENERATED ALWAYS AS (tickets.to_minutes((raw ->> 'mttr'::text))) STORED,
    CONSTRAINT crq_geo_source_is_known CHECK ((geo_source = ANY (ARRAY['feed'::text, 'location'::text, 'cluster'::text, 'none'::text])))
);

-- Name: TABLE crq; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.crq IS 'CRQ tickets (requests for new installations); the same shape as inc, not ingested.';

-- Name: COLUMN crq.ticket_id; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.ticket_id IS 'The source''s number of the ticket, at most 200 bytes.';

-- Name: COLUMN crq.raw; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.raw IS 'All cells of the row that last asserted the ticket, cleaned, as text; empty cells are left out.';

-- Name: COLUMN crq.geom; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.geom IS 'Resolved point, WGS 84 longitude and latitude in degrees; null if nothing places the ticket.';

-- Name: COLUMN crq.geo_source; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.geo_source IS 'What placed the ticket: feed, location, cluster, or none.';

-- Name: COLUMN crq.ingested_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.ingested_at IS 'When raw last changed.';

-- Name: COLUMN crq.normalized_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.normalized_status IS 'State of the ticket in the source''s normal form (new, open, closed, …); null if not given.';

-- Name: COLUMN crq.raw_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.raw_status IS 'State as the source shows it, in upper case; null if not given.';

-- Name: COLUMN crq.bucket; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.bucket IS 'Work queue of the source; null if not given.';

-- Name: COLUMN crq.is_actionable; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.is_actionable IS 'Whether the ticket is open; null if the feed''s text is no boolean.';

-- Name: COLUMN crq.cluster; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.cluster IS 'Area that a team serves; null if not given.';

-- Name: COLUMN crq.region; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.region IS 'Region above the cluster, in lower case; null if not given.';

-- Name: COLUMN crq.location_name; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.location_name IS 'Place as the source names it, network codes included; null if not given.';

-- Name: COLUMN crq.assigned_team; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.assigned_team IS 'Team that has the ticket; null if not given.';

-- Name: COLUMN crq.owner; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.owner IS 'Person who has the ticket; null if not given.';

-- Name: COLUMN crq.sla_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.sla_status IS 'The source''s own verdict; it means something for closed tickets only. Null if not given.';

-- Name: COLUMN crq.created_at_service; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.created_at_service IS 'When the customer''s trouble was reported; missing on about 30 % of the rows. Null if not given or no time.';

-- Name: COLUMN crq.scheduled_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.scheduled_at IS 'When work is planned; null if not given or no time.';

-- Name: COLUMN crq.closed_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.closed_at IS 'When the ticket was last closed; null if never, not given or no time.';

-- Name: COLUMN crq.first_seen_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.first_seen_at IS 'When the exporter first saw the ticket; stands in for created_at_service. Null if not given or no time.';

-- Name: COLUMN crq.last_seen_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.last_seen_at IS 'When the exporter last saw the ticket; null if not given or no time.';

-- Name: COLUMN crq.source_created_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.source_created_at IS 'When the source''s record was made; null if not given or no time.';

-- Name: COLUMN crq.source_updated_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.source_updated_at IS 'When the source''s record last changed; about two days older than its file. Null if not given or no time.';

-- Name: COLUMN crq.latitude; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.latitude IS 'Degrees north: the feed''s if its pair is a coordinate, else the resolved point''s; null without either.';

-- Name: COLUMN crq.longitude; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.longitude IS 'Degrees east: the feed''s if its pair is a coordinate, else the resolved point''s; null without either.';

-- Name: COLUMN crq.geog; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.geog IS 'The resolved point as geography, for distances in metres; null if nothing places the ticket.';

-- Name: COLUMN crq.mttr; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq.mttr IS 'Time to repair in whole minutes, from the source''s decimal hours; not closed minus created. Null if not given or no number.';

-- Name: crq_open_sla; Type: VIEW; Schema: tickets; Owner: -

CREATE VIEW tickets.crq_open_sla AS
 SELECT crq.ticket_id,
    crq.normalized_status,
    crq.raw_status,
    crq.cluster,
    crq.region,
    crq.location_name,
    crq.assigned_team,
    crq.owner,
    crq.created_at_service,
    crq.first_seen_at,
    clock.hours_open,
    clock.sla_state,
    clock.sla_clock_source,
    crq.latitude,
    crq.longitude,
    crq.geo_source,
    crq.geog
   FROM (tickets.crq crq
     CROSS JOIN LATERAL tickets.sla_clock(crq.created_at_service, crq.first_seen_at, now()) clock(sla_clock_source, sla_state, hours_open))
  WHERE crq.is_actionable;

-- Name: VIEW crq_open_sla; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON VIEW tickets.crq_open_sla IS 'Open CRQ tickets with the state of their SLA now.';

-- Name: COLUMN crq_open_sla.ticket_id; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.ticket_id IS 'The ticket.';

-- Name: COLUMN crq_open_sla.normalized_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.normalized_status IS 'State of the ticket in the source''s normal form (new, open, closed, …); null if not given.';

-- Name: COLUMN crq_open_sla.raw_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.raw_status IS 'State as the source shows it, in upper case; null if not given.';

-- Name: COLUMN crq_open_sla.cluster; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.cluster IS 'Area that a team serves; null if not given.';

-- Name: COLUMN crq_open_sla.region; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.region IS 'Region above the cluster, in lower case; null if not given.';

-- Name: COLUMN crq_open_sla.location_name; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.location_name IS 'Place as the source names it, network codes included; null if not given.';

-- Name: COLUMN crq_open_sla.assigned_team; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.assigned_team IS 'Team that has the ticket; null if not given.';

-- Name: COLUMN crq_open_sla.owner; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.owner IS 'Person who has the ticket; null if not given.';

-- Name: COLUMN crq_open_sla.created_at_service; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.created_at_service IS 'When the customer''s trouble was reported; missing on about 30 % of the rows. Null if not given or no time.';

-- Name: COLUMN crq_open_sla.first_seen_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.first_seen_at IS 'When the exporter first saw the ticket; stands in for created_at_service. Null if not given or no time.';

-- Name: COLUMN crq_open_sla.hours_open; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.hours_open IS 'Hours since the clock started, cut to two decimals, 0 if it starts in the future; null without a clock.';

-- Name: COLUMN crq_open_sla.sla_state; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.sla_state IS 'within, at_risk or breached by the hours in tickets.settings (36 and 48), unknown without a clock.';

-- Name: COLUMN crq_open_sla.sla_clock_source; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.sla_clock_source IS 'What started the clock: created_at_service, else first_seen_at; null if neither is known.';

-- Name: COLUMN crq_open_sla.latitude; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.latitude IS 'Degrees north: the feed''s if its pair is a coordinate, else the resolved point''s; null without either.';

-- Name: COLUMN crq_open_sla.longitude; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.longitude IS 'Degrees east: the feed''s if its pair is a coordinate, else the resolved point''s; null without either.';

-- Name: COLUMN crq_open_sla.geo_source; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.geo_source IS 'What placed the ticket: feed, location, cluster, or none.';

-- Name: COLUMN crq_open_sla.geog; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.crq_open_sla.geog IS 'The resolved point as geography, for distances in metres; null if nothing places the ticket.';

-- Name: enrich_marks; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.enrich_marks (
    mark_id bigint NOT NULL,
    step text NOT NULL,
    marked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT enrich_marks_step_is_known CHECK ((step = ANY (ARRAY['clusters'::text, 'locations'::text, 'geometry'::text, 'closures'::text, 'history'::text])))
);

-- Name: TABLE enrich_marks; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.enrich_marks IS 'A row says that something was written which a step of the scheduled run has not looked at yet.';

-- Name: COLUMN enrich_marks.mark_id; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.enrich_marks.mark_id IS 'Number of the mark.';

-- Name: COLUMN enrich_marks.step; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.enrich_marks.step IS 'Who has to look: clusters, locations, geometry, closures, history.';

-- Name: COLUMN enrich_marks.marked_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.enrich_marks.marked_at IS 'When it was written.';

-- Name: enrich_marks_mark_id_seq; Type: SEQUENCE; Schema: tickets; Owner: -

ALTER TABLE tickets.enrich_marks ALTER COLUMN mark_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tickets.enrich_marks_mark_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: geo_clusters; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.geo_clusters (
    cluster text NOT NULL,
    geom public.geometry(Point,4326),
    source text,
    verified boolean DEFAULT false NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    provider text,
    query text,
    confidence double precision,
    outcome text,
    reason text,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone,
    expires_at timestamp with time zone,
    CONSTRAINT geo_clusters_attempts_are_counted CHECK ((attempts >= 0)),
    CONSTRAINT geo_clusters_geom_is_coordinate CHECK (((geom IS NULL) OR (tickets.valid_point(public.st_x(geom), public.st_y(geom)) IS NOT NULL))),
    CONSTRAINT geo_clusters_outcome_is_known CHECK ((outcome = ANY (ARRAY['found'::text, 'not_found'::text, 'rejected'::text])))
);

-- Name: TABLE geo_clusters; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.geo_clusters IS 'Gazetteer: one coarse point for each cluster.';

-- Name: COLUMN geo_clusters.cluster; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.cluster IS 'The cluster as in raw.';

-- Name: COLUMN geo_clusters.geom; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.geom IS 'The point, WGS 84 longitude and latitude in degrees; null while it is not known.';

-- Name: COLUMN geo_clusters.source; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.source IS 'Who found the point: a provider or a person; null if not recorded.';

-- Name: COLUMN geo_clusters.verified; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.verified IS 'Whether a person confirmed the point; no machine changes it then.';

-- Name: COLUMN geo_clusters.updated_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.updated_at IS 'When the row last changed.';

-- Name: COLUMN geo_clusters.provider; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.provider IS 'Geocoder that gave the last answer; null if none did.';

-- Name: COLUMN geo_clusters.query; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.query IS 'What it was asked; null if nothing was.';

-- Name: COLUMN geo_clusters.confidence; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.confidence IS 'How sure it was, from 0 to 1; null if it does not say.';

-- Name: COLUMN geo_clusters.outcome; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.outcome IS 'Its last answer: found, not_found, rejected by our rules; null without one. Trouble is no answer.';

-- Name: COLUMN geo_clusters.reason; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.reason IS 'Why it was rejected, or could not be asked for; null otherwise.';

-- Name: COLUMN geo_clusters.attempts; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.attempts IS 'How often it was asked for in vain or not.';

-- Name: COLUMN geo_clusters.next_attempt_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.next_attempt_at IS 'When it may be asked for again, if it has no point; null means never if there is an outcome, else at once.';

-- Name: COLUMN geo_clusters.expires_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_clusters.expires_at IS 'Until when the provider lets us use the answer for other names; null means for good.';

-- Name: geo_locations; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.geo_locations (
    location_name text NOT NULL,
    geom public.geometry(Point,4326),
    source text,
    verified boolean DEFAULT false NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    cluster text DEFAULT ''::text NOT NULL,
    provider text,
    query text,
    distance_metres double precision,
    confidence double precision,
    outcome text,
    reason text,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone,
    expires_at timestamp with time zone,
    CONSTRAINT geo_locations_attempts_are_counted CHECK ((attempts >= 0)),
    CONSTRAINT geo_locations_geom_is_coordinate CHECK (((geom IS NULL) OR (tickets.valid_point(public.st_x(geom), public.st_y(geom)) IS NOT NULL))),
    CONSTRAINT geo_locations_outcome_is_known CHECK ((outcome = ANY (ARRAY['found'::text, 'not_found'::text, 'rejected'::text])))
);

-- Name: TABLE geo_locations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.geo_locations IS 'Gazetteer: a precise point for a location name in a cluster.';

-- Name: COLUMN geo_locations.location_name; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.location_name IS 'The location name as in raw.';

-- Name: COLUMN geo_locations.geom; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.geom IS 'The point, WGS 84 longitude and latitude in degrees; null while it is not known.';

-- Name: COLUMN geo_locations.source; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.source IS 'Who found the point: a provider or a person; null if not recorded.';

-- Name: COLUMN geo_locations.verified; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.verified IS 'Whether a person confirmed the point; no machine changes it then.';

-- Name: COLUMN geo_locations.updated_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.updated_at IS 'When the row last changed.';

-- Name: COLUMN geo_locations.cluster; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.cluster IS 'The cluster as in raw; empty for any cluster.';

-- Name: COLUMN geo_locations.provider; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.provider IS 'Geocoder that gave the last answer; null if none did.';

-- Name: COLUMN geo_locations.query; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.query IS 'What it was asked; null if nothing was, as when the name has no place in it.';

-- Name: COLUMN geo_locations.distance_metres; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.distance_metres IS 'From the cluster''s point, as it was then, to the place found; null without one.';

-- Name: COLUMN geo_locations.confidence; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.confidence IS 'How sure it was, from 0 to 1; null if it does not say.';

-- Name: COLUMN geo_locations.outcome; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.outcome IS 'Its last answer: found, not_found, rejected by our rules; null without one. Trouble is no answer.';

-- Name: COLUMN geo_locations.reason; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.reason IS 'Why it was rejected, or could not be asked for; null otherwise.';

-- Name: COLUMN geo_locations.attempts; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.attempts IS 'How often it was asked for in vain or not.';

-- Name: COLUMN geo_locations.next_attempt_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.next_attempt_at IS 'When it may be asked for again, if it has no point; null means never if there is an outcome, else at once.';

-- Name: COLUMN geo_locations.expires_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geo_locations.expires_at IS 'Until when the provider lets us use the answer for other names; null means for good.';

-- Name: inc; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.inc (
    ticket_id text NOT NULL,
    raw jsonb NOT NULL,
    geom public.geometry(Point,4326),
    geo_source text NOT NULL,
    ingested_at timestamp with time zone DEFAULT now() NOT NULL,
    normalized_status text GENERATED ALWAYS AS ((raw ->> 'normalized_status'::text)) STORED,
    raw_status text GENERATED ALWAYS AS ((raw ->> 'raw_status'::text)) STORED,
    bucket text GENERATED ALWAYS AS ((raw ->> 'bucket'::text)) STORED,
    is_actionable boolean GENERATED ALWAYS AS (tickets.to_boolean((raw ->> 'is_actionable'::text))) STORED,
    cluster text GENERATED ALWAYS AS ((raw ->> 'cluster'::text)) STORED,
    region text GENERATED ALWAYS AS ((raw ->> 'region'::text)) STORED,
    location_name text GENERATED ALWAYS AS ((raw ->> 'location_name'::text)) STORED,
    assigned_team text GENERATED ALWAYS AS ((raw ->> 'assigned_team'::text)) STORED,
    owner text GENERATED ALWAYS AS ((raw ->> 'owner'::text)) STORED,
    sla_status text GENERATED ALWAYS AS ((raw ->> 'sla_status'::text)) STORED,
    created_at_service timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'created_at_service'::text))) STORED,
    scheduled_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'scheduled_at'::text))) STORED,
    closed_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'closed_at'::text))) STORED,
    first_seen_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'first_seen_at'::text))) STORED,
    last_seen_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'last_seen_at'::text))) STORED,
    source_created_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'source_created_at'::text))) STORED,
    source_updated_at timestamp with time zone GENERATED ALWAYS AS (tickets.eat_ts((raw ->> 'source_updated_at'::text))) STORED,
    latitude double precision GENERATED ALWAYS AS (COALESCE(public.st_y(tickets.feed_point(raw)), public.st_y(geom))) STORED,
    longitude double precision GENERATED ALWAYS AS (COALESCE(public.st_x(tickets.feed_point(raw)), public.st_x(geom))) STORED,
    geog public.geography(Point,4326) GENERATED ALWAYS AS ((geom)::public.geography) STORED,
    mttr integer GENERATED ALWAYS AS (tickets.to_minutes((raw ->> 'mttr'::text))) STORED,
    CONSTRAINT inc_geo_source_is_known CHECK ((geo_source = ANY (ARRAY['feed'::text, 'location'::text, 'cluster'::text, 'none'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

-- Name: TABLE inc; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.inc IS 'INC tickets (customer faults), one row each, as last asserted by the feed. Never deleted.';

-- Name: COLUMN inc.ticket_id; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.ticket_id IS 'The source''s number of the ticket, at most 200 bytes.';

-- Name: COLUMN inc.raw; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.raw IS 'All cells of the row that last asserted the ticket, cleaned, as text; empty cells are left out.';

-- Name: COLUMN inc.geom; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.geom IS 'Resolved point, WGS 84 longitude and latitude in degrees; null if nothing places the ticket.';

-- Name: COLUMN inc.geo_source; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.geo_source IS 'What placed the ticket: feed, location, cluster, or none.';

-- Name: COLUMN inc.ingested_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.ingested_at IS 'When raw last changed.';

-- Name: COLUMN inc.normalized_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.normalized_status IS 'State of the ticket in the source''s normal form (new, open, closed, …); null if not given.';

-- Name: COLUMN inc.raw_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.raw_status IS 'State as the source shows it, in upper case; null if not given.';

-- Name: COLUMN inc.bucket; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.bucket IS 'Work queue of the source; null if not given.';

-- Name: COLUMN inc.is_actionable; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.is_actionable IS 'Whether the ticket is open; null if the feed''s text is no boolean.';

-- Name: COLUMN inc.cluster; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.cluster IS 'Area that a team serves; null if not given.';

-- Name: COLUMN inc.region; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.region IS 'Region above the cluster, in lower case; null if not given.';

-- Name: COLUMN inc.location_name; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.location_name IS 'Place as the source names it, network codes included; null if not given.';

-- Name: COLUMN inc.assigned_team; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.assigned_team IS 'Team that has the ticket; null if not given.';

-- Name: COLUMN inc.owner; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.owner IS 'Person who has the ticket; null if not given.';

-- Name: COLUMN inc.sla_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.sla_status IS 'The source''s own verdict; it means something for closed tickets only. Null if not given.';

-- Name: COLUMN inc.created_at_service; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.created_at_service IS 'When the customer''s trouble was reported; missing on about 30 % of the rows. Null if not given or no time.';

-- Name: COLUMN inc.scheduled_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.scheduled_at IS 'When work is planned; null if not given or no time.';

-- Name: COLUMN inc.closed_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.closed_at IS 'When the ticket was last closed; null if never, not given or no time.';

-- Name: COLUMN inc.first_seen_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.first_seen_at IS 'When the exporter first saw the ticket; stands in for created_at_service. Null if not given or no time.';

-- Name: COLUMN inc.last_seen_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.last_seen_at IS 'When the exporter last saw the ticket; null if not given or no time.';

-- Name: COLUMN inc.source_created_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.source_created_at IS 'When the source''s record was made; null if not given or no time.';

-- Name: COLUMN inc.source_updated_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.source_updated_at IS 'When the source''s record last changed; about two days older than its file. Null if not given or no time.';

-- Name: COLUMN inc.latitude; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.latitude IS 'Degrees north: the feed''s if its pair is a coordinate, else the resolved point''s; null without either.';

-- Name: COLUMN inc.longitude; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.longitude IS 'Degrees east: the feed''s if its pair is a coordinate, else the resolved point''s; null without either.';

-- Name: COLUMN inc.geog; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.geog IS 'The resolved point as geography, for distances in metres; null if nothing places the ticket.';

-- Name: COLUMN inc.mttr; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc.mttr IS 'Time to repair in whole minutes, from the source''s decimal hours; not closed minus created. Null if not given or no number.';

-- Name: geocode_backlog; Type: VIEW; Schema: tickets; Owner: -

CREATE VIEW tickets.geocode_backlog AS
 WITH waiting AS (
         SELECT inc.cluster,
            inc.location_name,
            inc.geo_source,
            count(*) AS tickets
           FROM tickets.inc inc
          WHERE (inc.is_actionable AND (inc.geo_source = ANY (ARRAY['cluster'::text, 'none'::text])))
          GROUP BY inc.cluster, inc.location_name, inc.geo_source
        ), named_clusters AS (
         SELECT COALESCE(known.cluster, asked.cluster) AS cluster,
            COALESCE(asked.tickets, (0)::bigint) AS tickets
           FROM (( SELECT waiting.cluster,
                    (sum(waiting.tickets))::bigint AS tickets
                   FROM waiting
                  WHERE ((waiting.geo_source = 'none'::text) AND (waiting.cluster IS NOT NULL))
                  GROUP BY waiting.cluster) asked
             FULL JOIN tickets.geo_clusters known ON ((asked.cluster = known.cluster)))
          WHERE (known.geom IS NULL)
        ), places AS (
         SELECT 'cluster'::text AS tier,
            named.cluster AS name,
            named.cluster,
            named.tickets,
            true AS has_reference,
            known.verified,
            known.outcome,
            known.reason,
            COALESCE(known.attempts, 0) AS attempts,
            known.next_attempt_at
           FROM (named_clusters named
             LEFT JOIN tickets.geo_clusters known ON ((named.cluster = known.cluster)))
        UNION ALL
         SELECT 'location'::text AS tier,
            asked.location_name AS name,
            asked.cluster,
            asked.tickets,
            (clusters.geom IS NOT NULL) AS has_reference,
            known.verified,
            known.outcome,
            known.reason,
            COALESCE(known.attempts, 0) AS attempts,
            known.next_attempt_at
           FROM ((( SELECT waiting.location_name,
                    waiting.cluster,
                    (sum(waiting.tickets))::bigint AS tickets
                   FROM waiting
                  GROUP BY waiting.location_name, waiting.cluster) asked
             LEFT JOIN tickets.geo_clusters clusters ON ((asked.cluster = clusters.cluster)))
             LEFT JOIN tickets.geo_locations known ON (((asked.location_name = known.location_name) AND (asked.cluster = known.cluster))))
          WHERE (known.geom IS NULL)
        ), explained AS (
         SELECT places.tier,
            places.name,
            places.cluster,
            places.tickets,
            places.has_reference,
            places.verified,
            places.outcome,
            places.reason,
            places.attempts,
            places.next_attempt_at,
                CASE
                    WHEN (places.cluster IS NULL) THEN 'the ticket has no cluster'::text
                    WHEN (places.name IS NULL) THEN 'the ticket names no location'::text
                    WHEN (GREATEST(octet_length(places.name), octet_length(places.cluster)) > 500) THEN 'the name is too long'::text
                    WHEN places.verified THEN 'a person took the point away'::text
                    WHEN (NOT places.has_reference) THEN 'waits for the cluster''s point'::text
                    WHEN ((places.outcome IS NULL) AND (places.reason IS NOT NULL)) THEN ('cannot be asked for: '::text || replace(places.reason, '_'::text, ' '::text))
                    WHEN (places.outcome IS NULL) THEN 'not asked for yet'::text
                    ELSE (replace(places.outcome, '_'::text, ' '::text) || COALESCE((': '::text || replace(places.reason, '_'::text, ' '::text)), ''::text))
                END AS why
           FROM places
        )
 SELECT explained.tier,
    explained.name,
    explained.cluster,
    explained.tickets,
    explained.why,
    explained.attempts,
    explained.next_attempt_at,
    ((explained.cluster IS NOT NULL) AND (explained.name IS NOT NULL) AND (GREATEST(octet_length(explained.name), octet_length(explained.cluster)) <= 500) AND (explained.verified IS NOT TRUE) AND explained.has_reference AND COALESCE((explained.next_attempt_at <= now()), (explained.outcome IS NULL))) AS is_due
   FROM explained;

-- Name: VIEW geocode_backlog; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON VIEW tickets.geocode_backlog IS 'What geocoding has not placed, and why: clusters without a point, and the location names of open tickets that have their cluster''s point or none.';

-- Name: COLUMN geocode_backlog.tier; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geocode_backlog.tier IS 'cluster: these tickets are on no map; location: these have their cluster''s point or none.';

-- Name: COLUMN geocode_backlog.name; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geocode_backlog.name IS 'The cluster, or the location name as in raw; null if the ticket names no location.';

-- Name: COLUMN geocode_backlog.cluster; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geocode_backlog.cluster IS 'The cluster; null if the ticket names none.';

-- Name: COLUMN geocode_backlog.tickets; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geocode_backlog.tickets IS 'Open tickets that wait for it.';

-- Name: COLUMN geocode_backlog.why; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geocode_backlog.why IS 'Why there is no point, in words.';

-- Name: COLUMN geocode_backlog.attempts; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geocode_backlog.attempts IS 'How often it was asked for.';

-- Name: COLUMN geocode_backlog.next_attempt_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geocode_backlog.next_attempt_at IS 'When it may be asked for again; null if at once or never, which is_due tells.';

-- Name: COLUMN geocode_backlog.is_due; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.geocode_backlog.is_due IS 'Whether the next run asks for it.';

-- Name: import_attempts; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.import_attempts (
    attempt_id bigint NOT NULL,
    dataset text NOT NULL,
    generation integer NOT NULL,
    stamp text NOT NULL COLLATE pg_catalog."C",
    etag text,
    worker text NOT NULL,
    backend_pid integer NOT NULL,
    backend_started_at timestamp with time zone,
    postmaster_started_at timestamp with time zone,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    outcome text,
    CONSTRAINT import_attempts_worker_is_known CHECK ((worker = ANY (ARRAY['function'::text, 'command line'::text])))
);

-- Name: TABLE import_attempts; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.import_attempts IS 'Work that was begun, committed before it starts, so that deaths can be counted.';

-- Name: COLUMN import_attempts.attempt_id; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.attempt_id IS 'Number of the attempt; later ones are greater.';

-- Name: COLUMN import_attempts.dataset; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.dataset IS 'The dataset: inc.';

-- Name: COLUMN import_attempts.generation; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.generation IS 'Number of the stream that asserts current state; a reseed opens the next one.';

-- Name: COLUMN import_attempts.stamp; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.stamp IS 'EAT time in the file''s name, which orders the stream bytewise.';

-- Name: COLUMN import_attempts.etag; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.etag IS 'Etag of the content; null if unknown.';

-- Name: COLUMN import_attempts.worker; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.worker IS 'function or command line.';

-- Name: COLUMN import_attempts.backend_pid; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.backend_pid IS 'Process of the database session that began it.';

-- Name: COLUMN import_attempts.backend_started_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.backend_started_at IS 'When that session began, which tells it from another with the same process number; null if unknown.';

-- Name: COLUMN import_attempts.postmaster_started_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.postmaster_started_at IS 'When the database server was started, to tell a restart from a death; null if unknown.';

-- Name: COLUMN import_attempts.started_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.started_at IS 'When the attempt began.';

-- Name: COLUMN import_attempts.ended_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.ended_at IS 'When it ended; null if it runs or died.';

-- Name: COLUMN import_attempts.outcome; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_attempts.outcome IS 'How it ended; null if it runs or died.';

-- Name: import_attempts_attempt_id_seq; Type: SEQUENCE; Schema: tickets; Owner: -

ALTER TABLE tickets.import_attempts ALTER COLUMN attempt_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tickets.import_attempts_attempt_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: import_files; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.import_files (
    dataset text NOT NULL,
    generation integer NOT NULL,
    stamp text NOT NULL COLLATE pg_catalog."C",
    revision integer NOT NULL,
    object_key text NOT NULL,
    etag text,
    version_id text,
    sha256 text,
    size_bytes bigint,
    status text NOT NULL,
    late boolean DEFAULT false NOT NULL,
    reason text,
    rows_read bigint,
    rows_dropped bigint,
    rows_rejected bigint,
    rows_duplicate bigint,
    rows_inserted bigint,
    rows_updated bigint,
    rows_unchanged bigint,
    rows_stale bigint,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    duration_ms bigint,
    archived_at timestamp with time zone,
    archive_key text,
    CONSTRAINT import_files_applied_counts_add_up CHECK (
CASE
    WHEN (status = 'applied'::text) THEN COALESCE(((rows_read = ((((((rows_dropped + rows_rejected) + rows_duplicate) + rows_inserted) + rows_updated) + rows_unchanged) + rows_stale)) AND (LEAST(rows_dropped, rows_rejected, rows_duplicate, rows_inserted, rows_updated, rows_unchanged, rows_stale) >= 0)), false)
    ELSE (num_nonnulls(rows_read, rows_dropped, rows_rejected, rows_duplicate, rows_inserted, rows_updated, rows_unchanged, rows_stale) = 0)
END),
    CONSTRAINT import_files_revision_is_positive CHECK ((revision >= 1)),
    CONSTRAINT import_files_status_is_known CHECK ((status = ANY (ARRAY['applied'::text, 'quarantined'::text, 'skipped'::text]))),
    CONSTRAINT import_files_unapplied_has_reason CHECK (((status = 'applied'::text) OR (reason IS NOT NULL)))
);

-- Name: TABLE import_files; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.import_files IS 'The ledger: one row for each settled content. What it lacks is still to do.';

-- Name: COLUMN import_files.dataset; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.dataset IS 'The dataset: inc.';

-- Name: COLUMN import_files.generation; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.generation IS 'Number of the stream that asserts current state; a reseed opens the next one.';

-- Name: COLUMN import_files.stamp; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.stamp IS 'EAT time in the file''s name, which orders the stream bytewise.';

-- Name: COLUMN import_files.revision; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.revision IS '1, 2, … for each different content settled under one stamp.';

-- Name: COLUMN import_files.object_key; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.object_key IS 'Key of the object that was settled.';

-- Name: COLUMN import_files.etag; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.etag IS 'The object''s etag, without quotes; null if it was never seen.';

-- Name: COLUMN import_files.version_id; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.version_id IS 'The object''s version; null in a bucket without versions.';

-- Name: COLUMN import_files.sha256; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.sha256 IS 'SHA-256 of the content in hexadecimal; null if it was not read to its end.';

-- Name: COLUMN import_files.size_bytes; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.size_bytes IS 'Size of the content in bytes; null if it was never seen.';

-- Name: COLUMN import_files.status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.status IS 'applied, quarantined (bad file) or skipped (by a person, or gone).';

-- Name: COLUMN import_files.late; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.late IS 'Whether its (generation, stamp) was below the watermark.';

-- Name: COLUMN import_files.reason; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.reason IS 'Why it was quarantined or skipped; null if applied.';

-- Name: COLUMN import_files.rows_read; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.rows_read IS 'Rows of the file, header excluded; the sum of the other seven counts; null unless applied.';

-- Name: COLUMN import_files.rows_dropped; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.rows_dropped IS 'Rows left out by the cleaning rules: alarms and the sentinel; null unless applied.';

-- Name: COLUMN import_files.rows_rejected; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.rows_rejected IS 'Rows that could not be read; the first 1,000 are in import_rejects; null unless applied.';

-- Name: COLUMN import_files.rows_duplicate; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.rows_duplicate IS 'Rows that a later line of the same ticket replaced; null unless applied.';

-- Name: COLUMN import_files.rows_inserted; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.rows_inserted IS 'Rows of tickets that were new; null unless applied.';

-- Name: COLUMN import_files.rows_updated; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.rows_updated IS 'Rows that changed a ticket; null unless applied.';

-- Name: COLUMN import_files.rows_unchanged; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.rows_unchanged IS 'Rows equal to their ticket; its version was raised; null unless applied.';

-- Name: COLUMN import_files.rows_stale; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.rows_stale IS 'Rows of tickets that a newer version had asserted; null unless applied.';

-- Name: COLUMN import_files.applied_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.applied_at IS 'When the content was settled.';

-- Name: COLUMN import_files.duration_ms; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.duration_ms IS 'How long settling took, in milliseconds; null if not measured.';

-- Name: COLUMN import_files.archived_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.archived_at IS 'When the object was moved away; null while it was not.';

-- Name: COLUMN import_files.archive_key; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_files.archive_key IS 'Where the content lies now; null while it was not moved.';

-- Name: import_manifest; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.import_manifest (
    dataset text NOT NULL,
    generation integer NOT NULL,
    "position" integer NOT NULL,
    stamp text NOT NULL COLLATE pg_catalog."C",
    object_key text NOT NULL,
    etag text NOT NULL,
    size_bytes bigint NOT NULL,
    settled_revision integer,
    settled_at timestamp with time zone,
    CONSTRAINT import_manifest_position_is_positive CHECK (("position" >= 1))
);

-- Name: TABLE import_manifest; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.import_manifest IS 'The files of a reseed, in the order in which they are applied.';

-- Name: COLUMN import_manifest.dataset; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_manifest.dataset IS 'The dataset: inc.';

-- Name: COLUMN import_manifest.generation; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_manifest.generation IS 'Number of the stream that asserts current state; a reseed opens the next one.';

-- Name: COLUMN import_manifest."position"; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_manifest."position" IS 'Order of application, from 1.';

-- Name: COLUMN import_manifest.stamp; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_manifest.stamp IS 'EAT time in the file''s name, which orders the stream bytewise.';

-- Name: COLUMN import_manifest.object_key; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_manifest.object_key IS 'Key of the object.';

-- Name: COLUMN import_manifest.etag; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_manifest.etag IS 'Its etag when the generation was opened.';

-- Name: COLUMN import_manifest.size_bytes; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_manifest.size_bytes IS 'Its size in bytes.';

-- Name: COLUMN import_manifest.settled_revision; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_manifest.settled_revision IS 'Revision under which it was settled; null while it is pending.';

-- Name: COLUMN import_manifest.settled_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_manifest.settled_at IS 'When it was settled; null while it is pending.';

-- Name: import_meta; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.import_meta (
    dataset text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL
);

-- Name: TABLE import_meta; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.import_meta IS 'What is known about each dataset''s import, for reports.';

-- Name: COLUMN import_meta.dataset; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_meta.dataset IS 'The dataset: inc.';

-- Name: COLUMN import_meta.metadata; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_meta.metadata IS 'source_max_key: the watermark, key of the greatest stamp applied in the current generation; last_capture_at: when history was last captured.';

-- Name: import_rejects; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.import_rejects (
    dataset text NOT NULL,
    generation integer NOT NULL,
    stamp text NOT NULL COLLATE pg_catalog."C",
    revision integer NOT NULL,
    line_number bigint NOT NULL,
    reason text NOT NULL,
    text text NOT NULL
);

-- Name: TABLE import_rejects; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.import_rejects IS 'Rows that could not be read, with the reason; at most 1,000 a file.';

-- Name: COLUMN import_rejects.dataset; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_rejects.dataset IS 'The dataset: inc.';

-- Name: COLUMN import_rejects.generation; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_rejects.generation IS 'Number of the stream that asserts current state; a reseed opens the next one.';

-- Name: COLUMN import_rejects.stamp; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_rejects.stamp IS 'EAT time in the file''s name, which orders the stream bytewise.';

-- Name: COLUMN import_rejects.revision; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_rejects.revision IS '1, 2, … for each different content settled under one stamp.';

-- Name: COLUMN import_rejects.line_number; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_rejects.line_number IS 'Physical line where the row starts; the header is line 1.';

-- Name: COLUMN import_rejects.reason; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_rejects.reason IS 'Why the row was rejected.';

-- Name: COLUMN import_rejects.text; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_rejects.text IS 'The row as it came, cut at 2 KiB.';

-- Name: import_streams; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.import_streams (
    dataset text NOT NULL,
    generation integer NOT NULL,
    source text,
    mode text DEFAULT 'live'::text NOT NULL,
    lease_owner text,
    fencing_token bigint DEFAULT 0 NOT NULL,
    lease_expires_at timestamp with time zone,
    plan_sha256 text,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_at timestamp with time zone,
    settlements bigint DEFAULT 0 NOT NULL,
    pending integer,
    held integer,
    foreign_keys integer,
    pending_as_of timestamp with time zone,
    refused_source text,
    report jsonb,
    CONSTRAINT import_streams_generation_is_natural CHECK ((generation >= 0)),
    CONSTRAINT import_streams_mode_is_known CHECK ((mode = ANY (ARRAY['live'::text, 'reseed'::text])))
);

-- Name: TABLE import_streams; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.import_streams IS 'Generations: the streams that were read, the current one having the greatest number.';

-- Name: COLUMN import_streams.dataset; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.dataset IS 'The dataset: inc.';

-- Name: COLUMN import_streams.generation; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.generation IS 'Number of the stream that asserts current state; a reseed opens the next one.';

-- Name: COLUMN import_streams.source; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.source IS 'Bucket and prefix, or directory, that the stream is read from; null until the first ingest from a bucket.';

-- Name: COLUMN import_streams.mode; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.mode IS 'live, or reseed while the files of its manifest are being applied.';

-- Name: COLUMN import_streams.lease_owner; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.lease_owner IS 'Who runs the reseed; null if nobody does.';

-- Name: COLUMN import_streams.fencing_token; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.fencing_token IS 'Raised with each lease; a worker with a lower token must not write.';

-- Name: COLUMN import_streams.lease_expires_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.lease_expires_at IS 'When the lease ends by the database''s clock; null without a lease.';

-- Name: COLUMN import_streams.plan_sha256; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.plan_sha256 IS 'SHA-256 of the plan that was applied, in hexadecimal; null without a plan.';

-- Name: COLUMN import_streams.opened_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.opened_at IS 'When the generation was opened.';

-- Name: COLUMN import_streams.closed_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.closed_at IS 'When its reseed was finished and it went live; null for generation 0 and while it runs.';

-- Name: COLUMN import_streams.settlements; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.settlements IS 'How often something was settled in it, so that a session notices what others did.';

-- Name: COLUMN import_streams.pending; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.pending IS 'Change files that the last listing left unsettled; null before the first listing.';

-- Name: COLUMN import_streams.held; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.held IS 'Keys that the last listing held back for their stamp; null before the first listing.';

-- Name: COLUMN import_streams.foreign_keys; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.foreign_keys IS 'Objects of the last listing that are no change files; null before the first listing.';

-- Name: COLUMN import_streams.pending_as_of; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.pending_as_of IS 'When the listing was reported; null before the first one.';

-- Name: COLUMN import_streams.refused_source; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.refused_source IS 'The configured source if it differs from this one, so that a reseed is needed; null if they agree.';

-- Name: COLUMN import_streams.report; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.import_streams.report IS 'What the reseed that opened the generation came to: counts, and the difference to its plan; null until it is finished.';

-- Name: inc_daily_snapshot; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.inc_daily_snapshot (
    snapshot_date date NOT NULL,
    open_total bigint DEFAULT 0 NOT NULL,
    open_breached bigint DEFAULT 0 NOT NULL,
    created_today bigint DEFAULT 0 NOT NULL,
    closed_today bigint DEFAULT 0 NOT NULL,
    per_cluster jsonb DEFAULT '{}'::jsonb NOT NULL,
    captured_at timestamp with time zone DEFAULT clock_timestamp(),
    per_team jsonb DEFAULT '{}'::jsonb NOT NULL,
    judged_at timestamp with time zone,
    next_breach_at timestamp with time zone
);

-- Name: TABLE inc_daily_snapshot; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.inc_daily_snapshot IS 'One row for each EAT day, written through the day and never after it, unless it was missing.';

-- Name: COLUMN inc_daily_snapshot.snapshot_date; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_daily_snapshot.snapshot_date IS 'The EAT day.';

-- Name: COLUMN inc_daily_snapshot.open_total; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_daily_snapshot.open_total IS 'Open tickets when it was captured; reconstructed if captured after the day.';

-- Name: COLUMN inc_daily_snapshot.open_breached; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_daily_snapshot.open_breached IS 'Those of them whose SLA was breached.';

-- Name: COLUMN inc_daily_snapshot.created_today; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_daily_snapshot.created_today IS 'Tickets created on the day: created_at_service, else first_seen_at.';

-- Name: COLUMN inc_daily_snapshot.closed_today; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_daily_snapshot.closed_today IS 'Closures on the day, of reopened tickets too.';

-- Name: COLUMN inc_daily_snapshot.per_cluster; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_daily_snapshot.per_cluster IS 'Object: cluster (unknown if not given) to open, breached, created, closed.';

-- Name: COLUMN inc_daily_snapshot.captured_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_daily_snapshot.captured_at IS 'When the numbers were last found different; after the day''s end if reconstructed.';

-- Name: COLUMN inc_daily_snapshot.per_team; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_daily_snapshot.per_team IS 'Object: team (unknown if not given) to open, breached, created, closed.';

-- Name: COLUMN inc_daily_snapshot.judged_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_daily_snapshot.judged_at IS 'The time that the numbers are about; null if they were captured before this was kept.';

-- Name: COLUMN inc_daily_snapshot.next_breach_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_daily_snapshot.next_breach_at IS 'When the next of the open tickets will reach the contract''s hours; null if none will.';

-- Name: inc_open_sla; Type: VIEW; Schema: tickets; Owner: -

CREATE VIEW tickets.inc_open_sla AS
 SELECT inc.ticket_id,
    inc.normalized_status,
    inc.raw_status,
    inc.cluster,
    inc.region,
    inc.location_name,
    inc.assigned_team,
    inc.owner,
    inc.created_at_service,
    inc.first_seen_at,
    clock.hours_open,
    clock.sla_state,
    clock.sla_clock_source,
    inc.latitude,
    inc.longitude,
    inc.geo_source,
    inc.geog
   FROM (tickets.inc inc
     CROSS JOIN LATERAL tickets.sla_clock(inc.created_at_service, inc.first_seen_at, now()) clock(sla_clock_source, sla_state, hours_open))
  WHERE inc.is_actionable;

-- Name: VIEW inc_open_sla; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON VIEW tickets.inc_open_sla IS 'Open tickets with the state of their SLA now.';

-- Name: COLUMN inc_open_sla.ticket_id; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.ticket_id IS 'The ticket.';

-- Name: COLUMN inc_open_sla.normalized_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.normalized_status IS 'State of the ticket in the source''s normal form (new, open, closed, …); null if not given.';

-- Name: COLUMN inc_open_sla.raw_status; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.raw_status IS 'State as the source shows it, in upper case; null if not given.';

-- Name: COLUMN inc_open_sla.cluster; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.cluster IS 'Area that a team serves; null if not given.';

-- Name: COLUMN inc_open_sla.region; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.region IS 'Region above the cluster, in lower case; null if not given.';

-- Name: COLUMN inc_open_sla.location_name; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.location_name IS 'Place as the source names it, network codes included; null if not given.';

-- Name: COLUMN inc_open_sla.assigned_team; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.assigned_team IS 'Team that has the ticket; null if not given.';

-- Name: COLUMN inc_open_sla.owner; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.owner IS 'Person who has the ticket; null if not given.';

-- Name: COLUMN inc_open_sla.created_at_service; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.created_at_service IS 'When the customer''s trouble was reported; missing on about 30 % of the rows. Null if not given or no time.';

-- Name: COLUMN inc_open_sla.first_seen_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.first_seen_at IS 'When the exporter first saw the ticket; stands in for created_at_service. Null if not given or no time.';

-- Name: COLUMN inc_open_sla.hours_open; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.hours_open IS 'Hours since the clock started, cut to two decimals, 0 if it starts in the future; null without a clock.';

-- Name: COLUMN inc_open_sla.sla_state; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.sla_state IS 'within, at_risk or breached by the hours in tickets.settings (36 and 48), unknown without a clock.';

-- Name: COLUMN inc_open_sla.sla_clock_source; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.sla_clock_source IS 'What started the clock: created_at_service, else first_seen_at; null if neither is known.';

-- Name: COLUMN inc_open_sla.latitude; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.latitude IS 'Degrees north: the feed''s if its pair is a coordinate, else the resolved point''s; null without either.';

-- Name: COLUMN inc_open_sla.longitude; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.longitude IS 'Degrees east: the feed''s if its pair is a coordinate, else the resolved point''s; null without either.';

-- Name: COLUMN inc_open_sla.geo_source; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.geo_source IS 'What placed the ticket: feed, location, cluster, or none.';

-- Name: COLUMN inc_open_sla.geog; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_open_sla.geog IS 'The resolved point as geography, for distances in metres; null if nothing places the ticket.';

-- Name: inc_versions; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.inc_versions (
    ticket_id text NOT NULL,
    generation integer NOT NULL,
    stamp text NOT NULL COLLATE pg_catalog."C",
    revision integer NOT NULL
)
WITH (fillfactor='50');

-- Name: TABLE inc_versions; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.inc_versions IS 'Which version (generation, stamp, revision) last asserted each ticket. A ticket without a row is older than any file.';

-- Name: COLUMN inc_versions.ticket_id; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_versions.ticket_id IS 'The ticket.';

-- Name: COLUMN inc_versions.generation; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_versions.generation IS 'Number of the stream that asserts current state; a reseed opens the next one.';

-- Name: COLUMN inc_versions.stamp; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_versions.stamp IS 'EAT time in the file''s name, which orders the stream bytewise. Empty if not known (adopted).';

-- Name: COLUMN inc_versions.revision; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.inc_versions.revision IS '1, 2, … for each different content settled under one stamp. 0 if adopted.';

-- Name: schema_migrations; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.schema_migrations (
    filename text NOT NULL,
    sha256 text,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: TABLE schema_migrations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.schema_migrations IS 'Ledger of the migrations; each row was written in its migration''s own transaction.';

-- Name: COLUMN schema_migrations.filename; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.schema_migrations.filename IS 'Name of the file.';

-- Name: COLUMN schema_migrations.sha256; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.schema_migrations.sha256 IS 'SHA-256 of its bytes in hexadecimal; null if an older system applied it.';

-- Name: COLUMN schema_migrations.applied_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.schema_migrations.applied_at IS 'When it was applied; null if an older system did not say.';

-- Name: step_runs; Type: TABLE; Schema: tickets; Owner: -

CREATE TABLE tickets.step_runs (
    step text NOT NULL,
    ran_at timestamp with time zone NOT NULL,
    error text,
    failures integer DEFAULT 0 NOT NULL,
    facts jsonb,
    CONSTRAINT step_runs_failures_fit_error CHECK (((failures > 0) = (error IS NOT NULL)))
);

-- Name: TABLE step_runs; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TABLE tickets.step_runs IS 'The last run of each step of the scheduled run.';

-- Name: COLUMN step_runs.step; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.step_runs.step IS 'Name of the step: sweep, history, ….';

-- Name: COLUMN step_runs.ran_at; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.step_runs.ran_at IS 'When it last ended.';

-- Name: COLUMN step_runs.error; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.step_runs.error IS 'Class of the error that it ended in; null if it did its work.';

-- Name: COLUMN step_runs.failures; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.step_runs.failures IS 'How many times in a row it has failed by now.';

-- Name: COLUMN step_runs.facts; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON COLUMN tickets.step_runs.facts IS 'What its last good run found that the database cannot know. Of the sweep: pending_since (when the oldest pending file could have been applied; null if none waits), dead_letters and doorbell_dead_letters (messages in these queues; null if nobody looked). Null if there is nothing.';

-- Name: reseed_before reseed_before_pkey; Type: CONSTRAINT; Schema: scratch; Owner: -

ALTER TABLE ONLY scratch.reseed_before
    ADD CONSTRAINT reseed_before_pkey PRIMARY KEY (generation, ticket_id);

-- Name: reseed_closures reseed_closures_pkey; Type: CONSTRAINT; Schema: scratch; Owner: -

ALTER TABLE ONLY scratch.reseed_closures
    ADD CONSTRAINT reseed_closures_pkey PRIMARY KEY (run, ticket_id, closed_at);

-- Name: reseed_files reseed_files_pkey; Type: CONSTRAINT; Schema: scratch; Owner: -

ALTER TABLE ONLY scratch.reseed_files
    ADD CONSTRAINT reseed_files_pkey PRIMARY KEY (run, "position");

-- Name: reseed_plans reseed_plans_pkey; Type: CONSTRAINT; Schema: scratch; Owner: -

ALTER TABLE ONLY scratch.reseed_plans
    ADD CONSTRAINT reseed_plans_pkey PRIMARY KEY (run);

-- Name: reseed_tickets reseed_tickets_pkey; Type: CONSTRAINT; Schema: scratch; Owner: -

ALTER TABLE ONLY scratch.reseed_tickets
    ADD CONSTRAINT reseed_tickets_pkey PRIMARY KEY (run, ticket_id);

-- Name: closure_events closure_events_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.closure_events
    ADD CONSTRAINT closure_events_pkey PRIMARY KEY (ticket_id, closed_at);

-- Name: crq crq_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.crq
    ADD CONSTRAINT crq_pkey PRIMARY KEY (ticket_id);

-- Name: enrich_marks enrich_marks_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.enrich_marks
    ADD CONSTRAINT enrich_marks_pkey PRIMARY KEY (mark_id);

-- Name: geo_clusters geo_clusters_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.geo_clusters
    ADD CONSTRAINT geo_clusters_pkey PRIMARY KEY (cluster);

-- Name: geo_locations geo_locations_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.geo_locations
    ADD CONSTRAINT geo_locations_pkey PRIMARY KEY (location_name, cluster);

-- Name: import_attempts import_attempts_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.import_attempts
    ADD CONSTRAINT import_attempts_pkey PRIMARY KEY (attempt_id);

-- Name: import_files import_files_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.import_files
    ADD CONSTRAINT import_files_pkey PRIMARY KEY (dataset, generation, stamp, revision);

-- Name: import_manifest import_manifest_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.import_manifest
    ADD CONSTRAINT import_manifest_pkey PRIMARY KEY (dataset, generation, "position");

-- Name: import_meta import_meta_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.import_meta
    ADD CONSTRAINT import_meta_pkey PRIMARY KEY (dataset);

-- Name: import_rejects import_rejects_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.import_rejects
    ADD CONSTRAINT import_rejects_pkey PRIMARY KEY (dataset, generation, stamp, revision, line_number);

-- Name: import_streams import_streams_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.import_streams
    ADD CONSTRAINT import_streams_pkey PRIMARY KEY (dataset, generation);

-- Name: inc_daily_snapshot inc_daily_snapshot_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.inc_daily_snapshot
    ADD CONSTRAINT inc_daily_snapshot_pkey PRIMARY KEY (snapshot_date);

-- Name: inc inc_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.inc
    ADD CONSTRAINT inc_pkey PRIMARY KEY (ticket_id);

-- Name: inc_versions inc_versions_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.inc_versions
    ADD CONSTRAINT inc_versions_pkey PRIMARY KEY (ticket_id);

-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (filename);

-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (is_only_row);

-- Name: step_runs step_runs_pkey; Type: CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.step_runs
    ADD CONSTRAINT step_runs_pkey PRIMARY KEY (step);

-- Name: closure_events_closed_at_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX closure_events_closed_at_idx ON tickets.closure_events USING btree (closed_at);

-- Name: INDEX closure_events_closed_at_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.closure_events_closed_at_idx IS 'Closures of a day.';

-- Name: crq_open_geog_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX crq_open_geog_idx ON tickets.crq USING gist (geog) WHERE is_actionable;

-- Name: INDEX crq_open_geog_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.crq_open_geog_idx IS 'Nearest open CRQ tickets.';

-- Name: import_attempts_content_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX import_attempts_content_idx ON tickets.import_attempts USING btree (dataset, stamp, etag, attempt_id DESC);

-- Name: INDEX import_attempts_content_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.import_attempts_content_idx IS 'Attempts on one content, latest first.';

-- Name: import_attempts_open_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX import_attempts_open_idx ON tickets.import_attempts USING btree (dataset) WHERE (ended_at IS NULL);

-- Name: INDEX import_attempts_open_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.import_attempts_open_idx IS 'Attempts without an end.';

-- Name: import_files_trouble_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX import_files_trouble_idx ON tickets.import_files USING btree (applied_at) WHERE ((status = 'quarantined'::text) OR (rows_rejected > 0));

-- Name: INDEX import_files_trouble_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.import_files_trouble_idx IS 'Recent quarantines and rejects.';

-- Name: import_manifest_unsettled_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX import_manifest_unsettled_idx ON tickets.import_manifest USING btree (dataset, generation, "position") WHERE (settled_revision IS NULL);

-- Name: INDEX import_manifest_unsettled_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.import_manifest_unsettled_idx IS 'What a reseed has still to apply.';

-- Name: inc_closed_at_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX inc_closed_at_idx ON tickets.inc USING btree (closed_at) WHERE (closed_at IS NOT NULL);

-- Name: INDEX inc_closed_at_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.inc_closed_at_idx IS 'Tickets closed in a window.';

-- Name: inc_created_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX inc_created_idx ON tickets.inc USING btree (COALESCE(created_at_service, first_seen_at));

-- Name: INDEX inc_created_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.inc_created_idx IS 'Tickets created in a window.';

-- Name: inc_open_facts_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX inc_open_facts_idx ON tickets.inc USING btree (assigned_team, cluster, normalized_status, geo_source, created_at_service, first_seen_at) WHERE (is_actionable AND (((COALESCE(octet_length(assigned_team), 0) + COALESCE(octet_length(cluster), 0)) + COALESCE(octet_length(normalized_status), 0)) <= 1000));

-- Name: INDEX inc_open_facts_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.inc_open_facts_idx IS 'What is counted of open tickets, without reading them; and the open tickets of a team.';

-- Name: inc_open_geo_source_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX inc_open_geo_source_idx ON tickets.inc USING btree (geo_source) WHERE is_actionable;

-- Name: INDEX inc_open_geo_source_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.inc_open_geo_source_idx IS 'Open tickets, and how they were placed.';

-- Name: inc_open_geog_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX inc_open_geog_idx ON tickets.inc USING gist (geog) WHERE is_actionable;

-- Name: INDEX inc_open_geog_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.inc_open_geog_idx IS 'Nearest open tickets.';

-- Name: inc_open_long_facts_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX inc_open_long_facts_idx ON tickets.inc USING btree (geo_source) WHERE (is_actionable AND (((COALESCE(octet_length(assigned_team), 0) + COALESCE(octet_length(cluster), 0)) + COALESCE(octet_length(normalized_status), 0)) > 1000));

-- Name: INDEX inc_open_long_facts_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.inc_open_long_facts_idx IS 'The open tickets whose names are too long for the index above.';

-- Name: inc_source_updated_at_idx; Type: INDEX; Schema: tickets; Owner: -

CREATE INDEX inc_source_updated_at_idx ON tickets.inc USING btree (source_updated_at DESC NULLS LAST);

-- Name: INDEX inc_source_updated_at_idx; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON INDEX tickets.inc_source_updated_at_idx IS 'How recent the content is.';

-- Name: closure_events closure_events_mark_loss; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER closure_events_mark_loss AFTER DELETE OR TRUNCATE ON tickets.closure_events FOR EACH STATEMENT EXECUTE FUNCTION tickets.mark_enrich('closures', 'history');

-- Name: TRIGGER closure_events_mark_loss ON closure_events; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER closure_events_mark_loss ON tickets.closure_events IS 'Tells the scheduled run that closures which tickets show may be missing.';

-- Name: crq crq_resolve_geom_insert; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER crq_resolve_geom_insert BEFORE INSERT ON tickets.crq FOR EACH ROW WHEN ((new.geo_source IS NULL)) EXECUTE FUNCTION tickets.resolve_geom();

-- Name: TRIGGER crq_resolve_geom_insert ON crq; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER crq_resolve_geom_insert ON tickets.crq IS 'Places a ticket that is inserted without being placed.';

-- Name: crq crq_resolve_geom_update; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER crq_resolve_geom_update BEFORE UPDATE ON tickets.crq FOR EACH ROW WHEN (((new.geo_source IS NULL) OR ((new.raw IS DISTINCT FROM old.raw) AND (NOT ((new.geom)::bytea IS DISTINCT FROM (old.geom)::bytea)) AND (NOT (new.geo_source IS DISTINCT FROM old.geo_source)) AND (current_setting('fleettickets.geometry_is_resolved'::text, true) IS DISTINCT FROM 'yes'::text)))) EXECUTE FUNCTION tickets.resolve_geom();

-- Name: TRIGGER crq_resolve_geom_update ON crq; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER crq_resolve_geom_update ON tickets.crq IS 'Places a ticket anew when raw is written and its place is not.';

-- Name: geo_clusters geo_clusters_added; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_clusters_added AFTER INSERT ON tickets.geo_clusters REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tickets.follow_clusters();

-- Name: TRIGGER geo_clusters_added ON geo_clusters; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_clusters_added ON tickets.geo_clusters IS 'Moves the tickets that the new rows place.';

-- Name: geo_clusters geo_clusters_crq_added; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_clusters_crq_added AFTER INSERT ON tickets.geo_clusters REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tickets.crq_follow_gazetteer('cluster');

-- Name: TRIGGER geo_clusters_crq_added ON geo_clusters; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_clusters_crq_added ON tickets.geo_clusters IS 'Moves the CRQ tickets that the new rows place.';

-- Name: geo_clusters geo_clusters_crq_emptied; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_clusters_crq_emptied AFTER TRUNCATE ON tickets.geo_clusters FOR EACH STATEMENT EXECUTE FUNCTION tickets.crq_follow_gazetteer();

-- Name: TRIGGER geo_clusters_crq_emptied ON geo_clusters; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_clusters_crq_emptied ON tickets.geo_clusters IS 'Places all CRQ tickets anew.';

-- Name: geo_clusters geo_clusters_crq_moved; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_clusters_crq_moved AFTER UPDATE ON tickets.geo_clusters REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tickets.crq_follow_gazetteer('cluster');

-- Name: TRIGGER geo_clusters_crq_moved ON geo_clusters; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_clusters_crq_moved ON tickets.geo_clusters IS 'Moves the CRQ tickets that the changed rows place or placed.';

-- Name: geo_clusters geo_clusters_crq_removed; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_clusters_crq_removed AFTER DELETE ON tickets.geo_clusters REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION tickets.crq_follow_gazetteer('cluster');

-- Name: TRIGGER geo_clusters_crq_removed ON geo_clusters; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_clusters_crq_removed ON tickets.geo_clusters IS 'Moves the CRQ tickets that the deleted rows placed.';

-- Name: geo_clusters geo_clusters_emptied; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_clusters_emptied AFTER TRUNCATE ON tickets.geo_clusters FOR EACH STATEMENT EXECUTE FUNCTION tickets.follow_truncation();

-- Name: TRIGGER geo_clusters_emptied ON geo_clusters; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_clusters_emptied ON tickets.geo_clusters IS 'Places all tickets anew.';

-- Name: geo_clusters geo_clusters_lock; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_clusters_lock BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON tickets.geo_clusters FOR EACH STATEMENT EXECUTE FUNCTION tickets.lock_for_gazetteer();

-- Name: TRIGGER geo_clusters_lock ON geo_clusters; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_clusters_lock ON tickets.geo_clusters IS 'Waits for the dataset''s lock, and takes it.';

-- Name: geo_clusters geo_clusters_moved; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_clusters_moved AFTER UPDATE ON tickets.geo_clusters REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tickets.follow_clusters();

-- Name: TRIGGER geo_clusters_moved ON geo_clusters; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_clusters_moved ON tickets.geo_clusters IS 'Moves the tickets that the changed rows place or placed.';

-- Name: geo_clusters geo_clusters_removed; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_clusters_removed AFTER DELETE ON tickets.geo_clusters REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION tickets.follow_clusters();

-- Name: TRIGGER geo_clusters_removed ON geo_clusters; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_clusters_removed ON tickets.geo_clusters IS 'Moves the tickets that the deleted rows placed.';

-- Name: geo_locations geo_locations_added; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_locations_added AFTER INSERT ON tickets.geo_locations REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tickets.follow_locations();

-- Name: TRIGGER geo_locations_added ON geo_locations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_locations_added ON tickets.geo_locations IS 'Moves the tickets that the new rows place.';

-- Name: geo_locations geo_locations_crq_added; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_locations_crq_added AFTER INSERT ON tickets.geo_locations REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tickets.crq_follow_gazetteer('location_name');

-- Name: TRIGGER geo_locations_crq_added ON geo_locations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_locations_crq_added ON tickets.geo_locations IS 'Moves the CRQ tickets that the new rows place.';

-- Name: geo_locations geo_locations_crq_emptied; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_locations_crq_emptied AFTER TRUNCATE ON tickets.geo_locations FOR EACH STATEMENT EXECUTE FUNCTION tickets.crq_follow_gazetteer();

-- Name: TRIGGER geo_locations_crq_emptied ON geo_locations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_locations_crq_emptied ON tickets.geo_locations IS 'Places all CRQ tickets anew.';

-- Name: geo_locations geo_locations_crq_moved; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_locations_crq_moved AFTER UPDATE ON tickets.geo_locations REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tickets.crq_follow_gazetteer('location_name');

-- Name: TRIGGER geo_locations_crq_moved ON geo_locations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_locations_crq_moved ON tickets.geo_locations IS 'Moves the CRQ tickets that the changed rows place or placed.';

-- Name: geo_locations geo_locations_crq_removed; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_locations_crq_removed AFTER DELETE ON tickets.geo_locations REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION tickets.crq_follow_gazetteer('location_name');

-- Name: TRIGGER geo_locations_crq_removed ON geo_locations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_locations_crq_removed ON tickets.geo_locations IS 'Moves the CRQ tickets that the deleted rows placed.';

-- Name: geo_locations geo_locations_emptied; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_locations_emptied AFTER TRUNCATE ON tickets.geo_locations FOR EACH STATEMENT EXECUTE FUNCTION tickets.follow_truncation();

-- Name: TRIGGER geo_locations_emptied ON geo_locations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_locations_emptied ON tickets.geo_locations IS 'Places all tickets anew.';

-- Name: geo_locations geo_locations_lock; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_locations_lock BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON tickets.geo_locations FOR EACH STATEMENT EXECUTE FUNCTION tickets.lock_for_gazetteer();

-- Name: TRIGGER geo_locations_lock ON geo_locations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_locations_lock ON tickets.geo_locations IS 'Waits for the dataset''s lock, and takes it.';

-- Name: geo_locations geo_locations_moved; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_locations_moved AFTER UPDATE ON tickets.geo_locations REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tickets.follow_locations();

-- Name: TRIGGER geo_locations_moved ON geo_locations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_locations_moved ON tickets.geo_locations IS 'Moves the tickets that the changed rows place or placed.';

-- Name: geo_locations geo_locations_removed; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER geo_locations_removed AFTER DELETE ON tickets.geo_locations REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION tickets.follow_locations();

-- Name: TRIGGER geo_locations_removed ON geo_locations; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER geo_locations_removed ON tickets.geo_locations IS 'Moves the tickets that the deleted rows placed.';

-- Name: inc inc_mark_content; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER inc_mark_content AFTER INSERT OR DELETE OR UPDATE OF raw OR TRUNCATE ON tickets.inc FOR EACH STATEMENT EXECUTE FUNCTION tickets.mark_enrich('clusters', 'locations', 'history');

-- Name: TRIGGER inc_mark_content ON inc; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER inc_mark_content ON tickets.inc IS 'Tells the scheduled run that tickets were written.';

-- Name: inc inc_mark_foreign; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER inc_mark_foreign AFTER INSERT OR UPDATE OF raw, geom, geo_source ON tickets.inc FOR EACH STATEMENT WHEN (((pg_trigger_depth() = 0) AND (current_setting('fleettickets.geometry_is_resolved'::text, true) IS DISTINCT FROM 'yes'::text))) EXECUTE FUNCTION tickets.mark_enrich('geometry', 'closures');

-- Name: TRIGGER inc_mark_foreign ON inc; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER inc_mark_foreign ON tickets.inc IS 'Tells the scheduled run that somebody else than the ingest wrote tickets.';

-- Name: inc inc_resolve_geom_insert; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER inc_resolve_geom_insert BEFORE INSERT ON tickets.inc FOR EACH ROW WHEN ((new.geo_source IS NULL)) EXECUTE FUNCTION tickets.resolve_geom();

-- Name: TRIGGER inc_resolve_geom_insert ON inc; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER inc_resolve_geom_insert ON tickets.inc IS 'Places a ticket that is inserted without being placed.';

-- Name: inc inc_resolve_geom_update; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER inc_resolve_geom_update BEFORE UPDATE ON tickets.inc FOR EACH ROW WHEN (((new.geo_source IS NULL) OR ((new.raw IS DISTINCT FROM old.raw) AND (NOT ((new.geom)::bytea IS DISTINCT FROM (old.geom)::bytea)) AND (NOT (new.geo_source IS DISTINCT FROM old.geo_source)) AND (current_setting('fleettickets.geometry_is_resolved'::text, true) IS DISTINCT FROM 'yes'::text)))) EXECUTE FUNCTION tickets.resolve_geom();

-- Name: TRIGGER inc_resolve_geom_update ON inc; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER inc_resolve_geom_update ON tickets.inc IS 'Places a ticket anew when raw is written and its place is not.';

-- Name: settings settings_mark_history; Type: TRIGGER; Schema: tickets; Owner: -

CREATE TRIGGER settings_mark_history AFTER UPDATE ON tickets.settings FOR EACH STATEMENT EXECUTE FUNCTION tickets.mark_enrich('history');

-- Name: TRIGGER settings_mark_history ON settings; Type: COMMENT; Schema: tickets; Owner: -

COMMENT ON TRIGGER settings_mark_history ON tickets.settings IS 'Tells the scheduled run that the snapshot''s breaches are to be counted anew.';

-- Name: import_files import_files_stream_fkey; Type: FK CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.import_files
    ADD CONSTRAINT import_files_stream_fkey FOREIGN KEY (dataset, generation) REFERENCES tickets.import_streams(dataset, generation);

-- Name: import_manifest import_manifest_stream_fkey; Type: FK CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.import_manifest
    ADD CONSTRAINT import_manifest_stream_fkey FOREIGN KEY (dataset, generation) REFERENCES tickets.import_streams(dataset, generation);

-- Name: import_rejects import_rejects_file_fkey; Type: FK CONSTRAINT; Schema: tickets; Owner: -

ALTER TABLE ONLY tickets.import_rejects
    ADD CONSTRAINT import_rejects_file_fkey FOREIGN KEY (dataset, generation, stamp, revision) REFERENCES tickets.import_files(dataset, generation, stamp, revision) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

-- Name: SCHEMA reporting; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA reporting TO fleettickets_ingest;
GRANT USAGE ON SCHEMA reporting TO fleettickets_read;

-- Name: SCHEMA scratch; Type: ACL; Schema: -; Owner: -

GRANT ALL ON SCHEMA scratch TO fleettickets_plan;
GRANT USAGE ON SCHEMA scratch TO fleettickets_ingest;

-- Name: SCHEMA tickets; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA tickets TO fleettickets_ingest;
GRANT USAGE ON SCHEMA tickets TO fleettickets_read;
GRANT USAGE ON SCHEMA tickets TO fleettickets_plan;

-- Name: FUNCTION fn_inc_dashboard(p_cluster text, p_status text, p_window text, p_from date, p_to date); Type: ACL; Schema: reporting; Owner: -

REVOKE ALL ON FUNCTION reporting.fn_inc_dashboard(p_cluster text, p_status text, p_window text, p_from date, p_to date) FROM PUBLIC;
GRANT ALL ON FUNCTION reporting.fn_inc_dashboard(p_cluster text, p_status text, p_window text, p_from date, p_to date) TO fleettickets_read;

-- Name: FUNCTION fn_inc_dashboard_text(p_cluster text, p_status text, p_window text, p_from date, p_to date); Type: ACL; Schema: reporting; Owner: -

REVOKE ALL ON FUNCTION reporting.fn_inc_dashboard_text(p_cluster text, p_status text, p_window text, p_from date, p_to date) FROM PUBLIC;
GRANT ALL ON FUNCTION reporting.fn_inc_dashboard_text(p_cluster text, p_status text, p_window text, p_from date, p_to date) TO fleettickets_read;

-- Name: FUNCTION fn_inc_metrics(p_cluster text, p_status text, p_window text, p_from date, p_to date); Type: ACL; Schema: reporting; Owner: -

REVOKE ALL ON FUNCTION reporting.fn_inc_metrics(p_cluster text, p_status text, p_window text, p_from date, p_to date) FROM PUBLIC;
GRANT ALL ON FUNCTION reporting.fn_inc_metrics(p_cluster text, p_status text, p_window text, p_from date, p_to date) TO fleettickets_read;

-- Name: FUNCTION fn_inc_series(p_from date, p_to date, p_bucket text, p_cluster text, p_team text); Type: ACL; Schema: reporting; Owner: -

REVOKE ALL ON FUNCTION reporting.fn_inc_series(p_from date, p_to date, p_bucket text, p_cluster text, p_team text) FROM PUBLIC;
GRANT ALL ON FUNCTION reporting.fn_inc_series(p_from date, p_to date, p_bucket text, p_cluster text, p_team text) TO fleettickets_read;

-- Name: FUNCTION fn_inc_teams(p_from date, p_to date); Type: ACL; Schema: reporting; Owner: -

REVOKE ALL ON FUNCTION reporting.fn_inc_teams(p_from date, p_to date) FROM PUBLIC;
GRANT ALL ON FUNCTION reporting.fn_inc_teams(p_from date, p_to date) TO fleettickets_read;

-- Name: FUNCTION fn_nearest_open_tickets(p_longitude double precision, p_latitude double precision, p_limit integer, p_max_metres double precision, p_team text); Type: ACL; Schema: reporting; Owner: -

REVOKE ALL ON FUNCTION reporting.fn_nearest_open_tickets(p_longitude double precision, p_latitude double precision, p_limit integer, p_max_metres double precision, p_team text) FROM PUBLIC;
GRANT ALL ON FUNCTION reporting.fn_nearest_open_tickets(p_longitude double precision, p_latitude double precision, p_limit integer, p_max_metres double precision, p_team text) TO fleettickets_read;

-- Name: FUNCTION fn_nearest_vehicles(p_ticket_id text, p_vehicles jsonb, p_limit integer, p_max_metres double precision); Type: ACL; Schema: reporting; Owner: -

REVOKE ALL ON FUNCTION reporting.fn_nearest_vehicles(p_ticket_id text, p_vehicles jsonb, p_limit integer, p_max_metres double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION reporting.fn_nearest_vehicles(p_ticket_id text, p_vehicles jsonb, p_limit integer, p_max_metres double precision) TO fleettickets_read;

-- Name: FUNCTION fn_pipeline_status(p_at timestamp with time zone, p_limits jsonb); Type: ACL; Schema: reporting; Owner: -

REVOKE ALL ON FUNCTION reporting.fn_pipeline_status(p_at timestamp with time zone, p_limits jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION reporting.fn_pipeline_status(p_at timestamp with time zone, p_limits jsonb) TO fleettickets_ingest;
GRANT ALL ON FUNCTION reporting.fn_pipeline_status(p_at timestamp with time zone, p_limits jsonb) TO fleettickets_read;

-- Name: FUNCTION fn_tickets_for_map(p_open_only boolean, p_cluster text, p_status text); Type: ACL; Schema: reporting; Owner: -

REVOKE ALL ON FUNCTION reporting.fn_tickets_for_map(p_open_only boolean, p_cluster text, p_status text) FROM PUBLIC;
GRANT ALL ON FUNCTION reporting.fn_tickets_for_map(p_open_only boolean, p_cluster text, p_status text) TO fleettickets_read;

-- Name: FUNCTION fn_tickets_for_map_text(p_open_only boolean, p_cluster text, p_status text); Type: ACL; Schema: reporting; Owner: -

REVOKE ALL ON FUNCTION reporting.fn_tickets_for_map_text(p_open_only boolean, p_cluster text, p_status text) FROM PUBLIC;
GRANT ALL ON FUNCTION reporting.fn_tickets_for_map_text(p_open_only boolean, p_cluster text, p_status text) TO fleettickets_read;

-- Name: FUNCTION grant_roles(); Type: ACL; Schema: scratch; Owner: -

REVOKE ALL ON FUNCTION scratch.grant_roles() FROM PUBLIC;

-- Name: FUNCTION capture_history(p_at timestamp with time zone); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.capture_history(p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.capture_history(p_at timestamp with time zone) TO fleettickets_ingest;

-- Name: FUNCTION check_days(INOUT p_from date, INOUT p_to date, OUT from_at timestamp with time zone, OUT to_at timestamp with time zone); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.check_days(INOUT p_from date, INOUT p_to date, OUT from_at timestamp with time zone, OUT to_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.check_days(INOUT p_from date, INOUT p_to date, OUT from_at timestamp with time zone, OUT to_at timestamp with time zone) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.check_days(INOUT p_from date, INOUT p_to date, OUT from_at timestamp with time zone, OUT to_at timestamp with time zone) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.check_days(INOUT p_from date, INOUT p_to date, OUT from_at timestamp with time zone, OUT to_at timestamp with time zone) TO fleettickets_plan;

-- Name: FUNCTION check_point(p_longitude double precision, p_latitude double precision); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.check_point(p_longitude double precision, p_latitude double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.check_point(p_longitude double precision, p_latitude double precision) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.check_point(p_longitude double precision, p_latitude double precision) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.check_point(p_longitude double precision, p_latitude double precision) TO fleettickets_plan;

-- Name: FUNCTION check_reach(p_limit integer, p_max_metres double precision); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.check_reach(p_limit integer, p_max_metres double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.check_reach(p_limit integer, p_max_metres double precision) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.check_reach(p_limit integer, p_max_metres double precision) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.check_reach(p_limit integer, p_max_metres double precision) TO fleettickets_plan;

-- Name: FUNCTION closed_sla(p_sla_status text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.closed_sla(p_sla_status text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.closed_sla(p_sla_status text) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.closed_sla(p_sla_status text) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.closed_sla(p_sla_status text) TO fleettickets_plan;

-- Name: FUNCTION closures(p_from_at timestamp with time zone, p_to_at timestamp with time zone); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.closures(p_from_at timestamp with time zone, p_to_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.closures(p_from_at timestamp with time zone, p_to_at timestamp with time zone) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.closures(p_from_at timestamp with time zone, p_to_at timestamp with time zone) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.closures(p_from_at timestamp with time zone, p_to_at timestamp with time zone) TO fleettickets_plan;

-- Name: FUNCTION crq_follow_gazetteer(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.crq_follow_gazetteer() FROM PUBLIC;

-- Name: TABLE settings; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT ON TABLE tickets.settings TO fleettickets_plan;

-- Name: FUNCTION current_settings(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.current_settings() FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.current_settings() TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.current_settings() TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.current_settings() TO fleettickets_plan;

-- Name: FUNCTION daily_backlog(p_from date, p_to date, p_cluster text, p_team text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.daily_backlog(p_from date, p_to date, p_cluster text, p_team text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.daily_backlog(p_from date, p_to date, p_cluster text, p_team text) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.daily_backlog(p_from date, p_to date, p_cluster text, p_team text) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.daily_backlog(p_from date, p_to date, p_cluster text, p_team text) TO fleettickets_plan;

-- Name: FUNCTION day_figures(p_from timestamp with time zone, p_to timestamp with time zone, p_at timestamp with time zone); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.day_figures(p_from timestamp with time zone, p_to timestamp with time zone, p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.day_figures(p_from timestamp with time zone, p_to timestamp with time zone, p_at timestamp with time zone) TO fleettickets_ingest;

-- Name: FUNCTION dispatch_marker(p_longitude double precision, p_latitude double precision, p_members text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.dispatch_marker(p_longitude double precision, p_latitude double precision, p_members text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.dispatch_marker(p_longitude double precision, p_latitude double precision, p_members text) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.dispatch_marker(p_longitude double precision, p_latitude double precision, p_members text) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.dispatch_marker(p_longitude double precision, p_latitude double precision, p_members text) TO fleettickets_plan;

-- Name: FUNCTION distance_range(p_metres double precision, p_accuracy_metres integer); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.distance_range(p_metres double precision, p_accuracy_metres integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.distance_range(p_metres double precision, p_accuracy_metres integer) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.distance_range(p_metres double precision, p_accuracy_metres integer) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.distance_range(p_metres double precision, p_accuracy_metres integer) TO fleettickets_plan;

-- Name: FUNCTION eat_ts(p_text text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.eat_ts(p_text text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.eat_ts(p_text text) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.eat_ts(p_text text) TO fleettickets_plan;

-- Name: FUNCTION eat_window(p_window text, p_from date, p_to date, p_at timestamp with time zone); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.eat_window(p_window text, p_from date, p_to date, p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.eat_window(p_window text, p_from date, p_to date, p_at timestamp with time zone) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.eat_window(p_window text, p_from date, p_to date, p_at timestamp with time zone) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.eat_window(p_window text, p_from date, p_to date, p_at timestamp with time zone) TO fleettickets_plan;

-- Name: FUNCTION explain_sla(p_ticket_id text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.explain_sla(p_ticket_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.explain_sla(p_ticket_id text) TO fleettickets_read;

-- Name: FUNCTION feature_text(p_longitude double precision, p_latitude double precision, p_members text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.feature_text(p_longitude double precision, p_latitude double precision, p_members text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.feature_text(p_longitude double precision, p_latitude double precision, p_members text) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.feature_text(p_longitude double precision, p_latitude double precision, p_members text) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.feature_text(p_longitude double precision, p_latitude double precision, p_members text) TO fleettickets_plan;

-- Name: FUNCTION feed_point(p_raw jsonb); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.feed_point(p_raw jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.feed_point(p_raw jsonb) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.feed_point(p_raw jsonb) TO fleettickets_plan;

-- Name: FUNCTION files_in_quarantine(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.files_in_quarantine() FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.files_in_quarantine() TO fleettickets_ingest;

-- Name: FUNCTION follow_clusters(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.follow_clusters() FROM PUBLIC;

-- Name: FUNCTION follow_locations(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.follow_locations() FROM PUBLIC;

-- Name: FUNCTION follow_truncation(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.follow_truncation() FROM PUBLIC;

-- Name: FUNCTION freshness(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.freshness() FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.freshness() TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.freshness() TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.freshness() TO fleettickets_plan;

-- Name: FUNCTION geojson_points(p_collection jsonb); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.geojson_points(p_collection jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.geojson_points(p_collection jsonb) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.geojson_points(p_collection jsonb) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.geojson_points(p_collection jsonb) TO fleettickets_plan;

-- Name: FUNCTION grant_product_roles(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.grant_product_roles() FROM PUBLIC;

-- Name: FUNCTION grant_roles(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.grant_roles() FROM PUBLIC;

-- Name: FUNCTION key_stamp(p_key text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.key_stamp(p_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.key_stamp(p_key text) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.key_stamp(p_key text) TO fleettickets_plan;

-- Name: FUNCTION lock_dataset(p_dataset text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.lock_dataset(p_dataset text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.lock_dataset(p_dataset text) TO fleettickets_ingest;

-- Name: FUNCTION lock_for_gazetteer(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.lock_for_gazetteer() FROM PUBLIC;

-- Name: FUNCTION mark_enrich(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.mark_enrich() FROM PUBLIC;

-- Name: FUNCTION markers(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.markers() FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.markers() TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.markers() TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.markers() TO fleettickets_plan;

-- Name: FUNCTION nearest_open(p_point public.geography, p_limit integer, p_max_metres double precision, p_team text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.nearest_open(p_point public.geography, p_limit integer, p_max_metres double precision, p_team text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.nearest_open(p_point public.geography, p_limit integer, p_max_metres double precision, p_team text) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.nearest_open(p_point public.geography, p_limit integer, p_max_metres double precision, p_team text) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.nearest_open(p_point public.geography, p_limit integer, p_max_metres double precision, p_team text) TO fleettickets_plan;

-- Name: FUNCTION open_facts(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.open_facts() FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.open_facts() TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.open_facts() TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.open_facts() TO fleettickets_plan;

-- Name: FUNCTION read_functions(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.read_functions() FROM PUBLIC;

-- Name: FUNCTION reconcile_geometry(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.reconcile_geometry() FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.reconcile_geometry() TO fleettickets_ingest;

-- Name: FUNCTION resolve_geom(); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.resolve_geom() FROM PUBLIC;

-- Name: FUNCTION resolve_point(p_raw jsonb); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.resolve_point(p_raw jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.resolve_point(p_raw jsonb) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.resolve_point(p_raw jsonb) TO fleettickets_plan;

-- Name: FUNCTION sla_clock(p_created_at_service timestamp with time zone, p_first_seen_at timestamp with time zone, p_at timestamp with time zone); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.sla_clock(p_created_at_service timestamp with time zone, p_first_seen_at timestamp with time zone, p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.sla_clock(p_created_at_service timestamp with time zone, p_first_seen_at timestamp with time zone, p_at timestamp with time zone) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.sla_clock(p_created_at_service timestamp with time zone, p_first_seen_at timestamp with time zone, p_at timestamp with time zone) TO fleettickets_read;
GRANT ALL ON FUNCTION tickets.sla_clock(p_created_at_service timestamp with time zone, p_first_seen_at timestamp with time zone, p_at timestamp with time zone) TO fleettickets_plan;

-- Name: FUNCTION to_boolean(p_text text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.to_boolean(p_text text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.to_boolean(p_text text) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.to_boolean(p_text text) TO fleettickets_plan;

-- Name: FUNCTION to_degrees(p_text text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.to_degrees(p_text text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.to_degrees(p_text text) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.to_degrees(p_text text) TO fleettickets_plan;
GRANT ALL ON FUNCTION tickets.to_degrees(p_text text) TO fleettickets_read;

-- Name: FUNCTION to_minutes(p_text text); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.to_minutes(p_text text) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.to_minutes(p_text text) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.to_minutes(p_text text) TO fleettickets_plan;

-- Name: FUNCTION valid_point(p_longitude double precision, p_latitude double precision); Type: ACL; Schema: tickets; Owner: -

REVOKE ALL ON FUNCTION tickets.valid_point(p_longitude double precision, p_latitude double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION tickets.valid_point(p_longitude double precision, p_latitude double precision) TO fleettickets_ingest;
GRANT ALL ON FUNCTION tickets.valid_point(p_longitude double precision, p_latitude double precision) TO fleettickets_plan;
GRANT ALL ON FUNCTION tickets.valid_point(p_longitude double precision, p_latitude double precision) TO fleettickets_read;

-- Name: TABLE reseed_before; Type: ACL; Schema: scratch; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scratch.reseed_before TO fleettickets_plan;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scratch.reseed_before TO fleettickets_ingest;

-- Name: TABLE reseed_closures; Type: ACL; Schema: scratch; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scratch.reseed_closures TO fleettickets_plan;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scratch.reseed_closures TO fleettickets_ingest;

-- Name: TABLE reseed_files; Type: ACL; Schema: scratch; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scratch.reseed_files TO fleettickets_plan;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scratch.reseed_files TO fleettickets_ingest;

-- Name: TABLE reseed_plans; Type: ACL; Schema: scratch; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scratch.reseed_plans TO fleettickets_plan;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scratch.reseed_plans TO fleettickets_ingest;

-- Name: TABLE reseed_tickets; Type: ACL; Schema: scratch; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scratch.reseed_tickets TO fleettickets_plan;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scratch.reseed_tickets TO fleettickets_ingest;

-- Name: TABLE closure_events; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.closure_events TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.closure_events TO fleettickets_read;
GRANT SELECT ON TABLE tickets.closure_events TO fleettickets_plan;

-- Name: TABLE crq; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT ON TABLE tickets.crq TO fleettickets_plan;

-- Name: TABLE crq_open_sla; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT ON TABLE tickets.crq_open_sla TO fleettickets_plan;

-- Name: TABLE enrich_marks; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,DELETE ON TABLE tickets.enrich_marks TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.enrich_marks TO fleettickets_plan;

-- Name: TABLE geo_clusters; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT ON TABLE tickets.geo_clusters TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.geo_clusters TO fleettickets_read;
GRANT SELECT ON TABLE tickets.geo_clusters TO fleettickets_plan;

-- Name: COLUMN geo_clusters.cluster; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(cluster) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.geom; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(geom),UPDATE(geom) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.source; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(source),UPDATE(source) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.updated_at; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(updated_at),UPDATE(updated_at) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.provider; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(provider),UPDATE(provider) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.query; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(query),UPDATE(query) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.confidence; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(confidence),UPDATE(confidence) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.outcome; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(outcome),UPDATE(outcome) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.reason; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(reason),UPDATE(reason) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.attempts; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(attempts),UPDATE(attempts) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.next_attempt_at; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(next_attempt_at),UPDATE(next_attempt_at) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: COLUMN geo_clusters.expires_at; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE tickets.geo_clusters TO fleettickets_ingest;

-- Name: TABLE geo_locations; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT ON TABLE tickets.geo_locations TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.geo_locations TO fleettickets_read;
GRANT SELECT ON TABLE tickets.geo_locations TO fleettickets_plan;

-- Name: COLUMN geo_locations.location_name; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(location_name) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.geom; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(geom),UPDATE(geom) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.source; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(source),UPDATE(source) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.updated_at; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(updated_at),UPDATE(updated_at) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.cluster; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(cluster) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.provider; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(provider),UPDATE(provider) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.query; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(query),UPDATE(query) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.distance_metres; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(distance_metres),UPDATE(distance_metres) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.confidence; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(confidence),UPDATE(confidence) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.outcome; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(outcome),UPDATE(outcome) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.reason; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(reason),UPDATE(reason) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.attempts; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(attempts),UPDATE(attempts) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.next_attempt_at; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(next_attempt_at),UPDATE(next_attempt_at) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: COLUMN geo_locations.expires_at; Type: ACL; Schema: tickets; Owner: -

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE tickets.geo_locations TO fleettickets_ingest;

-- Name: TABLE inc; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.inc TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.inc TO fleettickets_read;
GRANT SELECT ON TABLE tickets.inc TO fleettickets_plan;

-- Name: TABLE geocode_backlog; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT ON TABLE tickets.geocode_backlog TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.geocode_backlog TO fleettickets_read;
GRANT SELECT ON TABLE tickets.geocode_backlog TO fleettickets_plan;

-- Name: TABLE import_attempts; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.import_attempts TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.import_attempts TO fleettickets_plan;

-- Name: TABLE import_files; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.import_files TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.import_files TO fleettickets_plan;

-- Name: TABLE import_manifest; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.import_manifest TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.import_manifest TO fleettickets_plan;

-- Name: TABLE import_meta; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.import_meta TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.import_meta TO fleettickets_read;
GRANT SELECT ON TABLE tickets.import_meta TO fleettickets_plan;

-- Name: TABLE import_rejects; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.import_rejects TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.import_rejects TO fleettickets_plan;

-- Name: TABLE import_streams; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.import_streams TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.import_streams TO fleettickets_plan;

-- Name: TABLE inc_daily_snapshot; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.inc_daily_snapshot TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.inc_daily_snapshot TO fleettickets_read;
GRANT SELECT ON TABLE tickets.inc_daily_snapshot TO fleettickets_plan;

-- Name: TABLE inc_open_sla; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT ON TABLE tickets.inc_open_sla TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.inc_open_sla TO fleettickets_read;
GRANT SELECT ON TABLE tickets.inc_open_sla TO fleettickets_plan;

-- Name: TABLE inc_versions; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.inc_versions TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.inc_versions TO fleettickets_plan;

-- Name: TABLE schema_migrations; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT ON TABLE tickets.schema_migrations TO fleettickets_plan;

-- Name: TABLE step_runs; Type: ACL; Schema: tickets; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE tickets.step_runs TO fleettickets_ingest;
GRANT SELECT ON TABLE tickets.step_runs TO fleettickets_plan;

-- PostgreSQL database dump complete

