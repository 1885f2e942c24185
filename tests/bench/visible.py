"""`python -m tests.bench.visible`: from a put to visible rows on the deployed stack, and its parts.

Single puts of 200-row deltas on LocalStack, each when the former is archived. The way to the
function is read from what the queue, the function's log and the ledger note; what the ingest does
is split in an ingest of our own on the same bucket and database, which watches the product's calls.
It is no test: it never fails.
"""

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, LiteralString

from psycopg.conninfo import conninfo_to_dict

from tests.bench.ingest import add_places
from tests.bench.reports import describe_server
from tests.bench.reseed import a_stack
from tests.bench.stages import STAGES, Times, split_ingest
from tests.bench.workloads import DELTA_ROWS, Workload, make_workload
from tests.support.applications import Application
from tests.support.localstack import use_localstack
from tests.support.postgres import DatabaseServer, find_server_url
from tests.support.waits import wait_until

PUTS = 200
OWN_FILES = 40
ROWS = 20_000
WARM_UP = 5
POLL_SECONDS = 0.004

PARTS: Mapping[str, str] = {
    "queue": "put, event, rule, until it is in the queue (S3, EventBridge, SQS)",
    "poll": "until the queue is polled (SQS, Lambda)",
    "start": "until the handler runs (Lambda)",
    "connect": "connection asked whether it lives (ours)",
    "list": "list, subtract the ledger, note the attempt (ours)",
    "rows": "open, parse, merge, until the ledger row is written (ours)",
    "commit": "COMMIT, until somebody else sees it (the database)",
}
OURS = ("connect", "list", "rows")

SETTLED: LiteralString = """
select
    (
        select extract(epoch from max(attempts.started_at))::float8
        from tickets.import_attempts as attempts
        where attempts.stamp = files.stamp
    ),
    extract(epoch from files.applied_at)::float8
from tickets.import_files as files
where files.stamp = %s
"""


@dataclass(frozen=True, slots=True)
class Put:
    """One put file: when it was put, and what the ledger and its reader saw, all in seconds.

    Everybody has the same clock here.
    """

    key: str
    put_at: float
    began_at: float
    applied_at: float
    seen_at: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The way of a doorbell: sent, received from the queue, handled, and its ingest begun."""

    sent_at: float
    received_at: float
    handled_at: float
    ingest_at: float


def put_one(application: Application, stamp: str, content: bytes) -> Put:
    """Put a file, wait until its rows are seen, and then until its doorbell is answered."""
    put_at = time.time()
    key = application.put(stamp, content)
    began_at, applied_at = wait_until(
        lambda: tuple(
            moment for row in application.connection.execute(SETTLED, [stamp]) for moment in row
        ),
        f"the rows of {stamp}",
        poll_seconds=POLL_SECONDS,
    )
    seen_at = time.time()
    application.await_quiet()
    return Put(key, put_at, began_at, applied_at, seen_at)


def read_answers(application: Application, keys: Iterable[str]) -> Mapping[str, Answer]:
    """Return the answered doorbells of all these keys, as soon as the function's log has them."""
    wanted, found = set(keys), dict[str, Answer]()

    def has_all() -> bool:
        found.update(_logged_answers(application))
        return wanted <= found.keys()

    wait_until(has_all, "the log of the doorbells", poll_seconds=1.0)
    return found


def _logged_answers(application: Application) -> Iterator[tuple[str, Answer]]:
    """Yield each doorbell's key with its way, from the lines that tell what was received."""
    received = dict[str, tuple[float, Mapping[str, Any]]]()
    for line in application.logged("Ingest", '{ $.service = "fleettickets" }'):
        message = line.get("message")
        if isinstance(message, dict) and "Records" in message:
            received[line["correlation_id"]] = (_moment(line), message["Records"][0]["attributes"])
        elif message == "doorbell was answered" and line["correlation_id"] in received:
            handled_at, attributes = received[line["correlation_id"]]
            yield (
                line["key"],
                Answer(
                    int(attributes["SentTimestamp"]) / 1000,
                    int(attributes["ApproximateFirstReceiveTimestamp"]) / 1000,
                    handled_at,
                    _moment(line) - line["duration_ms"] / 1000,
                ),
            )


def log_bytes(application: Application) -> float:
    """Return the bytes that a run of the function logs, the events left out that we asked for."""
    group = application.stack.outputs["IngestLogGroupName"]
    lines = [line for line in application.stack.logged(group) if "SentTimestamp" not in line]
    runs = sum(line.startswith("REPORT ") for line in lines)
    return sum(len(line.encode()) + 1 for line in lines) / runs


def _moment(line: Mapping[str, Any]) -> float:
    return datetime.strptime(line["timestamp"], "%Y-%m-%d %H:%M:%S,%f%z").timestamp()


def parts_of(put: Put, answer: Answer) -> Mapping[str, float]:
    """Return the milliseconds of each part of a file's way, from its put until it was seen."""
    instants = (
        put.put_at,
        answer.sent_at,
        answer.received_at,
        answer.handled_at,
        answer.ingest_at,
        put.began_at,
        put.applied_at,
        put.seen_at,
    )
    steps = zip(PARTS, instants, instants[1:], strict=False)
    return {name: (end - start) * 1000 for name, start, end in steps}


def measure(
    application: Application, server: DatabaseServer, workload: Workload
) -> tuple[Times, Times, float]:
    """Put all deltas but the last ones, one by one, and ingest those ourselves.

    Returns the parts of the puts' way, the stages of our own ingests, and the bytes logged a run.
    """
    _connect_directly(application, server)
    add_places(application.connection, workload)
    application.put(*workload.first_load)
    application.await_settled([workload.first_load[0]])
    files = workload.deltas
    with logged_events(application):
        puts = [put_one(application, *file) for file in files[:-OWN_FILES]][WARM_UP:]
        answers = read_answers(application, [put.key for put in puts])
    parts: dict[str, list[float]] = defaultdict(list)
    for put in puts:
        for name, milliseconds in parts_of(put, answers[put.key]).items():
            parts[name].append(milliseconds)
    stages = split_ingest(application, files[-OWN_FILES:])
    own = {name: times[WARM_UP:] for name, times in stages.items()}
    return parts, own, log_bytes(application)


def _connect_directly(application: Application, server: DatabaseServer) -> None:
    """Let the functions reach the server itself: the tests' network between takes time."""
    address, localstack = conninfo_to_dict(server.url), application.localstack
    secret = application.database.secret(localstack)
    secret |= {"host": str(address["host"]), "port": str(address["port"])}
    localstack.secrets.put_secret_value(
        SecretId=application.database.secret_arn, SecretString=json.dumps(secret)
    )


@contextmanager
def logged_events(application: Application) -> Generator[None]:
    """Let the function log what it receives in this block, as Powertools does when it is told to.

    Only so is it known when the queue got a doorbell and gave it out.
    """
    functions, name = application.localstack.functions, application.function("Ingest")
    before = functions.get_function_configuration(FunctionName=name)["Environment"]
    variables = before.get("Variables", {})
    _set_variables(application, variables | {"POWERTOOLS_LOGGER_LOG_EVENT": "true"})
    yield
    _set_variables(application, variables)


def _set_variables(application: Application, variables: Mapping[str, str]) -> None:
    functions, name = application.localstack.functions, application.function("Ingest")
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)


def report(parts: Times, stages: Times, logged: float) -> Iterable[str]:
    """Yield the lines of the tables."""
    title = f"{len(parts['queue'])} single puts of {DELTA_ROWS} rows, ms"
    yield f"{title:70} {'p50':>8} {'p95':>8}"
    yield f"{'put -> visible':70} {_figures(_sums(parts, PARTS))}"
    for name, title in PARTS.items():
        yield f"    {title:66} {_figures(parts[name])}"
    yield f"{'of it ours':70} {_figures(_sums(parts, OURS))}"
    yield ""
    yield f"{'the same ingest in a process of its own, by stages, ms':70} {'p50':>8} {'p95':>8}"
    for name, title in STAGES.items():
        yield f"    {title:66} {_figures(stages[name])}"
    yield ""
    yield f"a run logs {logged:,.0f} bytes"


def _sums(parts: Times, names: Iterable[str]) -> list[float]:
    return [sum(each) for each in zip(*(parts[name] for name in names), strict=True)]


def _figures(times: Sequence[float]) -> str:
    return f"{median(times):8.1f} {sorted(times)[int(len(times) * 0.95)]:8.1f}"


def main() -> None:
    """Measure on LocalStack and the private cluster, and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--puts", type=int, default=PUTS)
    puts = parser.parse_args().puts
    with (
        DatabaseServer(find_server_url(os.environ)) as server,
        use_localstack() as localstack,
        a_stack(localstack, server) as application,
    ):
        workload = make_workload(ROWS, WARM_UP + puts + OWN_FILES)
        found = measure(application, server, workload)
        sys.stdout.write(describe_server(server.url))
    sys.stdout.write("\n".join(report(*found)) + "\n")


if __name__ == "__main__":
    main()
