"""Repair by a person: replay a mended or quarantined file, skip one for good."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fleettickets.clients.local_files import LocalFiles
from fleettickets.core.pending import PendingFile
from fleettickets.errors import ReseedRefusedError, SourceMismatchError, UsageError
from fleettickets.jobs.context import FileOutcome
from fleettickets.jobs.repair import find_file, plan_replay, plan_skip, replay, skip
from fleettickets.jobs.reseed import reseed_at_once
from fleettickets.store import reseeds, streams
from fleettickets.store.manifests import ManifestFile
from tests.support.ingests import PREFIX
from tests.support.s3 import S3Store, running_s3_store
from tests.support.scenes import (
    BROKEN,
    FIRST,
    SECOND,
    THIRD,
    Scene,
    a_ticket_file,
    all_tables,
    archive_names,
    outcomes_of,
    tree,
)

MENDED = a_ticket_file("mended")


@pytest.fixture(scope="module")
def store() -> Iterator[S3Store]:
    """An S3 store."""
    with running_s3_store() as store:
        yield store


def _replay(scene: Scene, name: str = FIRST) -> FileOutcome:
    context = scene.context()
    return replay(context, find_file(context, name))


def _skip(scene: Scene, name: str = FIRST, reason: str = "a test export") -> FileOutcome:
    context = scene.context()
    return skip(context, find_file(context, name), reason)


def _local(path: Path, key: str) -> tuple[LocalFiles, PendingFile]:
    files = LocalFiles({key: path})
    found = files.find_object(key)
    assert found is not None
    return files, PendingFile(key, path.stem, found.etag, found.size_bytes)


def _mended_in_quarantine(scene: Scene) -> None:
    """A bad file was quarantined, and a person mended it there."""
    scene.put(FIRST, BROKEN)
    scene.ingest()
    scene.put(FIRST, MENDED, folder="quarantine")


def test_file_mended_in_quarantine_is_applied_and_archived(scene: Scene) -> None:
    """It is the stamp's next revision and ends in processed/."""
    _mended_in_quarantine(scene)

    outcome = _replay(scene)

    assert (outcome.outcome, outcome.revision) == ("applied", 2)
    assert scene.owner() == "mended"
    assert archive_names(scene) == {"changes": [], "processed": [FIRST], "quarantine": []}
    assert scene.entry(revision=2)["archive_key"] == PREFIX.processed_key(FIRST, 1)


def test_replay_of_a_file_in_changes_applies_it(scene: Scene) -> None:
    """A person need not wait for a doorbell."""
    scene.put(FIRST, MENDED)

    assert _replay(scene).outcome == "applied"
    assert archive_names(scene) == {"changes": [], "processed": [FIRST], "quarantine": []}


def test_replay_from_a_named_file_ends_in_processed(scene: Scene, tmp_path: Path) -> None:
    """`--csv`: the bytes come from anywhere; the archive gets them, and the file stays."""
    scene.put(FIRST, BROKEN)
    scene.ingest()
    path = tmp_path / f"{FIRST}.csv"
    path.write_bytes(MENDED)
    content, file = _local(path, PREFIX.change_key(FIRST))

    outcome = replay(scene.context(), file, content)

    assert (outcome.outcome, outcome.revision) == ("applied", 2)
    assert path.read_bytes() == MENDED
    assert scene.producer.content("processed", f"{FIRST}.csv") == MENDED
    assert scene.entry(revision=2)["archive_key"] == PREFIX.processed_key(FIRST, 1)


def test_named_file_that_is_bad_too_is_recorded_and_left_where_it_is(
    scene: Scene, tmp_path: Path
) -> None:
    """The ledger says so; neither the quarantine nor the archive gets its bytes."""
    scene.put(FIRST, BROKEN)
    scene.ingest()
    path = tmp_path / f"{FIRST}.csv"
    path.write_bytes(BROKEN + b"still bad")
    content, file = _local(path, PREFIX.change_key(FIRST))

    outcome = replay(scene.context(), file, content)

    assert (outcome.outcome, outcome.revision) == ("quarantined", 2)
    assert archive_names(scene) == {"changes": [], "processed": [], "quarantine": [FIRST]}


def test_replay_regresses_nothing_newer(scene: Scene) -> None:
    """Safe by P3, days later: only tickets that no newer file asserted change."""
    _mended_in_quarantine(scene)
    scene.put(SECOND, a_ticket_file("newer"))
    scene.ingest()

    outcome = _replay(scene)

    assert outcome.late
    assert outcome.counts is not None
    assert outcome.counts.stale == 1
    assert scene.owner() == "newer"
    assert scene.watermark() == PREFIX.change_key(SECOND)


def test_replay_of_unchanged_bytes_that_are_still_bad_adds_nothing(scene: Scene) -> None:
    """No revision, no copy; the file stays in quarantine."""
    scene.put(FIRST, BROKEN)
    scene.ingest()
    before = (scene.ledger(), tree(scene.root))

    outcome = _replay(scene)

    assert outcome.outcome == "already settled"
    assert outcome.reason
    assert (scene.ledger(), tree(scene.root)) == before


def test_replay_of_other_bytes_that_are_bad_too_is_recorded(scene: Scene) -> None:
    """The mending went wrong: a second quarantined revision says how."""
    scene.put(FIRST, BROKEN)
    scene.ingest()
    scene.put(FIRST, b"still,no\nticket,id\n", folder="quarantine")

    outcome = _replay(scene)

    assert (outcome.outcome, outcome.revision) == ("quarantined", 2)
    assert scene.names("quarantine") == [FIRST]


def test_replay_of_the_applied_content_changes_nothing(scene: Scene) -> None:
    """From processed/: settled already, and it stays there."""
    scene.put(FIRST, MENDED)
    scene.ingest()
    before = (scene.ledger(), tree(scene.root))

    outcome = _replay(scene)

    assert outcome.outcome == "already settled"
    assert (scene.ledger(), tree(scene.root)) == before


def test_replay_of_an_older_revision_brings_it_back(scene: Scene) -> None:
    """A, then B; a person names A's archived key: A is revision 3, and both stay archived."""
    for owner in "ab":
        scene.put(FIRST, a_ticket_file(owner))
        scene.ingest()

    outcome = _replay(scene, PREFIX.processed_key(FIRST, 1))

    assert (outcome.outcome, outcome.revision) == ("applied", 3)
    assert scene.owner() == "a"
    assert {FIRST, f"{FIRST}.r2"} <= set(scene.names("processed"))


def test_replay_twice_is_replay_once(scene: Scene) -> None:
    """P8."""
    _mended_in_quarantine(scene)
    _replay(scene)
    before = (scene.ledger(), tree(scene.root), scene.raw())

    assert _replay(scene).outcome == "already settled"

    assert (scene.ledger(), tree(scene.root), scene.raw()) == before


def test_replay_of_the_last_of_several_quarantined_contents(scene: Scene) -> None:
    """A stamp names the last one; the earlier ones keep their names and can still be found."""
    for content in (BROKEN, BROKEN + b"x", BROKEN + b"xy"):
        scene.put(FIRST, content)
        scene.ingest()
    context = scene.context()
    assert find_file(context, FIRST).key == PREFIX.quarantine_key(FIRST, 3)
    scene.put(FIRST, MENDED, folder="quarantine")

    outcome = _replay(scene, PREFIX.quarantine_key(FIRST, 1))

    assert outcome.outcome == "applied"
    assert scene.names("quarantine") == [f"{FIRST}.r2", f"{FIRST}.r3"]
    assert find_file(context, FIRST).key == PREFIX.quarantine_key(FIRST, 3)


def test_content_in_changes_is_found_before_the_archived_ones(scene: Scene) -> None:
    """What the producer put last is what a bare stamp means."""
    scene.put(FIRST, a_ticket_file("a"))
    scene.ingest()
    scene.put(FIRST, a_ticket_file("b"))

    assert find_file(scene.context(), f"{FIRST}.csv").key == PREFIX.change_key(FIRST)


@pytest.mark.parametrize("text", [FIRST, f"{FIRST}.csv", PREFIX.quarantine_key(FIRST, 1)])
def test_file_is_found_by_stamp_name_or_key(scene: Scene, text: str) -> None:
    """People paste what they see."""
    scene.put(FIRST, BROKEN)
    scene.ingest()

    assert find_file(scene.context(), text).key == PREFIX.quarantine_key(FIRST, 1)


@pytest.mark.parametrize("text", ["notes.txt", "", FIRST])
def test_unknown_file_is_refused_with_advice(scene: Scene, text: str) -> None:
    """The message names what to give instead."""
    with pytest.raises(UsageError, match=r"stamp|--csv"):
        find_file(scene.context(), text)


def test_replay_of_a_held_file_is_refused(scene: Scene) -> None:
    """A stamp in 2062 would outrank every file until then."""
    stamp = "2062-06-15T17-00-00"
    scene.put(stamp, MENDED)

    with pytest.raises(UsageError, match="held"):
        _replay(scene, stamp)

    assert scene.ledger() == []


@pytest.mark.parametrize("stamp", [FIRST, THIRD])
def test_replay_in_the_generation_that_quarantined_the_file(
    scene: Scene, store: S3Store, stamp: str
) -> None:
    """The old bucket's file, after a reseed from a new one: below everything of the new stream."""
    old, new = (store.open_bucket(store.new_bucket()) for _ in range(2))
    old.put_object(PREFIX.change_key(stamp), [BROKEN])
    scene.ingest(old)
    new.put_object(PREFIX.change_key(SECOND), [a_ticket_file("new", "INC2")])
    reseed_at_once(scene.context(new), owner="test")
    old.put_object(PREFIX.quarantine_key(stamp, 1), [MENDED])
    context = scene.context(old)
    file = find_file(context, stamp)
    planned = plan_replay(context, file)

    outcome = replay(context, file)

    assert (outcome.outcome, outcome.generation, outcome.revision) == ("applied", 0, 2)
    assert outcome.late
    assert planned == outcome
    assert scene.version() == (0, stamp, 2)
    assert scene.watermark() == PREFIX.change_key(SECOND)


def test_replay_from_a_bucket_that_quarantined_nothing_is_refused(
    scene: Scene, store: S3Store
) -> None:
    """There is no generation that it could belong to."""
    old, new = (store.open_bucket(store.new_bucket()) for _ in range(2))
    scene.ingest(old)
    new.put_object(PREFIX.change_key(FIRST), [MENDED])
    context = scene.context(new)

    with pytest.raises(SourceMismatchError):
        replay(context, find_file(context, FIRST))


def test_replay_while_a_reseed_runs_is_refused(scene: Scene) -> None:
    """By name, with advice to wait."""
    scene.put(FIRST, MENDED)
    with scene.connection.transaction():
        streams.lock_dataset(scene.connection)
        reseeds.open_generation(
            scene.connection,
            streams.read_state(scene.connection),
            source="s3://elsewhere",
            owner="amina@laptop",
            plan_sha256="0" * 64,
            manifest=[ManifestFile(1, FIRST, PREFIX.change_key(FIRST), "e", 1)],
        )

    with pytest.raises(ReseedRefusedError, match="amina@laptop"):
        _replay(scene)


def test_skipped_file_is_settled_for_good(scene: Scene) -> None:
    """Not applied, with the person's reason, in quarantine/; the next pass leaves it there."""
    scene.put(FIRST, a_ticket_file("unwanted"))

    outcome = _skip(scene)

    assert outcome.outcome == "skipped"
    assert scene.entry()["reason"] == "a test export"
    assert archive_names(scene) == {"changes": [], "processed": [], "quarantine": [FIRST]}
    assert scene.ingest().outcomes == ()
    assert scene.owner() is None
    assert scene.watermark() is None


def test_skipped_file_put_again_stays_skipped(scene: Scene) -> None:
    """The same bytes are settled; other bytes are a new content."""
    scene.put(FIRST, a_ticket_file("unwanted"))
    _skip(scene)
    scene.put(FIRST, a_ticket_file("unwanted"))

    scene.ingest()

    assert scene.owner() is None
    assert archive_names(scene) == {"changes": [], "processed": [], "quarantine": [FIRST]}
    scene.put(FIRST, a_ticket_file("wanted"))
    assert outcomes_of(scene.ingest()) == [(FIRST, "applied")]


def test_skip_is_finished_after_a_crash(scene: Scene) -> None:
    """Settled as skipped, not yet moved: the next pass moves it to quarantine/."""
    scene.put(FIRST, a_ticket_file("unwanted"))
    context = scene.context(archive=False)
    skip(context, find_file(context, FIRST), "not wanted")
    assert scene.names("changes") == [FIRST]

    scene.ingest()

    assert archive_names(scene) == {"changes": [], "processed": [], "quarantine": [FIRST]}


def test_held_file_can_be_skipped(scene: Scene) -> None:
    """The way to be rid of a mistyped year for good."""
    stamp = "2062-06-15T17-00-00"
    scene.put(stamp, a_ticket_file("unwanted"))

    _skip(scene, stamp)

    assert scene.ingest().held == ()
    assert archive_names(scene) == {"changes": [], "processed": [], "quarantine": [stamp]}


@pytest.mark.parametrize("name", [FIRST, PREFIX.quarantine_key(FIRST, 1)])
def test_skip_of_a_quarantined_file_keeps_its_bytes(scene: Scene, name: str) -> None:
    """It lies where a skipped file goes to already; nothing is lost, and nobody is waited for."""
    scene.put(FIRST, BROKEN)
    scene.ingest()

    _skip(scene, name)
    again = _skip(scene, name)

    assert scene.settled() == [(FIRST, 1, "quarantined"), (FIRST, 2, "skipped")]
    assert again.outcome == "already settled"
    assert archive_names(scene) == {"changes": [], "processed": [], "quarantine": [FIRST]}
    assert scene.producer.content("quarantine", f"{FIRST}.csv") == BROKEN


def test_skip_of_an_earlier_quarantined_content_keeps_its_bytes(scene: Scene) -> None:
    """Whatever it is called afterwards."""
    for content in (BROKEN, BROKEN + b"x"):
        scene.put(FIRST, content)
        scene.ingest()

    _skip(scene, PREFIX.quarantine_key(FIRST, 1))

    kept = {scene.producer.content("quarantine", f"{n}.csv") for n in scene.names("quarantine")}
    assert kept == {BROKEN, BROKEN + b"x"}


def test_skip_of_an_applied_file_leaves_it(scene: Scene) -> None:
    """What is settled stays as it is."""
    scene.put(FIRST, MENDED)
    scene.ingest()
    before = (scene.ledger(), tree(scene.root))

    assert _skip(scene).outcome == "already settled"

    assert (scene.ledger(), tree(scene.root)) == before


def test_skipped_file_applies_by_replay(scene: Scene) -> None:
    """The person changes their mind: the equal content applies as the next revision."""
    scene.put(FIRST, MENDED)
    _skip(scene)

    outcome = _replay(scene)

    assert (outcome.outcome, outcome.revision) == ("applied", 2)
    assert scene.owner() == "mended"
    assert archive_names(scene) == {"changes": [], "processed": [FIRST], "quarantine": []}


def test_skip_does_not_read_more_than_it_has_to_of_later_files(scene: Scene) -> None:
    """Only the named file is settled."""
    for stamp in (FIRST, SECOND, THIRD):
        scene.put(stamp, a_ticket_file(stamp))

    _skip(scene, SECOND)

    assert scene.settled() == [(SECOND, 1, "skipped")]
    assert outcomes_of(scene.ingest()) == [(FIRST, "applied"), (THIRD, "applied")]


@pytest.mark.parametrize(
    "situation", ["new", "applied", "quarantined", "mended", "skipped", "late"]
)
def test_dry_replay_says_what_the_replay_does(scene: Scene, situation: str) -> None:
    """P7: the same outcome, counts included, and nothing is touched before it."""
    _arrange(scene, situation)
    context = scene.context()
    file = find_file(context, FIRST)
    before = (all_tables(scene.connection), tree(scene.root))

    planned = plan_replay(context, file)

    assert (all_tables(scene.connection), tree(scene.root)) == before
    assert planned == replay(context, file)


@pytest.mark.parametrize("situation", ["new", "applied", "quarantined", "mended", "skipped"])
def test_dry_skip_says_what_the_skip_does(scene: Scene, situation: str) -> None:
    """P7 for skip."""
    _arrange(scene, situation)
    context = scene.context()
    file = find_file(context, FIRST)
    before = (all_tables(scene.connection), tree(scene.root))

    planned = plan_skip(context, file, "not wanted")

    assert (all_tables(scene.connection), tree(scene.root)) == before
    assert planned == skip(context, file, "not wanted")


def _arrange(scene: Scene, situation: str) -> None:
    match situation:
        case "applied":
            scene.put(FIRST, MENDED)
            scene.ingest()
        case "quarantined":
            scene.put(FIRST, BROKEN)
            scene.ingest()
        case "mended":
            _mended_in_quarantine(scene)
        case "skipped":
            scene.put(FIRST, MENDED)
            _skip(scene)
        case "late":
            _mended_in_quarantine(scene)
            scene.put(SECOND, a_ticket_file("newer"))
            scene.ingest()
        case _:
            scene.put(FIRST, MENDED)
