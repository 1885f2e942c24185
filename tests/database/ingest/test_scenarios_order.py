"""Acceptance scenarios about order and content: 1-6 and 11-14; each ends like a clean ingest.

What each needs in detail has tests of its own; docs/reliability.md lists them.
"""

import random
from collections.abc import Iterable, Sequence

import pytest

from fleettickets.core.keys import is_held
from tests.support.digests import CleanIngest, Content
from tests.support.scenes import Scene, a_file, keys_of
from tests.support.streams import StreamFile, a_stream

STALE = "2026-05-01T06-00-00"
NEWER = ("2026-06-01T06-00-00", "2026-06-02T06-00-00")


def contents(stream: Iterable[StreamFile]) -> list[Content]:
    """Return a stream's files as stamp and bytes."""
    return [(file.stamp, file.content) for file in stream]


def put_all(scene: Scene, files: Iterable[Content]) -> list[str]:
    """Put files in the order given; return their keys."""
    return [scene.put(stamp, content) for stamp, content in files]


def shuffled[Item](items: Sequence[Item], seed: int = 1) -> list[Item]:
    """Return the items in another order."""
    return random.Random(seed).sample(items, len(items))


def test_01_shuffled_events(scene: Scene, clean: CleanIngest) -> None:
    """50 files lie there; doorbells in random order; they commit in the order of their keys."""
    files = contents(a_stream(50))
    keys = put_all(scene, files)

    applied = [stamp for key in shuffled(keys) for stamp in keys_of(scene.ingest(through=key))]

    assert applied == [stamp for stamp, _ in files]
    clean.assert_equals(scene.connection, files)


def test_02_duplicate_events(scene: Scene, clean: CleanIngest) -> None:
    """Doorbells and puts again, before and after: one ledger row a file, versions as they were."""
    files = contents(a_stream(6))
    keys = put_all(scene, files)
    for key in keys + keys:
        scene.ingest(through=key)
    versions = scene.rows("select * from tickets.inc_versions order by ticket_id")

    put_all(scene, files)
    scene.ingest()

    assert scene.settled() == [(stamp, 1, "applied") for stamp, _ in files]
    assert scene.rows("select * from tickets.inc_versions order by ticket_id") == versions
    clean.assert_equals(scene.connection, files)


def test_03_lost_notification(scene: Scene, clean: CleanIngest) -> None:
    """1 of 20 doorbells is lost; one pass over the listing, as after a sweep, makes up for it."""
    files = contents(a_stream(40))
    lost = {files[19][0], files[39][0]}
    for stamp, content in files:
        key = scene.put(stamp, content)
        if stamp not in lost:
            scene.ingest(through=key)

    scene.ingest()

    assert len(scene.settled()) == len(files)
    assert scene.names("changes") == []
    clean.assert_equals(scene.connection, files)


def test_04_late_lower_key(scene: Scene, clean: CleanIngest) -> None:
    """It changes what nothing newer asserted, and nothing else; the ledger says `late`."""
    files = contents(a_stream(10))
    late = files[6]
    put_all(scene, [file for file in files if file is not late])
    scene.ingest()
    watermark = scene.watermark()

    put_all(scene, [late])
    scene.ingest()

    assert scene.entry(late[0])["late"]
    assert scene.watermark() == watermark
    clean.assert_equals(scene.connection, files)


@pytest.mark.parametrize("settled_before", [False, True])
def test_05_same_key_overwritten(scene: Scene, clean: CleanIngest, *, settled_before: bool) -> None:
    """After its commit both contents are in the ledger; before it only the one that was there."""
    (stamp, old), (_, new), after = contents(a_stream(3))
    put_all(scene, [(stamp, old), after])
    if settled_before:
        scene.ingest()

    put_all(scene, [(stamp, new)])
    scene.ingest()

    seen = [(stamp, old), (stamp, new)] if settled_before else [(stamp, new)]
    assert [entry["revision"] for entry in scene.ledger() if entry["stamp"] == stamp] == [
        *range(1, len(seen) + 1)
    ]
    clean.assert_equals(scene.connection, [*seen, after])


def test_06_ties_and_key_shapes(scene: Scene, clean: CleanIngest) -> None:
    """What is no stamp is left, what is no real time is held, the rest is in bytewise order."""
    files = contents(a_stream(4))
    put_all(scene, shuffled(files))
    odd = ("2018-8-9", f"{files[0][0]}-2", f"{files[0][0]} (1)", "sub/" + files[0][0], "notes")
    for name in odd:
        path = scene.root / "changes" / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(files[1][1])
    unreal = "2026-02-30T00-00-00"
    assert is_held(unreal, scene.clock())
    put_all(scene, [(unreal, files[1][1])])

    summary = scene.ingest()

    assert keys_of(summary) == [stamp for stamp, _ in files]
    assert (len(summary.foreign), len(summary.held)) == (len(odd), 1)
    clean.assert_equals(scene.connection, files)


def test_11_duplicate_ticket_in_one_file(scene: Scene, clean: CleanIngest) -> None:
    """The last line wins, in order and out of it; the others are counted."""
    first, second = (
        (
            stamp,
            a_file(*({"ticket_id": "INC1", "owner": f"{stamp} {line}"} for line in range(5))),
        )
        for stamp in NEWER
    )
    for file in (second, first):
        put_all(scene, [file])
        scene.ingest()

    assert scene.owner() == f"{second[0]} 4"
    assert [entry["rows_duplicate"] for entry in scene.ledger()] == [4, 4]
    clean.assert_equals(scene.connection, [first, second])


def full(owner: str, tickets: int = 10) -> bytes:
    """Return a re-emission of the whole state, with an owner that tells its time."""
    return a_file(*({"ticket_id": f"INC{number}", "owner": owner} for number in range(tickets)))


def test_12_stale_full_re_emission(scene: Scene, clean: CleanIngest) -> None:
    """A full state of May that comes after deltas of June regresses no row."""
    deltas = [(stamp, full(stamp, tickets=3)) for stamp in NEWER]
    put_all(scene, deltas)
    scene.ingest()

    put_all(scene, [(STALE, full("May"))])
    scene.ingest()

    assert [scene.owner(f"INC{number}") for number in (0, 2, 3)] == [NEWER[1], NEWER[1], "May"]
    clean.assert_equals(scene.connection, [(STALE, full("May")), *deltas])


def test_13_truncated_full(scene: Scene, clean: CleanIngest) -> None:
    """A file with 60 % of its rows missing is applied as far as it goes: absence says nothing."""
    whole = full("May")
    cut = whole[: int(len(whole) * 0.4)]
    files = [(STALE, whole), (NEWER[0], cut)]
    put_all(scene, files)

    scene.ingest()

    assert [entry["status"] for entry in scene.ledger()] == ["applied", "applied"]
    assert scene.connection.execute("select count(*) from tickets.inc").fetchone() == (10,)
    clean.assert_equals(scene.connection, files)


def test_14_column_drift(scene: Scene, clean: CleanIngest) -> None:
    """Added, dropped and re-ordered columns by the contract; a repeated name refuses its file."""
    stamps = [file.stamp for file in a_stream(5)]
    files = [
        (stamps[0], b"ticket_id,owner,cluster\nINC1,Amina,Karen\nINC2,Otieno,Ngong\n"),
        (stamps[1], b"cluster,colour,owner,ticket_id\nKaren,red,Amina,INC1\n"),
        (stamps[2], b"ticket_id,cluster\nINC2,Ngong\n"),
        (stamps[3], b"ticket_id,owner,owner\nINC1,a,b\n"),
        (stamps[4], b"ticket,owner\nINC1,renamed\n"),
    ]
    for file in shuffled(files):
        put_all(scene, [file])
        scene.ingest()

    statuses = [entry["status"] for entry in scene.ledger()]
    assert statuses == ["applied"] * 3 + ["quarantined"] * 2
    assert (scene.raw() or {})["colour"] == "red"
    assert scene.owner("INC2") is None
    clean.assert_equals(scene.connection, files)
