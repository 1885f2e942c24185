"""`fleettickets ingest`: apply pending change files, from a bucket, a directory, or by name."""

import getpass
import os
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from fleettickets.cli.consoles import standard_error, standard_output
from fleettickets.cli.history import history_text
from fleettickets.cli.options import Apply, AsJson, Verbose, log_to_standard_error
from fleettickets.cli.progress import follow_files
from fleettickets.cli.reseed_texts import print_missing
from fleettickets.cli.sessions import (
    now,
    open_database,
    open_directory_bucket,
    open_s3_bucket,
    prefix_of,
    read_settings,
)
from fleettickets.cli.summaries import exit_status, print_summary, print_summary_document
from fleettickets.clients.buckets import Bucket
from fleettickets.clients.local_files import LocalFiles
from fleettickets.core.keys import Prefix, is_held
from fleettickets.errors import UsageError
from fleettickets.jobs.context import IngestContext, IngestSummary
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.planning import plan_ingest
from fleettickets.jobs.reseed import preview_reseed, reseed_at_once
from fleettickets.jobs.reseed_apply import ReseedSummary
from fleettickets.jobs.reseed_listings import full_listing
from fleettickets.jobs.reseed_reports import PlanSummary
from fleettickets.settings import Settings
from fleettickets.store.history import capture_history

Csv = Annotated[
    list[Path] | None,
    typer.Option(
        "--csv",
        metavar="FILE…",
        exists=True,
        dir_okay=False,
        help="Apply these files where they lie, each named by its stamp: 2026-06-15T17-00-00.csv.",
    ),
]
MoreCsv = Annotated[list[Path] | None, typer.Argument(hidden=True, exists=True, dir_okay=False)]
FromDirectory = Annotated[
    Path | None,
    typer.Option(
        "--from-dir",
        metavar="DIR",
        help="Read a directory: a bucket's root, or the folder that holds changes/.",
    ),
]
FromBucket = Annotated[
    bool, typer.Option("--from-bucket", help="Read the bucket TICKETS_BUCKET names.")
]
Reseed = Annotated[
    bool,
    typer.Option("--reseed", help="Open a new generation and apply everything again, in order."),
]


def ingest(  # noqa: PLR0913  each option of the command is a parameter
    more_csv: MoreCsv = None,
    csv: Csv = None,
    from_directory: FromDirectory = None,
    *,
    from_bucket: FromBucket = False,
    reseed: Reseed = False,
    apply: Apply = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Apply the pending change files, oldest first, each in one transaction.

    Without --apply every file is read and judged, and nothing is changed; the run with --apply
    then does exactly that. It can be stopped and run again at any time: what is settled is not
    repeated. Applied files of a bucket or a directory move to processed/, bad ones to quarantine/;
    files named with --csv stay where they are. The history is captured once at the end.

    --reseed opens a new generation from the full listing, processed/ and changes/ together,
    whatever was applied before: for a stream that moved to a new bucket, or to rebuild the tables.

    For example:

        fleettickets ingest --from-dir /data/tickets
        fleettickets ingest --from-bucket --apply
        fleettickets ingest --csv 2026-06-15T17-00-00.csv 2026-06-15T20-00-00.csv --apply
        fleettickets ingest --from-bucket --reseed --apply
    """
    log_to_standard_error(verbose=verbose)
    settings = read_settings()
    files = [*(csv or []), *(more_csv or [])]
    place = _place(settings, files, named=bool(csv), directory=from_directory, bucket=from_bucket)
    if reseed and not place.archive:
        raise UsageError("--reseed needs the full stream: use --from-dir or --from-bucket with it")
    with open_database(settings, "ingest") as connection:
        context = IngestContext(
            connection=connection,
            bucket=place.bucket,
            prefix=place.prefix,
            worker="command line",
            now=now,
            max_file_bytes=settings.max_file_bytes,
            archive=place.archive,
        )
        summary, report = _follow(context, reseed=reseed, apply=apply, as_json=as_json)
        captured = capture_history(connection) if apply and not summary.waiting else None
    title = "reseed" if reseed else "ingest"
    if as_json:
        print_summary_document(
            summary,
            command=title,
            dry_run=not apply,
            history=captured and asdict(captured),
            **({"reseed": report and asdict(report.counts)} if reseed else {}),
        )
    else:
        extra = {} if captured is None else {"history": history_text(captured)}
        print_summary(standard_output(), summary, apply=apply, title=title, extra=extra)
        if isinstance(report, PlanSummary):
            print_missing(standard_output(), report)
    raise typer.Exit(exit_status(summary))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the change files are; `archive` is false where they must not be moved."""

    bucket: Bucket
    prefix: Prefix
    archive: bool = True


def _place(
    settings: Settings, files: list[Path], *, named: bool, directory: Path | None, bucket: bool
) -> _Place:
    """Return the one place that the options name.

    Raises:
        UsageError: they name none, or more than one.
    """
    if files and not named:
        raise UsageError(f"{files[0]}: to apply a file by name, write --csv before it")
    if [named, directory is not None, bucket].count(True) != 1:
        raise UsageError("give exactly one of --csv FILE…, --from-dir DIR and --from-bucket")
    prefix = prefix_of(settings)
    if named:
        return _Place(LocalFiles(files_by_key(prefix, files)), prefix, archive=False)
    if directory is not None:
        return _Place(open_directory_bucket(directory, settings), prefix)
    return _Place(open_s3_bucket(settings), prefix)


def files_by_key(prefix: Prefix, files: list[Path]) -> dict[str, Path]:
    """Return the files under the keys that their names stand for.

    Raises:
        UsageError: a name is no stamp, or two files have the same one.
    """
    named: dict[str, Path] = {}
    for path in files:
        key = f"{prefix.changes}{path.name}"
        if prefix.parse(key) is None:
            raise UsageError(
                f"{path}: the stamp is taken from the file's name, which must look like "
                "2026-06-15T17-00-00.csv (the time of the export, EAT); rename a copy of it"
            )
        if key in named:
            raise UsageError(f"{named[key]} and {path} have the same stamp: apply them one by one")
        named[key] = path
    return named


def _follow(
    context: IngestContext, *, reseed: bool, apply: bool, as_json: bool
) -> tuple[IngestSummary, PlanSummary | ReseedSummary | None]:
    """Run the job that the options ask for, with progress on standard error.

    Of a reseed its plan is returned too, or what it came to; None if it goes on with another.
    """
    verb = "applying" if apply else "judging"
    count = _counter(context, reseed=reseed)
    with follow_files(standard_error(), verb, count, quiet=as_json) as follow:
        followed = replace(context, on_outcome=follow)
        if reseed and apply:
            applied = reseed_at_once(followed, owner=owner_name())
            return applied.files, applied.summary
        if reseed:
            return preview_reseed(followed)
        return ingest_pending(followed) if apply else plan_ingest(followed), None


def _counter(context: IngestContext, *, reseed: bool) -> Callable[[], int]:
    """Return what counts the files ahead, for a bar; it costs a listing."""
    if reseed:
        return lambda: len(full_listing(context).files)
    return lambda: _count_changes(context)


def _count_changes(context: IngestContext) -> int:
    listed = context.bucket.list_objects(context.prefix.changes)
    parsed = (context.prefix.parse(item.key) for item in listed)
    at = context.now()
    return sum(1 for key in parsed if key is not None and not is_held(key.stamp, at))


def owner_name() -> str:
    """Return who works here, for the messages that others get about it: user@host, process."""
    try:
        user = getpass.getuser()
    except OSError:
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()} (process {os.getpid()})"
