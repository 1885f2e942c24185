"""Acceptance scenarios about trouble: 15-20; each ends like a clean ingest of the same files.

15, a crash at every step, is `tests/database/test_crash_points.py`; 20 is also what `make chaos`
does to the deployed stack.
"""

import datetime as dt
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from secrets import token_hex

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fleettickets.core.locations import Tier
from fleettickets.errors import (
    DatabaseUnavailableError,
    FleetticketsError,
    GeocoderQuotaError,
    GeocoderUnavailableError,
    LockTimeoutError,
)
from fleettickets.jobs.geocode import geocode
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.reseed_apply import apply_chunk, open_reseed
from fleettickets.store.connections import connect
from fleettickets.store.history import capture_history
from fleettickets.store.streams import lock_dataset
from tests.support.buckets import Fault, FaultyBucket, Killed, Steps
from tests.support.digests import CleanIngest, Content, content_hash
from tests.support.geocoders import Reply, ScriptedGeocoder, a_candidate, a_geocode_context
from tests.support.ingests import NOW, PREFIX, a_worker
from tests.support.reseeds import a_plan, applied
from tests.support.scenes import FIRST, SECOND, THIRD, Scene, a_file, prefix_key
from tests.support.streams import a_stream

TIERS: tuple[Tier, ...] = ("cluster", "location")
EAT_MIDNIGHT = ("2026-06-15 20:59:59Z", "2026-06-15 21:00:00Z")


def some_files(number: int, *, seed: int = 1) -> list[Content]:
    """Return a made-up stream."""
    return [(file.stamp, file.content) for file in a_stream(number, seed=seed)]


def put_all(scene: Scene, files: Iterable[Content]) -> None:
    """Put files."""
    for stamp, content in files:
        scene.put(stamp, content)


def test_16_object_vanishes(scene: Scene, clean: CleanIngest) -> None:
    """Gone before it is read: counted; moved to processed/ by hand: applied from there."""
    before, gone, moved, after = some_files(4)
    put_all(scene, [before, gone, moved, after])
    vanish = Fault(
        "open_object",
        nth=2,
        before=(scene.root / "changes" / f"{gone[0]}.csv").unlink,
    )
    etag = next(
        found.etag
        for found in scene.producer.bucket().list_objects(PREFIX.changes)
        if moved[0] in found.key
    )
    (scene.root / "processed").mkdir()
    (scene.root / "changes" / f"{moved[0]}.csv").rename(
        scene.root / "processed" / f"{moved[0]}.csv"
    )

    summary = scene.ingest(FaultyBucket(scene.producer.bucket(), [vanish]))
    scene.ingest(through=prefix_key("changes", moved[0]), etag=etag)

    assert summary.gone == (prefix_key("changes", gone[0]),)
    clean.assert_equals(scene.connection, [before, moved, after])


def test_17_reseed_while_live(scene: Scene, clean: CleanIngest) -> None:
    """A plan writes nothing; the apply is interrupted; what arrives meanwhile is applied once."""
    files, arrivals = some_files(6), some_files(3, seed=2)
    put_all(scene, files)
    scene.ingest()
    before = content_hash(scene.connection)
    planned = a_plan(scene.context())
    assert content_hash(scene.connection) == before

    first = open_reseed(scene.context(), planned.plan_sha256, owner="first")
    apply_chunk(scene.context(), generation=1, token=first.token, max_files=2)
    put_all(scene, arrivals)
    with scene.another_session() as reader:
        seen = reader.execute("select count(distinct ticket_id), count(*) from tickets.inc")
        tickets, rows = seen.fetchone() or (0, 1)
    next_one = open_reseed(scene.context(), planned.plan_sha256, owner="next")
    summary = applied(scene.context(), next_one, max_files=1)
    scene.ingest()

    assert tickets == rows
    assert summary.counts == planned.counts
    assert [stamp for stamp, _, _ in scene.settled()].count(arrivals[0][0]) == 1
    clean.assert_equals(scene.connection, [*files, *arrivals])


def test_18_clock_and_sla_edges(scene: Scene, clean: CleanIngest) -> None:
    """Closures on both sides of midnight in Nairobi, a reopening, a clock that goes backwards."""
    closed = a_file(
        *({"ticket_id": f"INC{n}", "closed_at": at} for n, at in enumerate(EAT_MIDNIGHT)),
        {
            "ticket_id": "INC2",
            "closed_at": "2026-06-10 08:00:00",
            "created_at_service": "2031-01-01",
        },
    )
    reopened = a_file({"ticket_id": "INC2", "closed_at": "", "is_actionable": "true"})
    files = [(FIRST, closed), (SECOND, reopened)]
    put_all(scene, reversed(files))
    scene.ingest()
    noon = dt.datetime(2026, 6, 16, 9, tzinfo=dt.UTC)

    capture_history(scene.connection, noon)
    snapshots = "select snapshot_date, closed_today, open_total from tickets.inc_daily_snapshot"
    captured = scene.rows(snapshots)
    capture_history(scene.connection, noon - dt.timedelta(hours=20))
    capture_history(scene.connection, noon)

    assert {row["snapshot_date"]: row["closed_today"] for row in scene.rows(snapshots)} == {
        dt.date(2026, 6, 15): 1,
        dt.date(2026, 6, 16): 1,
    }
    assert captured == [row for row in scene.rows(snapshots) if row["snapshot_date"].day == 16]
    clean.assert_equals(scene.connection, files)


def test_18_clock_that_jumps(scene: Scene, clean: CleanIngest) -> None:
    """A clock that is years off holds what lies ahead of it; at the right time all apply."""
    files = [
        (stamp, content)
        for stamp, (_, content) in zip((FIRST, SECOND, THIRD), some_files(3), strict=True)
    ]
    for years, file in zip((-3, 5, -1), files, strict=True):
        put_all(scene, [file])
        scene.clock.at = NOW + dt.timedelta(days=365 * years)
        scene.ingest()
    held = scene.freshness()["held"]

    scene.clock.at = NOW
    scene.ingest()

    assert held == 1
    assert scene.names("changes") == []
    clean.assert_equals(scene.connection, files)


@pytest.mark.parametrize(
    "trouble",
    [
        GeocoderQuotaError("per day", NOW),
        GeocoderUnavailableError("429"),
        [a_candidate(34.76, -0.09)],
        [],
    ],
    ids=["quota", "storm of 429", "wrong city", "no result"],
)
def test_19_geocoder_trouble(scene: Scene, clean: CleanIngest, trouble: Reply) -> None:
    """Neither an outage nor a wrong answer touches a ticket's content; later the place is found."""
    before, after = (
        (
            stamp,
            a_file(
                {
                    "ticket_id": "INC1",
                    "cluster": "Nakuru",
                    "location_name": place,
                    "latitude": "",
                    "longitude": "",
                }
            ),
        )
        for stamp, place in ((FIRST, "Milimani"), (SECOND, "Lanet"))
    )
    geocoder = ScriptedGeocoder(
        {"Nakuru, Kenya": [a_candidate(36.07, -0.3)], "Milimani, Nakuru, Kenya": trouble}
    )
    put_all(scene, [before])
    scene.ingest()

    for tier in TIERS:
        try:
            geocode(a_geocode_context(scene.connection, geocoder), tier)
        except FleetticketsError:
            continue
    listed = scene.rows("select geo_source from tickets.inc")
    put_all(scene, [after])
    scene.ingest()
    geocoder.replies["Lanet, Nakuru, Kenya"] = [a_candidate(36.13, -0.29)]
    geocode(a_geocode_context(scene.connection, geocoder), "location")

    assert listed == [{"geo_source": "cluster"}]
    assert scene.rows("select geo_source from tickets.inc") == [{"geo_source": "location"}]
    clean.assert_equals(scene.connection, [before, after])


def test_20_session_that_ends_at_the_commit(scene: Scene, clean: CleanIngest) -> None:
    """A failover at one statement after the other: each file is applied once in the end."""
    files = some_files(2)
    put_all(scene, files)
    for kill_at in range(1, 60, 3):
        steps = Steps(kill_at)
        worker = a_worker(scene.database_url, scene.producer.bucket(), steps, worker="function")
        pid = worker.connection.info.backend_pid
        try:
            ingest_pending(worker)
        except Killed:
            scene.connection.execute("select pg_terminate_backend(%s, 5000)", [pid])
            with pytest.raises(psycopg.Error):
                worker.connection.execute("select 1")
        finally:
            worker.connection.close()
        scene.connection.execute("update tickets.import_attempts set ended_at = now()")

    scene.ingest()

    assert [entry["status"] for entry in scene.ledger()] == ["applied", "applied"]
    clean.assert_equals(scene.connection, files)


@contextmanager
def a_full_role(connection: psycopg.Connection) -> Generator[dict[str, str]]:
    """Make a role that has all the sessions that it may have, none."""
    name, password = f"full_{token_hex(4)}", token_hex(8)
    statement = sql.SQL("create role {} login connection limit 0 password {}")
    connection.execute(statement.format(sql.Identifier(name), sql.Literal(password)))
    yield {"user": name, "password": password, "passfile": "/dev/null"}
    connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def test_20_database_that_refuses(
    scene: Scene, clean: CleanIngest, module_connection: psycopg.Connection
) -> None:
    """Read-only, out of lock time, no connection: each passes, nothing is settled meanwhile."""
    files = some_files(3)
    put_all(scene, files)
    with scene.another_session() as other:
        with module_connection.transaction():
            lock_dataset(module_connection)
            with pytest.raises(LockTimeoutError):
                scene.ingest(connection=other)
        other.execute("set default_transaction_read_only = on")
        with pytest.raises(DatabaseUnavailableError):
            scene.ingest(connection=other)
    with a_full_role(module_connection) as role, pytest.raises(DatabaseUnavailableError):
        connect(make_conninfo(scene.database_url, **role), application_name="refused")
    assert scene.settled() == []

    scene.ingest()

    clean.assert_equals(scene.connection, files)


def test_20_queue_that_was_down_for_weeks(scene: Scene, clean: CleanIngest) -> None:
    """Not one doorbell came, the backlog is long: it is applied from the listing, in order."""
    files = some_files(100)
    put_all(scene, reversed(files))

    scene.ingest()

    assert [entry["stamp"] for entry in scene.ledger()] == [stamp for stamp, _ in files]
    assert not any(entry["late"] for entry in scene.ledger())
    clean.assert_equals(scene.connection, files)
