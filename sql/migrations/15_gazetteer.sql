-- Purpose: the dataset's lock; the gazetteer's final key; the one rule that resolves a ticket's
--          point, and the triggers that apply it to tickets and after every gazetteer write.
-- Why: two places of one name in two clusters are two places; a map must follow its gazetteer.
-- Locks: access exclusive on the gazetteer tables; row locks on the tickets whose point changes.
-- Undo: drop the triggers and functions; restore the trigger function of 01.

-- squawk-ignore-file constraint-missing-not-valid, adding-not-nullable-field
-- squawk-ignore-file adding-serial-primary-key-field

create function tickets.lock_dataset(p_dataset text) returns void
language sql
volatile
as $$
    select pg_catalog.pg_advisory_xact_lock(1718382708, pg_catalog.hashtext(p_dataset))
$$;

select tickets.lock_dataset('inc');

create temporary table geo_clusters_model (
    cluster text not null,
    geom public.geometry (point, 4326),
    source text,
    verified boolean not null default false,
    updated_at timestamptz not null default now()
) on commit drop;

create temporary table geo_locations_model (
    location_name text not null,
    cluster text not null default '',
    geom public.geometry (point, 4326),
    source text,
    verified boolean not null default false,
    updated_at timestamptz not null default now()
) on commit drop;

select tickets.conform_table('tickets.geo_clusters', 'pg_temp.geo_clusters_model');
select tickets.conform_key('tickets.geo_clusters', array['cluster'], 'geo_clusters_cluster_key');
select tickets.conform_table('tickets.geo_locations', 'pg_temp.geo_locations_model');

-- Every unique index on the name alone goes, so that one name may have a row in each cluster.
do $$
declare
    v_former record;
begin
    for v_former in
        select key.indexrelid::regclass as index, owner.conname
        from pg_index as key
        left join pg_constraint as owner
            on key.indexrelid = owner.conindid and owner.contype in ('p', 'u')
        where
            key.indrelid = 'tickets.geo_locations'::regclass
            and (key.indisprimary or key.indisunique)
    loop
        if v_former.conname is null then
            execute format('drop index %s', v_former.index);
        else
            execute format(
                'alter table tickets.geo_locations drop constraint %I', v_former.conname
            );
        end if;
    end loop;
end
$$;

alter table tickets.geo_locations
add constraint geo_locations_pkey primary key (location_name, cluster);

-- What is no coordinate was never drawn right; as null it is looked up again.
do $$
declare
    v_names text;
begin
    with emptied as (
        update tickets.geo_clusters set geom = null
        where
            geom is not null
            and tickets.valid_point(public.st_x(geom), public.st_y(geom)) is null
        returning cluster as name
    ),
    emptied_too as (
        update tickets.geo_locations set geom = null
        where
            geom is not null
            and tickets.valid_point(public.st_x(geom), public.st_y(geom)) is null
        returning location_name as name
    )
    select string_agg(quote_literal(name), ', ') into v_names
    from (select name from emptied union all select name from emptied_too) as names;
    if v_names is not null then
        raise notice 'gazetteer rows whose point was no coordinate lost it: %', v_names;
    end if;
end
$$;

alter table tickets.geo_clusters
add constraint geo_clusters_geom_is_coordinate
check (geom is null or tickets.valid_point(public.st_x(geom), public.st_y(geom)) is not null);

alter table tickets.geo_locations
add constraint geo_locations_geom_is_coordinate
check (geom is null or tickets.valid_point(public.st_x(geom), public.st_y(geom)) is not null);

-- The fence (offset 0) keeps p_raw out of the joins: only so a statement that resolves many tickets
-- gets hash joins, five times quicker than three lookups a ticket. The empty cluster is a column of
-- it, so that each join is seen to find one row at most.
create function tickets.resolve_point(p_raw jsonb)
returns table (geom public.geometry, geo_source text)
language sql
stable
parallel safe
rows 1
as $$
    select
        coalesce(feed.geom, precise.geom, anywhere.geom, coarse.geom),
        case
            when feed.geom is not null then 'feed'
            when precise.geom is not null or anywhere.geom is not null then 'location'
            when coarse.geom is not null then 'cluster'
            else 'none'
        end
    from (
        select
            tickets.feed_point(p_raw) as geom,
            p_raw ->> 'location_name' as location_name,
            p_raw ->> 'cluster' as cluster,
            '' as any_cluster
        offset 0
    ) as feed
    left join tickets.geo_locations as precise
        on feed.location_name = precise.location_name and feed.cluster = precise.cluster
    left join tickets.geo_locations as anywhere
        on feed.location_name = anywhere.location_name and feed.any_cluster = anywhere.cluster
    left join tickets.geo_clusters as coarse
        on feed.cluster = coarse.cluster
$$;

-- Triggers of an older system would resolve by its own rules, before or after ours.
do $$
declare
    v_former record;
begin
    for v_former in
        select
            routine.oid::regprocedure as routine,
            routine.pronamespace = 'tickets'::regnamespace as is_resolver,
            array_agg(
                format('%I on %s', former.tgname, former.tgrelid::regclass)
            ) as triggers
        from pg_trigger as former
        inner join pg_proc as routine on former.tgfoid = routine.oid
        where
            former.tgrelid in (
                'tickets.inc'::regclass, 'tickets.crq'::regclass,
                'tickets.geo_clusters'::regclass, 'tickets.geo_locations'::regclass
            )
            and not former.tgisinternal
        group by routine.oid, routine.pronamespace
    loop
        if v_former.is_resolver then
            execute (
                select string_agg('drop trigger ' || former, '; ')
                from unnest(v_former.triggers) as former
            );
            execute format('drop function %s', v_former.routine);
        else
            raise notice 'trigger % calls % and stays: check that it leaves geom alone',
                array_to_string(v_former.triggers, ', '), v_former.routine;
        end if;
    end loop;
end
$$;

-- Neither security definer nor a pinned search_path here: they cost ten times the work itself, for
-- each row. Every name is qualified instead.
create function tickets.resolve_geom() returns trigger
language plpgsql
as $$
begin
    select point.geom, point.geo_source into new.geom, new.geo_source
    from tickets.resolve_point(new.raw) as point;
    return new;
end
$$;

create trigger inc_resolve_geom_insert
before insert on tickets.inc
for each row when (new.geo_source is null)
execute function tickets.resolve_geom();

-- A set-based writer that resolves by tickets.resolve_point itself says so, for its transaction, by
-- set_config('fleettickets.geometry_is_resolved', 'yes', true): it need not pay for each row again.
create trigger inc_resolve_geom_update
before update on tickets.inc
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

create trigger crq_resolve_geom
before insert or update of raw on tickets.crq
for each row execute function tickets.resolve_geom();

-- Security definer, like the triggers' below: whoever may write the gazetteer needs no right on
-- tickets.
create function tickets.reconcile_geometry() returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_changed bigint;
begin
    perform tickets.lock_dataset('inc');
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
    return v_changed;
end
$$;

create function tickets.lock_for_gazetteer() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tickets.lock_dataset('inc');
    return null;
end
$$;

create function tickets.follow_clusters() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_names text [];
begin
    if tg_op = 'INSERT' then
        select array_agg(added.cluster) into v_names from added;
    elsif tg_op = 'DELETE' then
        select array_agg(removed.cluster) into v_names from removed;
    else
        select array_agg(moved.cluster) into v_names
        from (
            select removed.cluster from removed union select added.cluster from added
        ) as moved;
    end if;
    update tickets.inc as inc
    set geom = resolved.geom, geo_source = resolved.geo_source
    from (
        select ticket.ticket_id, point.geom, point.geo_source
        from tickets.inc as ticket
        cross join lateral tickets.resolve_point(ticket.raw) as point
        where
            ticket.cluster = any (v_names)
            and (
                point.geom::bytea is distinct from ticket.geom::bytea
                or point.geo_source is distinct from ticket.geo_source
            )
    ) as resolved
    where inc.ticket_id = resolved.ticket_id;
    return null;
end
$$;

create function tickets.follow_locations() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_names text [];
begin
    if tg_op = 'INSERT' then
        select array_agg(added.location_name) into v_names from added;
    elsif tg_op = 'DELETE' then
        select array_agg(removed.location_name) into v_names from removed;
    else
        select array_agg(moved.location_name) into v_names
        from (
            select removed.location_name from removed union select added.location_name from added
        ) as moved;
    end if;
    update tickets.inc as inc
    set geom = resolved.geom, geo_source = resolved.geo_source
    from (
        select ticket.ticket_id, point.geom, point.geo_source
        from tickets.inc as ticket
        cross join lateral tickets.resolve_point(ticket.raw) as point
        where
            ticket.location_name = any (v_names)
            and (
                point.geom::bytea is distinct from ticket.geom::bytea
                or point.geo_source is distinct from ticket.geo_source
            )
    ) as resolved
    where inc.ticket_id = resolved.ticket_id;
    return null;
end
$$;

create function tickets.follow_truncation() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tickets.reconcile_geometry();
    return null;
end
$$;

create trigger geo_clusters_lock
before insert or update or delete or truncate on tickets.geo_clusters
for each statement execute function tickets.lock_for_gazetteer();

create trigger geo_clusters_added
after insert on tickets.geo_clusters
referencing new table as added
for each statement execute function tickets.follow_clusters();

create trigger geo_clusters_moved
after update on tickets.geo_clusters
referencing old table as removed new table as added
for each statement execute function tickets.follow_clusters();

create trigger geo_clusters_removed
after delete on tickets.geo_clusters
referencing old table as removed
for each statement execute function tickets.follow_clusters();

create trigger geo_clusters_emptied
after truncate on tickets.geo_clusters
for each statement execute function tickets.follow_truncation();

create trigger geo_locations_lock
before insert or update or delete or truncate on tickets.geo_locations
for each statement execute function tickets.lock_for_gazetteer();

create trigger geo_locations_added
after insert on tickets.geo_locations
referencing new table as added
for each statement execute function tickets.follow_locations();

create trigger geo_locations_moved
after update on tickets.geo_locations
referencing old table as removed new table as added
for each statement execute function tickets.follow_locations();

create trigger geo_locations_removed
after delete on tickets.geo_locations
referencing old table as removed
for each statement execute function tickets.follow_locations();

create trigger geo_locations_emptied
after truncate on tickets.geo_locations
for each statement execute function tickets.follow_truncation();

select tickets.reconcile_geometry();

alter table tickets.inc
alter column geo_source set not null,
add constraint inc_geo_source_is_known
check (geo_source in ('feed', 'location', 'cluster', 'none'));

revoke execute on function tickets.lock_dataset(text) from public;
revoke execute on function tickets.resolve_point(jsonb) from public;
revoke execute on function tickets.resolve_geom() from public;
revoke execute on function tickets.reconcile_geometry() from public;
revoke execute on function tickets.lock_for_gazetteer() from public;
revoke execute on function tickets.follow_clusters() from public;
revoke execute on function tickets.follow_locations() from public;
revoke execute on function tickets.follow_truncation() from public;
