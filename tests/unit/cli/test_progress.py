"""Progress: a bar on a terminal, a few plain lines elsewhere, nothing for machines."""

from dataclasses import dataclass, replace
from io import StringIO

from rich.console import Console

from fleettickets.cli.progress import PlainLines, follow_files, line_of
from fleettickets.jobs.context import FileOutcome
from fleettickets.store.ledger import RowCounts

COUNTS = RowCounts(
    read=12, dropped=1, rejected=0, duplicate=0, inserted=10, updated=0, unchanged=1, stale=0
)
APPLIED = FileOutcome(
    key="automations/inc/changes/2026-06-15T17-00-00.csv",
    stamp="2026-06-15T17-00-00",
    outcome="applied",
    generation=0,
    revision=1,
    counts=COUNTS,
)
BAD = replace(APPLIED, outcome="quarantined", counts=None, reason="no ticket_id column")


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is told."""

    seconds: float = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


def plain_lines() -> tuple[PlainLines, Clock, StringIO]:
    """Plain lines on paper, with their clock."""
    paper, clock = StringIO(), Clock()
    return PlainLines(Console(file=paper, width=60), clock), clock, paper


def test_uneventful_files_share_lines() -> None:
    """Within a second only the first one is told, and the rest are counted."""
    lines, clock, paper = plain_lines()

    for second in (0.0, 0.1, 0.9, 1.5):
        clock.seconds = second
        lines.show(APPLIED)
    lines.finish()

    told = paper.getvalue().splitlines()
    assert len(told) == 3
    assert told[1] == "… and 2 more"


def test_eventful_files_always_get_a_line() -> None:
    """Late, quarantined, or with rejected rows: never hidden in a count."""
    lines, _, paper = plain_lines()
    rejected = replace(APPLIED, counts=replace(COUNTS, rejected=3, read=15))

    for outcome in (APPLIED, BAD, replace(APPLIED, late=True), rejected):
        lines.show(outcome)

    told = paper.getvalue().splitlines()
    assert len(told) == 4
    assert "no ticket_id column" in told[1]
    assert "(late)" in told[2]
    assert "3 rejected" in told[3]


def test_line_names_the_key_and_what_came_of_the_rows() -> None:
    """Counts of zero are left out; a later revision is named."""
    line = line_of(replace(APPLIED, revision=2)).plain

    assert line == (
        "applied automations/inc/changes/2026-06-15T17-00-00.csv (revision 2) "
        "12 rows: 10 inserted, 1 unchanged, 1 dropped"
    )


def test_file_without_rows_says_so() -> None:
    """A header-only file is applied, and that is all."""
    empty = RowCounts(0, 0, 0, 0, 0, 0, 0, 0)

    assert line_of(replace(APPLIED, counts=empty)).plain.endswith("no rows")


def test_terminal_gets_a_bar_with_the_expected_number() -> None:
    """The bar counts to what was listed, and eventful files are told above it."""
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, width=120)

    with follow_files(console, "applying", lambda: 2, quiet=False) as follow:
        follow(APPLIED)
        follow(BAD)

    assert "2/2" in screen.getvalue()
    assert "no ticket_id column" in screen.getvalue()


def test_plain_output_never_lists_for_a_total() -> None:
    """Only a bar needs to know how many files there are; counting costs a listing."""

    def refuse() -> int:
        raise AssertionError("the files were counted")

    paper = StringIO()
    with follow_files(Console(file=paper, width=60), "applying", refuse, quiet=False) as follow:
        follow(APPLIED)

    assert paper.getvalue().startswith("applied ")


def test_machines_get_no_progress() -> None:
    """Not even on a terminal."""
    screen = StringIO()
    console = Console(file=screen, force_terminal=True)

    with follow_files(console, "applying", lambda: 1, quiet=True) as follow:
        follow(BAD)

    assert screen.getvalue() == ""
