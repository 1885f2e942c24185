"""Enrich: the scheduled run, whose input names its steps and the time that it was due.

Each step fails alone: the others are done all the same, and the run fails at its end.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from fleettickets.clients.geocoders.interface import Geocoder
from fleettickets.clients.queues import DoorbellQueue
from fleettickets.core.locations import Tier
from fleettickets.errors import GeocoderKeyError, InputError, StepsFailedError
from fleettickets.jobs.geocode import GeocodeContext, GeocodeSummary, geocode
from fleettickets.jobs.operation import StepResult, report_steps
from fleettickets.jobs.sweep import SweepSummary, sweep
from fleettickets.runtime import (
    Runtime,
    milliseconds_since,
    open_settings_geocoder,
    start_runtime,
    time_left,
)
from fleettickets.settings import Settings
from fleettickets.store.enrich_marks import reconcile_geometry
from fleettickets.store.history import capture_history
from fleettickets.telemetry import (
    counted_outages,
    describe_error,
    function_logger,
    function_metrics,
    publish,
)

# History waits for the file that is being applied: a day's last snapshot has no second chance.
LOCK_TIMEOUT = timedelta(minutes=5)
# Kept from geocoding, for the last answers, which move tickets, and for the steps after it.
RESERVE_SECONDS = 120.0

logger = function_logger("enrich", os.environ)
metrics = function_metrics(os.environ)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: when it was due (None: now), and what Lambda says about it."""

    scheduled_at: datetime | None
    invocation: LambdaContext


@logger.inject_lambda_context(correlation_id_path="scheduled_at")
@metrics.log_metrics
def handle(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Run the steps that the input names, in its order.

    Raises:
        InputError: the input names no steps, or one that there is not; nothing was done.
        StepsFailedError: these failed; all others were done.
    """
    started = time.monotonic()
    publish(metrics, RunsStarted=1)
    steps, run = _steps(event), Run(_scheduled_at(event), context)
    results = [_run_step(step, run) for step in steps]
    failed = [result.step for result in results if result.error is not None]
    publish(metrics, StepsFailed=len(failed))
    _report(results)
    facts = {"steps": steps, "failed": failed, "duration_ms": milliseconds_since(started)}
    logger.info("run was ended", extra={"outcome": "failed" if failed else "done"} | facts)
    if failed:
        raise StepsFailedError(failed)


def _steps(event: Mapping[str, Any]) -> list[str]:
    steps = event.get("steps")
    known = ", ".join(STEPS)
    if not isinstance(steps, list) or not steps:
        raise InputError(f'the input needs "steps", a list of some of: {known}')
    names = [str(step) for step in steps]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if unknown := [name for name in names if name not in STEPS]:
        raise InputError(f"unknown steps: {', '.join(unknown)}; there are: {known}")
    return names


def _scheduled_at(event: Mapping[str, Any]) -> datetime | None:
    text = event.get("scheduled_at")
    if text is None:
        return None
    try:
        scheduled_at = datetime.fromisoformat(str(text))
    except ValueError:
        scheduled_at = None
    if scheduled_at is None or scheduled_at.tzinfo is None:
        raise InputError(f'"scheduled_at" must be a time with its offset from UTC, not {text!r}')
    return scheduled_at


def _run_step(step: str, run: Run) -> StepResult:
    """Run one step and log it; its failure is logged here and told by the result."""
    started = time.monotonic()
    try:
        with counted_outages(metrics):
            facts = STEPS[step](run)
    except Exception as error:  # noqa: BLE001 - whatever happened to one step, the others are run
        _release_connection()
        described = _about(step, "failed", started) | describe_error(error)
        logger.error("step failed", extra=described)  # noqa: TRY400
        return StepResult(step, type(error).__name__)
    logger.info("step was run", extra=_about(step, "done", started) | facts)
    return StepResult(step, facts=facts)


def _report(results: Sequence[StepResult]) -> None:
    """Keep what the steps came to where `status` finds it, and publish how things stand.

    A run whose work is done does not fail because that cannot be told.
    """
    try:
        standing = report_steps(_runtime().connections.get(), results)
    except Exception as error:  # noqa: BLE001
        _release_connection()
        logger.warning("run was not reported", extra=describe_error(error))
        return
    publish(metrics, FilesInQuarantine=standing.files_in_quarantine)
    if standing.geocode_coverage is not None:
        publish(metrics, GeocodeCoverage=100 * standing.geocode_coverage)


def _about(step: str, outcome: str, started: float) -> dict[str, object]:
    return {"step": step, "outcome": outcome, "duration_ms": milliseconds_since(started)}


def _sweep(run: Run) -> dict[str, object]:
    runtime = _runtime()
    summary = sweep(
        runtime.ingest_context(run.invocation),
        _queue(),
        bucket_name=runtime.bucket_name,
        lost_after=_settings().lost_after,
    )
    _publish(summary)
    if summary.reason is not None:
        facts = {"error": "SourceMismatchError", "reason": summary.reason}
        logger.error("reseed is needed", extra=facts)
    return {
        "outcome": summary.outcome,
        "key": summary.rung_key,
        "pending": summary.pending,
        "lost": len(summary.lost),
        "held": len(summary.held),
        "foreign": len(summary.foreign),
        "archived": summary.archived,
        "lag_seconds": round(summary.lag_seconds),
        "pending_since": None if summary.since is None else summary.since.isoformat(),
        **{name: queue.count() for name, queue in _dead_letter_queues().items()},
    }


def _publish(summary: SweepSummary) -> None:
    """Publish what alarms watch, at zero too; but no lag of a stream that nobody may ingest."""
    is_needed = summary.outcome == "reseed needed"
    publish(
        metrics,
        ReseedNeeded=int(is_needed),
        NotificationsLost=len(summary.lost),
        KeysHeld=len(summary.held),
        PendingFiles=summary.pending,
    )
    if not is_needed:
        publish(metrics, WatermarkLagSeconds=summary.lag_seconds)


def _clusters(run: Run) -> dict[str, object]:
    moved = reconcile_geometry(_runtime().connections.get())
    return _geocode(run, "cluster") | {"reconciled": moved}


def _locations(run: Run) -> dict[str, object]:
    return _geocode(run, "location")


def _geocode(run: Run, tier: Tier) -> dict[str, object]:
    if _settings().geocoder_provider == "none":
        return {"outcome": "off"}
    left = time_left(run.invocation)
    context = GeocodeContext(
        connection=_runtime().connections.get(),
        open_geocoder=_geocoder,
        now=partial(datetime.now, UTC),
        time_left=lambda: left() - RESERVE_SECONDS,
    )
    try:
        summary = geocode(context, tier)
    except GeocoderKeyError:
        _geocoder.cache_clear()  # the next run reads the secret again, which may be mended by then
        raise
    _publish_geocoding(summary)
    facts: dict[str, object] = asdict(summary)
    if summary.resume_at is not None:
        facts["resume_at"] = summary.resume_at.isoformat()
    return facts


def _publish_geocoding(summary: GeocodeSummary) -> None:
    publish(
        metrics,
        GeocodeCalls=summary.asked + summary.failed,
        GeocodeFailures=summary.failed,
        GeocodeFound=summary.found,
        GeocodeRejected=summary.rejected,
        GeocodeQuota=int(summary.outcome == "quota"),
    )


def _history(run: Run) -> dict[str, object]:
    capture = capture_history(_runtime().connections.get(), run.scheduled_at)
    return {
        "outcome": "captured" if capture.captured else "waiting",
        "reason": capture.reason,
        "snapshot_date": capture.snapshot_date.isoformat(),
        "snapshot": capture.snapshot,
        "closures_added": capture.closures_added,
    }


STEPS: dict[str, Callable[[Run], dict[str, object]]] = {
    "sweep": _sweep,
    "clusters": _clusters,
    "locations": _locations,
    "history": _history,
}


def _release_connection() -> None:
    """Close the connection of a step that failed, if there ever was a runtime to open one."""
    if _runtime.cache_info().currsize:
        _runtime().connections.discard()


@cache
def _settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def _runtime() -> Runtime:
    return start_runtime("enrich", _settings(), lock_timeout=LOCK_TIMEOUT)


@cache
def _geocoder() -> Geocoder:
    """Return the geocoder, which keeps a provider's pace and quota in mind while it is warm."""
    return open_settings_geocoder(_settings())


@cache
def _queue() -> DoorbellQueue:
    return DoorbellQueue(_settings().require_doorbell_queue_url())


@cache
def _dead_letter_queues() -> Mapping[str, DoorbellQueue]:
    """Return the queues of dead letters by what `status` calls their counts."""
    urls = _settings().dead_letter_queue_urls
    return {name: DoorbellQueue(url) for name, url in urls.items()}
