"""Status: one consistent look at the pipeline and its tickets, for people and for machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleettickets.store import plans, reports, status
from fleettickets.store.connections import Connection, translated_errors
from fleettickets.store.status import Gap, LedgerCounts, SettledFile, StreamFacts, TicketCounts

QUARANTINED_LISTED = 20


@dataclass(frozen=True, slots=True)
class Status:
    """All facts of one moment; `last_files` has what was settled last first.

    `quarantined` has the files that wait for a person, at most 20, the latest stamp first; `tiers`
    counts the open tickets by what places them, and `gaps` says why the others are not; `pipeline`
    is the payload of `reporting.fn_pipeline_status()`, whose checks agree with the alarms.
    """

    stream: StreamFacts
    files: LedgerCounts
    tickets: TicketCounts
    tiers: Mapping[str, int]
    gaps: Sequence[Gap]
    quarantined: Sequence[SettledFile]
    last_files: Sequence[SettledFile]
    pipeline: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """What the demo shows at its end: the map's payload, its size, and service levels.

    The size is that of the JSON text in bytes, as an uncompressed answer would carry it. The tiers
    are those of the map with closed tickets: how many each places; `none` are left out of it.
    """

    map_payload: Mapping[str, Any]
    map_bytes: int
    tiers: Mapping[str, int]
    clusters: Sequence[Mapping[str, Any]]


def read_status(
    connection: Connection, *, last_files: int, limits: Mapping[str, float] | None = None
) -> Status:
    """Read the status from one snapshot, without waiting for a running ingest.

    `limits` replace those of checks, by name.

    Raises:
        DatabaseUnavailableError: the database went away.
    """
    with translated_errors(), connection.transaction():
        plans.freeze(connection)
        stream = status.read_stream_facts(connection)
        return Status(
            stream=stream,
            files=status.read_ledger_counts(connection, stream.generation),
            tickets=status.read_ticket_counts(connection),
            tiers=status.read_tiers(connection),
            gaps=status.read_gaps(connection),
            quarantined=status.read_quarantined_files(
                connection, stream.generation, QUARANTINED_LISTED
            ),
            last_files=status.read_last_files(connection, last_files),
            pipeline=status.read_pipeline_status(connection, limits or {}),
        )


def read_report(connection: Connection) -> Report:
    """Read what `reporting.fn_tickets_for_map()` serves, and the open tickets by cluster.

    Raises:
        DatabaseUnavailableError: the database went away.
    """
    with translated_errors(), connection.transaction():
        plans.freeze(connection)
        payload, size = reports.read_map_payload(connection)
        return Report(
            map_payload=payload,
            map_bytes=size,
            tiers=reports.read_tickets_by_tier(connection),
            clusters=reports.read_sla_by_cluster(connection),
        )
