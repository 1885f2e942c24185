-- Purpose: the resolved point as geography, with an index.
-- Why: distances in metres and nearest-ticket searches.
-- Locks: access exclusive on tickets.inc while it is rewritten and indexed.
-- Undo: alter table tickets.inc drop column geog (the index goes with it).

alter table tickets.inc
add column geog public.geography (point, 4326)
generated always as (geom::public.geography) stored;

create index inc_geog_idx on tickets.inc using gist (geog);
