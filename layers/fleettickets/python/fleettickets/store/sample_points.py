"""Cluster points for the demo, where the gazetteer has none yet."""

from collections.abc import Sequence

from fleettickets.store.connections import Connection

ADD_CLUSTER_POINTS = """
insert into tickets.geo_clusters (cluster, geom, source, verified)
select
    place.cluster,
    public.st_setsrid(public.st_makepoint(place.longitude, place.latitude), 4326),
    'sample',
    false
from
    unnest(%(clusters)s::text [], %(longitudes)s::float8 [], %(latitudes)s::float8 [])
        as place (cluster, longitude, latitude)
on conflict (cluster) do nothing
"""


def add_cluster_points(connection: Connection, points: Sequence[tuple[str, float, float]]) -> int:
    """Add a point (cluster, longitude, latitude) for each cluster without one; return how many.

    Concerned tickets move to it by the gazetteer's triggers. Nothing is ever overwritten.
    """
    clusters, longitudes, latitudes = ([*column] for column in zip(*points, strict=True))
    columns = {"clusters": clusters, "longitudes": longitudes, "latitudes": latitudes}
    return connection.execute(ADD_CLUSTER_POINTS, columns).rowcount
