"""Streams: the current generation, its lock, its source and its watermark."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg.rows import class_row, scalar_row

from fleettickets.store.connections import Connection

DATASET = "inc"


@dataclass(frozen=True, slots=True)
class StreamState:
    """The current generation as it was when it was read.

    `source` is None until the first ingest from a bucket; `watermark` is a stamp, and the empty
    text, which is below every stamp, while nothing was applied in this generation; `settlements`
    counts what was settled in it, by anybody; `plan_sha256` names the plan that opened it and
    `closed_at` is when its reseed was finished, None if that goes on or there was none.
    """

    generation: int
    mode: Literal["live", "reseed"]
    source: str | None
    fencing_token: int
    lease_owner: str | None
    leased: bool
    settlements: int
    refused_source: str | None
    watermark: str
    plan_sha256: str | None
    closed_at: datetime | None

    @property
    def holder(self) -> str:
        """Who holds the lease, for messages."""
        return self.lease_owner or "nobody any more"


# The second half tells the trigger of tickets.inc that this transaction supplies the geometry.
LOCK = """
select
    tickets.lock_dataset(%s),
    set_config('fleettickets.geometry_is_resolved', 'yes', true)
"""


def lock_dataset(connection: Connection) -> None:
    """Take the dataset's lock until the transaction ends; must be its first statement."""
    connection.execute(LOCK, [DATASET])


READ_STATE = """
select
    streams.generation,
    streams.mode,
    streams.source,
    streams.fencing_token,
    streams.lease_owner,
    coalesce(streams.lease_expires_at > clock_timestamp(), false) as leased,
    streams.settlements,
    streams.refused_source,
    coalesce(tickets.key_stamp(meta.metadata ->> 'source_max_key'), '') as watermark,
    streams.plan_sha256,
    streams.closed_at
from tickets.import_streams as streams
left join tickets.import_meta as meta on streams.dataset = meta.dataset
where streams.dataset = %s
order by streams.generation desc
limit 1
"""


def read_state(connection: Connection) -> StreamState:
    """Read the current generation; under the lock it cannot change until the transaction ends."""
    with connection.cursor(row_factory=class_row(StreamState)) as cursor:
        state = cursor.execute(READ_STATE, [DATASET]).fetchone()
    if state is None:
        raise LookupError("tickets.import_streams has no row for the dataset: run the migrations")
    return state


ADOPT_SOURCE = """
update tickets.import_streams set source = coalesce(source, %(source)s)
where dataset = %(dataset)s and generation = %(generation)s
returning source
"""


def adopt_source(connection: Connection, generation: int, source: str) -> str:
    """Set the generation's source if it has none yet, and return the one that it has now.

    That is another one if another session was quicker.
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        cursor.execute(
            ADOPT_SOURCE, {"dataset": DATASET, "generation": generation, "source": source}
        )
        return str(cursor.fetchone())


REFUSE_SOURCE = """
update tickets.import_streams set refused_source = %(source)s
where
    dataset = %(dataset)s and generation = %(generation)s
    and refused_source is distinct from %(source)s
"""


def refuse_source(connection: Connection, generation: int, source: str | None) -> None:
    """Remember the configured source that differs from the generation's; None clears it."""
    connection.execute(
        REFUSE_SOURCE, {"dataset": DATASET, "generation": generation, "source": source}
    )


REPORT_LISTING = """
update tickets.import_streams
set
    pending = %(pending)s,
    held = coalesce(%(held)s, held),
    foreign_keys = coalesce(%(foreign)s, foreign_keys),
    pending_as_of = now()
where
    dataset = %(dataset)s and generation = %(generation)s
    and (
        (pending, held, foreign_keys) is distinct from
        (%(pending)s, coalesce(%(held)s, held), coalesce(%(foreign)s, foreign_keys))
        or pending_as_of is null
        or pending_as_of < now() - interval '1 minute'
    )
"""


def report_listing(
    connection: Connection, generation: int, *, pending: int, held: int | None, foreign: int | None
) -> None:
    """Store what a listing left over, for `freshness`; at most once a minute if it is the same.

    None leaves a number as it was.
    """
    connection.execute(
        REPORT_LISTING,
        {
            "dataset": DATASET,
            "generation": generation,
            "pending": pending,
            "held": held,
            "foreign": foreign,
        },
    )
