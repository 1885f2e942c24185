"""P7: a dry run says what the run after it does, touches nothing, and is in nobody's way."""

from pathlib import Path

import pytest

from fleettickets.clients.local_files import LocalFiles
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.planning import plan_ingest
from fleettickets.store.connections import Connection
from fleettickets.store.streams import lock_dataset
from tests.support.buckets import Fault, FaultyBucket
from tests.support.feeds import a_change_file, a_row
from tests.support.ingests import PREFIX
from tests.support.scenes import (
    BROKEN,
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    Scene,
    a_file,
    a_ticket_file,
    all_tables,
    outcomes_of,
    tree,
)


def _put_everything(scene: Scene) -> None:
    """Put a stream with late files, new revisions, a repeat, bad files, rejects and duplicates."""
    for owner in ("a", "b"):
        scene.put(SECOND, a_ticket_file(owner))
        scene.ingest()
    scene.put(THIRD, a_ticket_file("c"))
    scene.put(FIRST, a_ticket_file("stale") + b",,,\r\n")
    scene.put(FOURTH, BROKEN)
    scene.put("2026-06-05T17-00-00", a_file({"ticket_id": "INC1"}, {"ticket_id": "INC1"}))
    scene.put("2026-06-06T17-00-00", a_change_file([a_row(ticket_id="INC3", is_alarm="t")]))
    scene.put("2026-06-07T17-00-00", a_file({"ticket_id": "INC1"}, {"ticket_id": "INC4"}))
    scene.put("2026-06-08T17-00-00", b"")
    scene.put("2062-06-15T17-00-00", a_ticket_file("held"))
    (scene.root / "changes" / "notes.txt").write_bytes(b"foreign")


def test_dry_run_says_what_the_run_does(scene: Scene) -> None:
    """File by file: outcome, revision, lateness, reason and all counts; held and foreign keys."""
    _put_everything(scene)

    planned = plan_ingest(scene.context())
    done = scene.ingest()

    assert planned.outcomes == done.outcomes
    assert (planned.held, planned.foreign) == (done.held, done.foreign)
    assert {outcome.outcome for outcome in planned.outcomes} == {"applied", "quarantined"}
    assert any(outcome.late for outcome in planned.outcomes)


def test_dry_run_touches_nothing(scene: Scene) -> None:
    """Not a row of any table, not a file of the bucket."""
    _put_everything(scene)
    before = (all_tables(scene.connection), tree(scene.root))

    plan_ingest(scene.context())

    assert (all_tables(scene.connection), tree(scene.root)) == before


def test_dry_run_leaves_an_archive_step_to_the_run(scene: Scene) -> None:
    """A settled file that still lies in changes/ stays there."""
    scene.put(FIRST, a_ticket_file("a"))
    scene.killed("before copy_object")
    before = (all_tables(scene.connection), tree(scene.root))

    planned = plan_ingest(scene.context())

    assert planned.outcomes == ()
    assert (all_tables(scene.connection), tree(scene.root)) == before


def test_dry_run_of_several_contents_judges_each_by_what_the_ones_before_left(
    scene: Scene,
) -> None:
    """A ticket that file 1 would insert is updated by file 2 and unchanged in file 3."""
    for stamp, owner in ((FIRST, "a"), (SECOND, "b"), (THIRD, "b")):
        scene.put(stamp, a_ticket_file(owner))

    planned = plan_ingest(scene.context()).outcomes

    counts = [outcome.counts for outcome in planned]
    assert [(c.inserted, c.updated, c.unchanged) for c in counts if c] == [
        (1, 0, 0),
        (0, 1, 0),
        (0, 0, 1),
    ]
    assert planned == scene.ingest().outcomes


def test_dry_run_can_be_repeated_on_one_connection(scene: Scene) -> None:
    """Nothing of the first is left in its planning tables."""
    _put_everything(scene)
    context = scene.context()

    assert plan_ingest(context).outcomes == plan_ingest(context).outcomes
    assert plan_ingest(context).outcomes == ingest_pending(context).outcomes


def test_dry_run_holds_no_lock(scene: Scene) -> None:
    """In its middle another session can lock the dataset, apply a file and change the gazetteer."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
    with scene.another_session() as other:

        def work() -> None:
            with other.transaction():
                lock_dataset(other)
                other.execute(
                    "insert into tickets.geo_clusters (cluster, geom)"
                    " values ('Athi River', st_setsrid(st_makepoint(36.9, -1.4), 4326))"
                )
                _write_like_an_ingest(other)

        bucket = FaultyBucket(scene.producer.bucket(), [Fault("chunk", 2, after=work)])
        planned = plan_ingest(scene.context(bucket))

    assert outcomes_of(planned) == [(FIRST, "applied"), (SECOND, "applied")]


def _write_like_an_ingest(connection: Connection) -> None:
    connection.execute(
        """insert into tickets.inc (ticket_id, raw) values ('INC1', '{"ticket_id": "INC1"}')"""
    )


def test_dry_run_ignores_what_others_settle_meanwhile(scene: Scene) -> None:
    """It shows one state of the tables, the one that it began with."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file("a"))
    with scene.another_session() as other:
        meanwhile = Fault("chunk", 1, after=lambda: _write_like_an_ingest(other))

        planned = plan_ingest(
            scene.context(FaultyBucket(scene.producer.bucket(), [meanwhile]))
        ).outcomes

    assert planned[0].counts is not None
    assert planned[0].counts.inserted == 1


def test_dry_run_of_a_vanished_file_says_gone(scene: Scene) -> None:
    """As the run would."""
    key = scene.put(FIRST, a_ticket_file("a"))
    vanish = Fault("open_object", 1, before=(scene.root / "changes" / f"{FIRST}.csv").unlink)

    planned = plan_ingest(scene.context(FaultyBucket(scene.producer.bucket(), [vanish])))

    assert outcomes_of(planned) == [(FIRST, "gone")]
    assert planned.gone == (key,)


def test_dry_run_while_a_reseed_runs_says_that_it_waits(scene: Scene) -> None:
    """As the run would."""
    scene.connection.execute(
        "update tickets.import_streams set mode = 'reseed', lease_owner = 'amina',"
        " lease_expires_at = clock_timestamp() + interval '1 hour'"
    )

    assert plan_ingest(scene.context()).waiting


@pytest.mark.parametrize("settled_before", [False, True])
def test_dry_run_of_named_files_says_what_the_run_does(
    scene: Scene, tmp_path: Path, *, settled_before: bool
) -> None:
    """`--csv`: the same, and the file stays where it is."""
    path = tmp_path / f"{FIRST}.csv"
    path.write_bytes(a_ticket_file("by name"))
    if settled_before:
        scene.put(FIRST, path.read_bytes())
        scene.ingest()
    context = scene.context(LocalFiles({PREFIX.change_key(FIRST): path}), archive=False)
    before = all_tables(scene.connection)

    planned = plan_ingest(context)

    assert all_tables(scene.connection) == before
    assert planned.outcomes == ingest_pending(context).outcomes
    assert path.exists()
