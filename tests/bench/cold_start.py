"""`python -m tests.bench.cold_start`: how long the functions take to start, and where it goes.

Imports as whole processes beside `import boto3, psycopg`, in turns; the packed sizes; what a fresh
database connection costs, told apart; and, on LocalStack, the first and the warm runs of each
function. It says PASS or FAIL for the must, and is no test: it never fails.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import LiteralString

from fleettickets.store.connections import Connection, connect
from tests.bench.invocations import measure_invocations, report_invocations
from tests.bench.reports import describe_server, verdict
from tests.support.localstack import ROOT, use_localstack
from tests.support.postgres import DatabaseServer, find_server_url

ROUNDS = 9
CONNECTIONS = 15
SLOWEST = 12
MOST_RATIO = 1.3

PEER = "import boto3, psycopg"
PEER_READY = "import boto3, psycopg; boto3.client('s3')"
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/handler.py"))

type Times = Mapping[str, Sequence[float]]


def _programs() -> dict[str, tuple[str, str]]:
    """Return what is started, by name: the program, and the folder that it finds `handler` in."""
    return {
        "bare Python": ("pass", ""),
        PEER: (PEER, ""),
        PEER_READY: (PEER_READY, ""),
        **{name: ("import handler", name) for name in FUNCTIONS},
        # The first run makes the client of the bucket, so it has boto3 to import as well.
        "ingest, S3 client": ("import handler, boto3; boto3.client('s3')", "ingest"),
    }


def measure_imports(rounds: int) -> Times:
    """Return the milliseconds of whole processes, each program once a round, in turns.

    One round more is run before, uncounted, so that all bytecode is there and in memory.
    """
    times: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds + 1):
        for name, (program, function) in _programs().items():
            started = time.perf_counter()
            _start(function, "-c", program)
            if number:
                times[name].append((time.perf_counter() - started) * 1000)
    return times


def slowest_modules(function: str, count: int = SLOWEST) -> list[tuple[str, float]]:
    """Return the modules that a handler spends most on importing, without what each imports.

    In milliseconds, as `-X importtime` has them: its own cost is in them, so only their order and
    shares say something.
    """
    _start(function, "-c", "import handler")  # bytecode
    lines = _start(function, "-X", "importtime", "-c", "import handler").splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in lines if "|" in line][1:]
    times = [(name.strip(), int(own) / 1000) for own, _, name in rows]
    return sorted(times, key=lambda row: -row[1])[:count]


def _start(function: str, *arguments: str) -> str:
    """Run this interpreter, and return what it wrote to its standard error."""
    folder = str(ROOT / "functions" / function)
    environment = os.environ | {"PYTHONPATH": folder, "AWS_DEFAULT_REGION": "us-east-1"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=True)
    return done.stderr


def packed_sizes(build: Path) -> dict[str, int]:
    """Return the bytes of the zip files of functions and layers, by name."""
    return {path.stem: path.stat().st_size for path in sorted(build.glob("*.zip"))}


STATEMENTS: Mapping[str, LiteralString] = {
    "first statement: select 1": "select 1",
    "second statement: select 1": "select 1 ",
    "first call of PostGIS": "select tickets.valid_point(36.8, -1.3)",
    "second call of PostGIS": "select tickets.valid_point(36.9, -1.4)",
    "first look at the stream's state": "select tickets.freshness()",
    "second look at the stream's state": "select tickets.freshness() ",
}


def measure_connections(url: str, count: int) -> Times:
    """Return the milliseconds of connecting as a function does, and of the first calls then."""
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(count):
        started = time.perf_counter()
        connection = connect(url, application_name="fleettickets bench")
        times["connect"].append((time.perf_counter() - started) * 1000)
        with connection:
            for name, statement in STATEMENTS.items():
                times[name].append(_timed(connection, statement))
    return times


def _timed(connection: Connection, statement: LiteralString) -> float:
    started = time.perf_counter()
    connection.execute(statement).fetchall()
    return (time.perf_counter() - started) * 1000


def report_imports(times: Times) -> Iterable[str]:
    """Yield the lines of the table of imports, and the verdict."""
    peer = median(times[PEER])
    yield f"{'whole process, ms':46} {'median':>7} {'least':>7} {'most':>7} {'ratio':>6}"
    for name, found in times.items():
        yield f"{name:46} {_figures(found)} {median(found) / peer:6.2f}"
    ratio = median(times["ingest"]) / peer
    yield verdict(ratio <= MOST_RATIO, f"ingest <= {MOST_RATIO} x `{PEER}`", f"{ratio:.2f} x")
    ready = median(times["ingest, S3 client"]) / median(times[PEER_READY])
    yield f"    with the client that the first run makes, against `{PEER_READY}`: {ready:.2f} x"


def report_connections(times: Times) -> Iterable[str]:
    """Yield the lines of the table of connections."""
    yield f"{'a fresh connection, ms':46} {'median':>7} {'least':>7} {'most':>7}"
    for name, found in times.items():
        yield f"{name:46} {_figures(found)}"


def _figures(times: Sequence[float]) -> str:
    return f"{median(times):7.2f} {min(times):7.2f} {max(times):7.2f}"


def _sizes() -> Iterable[str]:
    subprocess.run([ROOT / "scripts" / "build.sh", "host"], stdout=subprocess.DEVNULL, check=True)
    yield f"{'packed for this machine':46} {'bytes':>10}"
    for name, size in packed_sizes(ROOT / ".aws-sam" / "host").items():
        yield f"{name:46} {size:10,}"


def _modules() -> Iterable[str]:
    for function in FUNCTIONS:
        yield f"{function}: the slowest modules, own time by -X importtime, ms"
        for name, own_ms in slowest_modules(function):
            yield f"    {name:42} {own_ms:7.1f}"


def main() -> None:
    """Measure on DATABASE_URL, or the private cluster, and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, and no LocalStack")
    quick = parser.parse_args().quick
    _say(report_imports(measure_imports(2 if quick else ROUNDS)))
    _say(_modules())
    _say(_sizes())
    with DatabaseServer(find_server_url(os.environ)) as server:
        with server.migrated_database() as url:
            _say(report_connections(measure_connections(url, 3 if quick else CONNECTIONS)))
        if not quick:
            with use_localstack() as localstack:
                _say(report_invocations(measure_invocations(localstack, server)))
        _say([describe_server(server.url)])


def _say(lines: Iterable[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n\n")


if __name__ == "__main__":
    main()
