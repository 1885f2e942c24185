"""Pacing: calls keep their distance, days their number, and runs their time."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.clients.geocoders.locationiq import LIMITS
from fleettickets.clients.geocoders.pacing import Limits, Pacer
from fleettickets.errors import GeocoderBudgetError, GeocoderQuotaError
from tests.support.clocks import FakeClock
from tests.unit.clients.geocoders.queries import all_day


@given(st.lists(st.floats(0, 90), max_size=200), st.floats(0, 59))
def test_no_window_of_the_free_plan_is_exceeded(pauses: list[float], start: float) -> None:
    """However the caller dawdles: 2 a second and 60 a wall-clock minute."""
    clock = FakeClock()
    clock.advance(start)
    pacer = Pacer(LIMITS, clock)
    calls = list[datetime]()

    for pause in [*pauses, *[0.0] * 130]:
        pacer.admit(all_day)
        calls.append(clock.now())
        clock.advance(pause)

    assert max(Counter(f"{call:%H:%M}" for call in calls).values()) <= 60
    assert max(Counter(f"{call:%H:%M:%S}" for call in calls).values()) <= 2


def test_first_call_need_not_wait() -> None:
    """And one that comes late enough neither."""
    clock = FakeClock()
    pacer = Pacer(LIMITS, clock)

    pacer.admit(all_day)
    clock.advance(2)
    pacer.admit(all_day)

    assert clock.slept == []


def test_day_has_its_number_of_calls() -> None:
    """The next is refused until the day is over in UTC, and then the counter starts anew."""
    clock = FakeClock(datetime(2026, 6, 15, 23, 0, tzinfo=UTC))
    pacer = Pacer(Limits(0.001, calls_a_day=5_000), clock)
    for _ in range(5_000):
        pacer.admit(all_day)

    with pytest.raises(GeocoderQuotaError, match="5,000") as raised:
        pacer.admit(all_day)
    clock.advance(3_600)
    pacer.admit(all_day)

    assert raised.value.resume_at == datetime(2026, 6, 16, tzinfo=UTC)


def test_wait_that_leaves_no_time_for_a_call_is_not_begun() -> None:
    """A run with 21 s left makes the call at once, and none that has to wait for a second."""
    clock = FakeClock()
    pacer = Pacer(Limits(1.05), clock)

    pacer.admit(lambda: 21.0)
    with pytest.raises(GeocoderBudgetError):
        pacer.admit(lambda: 21.0)

    assert clock.slept == []
