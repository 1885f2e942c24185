"""Made-up streams whose end a plain replay can compute: small files, few tickets, much change."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from tests.support.feeds import a_change_file
from tests.support.ingests import Model

STAMP = "%Y-%m-%dT%H-%M-%S"
FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 - a stamp's text, in whatever zone
COLUMNS = ("ticket_id", "raw_status", "is_actionable", "cluster", "owner", "closed_at")
_minutes = count()


def some_stamps(number: int) -> list[str]:
    """Return the next stamps, in order; none is given twice in a run, so logs tell them apart."""
    return [(FIRST + timedelta(minutes=next(_minutes))).strftime(STAMP) for _ in range(number)]


@dataclass(frozen=True, slots=True)
class StreamFile:
    """A change file: its stamp, and the rows in it."""

    stamp: str
    rows: tuple[Mapping[str, str], ...]

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return a_change_file(self.rows, COLUMNS)


def a_stream(files: int, *, tickets: int = 40, rows: int = 6, seed: int = 1) -> list[StreamFile]:
    """Return a stream in which the same tickets change again and again, some of them closed."""
    chosen = random.Random(seed)
    return [
        StreamFile(stamp, tuple(_row(chosen, stamp, tickets) for _ in range(rows)))
        for stamp in some_stamps(files)
    ]


def _row(chosen: random.Random, stamp: str, tickets: int) -> dict[str, str]:
    is_closed = chosen.random() < 0.3
    return {
        "ticket_id": f"INC{chosen.randrange(tickets):04}",
        "raw_status": "CLOSED" if is_closed else "OPEN",
        "is_actionable": str(not is_closed).lower(),
        "cluster": chosen.choice(("Karen", "Ngong", "")),
        "owner": f"seen in {stamp}",
        "closed_at": f"2023-12-{chosen.randint(1, 28):02} 08:00:00" if is_closed else "",
    }


def replay(stream: Iterable[StreamFile]) -> Model:
    """Return what a plain in-order replay of the files gives."""
    model = Model()
    for file in sorted(stream, key=lambda file: file.stamp):
        model.apply(file.stamp, 1, file.rows)
    return model
