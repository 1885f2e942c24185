"""Queries and budgets that the geocoders' tests share."""

import math

from fleettickets.core.locations import Query, cluster_query, location_query
from fleettickets.core.points import Point

KILIMANI = Point(longitude=36.785, latitude=-1.290)
KILELESHWA = "Kileleshwa, Kilimani, Kenya"


def a_location(
    name: str = "Kileleshwa", cluster: str = "Kilimani", near: Point = KILIMANI
) -> Query:
    """Return the query for a location."""
    query = location_query(name, cluster, near)
    assert query is not None
    return query


def a_cluster(cluster: str = "Kilimani") -> Query:
    """Return the query for a cluster."""
    query = cluster_query(cluster)
    assert query is not None
    return query


def all_day() -> float:
    """Return the seconds left of a run that nothing hurries."""
    return math.inf
