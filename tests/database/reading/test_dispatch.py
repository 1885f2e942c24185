"""Who is near: tickets to a vehicle, vehicles to a ticket, and how near that really is."""

from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.errors import InvalidParameterValue, NoDataFound
from psycopg.types.json import Jsonb

from tests.support.payloads import call, check_shape
from tests.support.tickets import add_cluster, add_location, insert_ticket, value

HERE = {"p_longitude": 36.8, "p_latitude": -1.3}


def nearest(connection: psycopg.Connection, **arguments: object) -> list[dict[str, Any]]:
    """Return the open tickets nearest to HERE, or to what the arguments say."""
    payload = call(connection, "reporting.fn_nearest_open_tickets", **(HERE | arguments))
    check_shape("reporting.fn_nearest_open_tickets", payload)
    return payload["tickets"]


def vehicles(connection: psycopg.Connection, *features: object, **arguments: object) -> Any:  # noqa: ANN401
    """Return the payload of the vehicles nearest to ticket T1."""
    collection = Jsonb({"type": "FeatureCollection", "features": list(features)})
    arguments = {"p_ticket_id": "T1", "p_vehicles": collection} | arguments
    payload = call(connection, "reporting.fn_nearest_vehicles", **arguments)
    check_shape("reporting.fn_nearest_vehicles", payload)
    return payload


def a_vehicle(name: str, longitude: object, latitude: object) -> dict[str, object]:
    """Return a GeoJSON feature of a vehicle."""
    return {
        "type": "Feature",
        "id": name,
        "properties": {"driver": name.lower()},
        "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
    }


def test_a_cluster_point_nearby_is_not_taken_for_a_doorstep(
    connection: psycopg.Connection,
) -> None:
    """Each tier's distance says how little and how much it may be."""
    add_cluster(connection, "Nakuru", 36.8, -1.3)
    add_location(connection, "Milimani", "Nakuru", 36.8, -1.301)
    insert_ticket(connection, "by cluster")
    insert_ticket(connection, "by location", location_name="Milimani")
    insert_ticket(connection, "by feed", longitude="36.8", latitude="-1.302")

    found = nearest(connection)

    assert [
        (each["ticket_id"], each["metres"], each["metres_at_least"], each["metres_at_most"])
        for each in found
    ] == [
        ("by cluster", 0.0, 0.0, 12500.0),
        ("by location", 110.6, 0.0, 2610.6),
        ("by feed", 221.1, 171.1, 271.1),
    ]
    assert [each["shares_point"] for each in found] == [True, False, False]


def test_at_one_place_the_longest_open_comes_first(connection: psycopg.Connection) -> None:
    """Even of more tickets than are asked for; one without a clock comes last."""
    place = {"longitude": "36.8", "latitude": "-1.3"}
    insert_ticket(connection, "T0", **place)
    for number in range(1, 60):
        insert_ticket(
            connection,
            f"T{number}",
            first_seen_at=f"2026-01-{1 + number % 28:02} 0{number % 10}:00:00",
            **place,
        )

    found = nearest(connection, p_limit=3)
    rest = nearest(connection, p_limit=60)

    hours = [each["hours_open"] for each in rest]
    assert hours == [*sorted((h for h in hours if h), reverse=True), None]
    assert found == rest[:3]
    assert found[0]["hours_to_breach"] == pytest.approx(48 - found[0]["hours_open"])


def test_distance_and_team_narrow_the_search(connection: psycopg.Connection) -> None:
    """What cannot be placed is counted, of the team if one is asked for."""
    insert_ticket(connection, "T1", longitude="36.81", latitude="-1.3", assigned_team="A")
    insert_ticket(connection, "T2", longitude="36.82", latitude="-1.3", assigned_team="B")
    insert_ticket(connection, "T3", longitude="36.9", latitude="-1.3", assigned_team="A")
    insert_ticket(connection, "T4", assigned_team="A")
    insert_ticket(connection, "T5")
    insert_ticket(connection, "T6", longitude="36.8", latitude="-1.3", is_actionable="false")

    found = [
        [each["ticket_id"] for each in nearest(connection, **arguments)]
        for arguments in (
            {},
            {"p_team": "A"},
            {"p_max_metres": 3000},
            {"p_max_metres": 3000, "p_team": "A"},
            {"p_team": "' or true --"},
        )
    ]
    counted = [
        call(connection, "reporting.fn_nearest_open_tickets", **HERE, **team)["without_coordinate"]
        for team in ({}, {"p_team": "A"})
    ]

    assert found == [["T1", "T2", "T3"], ["T1", "T3"], ["T1", "T2"], ["T1"], []]
    assert counted == [2, 1]


ALL_DISTANCES = """
select ticket_id, st_distance(geog, st_setsrid(st_makepoint(%s, %s), 4326)::geography)
from tickets.inc_open_sla
"""


@settings(max_examples=max(50, settings().max_examples // 4))
@given(
    here=st.tuples(st.floats(-179, 179), st.floats(-89, 89)).filter(any),
    points=st.lists(
        st.tuples(st.integers(-18, 18), st.integers(-8, 8)).filter(any), min_size=1, max_size=30
    ),
    limit=st.integers(1, 12),
)
def test_no_nearer_ticket_is_left_out(
    module_connection: psycopg.Connection,
    here: tuple[float, float],
    points: list[tuple[int, int]],
    limit: int,
) -> None:
    """Anywhere on earth, beyond its seams too; to the half percent by which its sphere is off."""
    with module_connection.transaction(force_rollback=True):
        module_connection.execute("delete from tickets.inc")
        for number, (longitude, latitude) in enumerate(points):
            place = {"longitude": str(longitude * 10), "latitude": str(latitude * 10)}
            insert_ticket(module_connection, f"T{number}", **place)
        distances = sorted(row[1] for row in module_connection.execute(ALL_DISTANCES, here))
        found = nearest(module_connection, p_longitude=here[0], p_latitude=here[1], p_limit=limit)

    metres = [each["metres"] for each in found]
    assert metres == sorted(metres)
    assert metres == pytest.approx(distances[:limit], rel=0.006, abs=0.06)


def test_vehicles_near_a_ticket(connection: psycopg.Connection) -> None:
    """Nearest first, with what was given of each; those without a coordinate are counted."""
    insert_ticket(connection, "T1", longitude="36.8", latitude="-1.3")

    payload = vehicles(
        connection,
        a_vehicle("FAR", 36.9, -1.3),
        a_vehicle("NEAR", 36.801, -1.3),
        a_vehicle("NULL ISLAND", 0, 0),
        a_vehicle("TEXT", "36.8; drop table tickets.inc", {}),
        a_vehicle("HUGE", 1e300, -1.3),
        {"type": "Feature", "geometry": None},
        {"geometry": {"type": "LineString", "coordinates": [[36.8, -1.3], [36.9, -1.3]]}},
        17,
    )
    near = vehicles(connection, a_vehicle("FAR", 36.9, -1.3), p_max_metres=5000)
    one = vehicles(connection, *[a_vehicle(f"V{n}", 36.8, -1.3) for n in range(9)], p_limit=1)

    assert [(v["number"], v["id"], v["properties"]) for v in payload["vehicles"]] == [
        (2, "NEAR", {"driver": "near"}),
        (1, "FAR", {"driver": "far"}),
    ]
    assert payload["vehicles_without_coordinate"] == 6
    assert (payload["vehicles"][0]["metres"], payload["vehicles"][0]["metres_at_most"]) == (
        111.3,
        161.3,
    )
    assert near["vehicles"] == []
    assert [v["id"] for v in one["vehicles"]] == ["V0"]


def test_no_vehicle_is_near_a_ticket_that_is_nowhere(connection: psycopg.Connection) -> None:
    """The ticket says that nothing places it."""
    insert_ticket(connection, "T1")

    payload = vehicles(connection, a_vehicle("V", 36.8, -1.3))

    assert (payload["ticket"]["geo_source"], payload["vehicles"]) == ("none", [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p_longitude": 0, "p_latitude": 0}, "is no coordinate"),
        ({"p_longitude": 181}, "is no coordinate"),
        ({"p_latitude": float("nan")}, "is no coordinate"),
        ({"p_latitude": None}, "latitude null is no coordinate"),
        ({"p_limit": 0}, "p_limit is 0"),
        ({"p_limit": 1001}, "p_limit is 1001"),
        ({"p_limit": None}, "p_limit is null"),
        ({"p_max_metres": 0}, "p_max_metres is 0"),
        ({"p_max_metres": float("nan")}, "p_max_metres is NaN"),
    ],
)
def test_a_search_that_makes_no_sense_is_a_clear_error(
    connection: psycopg.Connection, arguments: dict[str, object], message: str
) -> None:
    """With a hint that says what to give."""
    with pytest.raises(InvalidParameterValue, match=message) as caught:
        nearest(connection, **arguments)

    assert caught.value.diag.message_hint


@pytest.mark.parametrize(
    "collection",
    [None, [], "FeatureCollection", {}, {"type": "FeatureCollection"},
     {"type": "FeatureCollection", "features": {}},
     {"type": "Feature", "features": []},
     {"type": "FeatureCollection", "features": [1] * 10_001}],
    ids=str,
)  # fmt: skip
def test_what_is_no_collection_of_vehicles_is_a_clear_error(
    connection: psycopg.Connection, collection: object
) -> None:
    """Rather than an empty answer."""
    insert_ticket(connection, "T1")

    with pytest.raises(InvalidParameterValue, match="p_vehicles") as caught:
        call(
            connection, "reporting.fn_nearest_vehicles",
            p_ticket_id="T1", p_vehicles=Jsonb(collection),
        )  # fmt: skip

    assert caught.value.diag.message_hint


def test_an_unknown_ticket_is_a_clear_error(connection: psycopg.Connection) -> None:
    """It is named, and cut if somebody sends a book."""
    with pytest.raises(NoDataFound, match="there is no ticket 'T9'") as caught:
        vehicles(connection, p_ticket_id="T9")

    assert caught.value.diag.message_hint
    assert value(connection, "select count(*) from tickets.inc") == 0
