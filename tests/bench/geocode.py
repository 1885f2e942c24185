"""`make bench-geocode`: geocoding at a million tickets: 10,000 pending locations, and an idle run.

Everything is made anew in a database of its own, which takes some minutes. It says PASS or FAIL for
each must, and is no test: it never fails.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Generator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from psycopg import Connection

from fleettickets.core.feed import read_change_file
from fleettickets.samples.places import PLACES
from fleettickets.store.streams import lock_dataset
from tests.bench.clocks import DatabaseClock, Span
from tests.bench.contenders import MAX_FILE_BYTES
from tests.bench.workloads import make_workload
from tests.support.functions import REGION, FakeContext, FakeQueue, load_handler
from tests.support.postgres import DatabaseServer, find_server_url
from tests.support.s3 import running_s3_store

TICKETS = 1_000_000
COPIED_TICKETS = 20_000  # made by the sample's rules; the others are copies of them
PENDING = 10_000
ROUNDS = 3
IDLE_RUNS = 5
MOST_SECONDS, MOST_MEGABYTES, MOST_IDLE_MS = 60, 200, 1000
ALL_STEPS = ["sweep", "clusters", "locations", "history"]
_SYLLABLES = ("ka", "mwe", "ru", "ndi", "to", "bo", "la", "gi", "su", "ne")

ADD_CLUSTERS = """
insert into tickets.geo_clusters (cluster, geom, source)
select place.cluster, tickets.valid_point(place.longitude, place.latitude), 'sample'
from unnest(%s::text [], %s::float8 [], %s::float8 []) as place (cluster, longitude, latitude)
"""

ADD_TICKETS = """
insert into tickets.inc (ticket_id, raw, geom, geo_source)
select copied.ticket_id, copied.raw, point.geom, point.geo_source
from (
    select
        made.ticket_id || '-' || %(copy)s::text as ticket_id,
        made.raw || jsonb_build_object('ticket_id', made.ticket_id || '-' || %(copy)s::text) as raw
    from pg_temp.made
) as copied
cross join lateral tickets.resolve_point(copied.raw) as point
order by copied.ticket_id collate "C"
"""

# One round's names: each open ticket of these gets a name of its own, in one of the clusters.
RENAME = """
update tickets.inc as inc
set
    raw = inc.raw - 'longitude' - 'latitude'
    || jsonb_build_object('location_name', named.name, 'cluster', named.cluster),
    geo_source = null
from (
    select open_ticket.ticket_id, names.name, names.cluster
    from (
        select ticket_id, row_number() over (order by ticket_id) as position
        from tickets.inc
        where is_actionable and ticket_id like %(copies)s
        limit %(pending)s
    ) as open_ticket
    inner join unnest(%(names)s::text [], %(clusters)s::text [])
        with ordinality as names (name, cluster, position)
        on open_ticket.position = names.position
) as named
where inc.ticket_id = named.ticket_id
"""


def fill(connection: Connection[Any], tickets: int) -> None:
    """Make the tickets, and points for their clusters; all their locations are settled."""
    points = [(place.cluster, place.longitude, place.latitude) for place in PLACES]
    connection.execute(ADD_CLUSTERS, [list(column) for column in zip(*points, strict=True)])
    _, content = make_workload(min(tickets, COPIED_TICKETS), 0).first_load
    connection.execute("create temporary table made (ticket_id text, raw jsonb)")
    with connection.cursor() as cursor, cursor.copy("copy made from stdin") as copy:
        for row in read_change_file([content], max_file_bytes=MAX_FILE_BYTES):
            copy.write_row((row.ticket_id, row.raw_json))
    for number in range(max(1, tickets // COPIED_TICKETS)):
        sys.stderr.write(f"\r{(number + 1) * COPIED_TICKETS:,} tickets")
        connection.execute(ADD_TICKETS, {"copy": f"{number:03}"})
    sys.stderr.write("\n")
    connection.execute("vacuum (analyze)")


def names_of(round_number: int) -> list[str]:
    """Return a round's names, whose cleaned forms differ from all others'."""
    words = ("".join(syllables).capitalize() for syllables in product(_SYLLABLES, repeat=4))
    return [f"NW_{word} Estate Round{'abcdef'[round_number]}_FDT7" for word in words][:PENDING]


def write_gazetteer(path: Path, round_number: int) -> None:
    """Write a gazetteer that knows every name of a round, in the first cluster's area."""
    place = PLACES[0]
    lines = ["name,latitude,longitude,admin1,population,feature_code,alternate_names"]
    for position, name in enumerate(names_of(round_number)):
        clean = name.removeprefix("NW_").removesuffix("_FDT7")
        latitude = place.latitude + position % 100 / 1000
        lines.append(f"{clean},{latitude:.5f},{place.longitude:.5f},Nairobi,,PPLX,")
    path.write_text("\n".join(lines) + "\n")


def make_pending(connection: Connection[Any], round_number: int) -> None:
    """Give 10,000 open tickets names that nobody has asked for yet."""
    names = {
        "copies": f"%-{round_number:03}",
        "pending": PENDING,
        "names": names_of(round_number),
        "clusters": [PLACES[0].cluster] * PENDING,
    }
    with connection.transaction():
        lock_dataset(connection)  # as ingest does, so that nobody else's write is to be reconciled
        connection.execute(RENAME, names)


def geocode_by_command(url: str, gazetteer: Path) -> tuple[float, float, dict[str, Any]]:
    """Run the command line; return its seconds, the megabytes that it needed, its summary."""
    program = Path(sys.executable).with_name("fleettickets")
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "GEOCODER_PROVIDER": "gazetteer",
        "GAZETTEER_FILE": str(gazetteer),
    }
    command = [program, "geocode", "--locations", "--apply", "--json"]
    started, megabytes = time.perf_counter(), 0.0
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        while process.poll() is None:
            megabytes = max(megabytes, peak_megabytes(process.pid))
            time.sleep(0.05)
        output, _ = process.communicate()
    return time.perf_counter() - started, megabytes, json.loads(output)


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a running process has had resident, 0 if it is gone (Linux)."""
    with suppress(OSError, ValueError):
        status = Path(f"/proc/{pid}/status").read_text()
        peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        return sum(map(int, peaks)) / 1024
    return 0.0


@contextmanager
def an_enrich_function(url: str) -> Generator[Any]:
    """Yield the function with an empty bucket, an empty queue and this database."""
    with running_s3_store() as store:
        os.environ |= {
            "AWS_DEFAULT_REGION": REGION,
            "DATABASE_URL": url,
            "TICKETS_BUCKET": store.new_bucket(),
            "DOORBELL_QUEUE_URL": FakeQueue().url,
            "RUSTFS_ENDPOINT_URL": store.endpoint_url,
            "RUSTFS_ACCESS_KEY": "testing",
            "RUSTFS_SECRET_KEY": "testing",
        }
        module = load_handler("enrich")
        yield module
        module._runtime().connections.discard()  # noqa: SLF001


def measure_idle_runs(url: str) -> list[Span]:
    """Run all four steps when there is nothing to do; no geocoder may even be opened."""
    spans: list[Span] = []
    with redirect_stdout(StringIO()), an_enrich_function(url) as enrich:  # its metrics
        enrich.handle({"steps": ALL_STEPS}, FakeContext())  # does what there is to do
        enrich._geocoder.cache_clear()  # noqa: SLF001
        clock = DatabaseClock(enrich._runtime().connections.get())  # noqa: SLF001
        for _ in range(IDLE_RUNS):
            with clock.span() as span:
                enrich.handle({"steps": ALL_STEPS}, FakeContext())
            spans.append(span)
        if enrich._geocoder.cache_info().currsize:  # noqa: SLF001
            raise RuntimeError("a run with nothing to do opened the geocoder")
    return spans


def report(runs: Sequence[tuple[float, float, dict[str, Any]]], idle: Sequence[Span]) -> str:
    """Return the medians and the verdicts as text."""
    seconds = median(run[0] for run in runs)
    megabytes = max(run[1] for run in runs)
    database_ms = median(span.database_ms for span in idle)
    found = {run[2]["found"] for run in runs}
    rounds = ", ".join(f"{run[0]:.1f}" for run in runs)
    round_trips = f"{median(span.round_trips for span in idle):.0f} round trips"
    lines = (
        f"{PENDING:,} pending locations, gazetteer: median {seconds:.1f} s ({rounds})",
        f"at most {megabytes:.0f} MB",
        f"idle run, all four steps: median {database_ms:.1f} ms of database time ({round_trips})",
        _verdict(found == {PENDING}, "all of them are found"),
        _verdict(seconds < MOST_SECONDS, f"in under {MOST_SECONDS} s"),
        _verdict(megabytes < MOST_MEGABYTES, f"in under {MOST_MEGABYTES} MB"),
        _verdict(database_ms < MOST_IDLE_MS, f"idle in under {MOST_IDLE_MS} ms"),
    )
    return "\n".join(lines)


def _verdict(passed: bool, must: str) -> str:
    return f"{'PASS' if passed else 'FAIL'}  {must}"


def main() -> None:
    """Run the benchmark on DATABASE_URL, or the private cluster, and print its report."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=TICKETS)
    tickets = parser.parse_args().tickets
    with (
        DatabaseServer(find_server_url(os.environ)) as server,
        server.migrated_database() as url,
        psycopg.connect(url, autocommit=True) as connection,
        tempfile.TemporaryDirectory() as directory,
    ):
        fill(connection, tickets)
        gazetteer = Path(directory, "places.csv")
        write_gazetteer(gazetteer, 0)
        geocode_by_command(url, gazetteer)  # the sample's own names
        runs: list[tuple[float, float, dict[str, Any]]] = []
        for number in range(ROUNDS):
            make_pending(connection, number)
            write_gazetteer(gazetteer, number)
            runs.append(geocode_by_command(url, gazetteer))
            sys.stderr.write(f"round {number + 1} of {ROUNDS}: {runs[-1]}\n")
        idle = measure_idle_runs(url)
    sys.stdout.write(f"{tickets:,} tickets\n{report(runs, idle)}\n")


if __name__ == "__main__":
    main()
