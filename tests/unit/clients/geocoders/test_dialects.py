"""The dialects: what documents mean that no provider should send, and some that old ones did."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fleettickets.clients.geocoders.clocks import SystemClock
from fleettickets.clients.geocoders.locationiq import LocationIq
from fleettickets.clients.geocoders.online import Setback
from fleettickets.clients.geocoders.opencage import OpenCage
from fleettickets.clients.geocoders.transports import Answer
from fleettickets.core.candidates import Candidate
from fleettickets.core.points import Point
from fleettickets.errors import GeocoderUnavailableError
from tests.unit.clients.geocoders.queries import a_location

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
PLACE = {"lat": "-1.281", "lon": "36.782"}
RESULT: dict[str, Any] = {"geometry": {"lat": -1.281, "lng": 36.782}, "confidence": 9}


def an_envelope(**overrides: object) -> dict[str, object]:
    """Return an answer of OpenCage."""
    return {"results": [RESULT], "status": {"code": 200, "message": "OK"}} | overrides


def locationiq(document: object, status: int = 200) -> object:
    """Read an answer of LocationIQ."""
    return LocationIq().read(Answer(status, document), a_location(), NOW)


def opencage(document: object, status: int = 200) -> object:
    """Read an answer of OpenCage."""
    return OpenCage().read(Answer(status, document), a_location(), NOW)


def is_no_answer(reading: object) -> bool:
    """Tell whether the query stays pending."""
    return isinstance(reading, Setback) and isinstance(reading.error, GeocoderUnavailableError)


def test_old_form_of_no_match() -> None:
    """LocationIQ used to answer 200 with an empty array."""
    assert locationiq([]) == []


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        "Kenya",
        {"error": "Unable to geocode"},
        ["Kenya"],
        [PLACE, None],
        [{"lat": "-1.281"}],
        [{"lat": "south", "lon": "36.782"}],
        [{"lat": True, "lon": "36.782"}],
        [{"lat": 10**400, "lon": "36.782"}],
    ],
)
def test_what_is_no_list_of_places_is_no_answer(document: object) -> None:
    """Not even one bad result: the others may be as wrong."""
    assert is_no_answer(locationiq(document))


@pytest.mark.parametrize("document", [None, [], {"error": "Not found"}, {"error": 404}])
def test_other_404_is_no_answer(document: object) -> None:
    """Only the provider's own words mean that there is no such place."""
    assert is_no_answer(locationiq(document, 404))


def test_bare_result_is_enough() -> None:
    """Importance, class and boxes are sometimes missing, or broken."""
    broken = PLACE | {"importance": "high", "boundingbox": ["1", "2"], "address": "Kenya"}

    assert locationiq([PLACE, broken]) == [Candidate(Point(36.782, -1.281))] * 2


def test_boundary_without_a_box_is_not_wide() -> None:
    """What is not known is not held against it."""
    boundary = PLACE | {"class": "boundary", "type": "administrative", "boundingbox": None}

    assert locationiq([boundary]) == [Candidate(Point(36.782, -1.281))]


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"results": []},
        an_envelope(status=None),
        an_envelope(status={"code": "200"}),
        an_envelope(results=None),
        an_envelope(results={}),
        an_envelope(results=[RESULT, "Kenya"]),
        an_envelope(results=[{"geometry": {"lat": None, "lng": 36}}]),
    ],
)
def test_what_is_no_envelope_is_no_answer(document: object) -> None:
    """An empty list counts only where the status says that all is well."""
    assert is_no_answer(opencage(document))


def test_status_in_the_envelope_counts() -> None:
    """HTTP 200 around a failure is a failure."""
    assert is_no_answer(opencage(an_envelope(status={"code": 503}, results=[])))


def test_numbers_as_text_are_numbers() -> None:
    """Their own client takes both."""
    result = RESULT | {"geometry": {"lat": "-1.281", "lng": "36.782"}}

    assert opencage(an_envelope(results=[result])) == [
        Candidate(Point(36.782, -1.281), confidence=0.9)
    ]


@pytest.mark.parametrize("confidence", [None, "high", -1, 11])
def test_unknown_confidence_is_none(confidence: object) -> None:
    """0, as they write it themselves: too little for a location."""
    result = RESULT | {"confidence": confidence}

    assert opencage(an_envelope(results=[result])) == [
        Candidate(Point(36.782, -1.281), is_coarse=True, confidence=0.0)
    ]


def test_system_clock_goes() -> None:
    """In UTC, and forward."""
    clock = SystemClock()
    before = clock.monotonic()

    clock.sleep(0)

    assert clock.now().tzinfo is UTC
    assert clock.monotonic() >= before
