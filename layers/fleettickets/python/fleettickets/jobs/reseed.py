"""Reseed in one process: the jobs of the state machine, one after the other, without AWS."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from fleettickets.errors import ReseedRefusedError
from fleettickets.jobs.context import FileOutcome, IngestContext, IngestSummary
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.planning import plan_ingest
from fleettickets.jobs.reseed_apply import (
    ReseedSummary,
    apply_manifest,
    finish_reseed,
    open_reseed,
)
from fleettickets.jobs.reseed_listings import refuse_unfinished
from fleettickets.jobs.reseed_plan import finish_plan, open_plan, plan_chunk
from fleettickets.jobs.reseed_reports import PlanSummary
from fleettickets.store import reseed_plans, reseeds, streams
from fleettickets.store.connections import translated_errors
from fleettickets.store.streams import StreamState

type OnStart = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class PlannedReseed:
    """The plan, and what would become of each file."""

    summary: PlanSummary
    files: IngestSummary


@dataclass(frozen=True, slots=True)
class AppliedReseed:
    """What became of each file, those that arrived meanwhile included.

    `summary` is of the manifest alone; None if the time was over before its end.
    """

    summary: ReseedSummary | None
    files: IngestSummary


def _ignore(files: int) -> None:
    """Take no notice of how many files there are."""


def _ignore_file(outcome: FileOutcome) -> None:
    """Take no notice of a file that is only planned."""


def plan_reseed(context: IngestContext, on_start: OnStart = _ignore) -> PlannedReseed:
    """Plan a reseed; nothing is changed but the report object that is left.

    `on_start` is told how many files there are.

    Raises:
        ReseedRefusedError: a reseed is unfinished.
    """
    outcomes = list[FileOutcome]()
    followed = replace(context, on_outcome=_also(context.on_outcome, outcomes.append))
    run = open_plan(context)
    on_start(run.files)
    try:
        if not run.done:
            plan_chunk(followed, run.run)
        summary = finish_plan(context, run.run)
        held, foreign = _left_alone(context, run.run)
    finally:
        _forget(context, run.run)
    return PlannedReseed(summary, IngestSummary(tuple(outcomes), held=held, foreign=foreign))


def _left_alone(context: IngestContext, run: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the held and the foreign keys of a plan."""
    with translated_errors():
        row = reseed_plans.read_plan(context.connection, run)
    return ((), ()) if row is None else (tuple(row.held), tuple(row.foreign_keys))


def _forget(context: IngestContext, run: int) -> None:
    if not context.connection.closed:
        with translated_errors():
            reseed_plans.forget_plan(context.connection, run)


def _also(
    first: Callable[[FileOutcome], None], second: Callable[[FileOutcome], object]
) -> Callable[[FileOutcome], None]:
    def both(outcome: FileOutcome) -> None:
        first(outcome)
        second(outcome)

    return both


def apply_reseed(
    context: IngestContext,
    plan_sha256: str,
    *,
    owner: str,
    allow_missing: bool = False,
    on_start: OnStart = _ignore,
) -> AppliedReseed:
    """Apply a plan to its end, or go on with it, and then what arrived meanwhile, in order.

    `owner` names the worker in messages of others. The live path waits for the manifest.
    Interrupted at any point, calling again goes on from the ledger.

    Raises:
        ReseedRefusedError: another reseed is unfinished, or another worker is at this one; a
            stopped execution counts as one until its lease ends, after 15 minutes at most.
        PlanChangedError, MissingFilesError: the plan must not be applied; the text says why.
        LeaseLostError: another worker resumed it; nothing was written after that.
    """
    with _at_work(context):
        lease = open_reseed(
            context,
            plan_sha256,
            owner=owner,
            allow_missing=allow_missing,
            is_running=partial(_may_run, context),
        )
        on_start(lease.left)
        applied = apply_manifest(context, generation=lease.generation, token=lease.token)
        if applied.out_of_time:
            return AppliedReseed(None, applied)
        summary = finish_reseed(context, generation=lease.generation)
    arrived = ingest_pending(context)
    return AppliedReseed(summary, replace(arrived, outcomes=(*applied.outcomes, *arrived.outcomes)))


def _may_run(context: IngestContext, owner: str) -> bool:
    """Whether the owner of a lease may be at work: an execution may, as long as its lease lasts.

    AWS alone knows whether it runs; a command line would show by its session.
    """
    return owner.startswith("arn:") and streams.read_state(context.connection).leased


@contextmanager
def _at_work(context: IngestContext) -> Generator[None]:
    """Show to other sessions that this one works on a reseed, until the block or the session ends.

    Raises:
        ReseedRefusedError: another session shows that already.
    """
    with translated_errors():
        if not reseeds.hold_reseed(context.connection):
            state = streams.read_state(context.connection)
            raise ReseedRefusedError(
                f"another process works on a reseed (generation {state.generation}, by "
                f"{state.holder}); wait for it, or stop it and start again"
            )
    try:
        yield
    finally:
        if not context.connection.closed:
            reseeds.release_reseed(context.connection)


def preview_reseed(
    context: IngestContext, on_start: OnStart = _ignore
) -> tuple[IngestSummary, PlanSummary | None]:
    """Judge what `reseed_at_once` would do; for the rest of an unfinished one there is no plan.

    Raises:
        ReseedRefusedError: a reseed of another source is unfinished.
    """
    state = _resumable(context)
    if state is None:
        planned = plan_reseed(context, on_start)
        return planned.files, planned.summary
    return plan_ingest(context.with_token(state.fencing_token)), None


def reseed_at_once(
    context: IngestContext,
    *,
    owner: str,
    allow_missing: bool = False,
    on_start: OnStart = _ignore,
) -> AppliedReseed:
    """Plan and apply in one go, or go on with an unfinished reseed of the same source.

    Raises:
        ReseedRefusedError: a reseed of another source is unfinished.
        MissingFilesError, LeaseLostError: see `apply_reseed`.
    """
    state = _resumable(context)
    if state is None:
        planned = plan_reseed(replace(context, on_outcome=_ignore_file))
        plan_sha256 = planned.summary.plan_sha256
    else:
        plan_sha256 = str(state.plan_sha256)
    return apply_reseed(
        context, plan_sha256, owner=owner, allow_missing=allow_missing, on_start=on_start
    )


def _resumable(context: IngestContext) -> StreamState | None:
    """Return the state of an unfinished reseed of the same source, None if there is none."""
    with translated_errors():
        state = streams.read_state(context.connection)
    if state.source != context.bucket.source:
        refuse_unfinished(state)
    return state if state.mode == "reseed" else None
