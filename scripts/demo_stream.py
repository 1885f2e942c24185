#!/usr/bin/env python3
"""Feeds a stage on LocalStack: puts change files into its bucket, and waits until all are settled.

Then it runs the function that the schedules run. Put files that were settled before change nothing.
"""

import argparse
import base64
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

POLL_SECONDS = 0.25
PATIENCE_SECONDS = 60.0  # without a single file settled
STEPS = ["sweep", "clusters", "locations", "history"]
FACTS = (
    *("outcome", "pending", "lost", "held"),
    *("found", "not_found", "rejected", "left"),
    *("snapshot_date", "closures_added"),
)


def main() -> None:
    """Do what the command line says.

    Raises:
        SystemExit: no file was settled for a minute, or the function failed.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("directory", type=Path, help="where change files lie, at any depth")
    given = parser.parse_args()
    outputs = read_outputs(given.stack)
    feed(outputs["Source"], sorted(given.directory.rglob("*.csv"), key=lambda file: file.name))
    run_schedule(outputs["EnrichFunctionName"])


def read_outputs(stack: str) -> Mapping[str, str]:
    """Return a stack's outputs."""
    client: Any = boto3.client("cloudformation")
    (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def feed(source: str, files: Sequence[Path]) -> None:
    """Put the files into the folder `source` (s3://bucket/…/changes/) and see them leave it."""
    client: Any = boto3.client("s3")
    bucket, _, folder = source.removeprefix("s3://").partition("/")
    started = time.monotonic()
    with a_progress() as progress:
        for file in progress.track(files, description="put into the bucket"):
            client.put_object(Bucket=bucket, Key=f"{folder}{file.name}", Body=file.read_bytes())
        settled = progress.add_task("settled by the function", total=len(files))
        for left in counts_left(client, bucket, folder):
            progress.update(settled, completed=len(files) - left)
    seconds = time.monotonic() - started
    sys.stdout.write(f"change files put and settled in {seconds:.0f} s: {len(files)}\n")


def a_progress() -> Progress:
    """Return a progress display on standard error; nothing is shown where that is a file."""
    return Progress(
        TextColumn("{task.description:24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


def counts_left(client: Any, bucket: str, folder: str) -> Iterator[int]:  # noqa: ANN401 - no stubs
    """Yield how many files lie in the folder, again and again, until there are none."""
    fewest, deadline = sys.maxsize, time.monotonic() + PATIENCE_SECONDS
    pages = client.get_paginator("list_objects_v2")
    while fewest:
        left = sum(page["KeyCount"] for page in pages.paginate(Bucket=bucket, Prefix=folder))
        yield left
        if left < fewest:
            fewest, deadline = left, time.monotonic() + PATIENCE_SECONDS
        elif time.monotonic() > deadline:
            sys.exit(f"error: {left} files are still in {folder}; `make logs` may say why")
        else:
            time.sleep(POLL_SECONDS)


def run_schedule(function: str) -> None:
    """Run what the schedule in working hours runs, and say what each step did."""
    client: Any = boto3.client("lambda")
    due_at = datetime.now(UTC).isoformat(timespec="seconds")
    answer = client.invoke(
        FunctionName=function,
        Payload=json.dumps({"steps": STEPS, "scheduled_at": due_at}).encode(),
        LogType="Tail",
    )
    log = base64.b64decode(answer["LogResult"]).decode()
    if "FunctionError" in answer:
        sys.exit(f"error: {function} failed: {json.load(answer['Payload'])['errorMessage']}\n{log}")
    for line in (json.loads(line) for line in log.splitlines() if line.startswith("{")):
        if "step" in line:
            facts = [f"{name} {line[name]}" for name in FACTS if name in line]
            sys.stdout.write(f"{line['step']:9} {', '.join(facts)}\n")


if __name__ == "__main__":
    main()
