"""Acceptance scenarios about bad input: 7-10; each ends like a clean ingest of what is good."""

import pytest

from fleettickets.jobs.repair import find_file, replay
from tests.support.digests import CleanIngest, Content
from tests.support.scenes import BROKEN, FIRST, SECOND, THIRD, Scene, a_ticket_file
from tests.support.streams import a_stream

PLAIN = 'ticket_id,owner,raw_status\nINC1,Amina,OPEN\nINC2,"two\nlines",CLOSED\n'


def put_all(scene: Scene, files: list[Content]) -> None:
    """Put files."""
    for stamp, content in files:
        scene.put(stamp, content)


@pytest.mark.parametrize("poison", [BROKEN, b"\x7fELF\0\1\2\0" * 40], ids=["quote", "binary"])
def test_07_poison_file(scene: Scene, clean: CleanIngest, poison: bytes) -> None:
    """It is quarantined, later files apply; mended and replayed, nothing shows that it ever was."""
    files = [(file.stamp, file.content) for file in a_stream(5)]
    stamp, mended = files[2]
    put_all(scene, [*files[:2], (stamp, poison), *files[3:]])
    scene.ingest()
    assert scene.entry(stamp)["status"] == "quarantined"
    assert len(scene.settled()) == len(files)

    (scene.root / "quarantine" / f"{stamp}.csv").write_bytes(mended)
    replay(scene.context(), find_file(scene.context(), stamp))

    assert (scene.names("quarantine"), scene.names("changes")) == ([], [])
    clean.assert_equals(scene.connection, files)


def test_08_bad_cells_in_a_good_file(scene: Scene, clean: CleanIngest) -> None:
    """Bad rows are rejected, bad cells are null where they are typed; good rows are all there."""
    good = "".join(f"INC{number},2026-06-01 10:00:00,ok\n" for number in range(60))
    header, odd_cell = "ticket_id,closed_at,note\n", "INC98,2026-02-30 10:00:00,ok\n"
    bad_rows = [
        b"INC99,,nul \0 here\n",
        b"INC99,\n",
        b"INC99,,,,\n",
        b"INC99,," + b"x" * 5_000_000 + b"\n",
        b",2026-06-01 10:00:00,nobody\n",
    ]
    scene.put(FIRST, (header + good + odd_cell).encode() + b"".join(bad_rows))

    scene.ingest()

    assert scene.entry()["rows_rejected"] == len(bad_rows)
    assert scene.rows("select closed_at from tickets.inc where ticket_id = 'INC98'") == [
        {"closed_at": None}
    ]
    clean.assert_equals(scene.connection, [(FIRST, (header + good + odd_cell).encode())])


def test_08_too_many_bad_rows(scene: Scene, clean: CleanIngest) -> None:
    """Above the threshold the file is refused whole."""
    rows = b"ticket_id,note\n" + b"INC1,a\n" * 30 + b"INC2\n" * 11
    put_all(scene, [(FIRST, rows), (SECOND, a_ticket_file("after"))])

    scene.ingest()

    assert [entry["status"] for entry in scene.ledger()] == ["quarantined", "applied"]
    clean.assert_equals(scene.connection, [(SECOND, a_ticket_file("after"))])


@pytest.mark.parametrize(
    ("content", "is_same"),
    [
        (PLAIN.encode("utf-8-sig"), True),
        (PLAIN.replace("lines", "línes").encode("cp1252"), False),
        (PLAIN.encode("utf-16"), False),
        (PLAIN.replace("\n", "\r\n").replace("two\r\n", "two\n").encode(), True),
        (PLAIN.replace("\n", "\r").replace("two\r", "two\n").encode(), True),
        (PLAIN.encode().removesuffix(b"\n"), True),
    ],
    ids=["bom", "cp1252", "utf-16", "crlf", "cr", "no final newline"],
)
def test_09_encodings(scene: Scene, clean: CleanIngest, content: bytes, *, is_same: bool) -> None:
    """The rows of the plain file, or a reason: a row that is not UTF-8 is rejected, alone."""
    scene.put(FIRST, content)

    scene.ingest()

    entry = scene.entry()
    if is_same:
        assert (entry["status"], entry["rows_inserted"]) == ("applied", 2)
        clean.assert_equals(scene.connection, [(FIRST, PLAIN.encode())])
        return
    assert entry["reason"] or scene.rejects()
    readable = PLAIN.partition("INC2")[0].encode()
    clean.assert_equals(
        scene.connection, [(FIRST, readable)] if entry["status"] == "applied" else []
    )


@pytest.mark.parametrize("empty", [b"", b"\xef\xbb\xbf", b"ticket_id,owner\n", b"\n\n"])
def test_10_empty_files(scene: Scene, clean: CleanIngest, empty: bytes) -> None:
    """Committed with no rows; nothing is closed or deleted."""
    before, after = (FIRST, a_ticket_file("a", "INC1")), (THIRD, a_ticket_file("b", "INC2"))
    put_all(scene, [before, (SECOND, empty), after])

    scene.ingest()

    assert (scene.entry(SECOND)["status"], scene.entry(SECOND)["rows_read"]) == ("applied", 0)
    clean.assert_equals(scene.connection, [before, after])
