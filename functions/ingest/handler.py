"""Ingest: a doorbell from the FIFO queue starts a pass over the pending change files.

A record is acknowledged by returning and put back by raising. The doorbell says only that there
is work; what comes next is the listing's and the ledger's to say, so a repeated, late or foreign
doorbell does no harm.
"""

import os
import time
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from typing import TypedDict

from aws_lambda_powertools.utilities.typing import LambdaContext

from fleettickets.clients.queues import DoorbellQueue, delay_seconds
from fleettickets.core.doorbells import Doorbell, is_test_event, parse_doorbells
from fleettickets.errors import (
    OutOfTimeError,
    RetryableError,
    SourceMismatchError,
)
from fleettickets.jobs.context import IngestContext, IngestSummary
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.kept_listings import KeptListing
from fleettickets.runtime import Runtime, milliseconds_since, start_runtime
from fleettickets.settings import Settings
from fleettickets.store.connections import translated_errors
from fleettickets.store.step_runs import files_in_quarantine
from fleettickets.telemetry import (
    counted_outages,
    describe_error,
    function_logger,
    function_metrics,
    publish,
    publish_file,
)

logger = function_logger("ingest", os.environ)
metrics = function_metrics(os.environ)


class Attributes(TypedDict):
    """What the queue says about a message, as far as it is used here."""

    ApproximateReceiveCount: str
    MessageGroupId: str


class Record(TypedDict):
    """A received message, as far as it is used here."""

    body: str
    receiptHandle: str
    attributes: Attributes
    eventSourceARN: str


class Event(TypedDict):
    """A batch of messages; the queue is set to batches of one."""

    Records: list[Record]


@logger.inject_lambda_context(correlation_id_path="Records[0].messageId")
@metrics.log_metrics
def handle(event: Event, context: LambdaContext) -> None:
    """Answer each doorbell of the batch.

    Raises:
        RetryableError: trouble that passes; the message appears again after a growing delay.
        PermanentError: a setting is wrong; the message appears again after its full visibility
            timeout, and in the end lies in the dead-letter queue.
    """
    for record in event["Records"]:
        publish(metrics, DoorbellsReceived=1)
        _answer(record, context)


def _answer(record: Record, context: LambdaContext) -> None:
    runtime = _runtime()
    try:
        with counted_outages(metrics):
            for doorbell in _own_doorbells(record["body"], runtime):
                _ingest(runtime, doorbell, record, context)
    except BaseException as error:
        runtime.connections.discard()
        _kept_listing.cache_clear()
        if isinstance(error, RetryableError):
            _put_off(record, error)
        raise


def _own_doorbells(body: str, runtime: Runtime) -> list[Doorbell]:
    """Return the doorbells about this stream; a body with none is counted and acknowledged."""
    rung = parse_doorbells(body, runtime.prefix)
    own = [doorbell for doorbell in rung if _is_own(doorbell, runtime)]
    if not own:
        publish(metrics, DoorbellsIgnored=1)
        reason = "test event" if is_test_event(body) else "foreign" if rung else "not understood"
        keys = [doorbell.key for doorbell in rung]
        logger.info("doorbell was ignored", extra={"outcome": reason, "key": keys})
    return own


def _is_own(doorbell: Doorbell, runtime: Runtime) -> bool:
    """Tell whether the bucket is ours and the key may be pending, as one of a manifest may be."""
    parsed = runtime.prefix.parse(doorbell.key)
    return (
        doorbell.bucket == runtime.bucket_name
        and parsed is not None
        and parsed.folder in {"changes", "processed"}
    )


def _ingest(runtime: Runtime, doorbell: Doorbell, record: Record, context: LambdaContext) -> None:
    started = time.monotonic()
    job = replace(runtime.ingest_context(context), on_outcome=partial(publish_file, metrics))
    try:
        summary = ingest_pending(
            job, through=doorbell.key, etag=doorbell.etag, kept=_kept_listing()
        )
    except SourceMismatchError as error:
        publish(metrics, ReseedNeeded=1)
        facts = {"key": doorbell.key, "outcome": "reseed needed"} | describe_error(error)
        logger.error("reseed is needed", extra=facts)  # noqa: TRY400
        return
    _report(job, doorbell, summary, milliseconds_since(started))
    if summary.out_of_time:
        _continue_later(record, doorbell, summary)


def _continue_later(record: Record, doorbell: Doorbell, summary: IngestSummary) -> None:
    """Ring again for the same key if this run got anything done; else let the message come back.

    Raises:
        OutOfTimeError: not one file was settled.
    """
    if all(outcome.outcome == "gone" for outcome in summary.outcomes):
        raise OutOfTimeError(f"no file up to {doorbell.key} was settled in the time of one run")
    queue = _queue(record["eventSourceARN"])
    queue.ring(record["body"], record["attributes"]["MessageGroupId"])
    logger.info("doorbell was rung again", extra={"key": doorbell.key})


def _report(
    job: IngestContext, doorbell: Doorbell, summary: IngestSummary, duration_ms: int
) -> None:
    publish(
        metrics,
        KeysGone=len(summary.gone),
        KeysHeld=len(summary.held),
        KeysForeign=len(summary.foreign),
    )
    if summary.count("applied") or summary.count("quarantined"):
        with translated_errors():
            publish(metrics, FilesInQuarantine=files_in_quarantine(job.connection))
    logger.info(
        "doorbell was answered",
        extra={
            "key": doorbell.key,
            "outcome": "reseed under way" if summary.waiting else "done",
            "files": len(summary.outcomes),
            "pending": summary.pending,
            "gone": list(summary.gone),
            "duration_ms": duration_ms,
        },
    )


def _put_off(record: Record, error: RetryableError) -> None:
    """Let the message appear again sooner than its visibility timeout would."""
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    seconds = delay_seconds(receives)
    logger.warning(
        "doorbell was put off",
        extra={"receives": receives, "delay_seconds": seconds, "error": type(error).__name__},
    )
    with suppress(RetryableError):  # then the visibility timeout itself is the delay
        _queue(record["eventSourceARN"]).put_off(record["receiptHandle"], seconds)


@cache
def _runtime() -> Runtime:
    return start_runtime("ingest", Settings.from_environment(os.environ))


@cache
def _kept_listing() -> KeptListing:
    return KeptListing()


@cache
def _queue(arn: str) -> DoorbellQueue:
    return DoorbellQueue(arn)
