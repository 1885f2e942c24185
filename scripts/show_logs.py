#!/usr/bin/env python3
"""Shows what a stack's functions have logged, oldest first: time, function, level, message."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

SUFFIX = "LogGroupName"
TROUBLE = '{ $.level = "WARNING" || $.level = "ERROR" }'
# Said once a line already, or of use to machines only.
HIDDEN = frozenset(
    {
        "level", "location", "message", "timestamp", "service", "stage", "function", "version",
        "cold_start", "function_name", "function_memory_size", "function_arn",
        "function_request_id", "xray_trace_id", "correlation_id",
    }
)  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="make logs", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--region")
    parser.add_argument("--minutes", type=int, default=60, help="how far back (default 60)")
    parser.add_argument("--trouble", action="store_true", help="warnings and errors only")
    parser.add_argument("--raw", action="store_true", help="all lines, as they are")
    given = parser.parse_args(arguments)
    since = datetime.now(UTC) - timedelta(minutes=given.minutes)
    pattern = TROUBLE if given.trouble else ""
    for event in read_events(given.stack, given.region, since, pattern):
        line = event["message"].rstrip("\n") if given.raw else describe(event)
        if line is not None:
            sys.stdout.write(f"{line}\n")


def read_events(
    stack: str, region: str | None, since: datetime, pattern: str
) -> list[Mapping[str, Any]]:
    """Return the events of all log groups that are outputs of the stack, in the order of time."""
    client: Any = boto3.client("cloudformation", region_name=region)
    (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    groups = [
        output["OutputValue"] for output in found["Outputs"] if output["OutputKey"].endswith(SUFFIX)
    ]
    logs: Any = boto3.client("logs", region_name=region)
    events = [event for group in groups for event in _events_of(logs, group, since, pattern)]
    return sorted(events, key=lambda event: event["timestamp"])


def _events_of(
    logs: Any,  # noqa: ANN401 - the stubs are not for scripts
    group: str,
    since: datetime,
    pattern: str,
) -> Iterator[Mapping[str, Any]]:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, startTime=int(since.timestamp() * 1000), filterPattern=pattern
    )
    for page in pages:
        yield from page["events"]


def describe(event: Mapping[str, Any]) -> str | None:
    """Return a line for people, None for what is no message of ours (START, REPORT, metrics)."""
    try:
        line = json.loads(event["message"])
    except ValueError:
        return None
    if not isinstance(line, dict) or "function" not in line:
        return None
    facts = [f"{name}={value}" for name, value in line.items() if name not in HIDDEN]
    time = f"{line['timestamp'][:19]}"
    return f"{time} {line['function']:7} {line['level']:7} {line['message']}  {' '.join(facts)}"


if __name__ == "__main__":
    main()
