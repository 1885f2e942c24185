"""First and warm runs of the deployed functions on LocalStack, by what their REPORT lines say."""

import base64
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

from fleettickets.core.doorbells import write_doorbell
from tests.bench.reseed import a_stack
from tests.support.applications import GROUP, Application
from tests.support.feeds import a_change_file, a_row
from tests.support.localstack import LocalStack
from tests.support.postgres import DatabaseServer
from tests.support.streams import some_stamps

STARTS = 5
WARM_RUNS = 10
TIME = re.compile(r"(Init Duration|Duration): ([\d.]+) ms")


@dataclass(slots=True)
class Runs:
    """The milliseconds of one function's runs.

    `init` is the process start with its imports, `first` the run after it, with its connections and
    clients; `cold` is the whole call of both as its caller sees it.
    """

    init: list[float] = field(default_factory=list[float])
    first: list[float] = field(default_factory=list[float])
    cold: list[float] = field(default_factory=list[float])
    warm: list[float] = field(default_factory=list[float])


def measure_invocations(
    localstack: LocalStack, server: DatabaseServer, *, starts: int = STARTS, warm: int = WARM_RUNS
) -> Mapping[str, Runs]:
    """Deploy the application; start each function anew `starts` times, and run it on, warm.

    Nothing is left to do for any of them: what is measured is the way there.
    """
    found: dict[str, Runs] = defaultdict(Runs)
    with a_stack(localstack, server) as application:
        events = _idle_events(application)
        application.pause()
        for _ in range(starts):
            for function, event in events.items():
                _run_anew(application, function, event, found[function], warm)
    return found


def _idle_events(application: Application) -> Mapping[str, Mapping[str, object]]:
    """Return an input for each function that finds nothing to do; ReseedApply's is refused."""
    (stamp,) = some_stamps(1)
    key = application.put(stamp, a_change_file([a_row(ticket_id=stamp)]))
    application.await_settled([stamp])
    doorbell = {
        "messageId": "bench",
        "body": write_doorbell(
            application.bucket, key, application.etag("processed", f"{stamp}.csv")
        ),
        "receiptHandle": "bench",
        "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": GROUP},
        "eventSourceARN": application.queue_arn("DoorbellQueueUrl"),
    }
    return {
        "Ingest": {"Records": [doorbell]},
        "Enrich": {"steps": ["sweep"], "scheduled_at": "2026-01-01T00:00:00+03:00"},
        "Migrate": {"apply": False, "RequestId": "bench"},
        "ReseedPlan": {"operation": "open", "request": {}, "execution": "bench"},
        "ReseedApply": {"operation": "none", "execution": "bench"},
    }


def _run_anew(
    application: Application, function: str, event: Mapping[str, object], runs: Runs, warm: int
) -> None:
    application.restart(function)
    started = time.perf_counter()
    times = run_and_report(application, function, event)
    runs.cold.append((time.perf_counter() - started) * 1000)
    runs.init.append(times["Init Duration"])
    runs.first.append(times["Duration"])
    runs.warm += [run_and_report(application, function, event)["Duration"] for _ in range(warm)]


def run_and_report(
    application: Application, function: str, event: Mapping[str, object]
) -> dict[str, float]:
    """Run a function, whether it succeeds or not; return the times in its REPORT line."""
    answer = application.localstack.functions.invoke(
        FunctionName=application.function(function),
        Payload=json.dumps(event).encode(),
        LogType="Tail",
    )
    answer["Payload"].read()
    log = base64.b64decode(answer.get("LogResult", "")).decode()
    (line,) = [line for line in log.splitlines() if line.startswith("REPORT ")]
    return {name: float(number) for name, number in TIME.findall(line)}


def report_invocations(found: Mapping[str, Runs]) -> Iterable[str]:
    """Yield the lines of the table: medians."""
    yield f"{'on LocalStack, ms, medians':30} {'init':>8} {'first':>8} {'whole':>8} {'warm':>8}"
    for function, runs in found.items():
        times = (runs.init, runs.first, runs.cold, runs.warm)
        yield f"{function:30} " + " ".join(f"{median(each):8.1f}" for each in times)
