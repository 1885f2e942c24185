"""Candidates: the first acceptable one is taken, and nothing else ever is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.core.candidates import (
    COARSE_KINDS,
    Candidate,
    Finding,
    choose,
    is_vague,
    is_wide_boundary,
)
from fleettickets.core.locations import KENYA, Query
from fleettickets.core.points import Box, Point, distance_metres

NEAR = Point(36.785, -1.290)
LOCATION = Query("location", "Kileleshwa", "Kileleshwa, Kilimani, Kenya", NEAR)
CLUSTER = Query("cluster", "Kilimani", "Kilimani, Kenya", None)
HERE = Candidate(Point(36.782, -1.281), confidence=0.9, country_code="ke")
RONGAI_IN_NAKURU = Candidate(Point(35.86313, -0.17344), confidence=1.0)

candidates = st.builds(
    Candidate,
    st.none() | st.builds(Point, st.floats(33, 43), st.floats(-6, 6)),
    st.booleans(),
    st.none() | st.floats(0, 1),
    st.sampled_from([None, "ke", "ug"]),
)


def a_degree_of_latitude(metres: float) -> float:
    """Return the degrees to the north that are this far on the sphere of `distance_metres`."""
    return metres / distance_metres(Point(0, 0), Point(0, 1))


def test_no_candidates_is_not_found() -> None:
    """The provider knows no such place."""
    assert choose(LOCATION, []) == Finding("not_found")


def test_first_acceptable_candidate_is_taken() -> None:
    """Not the nearest and not the surest: providers put the best first."""
    nearer = Candidate(NEAR, confidence=1.0)
    county = Candidate(NEAR, is_coarse=True)

    finding = choose(LOCATION, [RONGAI_IN_NAKURU, county, HERE, nearer])

    assert finding.outcome == "found"
    assert finding.point == HERE.point
    assert finding.distance_metres == pytest.approx(1055, abs=5)
    assert finding.confidence == 0.9
    assert finding.reason is None


def test_namesake_in_another_county_is_rejected() -> None:
    """Rongai in Nakuru is not the one beside Ongata Rongai; how far off it is, is told."""
    query = Query("location", "Rongai", "Rongai, Ongata Rongai, Kenya", Point(36.764, -1.3953))

    finding = choose(query, [RONGAI_IN_NAKURU])

    assert finding.outcome == "rejected"
    assert finding.point is None
    assert finding.reason == "too_far"
    assert finding.distance_metres == pytest.approx(168_600, abs=500)
    assert finding.confidence == 1.0


@pytest.mark.parametrize(("metres", "outcome"), [(24_999.999, "found"), (25_000.001, "rejected")])
def test_guard_ends_at_25_km(metres: float, outcome: str) -> None:
    """A millimetre to either side decides."""
    point = Point(NEAR.longitude, NEAR.latitude + a_degree_of_latitude(metres))

    assert choose(LOCATION, [Candidate(point)]).outcome == outcome


def test_guard_is_inclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is exactly as far as the limit is believed."""
    assert HERE.point is not None
    exactly = distance_metres(NEAR, HERE.point)
    monkeypatch.setattr("fleettickets.core.candidates.MAX_DISTANCE_METRES", exactly)

    assert choose(LOCATION, [HERE]).outcome == "found"


@pytest.mark.parametrize(
    ("query", "candidate", "reason"),
    [
        (LOCATION, Candidate(None), "no_coordinate"),
        (CLUSTER, Candidate(None), "no_coordinate"),
        (LOCATION, Candidate(NEAR, is_coarse=True), "too_coarse"),
        (CLUSTER, Candidate(NEAR, is_coarse=True), "too_coarse"),
        (LOCATION, Candidate(NEAR, country_code="ug"), "outside_country"),
        (CLUSTER, Candidate(NEAR, country_code="tz"), "outside_country"),
        (CLUSTER, Candidate(Point(32.58, 0.31)), "outside_country"),  # Kampala
        (CLUSTER, Candidate(Point(36.68, -5.0)), "outside_country"),
    ],
)
def test_reason_of_a_rejection_is_told(query: Query, candidate: Candidate, reason: str) -> None:
    """It is that of the provider's best candidate."""
    finding = choose(query, [candidate, Candidate(None)])

    assert (finding.outcome, finding.point, finding.reason) == ("rejected", None, reason)


def test_cluster_has_no_distance() -> None:
    """There is nothing yet that it could be far from."""
    finding = choose(CLUSTER, [HERE])

    assert finding == Finding("found", HERE.point, None, 0.9)


@given(st.lists(candidates, max_size=6), st.sampled_from([LOCATION, CLUSTER]))
def test_only_acceptable_points_are_ever_found(answer: list[Candidate], query: Query) -> None:
    """Whatever a provider answers: within the guard, in the country, and no county."""
    finding = choose(query, answer)

    if finding.outcome == "found":
        assert finding.point is not None
        same = [candidate for candidate in answer if candidate.point == finding.point]
        assert any(not c.is_coarse and c.country_code in {None, "ke"} for c in same)
        if query.near is None:
            assert KENYA.box.contains(finding.point)
        else:
            assert distance_metres(query.near, finding.point) <= 25_000
    else:
        assert finding.point is None
        assert (finding.outcome == "not_found") == (not answer)


def test_widths_of_boundaries() -> None:
    """A ward is a place, a county is none; Nairobi is one for a cluster only."""
    ward = Box(south=-1.31, north=-1.27, west=36.76, east=36.80)
    nairobi = Box(south=-1.44, north=-1.16, west=36.66, east=37.10)
    narok = Box(south=-1.95, north=-0.4, west=34.6, east=36.4)

    wide = [
        (is_wide_boundary(b, "location"), is_wide_boundary(b, "cluster"))
        for b in (ward, nairobi, narok)
    ]

    assert wide == [(False, False), (True, False), (True, True)]


def test_confidence_counts_for_locations_only() -> None:
    """5 is a result of less than 10 km across."""
    vague = [confidence for confidence in range(11) if is_vague(confidence, "location")]

    assert vague == [0, 1, 2, 3, 4]
    assert not any(is_vague(confidence, "cluster") for confidence in range(11))


def test_kinds_that_are_too_wide() -> None:
    """As both providers call them."""
    assert {"county", "state", "country", "region"} <= COARSE_KINDS
    assert not {"city", "neighbourhood", "street", "building", "road", "suburb"} & COARSE_KINDS
