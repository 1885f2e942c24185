-- Purpose: latitude and longitude of a ticket, in degrees.
-- Why: the feed's pair where it is a coordinate, else the resolved point's: never a mix of the two.
-- Locks: access exclusive on tickets.inc while it is rewritten.
-- Undo: alter table tickets.inc drop column latitude, drop column longitude.

alter table tickets.inc
add column latitude double precision
generated always as (
    coalesce(public.st_y(tickets.feed_point(raw)), public.st_y(geom))
) stored,
add column longitude double precision
generated always as (
    coalesce(public.st_x(tickets.feed_point(raw)), public.st_x(geom))
) stored;
