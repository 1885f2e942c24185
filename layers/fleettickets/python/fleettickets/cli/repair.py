"""`fleettickets replay` and `fleettickets skip`: a person decides about one change file."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from fleettickets.cli.consoles import standard_output
from fleettickets.cli.exits import DONE, LEFT_ASIDE
from fleettickets.cli.options import Apply, AsJson, Verbose, log_to_standard_error
from fleettickets.cli.progress import line_of
from fleettickets.cli.sessions import (
    now,
    open_database,
    open_directory_bucket,
    open_s3_bucket,
    prefix_of,
    read_settings,
)
from fleettickets.cli.summaries import print_attention, print_summary_document
from fleettickets.clients.local_files import LocalFiles
from fleettickets.core.keys import Prefix
from fleettickets.core.pending import PendingFile
from fleettickets.errors import UsageError
from fleettickets.jobs import repair
from fleettickets.jobs.context import FileOutcome, IngestContext, IngestSummary

Key = Annotated[
    str,
    typer.Argument(
        metavar="KEY",
        help="The change file: its key, its file name, or its stamp. A whole key names one copy.",
    ),
]
Content = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Take the content from this file, whatever its name; it is not moved.",
    ),
]
FromDirectory = Annotated[
    Path | None,
    typer.Option(
        "--from-dir",
        metavar="DIR",
        help="The directory that serves as the bucket. Default: the bucket TICKETS_BUCKET names.",
    ),
]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept in the ledger.")
]


def replay(
    key: Key,
    csv: Content = None,
    from_directory: FromDirectory = None,
    *,
    apply: Apply = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Apply one change file again, or a mended copy of it, as the next revision of its stamp.

    For a file that was quarantined and is mended, or that was skipped by mistake. It is looked for
    in changes/, quarantine/ and processed/, or taken from --csv. This is safe at any time: a row
    takes effect only where nothing newer asserted its ticket. Once applied, the content is in
    processed/.

    For example:

        fleettickets replay 2026-06-15T17-00-00 --apply
        fleettickets replay automations/inc/quarantine/2026-06-15T17-00-00.csv --apply
        fleettickets replay 2026-06-15T17-00-00 --csv /tmp/mended.csv --apply
    """
    log_to_standard_error(verbose=verbose)
    with _context(from_directory) as context:
        if csv is None:
            file, content = repair.find_file(context, key), None
        else:
            stands_for = change_key_of(context.prefix, key)
            content = LocalFiles({stands_for: csv})
            file = _pending(content, stands_for, context.prefix)
        run = repair.replay if apply else repair.plan_replay
        outcome = run(context, file, content)
    _show(outcome, title="replay", apply=apply, as_json=as_json)
    # A reason without a quarantine: the content is the bad one that the ledger knows already.
    raise typer.Exit(LEFT_ASIDE if outcome.reason else DONE)


def skip(
    key: Key,
    reason: Reason,
    from_directory: FromDirectory = None,
    *,
    apply: Apply = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Settle one change file as skipped, for good, without applying it.

    It moves to quarantine/ and stays skipped in a reseed. `replay` can still apply it later.

    For example:

        fleettickets skip 2062-01-01T00-00-00 --reason "mistyped year" --apply
    """
    log_to_standard_error(verbose=verbose)
    if not reason.strip():
        raise UsageError("--reason: say in a few words why this file is left out")
    with _context(from_directory) as context:
        file = repair.find_file(context, key)
        run = repair.skip if apply else repair.plan_skip
        outcome = run(context, file, reason.strip())
    _show(outcome, title="skip", apply=apply, as_json=as_json)


@contextmanager
def _context(directory: Path | None) -> Generator[IngestContext]:
    settings = read_settings()
    bucket = (
        open_s3_bucket(settings)
        if directory is None
        else open_directory_bucket(directory, settings)
    )
    with open_database(settings, "repair") as connection:
        yield IngestContext(
            connection=connection,
            bucket=bucket,
            prefix=prefix_of(settings),
            worker="command line",
            now=now,
            max_file_bytes=settings.max_file_bytes,
        )


def change_key_of(prefix: Prefix, key: str) -> str:
    """Return the key in changes/ of the stamp that `key`, a name or a stamp stands for.

    Raises:
        UsageError: it has no stamp.
    """
    stamp = prefix.stamp_of(key)
    if stamp is None:
        raise UsageError(f"{key}: give the change file's key or stamp, such as 2026-06-15T17-00-00")
    return prefix.change_key(stamp)


def _pending(content: LocalFiles, key: str, prefix: Prefix) -> PendingFile:
    parsed, found = prefix.parse(key), content.find_object(key)
    if parsed is None or found is None:
        raise UsageError(f"{key}: the file named with --csv is gone")
    return PendingFile(key, parsed.stamp, found.etag, found.size_bytes)


def _show(outcome: FileOutcome, *, title: str, apply: bool, as_json: bool) -> None:
    summary = IngestSummary((outcome,))
    if as_json:
        print_summary_document(summary, command=title, dry_run=not apply)
        return
    console = standard_output()
    console.print(Text(title if apply else f"{title} (dry run)", style="bold"))
    console.print(line_of(outcome), soft_wrap=True)
    print_attention(console, summary, apply=apply)
