"""Tickets and gazetteer rows written straight into the tables, for tests below the ingest."""

from datetime import datetime
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

EAT = ZoneInfo("Africa/Nairobi")

INSERT_TICKET = "insert into tickets.inc (ticket_id, raw) values (%s, %s)"


def insert_ticket(
    connection: psycopg.Connection, ticket_id: str = "T1", **cells: str | None
) -> None:
    """Insert an open ticket of cluster Nakuru; a cell of None is left out."""
    raw = {"ticket_id": ticket_id, "is_actionable": "true", "cluster": "Nakuru", **cells}
    connection.execute(INSERT_TICKET, [ticket_id, Jsonb(_present(raw))])


REPLACE_RAW = "update tickets.inc set raw = %s where ticket_id = %s"


def replace_raw(connection: psycopg.Connection, ticket_id: str, **cells: str | None) -> None:
    """Replace a ticket's raw, as a person would by hand."""
    raw = _present({"ticket_id": ticket_id, **cells})
    connection.execute(REPLACE_RAW, [Jsonb(raw), ticket_id])


ADD_CLUSTER = """
insert into tickets.geo_clusters (cluster, geom)
values (%s, st_setsrid(st_makepoint(%s, %s), 4326))
"""

ADD_LOCATION = """
insert into tickets.geo_locations (location_name, cluster, geom)
values (%s, %s, st_setsrid(st_makepoint(%s, %s), 4326))
"""


def add_cluster(
    connection: psycopg.Connection, cluster: str, longitude: float, latitude: float
) -> None:
    """Add a cluster's point to the gazetteer."""
    connection.execute(ADD_CLUSTER, [cluster, longitude, latitude])


def add_location(
    connection: psycopg.Connection,
    location_name: str,
    cluster: str,
    longitude: float,
    latitude: float,
) -> None:
    """Add a location's point to the gazetteer; an empty cluster stands for any."""
    connection.execute(ADD_LOCATION, [location_name, cluster, longitude, latitude])


PLACES = """
select ticket_id, geo_source, st_x(geom), st_y(geom)
from tickets.inc order by ticket_id
"""


def places(connection: psycopg.Connection) -> dict[str, tuple[str, float | None, float | None]]:
    """Return (geo_source, longitude, latitude) of each ticket's resolved point."""
    return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(PLACES)}


def eat_text(moment: datetime) -> str:
    """Return an aware time as the feed writes it."""
    return moment.astimezone(EAT).strftime("%Y-%m-%d %H:%M:%S")


def value(connection: psycopg.Connection, query: LiteralString, *parameters: object) -> Any:  # noqa: ANN401
    """Return the only value of a query; Any, because it is whatever the column's type is."""
    row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row[0]


def _present(cells: dict[str, str | None]) -> dict[str, str]:
    return {name: cell for name, cell in cells.items() if cell is not None}
