"""A reseed's apply: what it refuses and by which name, how it is resumed, what it reports."""

from collections.abc import Callable, Iterator

import pytest

from fleettickets.clients.s3 import S3Bucket
from fleettickets.errors import (
    LeaseLostError,
    MissingFilesError,
    OutOfTimeError,
    PlanChangedError,
    ReseedRefusedError,
    SourceMismatchError,
)
from fleettickets.jobs import reseed_listings
from fleettickets.jobs.context import FileOutcome
from fleettickets.jobs.reseed import apply_reseed, plan_reseed, reseed_at_once
from fleettickets.jobs.reseed_apply import (
    ReseedLease,
    apply_chunk,
    check_reseed,
    finish_reseed,
    open_reseed,
)
from fleettickets.store import reseeds
from fleettickets.store.connections import connect
from tests.support.ingests import PREFIX
from tests.support.reseeds import a_plan, a_reseed, applied
from tests.support.roles import acting_as
from tests.support.s3 import S3Store, running_s3_store
from tests.support.scenes import (
    FIFTH,
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

EXPIRE_LEASE = """
update tickets.import_streams set lease_expires_at = clock_timestamp() - interval '1 second'
where lease_owner is not null
"""


@pytest.fixture(scope="module")
def store() -> Iterator[S3Store]:
    """An S3 store."""
    with running_s3_store() as store:
        yield store


def _ingested(scene: Scene, *stamps: str) -> None:
    """Put and apply a file a stamp, each with a ticket of its own."""
    for stamp in stamps:
        scene.put(stamp, a_ticket_file(stamp, f"INC{stamp}"))
    scene.ingest()


def _planned(scene: Scene) -> str:
    return a_plan(scene.context()).plan_sha256


def _open(scene: Scene, plan_sha256: str, owner: str = "amina@laptop") -> ReseedLease:
    return open_reseed(scene.context(), plan_sha256, owner=owner)


# --- what is refused ---


def test_new_file_below_the_plans_last_key_is_named(scene: Scene) -> None:
    """It would be applied although nobody has read what it does."""
    _ingested(scene, FIRST, THIRD)
    plan_sha256 = _planned(scene)
    key = scene.put(SECOND, a_ticket_file("late"))

    with pytest.raises(PlanChangedError, match=f"new: {key}"):
        _open(scene, plan_sha256)

    assert scene.stream()["generation"] == 0


def test_second_content_of_the_plans_last_stamp_is_named(scene: Scene) -> None:
    """It lies at the last key, not above it."""
    _ingested(scene, FIRST, SECOND)
    plan_sha256 = _planned(scene)
    key = scene.put(SECOND, a_ticket_file("again"))

    with pytest.raises(PlanChangedError, match=f"changed: {key}"):
        _open(scene, plan_sha256)


def test_changed_and_missing_files_are_named(scene: Scene) -> None:
    """Each of them, by what became of it."""
    _ingested(scene, FIRST, SECOND, THIRD)
    plan_sha256 = _planned(scene)
    changed = scene.put(FIRST, a_ticket_file("tampered"), folder="processed")
    (scene.root / "processed" / f"{SECOND}.csv").unlink()

    with pytest.raises(PlanChangedError) as refusal:
        _open(scene, plan_sha256)

    assert f"missing: {PREFIX.processed_key(SECOND, 1)}" in str(refusal.value)
    assert f"changed: {changed}" in str(refusal.value)
    assert "new:" not in str(refusal.value)


def test_plan_of_an_older_generation_is_refused(scene: Scene) -> None:
    """Somebody else was quicker: what it says about today's tickets is no longer so."""
    _ingested(scene, FIRST)
    plan_sha256 = _planned(scene)
    scene.put(SECOND, a_ticket_file("more"))
    reseed_at_once(scene.context(), owner="otieno@desk")

    with pytest.raises(PlanChangedError, match="the generation is 1 now, was 0"):
        _open(scene, plan_sha256)


def test_rules_for_rows_that_changed_are_named(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other rules make other tickets of the same files."""
    _ingested(scene, FIRST)
    plan_sha256 = _planned(scene)
    monkeypatch.setattr(reseed_listings, "CLEANING_VERSION", 99)

    with pytest.raises(PlanChangedError, match="rules for rows is 99 now, was 1"):
        _open(scene, plan_sha256)


def test_hash_that_nobody_planned_is_refused(scene: Scene) -> None:
    """A mistyped one, or one of another bucket: there is no report to compare with."""
    _ingested(scene, FIRST)

    with pytest.raises(PlanChangedError, match=f"no report at {PREFIX.text}/reports/"):
        _open(scene, "0" * 64)


def test_plan_of_another_bucket_is_refused(scene: Scene, store: S3Store) -> None:
    """Its files may be the same ones; the source is part of the plan."""
    old, new = _two_buckets(store)
    plan = a_plan(scene.context(old))
    report = old.open_object(plan.report_key)
    new.put_object(plan.report_key, report.chunks())

    with pytest.raises(PlanChangedError, match="the source is"):
        open_reseed(scene.context(new), plan.plan_sha256, owner="amina@laptop")


def _two_buckets(store: S3Store) -> tuple[S3Bucket, S3Bucket]:
    old, new = (store.open_bucket(store.new_bucket()) for _ in range(2))
    for bucket in (old, new):
        bucket.put_object(PREFIX.change_key(FIRST), [a_ticket_file("a")])
    return old, new


def test_second_reseed_is_refused_by_name_of_the_first(scene: Scene) -> None:
    """Another plan, while the first one's manifest is unfinished: even after its lease ended."""
    _ingested(scene, FIRST, SECOND)
    first = _planned(scene)
    scene.put(THIRD, a_ticket_file("more"))
    second = _planned(scene)
    _open(scene, first)

    for _ in range(2):
        with pytest.raises(ReseedRefusedError, match=rf"amina@laptop.*{first}"):
            _open(scene, second, owner="otieno@desk")
        scene.connection.execute(EXPIRE_LEASE)


def test_same_plan_twice_at_once_is_refused_by_name_of_the_first(scene: Scene) -> None:
    """As long as its worker is at work: here the caller knows that it is."""
    _ingested(scene, FIRST)
    plan_sha256 = _planned(scene)
    lease, asked = _open(scene, plan_sha256, "execution:1"), list[str]()

    def is_running(owner: str) -> bool:
        asked.append(owner)
        return True

    with pytest.raises(ReseedRefusedError, match="execution:1 is at work"):
        open_reseed(scene.context(), plan_sha256, owner="execution:2", is_running=is_running)
    again = open_reseed(scene.context(), plan_sha256, owner="execution:1", is_running=is_running)

    assert asked == ["execution:1"]
    assert again.token > lease.token


def test_caller_may_leave_while_it_is_asked(scene: Scene) -> None:
    """What it raises passes through, and nothing has changed."""
    _ingested(scene, FIRST)
    plan_sha256 = _planned(scene)
    _open(scene, plan_sha256)
    before = all_tables(scene.connection)

    def leave(owner: str) -> bool:
        raise KeyError(owner)

    with pytest.raises(KeyError, match="amina@laptop"):
        open_reseed(scene.context(), plan_sha256, owner="otieno@desk", is_running=leave)

    assert all_tables(scene.connection) == before


def test_second_process_is_refused_while_the_first_one_lives(scene: Scene) -> None:
    """A command line at work shows it in the database; the function sees it too."""
    _ingested(scene, FIRST)
    plan_sha256, refusals = _planned(scene), list[str]()
    with scene.another_session() as other:

        def try_too(outcome: FileOutcome) -> None:
            del outcome
            context = scene.context(connection=other)
            calls: list[Callable[[], object]] = [
                lambda: apply_reseed(context, plan_sha256, owner="otieno@desk"),
                lambda: open_reseed(context, plan_sha256, owner="execution:1"),
            ]
            for call in calls:
                with pytest.raises(ReseedRefusedError, match="amina@laptop") as refusal:
                    call()
                refusals.append(str(refusal.value))

        scene.put(SECOND, a_ticket_file("b"))
        apply_reseed(
            scene.context(on_outcome=lambda o: try_too(o) if o.stamp == FIRST else None),
            plan_sha256,
            owner="amina@laptop",
        )

        assert len(refusals) == 2
        assert reseeds.hold_reseed(other)


def test_process_is_refused_while_an_execution_may_run(scene: Scene) -> None:
    """Only AWS knows whether it does; so its lease counts, until that has ended."""
    _ingested(scene, FIRST)
    plan_sha256 = _planned(scene)
    _open(scene, plan_sha256, "arn:aws:states:eu-west-1:1:execution:reseed:monday")

    with pytest.raises(ReseedRefusedError, match="execution:reseed:monday is at work"):
        apply_reseed(scene.context(), plan_sha256, owner="otieno@desk")
    scene.connection.execute(EXPIRE_LEASE)

    assert apply_reseed(scene.context(), plan_sha256, owner="otieno@desk").summary is not None


# --- what is missing ---


def test_missing_archived_file_is_refused_with_its_cost(scene: Scene) -> None:
    """One ticket would fall back to an older content, one is asserted by no file any more."""
    scene.put(FIRST, a_file({"ticket_id": "INC1", "owner": "old"}))
    scene.put(SECOND, a_file({"ticket_id": "INC1", "owner": "new"}, {"ticket_id": "INC2"}))
    scene.put(THIRD, a_ticket_file("other", "INC3"))
    scene.ingest()
    (scene.root / "processed" / f"{SECOND}.csv").unlink()

    plan = a_plan(scene.context())
    with pytest.raises(MissingFilesError) as refusal:
        _open(scene, plan.plan_sha256)

    assert plan.examples.missing == [PREFIX.processed_key(SECOND, 1)]
    cost = (plan.missing.files, plan.missing.tickets_falling_back, plan.missing.tickets_unasserted)
    assert cost == (1, 1, 1)
    assert PREFIX.processed_key(SECOND, 1) in str(refusal.value)
    assert "1 tickets fall back to an older content, and 1 keep" in str(refusal.value)
    assert scene.stream()["generation"] == 0


def test_missing_file_can_be_allowed(scene: Scene) -> None:
    """And then it costs what was said."""
    scene.put(FIRST, a_file({"ticket_id": "INC1", "owner": "old"}))
    scene.put(SECOND, a_file({"ticket_id": "INC1", "owner": "new"}, {"ticket_id": "INC2"}))
    scene.ingest()
    (scene.root / "processed" / f"{SECOND}.csv").unlink()

    done = a_reseed(scene.context(), allow_missing=True)

    assert scene.owner("INC1") == "old"
    assert scene.version("INC2") == (0, SECOND, 1)
    assert done.applied.counts.tickets.changed == 1


def test_file_applied_from_elsewhere_is_missing(scene: Scene) -> None:
    """Like one that the command line was given by name: it never came into the bucket."""
    _ingested(scene, FIRST)
    scene.put(SECOND, a_ticket_file("by hand"))
    scene.ingest(archive=False)
    (scene.root / "changes" / f"{SECOND}.csv").unlink()

    assert a_plan(scene.context()).missing.files == 1


def test_overwritten_content_whose_archive_is_gone_is_missing(scene: Scene) -> None:
    """Each content of a stamp counts, not only its last one."""
    for owner in "ab":
        scene.put(FIRST, a_ticket_file(owner))
        scene.ingest()
    assert a_plan(scene.context()).missing.files == 0
    (scene.root / "processed" / f"{FIRST}.csv").unlink()

    plan = a_plan(scene.context())

    assert plan.examples.missing == [PREFIX.processed_key(FIRST, 1)]


def test_archived_copy_under_another_etag_is_there(scene: Scene, store: S3Store) -> None:
    """As that of a file which was uploaded in parts: a copy has another etag, but its size."""
    bucket = store.open_bucket(store.new_bucket())
    bucket.put_object(PREFIX.change_key(FIRST), [a_ticket_file("a")])
    scene.ingest(bucket)
    scene.connection.execute("update tickets.import_files set etag = 'd41d8cd98f-2'")

    assert a_plan(scene.context(bucket)).missing.files == 0


def test_files_of_another_source_are_not_missing(scene: Scene, store: S3Store) -> None:
    """The feed has moved, and that they stay behind is what is wanted."""
    old, new = _two_buckets(store)
    old.put_object(PREFIX.change_key(SECOND), [a_ticket_file("b")])
    scene.ingest(old)

    assert a_plan(scene.context(new)).missing.files == 0


# --- what is added, resumed and repeated ---


def test_later_files_are_added_and_reported(scene: Scene) -> None:
    """They never void a plan; what they change is told as the difference."""
    _ingested(scene, FIRST)
    plan = a_plan(scene.context())
    scene.put(SECOND, a_ticket_file("later", "INC2"))

    lease = _open(scene, plan.plan_sha256)
    report = applied(scene.context(), lease)

    assert (lease.files, lease.added) == (2, 1)
    assert report.added == 1
    assert report.planned == plan.counts
    assert report.difference["tickets.new"] == (0, 1)
    assert report.difference["files.applied"] == (1, 2)
    assert "tickets.changed" not in report.difference


def test_live_ingest_between_plan_and_apply_is_told(scene: Scene) -> None:
    """The plan holds, since its files are the same ones; today's tickets are others."""
    _ingested(scene, FIRST)
    scene.put(SECOND, a_ticket_file("new", "INC2"))
    plan = a_plan(scene.context())
    scene.ingest()

    report = applied(scene.context(), _open(scene, plan.plan_sha256))

    assert report.difference == {
        "tickets.new": (1, 0),
        "tickets.unchanged": (1, 2),
        "rows.inserted": (1, 0),
        "rows.unchanged": (1, 2),
    }


def test_open_plan_takes_the_lease_over_at_once(scene: Scene) -> None:
    """After its worker died, without waiting for its lease to end."""
    _ingested(scene, FIRST, SECOND)
    plan_sha256 = _planned(scene)
    dead = _open(scene, plan_sha256)
    apply_chunk(scene.context(), generation=1, token=dead.token, max_files=1)

    lease = _open(scene, plan_sha256, "otieno@desk")

    assert (lease.resumed, lease.files, lease.left, lease.done) == (True, 2, 1, False)
    assert lease.token > dead.token
    assert scene.stream()["lease_owner"] == "otieno@desk"
    with pytest.raises(LeaseLostError):
        apply_chunk(scene.context(), generation=1, token=dead.token)
    assert applied(scene.context(), lease).difference == {}


def test_finished_plan_can_be_applied_again_without_effect(scene: Scene) -> None:
    """P8: a retry after the end, or a second start, finds it done, and the report stays."""
    _ingested(scene, FIRST)
    plan_sha256 = _planned(scene)
    report = applied(scene.context(), _open(scene, plan_sha256))
    scene.put(SECOND, a_ticket_file("live"))
    scene.ingest()
    before = (all_tables(scene.connection), tree(scene.root))

    again = _open(scene, plan_sha256, "otieno@desk")

    assert (again.resumed, again.done, again.left) == (True, True, 0)
    assert applied(scene.context(), again) == report
    assert (all_tables(scene.connection), tree(scene.root)) == before


def test_plan_that_the_live_path_finished_is_reported_when_asked(scene: Scene) -> None:
    """Its worker died for good; whoever applies the plan again gets its report."""
    _ingested(scene, FIRST, SECOND)
    plan = a_plan(scene.context())
    lease = _open(scene, plan.plan_sha256)
    scene.connection.execute(EXPIRE_LEASE)
    scene.ingest()

    again = _open(scene, plan.plan_sha256)

    assert again.done
    assert applied(scene.context(), again).counts == plan.counts
    with pytest.raises(LeaseLostError):
        apply_chunk(scene.context(), generation=1, token=lease.token)


def test_chunk_settles_so_many_files_and_says_what_is_left(scene: Scene) -> None:
    """Strictly in order, and none of it is listed anew."""
    _ingested(scene, FIRST, SECOND, THIRD)
    lease = _open(scene, _planned(scene))

    chunk = apply_chunk(scene.context(), generation=1, token=lease.token, max_files=2)

    assert (chunk.files, chunk.left, chunk.settled, chunk.done) == (3, 1, 2, False)
    assert [row["stamp"] for row in scene.ledger() if row["generation"] == 1] == [FIRST, SECOND]


def test_chunk_without_time_says_so(scene: Scene) -> None:
    """Or the state machine would go round for ever."""
    _ingested(scene, FIRST)
    lease = _open(scene, _planned(scene))

    with pytest.raises(OutOfTimeError):
        apply_chunk(scene.context(time_left=lambda: 5.0), generation=1, token=lease.token)


def test_chunk_renews_the_lease_before_its_first_file(scene: Scene) -> None:
    """The step before it may have been long ago."""
    _ingested(scene, FIRST)
    lease = _open(scene, _planned(scene))
    scene.connection.execute(EXPIRE_LEASE)
    with pytest.raises(OutOfTimeError):
        apply_chunk(scene.context(time_left=lambda: 0.0), generation=1, token=lease.token)

    assert scene.rows(
        "select lease_expires_at > clock_timestamp() + interval '10 minutes' as is_long"
        " from tickets.import_streams where generation = 1"
    ) == [{"is_long": True}]


def test_files_that_arrive_meanwhile_wait_for_the_live_path(scene: Scene) -> None:
    """A chunk applies the manifest and nothing else; then they come, once and in order."""
    _ingested(scene, SECOND, THIRD)
    lease = _open(scene, _planned(scene))
    scene.put(FOURTH, a_ticket_file("fourth"))
    scene.put(FIRST, a_ticket_file("first"))
    assert scene.ingest().waiting

    report = applied(scene.context(), lease, max_files=1)
    arrived = scene.ingest()

    assert report.counts.files.applied == 2
    assert report.difference == {}
    assert outcomes_of(arrived) == [(FIRST, "applied"), (FOURTH, "applied")]
    assert [outcome.late for outcome in arrived.outcomes] == [True, False]
    assert scene.owner() == "fourth"
    assert outcomes_of(scene.ingest()) == []


def test_finish_before_the_end_is_refused(scene: Scene) -> None:
    """It would report a part."""
    _ingested(scene, FIRST)
    _open(scene, _planned(scene))

    with pytest.raises(ReseedRefusedError, match="mode reseed"):
        finish_reseed(scene.context(), generation=1)


def test_finish_without_the_plans_report_still_counts(scene: Scene) -> None:
    """Somebody has cleaned up: there is nothing to compare with, and that is told."""
    _ingested(scene, FIRST)
    plan = a_plan(scene.context())
    (scene.root / "reports" / f"reseed-{plan.plan_sha256}.json").unlink()

    report = applied(scene.context(), _open(scene, plan.plan_sha256))

    assert report.planned is None
    assert report.counts == plan.counts


def test_check_says_what_apply_would_do_or_refuse(scene: Scene) -> None:
    """The dry run of apply: no table and no file changes."""
    _ingested(scene, FIRST)
    plan_sha256 = _planned(scene)
    scene.put(SECOND, a_ticket_file("later"))
    before = (all_tables(scene.connection), tree(scene.root))

    opening = check_reseed(scene.context(), plan_sha256)
    with pytest.raises(PlanChangedError):
        check_reseed(scene.context(), "0" * 64)

    assert (all_tables(scene.connection), tree(scene.root)) == before
    assert (opening.generation, opening.files, opening.added, opening.resumed) == (1, 2, 1, False)
    _open(scene, plan_sha256)
    assert check_reseed(scene.context(), plan_sha256).resumed


def test_ingest_role_can_reseed(scene: Scene) -> None:
    """By that role alone: a snapshot for the counts is all that it writes in scratch."""
    _ingested(scene, FIRST)
    plan = a_plan(scene.context())

    with (
        connect(scene.database_url, application_name="apply") as worker,
        acting_as(worker, "fleettickets_ingest"),
    ):
        context = scene.context(connection=worker)
        lease = open_reseed(context, plan.plan_sha256, owner="execution:1")
        report = applied(context, lease)

    assert report.counts == plan.counts
    assert scene.rows("select * from scratch.reseed_before") == []


def test_reseed_of_late_and_overwritten_files_reproduces_the_tickets(scene: Scene) -> None:
    """Late ones, overwritten ones, a bad one: the archive holds all that it takes."""
    for stamp, owner in ((SECOND, "a"), (FOURTH, "b"), (FIRST, "late"), (SECOND, "again")):
        scene.put(stamp, a_file({"ticket_id": "INC1", "owner": owner}, {"ticket_id": owner}))
        scene.ingest()
    scene.put(THIRD, a_file({"ticket_id": "INC1", "closed_at": "2026-06-03 09:00:00"}))
    scene.ingest()
    content = "select ticket_id, raw, geo_source from tickets.inc order by ticket_id"
    closures = "select ticket_id, closed_at, owner from tickets.closure_events order by 1, 2"
    before = (scene.rows(content), scene.rows(closures))

    done = a_reseed(scene.context())

    assert (scene.rows(content), scene.rows(closures)) == before
    assert done.applied.counts == done.planned.counts
    assert done.applied.counts.tickets.changed == 0


# --- the feed moves ---


def test_cutover_to_a_bucket_whose_first_key_is_older_than_the_watermark(
    scene: Scene, store: S3Store
) -> None:
    """The case that a watermark alone would lose: nothing of B until the reseed, then all of it."""
    a, b = (store.open_bucket(store.new_bucket()) for _ in range(2))
    a.put_object(PREFIX.change_key(THIRD), [a_file({"ticket_id": "INC1"}, {"ticket_id": "OLD"})])
    a.put_object(PREFIX.change_key(FIFTH), [a_ticket_file("of a")])
    scene.ingest(a)
    untouched = _contents(a)
    b.put_object(PREFIX.change_key(FIRST), [a_ticket_file("of b", "INC2")])
    b.put_object(PREFIX.change_key(SECOND), [a_ticket_file("of b")])

    with pytest.raises(SourceMismatchError, match="reseed needed"):
        scene.ingest(b)
    assert scene.owner("INC2") is None
    done = a_reseed(scene.context(b))
    b.put_object(PREFIX.change_key(THIRD), [a_ticket_file("next of b")])
    live = scene.ingest(b)

    assert done.applied.counts == done.planned.counts
    assert done.applied.watermark == SECOND
    assert scene.owner("INC2") == "of b"
    assert scene.version("OLD") == (0, THIRD, 1)
    assert outcomes_of(live) == [(THIRD, "applied")]
    assert [outcome.late for outcome in live.outcomes] == [False]
    assert scene.owner() == "next of b"
    assert scene.watermark() == PREFIX.change_key(THIRD)
    assert _contents(a) == untouched


def _contents(bucket: S3Bucket) -> list[tuple[str, str, object]]:
    listed = bucket.list_objects(f"{PREFIX.text}/")
    return [(item.key, item.etag, item.modified_at) for item in listed]


def test_plan_in_one_process_tells_each_file(scene: Scene) -> None:
    """What the command line follows with its bar."""
    _ingested(scene, FIRST)
    scene.put(SECOND, a_ticket_file("b"))
    told, started = list[str](), list[int]()

    planned = plan_reseed(
        scene.context(on_outcome=lambda outcome: told.append(outcome.stamp)), started.append
    )

    assert told == [FIRST, SECOND]
    assert started == [2]
    assert outcomes_of(planned.files) == [(FIRST, "applied"), (SECOND, "applied")]
    assert scene.rows("select * from scratch.reseed_plans") == []
