"""`fleettickets migrate`: bring the database's schema up to date."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from fleettickets.cli.consoles import plural, print_json, standard_error, standard_output
from fleettickets.cli.exits import redact
from fleettickets.cli.options import Apply, AsJson
from fleettickets.cli.sessions import open_database, read_settings
from fleettickets.errors import UsageError
from fleettickets.store.migrations import Migration, apply_migrations, plan_migrations

CHECKOUT_MIGRATIONS = Path(__file__).parents[5] / "sql" / "migrations"

Directory = Annotated[
    Path | None,
    typer.Option(
        "--migrations",
        metavar="DIR",
        help="Where the migrations are. Default: sql/migrations of the checkout.",
    ),
]


def migrate(directory: Directory = None, *, apply: Apply = False, as_json: AsJson = False) -> None:
    """List the migrations that the database lacks, or apply them with --apply.

    They are applied in order, each in one transaction with its ledger row. It can be run at any
    time, also several times at once: the result is the same. A file that changed after it was
    applied is an error that names it.

    For example:

        fleettickets migrate --apply
    """
    found = _directory(directory)
    run = apply_migrations if apply else plan_migrations
    with open_database(read_settings(), "migrate") as connection:
        migrations = run(connection, found, _tell)
    if as_json:
        names = [migration.filename for migration in migrations]
        print_json({"command": "migrate", "dry_run": not apply, "migrations": names})
    else:
        _print(migrations, apply=apply)


def _directory(given: Path | None) -> Path:
    directory = given or CHECKOUT_MIGRATIONS
    if not directory.is_dir():
        raise UsageError(f"{directory} is no directory: name the migrations' one with --migrations")
    return directory


def _tell(notice: str) -> None:
    standard_error().print(Text.assemble(("notice: ", "yellow"), redact(notice)), soft_wrap=True)


def _print(migrations: list[Migration], *, apply: bool) -> None:
    console = standard_output()
    for migration in migrations:
        console.print(f"{'applied' if apply else 'would apply'} {migration.filename}")
    if not migrations:
        console.print("The schema is up to date.")
    elif apply:
        console.print(f"{plural(len(migrations), 'migration')} applied.")
    else:
        count = plural(len(migrations), "migration")
        console.print(f"Dry run: {count} to apply. Add --apply to do it.")
