"""Scale by tickets: what a delta and the reads cost on tables of more and more of them."""

import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import LiteralString, cast

from fleettickets.store.connections import Connection
from tests.bench.clocks import Span
from tests.bench.read import CALLED, PAYLOADS, Bench, build
from tests.bench.scale_files import a_product, stamp_of
from tests.bench.scale_points import Point
from tests.bench.workloads import DELTA_ROWS, SHARE_IDENTICAL, SHARE_NEW
from tests.support.postgres import DatabaseServer

DELTAS = 20
WARM_UP = 5  # the first ones bring the table's pages into memory
READS = 7

READ: Mapping[str, LiteralString] = {
    "map of all open": PAYLOADS["map, text"],
    "map of a cluster": CALLED["map of a cluster, text"],
    "metrics, today": CALLED["metrics, today"],
    "nearest ten": CALLED["nearest ten, payload"],
    "freshness": CALLED["freshness"],
}

DRAW_TICKETS: LiteralString = """
select inc.raw
from unnest(%s::text []) as drawn (ticket_id)
inner join tickets.inc as inc on drawn.ticket_id = inc.ticket_id
"""


def measure_tickets(server: DatabaseServer, sizes: Sequence[int]) -> Iterator[tuple[str, Point]]:
    """Fill tables with so many tickets; read them, then apply deltas of 200 rows to them.

    Yields each point with the name of the curve that it belongs to.
    """
    for tickets in sizes:
        with a_product(server) as (url, product):
            build(url, tickets)
            for point in _storage(product.connection, tickets):
                yield "storage", point
            for point in _reads(product.connection, tickets):
                yield "reads", point
            dice = Random(tickets)
            spans = [
                product.ingest(stamp_of(number), a_delta(product.connection, tickets, number, dice))
                for number in range(WARM_UP + DELTAS)
            ][WARM_UP:]
        for series, times in _times(spans).items():
            yield "tickets", Point(series, tickets, "ms", times)
        sys.stderr.write(f"{tickets:,} tickets\n")


STORED: LiteralString = """
select
    sum(pg_total_relation_size(name::regclass))::float8 / %(tickets)s,
    sum(pg_indexes_size(name::regclass))::float8 / %(tickets)s
from unnest('{tickets.inc, tickets.inc_versions, tickets.closure_events}'::text []) as name
"""


def _storage(connection: Connection, tickets: int) -> Iterator[Point]:
    """Yield the bytes of a ticket with its version and its closure, and those of the indexes."""
    (sizes,) = connection.execute(STORED, {"tickets": tickets}).fetchall()
    for series, size in zip(("a ticket", "of it indexes"), sizes, strict=True):
        yield Point(series, tickets, "bytes", [cast("float", size)])


def _times(spans: Sequence[Span]) -> Mapping[str, Sequence[float]]:
    return {
        "delta, whole call": [span.wall_ms for span in spans],
        "delta, database": [span.database_ms for span in spans],
    }


def _reads(connection: Connection, tickets: int) -> Iterator[Point]:
    bench = Bench(connection)
    for name, statement in READ.items():
        for _ in range(READS + 1):
            bench.read(name, statement)
        yield Point(name, tickets, "ms", bench.readings[name].wall_ms[1:])


def a_delta(connection: Connection, tickets: int, number: int, dice: Random) -> bytes:
    """Return a change file over these tickets, mixed as the other benchmarks' deltas are.

    A third of its rows are new, the others drawn from the whole table; of those most are as the
    table has them, and in the rest the owner has changed.
    """
    new = round(DELTA_ROWS * SHARE_NEW)
    drawn = dice.sample(range(1, tickets + 1), DELTA_ROWS - new)
    ids = [f"INC{ticket:07}" for ticket in drawn]
    found = connection.execute(DRAW_TICKETS, [ids]).fetchall()
    rows = [dict(cast("Mapping[str, str]", raw)) for (raw,) in found]
    changed = rows[round(len(rows) * SHARE_IDENTICAL) :]
    for row in changed:
        row["owner"] = f"Owner after delta {number}"
    added = [row | {"ticket_id": f"NEW{number:03}-{n:03}"} for n, row in enumerate(rows[:new])]
    return _as_csv(dice.sample(rows + added, DELTA_ROWS))


def _as_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    columns = sorted({name for row in rows for name in row})
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
