-- Purpose: what geocoding remembers of each place; marks that say which step of the scheduled run
--          has something to look at; triggers that scan tickets only where a point has changed.
-- Why: tickets.inc has no index on cluster and location_name, which ingest would pay for with
--      every row. So a run must know without a scan that there is nothing to do, and a write of
--      the gazetteer that moves no point must cost nothing.
-- Locks: access exclusive on the gazetteer tables, share row exclusive on tickets.inc: a moment.
-- Undo: drop the triggers of tickets.inc that are made here, tables and functions; the columns;
--       replace the other functions by the text of 15.

-- squawk-ignore-file constraint-missing-not-valid

-- An older system may have had columns of its own under these names; they stay beside ours.
do $$
declare
    v_column record;
begin
    for v_column in
        select found.attrelid::regclass as relation, found.attname as name
        from pg_attribute as found
        where
            found.attrelid in ('tickets.geo_clusters'::regclass, 'tickets.geo_locations'::regclass)
            and found.attname in (
                'provider', 'query', 'distance_metres', 'confidence', 'outcome', 'reason',
                'attempts', 'next_attempt_at', 'expires_at'
            )
            and not found.attisdropped
    loop
        raise notice 'column % of % is called former_% from now on',
            v_column.name, v_column.relation, v_column.name;
        execute format(
            'alter table %s rename column %I to %I',
            v_column.relation, v_column.name, 'former_' || v_column.name
        );
    end loop;
end
$$;

alter table tickets.geo_clusters
add column provider text,
add column query text,
add column confidence double precision,
add column outcome text,
add column reason text,
add column attempts integer not null default 0,
add column next_attempt_at timestamptz,
add column expires_at timestamptz,
add constraint geo_clusters_outcome_is_known
check (outcome in ('found', 'not_found', 'rejected')),
add constraint geo_clusters_attempts_are_counted check (attempts >= 0);

alter table tickets.geo_locations
add column provider text,
add column query text,
add column distance_metres double precision,
add column confidence double precision,
add column outcome text,
add column reason text,
add column attempts integer not null default 0,
add column next_attempt_at timestamptz,
add column expires_at timestamptz,
add constraint geo_locations_outcome_is_known
check (outcome in ('found', 'not_found', 'rejected')),
add constraint geo_locations_attempts_are_counted check (attempts >= 0);

comment on column tickets.geo_clusters.provider is
'Geocoder that gave the last answer; null if none did.';
comment on column tickets.geo_clusters.query is
'What it was asked; null if nothing was.';
comment on column tickets.geo_clusters.confidence is
'How sure it was, from 0 to 1; null if it does not say.';
comment on column tickets.geo_clusters.outcome is
'Its last answer: found, not_found, rejected by our rules; null without one. Trouble is no answer.';
comment on column tickets.geo_clusters.reason is
'Why it was rejected, or could not be asked for; null otherwise.';
comment on column tickets.geo_clusters.attempts is
'How often it was asked for in vain or not.';
comment on column tickets.geo_clusters.next_attempt_at is
'When it may be asked for again, if it has no point; null means never if there is an outcome, else '
'at once.';
comment on column tickets.geo_clusters.expires_at is
'Until when the provider lets us use the answer for other names; null means for good.';
comment on column tickets.geo_locations.provider is
'Geocoder that gave the last answer; null if none did.';
comment on column tickets.geo_locations.query is
'What it was asked; null if nothing was, as when the name has no place in it.';
comment on column tickets.geo_locations.distance_metres is
'From the cluster''s point, as it was then, to the place found; null without one.';
comment on column tickets.geo_locations.confidence is
'How sure it was, from 0 to 1; null if it does not say.';
comment on column tickets.geo_locations.outcome is
'Its last answer: found, not_found, rejected by our rules; null without one. Trouble is no answer.';
comment on column tickets.geo_locations.reason is
'Why it was rejected, or could not be asked for; null otherwise.';
comment on column tickets.geo_locations.attempts is
'How often it was asked for in vain or not.';
comment on column tickets.geo_locations.next_attempt_at is
'When it may be asked for again, if it has no point; null means never if there is an outcome, else '
'at once.';
comment on column tickets.geo_locations.expires_at is
'Until when the provider lets us use the answer for other names; null means for good.';

-- Whoever writes adds rows and waits for nobody. A step reads the marks that it sees, looks at the
-- tickets after that, and deletes those very marks when its work is done: a write that commits
-- meanwhile has left a mark that the step did not see.
create table tickets.enrich_marks (
    mark_id bigint generated always as identity,
    step text not null,
    marked_at timestamptz not null default clock_timestamp(),
    constraint enrich_marks_pkey primary key (mark_id),
    constraint enrich_marks_step_is_known
    check (step in ('clusters', 'locations', 'geometry', 'closures', 'history'))
);

comment on table tickets.enrich_marks is
'A row says that something was written which a step of the scheduled run has not looked at yet.';
comment on column tickets.enrich_marks.mark_id is
'Number of the mark.';
comment on column tickets.enrich_marks.step is
'Who has to look: clusters, locations, geometry, closures, history.';
comment on column tickets.enrich_marks.marked_at is
'When it was written.';

insert into tickets.enrich_marks (step)
values ('clusters'), ('locations'), ('geometry'), ('closures'), ('history');

create function tickets.mark_enrich() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into tickets.enrich_marks (step) select unnest(tg_argv);
    return null;
end
$$;

comment on function tickets.mark_enrich() is
'Trigger: leaves a mark for each step of the scheduled run that its arguments name.';

create trigger inc_mark_content
after insert or update of raw or delete or truncate on tickets.inc
for each statement execute function tickets.mark_enrich('clusters', 'locations', 'history');

-- The ingest places its tickets under the dataset's lock and records their closures, and the
-- gazetteer's triggers place under that lock too. Of anybody else's tickets it is not known by what
-- they were placed, nor whether their closures are recorded.
create trigger inc_mark_foreign
after insert or update of raw, geom, geo_source on tickets.inc
for each statement when (
    pg_trigger_depth() = 0
    and current_setting('fleettickets.geometry_is_resolved', true) is distinct from 'yes'
)
execute function tickets.mark_enrich('geometry', 'closures');

create trigger closure_events_mark_loss
after delete or truncate on tickets.closure_events
for each statement execute function tickets.mark_enrich('closures', 'history');

comment on trigger closure_events_mark_loss on tickets.closure_events is
'Tells the scheduled run that closures which tickets show may be missing.';
comment on trigger inc_mark_content on tickets.inc is
'Tells the scheduled run that tickets were written.';
comment on trigger inc_mark_foreign on tickets.inc is
'Tells the scheduled run that somebody else than the ingest wrote tickets.';

create or replace function tickets.reconcile_geometry() returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_marks bigint [];
    v_changed bigint;
begin
    perform tickets.lock_dataset('inc');
    select array_agg(marks.mark_id) into v_marks
    from tickets.enrich_marks as marks
    where marks.step = 'geometry';
    update tickets.inc as inc
    set geom = resolved.geom, geo_source = resolved.geo_source
    from (
        select ticket.ticket_id, point.geom, point.geo_source
        from tickets.inc as ticket
        cross join lateral tickets.resolve_point(ticket.raw) as point
        where
            point.geom::bytea is distinct from ticket.geom::bytea
            or point.geo_source is distinct from ticket.geo_source
    ) as resolved
    where inc.ticket_id = resolved.ticket_id;
    get diagnostics v_changed = row_count;
    -- With them goes the mark that this very statement left.
    delete from tickets.enrich_marks as marks
    where
        marks.step = 'geometry'
        and (marks.mark_id = any (v_marks) or marks.xmin = pg_current_xact_id()::xid);
    return v_changed;
end
$$;

create or replace function tickets.follow_clusters() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_names text [];
begin
    if tg_op = 'INSERT' then
        select array_agg(added.cluster) into v_names from added where added.geom is not null;
    elsif tg_op = 'DELETE' then
        select array_agg(removed.cluster) into v_names from removed where removed.geom is not null;
        insert into tickets.enrich_marks (step) values ('clusters');
    else
        select array_agg(distinct coalesce(added.cluster, removed.cluster)) into v_names
        from removed
        full join added on removed.cluster = added.cluster
        where removed.geom::bytea is distinct from added.geom::bytea;
        insert into tickets.enrich_marks (step)
        select 'clusters'
        from removed
        where not exists (select from added where added.cluster = removed.cluster)
        limit 1;
    end if;
    if v_names is null then
        return null;
    end if;
    update tickets.inc as inc
    set geom = resolved.geom, geo_source = resolved.geo_source
    from (
        select ticket.ticket_id, point.geom, point.geo_source
        from tickets.inc as ticket
        cross join lateral tickets.resolve_point(ticket.raw) as point
        where
            ticket.cluster in (select unnest(v_names))
            and (
                point.geom::bytea is distinct from ticket.geom::bytea
                or point.geo_source is distinct from ticket.geo_source
            )
    ) as resolved
    where inc.ticket_id = resolved.ticket_id;
    -- Answers were sought and judged around the former point. What geocoders found more than 25 km
    -- from the new one, the geocoding's guard, is in the wrong town; the rest is asked for again.
    update tickets.geo_locations as locations
    set
        geom = null, outcome = 'rejected', reason = 'too_far', next_attempt_at = now(),
        distance_metres = public.st_distancesphere(locations.geom, clusters.geom)
    from tickets.geo_clusters as clusters
    where
        clusters.cluster in (select unnest(v_names)) and locations.cluster = clusters.cluster
        and locations.provider is not null and not locations.verified
        and public.st_distancesphere(locations.geom, clusters.geom) > 25000;
    update tickets.geo_locations as locations
    set next_attempt_at = now()
    where
        locations.cluster in (select unnest(v_names))
        and locations.geom is null and not locations.verified
        and locations.next_attempt_at > now();
    insert into tickets.enrich_marks (step) values ('locations');
    return null;
end
$$;

create or replace function tickets.follow_locations() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_names text [];
begin
    if tg_op = 'INSERT' then
        select array_agg(added.location_name) into v_names from added where added.geom is not null;
    elsif tg_op = 'DELETE' then
        select array_agg(removed.location_name) into v_names
        from removed
        where removed.geom is not null;
        insert into tickets.enrich_marks (step) values ('locations');
    else
        select array_agg(distinct coalesce(added.location_name, removed.location_name))
        into v_names
        from removed
        full join added
            on removed.location_name = added.location_name and removed.cluster = added.cluster
        where removed.geom::bytea is distinct from added.geom::bytea;
        insert into tickets.enrich_marks (step)
        select 'locations'
        from removed
        where
            removed.geom is not null
            and not exists (
                select from added
                where
                    added.location_name = removed.location_name
                    and added.cluster = removed.cluster and added.geom is not null
            )
        limit 1;
    end if;
    if v_names is null then
        return null;
    end if;
    update tickets.inc as inc
    set geom = resolved.geom, geo_source = resolved.geo_source
    from (
        select ticket.ticket_id, point.geom, point.geo_source
        from tickets.inc as ticket
        cross join lateral tickets.resolve_point(ticket.raw) as point
        where
            ticket.location_name in (select unnest(v_names))
            and (
                point.geom::bytea is distinct from ticket.geom::bytea
                or point.geo_source is distinct from ticket.geo_source
            )
    ) as resolved
    where inc.ticket_id = resolved.ticket_id;
    return null;
end
$$;

create or replace function tickets.follow_truncation() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tickets.reconcile_geometry();
    insert into tickets.enrich_marks (step) values ('clusters'), ('locations');
    return null;
end
$$;

revoke execute on function tickets.mark_enrich() from public;
