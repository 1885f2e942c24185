"""Dry runs: what an ingest or a reseed would do, file by file, without touching a product table."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from fleettickets.clients.buckets import OpenObject
from fleettickets.core.pending import PendingFile
from fleettickets.errors import ObjectChangedError, ObjectGoneError
from fleettickets.jobs.claims import is_still_bad
from fleettickets.jobs.contents import Processed, process_content, reasons_of
from fleettickets.jobs.context import FileOutcome, IngestContext, IngestSummary
from fleettickets.jobs.listings import Listing, take_listing
from fleettickets.jobs.settling import GONE_REASON, locate
from fleettickets.store import ledger, plans, staging
from fleettickets.store.connections import Connection, translated_errors
from fleettickets.store.ledger import LedgerEntry, Status
from fleettickets.store.staging import Written


class JudgeRows(Protocol):
    """Judges the staged rows as those of a version, like `plans.plan_rows`."""

    def __call__(
        self, connection: Connection, *, generation: int, stamp: str, revision: int
    ) -> Written:
        """Return what would become of them."""
        ...


@dataclass(slots=True)
class Plan:
    """A dry run in progress: the ledger and the watermark as they would be by now.

    `watermark` is the current generation and its stamp; `generation` is where the files would be
    settled. `skipped` has, by stamp and etag, what a person gave up for good. A replay repeats what
    is settled as quarantined or skipped. `open_file` and `judge_rows` are how a file is opened and
    its staged rows are judged.
    """

    context: IngestContext
    generation: int
    watermark: tuple[int, str]
    settled: dict[str, LedgerEntry]
    skipped: dict[tuple[str, str], LedgerEntry] = field(
        default_factory=dict[tuple[str, str], LedgerEntry]
    )
    is_replay: bool = False
    open_file: Callable[[IngestContext, PendingFile], OpenObject] = locate
    judge_rows: JudgeRows = plans.plan_rows
    outcomes: list[FileOutcome] = field(default_factory=list[FileOutcome])

    def settled_revision(self, file: PendingFile) -> LedgerEntry | None:
        """Return the revision that the listed content would be known as by now."""
        latest = self.settled.get(file.stamp)
        if self.is_replay:
            return None
        if latest is not None and latest.etag == file.etag:
            return latest
        return self.skipped.get((file.stamp, file.etag))

    def add(self, outcome: FileOutcome) -> None:
        """Count and report what would become of a file."""
        self.outcomes.append(outcome)
        self.context.on_outcome(outcome)


def plan_ingest(context: IngestContext) -> IngestSummary:
    """Judge every pending file in order, as `ingest_pending` would; nothing is changed.

    Reads each file whole. Exact as long as nobody else changes the bucket or the tables meanwhile:
    the same outcomes as the run after it, durations aside.
    """
    listing = take_listing(context, None, record=False)
    if listing is None:
        return IngestSummary(waiting=True)
    stamps = [file.stamp for file in listing.sorting.pending]
    with translated_errors():
        settled = ledger.latest_revisions(context.connection, listing.state.generation, stamps)
        skipped = ledger.skipped_contents(context.connection, listing.state.generation, stamps)
    plan = Plan(
        context,
        listing.state.generation,
        (listing.state.generation, listing.state.watermark),
        settled,
        skipped,
    )
    plan_files(plan, listing.sorting.pending)
    return _summary(plan, listing)


def plan_files(plan: Plan, files: tuple[PendingFile, ...]) -> None:
    """Judge `files` in order, within one transaction that is rolled back."""
    connection = plan.context.connection
    with translated_errors():
        staging.create_stage(connection)
        plans.create_plan(connection)
        with connection.transaction(force_rollback=True):
            plans.freeze(connection)
            for file in files:
                plan_file(plan, file)


def plan_file(plan: Plan, file: PendingFile) -> None:
    """Judge one file against what the files before it would have left."""
    latest, known = plan.settled.get(file.stamp), plan.settled_revision(file)
    if known is not None:
        plan.add(_already_settled(file, known))
        return
    try:
        opened = plan.open_file(plan.context, file)
    except (ObjectGoneError, ObjectChangedError):
        _plan_gone(plan, file, latest)
        return
    with opened:
        _plan_content(plan, file, latest, opened)


def _plan_gone(plan: Plan, file: PendingFile, latest: LedgerEntry | None) -> None:
    if file.position is None:
        plan.add(FileOutcome(file.key, file.stamp, "gone", plan.generation, None))
        return
    gone = Processed(sha256=None, size_bytes=file.size_bytes, reason=GONE_REASON)
    _note(plan, file, latest, gone, "skipped", file.key)


def _plan_content(
    plan: Plan, file: PendingFile, latest: LedgerEntry | None, opened: OpenObject
) -> None:
    connection = plan.context.connection
    revision = 1 if latest is None else latest.revision + 1
    is_repeated = plan.is_replay and latest is not None and latest.status != "applied"
    processed = process_content(
        connection,
        opened,
        max_file_bytes=plan.context.max_file_bytes,
        settled_sha256=None if latest is None or is_repeated else latest.sha256,
        write=lambda: plan.judge_rows(
            connection, generation=plan.generation, stamp=file.stamp, revision=revision
        ),
    )
    plans.empty_stage(connection)
    if latest is not None and (processed.known or is_still_bad(processed, latest)):
        plan.add(_already_settled(file, latest))
        return
    status: Status = "quarantined" if processed.counts is None else "applied"
    _note(plan, file, latest, processed, status, opened.key)


def _note(
    plan: Plan,
    file: PendingFile,
    latest: LedgerEntry | None,
    processed: Processed,
    status: Status,
    found_key: str,
) -> None:
    applied = status == "applied"
    revision = 1 if latest is None else latest.revision + 1
    plan.settled[file.stamp] = LedgerEntry(
        generation=plan.generation,
        stamp=file.stamp,
        revision=revision,
        object_key=found_key,
        etag="" if status == "skipped" else file.etag,  # a plan skips only what is gone
        sha256=processed.sha256,
        status=status,
        reason=processed.reason,
        archived_at=None,
    )
    plan.add(
        FileOutcome(
            key=file.key,
            stamp=file.stamp,
            outcome=status,
            generation=plan.generation,
            revision=revision,
            late=applied and (plan.generation, file.stamp) < plan.watermark,
            reason=processed.reason,
            counts=processed.counts,
            reject_reasons=reasons_of(processed.rejects),
        )
    )
    if applied:
        plan.watermark = max(plan.watermark, (plan.generation, file.stamp))


def _already_settled(file: PendingFile, latest: LedgerEntry) -> FileOutcome:
    return FileOutcome(
        key=file.key,
        stamp=file.stamp,
        outcome="already settled",
        generation=latest.generation,
        revision=latest.revision,
        reason=latest.reason,
    )


def _summary(plan: Plan, listing: Listing) -> IngestSummary:
    gone = tuple(
        file.key
        for file in plan.outcomes
        if file.outcome == "gone" and file.stamp not in plan.settled
    )
    return IngestSummary(
        outcomes=tuple(plan.outcomes),
        held=listing.sorting.held,
        foreign=listing.sorting.foreign,
        gone=gone,
    )
