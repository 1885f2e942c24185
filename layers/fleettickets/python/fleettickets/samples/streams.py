"""A whole sample stream: change files in order, deltas between weekly re-emissions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

from fleettickets.core.keys import EAT
from fleettickets.samples.lives import TICKET_COLUMNS, Town, Update, dice_of, ticket_updates

EXPORT_HOURS = (6, 9, 12, 15, 18, 21)
"""The hours of the day, EAT, at which the producer exports."""

FILE_COLUMNS = (
    "week_start",
    "week_end",
    "department",
    "source_type",
    "source_s3_key",
    "source_s3_bucket",
    "source_snapshot_id",
)
"""The columns that describe the export; ingest drops them."""

HEADER = ",".join(TICKET_COLUMNS + FILE_COLUMNS)

_LINE_END = "\r\n"
_CONTENT_LAG = timedelta(hours=47)
_BACKLOG = timedelta(days=4)
_HOUR = timedelta(hours=1)
_FIRST_UPDATE_BY = timedelta(hours=1)
_BUSY_HOURS = (1, 1, 1, 1, 1, 2, 5, 9, 12, 12, 11, 10, 9, 9, 10, 10, 9, 8, 7, 6, 5, 4, 3, 2)


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One change file: its stamp (EAT), its whole text, and its number of ticket rows.

    `full` tells the first file and the weekly re-emissions, which hold the full state, from deltas.
    """

    stamp: str
    text: str
    rows: int
    full: bool


def sample_stream(tickets: int, days: int, seed: int, end: datetime) -> Iterator[SampleFile]:
    """Yield a stream of the last `days` days up to `end`, oldest file first.

    Its first file and one a week after it hold the full state, the others the rows that changed.
    Equal arguments give equal text. `end` must be aware; it is rounded down to an export hour.
    """
    exports = export_times(days, end)
    updates = _all_updates(tickets, exports, seed)
    state: dict[str, Update] = {}
    position = 0
    for number, exported_at in enumerate(exports):
        first = position
        position = _position_after(updates, first, _content_until(exported_at, seed))
        changed = updates[first:position]
        state |= {update.ticket_id: update for update in changed}
        full = _is_full(exports[0], exported_at)
        rows = [state[ticket_id] for ticket_id in sorted(state)] if full else changed
        yield _file(number, exported_at, rows, full=full, dice=dice_of(seed, "file", number))


def export_times(days: int, end: datetime) -> list[datetime]:
    """Return the export times of the `days` days up to and including `end`, oldest first."""
    last = end.astimezone(EAT)
    first = last - timedelta(days=days)
    dates = (first.date() + timedelta(days=offset) for offset in range(days + 1))
    times = (datetime.combine(date, time(hour), EAT) for date in dates for hour in EXPORT_HOURS)
    return [exported_at for exported_at in times if first < exported_at <= last]


def _is_full(first: datetime, exported_at: datetime) -> bool:
    return (exported_at - first) % timedelta(days=7) == timedelta()


def _content_until(exported_at: datetime, seed: int) -> datetime:
    """Content trails file time by about two days, never by quite the same time."""
    wobble = timedelta(minutes=dice_of(seed, "lag", exported_at.isoformat()).randint(0, 120))
    return exported_at - _CONTENT_LAG - wobble


def _all_updates(tickets: int, exports: Sequence[datetime], seed: int) -> list[Update]:
    """Return the updates of all tickets in order of time, also those past the last export."""
    last = _content_until(exports[-1], seed) - _FIRST_UPDATE_BY
    first = _content_until(exports[0], seed) - _BACKLOG
    town = Town(seed)
    created = _creation_times(tickets, first, last, dice_of(seed, "created"))
    updates = [
        update
        for number, created_at in enumerate(created)
        for update in ticket_updates(number, created_at, town, dice_of(seed, "ticket", number))
    ]
    return sorted(updates, key=lambda update: (update.at, update.ticket_id))


def _creation_times(count: int, first: datetime, last: datetime, dice: Random) -> list[datetime]:
    """Spread creations over [first, last], more of them in working hours."""
    hours = [first + timedelta(hours=hour) for hour in range(int((last - first) / _HOUR) + 1)]
    weights = [_BUSY_HOURS[hour.hour] for hour in hours]
    drawn = dice.choices(hours, weights, k=count)
    return sorted(min(last, hour + timedelta(seconds=dice.randint(0, 3599))) for hour in drawn)


def _position_after(updates: Sequence[Update], first: int, until: datetime) -> int:
    position = first
    while position < len(updates) and updates[position].at <= until:
        position += 1
    return position


def _file(
    number: int, exported_at: datetime, updates: Sequence[Update], *, full: bool, dice: Random
) -> SampleFile:
    suffix = f",,Field,xlsx,x/wm_task_{number + 1:05d}.xlsx,isptickets,{number + 1}"
    rows = [f"{update.line},{suffix}" for update in updates]
    lines = [HEADER, *_with_alarms(rows, dice)]
    if full:
        lines.append(f"EXPORT STOPPED at {len(rows)} rows" + "," * HEADER.count(","))
    return SampleFile(
        f"{exported_at:%Y-%m-%dT%H-%M-%S}", _LINE_END.join(lines) + _LINE_END, len(rows), full
    )


def _with_alarms(rows: Iterable[str], dice: Random) -> list[str]:
    """Mix in alarm rows, one for about fifty tickets and at least one a file."""
    lines = list(rows)
    for _ in range(1 + len(lines) // 50):
        lines.insert(dice.randint(0, len(lines)), _alarm(dice))
    return lines


def _alarm(dice: Random) -> str:
    cells = dict.fromkeys(TICKET_COLUMNS + FILE_COLUMNS, "")
    cells["ticket_id"] = f"ALM{dice.randint(1_000_000, 9_999_999)}"
    cells["is_alarm"] = dice.choice(("true", "TRUE", "Yes", "1"))
    return ",".join(cells.values())
