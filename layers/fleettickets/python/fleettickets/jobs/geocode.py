"""Geocoding: ask for each place that waits for a point, once, and remember what was answered."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from fleettickets.clients.geocoders.interface import Geocoder
from fleettickets.core.attempts import expires_at, next_attempt_at, retry_at
from fleettickets.core.candidates import choose
from fleettickets.core.locations import (
    Query,
    Tier,
    clean_location_name,
    cluster_query,
    location_query,
)
from fleettickets.core.points import Point
from fleettickets.errors import (
    GeocoderBudgetError,
    GeocoderQueryError,
    GeocoderQuotaError,
    GeocoderUnavailableError,
)
from fleettickets.store import geocode_answers, geocoding
from fleettickets.store.connections import Connection, translated_errors
from fleettickets.store.enrich_marks import Step, clear_marks, read_marks
from fleettickets.store.geocode_answers import Answer
from fleettickets.store.geocoding import PendingPlace

MOST_PLACES = 20_000
"""What one run takes on; a run of the function asks for some hundreds online."""
MOST_UNWRITTEN = 10_000
LONGEST_UNWRITTEN = timedelta(seconds=60)
"""Answers are written together, since each statement scans the tickets for those it moves; not too
many, since ingest waits meanwhile and a crash loses them."""
FAILURES_IN_A_ROW = 3
"""Then it is the provider, and no single query, that is in trouble."""

type Outcome = Literal["done", "nothing to do", "busy", "out of time", "quota", "limit"]

_STEPS: dict[Tier, Step] = {"cluster": "clusters", "location": "locations"}


def _unlimited() -> float:
    return math.inf


@dataclass(frozen=True, slots=True)
class GeocodeContext:
    """What one run is given.

    `open_geocoder` returns the geocoder that the caller keeps; a run that asks nothing does not
    call it. `time_left` returns the seconds in which the run has to be done with its questions.
    """

    connection: Connection
    open_geocoder: Callable[[], Geocoder]
    now: Callable[[], datetime]
    time_left: Callable[[], float] = _unlimited


@dataclass(frozen=True, slots=True)
class Question:
    """One query and all the names that its answer is for; no query if they hold no place."""

    query: Query | None
    places: tuple[PendingPlace, ...]

    @property
    def key(self) -> tuple[str, str]:
        """The query's text and the cluster in which it is asked."""
        text = "" if self.query is None else self.query.text
        return text, self.places[0].cluster

    @property
    def tickets(self) -> int:
        """The open tickets that wait for the answer."""
        return sum(place.tickets for place in self.places)


@dataclass(frozen=True, slots=True)
class GeocodeSummary:
    """What a run did for one tier.

    `asked` counts questions that were answered; found, not_found, rejected (by our rules), refused
    (the provider does not take the query) and reused (an answer was known already) count names;
    `failed` counts questions without an answer for now, and `left` those that were not asked.
    `resume_at` is when the provider's quota allows more, None unless the outcome is "quota".
    """

    tier: Tier
    outcome: Outcome
    asked: int = 0
    found: int = 0
    not_found: int = 0
    rejected: int = 0
    refused: int = 0
    reused: int = 0
    failed: int = 0
    left: int = 0
    resume_at: datetime | None = None


@dataclass(slots=True)
class _Run:
    """The state of one run: what was answered and is not written yet, and the counts so far."""

    context: GeocodeContext
    tier: Tier
    unwritten_since: datetime
    unwritten: list[Answer] = field(default_factory=list[Answer])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    resume_at: datetime | None = None

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count of the summary."""
        self.counts[name] = self.counts.get(name, 0) + number

    def remember(self, answers: Sequence[Answer]) -> None:
        """Take answers in; write them when there are many, or have waited for long."""
        for answer in answers:
            self.count(answer.outcome or "refused")
        self.unwritten += answers
        waited = self.context.now() - self.unwritten_since
        if len(self.unwritten) >= MOST_UNWRITTEN or waited >= LONGEST_UNWRITTEN:
            self.write()

    def write(self) -> None:
        """Write what is not written yet; the tickets concerned move with it."""
        answers, self.unwritten = self.unwritten, []
        if answers:
            geocode_answers.write_answers(self.context.connection, self.tier, answers)
        self.unwritten_since = self.context.now()

    def summary(self, outcome: Outcome) -> GeocodeSummary:
        """Return what was done until now."""
        return GeocodeSummary(self.tier, outcome, resume_at=self.resume_at, **self.counts)


def geocode(context: GeocodeContext, tier: Tier, limit: int | None = None) -> GeocodeSummary:
    """Ask for the places of a tier that wait for a point, those with most tickets first.

    At most `limit` questions, None for all. Whatever happens, the answers that came are written.
    If another run is at work this one does nothing. To be run again at will: what is answered is
    not asked again before its time.

    Raises:
        GeocoderKeyError: the provider does not take the key.
        GeocoderUnavailableError: it did not answer three times in a row.
        LockTimeoutError, DatabaseUnavailableError: the answers could not be written.
    """
    with translated_errors(), geocoding.only_one(context.connection) as is_alone:
        if not is_alone:
            return GeocodeSummary(tier, "busy")
        marks = read_marks(context.connection, _STEPS[tier])
        if not marks and not geocoding.is_anything_due(context.connection, tier):
            return GeocodeSummary(tier, "nothing to do")
        if marks and tier == "cluster":
            geocoding.register_clusters(context.connection)
        places = geocoding.pending_places(context.connection, tier, MOST_PLACES)
        summary = _ask_for(context, tier, places, limit)
        if summary.outcome == "done" and not summary.failed and len(places) < MOST_PLACES:
            _finish(context.connection, tier, marks)
        return summary


def plan_geocode(connection: Connection, tier: Tier, limit: int | None = None) -> list[Question]:
    """Return what `geocode` would ask, in that order, for a dry run; nothing is asked or written.

    Questions whose answer is known already are left out; names without a place are one question
    without a query for each cluster.
    """
    with translated_errors():
        places = geocoding.pending_places(connection, tier, MOST_PLACES)
        if tier == "cluster":
            places = [*geocoding.unregistered_clusters(connection), *places]
        questions = questions_of(tier, places)
        known = _known_answers(connection, tier, questions)
    unknown = [question for question in questions if question.key not in known]
    return unknown[:limit]


def questions_of(tier: Tier, places: Sequence[PendingPlace]) -> list[Question]:
    """Group places by what there is to ask, those for which most tickets wait first."""
    groups: dict[tuple[str, str], list[PendingPlace]] = {}
    queries: dict[tuple[str, str], Query | None] = {}
    for place in places:
        query = _query_for(tier, place)
        key = ("" if query is None else query.text, "" if tier == "cluster" else place.cluster)
        groups.setdefault(key, []).append(place)
        queries[key] = query
    questions = [Question(queries[key], tuple(group)) for key, group in groups.items()]
    return sorted(questions, key=lambda question: -question.tickets)


def _query_for(tier: Tier, place: PendingPlace) -> Query | None:
    if tier == "cluster":
        return cluster_query(place.cluster)
    if place.longitude is None or place.latitude is None:
        raise LookupError(f"{place.cluster} has no point, so its locations should wait")
    near = Point(place.longitude, place.latitude)
    return location_query(clean_location_name(place.name), place.cluster, near)


def _known_answers(
    connection: Connection, tier: Tier, questions: Sequence[Question]
) -> dict[tuple[str, str], Answer]:
    if tier == "cluster":
        return {}
    keys = [question.key for question in questions if question.query is not None]
    return geocode_answers.known_answers(connection, keys)


def _ask_for(
    context: GeocodeContext, tier: Tier, places: Sequence[PendingPlace], limit: int | None
) -> GeocodeSummary:
    run = _Run(context, tier, context.now())
    questions = questions_of(tier, places)
    known = _known_answers(context.connection, tier, questions)
    to_ask: list[tuple[Question, Query]] = []
    for question in questions:
        if question.query is None:
            run.remember(_fan_out(_NO_PLACE, question))
        elif answer := known.get(question.key):
            run.count("reused", len(question.places))
            run.remember(_fan_out(answer, question))
        else:
            to_ask.append((question, question.query))
    try:
        outcome = _ask_all(run, to_ask[:limit])
    finally:
        run.write()
    left = len(to_ask) - run.counts.get("asked", 0) - run.counts.get("failed", 0)
    run.count("left", left)
    return run.summary("limit" if outcome == "done" and left else outcome)


def _ask_all(run: _Run, questions: Sequence[tuple[Question, Query]]) -> Outcome:
    """Ask one after the other until all are asked, or it is no use to go on.

    Raises:
        GeocoderKeyError, GeocoderUnavailableError: it is no use, and somebody should know.
    """
    failures = 0
    for question, query in questions:
        if run.context.time_left() <= 0:
            return "out of time"
        try:
            answer = _ask(run.context, question, query)
        except GeocoderUnavailableError:
            run.count("failed")
            failures += 1
            if failures == FAILURES_IN_A_ROW:
                raise
        except GeocoderQuotaError as error:
            run.resume_at = error.resume_at
            return "quota"
        except GeocoderBudgetError:
            return "out of time"
        else:
            run.count("asked")
            run.remember(_fan_out(answer, question))
            failures = 0
    return "done"


def _ask(context: GeocodeContext, question: Question, query: Query) -> Answer:
    """Return the answer to a question, in the name of its first place."""
    geocoder = context.open_geocoder()
    attempts = max(place.attempts for place in question.places) + 1
    asked = replace(
        _NOTHING, name=question.places[0].name, provider=geocoder.name, query=query.text
    )
    try:
        candidates = geocoder.search(query, context.time_left)
    except GeocoderQueryError:
        retried_at = retry_at(attempts, context.now())
        return replace(asked, reason="not_accepted", attempts=attempts, next_attempt_at=retried_at)
    finding, at = choose(query, candidates), context.now()
    return replace(
        asked,
        longitude=None if finding.point is None else finding.point.longitude,
        latitude=None if finding.point is None else finding.point.latitude,
        distance_metres=finding.distance_metres,
        confidence=finding.confidence,
        outcome=finding.outcome,
        reason=finding.reason,
        attempts=attempts,
        next_attempt_at=next_attempt_at(finding.outcome, attempts, at),
        expires_at=expires_at(at, geocoder.cache_lifetime),
    )


def _fan_out(answer: Answer, question: Question) -> list[Answer]:
    """Return the same answer for each name that asked."""
    return [replace(answer, name=place.name, cluster=place.cluster) for place in question.places]


def _finish(connection: Connection, tier: Tier, marks: Sequence[int]) -> None:
    """Note that nothing is left to ask for, so that the next run need not look."""
    if tier == "location":
        geocoding.postpone_unwanted(connection)
    clear_marks(connection, marks)


_NOTHING = Answer(
    name="",
    cluster="",
    longitude=None,
    latitude=None,
    provider=None,
    query=None,
    distance_metres=None,
    confidence=None,
    outcome=None,
    reason=None,
    attempts=0,
    next_attempt_at=None,
    expires_at=None,
)
_NO_PLACE = replace(_NOTHING, outcome="not_found", reason="no_place")
"""For good: a name that holds no place will not hold one later."""
