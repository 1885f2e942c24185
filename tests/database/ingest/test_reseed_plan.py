"""A reseed's plan: what it counts, what it leaves alone, and that it can be made in many runs."""

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from fleettickets.clients.buckets import ObjectSummary, OpenObject
from fleettickets.clients.directories import DirectoryBucket
from fleettickets.errors import (
    LockTimeoutError,
    OutOfTimeError,
    PlanChangedError,
    PlanLostError,
    ReseedRefusedError,
    UsageError,
)
from fleettickets.jobs import reseed_plan as plan_module
from fleettickets.jobs.context import FileOutcome
from fleettickets.jobs.reseed_apply import open_reseed
from fleettickets.jobs.reseed_plan import finish_plan, open_plan, plan_chunk
from fleettickets.store.connections import connect
from fleettickets.store.reseed_counts import FileCounts, TicketChanges
from tests.support.ingests import PREFIX
from tests.support.reseeds import a_plan
from tests.support.roles import acting_as
from tests.support.scenes import (
    BROKEN,
    FIFTH,
    FIRST,
    FOURTH,
    SECOND,
    STAMPS,
    THIRD,
    Scene,
    a_file,
    a_ticket_file,
    all_tables,
    tree,
)
from tests.support.tickets import value

SCRATCH = "select count(*) as rows from scratch.{}"


def _a_mixed_stream(scene: Scene) -> None:
    """Two applied files; then an old, a bad, a repeated, a held and a foreign one are put."""
    scene.put(SECOND, a_ticket_file("second"))
    scene.put(FOURTH, a_ticket_file("fourth", "INC2"))
    scene.ingest()
    scene.put(FIRST, a_file({"ticket_id": "INC1", "closed_at": "2026-06-01 10:00:00"}))
    scene.put(THIRD, BROKEN, folder="processed")
    scene.put(SECOND, a_ticket_file("second"))
    scene.put(FIFTH, a_file({"ticket_id": "INC2", "owner": "fifth"}, {"ticket_id": "INC3"}))
    scene.put("2062-06-15T17-00-00", BROKEN)
    (scene.root / "processed" / "notes.txt").write_bytes(b"")


def test_plan_counts_files_rows_tickets_and_closures(scene: Scene) -> None:
    """Against the tickets of today: what would be new, changed, and as it is."""
    _a_mixed_stream(scene)

    plan = a_plan(scene.context())

    assert plan.counts.files == FileCounts(applied=4, quarantined=1, skipped=0, repeated=1)
    assert plan.counts.tickets == TicketChanges(new=1, changed=1, unchanged=1)
    assert (plan.counts.rows.inserted, plan.counts.rows.updated) == (1, 3)
    assert plan.counts.closures_new == 1
    assert plan.counts.size_bytes == sum(
        (scene.root / folder / f"{name}.csv").stat().st_size
        for folder in ("changes", "processed")
        for name in scene.names(folder)
        if not name.startswith("2062")
    )
    assert plan.first_key == PREFIX.change_key(FIRST)
    assert plan.last_key == PREFIX.change_key(FIFTH)
    assert (plan.generation, plan.source) == (1, scene.producer.bucket().source)


def test_plan_names_what_somebody_should_look_at(scene: Scene) -> None:
    """The first few keys in the summary, all of them in the report."""
    _a_mixed_stream(scene)

    plan = a_plan(scene.context())

    assert plan.examples.quarantined == [PREFIX.processed_key(THIRD, 1)]
    assert plan.examples.held == [PREFIX.change_key("2062-06-15T17-00-00")]
    assert plan.examples.foreign == [f"{PREFIX.processed}notes.txt"]
    assert (plan.held, plan.foreign) == (1, 1)


def test_report_lies_beside_the_stream(scene: Scene) -> None:
    """One object: the summary, and for each file what would become of it."""
    _a_mixed_stream(scene)

    plan = a_plan(scene.context())

    assert plan.report_key == f"{PREFIX.text}/reports/reseed-{plan.plan_sha256}.json"
    report = json.loads((scene.root / "reports" / f"reseed-{plan.plan_sha256}.json").read_bytes())
    assert report["summary"] == json.loads(json.dumps(asdict(plan)))
    assert [(file["stamp"], file["outcome"]) for file in report["files"]] == [
        (FIRST, "applied"),
        (SECOND, "applied"),
        (SECOND, "already settled"),
        (THIRD, "quarantined"),
        (FOURTH, "applied"),
        (FIFTH, "applied"),
    ]
    assert "never closed" not in report["files"][3]["reason"]
    assert report["files"][5]["rows_inserted"] == 1


def test_plan_changes_nothing_but_scratch_and_its_report(scene: Scene) -> None:
    """P7: and of scratch only the answer is left, for a day."""
    _a_mixed_stream(scene)
    before = (_product_tables(scene), tree(scene.root))

    plan = a_plan(scene.context())

    files = tree(scene.root)
    del files[f"reports/reseed-{plan.plan_sha256}.json"]
    assert (_product_tables(scene), files) == before
    left = {name for name, rows in all_tables(scene.connection).items() if rows}
    assert {name for name in left if name.startswith("scratch.")} == {"scratch.reseed_plans"}


def _product_tables(scene: Scene) -> dict[str, list[str]]:
    tables = all_tables(scene.connection)
    return {name: rows for name, rows in tables.items() if not name.startswith("scratch.")}


def test_plan_can_be_made_by_the_role_for_plans_alone(scene: Scene) -> None:
    """It needs no right on a product table but to read."""
    _a_mixed_stream(scene)
    expected = a_plan(scene.context())

    with (
        connect(scene.database_url, application_name="plan") as worker,
        acting_as(worker, "fleettickets_plan"),
    ):
        plan = a_plan(scene.context(connection=worker))

    assert plan == expected


def test_plan_of_a_member_of_the_role_runs_with_its_rights_only(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs it: here a superuser, who has his own rights back afterwards."""
    scene.put(FIRST, a_ticket_file("a"))
    run, seen = open_plan(scene.context()).run, list[object]()

    plan_chunk(
        scene.context(
            on_outcome=lambda _: seen.append(
                scene.connection.execute("select current_user").fetchone()
            )
        ),
        run,
    )

    assert seen == [("fleettickets_plan",)]
    assert scene.connection.execute("select current_user = session_user").fetchone() == (True,)
    scene.ingest()
    assert scene.owner() == "a"


@pytest.mark.parametrize("max_files", [1, 2, 3])
def test_plan_in_chunks_is_the_plan(scene: Scene, max_files: int) -> None:
    """What one run has judged, the next one builds on; each in a session of its own."""
    _a_mixed_stream(scene)
    expected = a_plan(scene.context())

    run = open_plan(scene.context())
    judged, is_done = list[int](), False
    while not is_done:
        with connect(scene.database_url, application_name="plan") as worker:
            progress = plan_chunk(scene.context(connection=worker), run.run, max_files)
        judged.append(progress.judged)
        is_done = progress.done

    assert finish_plan(scene.context(), run.run) == expected
    assert judged == sorted(set(judged))
    assert len(judged) > 1


def test_chunk_ends_with_its_time(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was judged in time is kept; the next chunk goes on after it."""
    monkeypatch.setattr(plan_module, "BATCH", 1)
    for stamp in STAMPS[:3]:
        scene.put(stamp, a_ticket_file(stamp))
    run, budget = open_plan(scene.context()).run, iter([100.0, 0.0])

    first = plan_chunk(scene.context(time_left=lambda: next(budget)), run)
    second = plan_chunk(scene.context(), run)

    assert (first.judged, first.done) == (1, False)
    assert (second.judged, second.done) == (3, True)


def test_chunk_without_time_says_so(scene: Scene) -> None:
    """Or the state machine would go round for ever."""
    scene.put(FIRST, a_ticket_file("a"))
    run = open_plan(scene.context()).run

    with pytest.raises(OutOfTimeError):
        plan_chunk(scene.context(time_left=lambda: 0.0), run)


def test_finish_can_be_repeated(scene: Scene) -> None:
    """Its answer may have been lost on the way."""
    scene.put(FIRST, a_ticket_file("a"))
    run = open_plan(scene.context()).run
    plan_chunk(scene.context(), run)
    first = finish_plan(scene.context(), run)
    scene.put(SECOND, a_ticket_file("b"))

    assert finish_plan(scene.context(), run) == first


def test_unjudged_plan_has_no_end(scene: Scene) -> None:
    """Its counts would be those of a part."""
    scene.put(FIRST, a_ticket_file("a"))
    run = open_plan(scene.context()).run

    with pytest.raises(UsageError, match="1 files"):
        finish_plan(scene.context(), run)


def test_plan_of_an_empty_listing_is_done_at_once(scene: Scene) -> None:
    """A new and empty bucket."""
    run = open_plan(scene.context())
    plan = finish_plan(scene.context(), run.run)

    assert (run.done, run.files) == (True, 0)
    assert (plan.first_key, plan.last_key) == (None, None)
    assert plan.counts.tickets == TicketChanges(0, 0, 0)


def test_plan_that_a_crash_took_away_is_lost(scene: Scene) -> None:
    """Its tables are not logged; it has to be made anew, and says so."""
    scene.put(FIRST, a_ticket_file("a"))
    run = open_plan(scene.context()).run
    scene.connection.execute("truncate scratch.reseed_plans, scratch.reseed_files")

    for call in (plan_chunk, finish_plan):
        with pytest.raises(PlanLostError, match="make a new one"):
            call(scene.context(), run)


def test_plan_is_void_once_a_reseed_was_opened(scene: Scene) -> None:
    """Its generation is taken."""
    scene.put(FIRST, a_ticket_file("a"))
    run = open_plan(scene.context()).run
    open_reseed(scene.context(), a_plan(scene.context()).plan_sha256, owner="amina@laptop")

    with pytest.raises(PlanChangedError, match="generation 1"):
        plan_chunk(scene.context(), run)


def test_no_plan_while_a_reseed_is_unfinished(scene: Scene) -> None:
    """It would be void at once; the text says who is at work and how to go on."""
    scene.put(FIRST, a_ticket_file("a"))
    plan_sha256 = a_plan(scene.context()).plan_sha256
    open_reseed(scene.context(), plan_sha256, owner="amina@laptop")

    with pytest.raises(ReseedRefusedError, match=rf"amina@laptop.*{plan_sha256}"):
        open_plan(scene.context())


def test_rules_for_rows_that_changed_in_between_void_the_plan(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment between two chunks: the halves would not compare."""
    scene.put(FIRST, a_ticket_file("a"))
    run = open_plan(scene.context()).run
    monkeypatch.setattr(plan_module, "CLEANING_VERSION", 99)

    with pytest.raises(PlanChangedError, match="rules for rows"):
        plan_chunk(scene.context(), run)


def test_old_plans_are_forgotten(scene: Scene) -> None:
    """Finished ones after a day, with the next plan; one that is still being made after a week."""
    scene.put(FIRST, a_ticket_file("a"))
    made, left = (open_plan(scene.context()).run for _ in range(2))
    for run in (made, left):
        plan_chunk(scene.context(), run)
    finish_plan(scene.context(), made)
    kept = list[set[int]]()

    for days in (2, 6):
        age = "update scratch.reseed_plans set opened_at = opened_at - %s * interval '1 d'"
        scene.connection.execute(age, [days])
        latest = open_plan(scene.context()).run
        rows = scene.rows(
            "select run from scratch.reseed_plans union all select run from scratch.reseed_files"
            " union all select run from scratch.reseed_tickets"
        )
        kept.append({row["run"] for row in rows} - {latest})

    assert left in kept[0]
    assert made not in kept[0]
    assert left not in kept[1]


def test_chunk_that_is_taken_twice_at_once_counts_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that was given up and goes on judges the files that its repetition has listed too."""
    monkeypatch.setattr(plan_module, "BATCH", 1)
    _a_mixed_stream(scene)
    expected = a_plan(scene.context())
    run = open_plan(scene.context()).run
    with scene.another_session() as other:
        given_up = scene.context(connection=other)
        batches = iter([lambda: None, lambda: plan_chunk(given_up, run)])

        def time_left() -> float:
            next(batches)()
            return 60.0

        with pytest.raises(LockTimeoutError, match="another worker judges plan"):
            plan_chunk(scene.context(time_left=time_left), run)

    assert finish_plan(scene.context(), run).counts == expected.counts


def test_batch_of_large_files_is_a_short_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the time of one run is enough for it; here each file is large."""
    monkeypatch.setattr("fleettickets.jobs.reseed_plan.BATCH_BYTES", 1)
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))
    run, transactions = open_plan(scene.context()).run, set[str]()

    def note(outcome: FileOutcome) -> None:
        del outcome
        transactions.add(value(scene.connection, "select pg_current_xact_id()::text"))

    plan_chunk(scene.context(on_outcome=note), run)

    assert len(transactions) == 2


class _Archiving(DirectoryBucket):
    """A bucket whose file is archived between the two listings of a plan."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, PREFIX.text)
        self._listings = 0

    def list_objects(self, folder: str) -> Iterator[ObjectSummary]:
        yield from list(super().list_objects(folder))
        self._listings += 1
        if self._listings == 1:
            changed = PREFIX.change_key(FIRST)
            listed = self.find_object(changed)
            assert listed is not None
            self.copy_object(changed, PREFIX.processed_key(FIRST, 1), etag=listed.etag)
            self.delete_object(changed, etag=listed.etag, version_id=None)


def test_file_that_is_archived_between_the_listings_is_not_overlooked(scene: Scene) -> None:
    """It shows in both folders or in one of them, never in neither."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp))

    plan = a_plan(scene.context(bucket=_Archiving(scene.producer.root)))

    assert plan.counts.files.applied == 2


def test_files_are_read_in_parallel(scene: Scene) -> None:
    """Each reader waits until another one reads too."""
    for stamp in STAMPS[:4]:
        scene.put(stamp, a_ticket_file(stamp))

    plan = a_plan(scene.context(_Meeting(scene.root, threading.Barrier(2))))

    assert plan.counts.files.applied == 4


class _Meeting(DirectoryBucket):
    """A bucket that hands out two objects at a time."""

    def __init__(self, root: object, barrier: threading.Barrier) -> None:
        super().__init__(root, PREFIX.text)  # type: ignore[arg-type]
        self._barrier = barrier

    def open_object(self, key: str, *, etag: str | None = None) -> "OpenObject":  # type: ignore[override]
        if etag is not None:
            self._barrier.wait(timeout=10)
        return super().open_object(key, etag=etag)


def test_large_files_are_streamed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not held in memory while they wait for their turn; the plan is the same."""
    _a_mixed_stream(scene)
    expected = a_plan(scene.context())
    monkeypatch.setattr("fleettickets.jobs.prefetching.MAX_BYTES", 0)

    assert a_plan(scene.context()) == expected


def test_file_that_is_archived_meanwhile_is_found(scene: Scene) -> None:
    """The live path goes on while a plan is made: the plan's hash and counts stay."""
    for stamp in (FIRST, SECOND):
        scene.put(stamp, a_ticket_file(stamp, f"INC{stamp}"))
    run = open_plan(scene.context())
    scene.ingest()

    plan_chunk(scene.context(), run.run)
    plan = finish_plan(scene.context(), run.run)

    assert plan.counts.files.applied == 2
    assert plan.counts.tickets == TicketChanges(new=0, changed=0, unchanged=2)
    assert a_plan(scene.context()).plan_sha256 == run.plan_sha256
