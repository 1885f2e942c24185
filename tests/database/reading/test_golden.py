"""Golden payloads: what the read schema says of a small fixed feed, word for word.

`GOLDEN=write make test ARGS=…` writes them anew; the difference is then read before it is kept.
"""

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from fleettickets.jobs.ingest import ingest_pending
from fleettickets.store.connections import connect
from tests.support.feeds import a_change_file, a_row
from tests.support.ingests import Producer, a_context
from tests.support.payloads import call
from tests.support.tickets import add_cluster, add_location

GOLDEN = Path(__file__).parent / "golden"
FIRST, LAST = dt.date(2026, 6, 1), dt.date(2026, 6, 30)

MOVING = {
    "hours_open",
    "hours_to_breach",
    "judged_at",
    "last_capture_at",
    "pending_as_of",
    "watermark_age_minutes",
}
"""What depends on when it is asked; what they say is not golden."""

VEHICLES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "KDA 001A",
            "properties": {"driver": "Wanjiru"},
            "geometry": {"type": "Point", "coordinates": [36.98, -1.45]},
        },
        {"type": "Feature", "id": "KDA 002B", "properties": None, "geometry": None},
    ],
}

PAYLOADS: dict[str, tuple[str, dict[str, object]]] = {
    "map": ("reporting.fn_tickets_for_map_text", {}),
    "map_of_all": ("reporting.fn_tickets_for_map", {"p_open_only": False}),
    "metrics": (
        "reporting.fn_inc_metrics",
        {"p_window": "custom", "p_from": FIRST, "p_to": LAST},
    ),
    "dashboard": (
        "reporting.fn_inc_dashboard",
        {"p_window": "custom", "p_from": FIRST, "p_to": LAST, "p_cluster": "Athi River"},
    ),
    "series": (
        "reporting.fn_inc_series",
        {"p_from": FIRST, "p_to": LAST, "p_bucket": "week"},
    ),
    "teams": ("reporting.fn_inc_teams", {"p_from": FIRST, "p_to": LAST}),
    "nearest_open_tickets": (
        "reporting.fn_nearest_open_tickets",
        {"p_longitude": 36.98, "p_latitude": -1.45, "p_limit": 3},
    ),
    "nearest_vehicles": (
        "reporting.fn_nearest_vehicles",
        {"p_ticket_id": "WOT1", "p_vehicles": Jsonb(VEHICLES)},
    ),
    "explained_sla": ("tickets.explain_sla", {"p_ticket_id": "WOT5"}),
}


def _files() -> dict[str, bytes]:
    """Return two change files: open, closed, reopened, in every tier and in none."""
    nowhere = {"latitude": "", "longitude": ""}
    closed = {"is_actionable": "false", "normalized_status": "closed", "raw_status": "CLOSED"}
    first = [
        a_row(ticket_id="WOT1"),
        a_row(ticket_id="WOT2", **nowhere),
        a_row(ticket_id="WOT3", **nowhere, cluster="Nakuru", created_at_service=""),
        a_row(ticket_id="WOT4", **nowhere, cluster="Nowhere", owner='Ann "N" \\ Ü'),
        a_row(ticket_id="WOT5", **closed, closed_at="2026-06-14 09:00:00", sla_status="Breached"),
        a_row(ticket_id="WOT6", **closed, closed_at="2026-06-14 21:30:00", mttr="3"),
    ]
    second = [
        a_row(ticket_id="WOT6", normalized_status="reopened"),
        a_row(ticket_id="WOT1", **closed, closed_at="2026-06-16 00:00:00", assigned_team="Group 7"),
    ]
    return {
        "2026-06-15T17-00-00": a_change_file(first),
        "2026-06-16T17-00-00": a_change_file(second),
    }


@pytest.fixture
def fed(connection: psycopg.Connection, database_url: str, tmp_path: Path) -> psycopg.Connection:
    """A connection to a database into which the two files were ingested."""
    add_cluster(connection, "Athi River", 36.978, -1.456)
    add_cluster(connection, "Nakuru", 36.07, -0.303)
    add_location(connection, "NW_ADR_MNT_Athi River_SDUS", "Athi River", 36.981, -1.452)
    producer = Producer(tmp_path)
    for stamp, content in _files().items():
        producer.put(stamp, content)
    with connect(database_url, application_name="test") as worker:
        ingest_pending(a_context(worker, producer.bucket()))
    connection.execute("select tickets.capture_history()")
    return connection


@pytest.fixture
def database_url(module_database_url: str) -> str:
    """The database that `connection` is connected to."""
    return module_database_url


def _settled(payload: Any) -> Any:  # noqa: ANN401
    """Return the payload in one order, what moves with the clock left out."""
    if isinstance(payload, dict):
        return {
            name: "<moving>" if name in MOVING and each is not None
            else _settled(each)
            for name, each in payload.items()
        }  # fmt: skip
    if isinstance(payload, list):
        settled = [_settled(each) for each in payload]
        if settled and isinstance(settled[0], dict) and "geometry" in settled[0]:
            settled.sort(key=lambda feature: feature["properties"]["ticket_id"])
        return settled
    return payload


@pytest.mark.parametrize("name", PAYLOADS)
def test_payload_is_golden(fed: psycopg.Connection, name: str) -> None:
    """Consumers notice every change of a word; so does this."""
    function, arguments = PAYLOADS[name]
    path = GOLDEN / f"{name}.json"

    payload = _settled(call(fed, function, **arguments))

    if os.environ.get("GOLDEN") == "write":
        path.write_text(json.dumps(payload, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    assert payload == json.loads(path.read_text())
