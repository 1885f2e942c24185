"""Game days: a stack whose alarms watch around the clock, and what is looked at on it."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.applications import Application, an_application
from tests.support.localstack import LocalStack
from tests.support.postgres import DatabaseServer

EXAMPLE = "2026-06-15T17-00-00"  # of the runbook
FRESHNESS_SECONDS = 2
# Watched around the clock, so that a game day may be at night.
LIMITS = {"freshness": FRESHNESS_SECONDS, "from_hour": 0, "to_hour": 24}
PARAMETERS = {
    "FreshnessSeconds": str(FRESHNESS_SECONDS),
    "WorkingFromHour": "0",
    "WorkingToHour": "24",
    "MaxReceiveCount": "2",
}


@contextmanager
def a_watched_application(
    localstack: LocalStack, server: DatabaseServer, template: Path
) -> Generator[Application]:
    """Deploy a stack that soon gives doorbells up; delete it afterwards."""
    with an_application(localstack, server, template, **PARAMETERS) as application:
        localstack.queues.set_queue_attributes(
            QueueUrl=application.stack.outputs["DoorbellQueueUrl"],
            Attributes={"VisibilityTimeout": "1"},
        )
        yield application


def failing(application: Application) -> set[str]:
    """Return the checks that fail in the status payload."""
    row = application.connection.execute(
        "select reporting.fn_pipeline_status(p_limits => %s::jsonb)", [json.dumps(LIMITS)]
    ).fetchone()
    assert row
    return {check["name"] for check in row[0]["checks"] if not check["ok"]}


def logged(application: Application, function: str, pattern: str) -> list[str]:
    """Return the lines of a function's log that match a pattern, Lambda's own included."""
    return application.stack.logged(application.stack.outputs[f"{function}LogGroupName"], pattern)


def fail(application: Application, event: Mapping[str, object]) -> None:
    """Run enrich with an input, or in a state of things, that it must fail on."""
    answer = application.localstack.functions.invoke(
        FunctionName=application.function("Enrich"), Payload=json.dumps(event).encode()
    )
    assert "FunctionError" in answer
