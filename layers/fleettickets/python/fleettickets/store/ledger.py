"""The ledger: one row for each (generation, stamp, revision) that was settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from fleettickets.core.feed import Reject
from fleettickets.store.connections import Connection
from fleettickets.store.streams import DATASET

type Status = Literal["applied", "quarantined", "skipped"]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A settled revision, as far as it decides what is still to do.

    A manifest's file that was gone has no sha256 and the empty etag: its content was never seen, so
    it is new when somebody puts it back.
    """

    generation: int
    stamp: str
    revision: int
    object_key: str
    etag: str
    sha256: str | None
    status: Status
    reason: str | None
    archived_at: object

    @property
    def is_gone(self) -> bool:
        """Whether it was skipped because there was no object any more."""
        return self.status == "skipped" and self.sha256 is None


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of a file's rows; `read` is the sum of the other seven."""

    read: int
    dropped: int
    rejected: int
    duplicate: int
    inserted: int
    updated: int
    unchanged: int
    stale: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """All that the ledger keeps of one settled content; `counts` is None unless it was applied.

    `archive_key` is set from the start if the content was applied from `processed/`.
    `watermark_key` is the key to store as watermark, None to leave the watermark as it is.
    """

    generation: int
    stamp: str
    revision: int
    object_key: str
    etag: str
    version_id: str | None
    sha256: str | None
    size_bytes: int
    status: Status
    late: bool
    reason: str | None
    counts: RowCounts | None
    rejects: Sequence[Reject]
    duration_ms: int
    archive_key: str | None
    watermark_key: str | None


LATEST_REVISIONS = """
select distinct on (stamp)
    generation, stamp, revision, object_key, etag, sha256, status, reason, archived_at
from tickets.import_files
where dataset = %s and generation = %s and stamp = any(%s)
order by stamp asc, revision desc
"""


def latest_revisions(
    connection: Connection, generation: int, stamps: Sequence[str]
) -> dict[str, LedgerEntry]:
    """Return the latest settled revision of each of the `stamps` that has one."""
    if not stamps:
        return {}
    with connection.cursor(row_factory=class_row(LedgerEntry)) as cursor:
        rows = cursor.execute(LATEST_REVISIONS, [DATASET, generation, list(stamps)])
        return {row.stamp: row for row in rows}


def latest_revision(connection: Connection, generation: int, stamp: str) -> LedgerEntry | None:
    """Return the stamp's latest settled revision, None if nothing of it is settled."""
    return latest_revisions(connection, generation, [stamp]).get(stamp)


FIND_CONTENT = """
select generation, stamp, revision, object_key, etag, sha256, status, reason, archived_at
from tickets.import_files
where dataset = %s and generation = %s and stamp = %s and etag = %s
order by revision desc
limit 1
"""


def find_content(
    connection: Connection, generation: int, stamp: str, etag: str
) -> LedgerEntry | None:
    """Return the latest settled revision of the stamp that had this etag, None if there is none."""
    with connection.cursor(row_factory=class_row(LedgerEntry)) as cursor:
        return cursor.execute(FIND_CONTENT, [DATASET, generation, stamp, etag]).fetchone()


SKIPPED_CONTENTS = """
select generation, stamp, revision, object_key, etag, sha256, status, reason, archived_at
from tickets.import_files
where
    dataset = %s and generation = %s and stamp = any(%s)
    and status = 'skipped' and etag <> ''
order by stamp, revision
"""


def skipped_contents(
    connection: Connection, generation: int, stamps: Sequence[str]
) -> dict[tuple[str, str], LedgerEntry]:
    """Return, by stamp and etag, the contents of the `stamps` that a person skipped."""
    with connection.cursor(row_factory=class_row(LedgerEntry)) as cursor:
        rows = cursor.execute(SKIPPED_CONTENTS, [DATASET, generation, list(stamps)])
        return {(row.stamp, row.etag): row for row in rows}


@dataclass(frozen=True, slots=True)
class AppliedContent:
    """A content that was applied, and where it lies if it was archived."""

    stamp: str
    revision: int
    object_key: str
    etag: str | None
    size_bytes: int | None
    archive_key: str | None


APPLIED_CONTENTS = """
select stamp, revision, object_key, etag, size_bytes, archive_key
from tickets.import_files
where dataset = %s and generation = %s and status = 'applied'
order by stamp, revision
"""


def applied_contents(connection: Connection, generation: int) -> list[AppliedContent]:
    """Return all contents that were applied in `generation`, in the order of versions."""
    with connection.cursor(row_factory=class_row(AppliedContent)) as cursor:
        return cursor.execute(APPLIED_CONTENTS, [DATASET, generation]).fetchall()


QUARANTINING_GENERATION = """
select max(generation) from tickets.import_files
where dataset = %s and stamp = %s and status = 'quarantined'
"""


def quarantining_generation(connection: Connection, stamp: str) -> int | None:
    """Return the latest generation that quarantined a content of the stamp."""
    row = connection.execute(QUARANTINING_GENERATION, [DATASET, stamp]).fetchone()
    return row[0] if row is not None and isinstance(row[0], int) else None


SETTLE = """
with settled as (
    insert into tickets.import_files
    (
        dataset, generation, stamp, revision, object_key, etag, version_id, sha256, size_bytes,
        status, late, reason, rows_read, rows_dropped, rows_rejected, rows_duplicate,
        rows_inserted, rows_updated, rows_unchanged, rows_stale, applied_at, duration_ms,
        archived_at, archive_key
    )
    values
    (
        %(dataset)s, %(generation)s, %(stamp)s, %(revision)s, %(object_key)s, %(etag)s,
        %(version_id)s, %(sha256)s, %(size_bytes)s, %(status)s, %(late)s, %(reason)s,
        %(read)s, %(dropped)s, %(rejected)s, %(duplicate)s, %(inserted)s, %(updated)s,
        %(unchanged)s, %(stale)s, clock_timestamp(), %(duration_ms)s,
        case when %(archive_key)s::text is not null then clock_timestamp() end, %(archive_key)s
    )
),

counted as (
    update tickets.import_streams set settlements = settlements + 1
    where dataset = %(dataset)s and generation = %(generation)s
),

ended as (
    update tickets.import_attempts set ended_at = clock_timestamp(), outcome = %(status)s
    where attempt_id = %(attempt_id)s
)

insert into tickets.import_meta as meta (dataset, metadata)
select %(dataset)s, %(watermark)s::jsonb
where %(watermark)s::jsonb is not null
on conflict (dataset) do update set metadata = meta.metadata || excluded.metadata
"""

KEEP_REJECTS = """
insert into tickets.import_rejects
(dataset, generation, stamp, revision, line_number, reason, text)
select %(dataset)s, %(generation)s, %(stamp)s, %(revision)s, rejected.*
from unnest(%(line_numbers)s::bigint [], %(reasons)s::text [], %(texts)s::text []) as rejected
"""


def settle(connection: Connection, settlement: Settlement, attempt_id: int | None) -> None:
    """Write the ledger row, its rejects, the watermark and the attempt's end.

    To be called inside the transaction that applied the rows, under the dataset's lock.
    """
    keys = {
        "dataset": DATASET,
        "generation": settlement.generation,
        "stamp": settlement.stamp,
        "revision": settlement.revision,
    }
    connection.execute(SETTLE, keys | _settle_parameters(settlement, attempt_id))
    if settlement.rejects:
        connection.execute(
            KEEP_REJECTS,
            keys
            | {
                "line_numbers": [reject.line_number for reject in settlement.rejects],
                "reasons": [reject.reason for reject in settlement.rejects],
                "texts": [reject.text for reject in settlement.rejects],
            },
        )


def _settle_parameters(settlement: Settlement, attempt_id: int | None) -> dict[str, object]:
    counts = settlement.counts
    watermark = settlement.watermark_key and Jsonb({"source_max_key": settlement.watermark_key})
    return {
        "object_key": settlement.object_key,
        "etag": settlement.etag,
        "version_id": settlement.version_id,
        "sha256": settlement.sha256,
        "size_bytes": settlement.size_bytes,
        "status": settlement.status,
        "late": settlement.late,
        "reason": settlement.reason,
        "read": counts and counts.read,
        "dropped": counts and counts.dropped,
        "rejected": counts and counts.rejected,
        "duplicate": counts and counts.duplicate,
        "inserted": counts and counts.inserted,
        "updated": counts and counts.updated,
        "unchanged": counts and counts.unchanged,
        "stale": counts and counts.stale,
        "duration_ms": settlement.duration_ms,
        "archive_key": settlement.archive_key,
        "watermark": watermark,
        "attempt_id": attempt_id,
    }


MARK_ARCHIVED = """
update tickets.import_files set archived_at = clock_timestamp(), archive_key = %(archive_key)s
where
    dataset = %(dataset)s and generation = %(generation)s
    and stamp = %(stamp)s and revision = %(revision)s and archive_key is null
"""


def mark_archived(connection: Connection, entry: LedgerEntry, archive_key: str) -> None:
    """Note where the settled content lies now; the first note stays."""
    connection.execute(
        MARK_ARCHIVED,
        {
            "dataset": DATASET,
            "generation": entry.generation,
            "stamp": entry.stamp,
            "revision": entry.revision,
            "archive_key": archive_key,
        },
    )
