"""A plan of trouble: what a producer puts and what goes wrong, when; the same for the same seed."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, cycle, islice
from typing import Literal, cast

from tests.faults.proxies import STORE_FAULTS, StoreFault
from tests.faults.servers import SERVER_FAULTS, ServerFault
from tests.support.feeds import a_change_file
from tests.support.streams import COLUMNS, STAMP

type PutKind = Literal[
    "first put", "duplicate put", "overwrite", "file with bad rows", "bad file", "held file"
]
type Disturbance = Literal[
    "ingest killed", "enrich killed", "plan killed", "reseed killed", "deadly file",
    "lost doorbells", "doubled doorbell", "schedule storm", "clock jump", "reseed",
]  # fmt: skip
type Kind = PutKind | Disturbance | ServerFault | StoreFault

DISTURBANCES: tuple[Disturbance, ...] = Disturbance.__value__.__args__
FIRST = datetime(2024, 3, 1)  # noqa: DTZ001 - a stamp's text, in whatever zone
HELD = "2999-01-01T00-00-00"
FILES_A_SECOND = 2.0
SECONDS_BETWEEN_TROUBLES = 1.6
LONGEST_FAULT_SECONDS = 4.0
TICKETS = 80
LATE_SHARE, DUPLICATE_SHARE, OVERWRITE_SHARE = 0.1, 0.15, 0.12
BAD_ROWS_SHARE, BAD_FILE_SHARE = 0.1, 0.06
DISPLACEMENT = 6  # places by which a file comes too early or too late, about


@dataclass(frozen=True, slots=True)
class Action:
    """Something that happens `at` seconds from the start; most kinds use some of the fields."""

    at: float
    kind: Kind
    stamp: str = ""
    content: bytes = b""
    seconds: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens in one round, in the order of its times."""

    seed: int
    seconds: float
    actions: tuple[Action, ...]

    @property
    def puts(self) -> list[tuple[str, bytes]]:
        """The puts, in their order."""
        return [(action.stamp, action.content) for action in self.actions if action.stamp]

    @property
    def counts(self) -> Counter[str]:
        """How often each kind happens."""
        return Counter(action.kind for action in self.actions)


def make_plan(seed: int, seconds: float) -> Plan:
    """Return the plan of a seed: about `FILES_A_SECOND` files, and trouble all the time."""
    chosen = random.Random(seed)
    actions = chain(_puts(chosen, seconds), _troubles(chosen, seconds))
    return Plan(seed, seconds, tuple(sorted(actions, key=lambda action: action.at)))


def _puts(chosen: random.Random, seconds: float) -> Iterator[Action]:
    """Yield what the producer puts in the first nine tenths of the time."""
    number = int(seconds * FILES_A_SECOND)
    stamps = [(FIRST + timedelta(minutes=minute)).strftime(STAMP) for minute in range(number)]
    for place, stamp in enumerate(_displaced(chosen, stamps)):
        at = 0.9 * seconds * place / number
        kind, content = _content(chosen, stamp)
        yield Action(at, kind, stamp, content)
        again = at + chosen.uniform(0.0, 0.9 * seconds - at)
        if chosen.random() < DUPLICATE_SHARE:
            yield Action(again, "duplicate put", stamp, content)
        elif chosen.random() < OVERWRITE_SHARE:
            yield Action(again, "overwrite", stamp, _content(chosen, stamp)[1])
    yield Action(0.3 * seconds, "held file", HELD, _content(chosen, HELD)[1])


def _displaced(chosen: random.Random, stamps: Sequence[str]) -> list[str]:
    """Return the stamps in the order of their coming: near their places, but for the late ones."""
    places = {stamp: place + chosen.gauss(0, DISPLACEMENT) for place, stamp in enumerate(stamps)}
    for stamp in stamps:
        if chosen.random() < LATE_SHARE:
            places[stamp] += chosen.uniform(0, len(stamps))
    return sorted(stamps, key=lambda stamp: places[stamp])


def _content(chosen: random.Random, stamp: str) -> tuple[PutKind, bytes]:
    nonce = f"{chosen.randrange(1 << 32):08x}"
    if chosen.random() < BAD_FILE_SHARE:
        return "bad file", f'ticket_id,owner\nINC1,"never closed {nonce}\n'.encode()
    rows = [_row(chosen, f"{stamp} {nonce}") for _ in range(chosen.randint(1, 12))]
    content = a_change_file(rows, COLUMNS)
    if chosen.random() < BAD_ROWS_SHARE:
        return "file with bad rows", content + b",nobody's\r\n\xff\xfe,too,short\r\n"
    return "first put", content


def _deadly_file(chosen: random.Random, place: int) -> tuple[str, bytes]:
    """Return a file that is older than all others, so that it comes first whatever is pending."""
    stamp = (FIRST - timedelta(minutes=1 + place)).strftime(STAMP)
    return stamp, a_change_file([_row(chosen, stamp)], COLUMNS)


def _row(chosen: random.Random, owner: str) -> dict[str, str]:
    is_closed = chosen.random() < 0.3
    return {
        "ticket_id": f"INC{chosen.randrange(TICKETS):04}",
        "raw_status": "CLOSED" if is_closed else "OPEN",
        "is_actionable": str(not is_closed).lower(),
        "cluster": chosen.choice(("Karen", "Ngong", "")),
        "owner": owner,
        "closed_at": f"2024-02-{chosen.randint(1, 28):02} 08:00:00" if is_closed else "",
    }


def _troubles(chosen: random.Random, seconds: float) -> Iterator[Action]:
    """Yield troubles of all kinds in turn, in an order of the seed's, and the reseed in the middle.

    Functions die and doorbells get lost more often than machines do.
    """
    often: tuple[Kind, ...] = ("ingest killed", "deadly file", "lost doorbells", "backend killed")
    kinds = [*DISTURBANCES[:-1], *SERVER_FAULTS, *STORE_FAULTS, *often]
    chosen.shuffle(kinds)
    number = int(seconds / SECONDS_BETWEEN_TROUBLES)
    for place, kind in enumerate(islice(cycle(kinds), number)):
        at = seconds * (place + chosen.random()) / number
        lasts = chosen.uniform(0.5, LONGEST_FAULT_SECONDS)
        own = _deadly_file(chosen, place) if kind == "deadly file" else ("", b"")
        yield Action(at, cast("Kind", kind), *own, lasts, chosen.randrange(1 << 32))
    yield Action(0.5 * seconds, "reseed")
