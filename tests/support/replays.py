"""The real stream: a month of incidents as change files, with the final state that they must give.

The archive is not part of the repository; FLEETTICKETS_REPLAY names it.
"""

import csv
import os
import tarfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from fleettickets.core.keys import EAT
from fleettickets.store.connections import Connection


@dataclass(frozen=True, slots=True)
class Replay:
    """The unpacked archive: the change files in stamp order, and the expected final rows."""

    files: tuple[Path, ...]
    expected: tuple[tuple[object, ...], ...]


def unpack_replay(directory: Path) -> Replay:
    """Unpack the archive into `directory`; the test is skipped if there is none."""
    archive = os.environ.get("FLEETTICKETS_REPLAY")
    if not archive:
        pytest.skip("FLEETTICKETS_REPLAY does not name the archive of the real stream")
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    files = sorted((directory / "automations" / "inc" / "changes").glob("*.csv"))
    with (directory / "expected.csv").open(newline="", encoding="utf-8") as lines:
        expected = sorted(_expected_row(row) for row in csv.DictReader(lines))
    return Replay(tuple(files), tuple(expected))


def _expected_row(row: dict[str, str]) -> tuple[object, ...]:
    closed_at = row["closed_at"]
    return (
        row["ticket_id"],
        row["raw_status"],
        row["bucket"],
        row["is_actionable"] == "true",
        datetime.fromisoformat(closed_at).replace(tzinfo=EAT) if closed_at else None,
        row["cluster"],
        row["last_file"],
    )


FINAL_STATE = """
select
    inc.ticket_id, inc.raw_status, inc.bucket, inc.is_actionable, inc.closed_at, inc.cluster,
    versions.stamp || '.csv' as last_file
from tickets.inc as inc
inner join tickets.inc_versions as versions on inc.ticket_id = versions.ticket_id
order by inc.ticket_id collate "C"
"""


def final_state(connection: Connection) -> tuple[tuple[object, ...], ...]:
    """Return the tickets in the shape of the expected rows."""
    return tuple(connection.execute(FINAL_STATE))


CLOSURES = """
select
    ticket_id, closed_at, cluster, region, location_name, assigned_team, owner, raw_status,
    normalized_status, sla_status, mttr, created_at_service, first_seen_at
from tickets.closure_events
order by ticket_id collate "C", closed_at
"""


def closures(connection: Connection) -> list[tuple[object, ...]]:
    """Return the closure history without its bookkeeping columns."""
    return list(connection.execute(CLOSURES))
