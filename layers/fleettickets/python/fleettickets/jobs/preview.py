"""Preview: everything that the page shows, read in one moment."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from fleettickets.store import payloads, plans, status
from fleettickets.store.connections import Connection, translated_errors

WINDOWS = ("today", "yesterday", "last_7_days", "this_week", "this_month", "last_30_days")
WIDEST_WINDOW = "last_30_days"
FILES_LISTED = 12
QUARANTINED_LISTED = 20
REASONS_LISTED = 8


@dataclass(frozen=True, slots=True)
class Preview:
    """What the schema's functions answered at `written_at`.

    `closed` is the dashboard's of the widest window, `metrics` has the numbers of each window by
    its name, and `ledger` what is known about files: counts, those in quarantine, the last ones,
    and the reasons of rejected rows.
    """

    written_at: datetime
    map: dict[str, Any]
    closed: dict[str, Any]
    metrics: dict[str, dict[str, Any]]
    series: dict[str, Any]
    status: dict[str, Any]
    ledger: dict[str, Any]


def read_preview(connection: Connection, now: Callable[[], datetime]) -> Preview:
    """Read everything from one state of the database, without waiting for a running ingest.

    Raises:
        DatabaseUnavailableError: the database went away.
    """
    with translated_errors(), connection.transaction():
        plans.freeze(connection)
        return Preview(
            written_at=now(),
            map=payloads.read_open_tickets(connection),
            closed=payloads.read_dashboard(connection, WIDEST_WINDOW)["closed"],
            metrics={window: payloads.read_metrics(connection, window) for window in WINDOWS},
            series=payloads.read_series(connection),
            status=payloads.read_pipeline_status(connection),
            ledger=_read_ledger(connection),
        )


def _read_ledger(connection: Connection) -> dict[str, Any]:
    generation = status.read_stream_facts(connection).generation
    waiting = status.read_quarantined_files(connection, generation, QUARANTINED_LISTED)
    rejects = payloads.read_rejects(connection, generation, REASONS_LISTED)
    return {
        "files": asdict(status.read_ledger_counts(connection, generation)),
        "quarantined": [asdict(file) for file in waiting],
        "last_files": [asdict(file) for file in status.read_last_files(connection, FILES_LISTED)],
        "rejects": [asdict(reason) for reason in rejects],
    }
