"""Marks: what was written that a step of the scheduled run has not looked at yet."""

from collections.abc import Sequence
from typing import Literal

from psycopg.rows import scalar_row

from fleettickets.store.connections import Connection

type Step = Literal["clusters", "locations", "geometry", "closures", "history"]

READ_MARKS = "select mark_id from tickets.enrich_marks where step = %s"


def read_marks(connection: Connection, step: Step) -> list[int]:
    """Return the marks of a step; to be read before its work, so that later ones are not lost."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(READ_MARKS, [step]).fetchall()


CLEAR_MARKS = "delete from tickets.enrich_marks where mark_id = any (%s)"


def clear_marks(connection: Connection, marks: Sequence[int]) -> None:
    """Delete marks whose work is done."""
    if marks:
        connection.execute(CLEAR_MARKS, [list(marks)])


RECONCILE = "select tickets.reconcile_geometry()"


def reconcile_geometry(connection: Connection) -> int:
    """Place all tickets anew by the gazetteer, if some were written without its lock.

    Return how many moved. That takes seconds in a large table, so it is only done when marked.

    Raises:
        LockTimeoutError: another session worked on the dataset for longer than the lock timeout.
    """
    if not read_marks(connection, "geometry"):
        return 0
    with connection.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute(RECONCILE).fetchone() or 0)
