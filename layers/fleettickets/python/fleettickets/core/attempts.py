"""Attempts: when a geocoder is asked again, and how long its answer may be reused."""

from datetime import datetime, timedelta
from typing import Final

from fleettickets.core.candidates import Outcome

FIRST_RETRY: Final = timedelta(days=1)
LONGEST_RETRY: Final = timedelta(days=30)
_LAST_DOUBLING: Final = 5
"""After it the longest wait is reached; larger powers of two would only overflow."""


def next_attempt_at(outcome: Outcome, attempts: int, at: datetime) -> datetime | None:
    """Return when to ask again after an answer; None for what was found.

    `attempts` counts this one, from 1. Negative answers are asked for again after 1, 2, 4, 8 and 16
    days, then every 30: maps get better, slowly.
    """
    return None if outcome == "found" else retry_at(attempts, at)


def retry_at(attempts: int, at: datetime) -> datetime:
    """Return when to ask again what was not found, was rejected, or the provider does not take."""
    doublings = min(max(attempts, 1) - 1, _LAST_DOUBLING)
    return at + min(LONGEST_RETRY, FIRST_RETRY * 2**doublings)


def expires_at(at: datetime, cache_lifetime: timedelta | None) -> datetime | None:
    """Return until when an answer may be reused for other names; None is for ever.

    `cache_lifetime` is what the provider's terms allow. The point that was taken from the answer
    stays: it is stored output, not a cache.
    """
    return None if cache_lifetime is None else at + cache_lifetime
