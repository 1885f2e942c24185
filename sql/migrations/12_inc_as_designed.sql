-- Purpose: the functions that read cells in their final, fast form; tickets.inc, tickets.crq and
--          tickets.inc_open_sla as designed, whoever made them.
-- Why: every column must stay null, never fail, on any text; an older system's need not.
-- Locks: access exclusive on tickets.inc; if a column or tickets.eat_ts differs, the table is
--        rewritten once, which also recomputes what is stored.
-- Undo: replace the functions by the text of 01, 03, 06 and 08.

create temporary table former_eat_ts on commit drop as
select
    routine.prosrc,
    coalesce(routine.proargnames[1], 'p_text') as parameter
from pg_proc as routine
where routine.oid = to_regprocedure('tickets.eat_ts(text)');

-- A timestamp of the feed's usual shape is checked by looking up its five parts: that takes two
-- thirds of a regular expression's time, seven times a row. Nothing may reach the casts that they
-- could reject, so 29 February goes the longer way.
do $do$
begin
    execute format(
        $create$
        create or replace function tickets.eat_ts(%I text) returns timestamptz
        language plpgsql
        immutable
        strict
        parallel safe
        as %L
        $create$,
        (select former.parameter from former_eat_ts as former),
        format(
            $body$
begin
    if octet_length($1) = 19
        and substr($1, 1, 5) = any (%1$L)
        and substr($1, 6, 5) = any (%2$L)
        and substr($1, 11, 3) = any (%3$L)
        and substr($1, 14, 3) = any (%4$L)
        and substr($1, 17, 3) = any (%4$L)
    then
        return $1::timestamp at time zone 'Africa/Nairobi';
    elsif octet_length($1) > 64
        or $1 !~ (
            '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
            '([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?'
            '(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?$'
        )
        or $1 like '0000%%'
        or substr($1, 6, 5) = any ('{02-30,02-31,04-31,06-31,09-31,11-31}')
        or (
            substr($1, 6, 5) = '02-29'
            and not (
                left($1, 4)::integer %% 4 = 0
                and (left($1, 4)::integer %% 100 <> 0 or left($1, 4)::integer %% 400 = 0)
            )
        )
    then
        return null;
    elsif substr($1, 11) ~ '[Z+-]' then
        return $1::timestamptz;
    end if;
    return $1::timestamp at time zone 'Africa/Nairobi';
end
$body$,
            (select array_agg(year || '-') from generate_series(1970, 2099) as year),
            (
                select array_agg(to_char(day, 'MM-DD'))
                from generate_series(timestamp '2001-01-01', '2001-12-31', '1 day') as day
            ),
            (select array_agg(to_char(hour, ' FM00')) from generate_series(0, 23) as hour),
            (select array_agg(to_char(number, '":"FM00')) from generate_series(0, 59) as number)
        )
    );
end
$do$;

create or replace function tickets.to_boolean(p_text text) returns boolean
language plpgsql
immutable
strict
parallel safe
as $$
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

create or replace function tickets.to_minutes(p_text text) returns integer
language plpgsql
immutable
strict
parallel safe
as $$
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
$$;

create or replace function tickets.to_degrees(p_text text) returns double precision
language plpgsql
immutable
strict
parallel safe
as $$
begin
    if octet_length(p_text) > 40
        or p_text !~ '^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$'
    then
        return null;
    end if;
    return p_text::double precision;
end
$$;

create or replace function tickets.valid_point(
    p_longitude double precision, p_latitude double precision
) returns public.geometry
language plpgsql
immutable
parallel safe
as $$
begin
    if p_longitude between -180 and 180 and p_latitude between -90 and 90
        and not (p_longitude = 0 and p_latitude = 0)
    then
        return public.st_setsrid(public.st_makepoint(p_longitude, p_latitude), 4326);
    end if;
    return null;
end
$$;

create or replace function tickets.feed_point(p_raw jsonb) returns public.geometry
language plpgsql
immutable
strict
parallel safe
as $$
begin
    return case
        when p_raw ? 'longitude' and p_raw ? 'latitude'
            then tickets.valid_point(
                tickets.to_degrees(p_raw ->> 'longitude'), tickets.to_degrees(p_raw ->> 'latitude')
            )
    end;
end
$$;

create or replace function tickets.sla_clock(
    p_created_at_service timestamptz, p_first_seen_at timestamptz, p_at timestamptz
) returns table (sla_clock_source text, sla_state text, hours_open numeric)
language sql
stable
parallel safe
rows 1
as $$
    select
        case
            when p_created_at_service is not null then 'created_at_service'
            when p_first_seen_at is not null then 'first_seen_at'
        end,
        case
            when clock.started_at is null then 'unknown'
            when clock.started_at <= p_at - interval '48 hours' then 'breached'
            when clock.started_at <= p_at - interval '36 hours' then 'at_risk'
            else 'within'
        end,
        case
            when clock.started_at is not null
                then trunc(greatest(extract(epoch from p_at - clock.started_at), 0) / 3600, 2)
        end
    from (select coalesce(p_created_at_service, p_first_seen_at) as started_at) as clock
$$;

revoke execute on function tickets.to_boolean(text) from public;
revoke execute on function tickets.to_minutes(text) from public;
revoke execute on function tickets.to_degrees(text) from public;
revoke execute on function tickets.valid_point(double precision, double precision) from public;
revoke execute on function tickets.feed_point(jsonb) from public;
revoke execute on function tickets.sla_clock(timestamptz, timestamptz, timestamptz) from public;

select tickets.drop_keeping_grants('tickets', 'inc_open_sla');

create temporary table inc_model (
    ticket_id text not null,
    raw jsonb not null,
    geom public.geometry (point, 4326),
    geo_source text,
    ingested_at timestamptz not null default now(),
    normalized_status text generated always as (raw ->> 'normalized_status') stored,
    raw_status text generated always as (raw ->> 'raw_status') stored,
    bucket text generated always as (raw ->> 'bucket') stored,
    is_actionable boolean
    generated always as (tickets.to_boolean(raw ->> 'is_actionable')) stored,
    cluster text generated always as (raw ->> 'cluster') stored,
    region text generated always as (raw ->> 'region') stored,
    location_name text generated always as (raw ->> 'location_name') stored,
    assigned_team text generated always as (raw ->> 'assigned_team') stored,
    owner text generated always as (raw ->> 'owner') stored,
    sla_status text generated always as (raw ->> 'sla_status') stored,
    created_at_service timestamptz
    generated always as (tickets.eat_ts(raw ->> 'created_at_service')) stored,
    scheduled_at timestamptz
    generated always as (tickets.eat_ts(raw ->> 'scheduled_at')) stored,
    closed_at timestamptz
    generated always as (tickets.eat_ts(raw ->> 'closed_at')) stored,
    first_seen_at timestamptz
    generated always as (tickets.eat_ts(raw ->> 'first_seen_at')) stored,
    last_seen_at timestamptz
    generated always as (tickets.eat_ts(raw ->> 'last_seen_at')) stored,
    source_created_at timestamptz
    generated always as (tickets.eat_ts(raw ->> 'source_created_at')) stored,
    source_updated_at timestamptz
    generated always as (tickets.eat_ts(raw ->> 'source_updated_at')) stored,
    latitude double precision
    generated always as (
        coalesce(public.st_y(tickets.feed_point(raw)), public.st_y(geom))
    ) stored,
    longitude double precision
    generated always as (
        coalesce(public.st_x(tickets.feed_point(raw)), public.st_x(geom))
    ) stored,
    geog public.geography (point, 4326)
    generated always as (geom::public.geography) stored,
    mttr integer generated always as (tickets.to_minutes(raw ->> 'mttr')) stored
) on commit drop;

do $$
declare
    v_recompute constant boolean := exists (select from tickets.inc) and exists (
        select from pg_temp.former_eat_ts as former
        where former.prosrc <> (
            select routine.prosrc from pg_proc as routine
            where routine.oid = 'tickets.eat_ts(text)'::regprocedure
        )
    );
begin
    perform tickets.conform_table('tickets.inc', 'pg_temp.inc_model', v_recompute);
end
$$;

create temporary table crq_model (
    ticket_id text not null,
    raw jsonb not null,
    geom public.geometry (point, 4326),
    geo_source text,
    ingested_at timestamptz not null default now()
) on commit drop;

select tickets.conform_table('tickets.crq', 'pg_temp.crq_model');
select tickets.conform_key('tickets.inc', array['ticket_id'], 'inc_ticket_id_key');
select tickets.conform_key('tickets.crq', array['ticket_id'], 'crq_ticket_id_key');

create view tickets.inc_open_sla as
select
    inc.ticket_id,
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
from tickets.inc as inc
cross join lateral tickets.sla_clock(inc.created_at_service, inc.first_seen_at, now()) as clock
where inc.is_actionable;

select tickets.restore_grants();
