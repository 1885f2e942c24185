"""What a run over change files came to: for people, for machines, and as an exit status."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from rich.console import Console
from rich.text import Text

from fleettickets.cli.consoles import facts, plural, print_json
from fleettickets.cli.exits import DONE, FAILED, LEFT_ASIDE, redact
from fleettickets.cli.progress import counts_text
from fleettickets.jobs.context import FileOutcome, IngestSummary
from fleettickets.store.ledger import RowCounts

OUTCOMES = ("applied", "already settled", "quarantined", "skipped", "gone")

KEYS_SHOWN = 5


def exit_status(summary: IngestSummary) -> int:
    """Return 3 if files were quarantined or are held, 1 if work was left undone, else 0."""
    if summary.waiting or summary.out_of_time:
        return FAILED
    return LEFT_ASIDE if summary.count("quarantined") or summary.held else DONE


def total_rows(outcomes: Sequence[FileOutcome]) -> RowCounts:
    """Add the row counts of the applied files."""
    counted = [file.counts for file in outcomes if file.counts is not None]
    totals = {
        column.name: sum(getattr(counts, column.name) for counts in counted)
        for column in fields(RowCounts)
    }
    return RowCounts(**totals)


def summary_document(summary: IngestSummary) -> dict[str, Any]:
    """Return the summary for machines; rows are summed over the applied files."""
    return {
        "files": {outcome: summary.count(outcome) for outcome in OUTCOMES}
        | {"late": _late(summary), "held": len(summary.held), "foreign": len(summary.foreign)},
        "rows": asdict(total_rows(summary.outcomes)),
        "pending": summary.pending,
        "waiting": summary.waiting,
        "out_of_time": summary.out_of_time,
        "held": summary.held,
        "foreign": summary.foreign,
        "gone": summary.gone,
        "outcomes": [_outcome_document(file) for file in summary.outcomes],
    }


def _outcome_document(outcome: FileOutcome) -> dict[str, Any]:
    document = asdict(outcome)
    if outcome.reason:
        document["reason"] = redact(outcome.reason)
    return document


def _late(summary: IngestSummary) -> int:
    return sum(1 for file in summary.outcomes if file.late)


def print_summary(
    console: Console, summary: IngestSummary, *, apply: bool, title: str, extra: Mapping[str, str]
) -> None:
    """Print a short table, then what needs somebody's attention, and that it was a dry run."""
    console.print(Text(title if apply else f"{title} (dry run)", style="bold"))
    rows = [("files", Text(_files_text(summary)))]
    rows.append(("rows", Text(counts_text(total_rows(summary.outcomes)))))
    rows.extend((name, Text(value)) for name, value in extra.items())
    console.print(facts(rows))
    print_attention(console, summary, apply=apply)


def print_attention(console: Console, summary: IngestSummary, *, apply: bool) -> None:
    """Print what needs somebody's attention, and that it was a dry run."""
    for advice in _advice(summary):
        console.print(Text(advice, style="yellow"), soft_wrap=True)
    if not apply:
        console.print(DRY_RUN_NOTE)


DRY_RUN_NOTE = "Dry run: nothing was changed. Add --apply to do it."


def _files_text(summary: IngestSummary) -> str:
    told = [f"{number:,} {name}" for name in OUTCOMES if (number := summary.count(name))]
    if late := _late(summary):
        told.append(f"{late:,} of them late")
    if summary.held:
        told.append(f"{len(summary.held):,} held")
    if summary.pending:
        told.append(f"{summary.pending:,} still pending")
    return ", ".join(told) or "nothing to do"


def _advice(summary: IngestSummary) -> list[str]:
    """Say, for everything that was left aside, which keys it is and what to do about them."""
    bad = [file.key for file in summary.outcomes if file.outcome == "quarantined"]
    told = [
        (
            bad,
            (
                "quarantined; mend the file and run `fleettickets replay KEY --csv FILE`, or leave "
                "it out for good with `fleettickets skip KEY --reason …`"
            ),
        ),
        (
            summary.held,
            "held: the stamp is no real time (EAT) or lies ahead of now; rename the file, or wait",
        ),
        (summary.gone, "gone between listing and reading; ask the producer to export again"),
        (summary.foreign, "left alone: not named like a change file, <stamp>.csv in changes/"),
    ]
    lines = [f"{keys_text(keys)}: {text}" for keys, text in told if keys]
    if summary.waiting:
        lines.append("A reseed holds the stream: nothing was done. Run this again when it is over.")
    if summary.out_of_time:
        lines.append("Files are left to do: run this again.")
    return lines


def keys_text(keys: Sequence[str], count: int | None = None) -> str:
    """Name the first few of the keys; `count` is how many there are, if not all are given."""
    shown = ", ".join(keys[:KEYS_SHOWN])
    more = (len(keys) if count is None else count) - KEYS_SHOWN
    return f"{shown} and {plural(more, 'more file')}" if more > 0 else shown


def print_summary_document(summary: IngestSummary, **extra: object) -> None:
    """Print the summary as one JSON object, with `extra` keys in front."""
    print_json(extra | summary_document(summary))
