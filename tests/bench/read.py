"""`make bench-read`: the read schema over a million tickets, a tenth of them open and geocoded.

Payloads beside their naive form, in turns; the nearest tickets with the index of open tickets,
with one of all tickets, and with none; what the snapshot and the dashboard cost. It says PASS or
FAIL for each must, and is no test: it never fails.
"""

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, LiteralString

import psycopg
from psycopg import Connection

from fleettickets.samples.places import PLACES
from tests.bench import naive
from tests.bench.tickets import add_gazetteer, add_history, add_tickets
from tests.support.postgres import DatabaseServer, find_server_url

TICKETS = 1_000_000
CHUNKS = 4
BUILDERS = 2
ROUNDS = 5
CALLS = 20
SEARCHES = 300
SEARCHES_WITHOUT_INDEX = 10

type AnyConnection = Connection[Any]


@dataclass(slots=True)
class Reading:
    """How often something was read: its times, its server's CPU, and how much came back."""

    wall_ms: list[float] = field(default_factory=list[float])
    cpu_ms: list[float] = field(default_factory=list[float])
    size_bytes: int = 0

    @property
    def median_ms(self) -> float:
        """The median of the times."""
        return median(self.wall_ms)

    @property
    def p95_ms(self) -> float:
        """The 95th of a hundred times; of few, the longest."""
        return sorted(self.wall_ms)[int(len(self.wall_ms) * 0.95)]


@dataclass(slots=True)
class Bench:
    """One run: a connection to the filled database, and the readings by their names."""

    connection: AnyConnection
    readings: dict[str, Reading] = field(default_factory=lambda: defaultdict(Reading))

    def read(self, name: str, statement: LiteralString) -> None:
        """Run a statement and fetch its first value as it comes, unparsed."""
        reading = self.readings[name]
        with self._timed(reading):
            result = self.connection.pgconn.exec_(statement.encode())
        if result.error_message:
            raise RuntimeError(f"{name}: {result.error_message.decode()}")
        reading.size_bytes = len(result.get_value(0, 0) or b"")

    def search(
        self, name: str, statement: LiteralString, points: Iterable[tuple[float, float]]
    ) -> None:
        """Run a prepared statement for each point."""
        for point in points:
            with self._timed(self.readings[name]):
                self.connection.execute(statement, point, prepare=True).fetchall()

    @contextmanager
    def _timed(self, reading: Reading) -> Generator[None]:
        cpu, started = self._cpu_ms(), time.perf_counter()
        yield
        reading.wall_ms.append((time.perf_counter() - started) * 1000)
        reading.cpu_ms.append(self._cpu_ms() - cpu)

    def _cpu_ms(self) -> float:
        """Return what the connection's server process has used; 0 where that cannot be seen."""
        path = Path("/proc", str(self.connection.info.backend_pid), "stat")
        if not path.exists():
            return 0.0
        fields = path.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


ADD_SNAPSHOTS = """
insert into tickets.inc_daily_snapshot (
    snapshot_date, open_total, open_breached, created_today, closed_today, captured_at
)
select day::date, 100000, 99000, 1000, 1000, day at time zone 'Africa/Nairobi' + '23:50:00'
from generate_series(
    (now() at time zone 'Africa/Nairobi')::date - 90,
    (now() at time zone 'Africa/Nairobi')::date - 1, interval '1 day'
) as day
"""


def build(url: str, tickets: int) -> None:
    """Fill the database with `tickets` tickets, by several sessions at once."""
    with psycopg.connect(url, autocommit=True) as connection:
        add_gazetteer(connection)
    size = tickets // CHUNKS

    def add(chunk: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("set synchronous_commit = off")
            add_tickets(connection, chunk * size + 1, (chunk + 1) * size, tickets)

    with ThreadPoolExecutor(BUILDERS) as builders:
        list(builders.map(add, range(CHUNKS)))
    with psycopg.connect(url, autocommit=True) as connection:
        add_history(connection)
        connection.execute(ADD_SNAPSHOTS)
        connection.execute("select tickets.capture_history()")
        connection.execute("checkpoint")


PAYLOADS: dict[str, LiteralString] = {
    "map, naive": naive.MAP,
    "map, jsonb": "select reporting.fn_tickets_for_map()",
    "map, text": "select reporting.fn_tickets_for_map_text()",
    "dashboard, naive": naive.DASHBOARD,
    "dashboard, jsonb": "select reporting.fn_inc_dashboard()",
    "dashboard, text": "select reporting.fn_inc_dashboard_text()",
}

CALLED: dict[str, LiteralString] = {
    "metrics, today": "select reporting.fn_inc_metrics()",
    "metrics, a cluster": "select reporting.fn_inc_metrics(p_cluster := 'Nakuru')",
    "metrics, last 30 days": "select reporting.fn_inc_metrics(p_window := 'last_30_days')",
    "map of a cluster, text": "select reporting.fn_tickets_for_map_text(p_cluster := 'Nakuru')",
    "series, 30 days": "select reporting.fn_inc_series()",
    "teams, 30 days": "select reporting.fn_inc_teams()",
    "nearest ten, payload": "select reporting.fn_nearest_open_tickets(36.8, -1.3)",
    "freshness": "select tickets.freshness()",
    "snapshot's numbers": """
        select figures::text
        from (select (now() at time zone 'Africa/Nairobi')::date::timestamp as day) as today,
        tickets.day_figures(
            day at time zone 'Africa/Nairobi',
            (day + interval '1 day') at time zone 'Africa/Nairobi', now()
        ) as figures
    """,
}

NEAREST: LiteralString = """
select ticket_id, metres
from tickets.nearest_open(st_setsrid(st_makepoint(%s, %s), 4326)::geography, 10)
"""
NEAREST_OF_TEAM: LiteralString = """
select ticket_id, metres
from tickets.nearest_open(
    st_setsrid(st_makepoint(%s, %s), 4326)::geography, 10, null, 'Team Nakuru A'
)
"""


def run(bench: Bench) -> None:
    """Measure everything; what is compared takes turns."""
    for _ in range(ROUNDS):
        for name, statement in PAYLOADS.items():
            bench.read(name, statement)
    for _ in range(CALLS):
        for name, statement in CALLED.items():
            bench.read(name, statement)
    for _ in range(3):
        bench.read("capture_history, whole", "select tickets.capture_history()")
    _search(bench)


def _search(bench: Bench) -> None:
    """Search near towns; the first searches only warm up. What was dropped is brought back."""
    dice = Random(1)
    points = [
        (place.longitude + dice.uniform(-0.1, 0.1), place.latitude + dice.uniform(-0.1, 0.1))
        for place in dice.choices(PLACES, k=SEARCHES)
    ]
    bench.search("warm", NEAREST, points[:20])
    bench.search("nearest ten", NEAREST, points)
    bench.search("nearest ten of a team", NEAREST_OF_TEAM, points)
    with bench.connection.transaction(force_rollback=True):
        bench.connection.execute("drop index tickets.inc_open_geog_idx")
        bench.search("nearest ten, no index", NEAREST, points[:SEARCHES_WITHOUT_INDEX])
        bench.connection.execute("create index on tickets.inc using gist (geog)")
        bench.search("warm", NEAREST, points[:20])
        bench.search("nearest ten, index of all tickets", NEAREST, points)


def report(readings: dict[str, Reading], tickets: int) -> str:
    """Return the table and the verdicts as text."""
    head = f"{'milliseconds':36} {'median':>9} {'p95':>9} {'CPU':>9} {'kB':>9} {'times':>6}"
    lines = [
        f"{name:36} {reading.median_ms:9.2f} {reading.p95_ms:9.2f} "
        f"{sum(reading.cpu_ms) / len(reading.cpu_ms):9.2f} "
        f"{reading.size_bytes / 1000:9.1f} {len(reading.wall_ms):6}"
        for name, reading in readings.items()
        if name != "warm"
    ]
    faster = readings["map, naive"].median_ms / readings["map, text"].median_ms
    verdicts = [
        _verdict(faster >= 4, "map as text >= 4 x naive", f"{faster:.1f} x"),
        _under(1, readings["nearest ten"].p95_ms, "nearest ten, p95"),
        _under(50, readings["snapshot's numbers"].median_ms, "snapshot's numbers"),
        _under(100, readings["metrics, today"].p95_ms, "metrics, today, p95"),
    ]
    return "\n".join([f"{tickets:,} tickets", "", head, *lines, "", *verdicts])


def _under(most_ms: float, found_ms: float, must: str) -> str:
    return _verdict(found_ms <= most_ms, f"{must} <= {most_ms} ms", f"{found_ms:.2f} ms")


def _verdict(passed: bool, must: str, found: str) -> str:
    return f"{'PASS' if passed else 'FAIL'}  {must}: {found}"


def main() -> None:
    """Run the benchmark on DATABASE_URL, or the private cluster, and print its report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=TICKETS, help="how many (default 1,000,000)")
    tickets = parser.parse_args().tickets
    with DatabaseServer(find_server_url(os.environ)) as server, server.migrated_database() as url:
        started = time.monotonic()
        build(url, tickets)
        sys.stderr.write(f"built in {time.monotonic() - started:.0f} s\n")
        with psycopg.connect(url, autocommit=True) as connection:
            bench = Bench(connection)
            run(bench)
    sys.stdout.write(f"{report(bench.readings, tickets)}\n")


if __name__ == "__main__":
    main()
