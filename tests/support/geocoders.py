"""A geocoder that knows what a test tells it, and the context of a run that asks it."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fleettickets.core.candidates import Candidate
from fleettickets.core.locations import Query
from fleettickets.core.points import Point
from fleettickets.jobs.geocode import GeocodeContext
from fleettickets.store.connections import Connection

type Reply = Sequence[Candidate] | Exception


def a_candidate(longitude: float, latitude: float, **overrides: object) -> Candidate:
    """Return a candidate that is precise enough for anything."""
    return Candidate(Point(longitude, latitude), **overrides)  # type: ignore[arg-type]


@dataclass
class ScriptedGeocoder:
    """Answers by the text of a query; it knows no other places, and notes what it was asked.

    An exception in place of candidates is raised; a callable `before` is called with each query.
    """

    replies: dict[str, Reply] = field(default_factory=dict[str, Reply])
    asked: list[str] = field(default_factory=list[str])
    name: str = "locationiq"
    cache_lifetime: dt.timedelta | None = None
    before: Callable[[str], None] | None = None

    def search(self, query: Query, _: Callable[[], float]) -> Sequence[Candidate]:
        """Answer."""
        self.asked.append(query.text)
        if self.before is not None:
            self.before(query.text)
        reply = self.replies.get(query.text, ())
        if isinstance(reply, Exception):
            raise reply
        return reply

    def close(self) -> None:
        """There is nothing to close."""


def a_geocode_context(
    connection: Connection, geocoder: ScriptedGeocoder, **overrides: object
) -> GeocodeContext:
    """Return a context whose clock is the real one, and that has all the time there is."""
    defaults: dict[str, object] = {
        "connection": connection,
        "open_geocoder": lambda: geocoder,
        "now": lambda: dt.datetime.now(dt.UTC),
    }
    return GeocodeContext(**(defaults | overrides))  # type: ignore[arg-type]
