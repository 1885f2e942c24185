"""Reseeds: opening a generation, the lease with its fencing token, and the report at the end."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from fleettickets.store.connections import Connection
from fleettickets.store.manifests import ManifestFile, close_finished_reseed, write_manifest
from fleettickets.store.streams import DATASET, StreamState

LEASE = timedelta(minutes=15)

OPEN_GENERATION = """
insert into tickets.import_streams
(
    dataset, generation, source, mode, lease_owner, fencing_token, lease_expires_at, plan_sha256
)
values
(
    %(dataset)s, %(generation)s, %(source)s, 'reseed', %(owner)s, %(token)s,
    clock_timestamp() + %(lease)s, %(plan_sha256)s
)
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
    plan_sha256: str,
    manifest: Sequence[ManifestFile],
) -> int:
    """Open the generation after `former` with its `manifest` and a lease; return its token.

    To be called inside the transaction that holds the dataset's lock. What a person skipped stays
    skipped if the source is the same; what was gone gets another chance. The watermark starts anew.
    """
    generation, token = former.generation + 1, former.fencing_token + 1
    keys = {"dataset": DATASET, "generation": generation}
    opening = {"source": source, "owner": owner, "token": token, "plan_sha256": plan_sha256}
    connection.execute(OPEN_GENERATION, keys | opening | {"lease": LEASE})
    write_manifest(connection, generation, manifest)
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
    """Give the holder of `token` another full lease; whoever lost it gets none."""
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


# The second number of the lock's key is that of no dataset.
HOLD_RESEED = "select pg_try_advisory_lock(1718382708, hashtext('reseed'))"
RELEASE_RESEED = "select pg_advisory_unlock(1718382708, hashtext('reseed'))"


def hold_reseed(connection: Connection) -> bool:
    """Show, as long as this session lasts, that it works on a reseed; False if another one does."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(HOLD_RESEED).fetchone())


def release_reseed(connection: Connection) -> None:
    """Show no more that this session works on a reseed."""
    connection.execute(RELEASE_RESEED)


CHECK_HELD = "select pg_try_advisory_xact_lock(1718382708, hashtext('reseed'))"


def is_reseed_held(connection: Connection) -> bool:
    """Whether another session shows that it works on a reseed; inside a transaction only."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return not cursor.execute(CHECK_HELD).fetchone()


READ_REPORT = """
select report from tickets.import_streams where dataset = %s and generation = %s
"""


def read_report(connection: Connection, generation: int) -> dict[str, Any] | None:
    """Return the report of the generation's reseed, None while there is none."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(READ_REPORT, [DATASET, generation]).fetchone()


KEEP_REPORT = """
update tickets.import_streams set report = %s where dataset = %s and generation = %s
"""


def keep_report(connection: Connection, generation: int, report: Mapping[str, Any]) -> None:
    """Store the report of the generation's finished reseed."""
    connection.execute(KEEP_REPORT, [Jsonb(report), DATASET, generation])
