"""Telemetry: the logger and the metrics that every function shares."""

import logging
import traceback
from collections.abc import Mapping

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from fleettickets import __version__
from fleettickets.errors import FleetticketsError
from fleettickets.settings import read_stage

SERVICE = "fleettickets"


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


def describe_error(error: Exception) -> dict[str, object]:
    """Return what a log line says about an error: its class, and more as far as that is safe.

    The texts of our errors are for people to read; those of others may quote rows or addresses, so
    only the places that they went through are shown.
    """
    name = type(error).__name__
    if isinstance(error, FleetticketsError):
        return {"error": name, "reason": str(error)}
    return {"error": name, "trace": traceback.format_tb(error.__traceback__)}
