"""The change files that the benchmarks ingest: made-up tickets, the same bytes in every run."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from fleettickets.core.keys import EAT
from fleettickets.samples.lives import TICKET_COLUMNS, Town, Update, dice_of, ticket_updates
from fleettickets.samples.streams import FILE_COLUMNS

SEED = 20_260_615
FIRST_EXPORT = datetime(2025, 6, 1, 6, tzinfo=EAT)
EXPORT_INTERVAL = timedelta(minutes=20)

DELTA_ROWS = 200
SHARE_NEW = 0.30
SHARE_IDENTICAL = 0.60  # of the rows that are not new

_TEXT_COLUMNS = ("short_description", "resolution_notes")
HEADER = ",".join((*TICKET_COLUMNS, *_TEXT_COLUMNS, *FILE_COLUMNS))
_FILE_CELLS = ",,Field,xlsx,exports/wm_task_00001.xlsx,isptickets,1"
_SENTENCES = (
    "Customer reports no internet since the evening and the LOS light is red.",
    "Team on site found the drop cable cut at the pole and spliced it.",
    "Waiting for access from the caretaker before the riser can be opened.",
    "ONT was restarted remotely and the session came back for a few minutes only.",
    "Escalated to the NOC as several customers of the same FAT are affected.",
    "Fibre was rerouted along the fence and the customer confirmed the service.",
    "Power backup at the distribution cabinet was drained during the outage.",
)


@dataclass(frozen=True, slots=True)
class Workload:
    """A first load, the same content again, and deltas; all oldest first, as (stamp, content)."""

    first_load: tuple[str, bytes]
    re_emissions: tuple[tuple[str, bytes], ...]
    deltas: tuple[tuple[str, bytes], ...]
    rows: int
    places: tuple[tuple[str, str], ...]
    """Each pair (location_name, cluster) among the first load's rows, as raw has them."""


@dataclass(slots=True, eq=False)
class _Ticket:
    """A ticket's whole life, and how much of it the source has shown so far."""

    lines: list[str]
    shown: int

    @property
    def line(self) -> str:
        return self.lines[self.shown - 1]

    @property
    def may_change(self) -> bool:
        return self.shown < len(self.lines)


def make_workload(rows: int, deltas: int) -> Workload:
    """Make a first load of `rows` rows, two re-emissions of it, and `deltas` delta files."""
    dice, town = dice_of(SEED, "workload"), Town(SEED)
    tickets = [_ticket(number, town, dice) for number in range(rows)]
    first = _content([ticket.line for ticket in tickets])
    places = tuple(sorted({_place(ticket.line) for ticket in tickets}))
    changes = tuple(_content(lines) for lines in _deltas(tickets, deltas, town, dice))
    stamps = (
        f"{FIRST_EXPORT + number * EXPORT_INTERVAL:%Y-%m-%dT%H-%M-%S}"
        for number in range(deltas + 3)
    )
    return Workload(
        first_load=(next(stamps), first),
        re_emissions=((next(stamps), first), (next(stamps), first)),
        deltas=tuple(zip(stamps, changes, strict=True)),
        rows=rows,
        places=places,
    )


def _ticket(number: int, town: Town, dice: Random) -> _Ticket:
    """Every ticket is somewhere in its life, which gives the real stream's share of closed ones."""
    created_at = FIRST_EXPORT - timedelta(minutes=dice.randint(0, 40_000))
    updates = list(ticket_updates(number, created_at, town, dice_of(SEED, "ticket", number)))
    shown = dice.randint(1, len(updates))
    return _Ticket(list(_lines(updates, dice)), shown)


def _lines(updates: Sequence[Update], dice: Random) -> Iterator[str]:
    description = dice.choice(_SENTENCES)
    for update in updates:
        notes = " ".join(dice.choices(_SENTENCES, k=dice.randint(1, 4)))
        yield f"{update.line},{description},{notes},{_FILE_CELLS}"


def _deltas(
    tickets: list[_Ticket], count: int, town: Town, dice: Random
) -> Iterator[Sequence[str]]:
    new = round(DELTA_ROWS * SHARE_NEW)
    identical = round((DELTA_ROWS - new) * SHARE_IDENTICAL)
    for _ in range(count):
        drawn = dice.sample(tickets, 3 * DELTA_ROWS)
        changing = [t for t in drawn if t.may_change][: DELTA_ROWS - new - identical]
        same = [t for t in drawn if t not in changing][:identical]
        for ticket in changing:
            ticket.shown += 1
        added = [_ticket(len(tickets) + n, town, dice) for n in range(new)]
        tickets += added
        lines = [ticket.line for ticket in (*added, *changing, *same)]
        yield dice.sample(lines, len(lines))


def _place(line: str) -> tuple[str, str]:
    cells = next(csv.reader((line,)))
    names = dict(zip(HEADER.split(","), cells, strict=True))
    return names["location_name"].strip(), names["cluster"]


def _content(lines: Sequence[str]) -> bytes:
    return ("\r\n".join((HEADER, *lines)) + "\r\n").encode()
