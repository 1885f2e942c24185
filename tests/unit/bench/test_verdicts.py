"""The verdict on a figure: a goal, a must, or neither."""

import pytest

from tests.bench.verdicts import Wanted

RATIO = Wanted("first load, against dlt", 4, 6)
TIME = Wanted("idle doorbell", 5, 2, "ms", at_most=True)


@pytest.mark.parametrize(
    ("wanted", "found", "word"),
    [
        (RATIO, 6.0, "GOAL"),
        (RATIO, 5.999, "MUST"),
        (RATIO, 4.0, "MUST"),
        (RATIO, 3.999, "MISSED"),
        (TIME, 2.0, "GOAL"),
        (TIME, 2.001, "MUST"),
        (TIME, 5.0, "MUST"),
        (TIME, 5.001, "MISSED"),
        (RATIO, None, "NONE"),
    ],
)
def test_verdict_names_what_the_figure_reaches(
    wanted: Wanted, found: float | None, word: str
) -> None:
    """A limit itself is reached; what was not measured is neither met nor missed."""
    assert wanted.judge(found).split()[0] == word


def test_verdict_says_both_limits_and_the_figure() -> None:
    """A reader needs no other table to see how far it is."""
    assert RATIO.judge(4.5) == "MUST    first load, against dlt >= 4 / 6 x: 4.50 x"
    assert TIME.judge(12.345) == "MISSED  idle doorbell <= 5 / 2 ms: 12.4 ms"
    assert RATIO.judge(None) == "NONE    first load, against dlt >= 4 / 6 x: not measured"


def test_missed_must_is_never_shown_as_the_must() -> None:
    """A figure just below a limit is not rounded up to it."""
    assert RATIO.judge(3.999).endswith(": 3.99 x")
    assert TIME.judge(5.001).endswith(": 5.01 ms")
