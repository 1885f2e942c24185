-- Purpose: what the scheduled steps last came to, and one payload that says whether an operator is
--          needed, and for what: the same that the alarms say.
-- Why: a health check or a cron job may have nothing but the database. The payload reads the
--      ledger, which its readers may not, so it runs with its owner's rights.
-- Locks: none that matter; everything here is new.
-- Undo: replace tickets.grant_product_roles by the text of 37; drop function
--       reporting.fn_pipeline_status, tickets.files_in_quarantine; drop table tickets.step_runs.

create table tickets.step_runs (
    step text not null,
    ran_at timestamptz not null,
    error text,
    failures integer not null default 0,
    facts jsonb,
    constraint step_runs_pkey primary key (step),
    constraint step_runs_failures_fit_error check ((failures > 0) = (error is not null))
);

comment on table tickets.step_runs is
'The last run of each step of the scheduled run.';
comment on column tickets.step_runs.step is
'Name of the step: sweep, history, ….';
comment on column tickets.step_runs.ran_at is
'When it last ended.';
comment on column tickets.step_runs.error is
'Class of the error that it ended in; null if it did its work.';
comment on column tickets.step_runs.failures is
'How many times in a row it has failed by now.';
comment on column tickets.step_runs.facts is
'What its last good run found that the database cannot know. Of the sweep: pending_since (when '
'the oldest pending file could have been applied; null if none waits), dead_letters and '
'doorbell_dead_letters (messages in these queues; null if nobody looked). Null if there is '
'nothing.';

create function tickets.files_in_quarantine() returns bigint
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
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

comment on function tickets.files_in_quarantine() is
'How many files of the current generation wait for a person: mended and replayed, or skipped.';

create function reporting.fn_pipeline_status(
    p_at timestamptz default now(),
    p_limits jsonb default '{}'
) returns jsonb
language sql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
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

comment on function reporting.fn_pipeline_status(timestamptz, jsonb) is
'Whether an operator is needed: ok, and checks (name, ok, value, limit, says), those that '
'fail first, named as the alarms and the sections of the runbook are; a null value means that '
'nobody has measured. Then working_hours, freshness, stream (the current generation) and steps. '
'p_at: the moment to judge for. p_limits: limits by check''s name that replace the defaults, and '
'from_hour, to_hour: the hours of the day (EAT) in which freshness is judged.';

revoke execute on function tickets.files_in_quarantine() from public;
revoke execute on function reporting.fn_pipeline_status(timestamptz, jsonb) from public;

create or replace function tickets.grant_product_roles() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
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

select tickets.grant_roles();
