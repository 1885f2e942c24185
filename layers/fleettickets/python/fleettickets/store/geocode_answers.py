"""Answers of geocoders: what is remembered of each place, and reused for other names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row

from fleettickets.core.candidates import Outcome
from fleettickets.core.locations import Tier
from fleettickets.store.connections import Connection
from fleettickets.store.streams import lock_dataset


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be remembered of a place; its longitude and latitude are None unless found.

    `outcome` is None where a provider did not take the query: that is no answer about the place.
    """

    name: str
    cluster: str
    longitude: float | None
    latitude: float | None
    provider: str | None
    query: str | None
    distance_metres: float | None
    confidence: float | None
    outcome: Outcome | None
    reason: str | None
    attempts: int
    next_attempt_at: datetime | None
    expires_at: datetime | None


KNOWN_ANSWERS = """
select distinct on (asked.query, asked.cluster)
    known.location_name as name,
    known.cluster,
    public.st_x(known.geom) as longitude,
    public.st_y(known.geom) as latitude,
    known.provider,
    known.query,
    known.distance_metres,
    known.confidence,
    case when known.geom is null then known.outcome else 'found' end as outcome,
    known.reason,
    known.attempts,
    known.next_attempt_at,
    known.expires_at
from unnest(%(queries)s::text [], %(clusters)s::text []) as asked (query, cluster)
inner join tickets.geo_locations as known
    on asked.query = known.query and asked.cluster = known.cluster
where
    coalesce(known.expires_at > now(), true)
    and (known.geom is not null or known.next_attempt_at > now())
    and (known.geom is not null or known.outcome is not null)
order by
    asked.query asc, asked.cluster asc, known.verified desc, known.geom is null asc,
    known.updated_at desc
"""


def known_answers(
    connection: Connection, questions: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Answer]:
    """Return the answers of which other names may have the use, by (query, cluster).

    A person's point counts more than a provider's; an answer that its terms no longer let us use,
    or that is due for another attempt, does not count.
    """
    columns = {
        "queries": [query for query, _ in questions],
        "clusters": [cluster for _, cluster in questions],
    }
    with connection.cursor(row_factory=class_row(Answer)) as cursor:
        found = cursor.execute(KNOWN_ANSWERS, columns).fetchall()
    return {(answer.query or "", answer.cluster): answer for answer in found}


WRITE_CLUSTERS = """
insert into tickets.geo_clusters as known
(
    cluster, geom, source, provider, query, confidence, outcome, reason, attempts,
    next_attempt_at, expires_at
)
select
    answer.cluster,
    tickets.valid_point(answer.longitude, answer.latitude),
    case when answer.longitude is not null then answer.provider end,
    answer.provider,
    answer.query,
    answer.confidence,
    answer.outcome,
    answer.reason,
    answer.attempts,
    answer.next_attempt_at,
    answer.expires_at
from
    unnest(
        %(names)s::text [], %(clusters)s::text [], %(longitudes)s::float8 [],
        %(latitudes)s::float8 [], %(providers)s::text [], %(queries)s::text [],
        %(distances)s::float8 [], %(confidences)s::float8 [], %(outcomes)s::text [],
        %(reasons)s::text [], %(attempts)s::integer [], %(next_attempts)s::timestamptz [],
        %(expiries)s::timestamptz []
    ) as answer (
        name, cluster, longitude, latitude, provider, query, distance_metres, confidence,
        outcome, reason, attempts, next_attempt_at, expires_at
    )
on conflict (cluster) do update
    set
        geom = excluded.geom,
        source = excluded.source,
        provider = excluded.provider,
        query = excluded.query,
        confidence = excluded.confidence,
        outcome = excluded.outcome,
        reason = excluded.reason,
        attempts = excluded.attempts,
        next_attempt_at = excluded.next_attempt_at,
        expires_at = excluded.expires_at,
        updated_at = now()
    where not known.verified and known.geom is null
"""
WRITE_LOCATIONS = """
insert into tickets.geo_locations as known
(
    location_name, cluster, geom, source, provider, query, distance_metres, confidence, outcome,
    reason, attempts, next_attempt_at, expires_at
)
select
    answer.name,
    answer.cluster,
    tickets.valid_point(answer.longitude, answer.latitude),
    case when answer.longitude is not null then answer.provider end,
    answer.provider,
    answer.query,
    answer.distance_metres,
    answer.confidence,
    answer.outcome,
    answer.reason,
    answer.attempts,
    answer.next_attempt_at,
    answer.expires_at
from
    unnest(
        %(names)s::text [], %(clusters)s::text [], %(longitudes)s::float8 [],
        %(latitudes)s::float8 [], %(providers)s::text [], %(queries)s::text [],
        %(distances)s::float8 [], %(confidences)s::float8 [], %(outcomes)s::text [],
        %(reasons)s::text [], %(attempts)s::integer [], %(next_attempts)s::timestamptz [],
        %(expiries)s::timestamptz []
    ) as answer (
        name, cluster, longitude, latitude, provider, query, distance_metres, confidence,
        outcome, reason, attempts, next_attempt_at, expires_at
    )
on conflict (location_name, cluster) do update
    set
        geom = excluded.geom,
        source = excluded.source,
        provider = excluded.provider,
        query = excluded.query,
        distance_metres = excluded.distance_metres,
        confidence = excluded.confidence,
        outcome = excluded.outcome,
        reason = excluded.reason,
        attempts = excluded.attempts,
        next_attempt_at = excluded.next_attempt_at,
        expires_at = excluded.expires_at,
        updated_at = now()
    where not known.verified and known.geom is null
"""
_WRITE: dict[Tier, LiteralString] = {"cluster": WRITE_CLUSTERS, "location": WRITE_LOCATIONS}


def write_answers(connection: Connection, tier: Tier, answers: Sequence[Answer]) -> None:
    """Remember the answers in one statement, in which the tickets concerned move too.

    A row that a person has verified, or given a point meanwhile, stays as it is. The tickets are
    scanned once a statement, so many answers at once cost little more than one.

    Raises:
        LockTimeoutError: another session worked on the dataset for longer than the lock timeout.
    """
    columns = {
        "names": [answer.name for answer in answers],
        "clusters": [answer.cluster for answer in answers],
        "longitudes": [answer.longitude for answer in answers],
        "latitudes": [answer.latitude for answer in answers],
        "providers": [answer.provider for answer in answers],
        "queries": [answer.query for answer in answers],
        "distances": [answer.distance_metres for answer in answers],
        "confidences": [answer.confidence for answer in answers],
        "outcomes": [answer.outcome for answer in answers],
        "reasons": [answer.reason for answer in answers],
        "attempts": [answer.attempts for answer in answers],
        "next_attempts": [answer.next_attempt_at for answer in answers],
        "expiries": [answer.expires_at for answer in answers],
    }
    with connection.transaction():
        lock_dataset(connection)
        connection.execute(_WRITE[tier], columns)
