"""A run's summary: the exit status, and what people are told to do."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from fleettickets.cli.summaries import exit_status, print_summary, summary_document
from fleettickets.jobs.context import FileOutcome, IngestSummary
from tests.unit.cli.test_progress import APPLIED, BAD

HELD = ("automations/inc/changes/2062-01-01T00-00-00.csv",)


def told(summary: IngestSummary, *, apply: bool = True) -> str:
    """What a person reads."""
    paper = StringIO()
    console = Console(file=paper, width=100)
    print_summary(console, summary, apply=apply, title="ingest", extra={"history": "captured"})
    return paper.getvalue()


@pytest.mark.parametrize(
    ("summary", "status"),
    [
        (IngestSummary(), 0),
        (IngestSummary((APPLIED,)), 0),
        (IngestSummary((replace(APPLIED, late=True),)), 0),
        (IngestSummary((APPLIED,), foreign=("x",)), 0),
        (IngestSummary((APPLIED, BAD)), 3),
        (IngestSummary((APPLIED,), held=HELD), 3),
        (IngestSummary(waiting=True), 1),
        (IngestSummary((APPLIED,), out_of_time=True), 1),
    ],
)
def test_exit_status_tells_what_was_left_aside(summary: IngestSummary, status: int) -> None:
    """3 for files that were quarantined or are held, 1 for work that was not done."""
    assert exit_status(summary) == status


def test_rows_are_summed_over_the_applied_files() -> None:
    """A quarantined file has no counts."""
    document = summary_document(IngestSummary((APPLIED, APPLIED, BAD)))

    assert document["files"]["applied"] == 2
    assert document["files"]["quarantined"] == 1
    assert document["rows"]["read"] == 24
    assert document["rows"]["inserted"] == 20


def test_quarantined_file_is_named_with_what_to_do() -> None:
    """Its key, and the two commands that deal with it."""
    text = told(IngestSummary((BAD,)))

    assert BAD.key in text
    assert "fleettickets replay KEY --csv FILE" in text
    assert "fleettickets skip KEY --reason" in text


def test_held_and_foreign_and_vanished_keys_are_named() -> None:
    """Each with its advice."""
    text = told(IngestSummary(held=HELD, foreign=("readme.txt",), gone=("lost.csv",)))

    assert f"{HELD[0]}: held" in text
    assert "readme.txt: left alone" in text
    assert "lost.csv: gone" in text


def test_many_keys_are_not_all_listed() -> None:
    """Five are shown, the others are counted; --json has them all."""
    text = told(IngestSummary(foreign=tuple(f"file{number}" for number in range(8))))

    assert "file4 and 3 more files: left alone" in text


def test_dry_run_says_that_nothing_was_changed() -> None:
    """And how to do it."""
    assert "Dry run: nothing was changed. Add --apply to do it." in told(
        IngestSummary(), apply=False
    )
    assert "Dry run" not in told(IngestSummary())


def test_nothing_to_do_is_said() -> None:
    """An empty summary is an answer too."""
    assert "nothing to do" in told(IngestSummary())


def test_waiting_for_a_reseed_is_said() -> None:
    """Nothing was done on purpose."""
    assert "A reseed holds the stream" in told(IngestSummary(waiting=True))


def test_reason_in_the_document_has_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reason may quote an error that quotes a URL."""
    monkeypatch.setenv("RUSTFS_SECRET_KEY", "s3cr3t")
    bad: FileOutcome = replace(BAD, reason="failed with s3cr3t")

    document = summary_document(IngestSummary((bad,)))

    assert document["outcomes"][0]["reason"] == "failed with ***"
