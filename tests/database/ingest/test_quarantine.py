"""P5: a bad file goes to quarantine/ with its reason in the ledger, and the stream goes on."""

import hashlib

import pytest

from fleettickets.clients.buckets import CHUNK_BYTES
from fleettickets.jobs.repair import find_file, replay
from tests.support.buckets import FaultyBucket
from tests.support.feeds import a_change_file, a_row
from tests.support.ingests import PREFIX
from tests.support.scenes import (
    BROKEN,
    FIRST,
    SECOND,
    THIRD,
    Scene,
    a_ticket_file,
    archive_names,
    only,
    outcomes_of,
)


def test_stream_goes_on_after_a_bad_file(scene: Scene) -> None:
    """The file in the middle is refused whole; those before and after it are applied."""
    scene.put(FIRST, a_ticket_file("a", "INC1"))
    scene.put(SECOND, a_ticket_file("b", "INC2").replace(b"INC2", b'"INC2'))
    scene.put(THIRD, a_ticket_file("c", "INC3"))

    summary = scene.ingest()

    assert outcomes_of(summary) == [
        (FIRST, "applied"),
        (SECOND, "quarantined"),
        (THIRD, "applied"),
    ]
    assert [scene.owner(ticket) for ticket in ("INC1", "INC2", "INC3")] == ["a", None, "c"]
    assert archive_names(scene) == {
        "changes": [],
        "processed": [FIRST, THIRD],
        "quarantine": [SECOND],
    }


def test_quarantined_file_has_its_reason_in_the_ledger(scene: Scene) -> None:
    """The row says why and where the file lies; it has a hash, and no counts."""
    scene.put(FIRST, b"owner,cluster\nAmina,Karen\n")

    outcome = only(scene.ingest().outcomes)

    entry = scene.entry()
    assert entry["status"] == "quarantined"
    assert "ticket_id" in entry["reason"]
    assert outcome.reason == entry["reason"]
    assert entry["archive_key"] == PREFIX.quarantine_key(FIRST, 1)
    assert entry["sha256"] is not None
    assert entry["rows_read"] is None
    assert scene.freshness()["quarantined_24h"] == 1


def test_nothing_of_a_bad_file_is_applied(scene: Scene) -> None:
    """Good rows before the damage are rolled back: tickets, closures, versions and rejects."""
    rows = [a_row(ticket_id=f"INC{n}", closed_at="2026-06-01 08:00:00") for n in range(500)]
    content = a_change_file([*rows[:400], a_row(ticket_id=""), *rows[400:]])
    scene.put(FIRST, content + b'INC999,"never closed\n')

    scene.ingest()

    assert scene.entry()["status"] == "quarantined"
    for table in ("inc", "inc_versions", "closure_events", "import_rejects"):
        found = scene.connection.execute(f"select count(*) from tickets.{table}").fetchone()
        assert found == (0,), table


def test_stray_quote_that_swallows_thousands_of_rows_is_caught(scene: Scene) -> None:
    """One quote too many makes 5,000 rows into one cell: refused, not applied as one ticket."""
    rows = [a_row(ticket_id=f"INC{number}") for number in range(5_100)]
    lines = a_change_file(rows).split(b"\r\n")
    lines[20] = lines[20].replace(b"Athi River", b'"Athi River', 1)
    lines[5_020] = lines[5_020].replace(b"Athi River", b'Athi River"', 1)
    scene.put(FIRST, b"\r\n".join(lines))

    outcome = only(scene.ingest().outcomes)

    assert outcome.outcome == "quarantined"
    assert "20" in str(outcome.reason) or "21" in str(outcome.reason)
    assert scene.raw("INC1") is None


def test_mended_file_under_the_same_name_is_the_next_revision(scene: Scene) -> None:
    """The producer puts a mended file: it applies, and both contents are kept."""
    scene.put(FIRST, BROKEN)
    scene.ingest()
    scene.put(FIRST, a_ticket_file("mended"))

    scene.ingest()

    assert scene.settled() == [(FIRST, 1, "quarantined"), (FIRST, 2, "applied")]
    assert scene.owner() == "mended"
    assert archive_names(scene) == {"changes": [], "processed": [FIRST], "quarantine": [FIRST]}


def test_bad_file_put_again_adds_nothing(scene: Scene) -> None:
    """The same bad bytes once more: no second row, no second alarm, no second copy."""
    scene.put(FIRST, BROKEN)
    scene.ingest()
    scene.put(FIRST, BROKEN)

    summary = scene.ingest()

    assert summary.count("quarantined") == 0
    assert len(scene.ledger()) == 1
    assert archive_names(scene) == {"changes": [], "processed": [], "quarantine": [FIRST]}


def test_other_bad_content_is_a_second_quarantined_revision(scene: Scene) -> None:
    """It gets a name of its own in quarantine/."""
    scene.put(FIRST, BROKEN)
    scene.ingest()
    scene.put(FIRST, BROKEN + b"more\n")

    scene.ingest()

    assert scene.settled() == [(FIRST, 1, "quarantined"), (FIRST, 2, "quarantined")]
    assert scene.names("quarantine") == [FIRST, f"{FIRST}.r2"]


def test_file_over_the_size_limit_is_quarantined(scene: Scene) -> None:
    """It is read little further than the limit, so its hash stays unknown."""
    content = a_change_file([a_row(ticket_id="INC1")])
    scene.put(FIRST, content + b"\r\n" * (2 * CHUNK_BYTES))
    bucket = FaultyBucket(scene.producer.bucket())

    outcome = only(scene.ingest(bucket, max_file_bytes=CHUNK_BYTES).outcomes)

    assert outcome.outcome == "quarantined"
    assert "MAX_FILE_BYTES" in str(outcome.reason)
    assert scene.entry()["sha256"] is None
    assert scene.names("quarantine") == [FIRST]
    assert sum(call.startswith("chunk ") for call in bucket.calls) <= 3


def test_quarantined_oversize_file_applies_after_the_limit_was_raised(scene: Scene) -> None:
    """Put again with a higher limit, or replayed, the content is judged anew."""
    content = a_change_file([a_row(ticket_id=f"INC{n}") for n in range(1_000)])
    scene.put(FIRST, content)
    scene.ingest(max_file_bytes=10_000)

    context = scene.context()
    outcome = replay(context, find_file(context, FIRST))

    assert outcome.outcome == "applied"
    assert scene.names("processed") == [FIRST]


def test_data_error_of_the_database_quarantines_the_file(scene: Scene, database_url: str) -> None:
    """A row that the database refuses (SQLSTATE class 22, 23 or 54) is the file's fault."""
    scene.connection.execute(
        "alter table tickets.inc add constraint test_refuses check (ticket_id <> 'INC13')"
    )
    try:
        scene.put(FIRST, a_ticket_file("a", "INC13"))
        scene.put(SECOND, a_ticket_file("b", "INC14"))

        summary = scene.ingest()
    finally:
        scene.connection.execute("alter table tickets.inc drop constraint test_refuses")

    assert outcomes_of(summary) == [(FIRST, "quarantined"), (SECOND, "applied")]
    assert "SQLSTATE 23514" in scene.entry()["reason"]


@pytest.mark.parametrize(
    "column",
    [
        "cluster",
        "region",
        "location_name",
        "assigned_team",
        "owner",
        "raw_status",
        "bucket",
        "normalized_status",
        "sla_status",
        "mttr",
        "closed_at",
        "created_at_service",
        "latitude",
        "is_actionable",
        "source_updated_at",
    ],
)
def test_cell_of_sixty_kilobytes_does_not_fail_the_file(scene: Scene, column: str) -> None:
    """No index and no typed column is in the way of a long cell in any column."""
    long = "x7 " * (20 * 1024)
    scene.put(FIRST, a_change_file([a_row(ticket_id="INC1", **{column: long})]))

    outcome = only(scene.ingest().outcomes)

    assert (outcome.outcome, outcome.reason) == ("applied", None)
    raw = scene.raw()
    assert raw is not None
    assert len(raw[column]) == len(long.strip())


def test_cells_that_hardly_compress_do_not_fail_the_file(scene: Scene) -> None:
    """The same where an index entry could not be made small by compression, closure included."""
    noise = "".join(hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(950))
    row = a_row(
        ticket_id="INC1",
        cluster=noise,
        location_name=noise,
        region=noise,
        assigned_team=noise,
        closed_at="2026-06-01 08:00:00",
    )
    scene.put(FIRST, a_change_file([row]))

    outcome = only(scene.ingest().outcomes)

    assert (outcome.outcome, outcome.reason) == ("applied", None)
