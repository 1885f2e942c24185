-- Purpose: tickets.day_figures, the numbers of the daily snapshot; tickets.capture_history calls
--          it.
-- Why: today's numbers are counted by indexes alone; within the capture they took a reading of
--      every open ticket.
-- Locks: none that matter; the function is replaced under the same signature.
-- Undo: replace tickets.capture_history by the text of 26; drop tickets.day_figures, the trigger.

-- In plpgsql, to be planned for its arguments each time: only so the half that does not apply is
-- left out, and the other half's indexes are seen.
create function tickets.day_figures(p_from timestamptz, p_to timestamptz, p_at timestamptz)
returns table (
    open_total bigint, open_breached bigint, created_today bigint, closed_today bigint,
    per_cluster jsonb, per_team jsonb, next_breach_at timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_custom_plan
as $$
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

comment on function tickets.day_figures(timestamptz, timestamptz, timestamptz) is
'The numbers of an EAT day [p_from, p_to) as seen at p_at: open, breached, created, closed, by '
'cluster and by team, and when the next open ticket will be breached (null: none will). A time '
'that is not before p_to is the day''s end: open then is reconstructed.';

revoke execute on function tickets.day_figures(timestamptz, timestamptz, timestamptz) from public;

create or replace function tickets.capture_history(p_at timestamptz default now()) returns jsonb
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
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

comment on column tickets.inc_daily_snapshot.next_breach_at is
'When the next of the open tickets will reach the contract''s hours; null if none will.';

create trigger settings_mark_history
after update on tickets.settings
for each statement execute function tickets.mark_enrich('history');

comment on trigger settings_mark_history on tickets.settings is
'Tells the scheduled run that the snapshot''s breaches are to be counted anew.';
