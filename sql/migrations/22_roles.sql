-- Purpose: the group roles of ingest, readers and the reseed's plan; one function gives rights.
-- Why: roles belong to the whole cluster and may have to be made by somebody else; then the
--      function is run again. It is also how a later file gives rights on what it adds.
-- Locks: none that matter.
-- Undo: drop owned by fleettickets_ingest, fleettickets_read, fleettickets_plan; drop the roles,
--       schema scratch and the function.

create schema if not exists scratch;

comment on schema scratch is
'Tables of a reseed''s plan, dropped at its end.';

do $$
declare
    v_role record;
begin
    for v_role in
        values
        ('fleettickets_ingest', 'Writes tickets, history and ledger; no DDL, no delete of tickets.'),
        ('fleettickets_read', 'Reads the published tables and functions of fleettickets.'),
        ('fleettickets_plan', 'Reads all of schema tickets, writes schema scratch only.')
    loop
        begin
            if to_regrole(v_role.column1) is null then
                execute format('create role %I nologin', v_role.column1);
                execute format('comment on role %I is %L', v_role.column1, v_role.column2);
            end if;
        exception
            when duplicate_object or unique_violation then
                null; -- a migration of another database of this cluster was faster
            when insufficient_privilege then
                raise notice 'role % was not created, % may not: have it created with '
                    '"create role % nologin;", then run "select tickets.grant_roles();"',
                    v_role.column1, current_user, v_role.column1;
        end;
    end loop;
end
$$;

create function tickets.grant_roles() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_cells constant text := 'tickets.eat_ts(text), tickets.to_boolean(text), '
        'tickets.to_minutes(text), tickets.to_degrees(text), '
        'tickets.valid_point(double precision, double precision), tickets.feed_point(jsonb)';
    v_clock constant text := 'tickets.sla_clock(timestamptz, timestamptz, timestamptz)';
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
            'tickets.capture_history(timestamptz) to fleettickets_ingest';
        execute format(
            'grant temporary on database %I to fleettickets_ingest', current_database()
        );
    end if;
    if to_regrole('fleettickets_read') is not null then
        execute 'grant usage on schema tickets, reporting to fleettickets_read';
        execute 'grant select on tickets.inc, tickets.inc_open_sla, tickets.inc_daily_snapshot, '
            'tickets.closure_events, tickets.import_meta, tickets.geo_clusters, '
            'tickets.geo_locations to fleettickets_read';
        execute 'grant execute on all functions in schema reporting to fleettickets_read';
        execute 'grant execute on function ' || v_clock || ', tickets.freshness(), '
            'tickets.eat_window(text, date, date, timestamptz), '
            'tickets.to_feature(double precision, double precision, jsonb) '
            'to fleettickets_read';
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

comment on function tickets.grant_roles() is
'Gives the group roles that exist their rights; to be run again after a role was made.';

revoke execute on function tickets.grant_roles() from public;

select tickets.grant_roles();
