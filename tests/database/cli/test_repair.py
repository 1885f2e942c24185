"""`replay` and `skip`: what a person decides about one file."""

import psycopg

from tests.database.cli.conftest import Feed
from tests.support.commands import CommandLine
from tests.support.feeds import a_change_file, a_row

STAMP = "2024-06-15T17-00-00"
KEY = f"automations/inc/changes/{STAMP}.csv"
HERE = ("--from-dir", "feed")


def ledger(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """Stamp, revision, status and reason of what was settled."""
    return connection.execute(
        "select stamp, revision, status, reason from tickets.import_files order by 1, 2"
    ).fetchall()


def quarantine_one(shell: CommandLine, feed: Feed) -> None:
    """Bring a bad file into the quarantine."""
    feed.put(STAMP, content=b"no,header\n1,2\n")
    shell.run("ingest", *HERE, "--apply")


def test_mended_copy_is_replayed(
    shell: CommandLine, feed: Feed, connection: psycopg.Connection
) -> None:
    """From --csv, under the stamp of KEY: the next revision, which ends in processed/."""
    quarantine_one(shell, feed)
    mended = shell.directory / "mended.csv"
    mended.write_bytes(a_change_file([a_row(ticket_id="A")]))

    planned = shell.run("replay", STAMP, "--csv", mended, *HERE)
    applied = shell.run("replay", STAMP, "--csv", mended, *HERE, "--apply")

    assert planned.status == applied.status == 0
    assert "1 inserted" in planned.output
    assert "Dry run: nothing was changed" in planned.output
    assert [row[:3] for row in ledger(connection)] == [
        (STAMP, 1, "quarantined"),
        (STAMP, 2, "applied"),
    ]
    assert mended.exists()
    assert feed.names("processed") == [f"{STAMP}.csv"]


def test_file_that_is_still_bad_makes_status_3(shell: CommandLine, feed: Feed) -> None:
    """A replay of the quarantined content as it is."""
    quarantine_one(shell, feed)

    planned = shell.run("replay", f"{STAMP}.csv", *HERE)
    applied = shell.run("replay", f"{STAMP}.csv", *HERE, "--apply")

    assert planned.status == applied.status == 3
    assert "ticket_id" in planned.output
    assert "ticket_id" in applied.output
    assert feed.names("quarantine") == [f"{STAMP}.csv"]


def test_unknown_key_is_a_usage_error(shell: CommandLine, feed: Feed) -> None:
    """The message names the folders that were searched, or how a key looks."""
    nowhere = shell.run("replay", STAMP, *HERE)
    nonsense = shell.run("replay", "yesterday", *HERE)
    nonsense_csv = shell.run("replay", "yesterday", "--csv", "feed", *HERE)

    assert nowhere.status == nonsense.status == nonsense_csv.status == 2
    assert "neither in changes/ nor in quarantine/ nor in processed/" in nowhere.errors
    assert "yesterday" in nonsense.errors


def test_replay_of_a_copy_needs_a_stamp(shell: CommandLine, feed: Feed) -> None:
    """--csv says what, KEY says when."""
    copy = shell.directory / "copy.csv"
    copy.write_bytes(a_change_file([a_row()]))

    answer = shell.run("replay", "copy", "--csv", copy, *HERE)

    assert answer.status == 2
    assert "key or stamp, such as 2026-06-15T17-00-00" in answer.errors


def test_skip_settles_without_applying(
    shell: CommandLine, feed: Feed, connection: psycopg.Connection
) -> None:
    """The dry run changes nothing; with --apply the reason is in the ledger, the file set aside."""
    feed.put(STAMP, a_row(ticket_id="A"))

    planned = shell.run("skip", KEY, "--reason", "sent twice", *HERE)
    before = ledger(connection)
    applied = shell.run("skip", KEY, "--reason", "sent twice", *HERE, "--apply")

    assert planned.status == applied.status == 0
    assert f"skipped {KEY}" in planned.output
    assert before == []
    assert ledger(connection) == [(STAMP, 1, "skipped", "sent twice")]
    assert feed.names("quarantine") == [f"{STAMP}.csv"]
    assert connection.execute("select count(*) from tickets.inc").fetchone() == (0,)


def test_skipped_file_is_not_ingested(shell: CommandLine, feed: Feed) -> None:
    """Not by the next ingest either; a replay brings it back."""
    feed.put(STAMP, a_row(ticket_id="A"))
    shell.run("skip", STAMP, "--reason", "sent twice", *HERE, "--apply")

    ingested = shell.run("ingest", *HERE, "--apply", "--json").document
    replayed = shell.run("replay", STAMP, *HERE, "--apply", "--json").document

    assert ingested["files"]["applied"] == 0
    assert replayed["files"]["applied"] == 1
    assert replayed["rows"]["inserted"] == 1
