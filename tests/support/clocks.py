"""A clock that stands still until somebody lets time pass."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """A clock whose sleepers wake at once, the time having passed; `slept` has their seconds."""

    def __init__(self, now: datetime = datetime(2026, 6, 15, 9, 0, 0, tzinfo=UTC)) -> None:
        """Start at `now`."""
        self._started_at = now
        self._passed = timedelta()
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the time of day."""
        return self._started_at + self._passed

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self._passed.total_seconds()

    def sleep(self, seconds: float) -> None:
        """Let time pass, as somebody who waits."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += timedelta(seconds=seconds)
