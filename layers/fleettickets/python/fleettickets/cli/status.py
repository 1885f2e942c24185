"""`fleettickets status`: how far the stream is, what went wrong, and how the tickets are."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fleettickets.cli.consoles import facts, number, plural, print_json, standard_output
from fleettickets.cli.exits import FAILED, redact
from fleettickets.cli.options import AsJson
from fleettickets.cli.sessions import open_database, read_settings
from fleettickets.core.keys import EAT
from fleettickets.errors import UsageError
from fleettickets.jobs.status import Status, read_status
from fleettickets.store.status import SettledFile

Files = Annotated[
    int, typer.Option("--files", min=0, max=1000, help="How many of the last files to list.")
]
Check = Annotated[
    bool,
    typer.Option(
        "--check", help="Show the checks only; exit status 1 if one fails, as its alarm would."
    ),
]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="CHECK=NUMBER",
        help="Another limit for a check, or from_hour, to_hour of the day (EAT). May be repeated.",
    ),
]
WIDE = 96
"""The width from which on the table of files has room for all columns."""

_ROW_COLUMNS = ("read", "inserted", "updated", "unchanged", "stale", "rejected")


def status(
    files: Files = 10,
    limits: Limits = None,
    *,
    check: Check = False,
    as_json: AsJson = False,
) -> None:
    """Show how far the stream is, what waits or went wrong, and how the open tickets are.

    Reads the database only. `pending` and `held` are as of the last listing of the bucket; the
    watermark is the newest change file applied, by its stamp, and content trails it by two days.
    The checks are named as the alarms and the sections of docs/runbook.md are.

    For example:

        fleettickets status
        fleettickets status --files 0 --json
        fleettickets status --check || mail -s "fleettickets" ops@example.com
    """
    chosen = _limits(limits or [])
    with open_database(read_settings(), "status") as connection:
        found = read_status(connection, last_files=files, limits=chosen)
    console = standard_output()
    if as_json:
        print_json(found.pipeline if check else status_document(found))
    elif check:
        print_checks(console, found.pipeline)
    else:
        print_status(console, found)
    if check and not found.pipeline["ok"]:
        raise typer.Exit(FAILED)


def _limits(texts: Sequence[str]) -> dict[str, float]:
    try:
        pairs = [text.split("=", 1) for text in texts]
        return {name: float(value) for name, value in pairs}
    except ValueError:
        raise UsageError(f"--limit takes CHECK=NUMBER, not {', '.join(texts)}") from None


def status_document(found: Status) -> dict[str, Any]:
    """Return the status for machines: `freshness` as every payload has it, then our own facts."""
    return {
        "stream": {
            name: value for name, value in asdict(found.stream).items() if name != "freshness"
        },
        "freshness": found.stream.freshness,
        "checks": found.pipeline["checks"],
        "files": asdict(found.files),
        "tickets": asdict(found.tickets),
        "geocoding": {
            "open_by_tier": dict(found.tiers),
            "gaps": [asdict(gap) for gap in found.gaps],
        },
        "quarantined": [asdict(file) for file in found.quarantined],
        "last_files": [asdict(file) for file in found.last_files],
    }


def print_status(console: Console, found: Status) -> None:
    """Print the groups of facts, then the last files with their row counts."""
    console.print(Text("stream", style="bold underline"))
    console.print(facts(_stream_facts(found)))
    console.print(Text("\nfiles of this generation", style="bold underline"))
    console.print(facts(_file_facts(found)))
    console.print(Text("\ntickets", style="bold underline"))
    console.print(facts(_ticket_facts(found)))
    console.print(Text("\ngeocoding", style="bold underline"))
    console.print(facts(_geocoding_facts(found)))
    console.print(Text("\nchecks", style="bold underline"))
    print_checks(console, found.pipeline)
    if found.quarantined:
        console.print(Text("\nquarantined: mend and replay, or skip", style="bold underline"))
    for file in found.quarantined:
        reason = f"{_stamp(file)}: {redact(file.reason or 'no reason kept')}"
        console.print(Text(reason, style="yellow"), soft_wrap=True)
    if found.last_files:
        console.print(Text("\nlast files", style="bold underline"))
        console.print(files_table(found.last_files, wide=console.width >= WIDE))


def print_checks(console: Console, pipeline: Mapping[str, Any]) -> None:
    """Print a line for each check that fails, with the section to read; or that none does."""
    failed = [check for check in pipeline["checks"] if not check["ok"]]
    for check in failed:
        console.print(Text(_failed_text(check), style="bold red"), soft_wrap=True)
    passed = len(pipeline["checks"]) - len(failed)
    console.print(f"{plural(passed, 'check')} passed")


def _failed_text(check: Mapping[str, Any]) -> str:
    where = f"docs/runbook.md#{check['name']}"
    if check["value"] is None:
        return f"{check['name']} is not known, nothing has looked yet ({where})"
    value, limit = float(check["value"]), float(check["limit"])
    return f"{check['name']} is {value:,.6g}, its limit {limit:,.6g}: {check['says']} ({where})"


def _stream_facts(found: Status) -> list[tuple[str, str | Text]]:
    stream, freshness = found.stream, found.stream.freshness
    rows: list[tuple[str, str | Text]] = [
        ("watermark", freshness["watermark"] or "nothing applied yet"),
        ("watermark age", _watermark_age(freshness)),
        ("mode", _mode(found)),
        ("source", stream.source or "not set: the first ingest from a bucket sets it"),
        ("generation", str(stream.generation)),
        ("pending", _as_of(freshness)),
        ("held", _warned(freshness["held"])),
        ("content as of", f"{when(freshness['content_as_of'])} (trails file time by two days)"),
        ("history captured", when(freshness["last_capture_at"])),
    ]
    if stream.foreign_keys:
        rows.insert(7, ("not ours", f"{plural(stream.foreign_keys, 'key')} left alone"))
    return rows


def _watermark_age(freshness: Mapping[str, Any]) -> str:
    minutes = freshness["watermark_age_minutes"]
    return "-" if minutes is None else age(minutes)


def _mode(found: Status) -> Text:
    mode, stream = str(found.stream.freshness["mode"]), found.stream
    if stream.refused_source is not None:
        refused = f"{mode}: the setting names {stream.refused_source}, which is another source"
        return Text(refused, style="bold red")
    if stream.lease_owner is not None:
        text = f"{mode} by {stream.lease_owner}, lease until {when(stream.lease_expires_at)}"
        return Text(text, style="yellow")
    return Text(mode)


def _as_of(freshness: Mapping[str, Any]) -> str:
    if freshness["pending_as_of"] is None:
        return "not listed yet"
    return f"{number(freshness['pending'])} as of {when(freshness['pending_as_of'])}"


def _warned(count: int | None, text: str | None = None) -> Text:
    return Text(text or number(count), style="yellow" if count else "")


def _file_facts(found: Status) -> list[tuple[str, str | Text]]:
    files, freshness = found.files, found.stream.freshness
    quarantined = f"{files.quarantined:,} ({freshness['quarantined_24h']:,} in 24 hours)"
    rejected = f"{files.rows_rejected:,} ({freshness['rejected_24h']:,} in 24 hours)"
    return [
        ("applied", f"{files.applied:,}, {files.late:,} of them late"),
        ("quarantined", _warned(files.quarantined, quarantined)),
        ("skipped", number(files.skipped)),
        ("rows rejected", _warned(files.rows_rejected, rejected)),
    ]


def _ticket_facts(found: Status) -> list[tuple[str, str | Text]]:
    tickets, coverage = found.tickets, found.stream.freshness["geocode_coverage"]
    return [
        ("open", f"{tickets.open:,} of {tickets.total:,}"),
        ("breached", f"{tickets.breached:,} open for 48 hours or more"),
        ("at risk", f"{tickets.at_risk:,} open for 36 hours or more"),
        ("without a clock", number(tickets.without_clock)),
        ("not on the map", f"{tickets.without_coordinate:,} open without a coordinate"),
        ("precisely placed", "-" if coverage is None else f"{coverage:.1%} of the open ones"),
    ]


def _geocoding_facts(found: Status) -> list[tuple[str, str | Text]]:
    """Return how many open tickets each tier places, and why the others are not."""
    placed = ", ".join(f"{tier} {count:,}" for tier, count in found.tiers.items())
    gaps = [
        (
            f"{gap.tier} gap",
            f"{plural(gap.tickets, 'ticket')} of {plural(gap.names, 'name')}: {gap.why}",
        )
        for gap in found.gaps
    ]
    return [("open tickets by", placed), *gaps]


def files_table(files: Sequence[SettledFile], *, wide: bool) -> Table:
    """Return the ledger's rows as a table; the time of settling is only in a `wide` one."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("stamp", no_wrap=True)
    table.add_column("settled as", no_wrap=True)
    if wide:
        table.add_column("settled at", no_wrap=True)
    for column in _ROW_COLUMNS:
        table.add_column(column, justify="right")
    for file in files:
        counts = [number(getattr(file, f"rows_{column}")) for column in _ROW_COLUMNS]
        settled_at = [when(file.applied_at)] if wide else []
        table.add_row(_stamp(file), _settled_as(file), *settled_at, *counts)
    return table


def _stamp(file: SettledFile) -> str:
    return file.stamp if file.revision == 1 else f"{file.stamp} r{file.revision}"


def _settled_as(file: SettledFile) -> Text:
    text = f"{file.status}, late" if file.late else file.status
    return Text(text, style="yellow" if file.late or file.status != "applied" else "")


def when(instant: datetime | str | None) -> str:
    """Write an instant in EAT to the minute; "never" for none."""
    if instant is None:
        return "never"
    parsed = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return f"{parsed.astimezone(EAT):%Y-%m-%d %H:%M}"


def age(minutes: float) -> str:
    """Write a duration by its two largest units: "3 d 4 h", "4 h 5 min", "5 min"."""
    hours, rest = divmod(int(minutes), 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"
