"""Somebody writes tickets who does not take the dataset's lock: a person, or an older loader."""

import threading

from fleettickets.store.connections import Connection
from tests.support.scenes import FIRST, Scene, a_ticket_file

INSERT_TICKET = (
    "insert into tickets.inc (ticket_id, raw) values ('INC1', '{\"owner\": \"theirs\"}')"
)

WAITING = """
select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock'
"""


def test_ticket_inserted_by_somebody_else_meanwhile_is_updated(scene: Scene) -> None:
    """The file was judged before their commit and waits for it: it is judged anew, not refused."""
    scene.put(FIRST, a_ticket_file("ours"))
    summaries = []
    ingest = threading.Thread(target=lambda: summaries.append(scene.ingest()))
    with scene.another_session() as other:
        with other.transaction():
            other.execute(INSERT_TICKET)
            ingest.start()
            _wait_for_a_waiting_session(other, ingest)
        ingest.join()

    (counts,) = [outcome.counts for outcome in summaries[0].outcomes]

    assert counts is not None
    assert (counts.inserted, counts.updated) == (0, 1)
    assert scene.owner() == "ours"
    assert scene.version() == (0, FIRST, 1)


def _wait_for_a_waiting_session(connection: Connection, ingest: threading.Thread) -> None:
    while ingest.is_alive():
        row = connection.execute(WAITING).fetchone()
        if row is not None and row[0]:
            return
    raise AssertionError("the ingest did not wait for the other session")
