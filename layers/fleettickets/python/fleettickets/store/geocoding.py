"""Geocoding: which places wait for a point, and whose turn it is to look for them."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

from psycopg.rows import class_row, scalar_row

from fleettickets.core.locations import Tier
from fleettickets.store.connections import Connection


@dataclass(frozen=True, slots=True)
class PendingPlace:
    """A name that waits for a point.

    `name` is as in raw; `cluster` is where it is, and the same as `name` for a cluster. Longitude
    and latitude are the cluster's point, None for a cluster. `attempts` counts former ones, and
    `tickets` the open tickets that wait for it.
    """

    name: str
    cluster: str
    tickets: int
    attempts: int
    longitude: float | None
    latitude: float | None


TRY_LOCK = "select pg_try_advisory_lock(1718382708, hashtext('geocoding'))"
UNLOCK = "select pg_advisory_unlock(1718382708, hashtext('geocoding'))"


@contextmanager
def only_one(connection: Connection) -> Generator[bool]:
    """Hold the geocoding's lock, if nobody else does, which the value tells.

    Two runs at once would call a provider at twice its rate. The lock is the session's: a run
    commits what it has, many times.
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        is_ours = bool(cursor.execute(TRY_LOCK).fetchone())
    try:
        yield is_ours
    finally:
        if is_ours and not connection.broken:
            connection.execute(UNLOCK)


DUE_CLUSTERS = """
select exists (
    select from tickets.geo_clusters
    where
        geom is null and not verified
        and coalesce(next_attempt_at <= now(), outcome is null)
)
"""
DUE_LOCATIONS = """
select exists (
    select from tickets.geo_locations
    where
        geom is null and not verified
        and coalesce(next_attempt_at <= now(), outcome is null)
)
"""
_DUE: dict[Tier, LiteralString] = {"cluster": DUE_CLUSTERS, "location": DUE_LOCATIONS}


def is_anything_due(connection: Connection, tier: Tier) -> bool:
    """Tell whether a row of the gazetteer may be asked for (again); no ticket is read for that."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(_DUE[tier]).fetchone())


REGISTER_CLUSTERS = """
insert into tickets.geo_clusters (cluster)
select distinct inc.cluster
from tickets.inc as inc
where octet_length(inc.cluster) <= 500
on conflict (cluster) do nothing
"""


def register_clusters(connection: Connection) -> int:
    """Give each cluster of any ticket a row in the gazetteer, without a point; return how many."""
    return connection.execute(REGISTER_CLUSTERS).rowcount


UNREGISTERED_CLUSTERS = """
select
    inc.cluster as name,
    inc.cluster,
    count(*) filter (where inc.is_actionable and inc.geo_source = 'none') as tickets,
    0 as attempts,
    null::double precision as longitude,
    null::double precision as latitude
from tickets.inc as inc
where
    octet_length(inc.cluster) <= 500
    and not exists (
        select from tickets.geo_clusters as known where known.cluster = inc.cluster
    )
group by inc.cluster
order by tickets desc, inc.cluster asc
"""


def unregistered_clusters(connection: Connection) -> list[PendingPlace]:
    """Return what `register_clusters` would add, for a dry run."""
    with connection.cursor(row_factory=class_row(PendingPlace)) as cursor:
        return cursor.execute(UNREGISTERED_CLUSTERS).fetchall()


PENDING_PLACES = """
select
    backlog.name,
    backlog.cluster,
    backlog.tickets,
    backlog.attempts,
    public.st_x(clusters.geom) as longitude,
    public.st_y(clusters.geom) as latitude
from tickets.geocode_backlog as backlog
left join tickets.geo_clusters as clusters on backlog.cluster = clusters.cluster
where
    backlog.tier = %(tier)s and backlog.is_due
    and (%(tier)s = 'location' or clusters.cluster is not null)
order by backlog.tickets desc, backlog.cluster asc, backlog.name asc
limit %(limit)s
"""


def pending_places(connection: Connection, tier: Tier, limit: int) -> list[PendingPlace]:
    """Return the places to ask for now, those with most tickets first, `limit` at most.

    Clusters without a row in the gazetteer are not among them.
    """
    with connection.cursor(row_factory=class_row(PendingPlace)) as cursor:
        return cursor.execute(PENDING_PLACES, {"tier": tier, "limit": limit}).fetchall()


POSTPONE_UNWANTED = """
update tickets.geo_locations set next_attempt_at = now() + interval '1 day'
where
    geom is null and not verified
    and coalesce(next_attempt_at <= now(), outcome is null)
"""


def postpone_unwanted(connection: Connection) -> None:
    """Put off the locations that are due though no open ticket can have the use of them now.

    To be called when all others have been asked for. Else they would make every run look for them.
    """
    connection.execute(POSTPONE_UNWANTED)
