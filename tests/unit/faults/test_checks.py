"""The check at the end of a round: it sees each way in which a promise can be broken."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.checks import End, Settled, sha256
from tests.faults.plans import HELD

A, B, BAD = b"ticket_id\nINC1\n", b"ticket_id\nINC2\n", b'ticket_id\n"never closed'
FIRST, SECOND, THIRD = "2024-03-01T00-00-00", "2024-03-01T00-01-00", "2024-03-01T00-02-00"


def a_row(stamp: str, content: bytes, **overrides: object) -> Settled:
    """Return a ledger row of an applied content."""
    row = Settled(0, stamp, 1, "applied", sha256(content), adds_up=True)
    return replace(row, **overrides)


END = End(
    puts=[(FIRST, A), (SECOND, BAD), (THIRD, A), (THIRD, B), (HELD, A)],
    replayed=frozenset(),
    ledger=[
        a_row(FIRST, A),
        a_row(SECOND, BAD, status="quarantined", adds_up=None),
        a_row(THIRD, A),
        a_row(THIRD, B, revision=2),
    ],
    objects={
        "changes": {f"{HELD}.csv": A},
        "processed": {f"{FIRST}.csv": A, f"{THIRD}.csv": A, f"{THIRD}.r2.csv": B},
        "quarantine": {f"{SECOND}.csv": BAD},
    },
)


def with_objects(folder: str, **names: bytes) -> End:
    """Return the end with other objects in a folder."""
    objects = {f"{name.replace('_', '-')}.csv": content for name, content in names.items()}
    return replace(END, objects={**END.objects, folder: objects})


def test_good_end_has_no_losses() -> None:
    """What each content came to is told in the order of versions, a list for each generation."""
    assert END.losses() == []
    assert END.generations() == [[(FIRST, A), (THIRD, A), (THIRD, B)]]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda: replace(END, ledger=END.ledger[1:]), "its last content was never applied"),
        (lambda: replace(END, ledger=END.ledger[:-1]), "its last content was never applied"),
        (lambda: replace(END, ledger=[*END.ledger[:2], a_row(THIRD, B)]), "were applied"),
        (
            lambda: replace(
                END, ledger=[*END.ledger[:2], a_row(THIRD, B), a_row(THIRD, A, revision=2)]
            ),
            "was overtaken",
        ),
        (lambda: replace(END, ledger=[*END.ledger, a_row(FIRST, B, revision=2)]), "never put"),
        (lambda: replace(END, ledger=[*END.ledger, a_row(FIRST, A)]), "has the revisions [1, 1]"),
        (
            lambda: replace(END, ledger=[a_row(FIRST, A, adds_up=False), *END.ledger[1:]]),
            "do not add up",
        ),
        (lambda: with_objects("changes", **{FIRST: A}), "is left in changes/"),
        (lambda: with_objects("quarantine", **{FIRST: A}), "although its content was applied"),
        (lambda: with_objects("processed", **{FIRST: A}), "lie in processed/"),
    ],
)
def test_broken_promise_is_seen(broken: Callable[[], End], says: str) -> None:
    """Lost, half lost, overtaken, invented, applied twice, in two places, in none."""
    assert says in "\n".join(broken().losses())
