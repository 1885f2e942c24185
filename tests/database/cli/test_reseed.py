"""`fleettickets reseed`: plan, apply, status, as a person and a machine meet them."""

import json

import psycopg
import pytest

from tests.database.cli.conftest import FOLDER, Feed
from tests.support.commands import CommandLine
from tests.support.feeds import a_row

DIRECTORY = ("--from-dir", "feed")
INGEST = ("ingest", *DIRECTORY, "--apply", "--json")


def _plan(shell: CommandLine) -> str:
    return shell.run("reseed", "plan", *DIRECTORY, "--json").document["plan_sha256"]


def test_plan_then_apply_then_status(
    shell: CommandLine, small_feed: Feed, connection: psycopg.Connection
) -> None:
    """What the plan said is what came of it; the history is captured at the end."""
    shell.run(*INGEST)

    planned = shell.run("reseed", "plan", *DIRECTORY, "--json")
    plan_sha256 = planned.document["plan_sha256"]
    dry = shell.run("reseed", "apply", "--plan", plan_sha256, *DIRECTORY, "--json")
    applied = shell.run("reseed", "apply", "--plan", plan_sha256, *DIRECTORY, "--apply", "--json")
    status = shell.run("reseed", "status", "--json")

    assert [answer.status for answer in (planned, dry, applied, status)] == [0, 0, 0, 0]
    assert dry.document["dry_run"]
    assert (dry.document["generation"], dry.document["files"]) == (1, 2)
    report = applied.document["reseed"]
    assert report["counts"] == planned.document["counts"]
    assert report["difference"] == {}
    assert applied.document["history"]["captured"]
    assert (status.document["mode"], status.document["settled"], status.document["files"]) == (
        "live",
        2,
        2,
    )
    assert status.document["plan_sha256"] == plan_sha256
    assert status.document["report"]["counts"] == planned.document["counts"]


def test_plan_for_people_ends_with_the_command_that_applies_it(
    shell: CommandLine, small_feed: Feed
) -> None:
    """And says what it found, and that nothing was changed."""
    answer = shell.run("reseed", "plan", *DIRECTORY)
    plan_sha256 = _plan(shell)

    assert answer.status == 0
    assert "2 new, 0 changed, 0 unchanged" in answer.output
    assert "1 new to the history" in answer.output
    assert "No ticket was changed" in answer.output
    assert f"fleettickets reseed apply --plan {plan_sha256} --apply" in answer.output


def test_apply_for_people_compares_with_the_plan(shell: CommandLine, small_feed: Feed) -> None:
    """The same, or each count that differs; and how far the next one is."""
    shell.run(*INGEST)
    plan_sha256 = _plan(shell)
    small_feed.put("2024-06-15T21-00-00", a_row(ticket_id="C"))

    answer = shell.run("reseed", "apply", "--plan", plan_sha256, *DIRECTORY, "--apply")
    status = shell.run("reseed", "status")

    assert answer.status == 0
    assert "1 file later than the plan" in answer.output
    assert "tickets.new 0 planned, 1 applied" in " ".join(answer.output.split())
    assert "3 of 3 done" in status.output
    assert plan_sha256 in status.output


def test_apply_is_dry_without_apply(
    shell: CommandLine, small_feed: Feed, connection: psycopg.Connection
) -> None:
    """P7: it says what would be opened."""
    answer = shell.run("reseed", "apply", "--plan", _plan(shell), *DIRECTORY)

    assert answer.status == 0
    assert "would open generation 1: 2 files" in answer.output
    assert "Dry run" in answer.output
    assert connection.execute("select max(generation) from tickets.import_streams").fetchone() == (
        0,
    )


def test_plan_that_does_not_hold_is_refused_by_what_changed(
    shell: CommandLine, small_feed: Feed
) -> None:
    """Status 1, and one message that names the file."""
    plan_sha256 = _plan(shell)
    small_feed.put("2024-06-15T18-00-00", a_row(ticket_id="C"))

    answer = shell.run("reseed", "apply", "--plan", plan_sha256, *DIRECTORY, "--apply")

    assert answer.status == 1
    assert "new: automations/inc/changes/2024-06-15T18-00-00.csv" in answer.errors.replace("\n", "")


def test_missing_file_is_refused_until_it_is_allowed(shell: CommandLine, small_feed: Feed) -> None:
    """The plan says what it costs, for people and for machines."""
    shell.run(*INGEST)
    (small_feed.root / "processed" / "2024-06-15T20-00-00.csv").unlink()

    told = shell.run("reseed", "plan", *DIRECTORY)
    planned = shell.run("reseed", "plan", *DIRECTORY, "--json").document
    apply = ("reseed", "apply", "--plan", planned["plan_sha256"], *DIRECTORY, "--apply")
    refused, allowed = shell.run(*apply), shell.run(*apply, "--allow-missing")

    assert planned["missing"] == {"files": 1, "tickets_falling_back": 1, "tickets_unasserted": 0}
    assert "--allow-missing`: 1 ticket would fall back to an older content" in told.output
    assert (refused.status, allowed.status) == (1, 0)
    assert "2024-06-15T20-00-00.csv" in refused.errors


def test_dry_ingest_reseed_says_that_a_file_is_missing(
    shell: CommandLine, small_feed: Feed
) -> None:
    """The run with --apply would be refused."""
    shell.run(*INGEST)
    (small_feed.root / "processed" / "2024-06-15T20-00-00.csv").unlink()

    told = shell.run("ingest", *DIRECTORY, "--reseed")
    refused = shell.run("ingest", *DIRECTORY, "--reseed", "--apply")

    assert "so that apply is refused" in told.output
    assert refused.status == 1


def test_bad_files_show_in_the_exit_status(shell: CommandLine, feed: Feed) -> None:
    """3: everything was done, but somebody has to look."""
    feed.put("2024-06-15T17-00-00", content=b"no,ticket\n1,2\n")
    feed.put("2024-06-15T18-00-00", a_row())

    planned = shell.run("reseed", "plan", *DIRECTORY)
    applied = shell.run("reseed", "apply", "--plan", _plan(shell), *DIRECTORY, "--apply")

    assert (planned.status, applied.status) == (3, 3)
    assert "2024-06-15T17-00-00.csv: would be quarantined" in planned.output.replace("\n", "")


def test_reseed_works_on_the_bucket_unless_told_otherwise(shell: CommandLine) -> None:
    """Which has to be set."""
    answer = shell.run("reseed", "plan")

    assert answer.status == 1
    assert "TICKETS_BUCKET" in answer.errors


@pytest.mark.parametrize("arguments", [("apply",), ("apply", "--from-dir", "feed"), ("plam",)])
def test_wrong_use_is_told(
    shell: CommandLine, small_feed: Feed, arguments: tuple[str, ...]
) -> None:
    """Status 2: a plan has to be named."""
    assert shell.run("reseed", *arguments).status == 2


def test_status_of_a_stream_that_was_never_reseeded(shell: CommandLine) -> None:
    """It says so."""
    answer = shell.run("reseed", "status")

    assert answer.status == 0
    assert "no reseed opened this generation" in answer.output


def test_ingest_reseed_is_the_same_job(shell: CommandLine, small_feed: Feed) -> None:
    """It leaves the same report of its plan and of itself, with a hash of its own."""
    shell.run(*INGEST)

    answer = shell.run("ingest", *DIRECTORY, "--reseed", "--apply", "--json")
    status = shell.run("reseed", "status", "--json").document

    assert answer.status == 0
    assert status["report"]["difference"] == {}
    (report,) = small_feed.root.joinpath("reports").iterdir()
    assert json.loads(report.read_bytes())["summary"]["plan_sha256"] == status["plan_sha256"]
    assert FOLDER.parts[-1] == "inc"
