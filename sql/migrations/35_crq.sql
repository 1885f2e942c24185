-- Purpose: tickets.crq in the shape of tickets.inc, with its triggers, its view and its index.
-- Why: whoever will ingest requests for installations finds the columns typed, the points
--      following the gazetteer, and the clock running.
-- Locks: access exclusive on tickets.crq while it is rewritten (nothing of ours fills it), share
--        row exclusive on the gazetteer tables for a moment.
-- Undo: drop view tickets.crq_open_sla, the triggers crq_follow_… and tickets.crq_follow_gazetteer;
--       drop the columns; make the trigger crq_resolve_geom of 15 again.

-- squawk-ignore-file adding-not-nullable-field, constraint-missing-not-valid

alter table tickets.crq
add column if not exists normalized_status text
generated always as (raw ->> 'normalized_status') stored,
add column if not exists raw_status text generated always as (raw ->> 'raw_status') stored,
add column if not exists bucket text generated always as (raw ->> 'bucket') stored,
add column if not exists is_actionable boolean
generated always as (tickets.to_boolean(raw ->> 'is_actionable')) stored,
add column if not exists cluster text generated always as (raw ->> 'cluster') stored,
add column if not exists region text generated always as (raw ->> 'region') stored,
add column if not exists location_name text generated always as (raw ->> 'location_name') stored,
add column if not exists assigned_team text generated always as (raw ->> 'assigned_team') stored,
add column if not exists owner text generated always as (raw ->> 'owner') stored,
add column if not exists sla_status text generated always as (raw ->> 'sla_status') stored,
add column if not exists created_at_service timestamptz
generated always as (tickets.eat_ts(raw ->> 'created_at_service')) stored,
add column if not exists scheduled_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'scheduled_at')) stored,
add column if not exists closed_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'closed_at')) stored,
add column if not exists first_seen_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'first_seen_at')) stored,
add column if not exists last_seen_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'last_seen_at')) stored,
add column if not exists source_created_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'source_created_at')) stored,
add column if not exists source_updated_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'source_updated_at')) stored,
add column if not exists latitude double precision
generated always as (
    coalesce(public.st_y(tickets.feed_point(raw)), public.st_y(geom))
) stored,
add column if not exists longitude double precision
generated always as (
    coalesce(public.st_x(tickets.feed_point(raw)), public.st_x(geom))
) stored,
add column if not exists geog public.geography (point, 4326)
generated always as (geom::public.geography) stored,
add column if not exists mttr integer
generated always as (tickets.to_minutes(raw ->> 'mttr')) stored;

-- An older system may have written rows that say nothing of how they were placed.
update tickets.crq as crq
set geom = resolved.geom, geo_source = resolved.geo_source
from (
    select
        ticket.ticket_id,
        point.geom,
        point.geo_source
    from tickets.crq as ticket
    cross join lateral tickets.resolve_point(ticket.raw) as point
) as resolved
where
    crq.ticket_id = resolved.ticket_id
    and (
        crq.geom::bytea is distinct from resolved.geom::bytea
        or crq.geo_source is distinct from resolved.geo_source
    );

alter table tickets.crq
alter column geo_source set not null,
add constraint crq_geo_source_is_known
check (geo_source in ('feed', 'location', 'cluster', 'none'));

drop trigger crq_resolve_geom on tickets.crq;

create trigger crq_resolve_geom_insert
before insert on tickets.crq
for each row when (new.geo_source is null)
execute function tickets.resolve_geom();

create trigger crq_resolve_geom_update
before update on tickets.crq
for each row when (
    new.geo_source is null
    or (
        new.raw is distinct from old.raw
        and new.geom::bytea is not distinct from old.geom::bytea
        and new.geo_source is not distinct from old.geo_source
        and current_setting('fleettickets.geometry_is_resolved', true) is distinct from 'yes'
    )
)
execute function tickets.resolve_geom();

create index crq_open_geog_idx on tickets.crq using gist (geog) where is_actionable;

create view tickets.crq_open_sla as
select
    crq.ticket_id,
    crq.normalized_status,
    crq.raw_status,
    crq.cluster,
    crq.region,
    crq.location_name,
    crq.assigned_team,
    crq.owner,
    crq.created_at_service,
    crq.first_seen_at,
    clock.hours_open,
    clock.sla_state,
    clock.sla_clock_source,
    crq.latitude,
    crq.longitude,
    crq.geo_source,
    crq.geog
from tickets.crq as crq
cross join lateral tickets.sla_clock(crq.created_at_service, crq.first_seen_at, now()) as clock
where crq.is_actionable;

-- Its argument is the column of both the gazetteer's table and tickets.crq by which they go
-- together; without one, after a truncation, all are placed anew.
create function tickets.crq_follow_gazetteer() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_names text [];
begin
    if tg_op = 'INSERT' then
        select array_agg(to_jsonb(added) ->> tg_argv[0]) into v_names from added;
    elsif tg_op = 'DELETE' then
        select array_agg(to_jsonb(removed) ->> tg_argv[0]) into v_names from removed;
    elsif tg_op = 'UPDATE' then
        select array_agg(to_jsonb(moved) ->> tg_argv[0]) into v_names
        from (select removed.* from removed union all select added.* from added) as moved;
    end if;
    update tickets.crq as crq
    set geom = resolved.geom, geo_source = resolved.geo_source
    from (
        select ticket.ticket_id, point.geom, point.geo_source
        from tickets.crq as ticket
        cross join lateral tickets.resolve_point(ticket.raw) as point
        where
            (tg_op = 'TRUNCATE' or ticket.raw ->> tg_argv[0] = any (v_names))
            and (
                point.geom::bytea is distinct from ticket.geom::bytea
                or point.geo_source is distinct from ticket.geo_source
            )
    ) as resolved
    where crq.ticket_id = resolved.ticket_id;
    return null;
end
$$;

comment on function tickets.crq_follow_gazetteer() is
'Trigger: moves the CRQ tickets of the clusters or locations that a statement wrote.';

revoke execute on function tickets.crq_follow_gazetteer() from public;

create trigger geo_clusters_crq_added
after insert on tickets.geo_clusters
referencing new table as added
for each statement execute function tickets.crq_follow_gazetteer('cluster');

create trigger geo_clusters_crq_moved
after update on tickets.geo_clusters
referencing old table as removed new table as added
for each statement execute function tickets.crq_follow_gazetteer('cluster');

create trigger geo_clusters_crq_removed
after delete on tickets.geo_clusters
referencing old table as removed
for each statement execute function tickets.crq_follow_gazetteer('cluster');

create trigger geo_clusters_crq_emptied
after truncate on tickets.geo_clusters
for each statement execute function tickets.crq_follow_gazetteer();

create trigger geo_locations_crq_added
after insert on tickets.geo_locations
referencing new table as added
for each statement execute function tickets.crq_follow_gazetteer('location_name');

create trigger geo_locations_crq_moved
after update on tickets.geo_locations
referencing old table as removed new table as added
for each statement execute function tickets.crq_follow_gazetteer('location_name');

create trigger geo_locations_crq_removed
after delete on tickets.geo_locations
referencing old table as removed
for each statement execute function tickets.crq_follow_gazetteer('location_name');

create trigger geo_locations_crq_emptied
after truncate on tickets.geo_locations
for each statement execute function tickets.crq_follow_gazetteer();

comment on column tickets.crq.normalized_status is
'State of the ticket in the source''s normal form (new, open, closed, …); null if not given.';
comment on column tickets.crq.raw_status is
'State as the source shows it, in upper case; null if not given.';
comment on column tickets.crq.bucket is
'Work queue of the source; null if not given.';
comment on column tickets.crq.is_actionable is
'Whether the ticket is open; null if the feed''s text is no boolean.';
comment on column tickets.crq.cluster is
'Area that a team serves; null if not given.';
comment on column tickets.crq.region is
'Region above the cluster, in lower case; null if not given.';
comment on column tickets.crq.location_name is
'Place as the source names it, network codes included; null if not given.';
comment on column tickets.crq.assigned_team is
'Team that has the ticket; null if not given.';
comment on column tickets.crq.owner is
'Person who has the ticket; null if not given.';
comment on column tickets.crq.sla_status is
'The source''s own verdict; it means something for closed tickets only. Null if not given.';
comment on column tickets.crq.created_at_service is
'When the customer''s trouble was reported; missing on about 30 % of the rows. Null if not '
'given or no time.';
comment on column tickets.crq.scheduled_at is
'When work is planned; null if not given or no time.';
comment on column tickets.crq.closed_at is
'When the ticket was last closed; null if never, not given or no time.';
comment on column tickets.crq.first_seen_at is
'When the exporter first saw the ticket; stands in for created_at_service. Null if not given '
'or no time.';
comment on column tickets.crq.last_seen_at is
'When the exporter last saw the ticket; null if not given or no time.';
comment on column tickets.crq.source_created_at is
'When the source''s record was made; null if not given or no time.';
comment on column tickets.crq.source_updated_at is
'When the source''s record last changed; about two days older than its file. Null if not given '
'or no time.';
comment on column tickets.crq.latitude is
'Degrees north: the feed''s if its pair is a coordinate, else the resolved point''s; null '
'without either.';
comment on column tickets.crq.longitude is
'Degrees east: the feed''s if its pair is a coordinate, else the resolved point''s; null '
'without either.';
comment on column tickets.crq.geog is
'The resolved point as geography, for distances in metres; null if nothing places the ticket.';
comment on column tickets.crq.mttr is
'Time to repair in whole minutes, from the source''s decimal hours; not closed minus created. '
'Null if not given or no number.';

comment on view tickets.crq_open_sla is
'Open CRQ tickets with the state of their SLA now.';
comment on column tickets.crq_open_sla.ticket_id is
'The ticket.';
comment on column tickets.crq_open_sla.normalized_status is
'State of the ticket in the source''s normal form (new, open, closed, …); null if not given.';
comment on column tickets.crq_open_sla.raw_status is
'State as the source shows it, in upper case; null if not given.';
comment on column tickets.crq_open_sla.cluster is
'Area that a team serves; null if not given.';
comment on column tickets.crq_open_sla.region is
'Region above the cluster, in lower case; null if not given.';
comment on column tickets.crq_open_sla.location_name is
'Place as the source names it, network codes included; null if not given.';
comment on column tickets.crq_open_sla.assigned_team is
'Team that has the ticket; null if not given.';
comment on column tickets.crq_open_sla.owner is
'Person who has the ticket; null if not given.';
comment on column tickets.crq_open_sla.created_at_service is
'When the customer''s trouble was reported; missing on about 30 % of the rows. Null if not '
'given or no time.';
comment on column tickets.crq_open_sla.first_seen_at is
'When the exporter first saw the ticket; stands in for created_at_service. Null if not given '
'or no time.';
comment on column tickets.crq_open_sla.hours_open is
'Hours since the clock started, cut to two decimals, 0 if it starts in the future; null '
'without a clock.';
comment on column tickets.crq_open_sla.sla_state is
'within, at_risk or breached by the hours in tickets.settings (36 and 48), unknown without a '
'clock.';
comment on column tickets.crq_open_sla.sla_clock_source is
'What started the clock: created_at_service, else first_seen_at; null if neither is known.';
comment on column tickets.crq_open_sla.latitude is
'Degrees north: the feed''s if its pair is a coordinate, else the resolved point''s; null '
'without either.';
comment on column tickets.crq_open_sla.longitude is
'Degrees east: the feed''s if its pair is a coordinate, else the resolved point''s; null '
'without either.';
comment on column tickets.crq_open_sla.geo_source is
'What placed the ticket: feed, location, cluster, or none.';
comment on column tickets.crq_open_sla.geog is
'The resolved point as geography, for distances in metres; null if nothing places the ticket.';

comment on index tickets.crq_open_geog_idx is
'Nearest open CRQ tickets.';
comment on trigger crq_resolve_geom_insert on tickets.crq is
'Places a ticket that is inserted without being placed.';
comment on trigger crq_resolve_geom_update on tickets.crq is
'Places a ticket anew when raw is written and its place is not.';
comment on trigger geo_clusters_crq_added on tickets.geo_clusters is
'Moves the CRQ tickets that the new rows place.';
comment on trigger geo_clusters_crq_moved on tickets.geo_clusters is
'Moves the CRQ tickets that the changed rows place or placed.';
comment on trigger geo_clusters_crq_removed on tickets.geo_clusters is
'Moves the CRQ tickets that the deleted rows placed.';
comment on trigger geo_clusters_crq_emptied on tickets.geo_clusters is
'Places all CRQ tickets anew.';
comment on trigger geo_locations_crq_added on tickets.geo_locations is
'Moves the CRQ tickets that the new rows place.';
comment on trigger geo_locations_crq_moved on tickets.geo_locations is
'Moves the CRQ tickets that the changed rows place or placed.';
comment on trigger geo_locations_crq_removed on tickets.geo_locations is
'Moves the CRQ tickets that the deleted rows placed.';
comment on trigger geo_locations_crq_emptied on tickets.geo_locations is
'Places all CRQ tickets anew.';
