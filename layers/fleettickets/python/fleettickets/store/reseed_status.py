"""How far a reseed is: its lease, its manifest, and the pace at which that is settled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.rows import class_row

from fleettickets.store.connections import Connection
from fleettickets.store.streams import DATASET


@dataclass(frozen=True, slots=True)
class ReseedFacts:
    """The present generation as its reseed left or leaves it.

    `plan_sha256` is None if no reseed opened it; `files_per_second` is that of the last minute of
    work, None before the second file; `seconds_left` follows from it. `report` is what the reseed
    came to, None until it is finished.
    """

    generation: int
    mode: Literal["live", "reseed"]
    source: str | None
    plan_sha256: str | None
    lease_owner: str | None
    lease_expires_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    files: int
    settled: int
    files_per_second: float | None
    seconds_left: float | None
    report: dict[str, Any] | None


RESEED_FACTS = """
with stream as (
    select *
    from tickets.import_streams
    where dataset = %s
    order by generation desc
    limit 1
),

manifest as (
    select manifest.settled_at
    from tickets.import_manifest as manifest
    inner join stream
        on manifest.dataset = stream.dataset and manifest.generation = stream.generation
),

totals as (
    select
        count(*) as files,
        count(settled_at) as settled,
        max(settled_at) as last_at
    from manifest
),

pace as (
    select
        (count(*) - 1)
        / nullif(extract(epoch from max(settled_at) - min(settled_at)), 0) as files_per_second
    from manifest
    where settled_at > (select last_at - interval '1 minute' from totals)
)

select
    stream.generation,
    stream.mode,
    stream.source,
    stream.plan_sha256,
    stream.lease_owner,
    stream.lease_expires_at,
    stream.opened_at,
    stream.closed_at,
    totals.files,
    totals.settled,
    pace.files_per_second::double precision,
    ((totals.files - totals.settled) / nullif(pace.files_per_second, 0))::double precision
        as seconds_left,
    stream.report
from stream
cross join totals
cross join pace
"""


def read_reseed_facts(connection: Connection) -> ReseedFacts:
    """Read how far the present generation's reseed is, from one snapshot."""
    with connection.cursor(row_factory=class_row(ReseedFacts)) as cursor:
        facts = cursor.execute(RESEED_FACTS, [DATASET]).fetchone()
    if facts is None:
        raise LookupError("tickets.import_streams has no row for the dataset: run the migrations")
    return facts
