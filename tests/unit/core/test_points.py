"""Points: what is a coordinate, and how far it is from one to another."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.core.points import Box, Point, box_around, distance_metres, usable_point

NAIROBI = Point(36.8219, -1.2921)
points = st.builds(Point, st.floats(-180, 180), st.floats(-90, 90))
kenyan_points = st.builds(Point, st.floats(34, 42), st.floats(-4.9, 5.5))


@pytest.mark.parametrize(
    ("longitude", "latitude"),
    [
        (0.0, 0.0),
        (-0.0, 0.0),
        (math.nan, 1.0),
        (1.0, math.nan),
        (math.inf, 1.0),
        (36.8, 90.001),
        (36.8, -91.0),
        (180.001, 1.0),
    ],
)
def test_no_coordinate(longitude: float, latitude: float) -> None:
    """Null island, NaN and what is off the earth are no places."""
    assert usable_point(longitude, latitude) is None


@pytest.mark.parametrize(
    ("longitude", "latitude"), [(36.8, -1.3), (0.0, 51.5), (34.0, 0.0), (-180.0, 90.0)]
)
def test_coordinate(longitude: float, latitude: float) -> None:
    """The equator runs through Kenya: one zero is as good as any number."""
    assert usable_point(longitude, latitude) == Point(longitude, latitude)


@pytest.mark.parametrize(
    ("other", "kilometres"),
    [
        (Point(39.6682, -4.0435), 439.8),  # Mombasa
        (Point(34.7617, -0.0917), 265.2),  # Kisumu
        (NAIROBI, 0.0),
        (Point(36.8219 - 180, 1.2921), 20015.1),  # the other end of the earth
    ],
)
def test_known_distances(other: Point, kilometres: float) -> None:
    """As maps give them, on a sphere: within a kilometre."""
    assert distance_metres(NAIROBI, other) / 1000 == pytest.approx(kilometres, abs=1)


def test_degree_of_latitude_on_the_sphere() -> None:
    """A 360th of the mean circumference: the radius is the agreed one."""
    distance = distance_metres(Point(36, 0), Point(36, 1))

    assert distance == pytest.approx(2 * math.pi * 6_371_008.8 / 360, abs=0.001)


@given(points, points)
def test_distance_is_a_distance(one: Point, other: Point) -> None:
    """Never negative, never over half the earth, and the same from either end."""
    distance = distance_metres(one, other)

    assert 0 <= distance <= math.pi * 6_371_009
    assert distance == pytest.approx(distance_metres(other, one), abs=1e-3)


@given(kenyan_points, kenyan_points)
def test_box_misses_nothing_that_is_near(center: Point, other: Point) -> None:
    """Whatever is a little less than 25 km away lies in the box of 25 km."""
    box = box_around(center, 25_000)

    assert box.contains(other) or distance_metres(center, other) > 24_800


def test_corner_of_the_box_is_farther_than_its_edges() -> None:
    """35 km: the box alone does not keep the distance."""
    box = box_around(NAIROBI, 25_000)

    corner = distance_metres(NAIROBI, Point(box.east, box.north))

    assert corner == pytest.approx(35_355, rel=0.01)
    assert box.diagonal_metres == pytest.approx(2 * corner, rel=0.01)


def test_edges_belong_to_the_box() -> None:
    """A box is closed."""
    box = Box(south=-5, north=5, west=34, east=42)

    assert box.contains(Point(34, -5))
    assert not box.contains(Point(33.999, 0))
