"""Pacing: calls that keep a provider's limits, and never outlast the run."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from fleettickets.clients.geocoders.clocks import Clock
from fleettickets.clients.geocoders.interface import TimeLeft
from fleettickets.errors import GeocoderBudgetError, GeocoderQuotaError

LONGEST_CALL_SECONDS = 20.0
"""What a call may take, timeouts and name service included: with less left, none is begun."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider allows: seconds between calls, and calls a day in UTC (None: it tells us)."""

    interval_seconds: float
    calls_a_day: int | None = None


class Pacer:
    """Lets one call after another through, each as early as the limits allow.

    It counts what this process sends. Other processes are kept out by the caller's lock; what they
    have used of the day's calls, the provider's own answer tells.
    """

    def __init__(self, limits: Limits, clock: Clock) -> None:
        """Take the provider's limits and a clock."""
        self._limits = limits
        self._clock = clock
        self._next_at = clock.monotonic()
        self._day: date | None = None
        self._calls_of_day = 0

    def admit(self, time_left: TimeLeft) -> None:
        """Wait until a call may be sent, and count it.

        Raises:
            GeocoderQuotaError: the day's calls are used up.
            GeocoderBudgetError: the run's time is; no call is counted.
        """
        self._check_day()
        self.wait(self._next_at - self._clock.monotonic(), time_left)
        self._next_at = self._clock.monotonic() + self._limits.interval_seconds
        self._calls_of_day += 1

    def wait(self, seconds: float, time_left: TimeLeft) -> None:
        """Wait, if a whole call fits in afterwards; negative `seconds` are none.

        Raises:
            GeocoderBudgetError: it does not fit; there was no waiting.
        """
        if max(seconds, 0) + LONGEST_CALL_SECONDS > time_left():
            raise GeocoderBudgetError("the run has no time left for another call to the geocoder")
        if seconds > 0:
            self._clock.sleep(seconds)

    def _check_day(self) -> None:
        now = self._clock.now()
        if now.date() != self._day:
            self._day, self._calls_of_day = now.date(), 0
        limit = self._limits.calls_a_day
        if limit is not None and self._calls_of_day >= limit:
            raise GeocoderQuotaError(f"all {limit:,} calls of the day are used", next_day(now))


def next_minute(now: datetime) -> datetime:
    """Return when the next wall-clock minute begins."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def next_day(now: datetime) -> datetime:
    """Return when the next day begins in UTC, which is when providers' day counters start anew."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1)
