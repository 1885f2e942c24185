#!/usr/bin/env python3
"""Plans a reseed of a deployed stack's stream, or applies such a plan, and follows it to its end.

The stack's own state machine does it; whoever stops looking stops nothing. Without --plan nothing
is changed.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import boto3
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

POLL_SECONDS = 1.0
EVENTS_LOOKED_AT = 100  # more than a chunk makes with all of its retries

console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an execution has come, and what it has just failed at, if it tries that again."""

    files_done: int
    files: int
    trouble: str | None


@dataclass(slots=True)
class Pace:
    """Files a second since the first look, and the time that the rest will take at that."""

    clock: Callable[[], float] = time.monotonic
    started: tuple[float, int] | None = None

    def describe(self, standing: Standing) -> str:
        """Return what a line says beside the counts; nothing while there is nothing to go by."""
        now = self.clock()
        if self.started is None:
            self.started = (now, standing.files_done)
        seconds, done = now - self.started[0], standing.files_done - self.started[1]
        if done <= 0 or seconds <= 0:
            return ""
        left = timedelta(seconds=round((standing.files - standing.files_done) * seconds / done))
        return f"{done / seconds:.1f} files/s, {left} left"


def main(arguments: list[str] | None = None) -> str:
    """Do what the command line says, and return what to tell the person.

    Raises:
        SystemExit: the execution did not succeed; its reason is the text.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--region")
    parser.add_argument("--stage", help="its name, for the next command to give")
    parser.add_argument("--plan", metavar="HASH", help="apply the plan with this plan_sha256")
    parser.add_argument("--allow-missing", action="store_true", help="files may be gone meanwhile")
    given = parser.parse_args(arguments)
    client: Any = boto3.client("stepfunctions", region_name=given.region)
    machine = _read_outputs(given.stack, given.region)["ReseedStateMachineArn"]
    execution = start(client, machine, given.plan, allow_missing=given.allow_missing)
    console.print(f"started {execution}; Ctrl-C stops looking, and nothing else", soft_wrap=True)
    verb = "applied" if given.plan else "judged"
    summary = follow(client, execution, verb)
    lines = [f"{name:28} {value}" for name, value in flatten(summary)]
    if not given.plan:
        place = f"STAGE={given.stage or '…'}"
        lines.append(f"nothing was changed; make reseed {place} PLAN={summary['plan_sha256']}")
    return "\n".join(lines)


def _read_outputs(stack: str, region: str | None) -> Mapping[str, str]:
    client: Any = boto3.client("cloudformation", region_name=region)
    (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def start(client: Any, machine: str, plan: str | None, *, allow_missing: bool) -> str:  # noqa: ANN401
    """Start an execution, whose name says what it does, and return its ARN."""
    what = f"apply-{plan[:12]}" if plan else "plan"
    request = {"apply": plan is not None, "plan_sha256": plan, "allow_missing": allow_missing}
    answer = client.start_execution(
        stateMachineArn=machine,
        name=f"{what}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{token_hex(2)}",
        input=json.dumps(request),
    )
    return answer["executionArn"]


def follow(client: Any, execution: str, verb: str) -> dict[str, Any]:  # noqa: ANN401
    """Show how far an execution is until it ends, and return its output.

    Raises:
        SystemExit: it failed, timed out or was stopped; or the person stopped looking.
    """
    try:
        with _shown(verb) as show:
            while (state := client.describe_execution(executionArn=execution))[
                "status"
            ] == "RUNNING":
                _show_standing(client, execution, show)
                time.sleep(POLL_SECONDS)
            _show_standing(client, execution, show)
    except KeyboardInterrupt:
        sys.exit(f"it goes on without you: {execution}")
    if state["status"] != "SUCCEEDED":
        sys.exit(f"error: {execution} {state['status'].lower()}: {explain(state)}")
    return json.loads(state["output"])


def _show_standing(client: Any, execution: str, show: Callable[[Standing], None]) -> None:  # noqa: ANN401
    history = client.get_execution_history(
        executionArn=execution, reverseOrder=True, maxResults=EVENTS_LOOKED_AT
    )
    standing = read_standing(history["events"])
    if standing is not None:
        show(standing)


def read_standing(events: Iterable[Mapping[str, Any]]) -> Standing | None:
    """Return how far the events, latest first, have come; None before anything was listed."""
    trouble = None
    for event in events:
        if event["type"] == "TaskFailed" and trouble is None:
            trouble = event["taskFailedEventDetails"].get("error")
        if event["type"] != "TaskStateExited":
            continue
        output = json.loads(event["stateExitedEventDetails"]["output"])
        progress = output.get("progress") or output.get("lease", {}).get("progress")
        if progress:
            left = progress.get("left", progress["files"] - progress.get("judged", 0))
            return Standing(progress["files"] - left, progress["files"], trouble)
    return None


@contextmanager
def _shown(verb: str) -> Generator[Callable[[Standing], None]]:
    """Yield what shows a standing: a bar on a terminal, else a line whenever it has changed."""
    pace = Pace()
    if not console.is_terminal:
        yield _plain_lines(verb, pace)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("{task.fields[pace]}"), console=console) as progress:
        task = progress.add_task(verb, total=None, pace="")

        def show(standing: Standing) -> None:
            told = pace.describe(standing) + _again(standing)
            progress.update(task, completed=standing.files_done, total=standing.files, pace=told)

        yield show


def _plain_lines(verb: str, pace: Pace) -> Callable[[Standing], None]:
    shown: set[Standing] = set()

    def show(standing: Standing) -> None:
        if standing not in shown:
            shown.add(standing)
            counts = f"{standing.files_done:,} of {standing.files:,} files {verb}"
            told = [counts, pace.describe(standing)]
            line = ", ".join(filter(None, told)) + _again(standing)
            console.print(line, soft_wrap=True, highlight=False)

    return show


def _again(standing: Standing) -> str:
    return f" ({standing.trouble}: tried again)" if standing.trouble else ""


def explain(state: Mapping[str, Any]) -> str:
    """Return why an execution did not succeed: the error's name, and its text for people."""
    cause = state.get("cause") or "no reason was given"
    with suppress(ValueError, KeyError, TypeError):
        cause = json.loads(cause)["errorMessage"]  # as Lambda words it
    return f"{state.get('error') or 'no error'}: {cause}"


def flatten(summary: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Return each value of a summary with the names that lead to it; what is empty is left out."""
    for name, value in summary.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{above}{name}.")
        elif value not in (None, [], ""):
            yield f"{above}{name}", ", ".join(value) if isinstance(value, list) else value


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")
