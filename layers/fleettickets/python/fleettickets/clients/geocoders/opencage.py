"""OpenCage: what it is sent and what its answers mean.

Facts: its API reference and openapi.yaml. One host for all the world; no match is no error.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
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
from fleettickets.clients.geocoders.pacing import Limits, next_day
from fleettickets.clients.geocoders.transports import Answer
from fleettickets.core.candidates import COARSE_KINDS, MAX_DISTANCE_METRES, Candidate, is_vague
from fleettickets.core.locations import Query, Tier
from fleettickets.core.points import box_around, usable_point
from fleettickets.errors import (
    FleetticketsError,
    GeocoderKeyError,
    GeocoderQueryError,
    GeocoderQuotaError,
    GeocoderUnavailableError,
)

HOST: Final = "https://api.opencagedata.com"

# One a second is the trial's; of its 2,500 a day it tells us (402). Other plans have no such limit.
LIMITS: Final = Limits(interval_seconds=1.05)
RESULTS: Final = 5
HIGHEST_CONFIDENCE: Final = 10
LONGEST_QUOTA_WAIT: Final = timedelta(days=2)
"""A time of reset beyond this is a mistake; the day's end is believed instead."""

_SETTING: Final = "GEOCODER_API_KEY"


class OpenCage:
    """The dialect of OpenCage's forward geocoding."""

    name = "opencage"
    path = "/geocode/v1/json"
    limits = LIMITS
    cache_lifetime: timedelta | None = None

    def parameters(self, query: Query) -> Mapping[str, str]:
        """Return the parameters: a location is looked for in the box around its cluster only.

        `no_record` keeps what tickets say out of their logs. Note the orders: bounds are longitude
        first, proximity is latitude first.
        """
        found = {
            "q": query.text,
            "countrycode": query.country.code,
            "limit": str(RESULTS),
            "language": "en",
            "no_annotations": "1",
            "no_record": "1",
        }
        if query.near is not None:
            box = box_around(query.near, MAX_DISTANCE_METRES)
            edges = (box.west, box.south, box.east, box.north)
            found |= {
                "bounds": ",".join(f"{edge:.6f}" for edge in edges),
                "proximity": f"{query.near.latitude:.6f},{query.near.longitude:.6f}",
            }
        return found

    def read(self, answer: Answer, query: Query, now: datetime) -> Sequence[Candidate] | Setback:
        """Return the candidates; the envelope's status counts where the HTTP status is 200."""
        envelope = mapping(answer.document) or {}
        status = _status(answer.status, envelope)
        if status != HTTPStatus.OK:
            return Setback(_error(status, envelope, now), _pause(status))
        results = sequence(envelope.get("results"))
        candidates = [_candidate(result, query.tier) for result in results or ()]
        read = [candidate for candidate in candidates if candidate is not None]
        if results is None or len(read) < len(candidates):
            return Setback(_error(0, envelope, now), Pause.BACKOFF)
        return read


def _status(http_status: int, envelope: Mapping[str, object]) -> int:
    """Return the status that counts; 0 for a 200 whose envelope does not say so too."""
    if http_status != HTTPStatus.OK:
        return http_status
    said = (mapping(envelope.get("status")) or {}).get("code")
    return said if isinstance(said, int) else 0


def _pause(status: int) -> Pause:
    again = {0, HTTPStatus.TOO_MANY_REQUESTS}
    return Pause.BACKOFF if status in again or passes_by_itself(status) else Pause.NO_MORE


def _error(status: int, envelope: Mapping[str, object], now: datetime) -> FleetticketsError:
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return GeocoderQuotaError("OpenCage's quota is used (402)", _reset_at(envelope, now))
    if status in KEY_REFUSALS:
        reason = f"OpenCage refuses the key, or this address to it ({status})"
        return GeocoderKeyError(f"{reason}; look at its dashboard and mend {_SETTING}")
    if status in QUERY_REFUSALS:
        return GeocoderQueryError(f"OpenCage does not take the query ({status})")
    said = f"answered {status}" if status else "answered with what is no list of places"
    return GeocoderUnavailableError(f"OpenCage {said}")


def _reset_at(envelope: Mapping[str, object], now: datetime) -> datetime:
    """Return when the quota is reset; without a word of it, or a credible one, the day's end."""
    epoch = number((mapping(envelope.get("rate")) or {}).get("reset"))
    latest = (now + LONGEST_QUOTA_WAIT).timestamp()
    if epoch is None or not now.timestamp() < epoch <= latest:
        return next_day(now)
    return datetime.fromtimestamp(epoch, UTC)


def _candidate(result: object, tier: Tier) -> Candidate | None:
    """Return a result as a candidate; None if it is not of the documented form."""
    place = mapping(result) or {}
    geometry = mapping(place.get("geometry")) or {}
    longitude, latitude = number(geometry.get("lng")), number(geometry.get("lat"))
    if longitude is None or latitude is None:
        return None
    components = mapping(place.get("components")) or {}
    confidence = _confidence(place)
    country_code = text(components.get("country_code"))
    return Candidate(
        usable_point(longitude, latitude),
        is_coarse=text(components.get("_type")) in COARSE_KINDS or is_vague(confidence, tier),
        confidence=confidence / HIGHEST_CONFIDENCE,
        country_code=country_code.lower() if country_code else None,
    )


def _confidence(place: Mapping[str, object]) -> int:
    """Return the confidence, 0..10; 0 also where there is none, which says as little."""
    confidence = number(place.get("confidence"))
    is_known = confidence is not None and 0 <= confidence <= HIGHEST_CONFIDENCE
    return int(confidence) if confidence is not None and is_known else 0
