"""Reseeds as the tests of their jobs make them, in one process and call by call."""

from dataclasses import dataclass

from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.reseed_apply import (
    ReseedLease,
    ReseedSummary,
    apply_chunk,
    finish_reseed,
    open_reseed,
)
from fleettickets.jobs.reseed_plan import finish_plan, open_plan, plan_chunk
from fleettickets.jobs.reseed_reports import PlanSummary


def a_plan(context: IngestContext, max_files: int | None = None) -> PlanSummary:
    """Make a plan, in chunks of `max_files`."""
    run = open_plan(context)
    is_done = run.done
    while not is_done:
        is_done = plan_chunk(context, run.run, max_files).done
    return finish_plan(context, run.run)


def applied(
    context: IngestContext, lease: ReseedLease, max_files: int | None = None
) -> ReseedSummary:
    """Apply an opened reseed to its end, in chunks of `max_files`."""
    is_done = lease.done
    while not is_done:
        is_done = apply_chunk(
            context, generation=lease.generation, token=lease.token, max_files=max_files
        ).done
    return finish_reseed(context, generation=lease.generation)


@dataclass(frozen=True, slots=True)
class Reseeding:
    """A plan and what came of it."""

    planned: PlanSummary
    applied: ReseedSummary


def a_reseed(context: IngestContext, *, allow_missing: bool = False) -> Reseeding:
    """Plan and apply."""
    planned = a_plan(context)
    lease = open_reseed(
        context, planned.plan_sha256, owner="amina@laptop", allow_missing=allow_missing
    )
    return Reseeding(planned, applied(context, lease))
