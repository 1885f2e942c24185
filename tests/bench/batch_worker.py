"""The batch worker's way: rows one by one, as its own process or over a connection that is given.

Arguments of the process: a database URL and a change file.
"""

import csv
import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import Connection

from fleettickets.samples.streams import FILE_COLUMNS
from tests.bench.clocks import DatabaseClock, Span

UPSERT: LiteralString = """
insert into tickets.inc (ticket_id, raw) values (%s, %s)
on conflict (ticket_id) do update set raw = excluded.raw
"""


def load_as_batch_worker(connection: Connection[Any], content: bytes) -> Span:
    """Load the rows one by one, as a batch worker does; the row trigger resolves the geometry.

    `executemany` sends them in pipeline mode. Cells are cleaned as far as the table needs it.
    """
    with DatabaseClock(connection).span() as span, connection.transaction():
        rows = csv.DictReader(StringIO(content.decode(), newline=""))
        with connection.cursor() as cursor:
            cursor.executemany(UPSERT, map(_batch_row, rows))
    return span


def _batch_row(row: dict[str, str]) -> tuple[str, str]:
    raw = {name: cell for name, cell in row.items() if cell and name not in FILE_COLUMNS}
    return row["ticket_id"], json.dumps(raw)


def main(url: str, file: str) -> None:
    """Load one file."""
    with psycopg.connect(url, autocommit=True) as connection:
        load_as_batch_worker(connection, Path(file).read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
