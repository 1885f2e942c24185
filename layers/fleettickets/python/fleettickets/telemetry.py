"""Telemetry: the logger and the metrics that every function shares."""

import logging
import traceback
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from fleettickets import __version__
from fleettickets.errors import DatabaseUnavailableError, FleetticketsError
from fleettickets.settings import read_stage

if TYPE_CHECKING:
    from fleettickets.jobs.context import FileOutcome

SERVICE = "fleettickets"
# Every metric that there is, with its unit. Alarms, dashboard and runbook name no others, and
# nothing is published under a name that is missing here. A gauge is what holds at that moment.
METRICS: Mapping[str, MetricUnit] = {
    # ingest
    "DoorbellsReceived": MetricUnit.Count,
    "DoorbellsIgnored": MetricUnit.Count,
    "KeysForeign": MetricUnit.Count,
    # ingest and the reseed
    "FilesApplied": MetricUnit.Count,
    "FilesLate": MetricUnit.Count,
    "FilesQuarantined": MetricUnit.Count,
    "KeysGone": MetricUnit.Count,
    "RowsRead": MetricUnit.Count,
    "RowsRejected": MetricUnit.Count,
    "RowsStale": MetricUnit.Count,
    # ingest and the sweep
    "FilesInQuarantine": MetricUnit.Count,  # gauge
    "KeysHeld": MetricUnit.Count,  # gauge
    "ReseedNeeded": MetricUnit.Count,  # gauge
    # the scheduled run
    "NotificationsLost": MetricUnit.Count,
    "PendingFiles": MetricUnit.Count,  # gauge
    "RunsStarted": MetricUnit.Count,
    "StepsFailed": MetricUnit.Count,
    "WatermarkLagSeconds": MetricUnit.Seconds,  # gauge
    # migrations
    "MigrationsApplied": MetricUnit.Count,
    # every function
    "DatabaseUnavailable": MetricUnit.Count,
    # geocoding
    "GeocodeCalls": MetricUnit.Count,
    "GeocodeCoverage": MetricUnit.Percent,  # gauge
    "GeocodeFailures": MetricUnit.Count,
    "GeocodeFound": MetricUnit.Count,
    "GeocodeQuota": MetricUnit.Count,
    "GeocodeRejected": MetricUnit.Count,
    # the reseed
    "ReseedFilesRemaining": MetricUnit.Count,  # gauge
    "ReseedSteps": MetricUnit.Count,
}


def function_logger(function: str, environment: Mapping[str, str]) -> Logger:
    """Return the logger of a function: JSON lines with service, stage, function and version.

    The package's own log lines pass through it too, since they have its name.
    """
    # The runtime lets INFO of all loggers through; where credentials were found is no news.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    return Logger(
        service=SERVICE, stage=read_stage(environment), function=function, version=__version__
    )


def function_metrics(environment: Mapping[str, str]) -> Metrics:
    """Return the metrics of a function; their dimensions are service and stage, and no others."""
    stage = {"stage": read_stage(environment)}
    # A provider of its own: otherwise all that are made in one process share their dimensions.
    provider = AmazonCloudWatchEMFProvider(
        namespace=SERVICE, service=SERVICE, default_dimensions=stage
    )
    return Metrics(provider=provider)


def publish(metrics: Metrics, **values: float) -> None:
    """Publish values of metrics by their names in METRICS, each with its unit."""
    for name, value in values.items():
        metrics.add_metric(name, METRICS[name], value)


@contextmanager
def counted_outages(metrics: Metrics) -> Generator[None]:
    """Count it if the database is not to be had; the error goes on."""
    try:
        yield
    except DatabaseUnavailableError:
        publish(metrics, DatabaseUnavailable=1)
        raise


def publish_file(metrics: Metrics, outcome: "FileOutcome") -> None:
    """Publish what became of a file, when it is settled: what comes after it may fail."""
    # Whoever settles files has it; functions that do not are spared a dozen modules.
    from fleettickets.jobs.settling import GONE_REASON  # noqa: PLC0415

    if outcome.outcome == "quarantined":
        publish(metrics, FilesQuarantined=1)
    if outcome.outcome == "skipped" and outcome.reason == GONE_REASON:
        publish(metrics, KeysGone=1)
    if outcome.outcome == "applied" and outcome.counts is not None:
        publish(
            metrics,
            FilesApplied=1,
            FilesLate=int(outcome.late),
            RowsRead=outcome.counts.read,
            RowsRejected=outcome.counts.rejected,
            RowsStale=outcome.counts.stale,
        )


def describe_error(error: Exception) -> dict[str, object]:
    """Return what a log line says about an error: its class, and more as far as that is safe.

    The texts of our errors are for people to read; those of others may quote rows or addresses, so
    only the places that they went through are shown.
    """
    name = type(error).__name__
    if isinstance(error, FleetticketsError):
        return {"error": name, "reason": str(error)}
    return {"error": name, "trace": traceback.format_tb(error.__traceback__)}
