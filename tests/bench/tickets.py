"""A table of made-up tickets, written by the database itself: as many as are asked for.

A tenth is open, most of them young; all are geocoded: 8 % by the feed's own pair, the others by
their location or, where the gazetteer lacks it, by their cluster. A row is as wide as a real one.
"""

from fleettickets.samples.places import PLACES
from fleettickets.store.connections import Connection
from tests.support.tickets import add_cluster

SITES_PER_CLUSTER = 400

# Three of twenty sites are unknown to the gazetteer.
ADD_SITES = """
insert into tickets.geo_locations (location_name, cluster, geom, source, verified)
select
    clusters.cluster || ' site ' || number,
    clusters.cluster,
    st_setsrid(st_makepoint(
        (st_x(clusters.geom) + 0.03 * sin(number * 7.0))::numeric(9, 6)::float8,
        (st_y(clusters.geom) + 0.03 * cos(number * 5.0))::numeric(9, 6)::float8
    ), 4326),
    'sample',
    false
from tickets.geo_clusters as clusters
cross join generate_series(0, %s) as number
where number %% 20 < 17
"""

ADD_TICKETS = """
insert into tickets.inc (ticket_id, raw, geom, geo_source)
select drawn.raw ->> 'ticket_id', drawn.raw, point.geom, point.geo_source
from (
    select
        ticket.number,
        jsonb_strip_nulls(jsonb_build_object(
            'ticket_id', 'INC' || to_char(ticket.number, 'FM0000000'),
            'service_type', 'FTTH', 'bucket', 'field', 'priority', '3 - Moderate',
            'impact', '2 - Medium', 'urgency', '2 - Medium', 'category', 'Connectivity',
            'subcategory', 'Fibre plant', 'symptom', 'Intermittent link',
            'contact_type', 'Phone', 'reopen_count', '0', 'reassignment_count', '1',
            'update_count', '3', 'is_auto_created', 'false', 'is_auto_closed', 'false',
            'short_description',
            'Customer reports no internet since the evening and the LOS light is red.',
            'resolution_notes',
            rtrim(
                repeat('Team on site found the drop cable cut at the pole and spliced it. ', 4)
            ),
            'is_actionable', state.is_open::text,
            'normalized_status', state.names[1 + 2 * state.draw], 'raw_status',
            state.names[2 + 2 * state.draw],
            'cluster', cluster.cluster,
            'region', 'upcountry',
            'location_name', cluster.cluster || ' site ' || floor(ticket.dice[3] * %(sites)s),
            'assigned_team',
            'Team ' || cluster.cluster || case when ticket.dice[4] < 0.5 then ' A' else ' B' end,
            'owner', 'Owner ' || floor(ticket.dice[4] * 60),
            'created_at_service',
            case
                when ticket.dice[5] > 0.3 then to_char(ticket.at, 'YYYY-MM-DD HH24:MI:SS')
            end,
            'first_seen_at', to_char(ticket.at + '7 minutes', 'YYYY-MM-DD HH24:MI:SS'),
            'last_seen_at', to_char(ticket.at + '2 days', 'YYYY-MM-DD HH24:MI:SS'),
            'source_created_at', to_char(ticket.at, 'YYYY-MM-DD HH24:MI:SS'),
            'source_updated_at', to_char(ticket.at + '1 day', 'YYYY-MM-DD HH24:MI:SS'),
            'scheduled_at', to_char(ticket.at + '1 day', 'YYYY-MM-DD HH24:MI:SS'),
            'closed_at',
            case
                when not state.is_open
                    then to_char(ticket.at + state.repair, 'YYYY-MM-DD HH24:MI:SS')
            end,
            'mttr',
            case
                when not state.is_open
                    then round(extract(epoch from state.repair) / 3600, 2)::text
            end,
            'sla_status',
            case
                when not state.is_open and state.repair > '48 hours' then 'Breached'
                else 'Compliant'
            end,
            'longitude',
            case
                when ticket.dice[6] < 0.08
                    then (st_x(cluster.geom) + 0.1 * (ticket.dice[4] - 0.5))::numeric(9, 6)::text
            end,
            'latitude',
            case
                when ticket.dice[6] < 0.08
                    then (st_y(cluster.geom) + 0.1 * (ticket.dice[3] - 0.5))::numeric(9, 6)::text
            end
        )) as raw
    from (
        select
            number,
            array[random(), random(), random(), random(), random(), random(), random()] as dice,
            (now() at time zone 'Africa/Nairobi')
            - (%(total)s - number) * interval '1000 days' / %(total)s as at
        from generate_series(%(first)s::integer, %(last)s::integer) as number
    ) as ticket
    cross join lateral (
        select
            chance.is_open,
            case when chance.is_open then floor(ticket.dice[7] * 3)::integer else 0 end as draw,
            ticket.dice[7] * ticket.dice[7] * interval '8 days' as repair,
            case
                when chance.is_open
                    then '{open,NEW,in_progress,ACTIVE,on_hold,AWAITING VENDOR}'::text []
                else '{closed,CLOSED}'
            end as names
        from (
            select
                ticket.dice[1]
                < case when ticket.number > %(total)s * 0.85 then 0.55 else 0.02 end as is_open
        ) as chance
    ) as state
    inner join (
        select row_number() over (order by cluster) as number, cluster, geom
        from tickets.geo_clusters
    ) as cluster on cluster.number = 1 + floor(ticket.dice[2] * %(clusters)s)
    order by ticket.number
) as drawn
cross join lateral tickets.resolve_point(drawn.raw) as point
"""

ADD_VERSIONS = """
insert into tickets.inc_versions (ticket_id, generation, stamp, revision)
select ticket_id, 0, '2026-01-01T00-00-00', 1 from tickets.inc
"""

ADD_CLOSURES = """
insert into tickets.closure_events (
    ticket_id, closed_at, cluster, region, location_name, assigned_team, owner, raw_status,
    normalized_status, sla_status, mttr, created_at_service, first_seen_at,
    generation, stamp, revision
)
select
    ticket_id, closed_at, cluster, region, location_name, assigned_team, owner, raw_status,
    normalized_status, sla_status, mttr, created_at_service, first_seen_at,
    0, '2026-01-01T00-00-00', 1
from tickets.inc
where closed_at is not null
"""


def add_gazetteer(connection: Connection) -> None:
    """Add the clusters and their sites."""
    for place in PLACES:
        add_cluster(connection, place.cluster, place.longitude, place.latitude)
    connection.execute(ADD_SITES, [SITES_PER_CLUSTER - 1])
    connection.execute("analyze tickets.geo_clusters, tickets.geo_locations")


def add_tickets(connection: Connection, first: int, last: int, total: int) -> None:
    """Add the tickets from number `first` to `last` of `total`, the oldest first.

    A `first` always gives the same dice. Their times end now.
    """
    connection.execute("select setseed(%s)", [first / total])
    connection.execute(
        ADD_TICKETS,
        {
            "first": first,
            "last": last,
            "total": total,
            "clusters": len(PLACES),
            "sites": SITES_PER_CLUSTER,
        },
    )


def add_history(connection: Connection) -> None:
    """Add the tickets' versions and closures; then bring statistics and visibility up to date."""
    connection.execute(ADD_VERSIONS)
    connection.execute(ADD_CLOSURES)
    connection.execute("vacuum (analyze) tickets.inc, tickets.inc_versions, tickets.closure_events")
