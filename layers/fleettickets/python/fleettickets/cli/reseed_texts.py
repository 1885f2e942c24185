"""What a reseed's plan, its end and its progress look like to people."""

from collections.abc import Mapping
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from fleettickets.cli.consoles import facts, plural
from fleettickets.cli.progress import counts_text
from fleettickets.cli.status import age, when
from fleettickets.cli.summaries import keys_text, print_attention, print_summary
from fleettickets.jobs.reseed import AppliedReseed
from fleettickets.jobs.reseed_apply import ReseedSummary
from fleettickets.jobs.reseed_reports import PlanSummary
from fleettickets.store.reseed_counts import ReseedCounts
from fleettickets.store.reseed_status import ReseedFacts


def print_plan(console: Console, summary: PlanSummary) -> None:
    """Print what the plan has found, what speaks against it, and how to apply it."""
    rows: list[tuple[str, str | Text]] = [
        ("plan", summary.plan_sha256),
        ("source", summary.source),
        ("opens generation", str(summary.generation)),
        ("keys", f"{summary.first_key} to {summary.last_key}" if summary.last_key else "none"),
        *_count_rows(summary.counts),
        ("report", summary.report_key),
    ]
    console.print(Text("reseed (plan)", style="bold"))
    console.print(facts(rows))
    for advice in _plan_advice(summary):
        console.print(Text(advice, style="yellow"), soft_wrap=True)
    print_missing(console, summary)
    command = f"fleettickets reseed apply --plan {summary.plan_sha256} --apply"
    console.print(f"No ticket was changed. To apply this plan: {command}", soft_wrap=True)


def print_missing(console: Console, summary: PlanSummary) -> None:
    """Print, if there are any, which applied files are missing, and what that costs."""
    missing = summary.missing
    if not missing.files:
        return
    text = (
        f"{keys_text(summary.examples.missing, missing.files)}: applied before and not there any "
        "more, so that apply is refused; put them back, or `fleettickets reseed apply "
        f"--plan {summary.plan_sha256} --allow-missing`: "
        f"{plural(missing.tickets_falling_back, 'ticket')} would fall back to an older content, "
        f"{missing.tickets_unasserted:,} would keep one that no file asserts"
    )
    console.print(Text(text, style="yellow"), soft_wrap=True)


def _count_rows(counts: ReseedCounts) -> list[tuple[str, str | Text]]:
    tickets = counts.tickets
    return [
        ("files", f"{_named(asdict(counts.files)) or 'none'} ({counts.size_bytes:,} bytes)"),
        ("rows", counts_text(counts.rows)),
        (
            "tickets",
            f"{tickets.new:,} new, {tickets.changed:,} changed, {tickets.unchanged:,} unchanged",
        ),
        ("closures", f"{counts.closures_new:,} new to the history"),
    ]


def _named(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)


def _plan_advice(summary: PlanSummary) -> list[str]:
    """Say what is left aside."""
    told = summary.examples
    kinds = [
        (summary.counts.files.quarantined, told.quarantined, "would be quarantined"),
        (summary.held, told.held, "held: the stamp is no real time (EAT) or lies ahead of now"),
        (summary.foreign, told.foreign, "left alone: not named like a change file"),
    ]
    return [f"{keys_text(keys, count)}: {text}" for count, keys, text in kinds if count]


def print_applied(console: Console, applied: AppliedReseed, *, extra: Mapping[str, str]) -> None:
    """Print what the reseed came to, where that differs from the plan, and what needs attention."""
    summary = applied.summary
    if summary is None:
        print_summary(console, applied.files, apply=True, title="reseed", extra=extra)
        return
    rows: list[tuple[str, str | Text]] = [
        ("generation", f"{summary.generation}, from {summary.source}"),
        ("watermark", summary.watermark or "nothing applied"),
        *_count_rows(summary.counts),
        ("against its plan", _difference_text(summary)),
        *((name, text) for name, text in extra.items()),
    ]
    later = len(applied.files.outcomes) - sum(asdict(summary.counts.files).values())
    if later > 0:
        rows.append(("arrived meanwhile", f"{plural(later, 'file')}, applied after it"))
    console.print(Text("reseed", style="bold"))
    console.print(facts(rows))
    print_attention(console, applied.files, apply=True)


def _difference_text(summary: ReseedSummary) -> Text:
    if summary.planned is None:
        return Text("not known: its report is gone", style="yellow")
    added = f"{plural(summary.added, 'file')} later than the plan; " if summary.added else ""
    if not summary.difference:
        return Text(f"{added}the same")
    told = (
        f"{name} {before:,} planned, {after:,} applied"
        for name, (before, after) in summary.difference.items()
    )
    return Text(added + "; ".join(told), style="yellow")


def print_progress(console: Console, found: ReseedFacts) -> None:
    """Print how far the present generation's reseed is, or what it came to."""
    rows: list[tuple[str, str | Text]] = [
        ("generation", str(found.generation)),
        ("mode", found.mode),
        ("source", found.source or "not set"),
        ("plan", found.plan_sha256 or "no reseed opened this generation"),
    ]
    if found.plan_sha256 is not None:
        rows.append(("opened", when(found.opened_at)))
        rows.append(("files", f"{found.settled:,} of {found.files:,} done{_pace_text(found)}"))
        rows.append(("finished", when(found.closed_at) if found.closed_at else _holder_text(found)))
    console.print(facts(rows))


def _pace_text(found: ReseedFacts) -> str:
    if found.mode == "live" or not found.files_per_second or found.seconds_left is None:
        return ""
    left = age(found.seconds_left / 60)
    return f", {found.files_per_second:,.1f} a second, {left} left at that pace"


def _holder_text(found: ReseedFacts) -> Text:
    if found.lease_owner is None:
        return Text("not yet; nobody holds it, so the next doorbell or sweep goes on", "yellow")
    return Text(f"not yet; {found.lease_owner}, lease until {when(found.lease_expires_at)}")
