-- Purpose: closures remembered for good, a snapshot a day, and the function that takes both.
-- Why: a ticket shows only its last closure, and yesterday's backlog cannot be asked for tomorrow.
-- Locks: none that matter; everything here is new.
-- Undo: drop function tickets.capture_history; drop table tickets.inc_daily_snapshot,
--       tickets.closure_events (this loses history that cannot be rebuilt).

create table tickets.closure_events (
    ticket_id text not null,
    closed_at timestamptz not null,
    cluster text,
    region text,
    location_name text,
    assigned_team text,
    owner text,
    raw_status text,
    normalized_status text,
    sla_status text,
    mttr integer,
    created_at_service timestamptz,
    first_seen_at timestamptz,
    recorded_at timestamptz not null default clock_timestamp(),
    constraint closure_events_pkey primary key (ticket_id, closed_at)
);

create index closure_events_closed_at_idx on tickets.closure_events (closed_at);

create table tickets.inc_daily_snapshot (
    snapshot_date date not null,
    open_total bigint not null,
    open_breached bigint not null,
    created_today bigint not null,
    closed_today bigint not null,
    per_cluster jsonb not null default '{}',
    captured_at timestamptz not null default clock_timestamp(),
    constraint inc_daily_snapshot_pkey primary key (snapshot_date)
);

create function tickets.capture_history(p_at timestamptz default now()) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_day constant date := (p_at at time zone 'Africa/Nairobi')::date;
    v_from constant timestamptz := v_day::timestamp at time zone 'Africa/Nairobi';
    v_to constant timestamptz := (v_day + 1)::timestamp at time zone 'Africa/Nairobi';
    v_over constant boolean := v_to <= clock_timestamp();
    v_closures bigint;
    v_written bigint;
begin
    insert into tickets.closure_events (
        ticket_id, closed_at, cluster, region, location_name, assigned_team, owner, raw_status,
        normalized_status, sla_status, mttr, created_at_service, first_seen_at
    )
    select
        inc.ticket_id, inc.closed_at, inc.cluster, inc.region, inc.location_name,
        inc.assigned_team, inc.owner, inc.raw_status, inc.normalized_status, inc.sla_status,
        inc.mttr, inc.created_at_service, inc.first_seen_at
    from tickets.inc as inc
    where inc.closed_at is not null
    on conflict (ticket_id, closed_at) do nothing;
    get diagnostics v_closures = row_count;

    with figures as (
        select
            inc.cluster, 1 as is_open, (clock.sla_state = 'breached')::integer as is_breached,
            0 as is_created, 0 as is_closed
        from tickets.inc as inc
        cross join lateral tickets.sla_clock(
            inc.created_at_service, inc.first_seen_at, least(p_at, v_to)
        ) as clock
        where inc.is_actionable
        union all
        select inc.cluster, 0, 0, 1, 0
        from tickets.inc as inc
        where
            coalesce(inc.created_at_service, inc.first_seen_at) >= v_from
            and coalesce(inc.created_at_service, inc.first_seen_at) < v_to
        union all
        select events.cluster, 0, 0, 0, 1
        from tickets.closure_events as events
        where events.closed_at >= v_from and events.closed_at < v_to
    ),

    clusters as (
        select
            coalesce(cluster, 'unknown') as cluster, sum(is_open) as open_total,
            sum(is_breached) as open_breached, sum(is_created) as created,
            sum(is_closed) as closed
        from figures
        group by coalesce(cluster, 'unknown')
    )

    insert into tickets.inc_daily_snapshot as snapshot (
        snapshot_date, open_total, open_breached, created_today, closed_today, per_cluster
    )
    select
        v_day, coalesce(sum(open_total), 0), coalesce(sum(open_breached), 0),
        coalesce(sum(created), 0), coalesce(sum(closed), 0),
        coalesce(
            jsonb_object_agg(
                cluster,
                jsonb_build_object(
                    'open', open_total, 'breached', open_breached,
                    'created', created, 'closed', closed
                )
            ),
            '{}'
        )
    from clusters
    on conflict (snapshot_date) do update
    set
        open_total = excluded.open_total, open_breached = excluded.open_breached,
        created_today = excluded.created_today, closed_today = excluded.closed_today,
        per_cluster = excluded.per_cluster, captured_at = excluded.captured_at
    where
        not v_over
        and (
            snapshot.open_total, snapshot.open_breached, snapshot.created_today,
            snapshot.closed_today, snapshot.per_cluster
        ) is distinct from (
            excluded.open_total, excluded.open_breached, excluded.created_today,
            excluded.closed_today, excluded.per_cluster
        );
    get diagnostics v_written = row_count;
    return jsonb_build_object(
        'captured', true, 'snapshot_date', v_day, 'closures_added', v_closures,
        'snapshot_written', v_written > 0
    );
end
$$;

revoke execute on function tickets.capture_history(timestamptz) from public;
