"""Builders of change files and doorbells; each has complete defaults to override."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence

_ROW = {
    "ticket_id": "WOT0012345",
    "service_type": "inc",
    "bucket": "pending",
    "normalized_status": "open",
    "raw_status": "NEW",
    "is_actionable": "true",
    "is_alarm": "false",
    "is_auto_created": "false",
    "is_auto_closed": "false",
    "cluster": "Athi River",
    "region": "upcountry",
    "location_name": "NW_ADR_MNT_Athi River_SDUS",
    "assigned_team": "Group 24",
    "owner": "Resolver 31",
    "sla_status": "Compliant",
    "mttr": "12.5",
    "created_at_service": "2026-06-13 08:15:00",
    "scheduled_at": "",
    "closed_at": "",
    "first_seen_at": "2026-06-13 08:20:00",
    "last_seen_at": "2026-06-15 16:40:00",
    "source_created_at": "2026-06-13 08:15:00",
    "source_updated_at": "2026-06-13 16:38:00",
    "latitude": "-1.4563",
    "longitude": "36.9785",
    "priority": "3 - Moderate",
    "week_start": "2026-06-15",
    "week_end": "2026-06-21",
    "department": "Field",
    "source_type": "xlsx",
    "source_s3_key": "exports/wm_task.xlsx",
    "source_s3_bucket": "isptickets",
    "source_snapshot_id": "1",
}
COLUMNS = tuple(_ROW)


def a_row(**overrides: str) -> dict[str, str]:
    """Return an open ticket's row, column to cell; a new name adds a column."""
    return {**_ROW, **overrides}


def a_change_file(
    rows: Iterable[Mapping[str, str]] = (),
    header: Sequence[str] | None = None,
    *,
    line_end: str = "\r\n",
) -> bytes:
    """Return a change file in UTF-8: the header, then the rows in their order.

    Without a `header` the columns are `COLUMNS` and what the rows add to them; a column that a row
    lacks is an empty cell, and one that the header lacks is left out.
    """
    listed = list(rows)
    names = header or tuple(dict.fromkeys([*COLUMNS, *(name for row in listed for name in row)]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=line_end)
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in listed)
    return text.getvalue().encode()


def a_doorbell(key: str, /, **overrides: object) -> str:
    """Return the body of a queue message as our rule writes it."""
    body: dict[str, object] = {
        "schema": 1,
        "bucket": "isptickets",
        "key": key,
        "etag": "9e107d9d372bb6826bd81d3542a419d6",
        "sequencer": "0062E99A88DC407460",
    }
    return json.dumps({**body, **overrides})
