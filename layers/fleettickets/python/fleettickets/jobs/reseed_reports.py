"""Reports of a reseed: the summary of a plan, its whole report as an object, and the difference."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fleettickets.core.keys import Prefix
from fleettickets.errors import ObjectGoneError
from fleettickets.jobs.context import IngestContext
from fleettickets.store import reseed_plan_reports
from fleettickets.store.ledger import AppliedContent, RowCounts
from fleettickets.store.manifests import ManifestFile
from fleettickets.store.reseed_counts import FileCounts, ReseedCounts, TicketChanges
from fleettickets.store.reseed_plans import PlanRow

EXAMPLES = 20
PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Missing:
    """What was applied in the present generation, and is not in the listing: its cost.

    `tickets_falling_back` would be overwritten with an older content than they have;
    `tickets_unasserted` keep theirs, although no file of the new generation asserts them.
    """

    files: int
    tickets_falling_back: int
    tickets_unasserted: int


@dataclass(frozen=True, slots=True)
class Examples:
    """The first few keys of each kind that somebody should look at."""

    quarantined: Sequence[str]
    held: Sequence[str]
    foreign: Sequence[str]
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What a plan has found; the whole of it is the object `report_key`.

    `first_key` and `last_key` are None if there is no file at all.
    """

    plan_sha256: str
    generation: int
    source: str
    cleaning_version: int
    report_key: str
    first_key: str | None
    last_key: str | None
    counts: ReseedCounts
    held: int
    foreign: int
    missing: Missing
    examples: Examples


def read_summary(document: Mapping[str, Any]) -> PlanSummary:
    """Return the summary that was written as this JSON object."""
    parts: dict[str, Any] = {
        "counts": read_counts(document["counts"]),
        "missing": Missing(**document["missing"]),
        "examples": Examples(**document["examples"]),
    }
    return PlanSummary(**{**document, **parts})


def read_counts(document: Mapping[str, Any]) -> ReseedCounts:
    """Return the counts that were written as this JSON object."""
    return ReseedCounts(
        files=FileCounts(**document["files"]),
        size_bytes=document["size_bytes"],
        rows=RowCounts(**document["rows"]),
        tickets=TicketChanges(**document["tickets"]),
        closures_new=document["closures_new"],
    )


def report_key(prefix: Prefix, plan_sha256: str) -> str:
    """Return the key of a plan's report."""
    return f"{prefix.reports}reseed-{plan_sha256}.json"


def write_report(
    context: IngestContext, plan: PlanRow, summary: PlanSummary, missing: Sequence[AppliedContent]
) -> None:
    """Write the whole report as one object: the summary first, a line for each file last."""
    head = {
        "schema": 1,
        "planned_at": plan.opened_at.isoformat(),
        "summary": asdict(summary),
        "held": list(plan.held),
        "foreign": list(plan.foreign_keys),
        "missing": [asdict(content) for content in missing],
    }
    context.bucket.put_object(summary.report_key, _pieces(context, plan.run, head))


def _pieces(context: IngestContext, run: int, head: Mapping[str, Any]) -> Iterator[bytes]:
    yield json.dumps(head)[:-1].encode() + b', "files": ['
    separator, after = b"\n", 0
    while page := reseed_plan_reports.page_of_files(context.connection, run, after, PAGE):
        yield separator + b",\n".join(json.dumps(file).encode() for file in page)
        separator, after = b",\n", page[-1]["position"]
    yield b"\n]}\n"


@dataclass(frozen=True, slots=True)
class PlanReport:
    """A plan's report as it was read back."""

    summary: PlanSummary
    files: tuple[ManifestFile, ...]


def find_report(context: IngestContext, plan_sha256: str) -> PlanReport | None:
    """Read the report of a plan; None if there is none in this bucket."""
    try:
        opened = context.bucket.open_object(report_key(context.prefix, plan_sha256))
    except ObjectGoneError:
        return None
    with opened:
        document = json.loads(b"".join(opened.chunks()))
    files = (
        ManifestFile(file["position"], file["stamp"], file["key"], file["etag"], file["size_bytes"])
        for file in document["files"]
    )
    return PlanReport(read_summary(document["summary"]), tuple(files))


def difference(planned: ReseedCounts, applied: ReseedCounts) -> dict[str, tuple[int, int]]:
    """Name each count that differs, such as `rows.updated`, with what was planned and applied."""
    before, after = _flat(planned), _flat(applied)
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def _flat(counts: ReseedCounts) -> dict[str, int]:
    document = asdict(counts)
    parts = {
        f"{part}.{name}": number
        for part in ("files", "rows", "tickets")
        for name, number in document[part].items()
    }
    return parts | {"size_bytes": counts.size_bytes, "closures_new": counts.closures_new}
