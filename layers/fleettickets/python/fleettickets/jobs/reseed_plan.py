"""A reseed's plan, in short runs: open it, judge its files chunk by chunk, report what it found.

Nothing is changed but tables of schema scratch and the one report object. Each call goes on from
what the calls before it have committed, so a call that was killed can be repeated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby

from fleettickets.core.feed import CLEANING_VERSION
from fleettickets.core.manifests import plan_digest
from fleettickets.core.pending import PendingFile
from fleettickets.errors import OutOfTimeError, PlanChangedError, PlanLostError, UsageError
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.listings import pending_file
from fleettickets.jobs.planning import Plan, plan_file
from fleettickets.jobs.prefetching import Prefetch, prefetching
from fleettickets.jobs.reseed_listings import (
    carried_skips,
    full_listing,
    missing_contents,
    next_identity,
    refuse_unfinished,
)
from fleettickets.jobs.reseed_reports import (
    EXAMPLES,
    Examples,
    Missing,
    PlanSummary,
    read_summary,
    report_key,
    write_report,
)
from fleettickets.store import plans, reseed_plan_reports, reseed_plans, staging, streams
from fleettickets.store.connections import translated_errors
from fleettickets.store.ledger import AppliedContent, LedgerEntry
from fleettickets.store.reseed_counts import count_plan
from fleettickets.store.reseed_plans import JudgedFile, PlanRow
from fleettickets.store.streams import StreamState

BATCH = 32  # files that are judged in one transaction, while the next ones are read
BATCH_BYTES = 64 * 1024 * 1024  # a batch ends with the file that reaches this
RESERVE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class PlanRun:
    """An opened plan: its number, its hash, the generation it would open, and its files."""

    run: int
    plan_sha256: str
    generation: int
    source: str
    files: int
    size_bytes: int
    done: bool


@dataclass(frozen=True, slots=True)
class PlanProgress:
    """How many of a plan's files are judged by now."""

    run: int
    files: int
    judged: int
    done: bool


def open_plan(context: IngestContext) -> PlanRun:
    """List all files that a reseed would apply, and begin a plan of them.

    Raises:
        ReseedRefusedError: a reseed is unfinished, so that a plan would soon be wrong.
    """
    with translated_errors():
        state = streams.read_state(context.connection)
    refuse_unfinished(state)
    identity, listing = next_identity(context, state), full_listing(context)
    digest = plan_digest(identity, listing.files)
    with translated_errors(), reseed_plans.plan_rights(context.connection):
        reseed_plans.forget_plan(context.connection)
        with context.connection.transaction():
            run = reseed_plans.open_plan(
                context.connection,
                identity,
                digest,
                listing.files,
                held=listing.held,
                foreign=listing.foreign,
            )
    return PlanRun(
        run=run,
        plan_sha256=digest,
        generation=identity.generation,
        source=identity.source,
        files=len(listing.files),
        size_bytes=sum(file.size_bytes for file in listing.files),
        done=not listing.files,
    )


def plan_chunk(context: IngestContext, run: int, max_files: int | None = None) -> PlanProgress:
    """Judge the next files of the plan, in order, until the time or `max_files` are used up.

    The files of a batch are judged whole, so a few more than `max_files` may be.

    Raises:
        PlanLostError: there is no such plan any more.
        PlanChangedError: a reseed was opened meanwhile, or the rules for rows are others.
        OutOfTimeError: there was no time for a single batch.
    """
    with translated_errors(), reseed_plans.plan_rights(context.connection):
        plan, state = _read_plan(context, run)
        staging.create_stage(context.connection)
        plans.create_plan(context.connection)
        judged = _judge(context, plan, state, max_files)
        counts = reseed_plans.count_files(context.connection, run)
    done = counts.judged == counts.files
    if judged == 0 and not done:
        raise OutOfTimeError(f"no file of plan {run} was judged in the time of one run")
    return PlanProgress(run, counts.files, counts.judged, done)


def _read_plan(context: IngestContext, run: int) -> tuple[PlanRow, StreamState]:
    plan = reseed_plans.read_plan(context.connection, run)
    if plan is None:
        raise PlanLostError(
            f"there is no plan {run}: it was made more than a day ago, or a crash of the database "
            "took it away; make a new one"
        )
    state = streams.read_state(context.connection)
    if plan.generation != state.generation + 1:
        raise PlanChangedError(
            f"plan {run} is for generation {plan.generation}, but the present one is "
            f"{state.generation}: a reseed was opened meanwhile; make a new plan"
        )
    if plan.cleaning_version != CLEANING_VERSION:
        raise PlanChangedError(
            f"plan {run} was begun with version {plan.cleaning_version} of the rules for rows, and "
            f"this is version {CLEANING_VERSION}; make a new plan"
        )
    return plan, state


def _judge(context: IngestContext, plan: PlanRow, state: StreamState, max_files: int | None) -> int:
    """Judge batch after batch, each while the one after it is read; return the number of files."""
    judged, longest_seconds = 0, 0.0
    with prefetching(context) as prefetch:
        batches = _batches(context, plan, max_files)
        batch, following = _begin(prefetch, batches), _begin(prefetch, batches)
        while batch and context.time_left() > max(RESERVE_SECONDS, 1.5 * longest_seconds):
            started = context.now()
            _judge_batch(context, plan, state, prefetch, batch)
            longest_seconds = max(longest_seconds, context.milliseconds_since(started) / 1000)
            judged += len(batch)
            prefetch.forget(batch)
            batch, following = following, _begin(prefetch, batches)
    return judged


def _batches(
    context: IngestContext, plan: PlanRow, max_files: int | None
) -> Iterator[list[PendingFile]]:
    """Yield what is still to be judged, or `max_files` of it, as batches of whole stamps.

    A batch ends with so many files or bytes, so that one of large files fits into a run too.
    """
    batch = list[PendingFile]()
    files = reseed_plans.next_files(context.connection, plan.run, max_files)
    for _, contents in groupby(files, lambda file: file.stamp):
        batch += [pending_file(file) for file in contents]
        if len(batch) >= BATCH or sum(file.size_bytes for file in batch) >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _begin(prefetch: Prefetch, batches: Iterator[list[PendingFile]]) -> list[PendingFile]:
    """Let the next batch be read; return it, empty if there is none."""
    batch = next(batches, list[PendingFile]())
    prefetch.begin(batch)
    return batch


def _judge_batch(
    context: IngestContext,
    row: PlanRow,
    state: StreamState,
    prefetch: Prefetch,
    batch: Sequence[PendingFile],
) -> None:
    """Judge whole stamps after all that were judged before them, and keep that."""
    connection = context.connection
    with connection.transaction():
        plans.freeze(connection)
        carried = carried_skips(context, state, [file.stamp for file in batch])
        plan = Plan(
            context,
            row.generation,
            (row.generation, ""),
            dict(carried),
            {(stamp, entry.etag): entry for stamp, entry in carried.items()},
            open_file=prefetch.open,
            judge_rows=partial(reseed_plans.plan_rows, run=row.run),
        )
        judged = [_judge_file(plan, carried, file) for file in batch]
        reseed_plans.keep_judged(connection, row.run, row.generation, judged)


def _judge_file(plan: Plan, carried: Mapping[str, LedgerEntry], file: PendingFile) -> JudgedFile:
    plan_file(plan, file)
    outcome = plan.outcomes[-1]
    known = carried.get(file.stamp)
    if known is None or known.revision != outcome.revision:
        known = plan.settled[file.stamp]
    return JudgedFile(
        position=file.position or 0,
        outcome=outcome.outcome,
        status=known.status,
        revision=known.revision,
        reason=outcome.reason,
        counts=outcome.counts,
    )


def finish_plan(context: IngestContext, run: int) -> PlanSummary:
    """Report what the judged files come to, as an object beside the stream too; forget the rest.

    To be repeated at will: within a day the answer is the same.

    Raises:
        PlanLostError: there is no such plan any more.
        PlanChangedError: a reseed was opened meanwhile.
        UsageError: files are left to judge.
    """
    with translated_errors(), reseed_plans.plan_rights(context.connection):
        kept = reseed_plans.read_plan(context.connection, run)
        if kept is not None and kept.summary is not None:
            return read_summary(kept.summary)
        plan, state = _read_plan(context, run)
        counts = reseed_plans.count_files(context.connection, run)
        if counts.judged < counts.files:
            left = counts.files - counts.judged
            raise UsageError(f"{left} files of plan {run} are not judged yet; judge them first")
        with context.connection.transaction():
            plans.freeze(context.connection)
            summary, missing = _summarize(context, plan, state)
        write_report(context, plan, summary, missing)
        reseed_plans.finish_plan(context.connection, run, asdict(summary))
    return summary


def _summarize(
    context: IngestContext, plan: PlanRow, state: StreamState
) -> tuple[PlanSummary, list[AppliedContent]]:
    """Count the plan against this moment's tickets; return what is missing too."""
    connection = context.connection
    files = reseed_plans.all_files(connection, plan.run)
    missing = missing_contents(context, state, files)
    versions = [(content.stamp, content.revision) for content in missing]
    cost = reseed_plan_reports.count_missing(connection, plan.run, state.generation, versions)
    quarantined = reseed_plan_reports.keys_by_outcome(connection, plan.run, "quarantined", EXAMPLES)
    summary = PlanSummary(
        plan_sha256=plan.plan_sha256,
        **asdict(plan.identity),
        report_key=report_key(context.prefix, plan.plan_sha256),
        first_key=files[0].object_key if files else None,
        last_key=files[-1].object_key if files else None,
        counts=count_plan(connection, plan.run),
        held=len(plan.held),
        foreign=len(plan.foreign_keys),
        missing=Missing(len(missing), **asdict(cost)),
        examples=Examples(
            quarantined=quarantined,
            held=plan.held[:EXAMPLES],
            foreign=plan.foreign_keys[:EXAMPLES],
            missing=[content.archive_key or content.object_key for content in missing[:EXAMPLES]],
        ),
    )
    return summary, missing
