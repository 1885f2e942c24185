"""Schedule expressions of EventBridge Scheduler: when a schedule is due next."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_EXPRESSION = re.compile(r"(rate|at|cron)\((.+)\)")
_UNITS = {"minute": "minutes", "hour": "hours", "day": "days"}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LONGEST_GAP = timedelta(days=366 * 8)  # 29 February, over a century that is no leap year


class ScheduleError(ValueError):
    """The expression is not one of the forms that are understood here."""


class Schedule(Protocol):
    """When to fire."""

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first due time after the moment (both aware); None when there is none."""
        ...


def parse_schedule(expression: str, zone: str = "UTC") -> Schedule:
    """Return the schedule of an `at(…)`, `rate(…)` or six-field `cron(…)` expression.

    The zone is an IANA name, and counts for `at` and `cron`. A rate counts from whatever moment
    it is asked about.

    Raises:
        ScheduleError: for anything else, the day forms `L`, `W` and `#` included.
    """
    parsed = _EXPRESSION.fullmatch(expression.strip())
    if not parsed:
        raise ScheduleError(f"not a schedule expression: {expression}")
    kind, text = parsed.groups()
    try:
        if kind == "rate":
            return _parse_rate(text)
        if kind == "at":
            return Once(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))
        return _parse_cron(text, ZoneInfo(zone))
    except (KeyError, ValueError) as error:
        raise ScheduleError(f"not understood here: {expression}: {error}") from error


def fill_input(template: str, *, due_at: datetime, schedule_arn: str, execution_id: str) -> str:
    """Replace the context attributes in an input, such as `<aws.scheduler.scheduled-time>`."""
    attributes = {
        "scheduled-time": due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "schedule-arn": schedule_arn,
        "execution-id": execution_id,
        "attempt-number": "1",
    }
    for name, value in attributes.items():
        template = template.replace(f"<aws.scheduler.{name}>", value)
    return template


@dataclasses.dataclass(frozen=True, slots=True)
class Rate:
    """Again and again, a period apart."""

    period: timedelta

    def next_after(self, moment: datetime) -> datetime:
        """Return the moment one period later."""
        return moment + self.period


@dataclasses.dataclass(frozen=True, slots=True)
class Once:
    """At one moment."""

    at: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the moment if it is still to come."""
        return self.at if self.at > moment else None


@dataclasses.dataclass(frozen=True, slots=True)
class Cron:
    """At the minutes that all six fields allow, by the zone's clock; Sunday is weekday 1."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first such minute; local times that the zone's clock skips are no times."""
        local = moment.astimezone(self.zone)
        day = local.date()
        while day - local.date() <= _LONGEST_GAP and day.year <= max(self.years):
            if self._allows(day):
                for candidate in self._times_on(day):
                    if candidate > moment:
                        return candidate
            day += timedelta(days=1)
        return None

    def _allows(self, day: date) -> bool:
        return (
            day.day in self.days
            and day.month in self.months
            and day.year in self.years
            and day.isoweekday() % 7 + 1 in self.weekdays
        )

    def _times_on(self, day: date) -> Iterator[datetime]:
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                local = datetime.combine(day, time(hour, minute), self.zone)
                there_and_back = local.astimezone(UTC).astimezone(self.zone)
                if there_and_back.replace(tzinfo=None) == local.replace(tzinfo=None):
                    yield local


def _parse_rate(text: str) -> Rate:
    number, unit = text.split()
    period = timedelta(**{_UNITS[unit.removesuffix("s")]: int(number)})
    if not period:
        raise ValueError("a rate is at least 1")
    return Rate(period)


def _parse_cron(text: str, zone: ZoneInfo) -> Cron:
    fields = text.split()
    if len(fields) != 6:
        raise ValueError("a cron expression has six fields")
    minutes, hours, days, months, weekdays, years = fields
    return Cron(
        minutes=_parse_field(minutes, 0, 59),
        hours=_parse_field(hours, 0, 23),
        days=_parse_field(days, 1, 31),
        months=_parse_field(months, 1, 12, _MONTHS),
        weekdays=_parse_field(weekdays, 1, 7, _WEEKDAYS),
        years=_parse_field(years, 1970, 2199),
        zone=zone,
    )


def _parse_field(text: str, least: int, most: int, names: Sequence[str] = ()) -> frozenset[int]:
    values: set[int] = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, dash, last = span.partition("-")
        if span in {"*", "?"}:
            start, end = least, most
        else:
            start = _parse_value(first, least, names)
            end = _parse_value(last, least, names) if dash else (most if step else start)
        values.update(range(start, end + 1, int(step or 1)))
    if not values or min(values) < least or max(values) > most:
        raise ValueError(f"{text} is outside {least}-{most}")
    return frozenset(values)


def _parse_value(text: str, least: int, names: Sequence[str]) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + least
    return int(text)
