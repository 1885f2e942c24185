-- Purpose: the rights of the group roles on what 24 to 26 have added.
-- Why: the scheduled run writes the gazetteer; a verified point is a person's, so the column that
--      says so is not among its rights.
-- Locks: none that matter.
-- Undo: revoke insert, update on tickets.geo_clusters, tickets.geo_locations from
--       fleettickets_ingest; replace the function by the text of 22.

create or replace function tickets.grant_roles() returns void
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

select tickets.grant_roles();
