"""A small feed with a little of everything that the preview page shows, and the page of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from fleettickets.core.keys import EAT
from tests.support.commands import CommandLine
from tests.support.feeds import a_change_file, a_row
from tests.support.tickets import add_cluster

HOSTILE_ID = "<script>window.hacked = 1</script>"
HOSTILE_PLACE = "\"><img src=x onerror='window.hacked = 2'></script><script>window.hacked = 3//"
HOSTILE_TEAM = "\u202eevil\u202c & 'quoted' `${window.hacked = 4}` {{7*7}}"
HOSTILE_CLUSTER = "مرحبا <b>"
PLACED = {"Kilimani": (36.785, -1.29), "South B": (36.835, -1.312), "Kisumu": (34.76, -0.1)}
CLOCKLESS = a_row(ticket_id="CLOCKLESS", created_at_service="", first_seen_at="")
NOWHERE = {"latitude": "", "longitude": ""}


@dataclass(frozen=True, slots=True)
class Written:
    """A page on disk, the database that it was made from, and when its feed was made."""

    page: Path
    url: str
    at: datetime

    def ask(self, statement: str, *parameters: Any) -> Any:  # noqa: ANN401 - whatever SQL answers
        """Return the first value that the database answers."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(statement.encode(), parameters).fetchone()
        assert row is not None
        return row[0]


def write_preview(directory: Path, url: str) -> Written:
    """Ingest the feed by the command line, and write the page as it does."""
    now = datetime.now(UTC)
    with psycopg.connect(url, autocommit=True) as connection:
        for name, point in PLACED.items():
            add_cluster(connection, name, *point)
    shell = CommandLine(directory, {"DATABASE_URL": url})
    changes = directory / "feed" / "automations" / "inc" / "changes"
    changes.mkdir(parents=True)
    for hours, content in ((3, _first_file(now)), (2, b"not;a;change;file\n"), (1, _second_file())):
        stamp = (now - timedelta(hours=hours)).astimezone(EAT)
        changes.joinpath(f"{stamp:%Y-%m-%dT%H-%M-%S}.csv").write_bytes(content)
    assert shell.run("ingest", "--from-dir", "feed", "--apply").status == 3  # one is quarantined
    answer = shell.run("preview", "--out", "page", "--json")
    assert answer.status == 0, answer.errors
    return Written(Path(answer.document["page"]), url, now)


def _first_file(now: datetime) -> bytes:
    return a_change_file(
        [
            _open_ticket("WITHIN", now, hours=1, latitude="-1.2921", longitude="36.7812"),
            _open_ticket("RISK", now, hours=40, latitude="-1.2955", longitude="36.7888"),
            _open_ticket("BREACHED", now, hours=60, latitude="-4.0435", longitude="39.6682"),
            *(_open_ticket(f"AREA{n}", now, hours=50, cluster="South B") for n in range(4)),
            _open_ticket("HELD", now, hours=70, cluster="Kisumu", normalized_status="on_hold"),
            _open_ticket("LOST", now, hours=5, cluster="Atlantis"),
            CLOCKLESS,
            a_row(
                ticket_id=HOSTILE_ID,
                location_name=HOSTILE_PLACE,
                assigned_team=HOSTILE_TEAM,
                cluster=HOSTILE_CLUSTER,
                created_at_service=_text(now - timedelta(hours=10)),
                latitude="0.5143",
                longitude="35.2698",
            ),
            *(_closed_ticket(f"CLOSED{days}", now, days=days) for days in (0, 0.01, 5, 20, 60)),
        ]
    )


def _second_file() -> bytes:
    """A row without a ticket_id, which is rejected, and one that says nothing new."""
    return a_change_file([a_row(ticket_id=""), CLOCKLESS])


def _open_ticket(name: str, now: datetime, *, hours: float, **cells: str) -> Mapping[str, str]:
    place = {"cluster": "Kilimani"} | NOWHERE
    created = {"created_at_service": _text(now - timedelta(hours=hours))}
    return a_row(**{**place, **created, "ticket_id": name, **cells})


def _closed_ticket(name: str, now: datetime, *, days: float) -> Mapping[str, str]:
    return a_row(
        ticket_id=name,
        cluster="Kilimani",
        is_actionable="false",
        normalized_status="closed",
        raw_status="CLOSED",
        mttr="6.5",
        created_at_service=_text(now - timedelta(days=days, hours=8)),
        closed_at=_text(now - timedelta(days=days, seconds=1)),
    )


def _text(instant: datetime) -> str:
    return f"{instant.astimezone(EAT):%Y-%m-%d %H:%M:%S}"
