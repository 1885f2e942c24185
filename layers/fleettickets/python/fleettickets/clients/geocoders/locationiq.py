"""LocationIQ: what it is sent and what its answers mean.

Facts: its API reference (forward geocoding, errors), and what its users measured: the limit of the
minute is that of the wall clock, and no answer says when to come back.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from fleettickets.clients.geocoders.documents import mapping, number, sequence, text
from fleettickets.clients.geocoders.online import (
    KEY_REFUSALS,
    QUERY_REFUSALS,
    Pause,
    Setback,
    passes_by_itself,
)
from fleettickets.clients.geocoders.pacing import Limits, next_day, next_minute
from fleettickets.clients.geocoders.transports import Answer
from fleettickets.core.candidates import (
    COARSE_KINDS,
    MAX_DISTANCE_METRES,
    Candidate,
    is_wide_boundary,
)
from fleettickets.core.locations import Query, Tier
from fleettickets.core.points import Box, box_around, usable_point
from fleettickets.errors import (
    GeocoderKeyError,
    GeocoderQueryError,
    GeocoderQuotaError,
    GeocoderUnavailableError,
)

HOSTS: Final = {"us1": "https://us1.locationiq.com", "eu1": "https://eu1.locationiq.com"}
DEFAULT_REGION: Final = "us1"

# The free plan: 2 a second, 60 a wall-clock minute and 5,000 a day. At this distance from one call
# to the next no minute holds more than 58.
LIMITS: Final = Limits(interval_seconds=1.05, calls_a_day=5_000)
CACHE_LIFETIME: Final = timedelta(hours=48)
"""For requests with their answers, on the free plan; the points in them may be kept for ever."""
RESULTS: Final = 5
EDGES_OF_A_BOX: Final = 4
"""South, north, west, east: the order of `boundingbox`, and of `Box`."""

_NO_MATCH: Final = "Unable to geocode"
_SECOND: Final = "Rate Limited Second"
_DAY: Final = "Rate Limited Day"
_SETTING: Final = "GEOCODER_API_KEY"


class LocationIq:
    """The dialect of LocationIQ's forward geocoding."""

    name = "locationiq"
    path = "/v1/search"
    limits = LIMITS
    cache_lifetime = CACHE_LIFETIME

    def parameters(self, query: Query) -> Mapping[str, str]:
        """Return the parameters: a location is looked for in the box around its cluster only.

        Never as XML: its error bodies repeat the whole query string, key included.
        """
        found = {
            "q": query.text,
            "format": "json",
            "countrycodes": query.country.code,
            "limit": str(RESULTS),
            "accept-language": "en",
            "addressdetails": "1",
            "matchquality": "1",
        }
        if query.near is not None:
            box = box_around(query.near, MAX_DISTANCE_METRES)
            edges = (box.west, box.south, box.east, box.north)
            found |= {"viewbox": ",".join(f"{edge:.6f}" for edge in edges), "bounded": "1"}
        return found

    def read(self, answer: Answer, query: Query, now: datetime) -> Sequence[Candidate] | Setback:
        """Return the candidates; no match is a 404 of its own text, or 200 with an empty array."""
        message = _error_text(answer.document)
        if answer.status == HTTPStatus.NOT_FOUND and message == _NO_MATCH:
            return ()
        if answer.status != HTTPStatus.OK:
            return _setback(answer.status, message, now)
        results = sequence(answer.document)
        candidates = [_candidate(result, query.tier) for result in results or ()]
        read = [candidate for candidate in candidates if candidate is not None]
        if results is None or len(read) < len(candidates):
            return Setback(
                GeocoderUnavailableError("LocationIQ answered with what is no list of places"),
                Pause.BACKOFF,
            )
        return read


def _error_text(document: object) -> str | None:
    body = mapping(document)
    return None if body is None else text(body.get("error"))


def _setback(status: int, message: str | None, now: datetime) -> Setback:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _rate_setback(message, now)
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return Setback(GeocoderQuotaError("LocationIQ wants to be paid first", next_day(now)))
    if status in KEY_REFUSALS:
        reason = f"LocationIQ refuses the key, or the service or this address to it ({status})"
        return Setback(GeocoderKeyError(f"{reason}; look at the token's page and mend {_SETTING}"))
    if status in QUERY_REFUSALS:
        return Setback(GeocoderQueryError(f"LocationIQ does not take the query ({status})"))
    pause = Pause.BACKOFF if passes_by_itself(status) else Pause.NO_MORE
    return Setback(GeocoderUnavailableError(f"LocationIQ answered {status}"), pause)


def _rate_setback(message: str | None, now: datetime) -> Setback:
    """Tell the three limits apart; a text that is not known is taken for the minute's."""
    if message == _SECOND:
        return Setback(
            GeocoderUnavailableError("LocationIQ was asked too often in one second"), Pause.BACKOFF
        )
    if message == _DAY:
        return Setback(GeocoderQuotaError("LocationIQ's calls of the day are used", next_day(now)))
    error = GeocoderQuotaError("LocationIQ's calls of the minute are used", next_minute(now))
    return Setback(error, Pause.MINUTE)


def _candidate(result: object, tier: Tier) -> Candidate | None:
    """Return a result as a candidate; None if it is not of the documented form."""
    place = mapping(result)
    if place is None:
        return None
    longitude, latitude = number(place.get("lon")), number(place.get("lat"))
    if longitude is None or latitude is None:
        return None
    address = mapping(place.get("address")) or {}
    country_code = text(address.get("country_code"))
    return Candidate(
        usable_point(longitude, latitude),
        is_coarse=_is_coarse(place, tier),
        confidence=_importance(place),
        country_code=country_code.lower() if country_code else None,
    )


def _is_coarse(place: Mapping[str, object], tier: Tier) -> bool:
    quality = mapping(place.get("matchquality")) or {}
    level, kind = text(quality.get("matchlevel")), text(place.get("type"))
    if level in COARSE_KINDS or kind in COARSE_KINDS:
        return True
    box = _bounding_box(place.get("boundingbox"))
    is_boundary = place.get("class") == "boundary" and kind == "administrative"
    return is_boundary and box is not None and is_wide_boundary(box, tier)


def _bounding_box(value: object) -> Box | None:
    edges = [edge for item in sequence(value) or () if (edge := number(item)) is not None]
    return Box(*edges) if len(edges) == EDGES_OF_A_BOX else None


def _importance(place: Mapping[str, object]) -> float | None:
    importance = number(place.get("importance"))
    return importance if importance is not None and 0 <= importance <= 1 else None
