"""Reseed apply: the steps that apply a plan, as the state machine calls them.

Each step may be repeated, and goes on from the ledger. Whoever holds the lease writes; a step of an
execution that lost it writes nothing.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from fleettickets.clients.queues import DoorbellQueue
from fleettickets.core.reseed_requests import parse_reseed_request
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.reseed_apply import apply_chunk, finish_reseed, open_reseed
from fleettickets.jobs.sweep import sweep
from fleettickets.runtime import (
    Operation,
    Runtime,
    milliseconds_since,
    run_operation,
    start_runtime,
)
from fleettickets.settings import Settings
from fleettickets.telemetry import (
    counted_outages,
    function_logger,
    function_metrics,
    publish,
    publish_file,
)

logger = function_logger("reseed_apply", os.environ)
metrics = function_metrics(os.environ)

type Event = Mapping[str, Any]


class _HeldByAnotherError(Exception):
    """Another owner holds the lease, and only AWS can tell whether that one still runs."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


@logger.inject_lambda_context(correlation_id_path="execution")
@metrics.log_metrics
def handle(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Take the step that `operation` names, and answer what the next one needs.

    Raises:
        InputError: an operation, or a request, that there is not; nothing was done.
        FleetticketsError: as the step's job says; the state machine knows which are worth a retry.
    """
    publish(metrics, ReseedSteps=1)
    with counted_outages(metrics):
        return run_operation(OPERATIONS, event, _runtime(), context)


def _open(event: Event, job: IngestContext) -> dict[str, Any]:
    """Open or resume the reseed; or answer who holds it, unless that is `over`, who is gone.

    AWS can be asked about executions. A command line at work is refused by its session's lock.
    """
    request, over = parse_reseed_request(event["request"]), event["over"]

    def is_running(owner: str) -> bool:
        if owner != over and owner.startswith("arn:"):
            raise _HeldByAnotherError(owner)
        return False

    try:
        lease = open_reseed(
            job,
            request.plan,
            owner=event["execution"],
            allow_missing=request.allow_missing,
            is_running=is_running,
        )
    except _HeldByAnotherError as held:
        logger.info("reseed is held by another", extra={"held_by": held.owner})
        return {"held_by": held.owner, "progress": None}
    publish(metrics, ReseedFilesRemaining=lease.left)
    logger.info("reseed was opened", extra=asdict(lease))
    return {"held_by": None, "progress": asdict(lease) | {"chunk": 0}}


def _chunk(event: Event, job: IngestContext) -> dict[str, Any]:
    started = time.monotonic()
    progress = apply_chunk(
        replace(job, on_outcome=partial(publish_file, metrics)),
        generation=event["generation"],
        token=event["token"],
        max_files=event["max_files"],
    )
    publish(metrics, ReseedFilesRemaining=progress.left)
    facts = {"chunk": event["chunk"], "duration_ms": milliseconds_since(started)}
    logger.info("files were applied", extra=asdict(progress) | facts)
    return asdict(progress) | {"chunk": event["chunk"]}


def _finish(event: Event, job: IngestContext) -> dict[str, Any]:
    """Close the reseed, then ring for what arrived meanwhile."""
    summary = finish_reseed(job, generation=event["generation"])
    swept = sweep(
        job, _queue(), bucket_name=_runtime().bucket_name, lost_after=_settings().lost_after
    )
    logger.info(
        "reseed was finished",
        extra={
            "generation": summary.generation,
            "plan_sha256": summary.plan_sha256,
            "outcome": swept.outcome,
            "pending": swept.pending,
        },
    )
    return asdict(summary)


OPERATIONS: dict[str, Operation[dict[str, Any]]] = {
    "open": _open,
    "chunk": _chunk,
    "finish": _finish,
}


@cache
def _settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def _runtime() -> Runtime:
    return start_runtime("reseed_apply", _settings())


@cache
def _queue() -> DoorbellQueue:
    return DoorbellQueue(_settings().require_doorbell_queue_url())
