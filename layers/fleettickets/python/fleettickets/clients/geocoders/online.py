"""Online geocoders: the calls, their pace, and what is tried again; what is said is the dialect's.

Nothing but an answer is an answer: whatever else happens ends in an error, and the query pending.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus
from random import SystemRandom
from typing import Protocol

from fleettickets.clients.geocoders.clocks import Clock
from fleettickets.clients.geocoders.interface import TimeLeft
from fleettickets.clients.geocoders.pacing import Limits, Pacer, next_minute
from fleettickets.clients.geocoders.transports import Answer, Connection
from fleettickets.core.candidates import Candidate
from fleettickets.core.locations import Query
from fleettickets.errors import (
    FleetticketsError,
    GeocoderBudgetError,
    GeocoderQuotaError,
    GeocoderUnavailableError,
)

MAX_TRIES = 3
FIRST_BACKOFF_SECONDS = 1.0
"""Doubled for each further try; a jitter of up to as much again keeps clients apart."""

KEY_REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
QUERY_REFUSALS = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.GONE, HTTPStatus.REQUEST_URI_TOO_LONG}
)
"""Statuses that are about this query alone; OpenCage says "gone" for one that is too long."""

_draw = SystemRandom().random


def passes_by_itself(status: int) -> bool:
    """Tell whether an HTTP status is about a passing trouble of the server."""
    return status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR


class Pause(Enum):
    """How long to wait before the next try."""

    BACKOFF = auto()
    MINUTE = auto()
    """Until the next wall-clock minute: some windows are no sliding ones."""
    NO_MORE = auto()
    """No other try helps."""


@dataclass(frozen=True, slots=True)
class Setback:
    """Why there is no answer: the `error` to raise unless another try after the `pause` helps."""

    error: FleetticketsError
    pause: Pause = Pause.NO_MORE


class Dialect(Protocol):
    """What one provider wants to be sent, and what its answers mean; no input or output."""

    @property
    def name(self) -> str:
        """What `GEOCODER_PROVIDER` calls it."""
        ...

    @property
    def path(self) -> str:
        """The path of its endpoint."""
        ...

    @property
    def limits(self) -> Limits:
        """The limits to keep."""
        ...

    @property
    def cache_lifetime(self) -> timedelta | None:
        """How long its terms allow an answer to be reused; None is for ever."""
        ...

    def parameters(self, query: Query) -> Mapping[str, str]:
        """Return the parameters of a call, but for the key."""
        ...

    def read(self, answer: Answer, query: Query, now: datetime) -> Sequence[Candidate] | Setback:
        """Return what an answer says, best first, or why it is none."""
        ...


class OnlineGeocoder:
    """A geocoder over HTTP, in the dialect of its provider.

    It remembers between runs until when the provider takes no calls, and makes none until then.
    """

    def __init__(
        self,
        dialect: Dialect,
        connection: Connection,
        clock: Clock,
        jitter: Callable[[], float] = _draw,
    ) -> None:
        """Take the provider's dialect and host; `jitter` draws from 0 to 1."""
        self._dialect = dialect
        self._connection = connection
        self._clock = clock
        self._jitter = jitter
        self._pacer = Pacer(dialect.limits, clock)
        self._exhausted: GeocoderQuotaError | None = None

    @property
    def name(self) -> str:
        """What `GEOCODER_PROVIDER` calls the provider."""
        return self._dialect.name

    @property
    def cache_lifetime(self) -> timedelta | None:
        """How long the provider's terms allow an answer to be reused."""
        return self._dialect.cache_lifetime

    def search(self, query: Query, time_left: TimeLeft) -> Sequence[Candidate]:
        """Ask the provider, in its pace; see `Geocoder.search`."""
        tries = 0
        while True:
            tries += 1
            self._refuse_while_exhausted()
            self._pacer.admit(time_left)
            found = self._call(query)
            if not isinstance(found, Setback):
                return found
            if found.pause is Pause.NO_MORE or tries == MAX_TRIES:
                raise self._noted(found.error)
            self._wait(found, tries, time_left)

    def close(self) -> None:
        """Close the connections; the next search opens them again."""
        self._connection.close()

    def _call(self, query: Query) -> Sequence[Candidate] | Setback:
        try:
            answer = self._connection.get(self._dialect.path, self._dialect.parameters(query))
        except GeocoderUnavailableError as error:
            return Setback(error, Pause.BACKOFF)
        return self._dialect.read(answer, query, self._clock.now())

    def _wait(self, setback: Setback, tries: int, time_left: TimeLeft) -> None:
        """Wait before the next try.

        Raises:
            the setback's own error: the run has no time for it.
        """
        seconds = FIRST_BACKOFF_SECONDS * 2 ** (tries - 1) * (1 + self._jitter())
        if setback.pause is Pause.MINUTE:
            now = self._clock.now()
            seconds = (next_minute(now) - now).total_seconds() + self._jitter()
        try:
            self._pacer.wait(seconds, time_left)
        except GeocoderBudgetError:
            raise self._noted(setback.error) from None

    def _noted(self, error: FleetticketsError) -> FleetticketsError:
        if isinstance(error, GeocoderQuotaError):
            self._exhausted = error
        return error

    def _refuse_while_exhausted(self) -> None:
        if self._exhausted is not None and self._clock.now() < self._exhausted.resume_at:
            raise GeocoderQuotaError(
                f"{self.name} said earlier that its calls are used up", self._exhausted.resume_at
            )
        self._exhausted = None
