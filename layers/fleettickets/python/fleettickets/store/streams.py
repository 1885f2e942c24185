"""Streams: the current generation, its lock, its lease, its manifest and its watermark."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from psycopg.rows import class_row, scalar_row

from fleettickets.store.connections import Connection

DATASET = "inc"
LEASE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class StreamState:
    """The current generation as it was when it was read.

    `source` is None until the first ingest from a bucket; `watermark` is a stamp, and the empty
    text, which is below every stamp, while nothing was applied in this generation; `settlements`
    counts what was settled in it, by anybody; `closed_at` is when its reseed was finished, None if
    that goes on or there was none.
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
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of a reseed's manifest; `position` (from 1) is the order of application."""

    position: int
    stamp: str
    object_key: str
    etag: str
    size_bytes: int


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
set pending = %(pending)s, held = %(held)s, foreign_keys = %(foreign)s, pending_as_of = now()
where
    dataset = %(dataset)s and generation = %(generation)s
    and (
        (pending, held, foreign_keys) is distinct from (%(pending)s, %(held)s, %(foreign)s)
        or pending_as_of is null
        or pending_as_of < now() - interval '1 minute'
    )
"""


def report_listing(
    connection: Connection, generation: int, *, pending: int, held: int, foreign: int
) -> None:
    """Store what a listing left over, for `freshness`; at most once a minute if it is the same."""
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


READ_MANIFEST = """
select position, stamp, object_key, etag, size_bytes
from tickets.import_manifest
where dataset = %s and generation = %s and settled_revision is null
order by position
"""


def unsettled_manifest(connection: Connection, generation: int) -> list[ManifestFile]:
    """Return the files of the generation's manifest that are not settled yet, in order."""
    with connection.cursor(row_factory=class_row(ManifestFile)) as cursor:
        return cursor.execute(READ_MANIFEST, [DATASET, generation]).fetchall()


OPEN_GENERATION = """
insert into tickets.import_streams
(dataset, generation, source, mode, lease_owner, fencing_token, lease_expires_at)
values
(
    %(dataset)s, %(generation)s, %(source)s, 'reseed', %(owner)s, %(token)s,
    clock_timestamp() + %(lease)s
)
"""

WRITE_MANIFEST = """
insert into tickets.import_manifest
(dataset, generation, position, stamp, object_key, etag, size_bytes)
select %(dataset)s, %(generation)s, listed.*
from
    unnest(
        %(positions)s::integer [], %(stamps)s::text [], %(keys)s::text [], %(etags)s::text [],
        %(sizes)s::bigint []
    ) as listed
"""

CLEAR_WATERMARK = """
update tickets.import_meta set metadata = metadata - 'source_max_key' where dataset = %s
"""

CARRY_SKIPS = """
insert into tickets.import_files
(
    dataset, generation, stamp, revision, object_key, etag, version_id, sha256, size_bytes,
    status, late, reason, archived_at, archive_key
)
select
    dataset, %(generation)s, stamp, 1, object_key, etag, version_id, sha256, size_bytes,
    status, late, reason, archived_at, archive_key
from (
    select distinct on (stamp) * from tickets.import_files
    where dataset = %(dataset)s and generation = %(former)s
    order by stamp asc, revision desc
) as latest
where status = 'skipped' and sha256 is not null
"""


def open_generation(
    connection: Connection,
    former: StreamState,
    *,
    source: str,
    owner: str,
    manifest: Sequence[ManifestFile],
) -> int:
    """Open the generation after `former` with its `manifest` and a lease; return its token.

    To be called inside the transaction that holds the dataset's lock. What a person skipped stays
    skipped if the source is the same; what was gone gets another chance. The watermark starts anew.
    """
    generation, token = former.generation + 1, former.fencing_token + 1
    keys = {"dataset": DATASET, "generation": generation}
    connection.execute(
        OPEN_GENERATION, keys | {"source": source, "owner": owner, "token": token, "lease": LEASE}
    )
    connection.execute(
        WRITE_MANIFEST,
        keys
        | {
            "positions": [file.position for file in manifest],
            "stamps": [file.stamp for file in manifest],
            "keys": [file.object_key for file in manifest],
            "etags": [file.etag for file in manifest],
            "sizes": [file.size_bytes for file in manifest],
        },
    )
    connection.execute(CLEAR_WATERMARK, [DATASET])
    if former.source == source:
        connection.execute(CARRY_SKIPS, keys | {"former": former.generation})
    close_finished_reseed(connection, generation)
    return token


TAKE_LEASE = """
update tickets.import_streams
set
    lease_owner = %(owner)s,
    fencing_token = fencing_token + 1,
    lease_expires_at = clock_timestamp() + %(lease)s
where dataset = %(dataset)s and generation = %(generation)s
returning fencing_token
"""


def take_lease(connection: Connection, generation: int, owner: str) -> int:
    """Take over the lease of an unfinished reseed and return the new, higher fencing token."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        cursor.execute(
            TAKE_LEASE,
            {"dataset": DATASET, "generation": generation, "owner": owner, "lease": LEASE},
        )
        return int(cursor.fetchone() or 0)


EXTEND_LEASE = """
update tickets.import_streams set lease_expires_at = clock_timestamp() + %(lease)s
where
    dataset = %(dataset)s and generation = %(generation)s
    and fencing_token = %(token)s and mode = 'reseed'
"""


def extend_lease(connection: Connection, generation: int, token: int) -> None:
    """Give the holder of `token` another full lease, in the transaction of the file it settles."""
    connection.execute(
        EXTEND_LEASE,
        {"dataset": DATASET, "generation": generation, "token": token, "lease": LEASE},
    )


END_LEASE = """
update tickets.import_streams
set lease_owner = null, lease_expires_at = null, fencing_token = fencing_token + 1
where
    dataset = %(dataset)s and generation = %(generation)s
    and lease_owner is not null and lease_expires_at < clock_timestamp()
"""


def end_lease(connection: Connection, generation: int) -> None:
    """End a lease that has run out: its holder's late writes fail on the token from now on."""
    connection.execute(END_LEASE, {"dataset": DATASET, "generation": generation})


SETTLE_MANIFEST = """
update tickets.import_manifest
set settled_revision = %(revision)s, settled_at = clock_timestamp()
where
    dataset = %(dataset)s and generation = %(generation)s and position = %(position)s
    and settled_revision is null
"""


def settle_manifest(connection: Connection, generation: int, position: int, revision: int) -> None:
    """Note that the manifest's file at `position` is settled; the last one ends the reseed."""
    connection.execute(
        SETTLE_MANIFEST,
        {
            "dataset": DATASET,
            "generation": generation,
            "position": position,
            "revision": revision,
        },
    )
    close_finished_reseed(connection, generation)


CLOSE_FINISHED_RESEED = """
update tickets.import_streams
set mode = 'live', lease_owner = null, lease_expires_at = null, closed_at = clock_timestamp()
where
    dataset = %(dataset)s and generation = %(generation)s and mode = 'reseed'
    and not exists (
        select from tickets.import_manifest
        where
            dataset = %(dataset)s and generation = %(generation)s
            and settled_revision is null
    )
"""


def close_finished_reseed(connection: Connection, generation: int) -> None:
    """Set the generation's mode to live if no file of its manifest is left."""
    connection.execute(CLOSE_FINISHED_RESEED, {"dataset": DATASET, "generation": generation})
