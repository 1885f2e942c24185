"""P3: a late file applies where nothing newer asserted the ticket, and nothing newer regresses."""

from tests.support.ingests import PREFIX
from tests.support.scenes import (
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    Scene,
    a_file,
    a_ticket_file,
    only,
    outcomes_of,
)

CLOSED_AT = "2026-06-02 08:00:00"

CLOSURES = """
select ticket_id, owner, generation, stamp, revision from tickets.closure_events
order by ticket_id, closed_at
"""


def test_equal_late_content_does_not_open_the_way_for_an_older_one(scene: Scene) -> None:
    """X=a in file 3, then late file 1 with X=a, then late file 2 with X=b: a stays."""
    for stamp, owner in ((THIRD, "a"), (FIRST, "a"), (SECOND, "b")):
        scene.put(stamp, a_ticket_file(owner))
        scene.ingest()

    assert scene.owner() == "a"
    assert scene.version() == (0, THIRD, 1)


def test_unchanged_row_raises_the_version_of_its_ticket(scene: Scene) -> None:
    """X=a in file 1, again in file 3, then late file 2 with X=b: file 3 asserted it, a stays."""
    for stamp, owner in ((FIRST, "a"), (THIRD, "a"), (SECOND, "b")):
        scene.put(stamp, a_ticket_file(owner))
        scene.ingest()

    assert scene.owner() == "a"
    assert scene.entry(THIRD)["rows_unchanged"] == 1
    assert scene.entry(SECOND)["rows_stale"] == 1


def test_late_file_applies_where_nothing_newer_spoke(scene: Scene) -> None:
    """Of two tickets in a late file, the one that no newer file holds is taken."""
    scene.put(SECOND, a_ticket_file("new", "INC1"))
    scene.ingest()
    scene.put(
        FIRST,
        a_file({"ticket_id": "INC1", "owner": "old"}, {"ticket_id": "INC2", "owner": "only"}),
    )

    summary = scene.ingest()

    assert only(summary.outcomes).late
    assert (scene.owner("INC1"), scene.owner("INC2")) == ("new", "only")
    assert scene.version("INC2") == (0, FIRST, 1)


def test_late_file_is_marked_in_the_ledger_and_leaves_the_watermark(scene: Scene) -> None:
    """The watermark stays where the newest file put it."""
    scene.put(SECOND, a_ticket_file("b"))
    scene.ingest()
    scene.put(FIRST, a_ticket_file("a"))

    scene.ingest()

    assert scene.entry(FIRST)["late"] is True
    assert scene.entry(SECOND)["late"] is False
    assert scene.watermark() == PREFIX.change_key(SECOND)


def test_new_content_of_the_watermark_stamp_is_not_late(scene: Scene) -> None:
    """Late is below the watermark, not at it."""
    scene.put(FIRST, a_ticket_file("a"))
    scene.ingest()
    scene.put(FIRST, a_ticket_file("b"))

    scene.ingest()

    assert scene.entry(FIRST, revision=2)["late"] is False
    assert scene.watermark() == PREFIX.change_key(FIRST)


def test_stale_row_still_tells_of_a_closure(scene: Scene) -> None:
    """A late file regresses no ticket, but the closure that it saw becomes history."""
    scene.put(THIRD, a_file({"ticket_id": "INC1", "owner": "reopened"}))
    scene.ingest()
    scene.put(FIRST, a_file({"ticket_id": "INC1", "owner": "closer", "closed_at": CLOSED_AT}))

    scene.ingest()

    assert scene.owner() == "reopened"
    assert scene.rows(CLOSURES) == [
        {"ticket_id": "INC1", "owner": "closer", "generation": 0, "stamp": FIRST, "revision": 1}
    ]


def test_closure_keeps_the_attributes_of_the_smallest_version(scene: Scene) -> None:
    """Whether the older or the newer file comes first makes no difference."""
    for stamp in (SECOND, THIRD, FIRST, FOURTH):
        row = {"ticket_id": "INC1", "owner": stamp, "closed_at": CLOSED_AT}
        scene.put(stamp, a_file(row))
        scene.ingest()

    closures = scene.rows(CLOSURES)

    assert [(closure["owner"], closure["stamp"]) for closure in closures] == [(FIRST, FIRST)]


def test_last_line_of_a_ticket_wins(scene: Scene) -> None:
    """Two rows of one ticket in a file: the last one counts, and the first as a duplicate."""
    scene.put(
        FIRST, a_file({"ticket_id": "INC1", "owner": "a"}, {"ticket_id": "INC1", "owner": "b"})
    )

    scene.ingest()

    entry = scene.entry()
    assert scene.owner() == "b"
    assert (entry["rows_read"], entry["rows_duplicate"], entry["rows_inserted"]) == (2, 1, 1)


def test_changed_earlier_line_with_the_same_last_line_changes_nothing(scene: Scene) -> None:
    """Which line wins is settled before any comparison, so the ticket counts as unchanged."""
    scene.put(
        FIRST, a_file({"ticket_id": "INC1", "owner": "a"}, {"ticket_id": "INC1", "owner": "b"})
    )
    scene.ingest()
    before = scene.rows("select ingested_at, xmin::text from tickets.inc")
    scene.put(
        SECOND, a_file({"ticket_id": "INC1", "owner": "c"}, {"ticket_id": "INC1", "owner": "b"})
    )

    scene.ingest()

    entry = scene.entry(SECOND)
    assert scene.rows("select ingested_at, xmin::text from tickets.inc") == before
    assert (entry["rows_duplicate"], entry["rows_unchanged"], entry["rows_updated"]) == (1, 1, 0)
    assert scene.version() == (0, SECOND, 1)


def test_closures_of_duplicate_rows_are_kept(scene: Scene) -> None:
    """Closed twice within one file: two closures; of equal ones the last line counts."""
    scene.put(
        FIRST,
        a_file(
            {"ticket_id": "INC1", "owner": "a", "closed_at": "2026-06-01 08:00:00"},
            {"ticket_id": "INC1", "owner": "b", "closed_at": CLOSED_AT},
            {"ticket_id": "INC1", "owner": "c", "closed_at": CLOSED_AT},
            {"ticket_id": "INC1", "owner": "d"},
        ),
    )

    scene.ingest()

    assert [closure["owner"] for closure in scene.rows(CLOSURES)] == ["a", "c"]
    assert scene.owner() == "d"


def test_raw_is_replaced_whole(scene: Scene) -> None:
    """A cell that a newer file leaves empty is gone, not kept from before."""
    scene.put(FIRST, a_file({"ticket_id": "INC1", "assigned_team": "Group 1"}))
    scene.put(SECOND, a_file({"ticket_id": "INC1", "assigned_team": ""}))

    scene.ingest()

    raw = scene.raw()
    assert raw is not None
    assert "assigned_team" not in raw


def test_absence_says_nothing(scene: Scene) -> None:
    """A ticket that a newer full file lacks stays as it is."""
    scene.put(FIRST, a_ticket_file("a", "INC1"))
    scene.put(SECOND, a_ticket_file("b", "INC2"))

    scene.ingest()

    assert scene.owner("INC1") == "a"


def test_leftover_file_below_an_adopted_watermark_regresses_nothing(scene: Scene) -> None:
    """Tickets of an older system have its watermark's version: an older file is late and stale."""
    scene.put(SECOND, a_ticket_file("adopted"))
    scene.ingest()
    scene.connection.execute("delete from tickets.import_files")
    scene.connection.execute("update tickets.inc_versions set revision = 0")
    scene.put(FIRST, a_ticket_file("leftover"))

    summary = scene.ingest()

    assert outcomes_of(summary) == [(FIRST, "applied")]
    assert only(summary.outcomes).late
    assert scene.owner() == "adopted"


def test_file_at_the_adopted_watermark_applies_over_adopted_tickets(scene: Scene) -> None:
    """Revision 1 of the watermark's stamp is above the adopted revision 0."""
    scene.put(FIRST, a_ticket_file("adopted"))
    scene.ingest()
    scene.connection.execute("delete from tickets.import_files")
    scene.connection.execute("update tickets.inc_versions set revision = 0")
    scene.put(FIRST, a_ticket_file("from the file"))

    scene.ingest()

    assert scene.owner() == "from the file"


def test_ticket_without_a_version_is_older_than_any_file(scene: Scene) -> None:
    """A row that somebody inserted by hand yields to the stream."""
    scene.connection.execute(
        """insert into tickets.inc (ticket_id, raw)
        values ('INC1', '{"ticket_id": "INC1", "owner": "by hand"}')"""
    )
    scene.put(FIRST, a_ticket_file("a"))

    scene.ingest()

    assert scene.owner() == "a"
    assert scene.entry()["rows_updated"] == 1
