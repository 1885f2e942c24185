"""`sample-feed` writes the stream where ingest looks for it, and never mixes two."""

from dataclasses import replace
from pathlib import Path

from fleettickets.cli.sessions import now
from fleettickets.core.keys import EAT
from tests.support.commands import CommandLine

SMALL = ("--tickets", "50", "--days", "2", "--seed", "3", "--end", "2026-06-15T17:30:00")


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_are_written_below_the_default_prefix(shell: CommandLine) -> None:
    """DIR becomes a bucket's root: automations/inc/changes/<stamp>.csv, and nothing else."""
    answer = shell.run("sample-feed", "feed", *SMALL)

    folder = shell.directory / "feed" / "automations" / "inc" / "changes"
    names = sorted(path.name for path in folder.iterdir())
    assert answer.status == 0
    assert len(names) == 12
    assert names[0] == "2026-06-13T18-00-00.csv"
    assert names[-1] == "2026-06-15T15-00-00.csv"
    assert contents(shell.directory / "feed").keys() == set(names)


def test_prefix_setting_is_followed(shell: CommandLine) -> None:
    """With another TICKETS_PREFIX, ingest looks elsewhere, so the stream goes there."""
    elsewhere = replace(shell, settings={"TICKETS_PREFIX": "x/y"})

    elsewhere.run("sample-feed", "feed", *SMALL)

    assert (shell.directory / "feed" / "x" / "y" / "changes").is_dir()


def test_same_options_write_the_same_bytes(shell: CommandLine) -> None:
    """Also over the files of a first run."""
    shell.run("sample-feed", "one", *SMALL)
    shell.run("sample-feed", "two", *SMALL)
    shell.run("sample-feed", "two", *SMALL)

    assert contents(shell.directory / "one") == contents(shell.directory / "two")


def test_people_are_told_what_was_written_and_what_comes_next(shell: CommandLine) -> None:
    """The answer names the folder, the span, and the command that ingests it."""
    answer = shell.run("sample-feed", "my feed", *SMALL)

    assert "12 change files" in answer.output
    assert "2026-06-13T18-00-00 to 2026-06-15T15-00-00 EAT" in answer.output
    assert 'fleettickets ingest --from-dir "my feed"' in answer.output


def test_machines_get_one_object(shell: CommandLine) -> None:
    """The counts are those of the files."""
    document = shell.run("sample-feed", "feed", *SMALL, "--json").document

    size = sum(len(content) for content in contents(shell.directory / "feed").values())
    assert document["files"] == 12
    assert document["bytes"] == size
    assert document["tickets"] == 50


def test_another_stream_in_the_directory_is_refused(shell: CommandLine) -> None:
    """Two streams under one prefix would be applied as one: exit 2, and nothing is written."""
    shell.run("sample-feed", "feed", *SMALL)
    before = contents(shell.directory / "feed")

    answer = shell.run("sample-feed", "feed", "--end", "2026-06-20")

    assert answer.status == 2
    assert "belongs to another stream" in answer.errors
    assert "2026-06-13T18-00-00.csv" in answer.errors
    assert contents(shell.directory / "feed") == before


def test_default_end_is_now(shell: CommandLine) -> None:
    """Without --end no stamp lies ahead of the clock, so nothing of it is held."""
    document = shell.run("sample-feed", "feed", "--tickets", "5", "--days", "1", "--json").document

    assert document["last_stamp"] <= f"{now().astimezone(EAT):%Y-%m-%dT%H-%M-%S}"


def test_impossible_numbers_are_usage_errors(shell: CommandLine) -> None:
    """No tickets or no days make no stream."""
    assert shell.run("sample-feed", "feed", "--tickets", "0").status == 2
    assert shell.run("sample-feed", "feed", "--days", "0").status == 2
    assert not (shell.directory / "feed").exists()


def test_a_file_in_the_place_of_the_directory_is_a_usage_error(shell: CommandLine) -> None:
    """The message names it."""
    (shell.directory / "feed").write_text("no directory")

    answer = shell.run("sample-feed", "feed", *SMALL)

    assert answer.status == 2
    assert "feed" in answer.errors
