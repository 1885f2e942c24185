"""`migrate` lists what the database lacks, and applies it with --apply."""

import psycopg
import pytest

from tests.support.commands import CommandLine
from tests.support.postgres import MIGRATIONS

FILES = sorted(path.name for path in MIGRATIONS.glob("*.sql"))


@pytest.fixture
def empty_shell(shell: CommandLine, empty_database_url: str) -> CommandLine:
    """A shell whose database has no schema of ours yet."""
    return CommandLine(shell.directory, {"DATABASE_URL": empty_database_url})


def test_dry_run_lists_all_and_changes_nothing(
    empty_shell: CommandLine, empty_database_url: str
) -> None:
    """The schema is not even created."""
    document = empty_shell.run("migrate", "--json").document

    assert document == {"command": "migrate", "dry_run": True, "migrations": FILES}
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("select to_regnamespace('tickets')").fetchone() == (None,)


def test_apply_applies_what_was_listed_and_then_nothing(empty_shell: CommandLine) -> None:
    """The second run finds the schema up to date, dry or not."""
    applied = empty_shell.run("migrate", "--apply")
    again = empty_shell.run("migrate", "--apply")
    listed = empty_shell.run("migrate")

    assert applied.status == again.status == listed.status == 0
    assert all(f"applied {name}" in applied.output for name in FILES)
    assert f"{len(FILES)} migrations applied." in applied.output
    assert again.output == listed.output == "The schema is up to date.\n"


def test_dry_run_is_a_list_for_people_too(empty_shell: CommandLine) -> None:
    """One line a file, then how to apply them."""
    answer = empty_shell.run("migrate")

    assert answer.status == 0
    assert answer.output.splitlines()[0] == f"would apply {FILES[0]}"
    assert f"Dry run: {len(FILES)} migrations to apply. Add --apply" in answer.output


def test_notices_of_the_database_are_passed_on(empty_shell: CommandLine) -> None:
    """Such as the command that would revoke a grant; on standard error, as notices."""
    directory = empty_shell.directory / "migrations"
    directory.mkdir()
    directory.joinpath("01_one.sql").write_text("do $$ begin raise notice 'look here'; end $$")

    answer = empty_shell.run("migrate", "--migrations", directory, "--apply")

    assert answer.status == 0
    assert answer.errors == "notice: look here\n"


def test_changed_file_is_named(empty_shell: CommandLine) -> None:
    """A migration that was edited after it was applied is an error that says which one."""
    directory = empty_shell.directory / "migrations"
    directory.mkdir()
    directory.joinpath("01_one.sql").write_text("create schema one")
    empty_shell.run("migrate", "--migrations", directory, "--apply")
    directory.joinpath("01_one.sql").write_text("create schema another")

    answer = empty_shell.run("migrate", "--migrations", directory)

    assert answer.status == 1
    assert "01_one.sql" in answer.errors


def test_commands_before_the_migration_say_what_to_do(empty_shell: CommandLine) -> None:
    """No traceback about a table that is missing."""
    (empty_shell.directory / "changes").mkdir()

    for command in (["status"], ["ingest", "--from-dir", "."], ["capture-history"]):
        answer = empty_shell.run(*command)

        assert answer.status == 1
        assert "run `fleettickets migrate --apply`" in answer.errors
