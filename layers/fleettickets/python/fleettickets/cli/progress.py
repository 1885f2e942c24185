"""Progress of a run over change files: a bar on a terminal, otherwise plain lines."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from fleettickets.cli.consoles import plural
from fleettickets.cli.exits import redact
from fleettickets.jobs.context import FileOutcome
from fleettickets.store.ledger import RowCounts

PLAIN_LINE_SECONDS = 1.0
"""Uneventful files get at most one plain line in this time; others always get theirs."""

type OnOutcome = Callable[[FileOutcome], None]

_COUNT_NAMES = ("inserted", "updated", "unchanged", "stale", "duplicate", "dropped", "rejected")


@contextmanager
def follow_files(
    console: Console, verb: str, count: Callable[[], int], *, quiet: bool
) -> Generator[OnOutcome]:
    """Yield what is to be called with each file's outcome; `verb` says what happens to them.

    `count` tells how many files to expect; it is asked for a bar only. `quiet`, for machines, shows
    nothing.
    """
    if quiet:
        yield _ignore
    elif console.is_terminal:
        with _bar(console) as progress:
            task = progress.add_task(verb, total=count(), detail="")
            yield lambda outcome: _advance(progress, task, outcome)
    else:
        lines = PlainLines(console)
        yield lines.show
        lines.finish()


def _ignore(outcome: FileOutcome) -> None:
    """Show nothing."""


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


def _advance(progress: Progress, task: TaskID, outcome: FileOutcome) -> None:
    progress.update(task, advance=1, detail=outcome.stamp)
    if is_eventful(outcome):
        progress.console.print(line_of(outcome), soft_wrap=True)


@dataclass(slots=True)
class PlainLines:
    """One line a file, but not thousands: uneventful files are told by the second."""

    console: Console
    clock: Callable[[], float] = monotonic
    _shown_at: float = field(default=float("-inf"))
    _untold: int = 0

    def show(self, outcome: FileOutcome) -> None:
        """Print the file's line, or count it for the next one."""
        if not is_eventful(outcome) and self.clock() - self._shown_at < PLAIN_LINE_SECONDS:
            self._untold += 1
            return
        self.finish()
        self._shown_at = self.clock()
        self.console.print(line_of(outcome), soft_wrap=True)

    def finish(self) -> None:
        """Say how many files had no line of their own since the last one."""
        if self._untold:
            self.console.print(f"… and {self._untold:,} more", soft_wrap=True)
            self._untold = 0


def is_eventful(outcome: FileOutcome) -> bool:
    """Whether a person wants to read about this file: it is late, or was not simply applied."""
    rejected = outcome.counts is not None and outcome.counts.rejected > 0
    return rejected or outcome.late or outcome.outcome not in {"applied", "already settled"}


def line_of(outcome: FileOutcome) -> Text:
    """Describe one file's outcome in one line."""
    parts = [outcome.outcome, outcome.key]
    if outcome.revision is not None and outcome.revision > 1:
        parts.append(f"(revision {outcome.revision})")
    if outcome.late:
        parts.append("(late)")
    if outcome.counts is not None:
        parts.append(counts_text(outcome.counts))
    if outcome.reason:
        parts.append(f"- {redact(outcome.reason)}")
    style = "yellow" if is_eventful(outcome) else ""
    return Text(" ".join(parts), style=style)


def counts_text(counts: RowCounts) -> str:
    """List the counts that are not zero."""
    named = ((name, getattr(counts, name)) for name in _COUNT_NAMES)
    told = [f"{value:,} {name}" for name, value in named if value]
    return f"{plural(counts.read, 'row')}: {', '.join(told)}" if told else "no rows"
