-- Purpose: tickets.geocode_backlog: the names that geocoding has not placed, how many open tickets
--          wait for each, and why; the same view tells the geocoding what to ask for.
-- Why: a gap that people and the machine see alike.
-- Locks: none that matter; everything here is new.
-- Undo: drop view tickets.geocode_backlog.

create view tickets.geocode_backlog as
with waiting as (
    select
        inc.cluster,
        inc.location_name,
        inc.geo_source,
        count(*) as tickets
    from tickets.inc as inc
    where inc.is_actionable and inc.geo_source in ('cluster', 'none')
    group by inc.cluster, inc.location_name, inc.geo_source
),

named_clusters as (
    select
        coalesce(known.cluster, asked.cluster) as cluster,
        coalesce(asked.tickets, 0) as tickets
    from (
        select
            waiting.cluster,
            sum(waiting.tickets)::bigint as tickets
        from waiting
        where waiting.geo_source = 'none' and waiting.cluster is not null
        group by waiting.cluster
    ) as asked
    full join tickets.geo_clusters as known on asked.cluster = known.cluster
    where known.geom is null
),

places as (
    select
        'cluster' as tier,
        named.cluster as name,
        named.cluster,
        named.tickets,
        true as has_reference,
        known.verified,
        known.outcome,
        known.reason,
        coalesce(known.attempts, 0) as attempts,
        known.next_attempt_at
    from named_clusters as named
    left join tickets.geo_clusters as known on named.cluster = known.cluster
    union all
    select
        'location' as tier,
        asked.location_name as name,
        asked.cluster,
        asked.tickets,
        clusters.geom is not null as has_reference,
        known.verified,
        known.outcome,
        known.reason,
        coalesce(known.attempts, 0) as attempts,
        known.next_attempt_at
    from (
        select
            waiting.location_name,
            waiting.cluster,
            sum(waiting.tickets)::bigint as tickets
        from waiting
        group by waiting.location_name, waiting.cluster
    ) as asked
    left join tickets.geo_clusters as clusters on asked.cluster = clusters.cluster
    left join tickets.geo_locations as known
        on asked.location_name = known.location_name and asked.cluster = known.cluster
    where known.geom is null
),

explained as (
    select
        places.*,
        case
            when places.cluster is null then 'the ticket has no cluster'
            when places.name is null then 'the ticket names no location'
            when greatest(octet_length(places.name), octet_length(places.cluster)) > 500
                then 'the name is too long'
            when places.verified then 'a person took the point away'
            when not places.has_reference then 'waits for the cluster''s point'
            when places.outcome is null and places.reason is not null
                then 'cannot be asked for: ' || replace(places.reason, '_', ' ')
            when places.outcome is null then 'not asked for yet'
            else
                replace(places.outcome, '_', ' ')
                || coalesce(': ' || replace(places.reason, '_', ' '), '')
        end as why
    from places
)

select
    explained.tier,
    explained.name,
    explained.cluster,
    explained.tickets,
    explained.why,
    explained.attempts,
    explained.next_attempt_at,
    (
        explained.cluster is not null
        and explained.name is not null
        and greatest(octet_length(explained.name), octet_length(explained.cluster)) <= 500
        and explained.verified is not true
        and explained.has_reference
        and coalesce(explained.next_attempt_at <= now(), explained.outcome is null)
    ) as is_due
from explained;

comment on view tickets.geocode_backlog is
'What geocoding has not placed, and why: clusters without a point, and the location names of open '
'tickets that have their cluster''s point or none.';
comment on column tickets.geocode_backlog.tier is
'cluster: these tickets are on no map; location: these have their cluster''s point or none.';
comment on column tickets.geocode_backlog.name is
'The cluster, or the location name as in raw; null if the ticket names no location.';
comment on column tickets.geocode_backlog.cluster is
'The cluster; null if the ticket names none.';
comment on column tickets.geocode_backlog.tickets is
'Open tickets that wait for it.';
comment on column tickets.geocode_backlog.why is
'Why there is no point, in words.';
comment on column tickets.geocode_backlog.attempts is
'How often it was asked for.';
comment on column tickets.geocode_backlog.next_attempt_at is
'When it may be asked for again; null if at once or never, which is_due tells.';
comment on column tickets.geocode_backlog.is_due is
'Whether the next run asks for it.';
