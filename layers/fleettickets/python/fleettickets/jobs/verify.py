"""Verifying: a person vouches for a point of the gazetteer, and no machine changes it any more."""

from collections.abc import Sequence

from fleettickets.core.points import Point, usable_point
from fleettickets.errors import UsageError
from fleettickets.store import gazetteer
from fleettickets.store.connections import Connection, translated_errors
from fleettickets.store.gazetteer import Place


def choose_place(connection: Connection, key: str) -> Place:
    """Return the place that `key` names: a cluster, or cluster/location name, as in raw.

    One that only tickets name is found too; it has no point yet.

    Raises:
        UsageError: there is none, or there are several.
    """
    with translated_errors():
        found = gazetteer.find_places(connection, key)
        found = found or gazetteer.find_ticket_places(connection, key)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            f"{key}: neither gazetteer nor tickets have it; give a cluster, or "
            "CLUSTER/LOCATION NAME, as `geocode --review` shows them"
        )
    raise UsageError(f"{key} is several places, {_told_apart(found)}: verify it in the database")


def _told_apart(places: Sequence[Place]) -> str:
    return " and ".join(
        f"cluster {place.cluster!r}"
        if place.location_name is None
        else f"location {place.location_name!r} of cluster {place.cluster!r}"
        for place in places
    )


def choose_point(place: Place, at: tuple[float, float] | None) -> Point:
    """Return the point to vouch for: `at` (longitude, latitude), else the one that it has.

    Raises:
        UsageError: there is none, or it is no coordinate.
    """
    if at is None and place.longitude is not None and place.latitude is not None:
        at = (place.longitude, place.latitude)
    if at is None:
        raise UsageError(f"{place.key} has no point yet: give one with --at LON,LAT")
    point = usable_point(*at)
    if point is None:
        raise UsageError(f"--at {at[0]},{at[1]}: is no longitude and latitude in degrees")
    return point


def verify(connection: Connection, place: Place, point: Point) -> None:
    """Make the place's point a verified one, and move its tickets, in one transaction.

    Raises:
        LockTimeoutError, DatabaseUnavailableError: it could not be written now.
    """
    with translated_errors():
        gazetteer.verify_place(connection, place, point)
