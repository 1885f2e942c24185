"""P5: a bad row goes to tickets.import_rejects with its line, reason and text; the rest applies."""

import pytest

from tests.support.feeds import a_change_file, a_row
from tests.support.scenes import FIRST, SECOND, Scene, a_ticket_file, only

HEADER = ("ticket_id", "owner")


def _lines(*lines: bytes) -> bytes:
    return b"\n".join((b"ticket_id,owner", *lines, b""))


def test_rejected_row_is_kept_with_line_reason_and_text(scene: Scene) -> None:
    """Somebody can find it in the file; the rows around it are applied."""
    scene.put(FIRST, _lines(b"INC1,Amina", b",nobody", b"INC2,Otieno", b"INC3,too,many"))

    outcome = only(scene.ingest().outcomes)

    assert outcome.counts is not None
    assert (outcome.counts.read, outcome.counts.rejected, outcome.counts.inserted) == (4, 2, 2)
    kept = [(row["line_number"], row["text"]) for row in scene.rejects()]
    assert kept == [(3, ",nobody"), (5, "INC3,too,many")]
    assert all(row["reason"] for row in scene.rejects())
    assert (scene.owner("INC1"), scene.owner("INC3")) == ("Amina", None)
    assert scene.freshness()["rejected_24h"] == 2


def test_line_number_is_the_physical_line_where_the_row_starts(scene: Scene) -> None:
    """Line breaks inside of quotes count, and so do blank lines and CR LF."""
    content = b'ticket_id,owner\r\nINC1,"two\r\nlines"\r\n\r\n,"starts\r\nhere"\r\nINC2,x\r\n'
    scene.put(FIRST, content)

    scene.ingest()

    assert [row["line_number"] for row in scene.rejects()] == [5]


def test_ticket_id_of_twelve_kilobytes_is_a_reject(scene: Scene) -> None:
    """The row is refused, the file applies, and the kept text is cut at 2 KiB."""
    scene.put(FIRST, _lines(b"INC1,Amina", b"X" * 12_288 + b",Otieno"))

    scene.ingest()

    assert scene.entry()["status"] == "applied"
    assert scene.owner() == "Amina"
    assert scene.entry()["rows_rejected"] == 1
    assert [len(row["text"]) for row in scene.rejects()] == [2_048]


@pytest.mark.parametrize(("length", "is_kept"), [(200, True), (201, False)])
def test_ticket_id_may_have_two_hundred_bytes(scene: Scene, length: int, *, is_kept: bool) -> None:
    """Longer ones are no ticket's: an index could refuse them."""
    ticket = "é" * (length // 2) + "x" * (length % 2)
    scene.put(FIRST, _lines(b"INC1,Amina", f"{ticket},Otieno".encode()))

    scene.ingest()

    assert (scene.owner(ticket) == "Otieno") == is_kept
    assert len(scene.rejects()) == (0 if is_kept else 1)


def test_cell_over_sixty_four_kilobytes_is_a_reject(scene: Scene) -> None:
    """Five megabytes in one cell cost one row, not the file."""
    scene.put(FIRST, _lines(b"INC1,Amina", b"INC2," + b"x" * 5_000_000))

    scene.ingest()

    assert scene.entry()["rows_rejected"] == 1
    assert scene.owner("INC1") == "Amina"


def test_text_that_postgresql_cannot_hold_is_kept_readable(scene: Scene) -> None:
    """NUL and bytes that are no UTF-8 appear as escapes."""
    scene.put(FIRST, _lines(b"INC1,Amina", b"INC2,a\0b", b"INC3,caf\xe9"))

    scene.ingest()

    assert [row["text"] for row in scene.rejects()] == ["INC2,a\\x00b", "INC3,caf\\xe9"]


def test_at_most_a_thousand_rejects_are_kept_and_all_are_counted(scene: Scene) -> None:
    """Of 1,050 bad rows among 5,450 the first 1,000 can be looked at."""
    good = [a_row(ticket_id=f"INC{number}") for number in range(4_400)]
    bad = [a_row(ticket_id="")] * 1_050
    scene.put(FIRST, a_change_file([*bad, *good]))

    scene.ingest()

    rejects = scene.rejects()
    assert scene.entry()["status"] == "applied"
    assert scene.entry()["rows_rejected"] == 1_050
    assert [row["line_number"] for row in rejects] == list(range(2, 1_002))


def test_ledger_counts_add_up_for_a_file_with_everything(scene: Scene) -> None:
    """Rows read are dropped, rejected, duplicate, inserted, updated, unchanged or stale."""
    scene.put(
        SECOND,
        a_change_file([a_row(ticket_id="OLD", owner="newer"), a_row(ticket_id="SAME")]),
    )
    scene.ingest()
    scene.put(FIRST, a_change_file([a_row(ticket_id="OLD", owner="stale")]))
    scene.ingest()
    rows = [
        a_row(ticket_id="NEW"),
        a_row(ticket_id="OLD", owner="changed"),
        a_row(ticket_id="SAME", owner="earlier line"),
        a_row(ticket_id="SAME"),
        a_row(ticket_id="ALARM", is_alarm="TRUE"),
        a_row(ticket_id="EXPORT STOPPED at 65000 rows"),
        a_row(ticket_id=""),
    ]
    scene.put("2026-06-03T17-00-00", a_change_file(rows))

    scene.ingest()

    entry = scene.entry("2026-06-03T17-00-00")
    counts = {name: entry[f"rows_{name}"] for name in COUNTS}
    assert counts == {
        "read": 7,
        "dropped": 2,
        "rejected": 1,
        "duplicate": 1,
        "inserted": 1,
        "updated": 1,
        "unchanged": 1,
        "stale": 0,
    }
    assert scene.entry(FIRST)["rows_stale"] == 1
    for row in scene.ledger():
        assert row["rows_read"] == sum(row[f"rows_{name}"] for name in COUNTS[1:])


COUNTS = (
    "read",
    "dropped",
    "rejected",
    "duplicate",
    "inserted",
    "updated",
    "unchanged",
    "stale",
)


def test_more_than_a_fifth_rejected_refuses_the_file(scene: Scene) -> None:
    """Eleven bad rows of fifty lines: the file is quarantined, no reject row is left behind."""
    scene.put(FIRST, _lines(*[b",bad"] * 11, *(f"INC{n},x".encode() for n in range(38))))

    scene.ingest()

    assert scene.entry()["status"] == "quarantined"
    assert scene.rejects() == []
    assert scene.raw("INC1") is None


def test_few_rejects_in_a_small_file_are_tolerated(scene: Scene) -> None:
    """Ten bad rows are no mark of a bad file, whatever their share."""
    scene.put(FIRST, _lines(*[b",bad"] * 10, b"INC1,Amina"))

    scene.ingest()

    assert scene.entry()["status"] == "applied"
    assert scene.owner() == "Amina"


def test_all_rows_rejected_refuses_the_file(scene: Scene) -> None:
    """Even if there is only one."""
    scene.put(FIRST, _lines(b",bad"))

    scene.ingest()

    assert scene.entry()["status"] == "quarantined"


def test_rejects_of_a_content_settled_before_are_not_doubled(scene: Scene) -> None:
    """A file put again adds no reject."""
    content = _lines(b"INC1,Amina", b",bad")
    for _ in range(2):
        scene.put(FIRST, content)
        scene.ingest()

    assert len(scene.rejects()) == 1


def test_rejects_of_each_revision_are_kept_apart(scene: Scene) -> None:
    """The mended content's rejects stand beside the first one's."""
    for content in (_lines(b"INC1,Amina", b",bad"), _lines(b"INC1,Amina", b",worse")):
        scene.put(FIRST, content)
        scene.ingest()

    assert [(row["revision"], row["text"]) for row in scene.rejects()] == [
        (1, ",bad"),
        (2, ",worse"),
    ]


def test_file_without_rejects_leaves_none(scene: Scene) -> None:
    """The usual case."""
    scene.put(FIRST, a_ticket_file("a"))

    scene.ingest()

    assert scene.rejects() == []
