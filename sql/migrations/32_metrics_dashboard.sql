-- Purpose: reporting.fn_inc_metrics, the dashboard's numbers alone, and
--          reporting.fn_inc_dashboard, which calls it and adds the tickets; SLA compliance and the
--          backlog of past days are new.
-- Why: numbers are asked for far more often than 50 MB of tickets.
-- Locks: none that matter; the dashboard is replaced under the same signature.
-- Undo: replace reporting.fn_inc_dashboard by the text of 18; drop the other functions.

-- Open at the end of a day is, as tickets.capture_history has it, what was created before and is
-- open now or was closed later. A snapshot of an older system may know no clusters or teams.
create function tickets.daily_backlog(p_from date, p_to date, p_cluster text, p_team text)
returns table (day date, backlog bigint, source text)
language sql
stable
parallel safe
as $$
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

comment on function tickets.daily_backlog(date, date, text, text) is
'Open tickets at the end of each past EAT day from p_from to p_to, of a cluster, of a team, or of '
'both: from the snapshot, or reconstructed from created and closed where there is none. source '
'says which; reconstructed too if the snapshot was taken after its day.';

-- In plpgsql, to be planned for its arguments each time: planned once for any, a filter that is
-- not given makes the planner expect a few hundred rows of a hundred thousand, and sort them.
create function reporting.fn_inc_metrics(
    p_cluster text default null,
    p_status text default null,
    p_window text default 'today',
    p_from date default null,
    p_to date default null
) returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'Africa/Nairobi'
set jit = off
set plan_cache_mode = force_custom_plan
as $$
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

comment on function reporting.fn_inc_metrics(text, text, text, date, date) is
'The numbers of the live INC map: what is open now, what was created and closed in the window, by '
'cluster and by team, and the backlog of the window''s days. Arguments: cluster, '
'normalized_status, window, and for window custom its first and last EAT day.';

create function reporting.fn_inc_dashboard_text(
    p_cluster text default null,
    p_status text default null,
    p_window text default 'today',
    p_from date default null,
    p_to date default null
) returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'Africa/Nairobi'
set jit = off
set plan_cache_mode = force_custom_plan
as $$
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

comment on function reporting.fn_inc_dashboard_text(text, text, text, date, date) is
'The dashboard''s payload as the text of its JSON, to be handed on as it is; arguments as there.';

create or replace function reporting.fn_inc_dashboard(
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
    select reporting.fn_inc_dashboard_text(p_cluster, p_status, p_window, p_from, p_to)::jsonb
$$;

revoke execute on function tickets.daily_backlog(date, date, text, text) from public;
revoke execute on function reporting.fn_inc_metrics(text, text, text, date, date) from public;
revoke execute on function
reporting.fn_inc_dashboard_text(text, text, text, date, date) from public;
