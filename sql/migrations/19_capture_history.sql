-- Purpose: tickets.capture_history in its final form: under the dataset's lock, silent during a
--          reseed, per cluster and per team, and honest about days that are over.
-- Why: a run after midnight must not rewrite yesterday; a half-rebuilt state is not history.
-- Locks: share row exclusive on the two history tables while columns are added.
-- Undo: replace the function by the text of 10.

create temporary table inc_daily_snapshot_model (
    snapshot_date date not null,
    open_total bigint not null default 0,
    open_breached bigint not null default 0,
    created_today bigint not null default 0,
    closed_today bigint not null default 0,
    per_cluster jsonb not null default '{}',
    per_team jsonb not null default '{}',
    captured_at timestamptz default clock_timestamp()
) on commit drop;

select tickets.conform_table('tickets.inc_daily_snapshot', 'pg_temp.inc_daily_snapshot_model');
select
    tickets.conform_key(
        'tickets.inc_daily_snapshot', array['snapshot_date'], 'inc_daily_snapshot_date_key'
    );

select tickets.drop_keeping_grants('tickets', 'capture_history');

create function tickets.capture_history(p_at timestamptz default now()) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_day constant date := (p_at at time zone 'Africa/Nairobi')::date;
    v_from constant timestamptz := v_day::timestamp at time zone 'Africa/Nairobi';
    v_to constant timestamptz := (v_day + 1)::timestamp at time zone 'Africa/Nairobi';
    v_over boolean;
    v_closures bigint;
    v_written bigint;
begin
    perform tickets.lock_dataset('inc');
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
    v_over := v_to <= clock_timestamp();

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
        inc.closed_at is not null
        and not exists (
            select from tickets.closure_events as events
            where events.ticket_id = inc.ticket_id and events.closed_at = inc.closed_at
        )
    on conflict (ticket_id, closed_at) do nothing;
    get diagnostics v_closures = row_count;

    -- A day that is over and was not captured is reconstructed: open at its end is what was created
    -- before and is open now or was closed later.
    with figures as (
        select
            inc.cluster, inc.assigned_team, 1 as is_open,
            (clock.sla_state = 'breached')::integer as is_breached,
            0 as is_created, 0 as is_closed
        from tickets.inc as inc
        cross join lateral tickets.sla_clock(
            inc.created_at_service, inc.first_seen_at, case when v_over then v_to else p_at end
        ) as clock
        where
            (inc.is_actionable or (v_over and inc.closed_at >= v_to))
            and (
                not v_over
                or coalesce(inc.created_at_service, inc.first_seen_at, '-infinity') < v_to
            )
        union all
        select inc.cluster, inc.assigned_team, 0, 0, 1, 0
        from tickets.inc as inc
        where
            coalesce(inc.created_at_service, inc.first_seen_at) >= v_from
            and coalesce(inc.created_at_service, inc.first_seen_at) < v_to
        union all
        select events.cluster, events.assigned_team, 0, 0, 0, 1
        from tickets.closure_events as events
        where events.closed_at >= v_from and events.closed_at < v_to
    ),

    measures as (
        select
            grouping(cluster) = 0 as is_cluster,
            grouping(assigned_team) = 0 as is_team,
            coalesce(cluster, assigned_team, 'unknown') as name,
            coalesce(sum(is_open), 0) as open_total,
            coalesce(sum(is_breached), 0) as open_breached,
            coalesce(sum(is_created), 0) as created_today,
            coalesce(sum(is_closed), 0) as closed_today
        from (
            select
                coalesce(cluster, 'unknown') as cluster,
                coalesce(assigned_team, 'unknown') as assigned_team,
                is_open, is_breached, is_created, is_closed
            from figures
        ) as named
        group by grouping sets ((), (cluster), (assigned_team))
    ),

    rendered as (
        select
            measures.*,
            jsonb_build_object(
                'open', open_total, 'breached', open_breached,
                'created', created_today, 'closed', closed_today
            ) as rendering
        from measures
    )

    insert into tickets.inc_daily_snapshot as snapshot (
        snapshot_date, open_total, open_breached, created_today, closed_today,
        per_cluster, per_team
    )
    select
        v_day, total.open_total, total.open_breached, total.created_today, total.closed_today,
        coalesce(
            (select jsonb_object_agg(name, rendering) from rendered where is_cluster), '{}'
        ),
        coalesce((select jsonb_object_agg(name, rendering) from rendered where is_team), '{}')
    from rendered as total
    where not total.is_cluster and not total.is_team
    on conflict (snapshot_date) do update
    set
        open_total = excluded.open_total, open_breached = excluded.open_breached,
        created_today = excluded.created_today, closed_today = excluded.closed_today,
        per_cluster = excluded.per_cluster, per_team = excluded.per_team,
        captured_at = excluded.captured_at
    where
        not v_over
        and (
            snapshot.open_total, snapshot.open_breached, snapshot.created_today,
            snapshot.closed_today, snapshot.per_cluster, snapshot.per_team
        ) is distinct from (
            excluded.open_total, excluded.open_breached, excluded.created_today,
            excluded.closed_today, excluded.per_cluster, excluded.per_team
        );
    get diagnostics v_written = row_count;

    insert into tickets.import_meta as meta (dataset, metadata)
    values ('inc', jsonb_build_object('last_capture_at', clock_timestamp()))
    on conflict (dataset) do update set metadata = meta.metadata || excluded.metadata;

    return jsonb_build_object(
        'captured', true, 'snapshot_date', v_day,
        'snapshot', case when v_written > 0 then 'written' else 'untouched' end,
        'closures_added', v_closures
    );
end
$$;

revoke execute on function tickets.capture_history(timestamptz) from public;

select tickets.restore_grants();
