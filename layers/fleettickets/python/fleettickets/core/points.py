"""Points on the map: what counts as one, how far two are apart, and boxes around them."""

import math
from dataclasses import dataclass

EARTH_RADIUS_METRES = 6_371_008.8
"""The mean radius of the earth (IUGG), for a sphere of its size."""
METRES_PER_DEGREE_OF_LATITUDE = 110_574.0
METRES_PER_DEGREE_OF_LONGITUDE = 111_320.0
"""At the equator; times the cosine of the latitude elsewhere."""

MAX_LONGITUDE = 180.0
MAX_LATITUDE = 90.0


@dataclass(frozen=True, slots=True)
class Point:
    """A place in degrees (WGS 84); numbers from outside become one by `usable_point`."""

    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Box:
    """An area between two parallels and two meridians, in degrees, its edges included."""

    south: float
    north: float
    west: float
    east: float

    @property
    def diagonal_metres(self) -> float:
        """How far its south-western corner is from its north-eastern one."""
        return distance_metres(Point(self.west, self.south), Point(self.east, self.north))

    def contains(self, point: Point) -> bool:
        """Tell whether the point lies in it or on its edge."""
        return (
            self.south <= point.latitude <= self.north and self.west <= point.longitude <= self.east
        )


def usable_point(longitude: float, latitude: float) -> Point | None:
    """Return the point, or None where there is no coordinate: NaN, out of range, or (0, 0).

    The database's `tickets.valid_point` decides the same.
    """
    # NaN is in no range.
    in_range = abs(longitude) <= MAX_LONGITUDE and abs(latitude) <= MAX_LATITUDE
    if not in_range or (longitude == 0 and latitude == 0):
        return None
    return Point(longitude, latitude)


def distance_metres(one: Point, other: Point) -> float:
    """Return the great-circle distance, by the haversine formula on a sphere."""
    latitude, other_latitude = math.radians(one.latitude), math.radians(other.latitude)
    half_north = math.sin((other_latitude - latitude) / 2)
    half_east = math.sin(math.radians(other.longitude - one.longitude) / 2)
    chord = half_north**2 + math.cos(latitude) * math.cos(other_latitude) * half_east**2
    # Rounding may carry two opposite ends of the earth past 1, where there is no arc.
    return 2 * EARTH_RADIUS_METRES * math.asin(math.sqrt(min(1.0, chord)))


def box_around(point: Point, metres: float) -> Box:
    """Return the box whose edges are `metres` from the point; its corners are farther.

    For places away from the poles and the date line, where degrees of longitude make sense.
    """
    north = metres / METRES_PER_DEGREE_OF_LATITUDE
    east = metres / (METRES_PER_DEGREE_OF_LONGITUDE * math.cos(math.radians(point.latitude)))
    return Box(
        south=point.latitude - north,
        north=point.latitude + north,
        west=point.longitude - east,
        east=point.longitude + east,
    )
