"""Candidates: which of a geocoder's results is taken, and why the others are not.

The first acceptable one is: providers put the best first, and a farther one is never better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fleettickets.core.locations import Query, Tier
from fleettickets.core.points import Box, Point, distance_metres

MAX_DISTANCE_METRES: Final = 25_000.0
"""From its cluster's point: a location as far as this is believed, beyond is another town's."""

COARSE_KINDS: Final = frozenset(
    {"continent", "country", "county", "marine", "region", "state", "state_district"}
)
"""What LocationIQ's `matchlevel` and OpenCage's `_type` call areas too wide for a point."""

WIDEST_BOUNDARY_METRES: Final[dict[Tier, float]] = {"location": 25_000.0, "cluster": 75_000.0}
"""Diagonals: a boundary as wide as the guard tells no more than the cluster's own point does, and
Nairobi, the widest town, spans some 60 km."""

LEAST_CONFIDENCE: Final = 5
"""OpenCage's measure of a result's size: 5 is a diagonal below 10 km, 10 is one below 250 m."""

Outcome = Literal["found", "not_found", "rejected"]
Reason = Literal["too_far", "too_coarse", "outside_country", "no_coordinate"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One result of a geocoder, best first in its answer.

    `point` is None for what is no coordinate; `is_coarse` for what is only as good as a county or
    country. `confidence` is the provider's own number, scaled to 0..1 and not comparable between
    providers; `country_code` is in lower case; None where the provider does not say.
    """

    point: Point | None
    is_coarse: bool = False
    confidence: float | None = None
    country_code: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What an answer comes to: a `point` if found, the `reason` if all candidates were rejected.

    Distance (from the cluster's point; None for a cluster) and confidence are the found one's, or
    those of the provider's best if it was rejected, as is the reason.
    """

    outcome: Outcome
    point: Point | None = None
    distance_metres: float | None = None
    confidence: float | None = None
    reason: Reason | None = None


def choose(query: Query, candidates: Sequence[Candidate]) -> Finding:
    """Return what the geocoder's answer to `query` comes to; no candidates means not found."""
    rejected = Finding("not_found")
    for position, candidate in enumerate(candidates):
        reason, distance = _objection(query, candidate), _distance(query, candidate)
        if reason is None:
            return Finding("found", candidate.point, distance, candidate.confidence)
        if position == 0:
            rejected = Finding("rejected", None, distance, candidate.confidence, reason)
    return rejected


def _objection(query: Query, candidate: Candidate) -> Reason | None:
    if candidate.point is None:
        return "no_coordinate"
    if candidate.is_coarse:
        return "too_coarse"
    if candidate.country_code not in {None, query.country.code}:
        return "outside_country"
    distance = _distance(query, candidate)
    if distance is not None:
        return "too_far" if distance > MAX_DISTANCE_METRES else None
    return None if query.country.box.contains(candidate.point) else "outside_country"


def _distance(query: Query, candidate: Candidate) -> float | None:
    if query.near is None or candidate.point is None:
        return None
    return distance_metres(query.near, candidate.point)


def is_wide_boundary(box: Box, tier: Tier) -> bool:
    """Tell whether an administrative boundary is too wide for a point of this tier."""
    return box.diagonal_metres > WIDEST_BOUNDARY_METRES[tier]


def is_vague(confidence: int, tier: Tier) -> bool:
    """Tell whether OpenCage's confidence (0..10) is too low; for clusters any will do.

    Towns of Nairobi's size have 1 to 3, and 0 says nothing about the size.
    """
    return tier == "location" and confidence < LEAST_CONFIDENCE
