"""The life of a sample ticket: open, in progress, on hold, resolved, closed, perhaps reopened."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from fleettickets.samples.location_names import location_name
from fleettickets.samples.places import PLACES, Place

_COLUMN_NAMES = """
    ticket_id service_type bucket normalized_status raw_status is_actionable is_alarm
    is_auto_created is_auto_closed cluster region location_name assigned_team owner sla_status
    mttr created_at_service scheduled_at closed_at first_seen_at last_seen_at source_created_at
    source_updated_at latitude longitude priority impact urgency category subcategory symptom
    contact_type reopen_count reassignment_count update_count
"""
TICKET_COLUMNS = tuple(_COLUMN_NAMES.split())
"""The columns that belong to the ticket, in the order of the real header."""

SHARE_WITHOUT_CREATED = 0.30
SHARE_REOPENED = 0.10
SHARE_NEVER_RESOLVED = 0.03
SHARE_ON_HOLD = 0.40
SHARE_WITH_FEED_PAIR = 0.08
SHARE_WITH_ZERO_PAIR = 0.01
SLA_HOURS = 48

_SITES_PER_PLACE = 12
_FIRST_TICKET_NUMBER = 100_001
_RAW_STATUSES = {
    "open": ("New", "new"),
    "in_progress": ("Active", "active", "Dispatched"),
    "on_hold": ("Awaiting User Info", "Awaiting Vendor", "awaiting user info"),
    "resolved": ("Resolved", "resolved"),
    "closed": ("Closed", "closed"),
}
_OWNERS = tuple(
    f"{first} {last}"
    for first in ("Achieng", "Kamau", "Wanjiku", "Otieno", "Mutua", "Chebet", "Amina", "Barasa")
    for last in ("Odhiambo", "Njoroge", "Kiprono", "Wafula", "Mwangi", "Ali", "Nyambura")
)
_SYMPTOMS = (
    "No light",
    "Slow speed",
    "Intermittent link",
    "Router not powering",
    "Fibre cut",
    "High attenuation",
    "",
)
_CATEGORIES = ("Connectivity", "Equipment", "Power", "Fibre plant", "Configuration")
_PRIORITIES = ("3 - Moderate",) * 16 + ("2 - High",) * 2 + ("1 - Critical", "4 - Low")
_LEVELS = ("2 - Medium",) * 8 + ("1 - High", "3 - Low")


@dataclass(frozen=True, slots=True)
class Update:
    """A ticket as the source shows it from the instant `at` on.

    `line` is the CSV text of the cells of `TICKET_COLUMNS`, without a line end.
    """

    at: datetime
    ticket_id: str
    line: str


class _Echo:
    """A file for csv.writer whose write returns the text, so that writerow does too."""

    @staticmethod
    def write(text: str) -> str:
        return text


_writer = csv.writer(_Echo(), lineterminator="")


def _line_of(cells: Iterable[str]) -> str:
    return str(_writer.writerow(cells))


class Town:
    """The clusters with the site names that tickets of one stream share."""

    def __init__(self, seed: int) -> None:
        """Draw a dozen site names a cluster from `seed`."""
        self._sites = {place.cluster: tuple(_site_names(place, seed)) for place in PLACES}
        self._weights = [1 / (rank + 4) for rank in range(len(PLACES))]

    def draw(self, dice: Random) -> tuple[Place, str]:
        """Return a cluster, busy ones more often, and one of its location names."""
        place = dice.choices(PLACES, self._weights)[0]
        return place, dice.choice(self._sites[place.cluster])


def ticket_updates(number: int, created_at: datetime, town: Town, dice: Random) -> Iterator[Update]:
    """Yield the updates of ticket `number` (from 0) in order of time, to the end of its life."""
    cells = _new_ticket(number, created_at, town, dice)
    at = created_at
    for status, pause in _steps(dice):
        at += pause
        _advance(cells, status, at, dice)
        yield Update(at, cells["ticket_id"], _line_of(cells.values()))


def text_of(instant: datetime) -> str:
    """Write an instant as the feed does: local time to the second, no zone."""
    return instant.isoformat(" ")[:19]


def dice_of(*parts: object) -> Random:
    """Return a generator seeded with `parts`; equal parts give equal numbers on any machine."""
    return Random("/".join(map(str, parts)))


def _site_names(place: Place, seed: int) -> Iterator[str]:
    dice = dice_of(seed, "sites", place.cluster)
    for site in range(_SITES_PER_PLACE):
        yield location_name(place.areas[site % len(place.areas)], dice)


def _steps(dice: Random) -> Iterator[tuple[str, timedelta]]:
    yield "open", _hours(dice, 0.03, 0.5)
    if dice.random() < 0.5:  # noqa: PLR2004  a first note on every other ticket
        yield "open", _hours(dice, 0.2, 3)
    while True:
        yield "in_progress", _hours(dice, 0.5, 12)
        while dice.random() < SHARE_ON_HOLD:
            yield "on_hold", _hours(dice, 1, 12)
            yield "in_progress", _hours(dice, 1, 30)
        if dice.random() < SHARE_NEVER_RESOLVED:
            return
        yield "resolved", _hours(dice, 1, 30)
        yield "closed", _hours(dice, 1, 24)
        if dice.random() >= SHARE_REOPENED:
            return


def _hours(dice: Random, shortest: float, longest: float) -> timedelta:
    return timedelta(seconds=round(dice.uniform(shortest, longest) * 3600))


def _new_ticket(number: int, created_at: datetime, town: Town, dice: Random) -> dict[str, str]:
    place, site = town.draw(dice)
    latitude, longitude = _feed_pair(place, dice)
    created = text_of(created_at)
    return dict.fromkeys(TICKET_COLUMNS, "") | {
        "ticket_id": f"WOT{_FIRST_TICKET_NUMBER + number:07d}",
        "service_type": "inc",
        "is_alarm": "false",
        "is_auto_created": "false",
        "is_auto_closed": "false",
        "cluster": place.cluster,
        "region": place.region,
        "location_name": site,
        "created_at_service": "" if dice.random() < SHARE_WITHOUT_CREATED else created,
        "first_seen_at": text_of(created_at + _hours(dice, 0, 0.03)),
        "source_created_at": "" if dice.random() < SHARE_WITHOUT_CREATED else created,
        "latitude": latitude,
        "longitude": longitude,
        "priority": dice.choice(_PRIORITIES),
        "impact": dice.choice(_LEVELS),
        "urgency": dice.choice(_LEVELS),
        "category": dice.choice(_CATEGORIES),
        "subcategory": f"Subcategory {dice.randint(1, 40)}",
        "symptom": dice.choice(_SYMPTOMS),
        "contact_type": "Phone" if dice.random() < 0.9 else "Email",  # noqa: PLR2004
        "reopen_count": "0",
        "reassignment_count": "0",
        "update_count": "-1",
    }


def _feed_pair(place: Place, dice: Random) -> tuple[str, str]:
    roll = dice.random()
    if roll < SHARE_WITH_FEED_PAIR:
        latitude = place.latitude + dice.uniform(-0.02, 0.02)
        longitude = place.longitude + dice.uniform(-0.02, 0.02)
        return f"{latitude:.6f}", f"{longitude:.6f}"
    if roll < SHARE_WITH_FEED_PAIR + SHARE_WITH_ZERO_PAIR:
        return "0.0", "0.0"
    return "", ""


def _advance(cells: dict[str, str], status: str, at: datetime, dice: Random) -> None:
    """Move the ticket on to `status` at the instant `at`, as the source would write it."""
    reopened = bool(cells["closed_at"]) and status != "closed"
    finished = status in {"resolved", "closed"}
    cells["normalized_status"] = status
    cells["raw_status"] = dice.choice(_RAW_STATUSES[status])
    cells["bucket"] = "closed" if finished else "pending"
    cells["is_actionable"] = "false" if finished else "true"
    cells["last_seen_at"] = cells["source_updated_at"] = text_of(at)
    cells["update_count"] = str(int(cells["update_count"]) + 1)
    cells["reopen_count"] = str(int(cells["reopen_count"]) + reopened)
    if status == "in_progress":
        _assign(cells, at, dice)
    _clock(cells, status, at, dice)


def _assign(cells: dict[str, str], at: datetime, dice: Random) -> None:
    if cells["assigned_team"]:
        cells["reassignment_count"] = str(int(cells["reassignment_count"]) + 1)
    cells["assigned_team"] = f"{cells['cluster']} Field {dice.randint(1, 3)}"
    cells["owner"] = dice.choice(_OWNERS) if dice.random() < 0.8 else ""  # noqa: PLR2004
    if dice.random() < 0.3:  # noqa: PLR2004  a visit was agreed with the customer
        cells["scheduled_at"] = text_of(at + _hours(dice, 2, 48))


def _clock(cells: dict[str, str], status: str, at: datetime, dice: Random) -> None:
    """Write what the source's own clocks say; its mttr leaves pauses out."""
    if status != "closed":
        cells |= {"closed_at": "", "mttr": "", "sla_status": "Compliant"}
        return
    first_seen = datetime.fromisoformat(cells["first_seen_at"]).replace(tzinfo=at.tzinfo)
    hours = (at - first_seen) / timedelta(hours=1) * dice.uniform(0.6, 1)
    cells["closed_at"] = text_of(at)
    cells["mttr"] = f"{hours:.2f}"
    cells["sla_status"] = "Breached" if hours > SLA_HOURS else "Compliant"
