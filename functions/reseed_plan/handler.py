"""Reseed plan: the steps of a reseed's dry run, as the state machine calls them.

Each step may be repeated. It touches no product table and no change file: what it finds is kept in
scratch tables until the report, its one object, is written.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from fleettickets.core.reseed_requests import parse_reseed_request
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.reseed_plan import finish_plan, open_plan, plan_chunk
from fleettickets.runtime import (
    Operation,
    Runtime,
    milliseconds_since,
    run_operation,
    start_runtime,
)
from fleettickets.settings import Settings
from fleettickets.telemetry import counted_outages, function_logger, function_metrics, publish

LOCK_TIMEOUT = timedelta(seconds=30)

logger = function_logger("reseed_plan", os.environ)
metrics = function_metrics(os.environ)

type Event = Mapping[str, Any]


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
    parse_reseed_request(event["request"])  # what is wrong with it is better said at once
    run = asdict(open_plan(job))
    logger.info("plan was opened", extra=run)
    return run


def _chunk(event: Event, job: IngestContext) -> dict[str, Any]:
    started = time.monotonic()
    progress = asdict(plan_chunk(job, event["run"], max_files=event["max_files"]))
    facts = {"chunk": event["chunk"], "duration_ms": milliseconds_since(started)}
    logger.info("files were judged", extra=progress | facts)
    return progress | {"chunk": event["chunk"]}


def _finish(event: Event, job: IngestContext) -> dict[str, Any]:
    summary = finish_plan(job, event["run"])
    logger.info(
        "plan was finished",
        extra={
            "plan_sha256": summary.plan_sha256,
            "generation": summary.generation,
            "key": summary.report_key,
        },
    )
    return asdict(summary)


OPERATIONS: dict[str, Operation[dict[str, Any]]] = {
    "open": _open,
    "chunk": _chunk,
    "finish": _finish,
}


def _leave_alone(_: object) -> None:
    """Forgive no interrupted attempts: that is for whoever may write, and a plan makes none."""


@cache
def _runtime() -> Runtime:
    return start_runtime(
        "reseed_plan",
        Settings.from_environment(os.environ),
        lock_timeout=LOCK_TIMEOUT,
        on_recovery=_leave_alone,
    )
