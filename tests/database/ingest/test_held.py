"""Held and foreign keys: left exactly where they are, counted, and in nobody's way."""

import datetime as dt
import logging

import pytest

from tests.support.ingests import PREFIX
from tests.support.scenes import FIRST, SECOND, Scene, a_ticket_file, outcomes_of, tree

FAR = "2062-06-15T17-00-00"
UNREAL = "2026-02-30T17-00-00"


@pytest.mark.parametrize(
    "stamp", [FAR, UNREAL, "2026-06-15T24-00-00", "2026-06-15T23-59-60", "0000-01-01T00-00-00"]
)
def test_held_file_is_not_touched(scene: Scene, stamp: str) -> None:
    """A stamp in 2062, or one that is no real time: counted, not read, not moved."""
    key = scene.put(stamp, a_ticket_file("held"))
    scene.put(FIRST, a_ticket_file("real", "INC2"))
    before = tree(scene.root)

    summary = scene.ingest()

    assert summary.held == (key,)
    assert outcomes_of(summary) == [(FIRST, "applied")]
    assert scene.names("changes") == [stamp]
    assert tree(scene.root)[f"changes/{stamp}.csv"] == before[f"changes/{stamp}.csv"]
    assert scene.owner("INC1") is None
    assert scene.watermark() == PREFIX.change_key(FIRST)


def test_held_files_are_reported_for_freshness(scene: Scene) -> None:
    """An operator sees them without reading a log; they are not pending."""
    scene.put(FAR, a_ticket_file("held"))

    scene.ingest()

    facts = scene.freshness()
    assert (facts["held"], facts["pending"]) == (1, 0)


def test_doorbell_for_a_held_key_does_nothing(scene: Scene) -> None:
    """Its etag does not bring it in by the back door."""
    key = scene.put(FAR, a_ticket_file("held"))
    found = scene.producer.bucket().find_object(key)
    assert found is not None

    summary = scene.ingest(through=key, etag=found.etag)

    assert (summary.outcomes, summary.held, summary.gone) == ((), (key,), ())


@pytest.mark.parametrize(("minutes_ahead", "is_applied"), [(15, True), (16, False)])
def test_stamp_is_held_from_fifteen_minutes_ahead(
    scene: Scene, minutes_ahead: int, *, is_applied: bool
) -> None:
    """Clocks differ a little; more than that is a mistake."""
    eat = scene.clock.at + dt.timedelta(hours=3, minutes=minutes_ahead)
    stamp = f"{eat:%Y-%m-%dT%H-%M-%S}"
    scene.put(stamp, a_ticket_file("a"))

    summary = scene.ingest()

    assert (len(summary.outcomes) == 1) == is_applied
    assert (summary.held == ()) == is_applied


def test_held_file_is_applied_when_its_time_has_come(scene: Scene) -> None:
    """Nothing was remembered against it."""
    scene.put("2026-06-30T15-30-00", a_ticket_file("a"))
    assert scene.ingest().outcomes == ()

    scene.clock.advance(3600)

    assert outcomes_of(scene.ingest()) == [("2026-06-30T15-30-00", "applied")]


def test_foreign_objects_are_left_and_counted(scene: Scene) -> None:
    """Other names, nested folders and unpadded dates are nobody's business here."""
    scene.put(FIRST, a_ticket_file("a"))
    for name in ("notes.txt", "2026-6-1T17-00-00.csv", f"{SECOND}-part2.csv", f"old/{SECOND}.csv"):
        path = scene.root / "changes" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"not ours")
    before = tree(scene.root)

    summary = scene.ingest()

    assert len(summary.foreign) == 4
    assert outcomes_of(summary) == [(FIRST, "applied")]
    left = {name for name in before if name.startswith("changes/") and FIRST not in name}
    assert {name: tree(scene.root).get(name) for name in left} == {n: before[n] for n in left}
    assert scene.stream()["foreign_keys"] == 4


def test_held_and_foreign_keys_are_logged_once(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning for each held key, one line for all foreign ones."""
    scene.put(FAR, a_ticket_file("held"))
    for name in ("a.txt", "b.txt"):
        (scene.root / "changes" / name).write_bytes(b"")

    with caplog.at_level(logging.INFO, "fleettickets"):
        scene.ingest()

    assert sorted(caplog.messages) == ["foreign keys were left alone", "key was held"]
