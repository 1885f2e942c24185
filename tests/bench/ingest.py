"""`make bench-ingest`: the product's ingest beside the batch worker's way and the limits of COPY.

Five rounds, each on fresh databases; what is compared takes turns within a round, and every figure
is a median over the rounds. It says PASS or FAIL for each must, and is no test: it never fails.
"""

import os
import sys
import tempfile
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from fleettickets.samples.places import PLACES
from tests.bench import contenders
from tests.bench.batch_worker import load_as_batch_worker
from tests.bench.clocks import DatabaseClock, Span
from tests.bench.contenders import Product
from tests.bench.reports import describe, report
from tests.bench.workloads import Workload, make_workload
from tests.support.postgres import DatabaseServer, find_server_url

ROUNDS = 5
ROWS = 20_000
DELTAS = 10
BATCH_DELTAS = 10
IDLE_DOORBELLS = 20
SHORT_CALLS = 200


@dataclass(slots=True)
class Bench:
    """One run: the server, the files, and the spans by the name of what was measured."""

    server: DatabaseServer
    workload: Workload
    spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def run_round(self, number: int, others: Iterable[Callable[[], None]] = ()) -> None:
        """Measure everything once; whoever comes first changes from round to round.

        `others` take part: they are measured after these, or before.
        """
        parts: list[Callable[[], None]] = [
            self._product,
            self._batch_worker,
            self._batch_worker_unmarked,
            self._limits,
            *others,
        ]
        for part in parts if number % 2 else reversed(parts):
            part()

    def _product(self) -> None:
        with (
            self.server.migrated_database() as url,
            tempfile.TemporaryDirectory() as directory,
            closing(Product(url, Path(directory))) as product,
        ):
            add_places(product.connection, self.workload)
            checkpoint(product.connection)
            self._note("first load", product.ingest(*self.workload.first_load))
            # The first load has just written every page, so no page image is in the WAL of this.
            self._note("re-emission", product.ingest(*self.workload.re_emissions[0]))
            checkpoint(product.connection)
            self._note("re-emission*", product.ingest(*self.workload.re_emissions[1]))
            product.connection.execute("vacuum (analyze)")
            for stamp, content in self.workload.deltas:
                self._note("delta", product.ingest(stamp, content))
            for _ in range(IDLE_DOORBELLS):
                self._note("idle doorbell", product.ring_again(*self.workload.deltas[-1]))

    def _batch_worker(self) -> None:
        self._load_as_batch_worker("batch worker")

    def _batch_worker_unmarked(self) -> None:
        """Let it off the triggers that tell the scheduled run of what others wrote."""
        self._load_as_batch_worker("batch worker*", "inc_mark_content", "inc_mark_foreign")

    def _load_as_batch_worker(self, name: str, *without_triggers: str) -> None:
        with (
            self.server.migrated_database() as url,
            psycopg.connect(url, autocommit=True) as connection,
        ):
            for trigger in without_triggers:
                connection.execute(
                    sql.SQL("alter table tickets.inc disable trigger {}").format(
                        sql.Identifier(trigger)
                    )
                )
            add_places(connection, self.workload)
            checkpoint(connection)
            content = self.workload.first_load[1]
            self._note(name, load_as_batch_worker(connection, content))
            connection.execute("vacuum (analyze)")
            for _, delta in self.workload.deltas[:BATCH_DELTAS]:
                self._note(f"{name} delta", load_as_batch_worker(connection, delta))

    def _limits(self) -> None:
        with (
            self.server.migrated_database() as url,
            psycopg.connect(url, autocommit=True) as connection,
        ):
            checkpoint(connection)
            content = self.workload.first_load[1]
            self._note("copy text", contenders.copy_as_text(connection, content))
            self._note("copy jsonb", contenders.copy_as_jsonb(connection, content))
            for call in (contenders.commit_nothing, contenders.select_one):
                for _ in range(SHORT_CALLS):
                    with DatabaseClock(connection).span() as span:
                        call(connection)
                    self._note(call.__name__, span)

    def _note(self, name: str, span: Span) -> None:
        self.spans[name].append(span)


ADD_CLUSTERS = """
insert into tickets.geo_clusters (cluster, geom, source)
select place.cluster, tickets.valid_point(place.longitude, place.latitude), 'sample'
from unnest(%s::text [], %s::float8 [], %s::float8 [])
    as place (cluster, longitude, latitude)
"""

ADD_LOCATIONS = """
insert into tickets.geo_locations (location_name, cluster, geom, source, verified)
select place.location_name, place.cluster, clusters.geom, 'sample', false
from unnest(%s::text [], %s::text []) as place (location_name, cluster)
inner join tickets.geo_clusters as clusters on place.cluster = clusters.cluster
on conflict do nothing
"""


def add_places(connection: Connection[Any], workload: Workload) -> None:
    """Fill the gazetteer: all clusters, and the first load's location names.

    Half of the names are there in another cluster only, so that those tickets get their cluster's
    point.
    """
    points = [(place.cluster, place.longitude, place.latitude) for place in PLACES]
    connection.execute(ADD_CLUSTERS, [list(column) for column in zip(*points, strict=True)])
    names = [name for name, _ in workload.places]
    clusters = [cluster for _, cluster in workload.places]
    known = [clusters[n] if n % 2 else clusters[n - 2] for n in range(len(names))]
    connection.execute(ADD_LOCATIONS, [names, known])
    connection.execute("analyze tickets.geo_clusters, tickets.geo_locations")


def checkpoint(connection: Connection[Any]) -> None:
    """Write all pages out, so that each round begins alike."""
    connection.execute("checkpoint")


def main() -> None:
    """Run the benchmark on DATABASE_URL, or the private cluster, and print its report."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    workload = make_workload(options.rows, DELTAS)
    with DatabaseServer(find_server_url(os.environ)) as server:
        bench = Bench(server, workload)
        for number in range(options.rounds):
            sys.stderr.write(f"round {number + 1} of {options.rounds}\n")
            bench.run_round(number)
        sys.stdout.write(f"{describe(server.url, workload)}\n")
    sys.stdout.write(f"{report(bench.spans, options.rows)}\n")


if __name__ == "__main__":
    main()
