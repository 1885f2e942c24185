"""A person or a geocoder changes the gazetteer while files are ingested: geometry ends right."""

import threading
from collections.abc import Callable
from typing import LiteralString

import pytest

from fleettickets.errors import LockTimeoutError
from fleettickets.store.connections import connect, translated_errors
from fleettickets.store.enrich_marks import reconcile_geometry
from tests.support.buckets import Fault, FaultyBucket
from tests.support.scenes import FIRST, SECOND, STAMPS, Scene, a_file

ADD_KAREN = """
insert into tickets.geo_clusters (cluster, geom, source)
values ('Karen', st_setsrid(st_makepoint(36.70, -1.32), 4326), 'test')
"""
MOVE_KAREN = """
update tickets.geo_clusters set geom = st_setsrid(st_makepoint(36.71, -1.33), 4326)
where cluster = 'Karen'
"""

GEOMETRY = """
select
    ticket_id, geo_source, st_x(geom) as longitude, latitude, longitude as shown_longitude,
    geog is not null as has_geog
from tickets.inc order by ticket_id
"""

WRONG = """
select inc.ticket_id from tickets.inc as inc
cross join lateral tickets.resolve_point(inc.raw) as point
where point.geom::bytea is distinct from inc.geom::bytea or point.geo_source <> inc.geo_source
"""


def _a_file_from_karen(*tickets: str) -> bytes:
    return a_file(
        *(
            {"ticket_id": ticket, "cluster": "Karen", "latitude": "", "longitude": ""}
            for ticket in tickets
        )
    )


def test_gazetteer_write_waits_for_the_ingest(scene: Scene) -> None:
    """While a file is being applied the dataset's lock is held; the write comes after it."""
    scene.put(FIRST, _a_file_from_karen("INC1"))
    with scene.another_session() as other:

        def write() -> None:
            with pytest.raises(LockTimeoutError), translated_errors():
                other.execute(ADD_KAREN)

        scene.ingest(FaultyBucket(scene.producer.bucket(), [Fault("chunk", 1, after=write)]))

        other.execute(ADD_KAREN)

    assert scene.rows(WRONG) == []
    assert scene.rows(GEOMETRY)[0]["geo_source"] == "cluster"


def test_gazetteer_row_committed_before_the_lock_is_used(scene: Scene) -> None:
    """Committed between the listing and the file's transaction: the file resolves by it."""
    scene.put(FIRST, _a_file_from_karen("INC1"))
    with scene.another_session() as other:
        write = Fault("listed", 1, after=lambda: other.execute(ADD_KAREN))

        scene.ingest(FaultyBucket(scene.producer.bucket(), [write]))

    assert scene.rows(GEOMETRY) == [
        {
            "ticket_id": "INC1",
            "geo_source": "cluster",
            "longitude": 36.70,
            "latitude": -1.32,
            "shown_longitude": 36.70,
            "has_geog": True,
        }
    ]


@pytest.mark.parametrize("statement", [ADD_KAREN, MOVE_KAREN])
def test_waiting_gazetteer_write_finds_the_tickets_of_the_ingest(
    scene: Scene, statement: LiteralString
) -> None:
    """A writer that waits for the lock sees, once it has it, the rows that were just committed."""
    if statement is MOVE_KAREN:
        scene.connection.execute(ADD_KAREN)
    scene.put(FIRST, _a_file_from_karen("INC1", "INC2"))
    with scene.another_session() as other:
        other.execute("set lock_timeout = '10s'")
        writer = threading.Thread(target=lambda: other.execute(statement))
        start = Fault("chunk", 1, after=_start_and_wait(scene, writer))

        scene.ingest(FaultyBucket(scene.producer.bucket(), [start]))
        writer.join()

    expected = 36.71 if statement is MOVE_KAREN else 36.70
    assert [row["longitude"] for row in scene.rows(GEOMETRY)] == [expected, expected]
    assert scene.rows(WRONG) == []


def _start_and_wait(scene: Scene, writer: threading.Thread) -> Callable[[], None]:
    """Return a function that starts the writer and returns when it waits for the lock."""

    def start() -> None:
        writer.start()
        waiting = "select exists (select from pg_locks where locktype = 'advisory' and not granted)"
        with scene.another_session() as observer:
            while observer.execute(waiting).fetchone() != (True,):
                observer.execute("select pg_sleep(0.005)")

    return start


def test_ingest_waits_for_a_gazetteer_write(scene: Scene) -> None:
    """The other way round: an uncommitted gazetteer row holds the lock; nothing is settled."""
    scene.put(FIRST, _a_file_from_karen("INC1"))
    scene.connection.execute("set lock_timeout = '100ms'")
    with scene.another_session() as other, other.transaction():
        other.execute(ADD_KAREN)

        with pytest.raises(LockTimeoutError):
            scene.ingest()

    assert scene.ledger() == []
    assert scene.rows("select from tickets.import_attempts where ended_at is null") == []
    scene.ingest()
    assert scene.rows(WRONG) == []
    assert scene.rows(GEOMETRY)[0]["geo_source"] == "cluster"


def test_changed_raw_gets_its_new_place_and_unchanged_raw_keeps_it(scene: Scene) -> None:
    """A ticket that moves to another cluster is resolved anew in the same file."""
    scene.connection.execute(ADD_KAREN)
    scene.put(FIRST, _a_file_from_karen("INC1", "INC2"))
    scene.ingest()
    moved = {"ticket_id": "INC1", "cluster": "Ngong", "latitude": "", "longitude": ""}
    scene.put(SECOND, a_file(moved, {"ticket_id": "INC2", "latitude": "-1.5", "longitude": "36.5"}))

    scene.ingest()

    found = [(row["geo_source"], row["longitude"]) for row in scene.rows(GEOMETRY)]
    assert found == [("none", None), ("feed", 36.5)]
    assert scene.rows(WRONG) == []


def test_scheduled_run_mends_what_was_placed_by_an_old_gazetteer(scene: Scene) -> None:
    """Somebody who takes no lock inserts a ticket while the gazetteer changes under it."""
    with scene.another_session() as other, scene.another_session() as person:
        with person.transaction():
            person.execute(
                "insert into tickets.inc (ticket_id, raw)"
                """ values ('INC1', '{"cluster": "Karen", "is_actionable": "true"}')"""
            )
            other.execute(ADD_KAREN)
        before = scene.rows(WRONG)

        moved = [reconcile_geometry(scene.connection) for _ in "ab"]

    assert before == [{"ticket_id": "INC1"}]
    assert moved == [1, 0]
    assert scene.rows(WRONG) == []


def test_ingest_leaves_nothing_to_reconcile(scene: Scene) -> None:
    """It places by the gazetteer under the lock, so a run after it reads no ticket for that."""
    scene.connection.execute("delete from tickets.enrich_marks")
    scene.put(FIRST, _a_file_from_karen("INC1"))

    scene.ingest()

    assert {row["step"] for row in scene.rows("select step from tickets.enrich_marks")} == {
        "clusters",
        "locations",
        "history",
    }


def test_file_and_gazetteer_at_once_end_alike_in_either_order(scene: Scene) -> None:
    """P8: whoever gets the lock first, every ticket has the point of the gazetteer as it ends."""
    scene.connection.execute(ADD_KAREN)
    stop = threading.Event()

    def move_again_and_again() -> None:
        with connect(scene.database_url, application_name="person") as person:
            while not stop.is_set():
                person.execute(MOVE_KAREN)
                person.execute("delete from tickets.geo_clusters")
                person.execute(ADD_KAREN)

    person = threading.Thread(target=move_again_and_again)
    person.start()
    try:
        for number, stamp in enumerate(STAMPS):
            scene.put(stamp, _a_file_from_karen(*(f"INC{number}-{n}" for n in range(20))))
            scene.ingest()
    finally:
        stop.set()
        person.join()

    assert scene.rows("select count(*) as tickets from tickets.inc") == [{"tickets": 180}]
    assert scene.rows(WRONG) == []
