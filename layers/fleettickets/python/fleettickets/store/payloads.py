"""The payloads that readers of the schema get, and the reasons of rejected rows."""

from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg.rows import class_row, tuple_row

from fleettickets.store.connections import Connection
from fleettickets.store.streams import DATASET


@dataclass(frozen=True, slots=True)
class Rejects:
    """How many rows were kept aside for one reason."""

    reason: str
    rows: int


OPEN_TICKETS = "select reporting.fn_tickets_for_map_text()::json"


def read_open_tickets(connection: Connection) -> dict[str, Any]:
    """Return what `fn_tickets_for_map` answers: the open tickets on the map, and a summary."""
    return _payload(connection, OPEN_TICKETS, {})


DASHBOARD = "select reporting.fn_inc_dashboard_text(p_window => %(window)s)::json"


def read_dashboard(connection: Connection, window: str) -> dict[str, Any]:
    """Return what `fn_inc_dashboard` answers for a `window`."""
    return _payload(connection, DASHBOARD, {"window": window})


METRICS = "select reporting.fn_inc_metrics(p_window => %(window)s)"


def read_metrics(connection: Connection, window: str) -> dict[str, Any]:
    """Return what `fn_inc_metrics` answers for a `window`: the dashboard's numbers alone."""
    return _payload(connection, METRICS, {"window": window})


SERIES = "select reporting.fn_inc_series()"


def read_series(connection: Connection) -> dict[str, Any]:
    """Return what `fn_inc_series` answers for the last 30 days, EAT, today's included."""
    return _payload(connection, SERIES, {})


PIPELINE_STATUS = "select reporting.fn_pipeline_status()"


def read_pipeline_status(connection: Connection) -> dict[str, Any]:
    """Return what `fn_pipeline_status` answers: whether an operator is needed, and for what."""
    return _payload(connection, PIPELINE_STATUS, {})


REJECTS = """
select rejects.reason, count(*) as rows
from tickets.import_rejects as rejects
where rejects.dataset = %(dataset)s and rejects.generation = %(generation)s
group by rejects.reason
order by rows desc, rejects.reason collate "C" asc
limit %(limit)s
"""


def read_rejects(connection: Connection, generation: int, limit: int) -> list[Rejects]:
    """Return the most frequent reasons for which rows of `generation` were kept aside."""
    parameters = {"dataset": DATASET, "generation": generation, "limit": limit}
    with connection.cursor(row_factory=class_row(Rejects)) as cursor:
        return cursor.execute(REJECTS, parameters).fetchall()


def _payload(
    connection: Connection, statement: LiteralString, parameters: dict[str, object]
) -> dict[str, Any]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(statement, parameters).fetchone()
    if row is None:
        raise LookupError("a payload's function returned no row")
    return row[0]
