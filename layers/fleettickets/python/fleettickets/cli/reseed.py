"""`fleettickets reseed`: plan a reseed, apply the plan, see how far it is."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from fleettickets.cli.consoles import plural, print_json, standard_error, standard_output
from fleettickets.cli.history import history_text
from fleettickets.cli.ingest import owner_name
from fleettickets.cli.options import Apply, AsJson, Verbose, log_to_standard_error
from fleettickets.cli.progress import follow_files
from fleettickets.cli.reseed_texts import print_applied, print_plan, print_progress
from fleettickets.cli.sessions import (
    now,
    open_database,
    open_directory_bucket,
    open_s3_bucket,
    prefix_of,
    read_settings,
)
from fleettickets.cli.summaries import DRY_RUN_NOTE, exit_status, summary_document
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.reseed import apply_reseed, plan_reseed
from fleettickets.jobs.reseed_apply import check_reseed
from fleettickets.jobs.reseed_listings import full_listing
from fleettickets.settings import Settings
from fleettickets.store.connections import Connection, translated_errors
from fleettickets.store.history import capture_history
from fleettickets.store.reseed_status import read_reseed_facts

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""Rebuild the tables from the full listing, or move to a new bucket.

First `plan`, read what it says, then `apply` that plan. Both work on the bucket TICKETS_BUCKET
names, or on a directory.

For example:

    fleettickets reseed plan
    fleettickets reseed apply --plan 5e1f… --apply
    fleettickets reseed status
""",
)

FromDirectory = Annotated[
    Path | None,
    typer.Option(
        "--from-dir",
        metavar="DIR",
        help="Read a directory instead of the bucket: its root, or the folder with changes/.",
    ),
]
PlanHash = Annotated[
    str, typer.Option("--plan", metavar="HASH", help="The plan to apply: what `plan` has printed.")
]
AllowMissing = Annotated[
    bool,
    typer.Option(
        "--allow-missing",
        help="Do without files that were applied and are not there any more; `plan` says what "
        "that costs.",
    ),
]


@app.command("plan")
def plan(
    from_directory: FromDirectory = None, *, as_json: AsJson = False, verbose: Verbose = False
) -> None:
    """Read every file of the full listing and say what a reseed would do.

    Changes nothing but one report object, reports/reseed-HASH.json.

    For example:

        fleettickets reseed plan
        fleettickets reseed plan --from-dir /data/tickets --json
    """
    log_to_standard_error(verbose=verbose)
    settings = read_settings()
    with open_database(settings, "reseed plan") as connection:
        context = _context(settings, connection, from_directory)
        with follow_files(
            standard_error(), "judging", lambda: _count(context), quiet=as_json
        ) as follow:
            planned = plan_reseed(replace(context, on_outcome=follow))
    if as_json:
        print_json(asdict(planned.summary))
    else:
        print_plan(standard_output(), planned.summary)
    raise typer.Exit(exit_status(planned.files))


@app.command("apply")
def apply_plan(
    plan_sha256: PlanHash,
    from_directory: FromDirectory = None,
    *,
    allow_missing: AllowMissing = False,
    apply: Apply = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Apply a plan: open the next generation and apply everything again, in order.

    Refused if what the plan has read is no longer so. It can be stopped and run again at any time,
    and goes on where it was. Live files wait meanwhile and are applied at the end, in order.

    For example:

        fleettickets reseed apply --plan 5e1f…
        fleettickets reseed apply --plan 5e1f… --apply
    """
    log_to_standard_error(verbose=verbose)
    settings = read_settings()
    with open_database(settings, "reseed apply") as connection:
        context = _context(settings, connection, from_directory)
        if not apply:
            _check(context, plan_sha256, allow_missing=allow_missing, as_json=as_json)
            return
        with follow_files(
            standard_error(), "applying", lambda: _count(context), quiet=as_json
        ) as follow:
            applied = apply_reseed(
                replace(context, on_outcome=follow),
                plan_sha256,
                owner=owner_name(),
                allow_missing=allow_missing,
            )
        captured = None if applied.files.waiting else capture_history(connection)
    if as_json:
        history = captured and asdict(captured)
        summary = applied.summary and asdict(applied.summary)
        print_json({"reseed": summary, "history": history} | summary_document(applied.files))
    else:
        extra = {} if captured is None else {"history": history_text(captured)}
        print_applied(standard_output(), applied, extra=extra)
    raise typer.Exit(exit_status(applied.files))


def _check(context: IngestContext, plan_sha256: str, *, allow_missing: bool, as_json: bool) -> None:
    """Say what applying the plan would open or go on with, or why it would be refused."""
    opening = check_reseed(context, plan_sha256, allow_missing=allow_missing)
    if as_json:
        print_json({"dry_run": True} | asdict(opening))
        return
    verb = "go on with" if opening.resumed else "open"
    added = f", {opening.added:,} of them later than the plan" if opening.added else ""
    console = standard_output()
    files = plural(opening.files, "file")
    console.print(f"would {verb} generation {opening.generation}: {files}{added}")
    console.print(DRY_RUN_NOTE)


@app.command("status")
def status(*, as_json: AsJson = False) -> None:
    """Show how far the reseed is: files done, files a second, time left, and who works on it.

    Reads the database only, so it can be asked at any time.

    For example:

        fleettickets reseed status
    """
    with open_database(read_settings(), "reseed status") as connection, translated_errors():
        facts = read_reseed_facts(connection)
    if as_json:
        print_json(asdict(facts))
    else:
        print_progress(standard_output(), facts)


def _context(
    settings: Settings, connection: Connection, from_directory: Path | None
) -> IngestContext:
    return IngestContext(
        connection=connection,
        bucket=(
            open_s3_bucket(settings)
            if from_directory is None
            else open_directory_bucket(from_directory, settings)
        ),
        prefix=prefix_of(settings),
        worker="command line",
        now=now,
        max_file_bytes=settings.max_file_bytes,
    )


def _count(context: IngestContext) -> int:
    """Count the files ahead, for a bar; it costs a listing."""
    return len(full_listing(context).files)
