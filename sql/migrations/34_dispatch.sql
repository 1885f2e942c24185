-- Purpose: reporting.fn_nearest_open_tickets and its reverse, reporting.fn_nearest_vehicles.
-- Why: metres to a point that stands for a whole cluster are no metres to a door: each distance
--      comes with the accuracy of its point, and with the least and the most that it can be.
-- Locks: none that matter; everything here is new.
-- Undo: drop the functions of this file.

-- To be inlined, so it has nothing set. The nearest come from the index by their distance on the
-- sphere, with all that share the last one's point; then the metres are those on the spheroid,
-- which differ by half a percent at most. A team's tickets are few: they are found by the index of
-- open facts, and all looked at.
create function tickets.nearest_open(
    p_point public.geography,
    p_limit integer,
    p_max_metres double precision default null,
    p_team text default null
) returns table (ticket_id text, metres double precision)
language sql
stable
parallel safe
as $$
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

comment on function tickets.nearest_open(public.geography, integer, double precision, text) is
'The open tickets nearest to a point, with their distance in metres; at one distance the longest '
'open comes first. Arguments: point, how many, how far at most (null: any), team (null: all).';

create function tickets.check_reach(p_limit integer, p_max_metres double precision) returns void
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
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

comment on function tickets.check_reach(integer, double precision) is
'Errors with a hint if the number to be found or the distance in metres makes no sense.';

create function tickets.check_point(p_longitude double precision, p_latitude double precision)
returns public.geography
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
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

comment on function tickets.check_point(double precision, double precision) is
'The point to search around; errors with a hint if the degrees are no coordinate.';

create function tickets.distance_range(p_metres double precision, p_accuracy_metres integer)
returns jsonb
language sql
immutable
parallel safe
as $$
    select
        jsonb_build_object(
            'metres', round(p_metres::numeric, 1),
            'metres_at_least', round(greatest(p_metres - p_accuracy_metres, 0)::numeric, 1),
            'metres_at_most', round((p_metres + p_accuracy_metres)::numeric, 1)
        )
$$;

comment on function tickets.distance_range(double precision, integer) is
'A distance in metres to a point of some accuracy in metres, and the least and most that it can '
'be.';

create function tickets.dispatch_marker(
    p_longitude double precision, p_latitude double precision, p_members text
) returns jsonb
language sql
stable
parallel safe
as $$
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

comment on function tickets.dispatch_marker(double precision, double precision, text) is
'A ticket''s marker as one object, with its point in degrees and the hours that its SLA has left: '
'below 0 if it is breached, null without a clock.';

create function reporting.fn_nearest_open_tickets(
    p_longitude double precision,
    p_latitude double precision,
    p_limit integer default 10,
    p_max_metres double precision default null,
    p_team text default null
) returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'Africa/Nairobi'
set jit = off
as $$
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

comment on function reporting.fn_nearest_open_tickets(
    double precision, double precision, integer, double precision, text
) is
'The open tickets nearest to a point, nearest first, with metres, accuracy and SLA. Arguments: '
'degrees east and north, how many (1 to 1000), how far at most in metres (null: any), team.';

create function tickets.geojson_points(p_collection jsonb) returns table (
    number bigint, id jsonb, properties jsonb, point public.geometry
)
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
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

comment on function tickets.geojson_points(jsonb) is
'The features of a GeoJSON FeatureCollection, numbered from 1; point is null where there is no '
'coordinate. Errors with a hint if it is no FeatureCollection or has over 10,000 features.';

create function reporting.fn_nearest_vehicles(
    p_ticket_id text,
    p_vehicles jsonb,
    p_limit integer default 10,
    p_max_metres double precision default null
) returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'Africa/Nairobi'
set jit = off
as $$
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

comment on function reporting.fn_nearest_vehicles(text, jsonb, integer, double precision) is
'Which vehicles of a GeoJSON FeatureCollection of points are nearest to a ticket, nearest first; '
'none if nothing places the ticket. Arguments: ticket, vehicles, how many (1 to 1000), how far at '
'most in metres (null: any).';

revoke execute on function
tickets.nearest_open(public.geography, integer, double precision, text) from public;
revoke execute on function tickets.check_reach(integer, double precision) from public;
revoke execute on function
tickets.check_point(double precision, double precision) from public;
revoke execute on function tickets.distance_range(double precision, integer) from public;
revoke execute on function
tickets.dispatch_marker(double precision, double precision, text) from public;
revoke execute on function reporting.fn_nearest_open_tickets(
    double precision, double precision, integer, double precision, text
) from public;
revoke execute on function tickets.geojson_points(jsonb) from public;
revoke execute on function
reporting.fn_nearest_vehicles(text, jsonb, integer, double precision) from public;
