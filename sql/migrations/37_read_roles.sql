-- Purpose: the rights on what 29 to 36 made; the function that this leaves without a caller goes.
-- Why: reporting.* runs with its caller's rights, so callers need the functions that it uses; those
--      who could call it before, an older system's roles too, must not notice the change.
-- Locks: none that matter.
-- Undo: replace tickets.grant_product_roles by the text of 27; drop tickets.read_functions.

-- squawk-ignore-file ban-drop-function

drop function tickets.to_feature(double precision, double precision, jsonb);

create function tickets.read_functions() returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
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

comment on function tickets.read_functions() is
'The functions that reporting.* needs its callers to have, as grant takes them.';

revoke execute on function tickets.read_functions() from public;

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
            'tickets.capture_history(timestamptz) to fleettickets_ingest';
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

do $$
declare
    v_need record;
begin
    for v_need in
        with objects as (
            select
                relation.oid::regclass::text as name, relation.relacl as acl,
                relation.relowner as owner
            from pg_class as relation
            where relation.oid in ('tickets.inc'::regclass, 'tickets.inc_open_sla'::regclass)
            union all
            select
                routine.oid::regprocedure::text,
                coalesce(routine.proacl, acldefault('f', routine.proowner)), routine.proowner
            from pg_proc as routine
            where
                routine.oid in (
                    'reporting.fn_tickets_for_map(boolean, text, text)'::regprocedure,
                    'reporting.fn_inc_dashboard(text, text, text, date, date)'::regprocedure,
                    'tickets.capture_history(timestamptz)'::regprocedure
                )
        ),

        needs (name, functions) as (
            values
            ('tickets.inc', tickets.read_functions()),
            ('tickets.inc_open_sla', 'tickets.current_settings()'),
            (
                'reporting.fn_tickets_for_map(boolean,text,text)',
                'reporting.fn_tickets_for_map_text(boolean, text, text)'
            ),
            (
                'reporting.fn_inc_dashboard(text,text,text,date,date)',
                'reporting.fn_inc_dashboard_text(text, text, text, date, date), '
                'reporting.fn_inc_metrics(text, text, text, date, date)'
            ),
            (
                'tickets.capture_history(timestamp with time zone)',
                'tickets.open_facts(), tickets.current_settings(), '
                'tickets.day_figures(timestamptz, timestamptz, timestamptz)'
            )
        )

        select distinct
            needs.functions,
            case acl.grantee when 0 then 'public' else acl.grantee::regrole::text end as holder
        from needs
        inner join objects on needs.name = objects.name
        cross join lateral aclexplode(objects.acl) as acl
        where acl.privilege_type in ('SELECT', 'EXECUTE') and acl.grantee <> objects.owner
    loop
        execute format('grant execute on function %s to %s', v_need.functions, v_need.holder);
        if v_need.holder = 'public' then
            raise notice 'PUBLIC keeps a right; to end it: revoke execute on function % from public;',
                v_need.functions;
        end if;
    end loop;
end
$$;
