"""`ingest` judges first and then does exactly that, from a directory, a bucket, or by name."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.database.cli.conftest import Feed
from tests.support.commands import CommandLine
from tests.support.feeds import a_change_file, a_row
from tests.support.s3 import S3Store, running_s3_store

FROM_DIRECTORY = ("ingest", "--from-dir", "feed")
TABLES = ("inc", "inc_versions", "closure_events", "import_files", "import_rejects", "import_meta")


def counts(document: dict[str, Any]) -> dict[str, Any]:
    """What a dry run and the run after it must agree on."""
    volatile = {"dry_run", "history", "outcomes"}
    outcomes = [
        {name: value for name, value in outcome.items() if name != "duration_ms"}
        for outcome in document["outcomes"]
    ]
    return {name: value for name, value in document.items() if name not in volatile} | {
        "outcomes": outcomes
    }


def tables(connection: psycopg.Connection) -> dict[str, list[Any]]:
    """The content of the product's tables."""
    return {
        table: connection.execute(f"select * from tickets.{table} order by 1, 2").fetchall()
        for table in TABLES
    }


def statuses(connection: psycopg.Connection) -> dict[str, str | None]:
    """The status of each ticket."""
    rows = connection.execute("select ticket_id, normalized_status from tickets.inc").fetchall()
    return dict(rows)


@pytest.fixture
def store() -> Iterator[S3Store]:
    """An S3-compatible store."""
    with running_s3_store() as store:
        yield store


def test_dry_run_changes_nothing(
    shell: CommandLine, small_feed: Feed, connection: psycopg.Connection
) -> None:
    """Neither a table nor a file is touched (P7), and the answer says so."""
    before = tables(connection), small_feed.everything()

    answer = shell.run(*FROM_DIRECTORY)

    assert answer.status == 0
    assert "2 inserted, 1 updated" in answer.output
    assert "Dry run: nothing was changed" in answer.output
    assert (tables(connection), small_feed.everything()) == before


def test_dry_run_foretells_what_apply_does(shell: CommandLine, feed: Feed) -> None:
    """Every count and every outcome, on a stream with all kinds of files."""
    feed.put("2024-06-15T09-00-00", a_row(ticket_id="A"), a_row(ticket_id="A", owner="x"))
    feed.put("2024-06-15T12-00-00", a_row(ticket_id="A", owner="x"), a_row(ticket_id=""))
    feed.put("2024-06-15T15-00-00", content=b"no,header\n1,2\n")
    feed.put("2024-06-15T18-00-00", a_row(ticket_id="B"), a_row(is_alarm="true"))
    feed.put("2062-01-01T00-00-00", a_row(ticket_id="C"))
    feed.put("2024-06-15T21-00-00", content=b"")
    (feed.root / "changes" / "notes.txt").write_text("foreign")

    planned = shell.run(*FROM_DIRECTORY, "--json")
    applied = shell.run(*FROM_DIRECTORY, "--apply", "--json")

    assert counts(planned.document) == counts(applied.document)
    assert planned.status == applied.status == 3
    assert {name: count for name, count in applied.document["files"].items() if count} == {
        "applied": 4,
        "quarantined": 1,
        "held": 1,
        "foreign": 1,
    }
    assert applied.document["rows"]["duplicate"] == 1


def test_apply_settles_archives_and_captures(
    shell: CommandLine, small_feed: Feed, connection: psycopg.Connection
) -> None:
    """The files are in processed/, the tickets as the last file says, the history captured once."""
    answer = shell.run(*FROM_DIRECTORY, "--apply")

    assert answer.status == 0
    assert "history  snapshot of" in answer.output
    assert small_feed.names("changes") == []
    assert small_feed.names("processed") == ["2024-06-15T17-00-00.csv", "2024-06-15T20-00-00.csv"]
    assert statuses(connection) == {"A": "closed", "B": "open"}
    assert connection.execute("select count(*) from tickets.inc_daily_snapshot").fetchone() == (1,)


def test_second_run_finds_nothing_to_do(shell: CommandLine, small_feed: Feed) -> None:
    """P8: and that is no error."""
    shell.run(*FROM_DIRECTORY, "--apply")

    answer = shell.run(*FROM_DIRECTORY, "--apply")

    assert answer.status == 0
    assert "nothing to do" in answer.output


def test_prefix_itself_may_be_named(shell: CommandLine, small_feed: Feed) -> None:
    """DIR is the bucket's root, or the folder that holds changes/."""
    answer = shell.run("ingest", "--from-dir", small_feed.root, "--apply")

    assert answer.status == 0
    assert len(small_feed.names("processed")) == 2


def test_quarantined_file_is_named_and_makes_status_3(shell: CommandLine, feed: Feed) -> None:
    """The stream goes on; the message says which file, why, and what to do."""
    feed.put("2024-06-15T17-00-00", content=b"\x1f\x8b\x08 gzip")
    feed.put("2024-06-15T20-00-00", a_row(ticket_id="A"))

    answer = shell.run(*FROM_DIRECTORY, "--apply")

    assert answer.status == 3
    assert "quarantined automations/inc/changes/2024-06-15T17-00-00.csv" in answer.errors
    assert "1 applied, 1 quarantined" in answer.output
    assert "fleettickets replay KEY --csv FILE" in " ".join(answer.output.split())
    assert feed.names("quarantine") == ["2024-06-15T17-00-00.csv"]


def test_held_file_stays_and_makes_status_3(shell: CommandLine, feed: Feed) -> None:
    """A mistyped year must not outrank the stream until 2062."""
    feed.put("2062-06-15T17-00-00", a_row())

    answer = shell.run(*FROM_DIRECTORY, "--apply")

    assert answer.status == 3
    assert "2062-06-15T17-00-00.csv: held" in answer.output
    assert feed.names("changes") == ["2062-06-15T17-00-00.csv"]


def test_named_files_are_applied_in_order_and_never_moved(
    shell: CommandLine, connection: psycopg.Connection
) -> None:
    """--csv takes the stamp from the name, whatever the order of the arguments and the folder."""
    older, newer = "2024-06-15T17-00-00.csv", "2024-06-15T20-00-00.csv"
    (shell.directory / newer).write_bytes(a_change_file([a_row(ticket_id="A", owner="new")]))
    (shell.directory / older).write_bytes(a_change_file([a_row(ticket_id="A", owner="old")]))

    answer = shell.run("ingest", "--csv", newer, older, "--apply")

    assert answer.status == 0
    assert connection.execute("select owner from tickets.inc").fetchone() == ("new",)
    assert sorted(path.name for path in shell.directory.iterdir()) == [older, newer]


def test_late_named_file_says_so(shell: CommandLine, small_feed: Feed) -> None:
    """It is below the watermark: applied where nothing newer asserted the ticket."""
    shell.run(*FROM_DIRECTORY, "--apply")
    name = "2024-06-14T17-00-00.csv"
    (shell.directory / name).write_bytes(
        a_change_file([a_row(ticket_id="A"), a_row(ticket_id="OLD")])
    )

    answer = shell.run("ingest", "--csv", name, "--apply")

    assert answer.status == 0
    assert "(late) 2 rows: 1 inserted, 1 stale" in answer.errors


def test_bucket_is_read_and_archived(
    shell: CommandLine, store: S3Store, connection: psycopg.Connection
) -> None:
    """--from-bucket reads the bucket of the settings, from any S3-compatible store."""
    name = store.new_bucket()
    key = "automations/inc/changes/2024-06-15T17-00-00.csv"
    store.client().put_object(Bucket=name, Key=key, Body=a_change_file([a_row(ticket_id="A")]))
    there = CommandLine(shell.directory, {**shell.settings, **bucket_settings(store, name)})

    answer = there.run("ingest", "--from-bucket", "--apply")

    objects = store.client().list_objects_v2(Bucket=name).get("Contents", [])
    assert answer.status == 0
    assert [item.get("Key") for item in objects] == [key.replace("changes", "processed")]
    assert statuses(connection) == {"A": "open"}


def bucket_settings(store: S3Store, name: str) -> dict[str, str]:
    """The settings that name a bucket of the store."""
    return {
        "TICKETS_BUCKET": name,
        "RUSTFS_ENDPOINT_URL": store.endpoint_url,
        "RUSTFS_ACCESS_KEY": "testing",
        "RUSTFS_SECRET_KEY": "testing",
    }


def test_another_bucket_is_refused_until_a_reseed(shell: CommandLine, store: S3Store) -> None:
    """The message says that a reseed is needed; with --reseed the new bucket is the source."""
    first, second = store.new_bucket(), store.new_bucket()
    for name in (first, second):
        store.client().put_object(
            Bucket=name,
            Key="automations/inc/changes/2024-06-15T17-00-00.csv",
            Body=a_change_file([a_row(ticket_id=name)]),
        )
    one = CommandLine(shell.directory, {**shell.settings, **bucket_settings(store, first)})
    two = CommandLine(shell.directory, {**shell.settings, **bucket_settings(store, second)})
    one.run("ingest", "--from-bucket", "--apply")

    refused = two.run("ingest", "--from-bucket", "--apply")
    reseeded = two.run("ingest", "--from-bucket", "--reseed", "--apply")

    assert refused.status == 1
    assert "reseed needed" in refused.errors
    assert reseeded.status == 0
    assert "1 applied" in reseeded.output


def test_reseed_applies_the_full_listing_again(shell: CommandLine, small_feed: Feed) -> None:
    """A new generation from processed/ and changes/; the dry run foretells it and opens none."""
    shell.run(*FROM_DIRECTORY, "--apply")

    planned = shell.run(*FROM_DIRECTORY, "--reseed", "--json").document
    between = shell.run("status", "--json").document
    applied = shell.run(*FROM_DIRECTORY, "--reseed", "--apply", "--json").document
    after = shell.run("status", "--json").document

    assert counts(planned) == counts(applied)
    assert applied["files"]["applied"] == 2
    assert applied["rows"]["unchanged"] + applied["rows"]["updated"] == 3
    assert (between["stream"]["generation"], after["stream"]["generation"]) == (0, 1)


def test_verbose_shows_the_log(shell: CommandLine, small_feed: Feed) -> None:
    """One line an event, on standard error; without it there are none."""
    quiet = shell.run(*FROM_DIRECTORY)
    loud = shell.run(*FROM_DIRECTORY, "--apply", "--verbose")

    assert "info: file was settled key=automations/inc/changes/" in loud.errors
    assert "info:" not in quiet.errors


def test_installed_program_works_as_a_process(
    shell: CommandLine, small_feed: Feed, database_url: str
) -> None:
    """The real program: exit status, JSON alone on standard output, no secret on either."""
    program = Path(sys.executable).with_name("fleettickets")

    done = subprocess.run(
        [program, *FROM_DIRECTORY, "--apply", "--json"],
        cwd=shell.directory,
        env=os.environ | {"DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert '"inserted": 2' in done.stdout
    assert done.stdout.lstrip().startswith("{")
    assert done.stderr == ""
    assert database_url not in done.stdout


@pytest.mark.parametrize("options", [(), ("--reseed",)])
def test_terminal_gets_a_bar(
    shell: CommandLine, small_feed: Feed, database_url: str, options: tuple[str, ...]
) -> None:
    """On a terminal the bar knows how many files to expect; the table stays on standard output."""
    (small_feed.root / "changes" / "notes.txt").write_text("foreign")
    program = Path(sys.executable).with_name("fleettickets")
    screen, terminal = os.openpty()

    with os.fdopen(screen, "rb", buffering=0) as seen:
        done = subprocess.run(
            [program, *FROM_DIRECTORY, "--apply", *options],
            cwd=shell.directory,
            env=os.environ | {"DATABASE_URL": database_url, "TERM": "xterm", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=terminal,
            check=False,
        )
        shown = seen.read(65536).decode()
    os.close(terminal)

    assert done.returncode == 0, shown
    assert "2/2" in shown
    assert b"2 applied" in done.stdout
