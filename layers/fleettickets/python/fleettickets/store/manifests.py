"""Manifests: the files of a reseed in their order, and which of them are settled."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from fleettickets.store.connections import Connection
from fleettickets.store.streams import DATASET


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of a reseed's manifest; `position` (from 1) is the order of application."""

    position: int
    stamp: str
    object_key: str
    etag: str
    size_bytes: int


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


def write_manifest(connection: Connection, generation: int, files: Sequence[ManifestFile]) -> None:
    """Store the manifest of a generation that was just opened."""
    connection.execute(
        WRITE_MANIFEST,
        {
            "dataset": DATASET,
            "generation": generation,
            "positions": [file.position for file in files],
            "stamps": [file.stamp for file in files],
            "keys": [file.object_key for file in files],
            "etags": [file.etag for file in files],
            "sizes": [file.size_bytes for file in files],
        },
    )


READ_MANIFEST = """
select position, stamp, object_key, etag, size_bytes
from tickets.import_manifest
where dataset = %s and generation = %s and settled_revision is null
order by position
limit %s
"""


def unsettled_manifest(
    connection: Connection, generation: int, limit: int | None = None
) -> list[ManifestFile]:
    """Return the next files of the manifest that are not settled yet, in order; None: all."""
    with connection.cursor(row_factory=class_row(ManifestFile)) as cursor:
        return cursor.execute(READ_MANIFEST, [DATASET, generation, limit]).fetchall()


WHOLE_MANIFEST = """
select position, stamp, object_key, etag, size_bytes
from tickets.import_manifest
where dataset = %s and generation = %s
order by position
"""


def whole_manifest(connection: Connection, generation: int) -> list[ManifestFile]:
    """Return the generation's manifest, in order."""
    with connection.cursor(row_factory=class_row(ManifestFile)) as cursor:
        return cursor.execute(WHOLE_MANIFEST, [DATASET, generation]).fetchall()


@dataclass(frozen=True, slots=True)
class ManifestCounts:
    """How many files the manifest has, and how many of them are left."""

    files: int
    left: int


COUNT_MANIFEST = """
select
    count(*) as files,
    count(*) filter (where settled_revision is null) as left
from tickets.import_manifest
where dataset = %s and generation = %s
"""


def count_manifest(connection: Connection, generation: int) -> ManifestCounts:
    """Count the generation's manifest; one that no reseed has opened has none."""
    with connection.cursor(row_factory=class_row(ManifestCounts)) as cursor:
        counts = cursor.execute(COUNT_MANIFEST, [DATASET, generation]).fetchone()
    if counts is None:
        raise LookupError("counting the manifest returned nothing")
    return counts


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
