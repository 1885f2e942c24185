"""The interface of all geocoders."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from fleettickets.core.candidates import Candidate
from fleettickets.core.locations import Query

TimeLeft = Callable[[], float]
"""Tells the seconds that a run may still take."""


class Geocoder(Protocol):
    """Something that knows where places are; kept while a process is warm, used by one thread.

    `name` is what `GEOCODER_PROVIDER` calls it. `cache_lifetime` is how long its terms allow an
    answer to be reused, None for ever.
    """

    @property
    def name(self) -> str:
        """What `GEOCODER_PROVIDER` calls it."""
        ...

    @property
    def cache_lifetime(self) -> timedelta | None:
        """How long its terms allow an answer to be reused for another query; None is for ever."""
        ...

    def search(self, query: Query, time_left: TimeLeft) -> Sequence[Candidate]:
        """Return what it knows for the query, best first; empty if it knows no such place.

        It keeps the provider's limits by waiting, tries again what passes quickly, and is done
        before `time_left` ends. An error is never an answer.

        Raises:
            GeocoderBudgetError: too little time is left; no call was made.
            GeocoderQuotaError: the provider takes no calls for longer than the run lasts.
            GeocoderUnavailableError: no answer to this query for now.
            GeocoderQueryError: the provider does not take this query.
            GeocoderKeyError: the provider does not take the key.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the next search opens them again."""
        ...
