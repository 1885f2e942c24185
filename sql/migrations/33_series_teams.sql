-- Purpose: reporting.fn_inc_series, what happened day by day, week by week or month by month, and
--          reporting.fn_inc_teams, what each team and owner closed.
-- Why: every closure counts, those of tickets that were opened again too; so both read
--      closure_events, whose attributes are those of the time.
-- Locks: none that matter; everything here is new.
-- Undo: drop the functions of this file.

create function tickets.check_days(
    inout p_from date, inout p_to date, out from_at timestamptz, out to_at timestamptz
)
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_today constant date := (now() at time zone 'Africa/Nairobi')::date;
begin
    p_to := coalesce(p_to, v_today);
    p_from := coalesce(p_from, p_to - 29);
    select eat.from_at, eat.to_at into from_at, to_at
    from tickets.eat_window('custom', p_from, p_to, now()) as eat;
end
$$;

comment on function tickets.check_days(date, date) is
'A range of EAT days, both inclusive, and its instants [from_at, to_at). Null means today, and 29 '
'days before the other end. Errors with a hint if it is reversed or outside the calendar.';

-- To be inlined, so it has nothing set.
create function tickets.closures(p_from_at timestamptz, p_to_at timestamptz) returns table (
    ticket_id text, closed_on date, cluster text, assigned_team text, owner text, mttr integer,
    verdict text, is_reopened boolean
)
language sql
stable
parallel safe
as $$
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

comment on function tickets.closures(timestamptz, timestamptz) is
'Closures of [p_from_at, p_to_at) with their EAT day, the source''s verdict on the SLA, and '
'whether the ticket was opened again: it is open now or was closed once more.';

create function reporting.fn_inc_series(
    p_from date default null,
    p_to date default null,
    p_bucket text default 'day',
    p_cluster text default null,
    p_team text default null
) returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'Africa/Nairobi'
set jit = off
set plan_cache_mode = force_custom_plan
as $$
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

comment on function reporting.fn_inc_series(date, date, text, text, text) is
'Created, closed, reopened, backlog, MTTR and breach rate of each day, week or month of a range of '
'EAT days, both inclusive; the first and the last bucket may be cut by it. Arguments: first day '
'(null: 29 days before the last), last day (null: today), bucket, cluster, team.';

create function reporting.fn_inc_teams(p_from date default null, p_to date default null)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'Africa/Nairobi'
set jit = off
set plan_cache_mode = force_custom_plan
as $$
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

comment on function reporting.fn_inc_teams(date, date) is
'What each team, and each owner in it, closed in a range of EAT days, both inclusive: closures, '
'MTTR, breaches, reopened ones, clusters served. Null means today, and 29 days before it.';

revoke execute on function tickets.check_days(date, date) from public;
revoke execute on function tickets.closures(timestamptz, timestamptz) from public;
revoke execute on function reporting.fn_inc_series(date, date, text, text, text) from public;
revoke execute on function reporting.fn_inc_teams(date, date) from public;
