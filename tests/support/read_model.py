"""The read schema in plain Python: what its payloads must say of a list of tickets."""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.tickets import EAT, eat_text

CONTRACT_HOURS, AT_RISK_HOURS = 48, 36
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as a test makes it; its times have whole seconds, as the feed's."""

    ticket_id: str
    is_open: bool = True
    created_at: dt.datetime | None = None
    first_seen_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    cluster: str | None = None
    team: str | None = None
    owner: str | None = None
    status: str | None = None
    mttr_hours: float | None = None
    sla_status: str | None = None
    point: tuple[float, float] | None = None

    @property
    def started_at(self) -> dt.datetime | None:
        """When it was created, and its clock started."""
        return self.created_at or self.first_seen_at

    @property
    def mttr(self) -> int | None:
        """Minutes, rounded as PostgreSQL rounds numerics: halves away from zero."""
        return None if self.mttr_hours is None else math.floor(self.mttr_hours * 60 + 0.5)

    @property
    def verdict(self) -> str:
        """What the source says of its SLA."""
        return {"Compliant": "within", "Breached": "breached"}.get(self.sla_status or "", "unknown")

    def sla_state(self, now: dt.datetime) -> str:
        """The state of its own clock."""
        if self.started_at is None:
            return "unknown"
        hours = (now - self.started_at) / dt.timedelta(hours=1)
        if hours >= CONTRACT_HOURS:
            return "breached"
        return "at_risk" if hours >= AT_RISK_HOURS else "within"

    def was_open_at(self, end: dt.datetime) -> bool:
        """Whether it counts as open at a past moment: created before, open now or closed later."""
        if self.started_at is not None and self.started_at >= end:
            return False
        return self.is_open or (self.closed_at is not None and self.closed_at >= end)

    def cells(self) -> dict[str, str | None]:
        """Its cells as the feed writes them."""
        longitude, latitude = self.point or (None, None)
        return {
            "is_actionable": "true" if self.is_open else "false",
            "created_at_service": _text(self.created_at, eat_text),
            "first_seen_at": _text(self.first_seen_at, eat_text),
            "closed_at": _text(self.closed_at, eat_text),
            "cluster": self.cluster,
            "assigned_team": self.team,
            "owner": self.owner,
            "normalized_status": self.status,
            "mttr": _text(self.mttr_hours, str),
            "sla_status": self.sla_status,
            "longitude": _text(longitude, str),
            "latitude": _text(latitude, str),
        }


def _text[Cell](cell: Cell | None, write: Callable[[Cell], str]) -> str | None:
    return None if cell is None else write(cell)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the percentile between its two neighbours, as percentile_cont does."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def rate(part: int, whole: int) -> float | None:
    """Return a share to four places, halves away from zero; None of nothing."""
    return None if whole == 0 else math.floor(part / whole * 10_000 + 0.5) / 10_000


def start_of(day: dt.date) -> dt.datetime:
    """Return the first instant of an EAT day."""
    return dt.datetime.combine(day, dt.time(), EAT)


def window(name: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last EAT day of a named window."""
    return {
        "today": (today, today),
        "yesterday": (today - DAY, today - DAY),
        "last_7_days": (today - 6 * DAY, today),
        "this_week": (today - today.weekday() * DAY, today),
        "this_month": (today.replace(day=1), today),
        "last_30_days": (today - 29 * DAY, today),
    }[name]


def measures(
    tickets: Iterable[Ticket], days: tuple[dt.date, dt.date], now: dt.datetime
) -> dict[str, Any]:
    """Return what the dashboard measures of some tickets."""
    from_at, to_at = start_of(days[0]), start_of(days[1] + DAY)
    given = list(tickets)
    opened = [t for t in given if t.is_open]
    closed = [t for t in given if not t.is_open and t.closed_at and from_at <= t.closed_at < to_at]
    states = [t.sla_state(now) for t in opened]
    minutes = [t.mttr for t in closed if t.mttr is not None]
    verdicts = [t.verdict for t in closed]
    return {
        "open": len(opened),
        "breached": states.count("breached"),
        "at_risk": states.count("at_risk"),
        "created": sum(t.started_at is not None and from_at <= t.started_at < to_at for t in given),
        "closed": len(closed),
        "mttr_minutes_median": percentile(minutes, 0.5),
        "mttr_minutes_p90": percentile(minutes, 0.9),
        "sla_compliance": rate(
            verdicts.count("within"), len(closed) - verdicts.count("unknown")
        ),
        "without_coordinate": sum(t.point is None for t in (*opened, *closed)),
    }  # fmt: skip


def backlog(tickets: Iterable[Ticket], day: dt.date, now: dt.datetime) -> tuple[int | None, str]:
    """Return how many were open at a day's end, or are now, and where that is known from."""
    today = now.astimezone(EAT).date()
    if day > today:
        return None, ""
    if day == today:
        return sum(ticket.is_open for ticket in tickets), "live"
    return sum(ticket.was_open_at(start_of(day + DAY)) for ticket in tickets), "reconstructed"


def buckets(days: tuple[dt.date, dt.date], bucket: str) -> list[tuple[dt.date, dt.date]]:
    """Return the first and last day of each bucket, cut to the range."""
    groups: dict[object, list[dt.date]] = {}
    for number in range((days[1] - days[0]).days + 1):
        day = days[0] + number * DAY
        key = {
            "day": day,
            "week": day - day.weekday() * DAY,
            "month": day.replace(day=1),
        }[bucket]
        groups.setdefault(key, []).append(day)
    return [(group[0], group[-1]) for group in groups.values()]
