"""`python -m tests.bench.peers`: the product beside the limits and beside its peers, in one race.

Five rounds of 20,000 rows, then one of 200,000 with first loads only for the peers. Everything is
on fresh databases and takes turns; peers that are not installed are left out, with the reason.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.ingest import ROUNDS, ROWS, Bench
from tests.bench.peers.contestants import CONTESTANTS, PEERS, PRODUCT, Contestant
from tests.bench.peers.races import Race
from tests.bench.peers.reports import report
from tests.bench.reports import describe
from tests.bench.workloads import make_workload
from tests.support.postgres import DatabaseServer, find_server_url

MANY_ROWS = 200_000
DELTAS = 500
PACKAGES = ("dlt", "pandas", "duckdb", "csvkit", "meltanolabs-target-postgres")


def race(server: DatabaseServer, rows: int, rounds: int, deltas: int, *, repeats: bool) -> str:
    """Run the race at one size, and return its report."""
    workload = make_workload(rows, deltas)
    present = [contestant for contestant in CONTESTANTS if contestant.missing() is None]
    with TemporaryDirectory() as directory:
        bench = Bench(server, workload)
        runners = Race(server, workload, present, Path(directory), repeats=repeats)
        for number in range(rounds):
            sys.stderr.write(f"{rows:,} rows: round {number + 1} of {rounds}\n")
            bench.run_round(number, runners.parts())
    text = report(bench.spans, runners, rounds=rounds)
    return f"{describe(server.url, workload)}\n{text}\n"


def describe_peers(contestants: Sequence[Contestant] = CONTESTANTS) -> str:
    """Return the peers' versions, and why any of them is left out."""
    missing = [reason for contestant in contestants if (reason := contestant.missing())]
    return "\n".join([*missing, *_versions()])


def _versions() -> list[str]:
    ask = f"""
from importlib.metadata import version
print(*(f"{{name}} {{version(name)}}" for name in {PACKAGES!r}), sep=", ")
"""
    commands = [(str(PEERS / "python"), "-c", ask), ("pgloader", "--version")]
    found: list[str] = []
    for command in commands:
        try:
            answer = subprocess.run(command, capture_output=True, text=True, check=True)
        except OSError:
            continue
        found.append(answer.stdout.splitlines()[0])
    return found


def main() -> None:
    """Run it on DATABASE_URL, or the private cluster, and print its report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--deltas", type=int, default=DELTAS, help=f"for {PRODUCT.name} in process")
    parser.add_argument("--many", type=int, default=MANY_ROWS, help="rows of the one large round")
    parser.add_argument("--quick", action="store_true", help="to try it: one small round of each")
    options = parser.parse_args()
    if options.quick:
        options.rows, options.rounds, options.deltas, options.many = 2_000, 1, 1, 4_000
    started = time.monotonic()
    with DatabaseServer(find_server_url(os.environ)) as server:
        sys.stdout.write(f"{describe_peers()}\n\n")
        text = race(server, options.rows, options.rounds, options.deltas, repeats=True)
        sys.stdout.write(f"{text}\n")
        if options.many:
            sys.stdout.write(f"{race(server, options.many, 1, 10, repeats=False)}\n")
    sys.stderr.write(f"{time.monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    main()
