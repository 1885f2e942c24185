"""`make bench-reseed`: a reseed of many small files on LocalStack, beside the live path's pace.

The files are put while the bucket's notifications are off, as a producer's new bucket is filled
before anybody looks. It says PASS or FAIL for each must, and is no test: it never fails.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.bench.reports import describe_server, verdict
from tests.support.applications import Application, an_application, make_bucket
from tests.support.executions import Reseeds
from tests.support.localstack import ROOT, LocalStack, use_localstack
from tests.support.postgres import DatabaseServer, find_server_url
from tests.support.streams import StreamFile, a_stream
from tests.support.templates import Template
from tests.support.waits import wait_until

FILES = 10_000
LIVE_FILES = 300
ROWS = 6  # a file: what is measured is the way that a file takes, not its rows
TICKETS = 2_000
PUT_THREADS = 8
PATIENCE_SECONDS = 3_600.0
MOST_EVENTS = 5_000


@dataclass(frozen=True, slots=True)
class Pass:
    """One way through some files: how many, how long it took, and the events of its execution."""

    files: int
    seconds: float
    events: int | None = None

    @property
    def pace(self) -> float:
        """Files a second."""
        return self.files / self.seconds


def main() -> None:
    """Run the benchmark on the private cluster and print its report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--live", type=int, default=LIVE_FILES)
    given = parser.parse_args()
    with (
        DatabaseServer(find_server_url(os.environ)) as server,
        use_localstack() as localstack,
        a_stack(localstack, server) as application,
    ):
        passes = measure(application, given.files, given.live)
        sys.stdout.write(f"{describe_server(server.url)}\n")
    sys.stdout.write("\n".join(report(passes)) + "\n")


def a_stack(localstack: LocalStack, server: DatabaseServer) -> AbstractContextManager[Application]:
    """Deploy the application with the template's own chunks, on a bucket of others."""
    subprocess.run([ROOT / "scripts" / "build.sh", "host"], stdout=subprocess.DEVNULL, check=True)
    return an_application(
        localstack,
        server,
        ROOT / ".aws-sam" / "host" / "template.yaml",
        BucketName=make_bucket(localstack),
        ReseedChunkFiles=Template().value("ReseedChunkFiles"),
    )


def measure(application: Application, files: int, live_files: int) -> Mapping[str, Pass]:
    """Take the files through the live path, then many more through a plan and its apply."""
    stream = a_stream(live_files + files, tickets=TICKETS, rows=ROWS)
    passes = {"live": run_live(application, stream[:live_files])}
    # As the bucket of another, which tells nobody of its objects. A sweep would find them all the
    # same, and what its doorbells applied between plan and apply would change what is new.
    application.pause()
    application.localstack.s3.put_bucket_notification_configuration(
        Bucket=application.bucket, NotificationConfiguration={}
    )
    put_all(application, stream[live_files:])
    reseeds = Reseeds(application)
    started = time.monotonic()
    planning = reseeds.start({})
    summary = reseeds.await_end(planning, timeout_seconds=PATIENCE_SECONDS).summary
    passes["plan"] = a_pass(reseeds, planning, len(stream), started)
    started = time.monotonic()
    applying = reseeds.start_apply(summary["plan_sha256"])
    applied = reseeds.await_end(applying, timeout_seconds=PATIENCE_SECONDS).summary
    passes["apply"] = a_pass(reseeds, applying, len(stream), started)
    assert applied["counts"] == summary["counts"], (
        f"otherwise than planned: {applied['difference']}"
    )
    assert applied["counts"]["files"]["applied"] == len(stream)
    return passes


def a_pass(reseeds: Reseeds, execution: str, files: int, started: float) -> Pass:
    """Return an execution that has just ended as a pass through the files."""
    return Pass(files, time.monotonic() - started, len(reseeds.events(execution)))


def run_live(application: Application, stream: list[StreamFile]) -> Pass:
    """Let doorbells pile up, and measure how fast they are answered."""
    application.pause()
    put_all(application, stream)
    wait_until(
        lambda: application.doorbells() >= len(stream),
        "the doorbells",
        timeout_seconds=PATIENCE_SECONDS,
    )
    started = time.monotonic()
    application.resume()
    stamps = [file.stamp for file in stream]
    application.await_settled(stamps, timeout_seconds=PATIENCE_SECONDS)
    return Pass(len(stream), time.monotonic() - started)


def put_all(application: Application, stream: Iterable[StreamFile]) -> None:
    """Put all files, several at a time."""
    started = time.monotonic()
    with ThreadPoolExecutor(PUT_THREADS) as pool:
        count = sum(1 for _ in pool.map(lambda f: application.put(f.stamp, f.content), stream))
    sys.stderr.write(f"{count:,} files were put in {time.monotonic() - started:.0f} s\n")


def report(passes: Mapping[str, Pass]) -> Iterable[str]:
    """Return the lines of the table and the verdicts."""
    titles = {
        "live": "live path: doorbells that wait in the queue",
        "plan": "plan: every file read and judged",
        "apply": "apply: every file settled in order, and archived",
    }
    yield f"{'':50} {'files':>7} {'seconds':>8} {'files/s':>8} {'events':>7}"
    for name, title in titles.items():
        found = passes[name]
        events = "" if found.events is None else f"{found.events:,}"
        yield f"{title:50} {found.files:7,} {found.seconds:8.1f} {found.pace:8.1f} {events:>7}"
    yield ""
    live, plan, apply = (passes[name] for name in titles)
    for each, title in ((plan, "plan"), (apply, "apply")):
        events = each.events or 0
        must = f"{title} in one execution of < {MOST_EVENTS:,} events"
        yield verdict(events < MOST_EVENTS, must, f"{events:,}")
    ratio = apply.pace / live.pace
    yield verdict(ratio >= 1, "apply as fast as the live path", f"{ratio:.2f} x")


if __name__ == "__main__":
    main()
