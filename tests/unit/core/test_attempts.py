"""Attempts: negative answers are asked for again, further apart each time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.core.attempts import expires_at, next_attempt_at, retry_at
from fleettickets.core.candidates import Outcome

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("outcome", ["not_found", "rejected"])
def test_negative_answers_are_retried_further_apart_each_time(outcome: Outcome) -> None:
    """1, 2, 4, 8 and 16 days, then every 30."""
    retries = [next_attempt_at(outcome, attempts, NOW) for attempts in range(1, 8)]

    days = [1, 2, 4, 8, 16, 30, 30]
    assert retries == [NOW + timedelta(days=number) for number in days]


def test_what_was_found_is_not_asked_for_again() -> None:
    """A place does not move."""
    assert next_attempt_at("found", 1, NOW) is None


@given(st.integers(1, 1_000_000))
def test_waits_never_shrink_and_are_capped(attempts: int) -> None:
    """However often it was tried: never sooner than before, at most 30 days."""
    waits = [retry_at(number, NOW) - NOW for number in (attempts, attempts + 1)]

    assert all(before <= after for before, after in pairwise(waits))
    assert timedelta(days=1) <= waits[0] <= waits[1] <= timedelta(days=30)


def test_answers_expire_as_the_provider_says() -> None:
    """48 hours after a call to LocationIQ's free plan, never after others."""
    assert expires_at(NOW, timedelta(hours=48)) == NOW + timedelta(days=2)
    assert expires_at(NOW, None) is None
