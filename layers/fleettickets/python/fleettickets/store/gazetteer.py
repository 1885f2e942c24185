"""The gazetteer as people look after it: points to review, points to vouch for."""

from dataclasses import dataclass

from psycopg.rows import class_row

from fleettickets.core.points import Point
from fleettickets.store.connections import Connection
from fleettickets.store.streams import lock_dataset


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the gazetteer.

    `key` names it for people: the cluster, or cluster/location name. `location_name` is None for a
    cluster itself, and an empty `cluster` stands for any. Longitude and latitude are None while
    there is no point; `distance_metres` is that from the cluster's point, None if not measured.
    """

    key: str
    cluster: str
    location_name: str | None
    longitude: float | None
    latitude: float | None
    distance_metres: float | None
    confidence: float | None
    source: str | None
    query: str | None
    verified: bool


PLACES = """
with places as (
    select
        cluster as key,
        cluster,
        null as location_name,
        public.st_x(geom) as longitude,
        public.st_y(geom) as latitude,
        null::double precision as distance_metres,
        confidence,
        source,
        query,
        verified
    from tickets.geo_clusters
    union all
    select
        cluster || '/' || location_name as key,
        cluster,
        location_name,
        public.st_x(geom) as longitude,
        public.st_y(geom) as latitude,
        distance_metres,
        confidence,
        source,
        query,
        verified
    from tickets.geo_locations
)

select * from places
where
    case
        when %(key)s::text is null then not verified and longitude is not null
        else key = %(key)s
    end
order by distance_metres desc nulls last, key asc
limit %(limit)s
"""


def unverified_places(connection: Connection, limit: int) -> list[Place]:
    """Return points that nobody has vouched for, those farthest from their cluster's first."""
    with connection.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(PLACES, {"key": None, "limit": limit}).fetchall()


def find_places(connection: Connection, key: str) -> list[Place]:
    """Return the places of that key: none, one, or several where names contain slashes."""
    with connection.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(PLACES, {"key": key, "limit": None}).fetchall()


TICKET_PLACES = """
select distinct
    %(key)s::text as key,
    inc.cluster,
    case when inc.cluster <> %(key)s then inc.location_name end as location_name,
    null::double precision as longitude,
    null::double precision as latitude,
    null::double precision as distance_metres,
    null::double precision as confidence,
    null as source,
    null as query,
    false as verified
from tickets.inc as inc
where
    greatest(octet_length(inc.cluster), octet_length(inc.location_name)) <= 500
    and (inc.cluster = %(key)s or inc.cluster || '/' || inc.location_name = %(key)s)
"""


def find_ticket_places(connection: Connection, key: str) -> list[Place]:
    """Return the places of that key which tickets name and the gazetteer lacks yet.

    This reads all tickets, for want of an index on what they name.
    """
    with connection.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(TICKET_PLACES, {"key": key}).fetchall()


VERIFY_CLUSTER = """
insert into tickets.geo_clusters as known (cluster, geom, source, verified)
values (%(cluster)s, tickets.valid_point(%(longitude)s, %(latitude)s), 'person', true)
on conflict (cluster) do update
    set
        geom = excluded.geom,
        source = case
            when excluded.geom::bytea is distinct from known.geom::bytea then excluded.source
            else known.source
        end,
        verified = true,
        updated_at = now()
    where not known.verified or excluded.geom::bytea is distinct from known.geom::bytea
"""
VERIFY_LOCATION = """
insert into tickets.geo_locations as known (location_name, cluster, geom, source, verified)
values (
    %(location_name)s, %(cluster)s, tickets.valid_point(%(longitude)s, %(latitude)s), 'person',
    true
)
on conflict (location_name, cluster) do update
    set
        geom = excluded.geom,
        source = case
            when excluded.geom::bytea is distinct from known.geom::bytea then excluded.source
            else known.source
        end,
        distance_metres = case
            when excluded.geom::bytea is not distinct from known.geom::bytea
                then known.distance_metres
        end,
        verified = true,
        updated_at = now()
    where not known.verified or excluded.geom::bytea is distinct from known.geom::bytea
"""


def verify_place(connection: Connection, place: Place, at: Point) -> None:
    """Vouch for the point `at` of a place: no machine changes it any more; tickets follow.

    Raises:
        LockTimeoutError: another session worked on the dataset for longer than the lock timeout.
    """
    where = {
        "cluster": place.cluster,
        "location_name": place.location_name,
        "longitude": at.longitude,
        "latitude": at.latitude,
    }
    statement = VERIFY_CLUSTER if place.location_name is None else VERIFY_LOCATION
    with connection.transaction():
        lock_dataset(connection)
        connection.execute(statement, where)
