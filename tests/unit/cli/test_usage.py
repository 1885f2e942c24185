"""Wrong usage ends with exit status 2 and says what would be right, before anything is opened."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import click
import pytest
from typer.main import get_command

from fleettickets.cli.main import app
from tests.support.commands import CommandLine


def commands_of(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield the name and the command of all that the help shows, those of groups included."""
    for name, command in group.commands.items():
        if not command.hidden:
            yield f"{above}{name}", command
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{above}{name} ")


COMMANDS = dict(commands_of(cast("click.Group", get_command(app))))
STAMP_FILE = "2026-06-15T17-00-00.csv"


@pytest.fixture
def shell(shell: CommandLine) -> CommandLine:
    """A shell whose database nobody answers at, so that a test that gets that far fails."""
    (shell.directory / STAMP_FILE).write_text("ticket_id\nA\n")
    return replace(shell, settings={"DATABASE_URL": "postgresql://127.0.0.1:1/none"})


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_documents_itself(shell: CommandLine, command: str) -> None:
    """The help of each command has an example that begins with its own call."""
    answer = shell.run(*command.split(), "--help")

    assert answer.status == 0
    assert "For example:" in answer.output
    assert f"fleettickets {command}" in answer.output.partition("For example:")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loses_no_words(command: str) -> None:
    """Help is rendered as Markdown, which leaves out whatever looks like an HTML element."""
    found = COMMANDS[command]
    texts = [found.help, *(getattr(each, "help", None) for each in found.params)]

    assert [text for text in texts if re.search("<[a-z]", text or "")] == []


def test_help_lists_the_commands_and_the_exit_statuses(shell: CommandLine) -> None:
    """The commands of the demo are left out."""
    answer = shell.run("--help")

    assert all(command.split()[0] in answer.output for command in COMMANDS)
    assert "3 done but files were quarantined" in " ".join(answer.output.split())
    assert "demo-" not in answer.output


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--from-bucket", "--from-dir", "."),
        ("--csv", STAMP_FILE, "--from-bucket"),
        ("--csv", STAMP_FILE, "--from-dir", "."),
        ("--reseed",),
    ],
)
def test_ingest_wants_exactly_one_place(shell: CommandLine, arguments: tuple[str, ...]) -> None:
    """None, or two of them, is answered with the choice."""
    answer = shell.run("ingest", *arguments)

    assert answer.status == 2
    assert "exactly one of --csv FILE…, --from-dir DIR and --from-bucket" in answer.errors


@pytest.mark.parametrize(
    "url", ["https://tiles.example/{z}/{x}.png", "javascript:{z}{x}{y}", "https://a b/{z}/{x}/{y}"]
)
def test_preview_wants_an_address_of_tiles(shell: CommandLine, url: str) -> None:
    """One that a map can ask for, and that fits into the page's policy."""
    answer = shell.run("preview", "--out", "page", "--tiles", url)

    assert answer.status == 2
    assert "https://tile.openstreetmap.org/{z}/{x}/{y}.png" in answer.errors
    assert not (shell.directory / "page").exists()


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_shells_can_complete_the_commands(shell: CommandLine, name: str) -> None:
    """The script that a shell sources knows the program by its name."""
    environment = os.environ | {"_FLEETTICKETS_COMPLETE": f"source_{name}"}
    program = Path(sys.executable).with_name("fleettickets")

    script = subprocess.run(
        [program], env=environment, capture_output=True, text=True, check=True, cwd=shell.directory
    )

    assert "_FLEETTICKETS_COMPLETE" in script.stdout


def test_named_files_cannot_be_reseeded(shell: CommandLine) -> None:
    """A new generation from some files of a stream would lose the others."""
    answer = shell.run("ingest", "--csv", STAMP_FILE, "--reseed", "--apply")

    assert answer.status == 2
    assert "--from-dir or --from-bucket" in answer.errors


@pytest.mark.parametrize(
    "name", ["tickets.csv", "2026-06-15.csv", "2026-06-15T17-00-00.r2.csv", "2026-06-15T17-00-00"]
)
def test_named_file_needs_a_stamp_for_a_name(shell: CommandLine, name: str) -> None:
    """The name says when the file was exported; the advice shows what it looks like."""
    (shell.directory / name).write_text("ticket_id\nA\n")

    answer = shell.run("ingest", "--csv", name, "--apply")

    assert answer.status == 2
    assert name in answer.errors
    assert "must look like 2026-06-15T17-00-00.csv" in answer.errors


def test_two_named_files_of_one_stamp_are_refused(shell: CommandLine) -> None:
    """Which of them came first cannot be told."""
    (shell.directory / "other").mkdir()
    (shell.directory / "other" / STAMP_FILE).write_text("ticket_id\nB\n")

    answer = shell.run("ingest", "--csv", STAMP_FILE, f"other/{STAMP_FILE}")

    assert answer.status == 2
    assert "have the same stamp" in answer.errors


def test_file_without_its_option_is_refused(shell: CommandLine) -> None:
    """`ingest FILE` is answered with the option that it lacks."""
    answer = shell.run("ingest", STAMP_FILE)

    assert answer.status == 2
    assert "write --csv before it" in answer.errors


def test_missing_named_file_is_a_usage_error(shell: CommandLine) -> None:
    """The message names it."""
    answer = shell.run("ingest", "--csv", "2026-06-15T20-00-00.csv")

    assert answer.status == 2
    assert "2026-06-15T20-00-00.csv" in answer.errors


@pytest.mark.parametrize("directory", ["empty", "missing", STAMP_FILE])
def test_directory_without_change_files_is_a_usage_error(
    shell: CommandLine, directory: str
) -> None:
    """Neither a bucket's root nor a prefix: the advice names both shapes."""
    (shell.directory / "empty").mkdir()

    answer = shell.run("ingest", "--from-dir", directory)

    assert answer.status == 2
    assert directory in answer.errors
    assert "changes/" in answer.errors
    assert "TICKETS_PREFIX" in answer.errors


def test_skip_wants_a_reason(shell: CommandLine) -> None:
    """Without one, or with an empty one, nobody could tell later why the file is left out."""
    (shell.directory / "changes").mkdir()

    assert shell.run("skip", STAMP_FILE, "--from-dir", ".").status == 2
    answer = shell.run("skip", STAMP_FILE, "--from-dir", ".", "--reason", "  ")
    assert answer.status == 2
    assert "--reason" in answer.errors


def test_migrations_directory_must_exist(shell: CommandLine) -> None:
    """The message names the option."""
    answer = shell.run("migrate", "--migrations", "nowhere")

    assert answer.status == 2
    assert "--migrations" in answer.errors


def faulty_calls() -> Iterator[tuple[str, str]]:
    """Yield a command and a faulty call of it: a wrong option, and without what it needs."""
    for name, command in COMMANDS.items():
        yield name, f"{name} --no-such-option"
        if any(each.required for each in command.params):
            yield name, name


@pytest.mark.parametrize(("command", "call"), list(faulty_calls()))
def test_mistake_in_a_call_is_answered_with_an_example(
    shell: CommandLine, command: str, call: str
) -> None:
    """One line: what is wrong, a call that is right, and where the rest is explained."""
    answer = shell.run(*call.split())

    assert answer.status == 2
    assert answer.errors.startswith("error: ")
    assert answer.errors.count("\n") == 1
    assert f"For example: fleettickets {command}" in answer.errors
    assert f"{command} --help` says more" in answer.errors


def test_missing_option_is_part_of_the_example(shell: CommandLine) -> None:
    """The page's directory, which has no default."""
    answer = shell.run("preview")

    assert "Missing option '--out'" in answer.errors
    assert "For example: fleettickets preview --out /tmp/page" in answer.errors


def test_option_without_its_value_is_answered_with_an_example(shell: CommandLine) -> None:
    """Even if the error does not say which command it is about."""
    answer = shell.run("status", "--files")

    assert answer.status == 2
    assert "For example: fleettickets status" in answer.errors


def test_machines_get_mistakes_as_an_object(shell: CommandLine) -> None:
    """With --json the message is on standard output too, as that of any other error."""
    answer = shell.run("status", "--files", "many", "--json")

    assert answer.status == 2
    assert "--files" in answer.document["error"]["message"]


def test_mistake_before_the_command_is_one_line(shell: CommandLine) -> None:
    """An option that the program itself does not know."""
    answer = shell.run("--bogus", "status")

    assert answer.status == 2
    assert answer.errors.startswith("error: No such option: --bogus")


@pytest.mark.parametrize("group", ["", "reseed"])
def test_group_alone_shows_its_help(shell: CommandLine, group: str) -> None:
    """It is a question, no mistake."""
    answer = shell.run(*group.split())

    assert "For example" in answer.output + answer.errors or "Commands" in answer.output
    assert "error:" not in answer.errors


def test_unknown_command_is_a_usage_error(shell: CommandLine) -> None:
    """A typing mistake changes nothing, and is answered with what was probably meant."""
    answer = shell.run("ingset")

    assert answer.status == 2
    assert "Did you mean 'ingest'?" in answer.errors


def test_missing_setting_is_named(tmp_path: Path) -> None:
    """A command that needs a setting says which, and exits 1: the command itself was right."""
    answer = CommandLine(tmp_path).run("status")

    assert answer.status == 1
    assert "DATABASE_URL: not set" in answer.errors


def test_missing_bucket_setting_is_named(shell: CommandLine) -> None:
    """`--from-bucket` needs to know which."""
    answer = shell.run("ingest", "--from-bucket")

    assert answer.status == 1
    assert "TICKETS_BUCKET: not set" in answer.errors
