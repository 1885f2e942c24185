#!/usr/bin/env python3
"""Shows what a stack's functions have logged, oldest first: time, function, level, message."""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

SUFFIX = "LogGroupName"
FILTERS = {
    "trouble": '{ $.level = "WARNING" || $.level = "ERROR" }',
    "errors": '{ $.level = "ERROR" }',
    "files": '{ $.message = "file was settled" }',
    "quarantined": '{ $.outcome = "quarantined" }',
    "late": "{ $.late IS TRUE }",
    "rejected": "{ $.rows_rejected > 0 }",
    "runs": '{ $.message = "run was ended" || $.message = "step*" }',
}
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
# A story has the lines about its file, and those of the doorbells that these were logged for.
DOORBELLS_OF_A_STORY = 20
# Said once a line already, or of use to machines only.
HIDDEN = frozenset(
    {
        "level", "location", "message", "timestamp", "service", "stage", "function", "version",
        "cold_start", "function_name", "function_memory_size", "function_arn",
        "function_request_id", "xray_trace_id", "correlation_id",
    }
)  # fmt: skip

type LogEvent = Mapping[str, Any]


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="make logs", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--region")
    parser.add_argument("--since", type=_age, default="1h", help="30m, 6h, 2d (default 1h)")
    parser.add_argument(
        "--filter", default="", help=f"{', '.join(FILTERS)}, words, or a pattern of CloudWatch"
    )
    parser.add_argument("--key", help="the story of one file: its key, or its stamp")
    parser.add_argument("--raw", action="store_true", help="all lines, as they are")
    given = parser.parse_args(arguments)
    log = Log(given.stack, given.region, datetime.now(UTC) - given.since)
    if given.key:
        events = log.story(given.key)
    else:
        wanted = str(given.filter)
        events = log.read(FILTERS.get(wanted, wanted))
    for event in events:
        line = event["message"].rstrip("\n") if given.raw else describe(event)
        if line is not None:
            sys.stdout.write(f"{line}\n")


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})([mhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"give an age like 30m, 6h or 2d, not {text!r}")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


class Log:
    """The log groups that are outputs of a stack, from a moment on."""

    def __init__(self, stack: str, region: str | None, since: datetime) -> None:
        """Ask the stack for its log groups."""
        client: Any = boto3.client("cloudformation", region_name=region)
        (found,) = client.describe_stacks(StackName=stack)["Stacks"]
        self._groups = [
            output["OutputValue"]
            for output in found["Outputs"]
            if output["OutputKey"].endswith(SUFFIX)
        ]
        self._logs: Any = boto3.client("logs", region_name=region)
        self._since = int(since.timestamp() * 1000)

    def read(self, pattern: str) -> list[LogEvent]:
        """Return the events that match a pattern, in the order of time."""
        events = [event for group in self._groups for event in self._events_of(group, pattern)]
        return sorted(events, key=lambda event: event["timestamp"])

    def story(self, key: str) -> list[LogEvent]:
        """Return the events about a file, and of the doorbells that they belong to."""
        stamp = re.sub(r"(\.r\d+)?\.csv$", "", key.rpartition("/")[2])
        found = self.read(f'{{ $.stamp = "{stamp}" || $.key = "*{stamp}*" }}')
        doorbells = {
            line["correlation_id"]: None
            for event in found
            if (line := _parsed(event)) and line.get("correlation_id")
        }
        rest = [
            event
            for doorbell in [*doorbells][-DOORBELLS_OF_A_STORY:]
            for event in self.read(f'{{ $.correlation_id = "{doorbell}" }}')
            if (line := _parsed(event)) and "stamp" not in line and "key" not in line
        ]
        return sorted([*found, *rest], key=lambda event: event["timestamp"])

    def _events_of(self, group: str, pattern: str) -> Iterator[LogEvent]:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=self._since, filterPattern=pattern
        )
        for page in pages:
            yield from page["events"]


def _parsed(event: LogEvent) -> dict[str, Any] | None:
    """Return a line of ours, None for another (START, REPORT, metrics)."""
    try:
        line = json.loads(event["message"])
    except ValueError:
        return None
    return line if isinstance(line, dict) and "function" in line else None


def describe(event: LogEvent) -> str | None:
    """Return a line for people, None for what is no message of ours."""
    line = _parsed(event)
    if line is None:
        return None
    facts = [f"{name}={value}" for name, value in line.items() if name not in HIDDEN]
    time = f"{line['timestamp'][:19]}"
    return f"{time} {line['function']:7} {line['level']:7} {line['message']}  {' '.join(facts)}"


if __name__ == "__main__":
    main()
