r"""Bad input, by the scenarios of the acceptance list: keys, poison, cells, encodings, columns.

Numbers are the scenarios': 6 key shapes, 7 poison files (see `test_quarantine`), 8 bad cells,
9 encodings, 10 empty files, 11 duplicates, 14 column drift.
"""

import csv
import gzip
import io

import pytest

from tests.support.feeds import COLUMNS, a_change_file, a_row
from tests.support.ingests import PREFIX
from tests.support.scenes import (
    FIRST,
    SECOND,
    THIRD,
    Scene,
    a_file,
    a_ticket_file,
    only,
    outcomes_of,
)

PLAIN = 'ticket_id,owner,raw_status\nINC1,Amína,OPEN\nINC2,"two\nlines",CLOSED\n'


# 6: ties and key shapes


def test_order_is_bytewise_and_unknown_shapes_are_left(scene: Scene) -> None:
    """Suffixes, unpadded dates, sub-folders, other endings and cases: never guessed at."""
    good = ("2026-06-01T09-00-00", "2026-06-01T09-00-01", "2026-06-01T10-00-00")
    for stamp in reversed(good):
        scene.put(stamp, a_ticket_file(stamp))
    odd = (
        "2026-06-01T09-00-00-2.csv",
        "2026-06-01T09-00-00.r2.csv",
        "2026-6-1T9-0-0.csv",
        "2026-06-01.csv",
        "2026-06-01T09-00-00.CSV",
        "2026-06-01T09-00-00.csv.gz",
        "2026-06-01t09-00-00.csv",
        "2026-06-01T09:00:00.csv",
        " 2026-06-01T09-00-00.csv",
        "deep/2026-06-01T09-00-00.csv",
    )
    for name in odd:
        path = scene.root / "changes" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(a_ticket_file("odd"))

    summary = scene.ingest()

    assert outcomes_of(summary) == [(stamp, "applied") for stamp in good]
    assert sorted(summary.foreign) == sorted(f"{PREFIX.changes}{name}" for name in odd)
    assert all((scene.root / "changes" / name).exists() for name in odd)


# 8: bad cells in a good file


@pytest.mark.parametrize(
    "cells",
    [
        {"closed_at": "2026-02-30 08:00:00"},
        {"closed_at": "July-04-05"},
        {"closed_at": "now"},
        {"created_at_service": "infinity"},
        {"created_at_service": "24:00:00"},
        {"scheduled_at": "2026-06-01 24:00:00"},
        {"mttr": "1e400"},
        {"mttr": "NaN"},
        {"mttr": "-"},
        {"latitude": "north", "longitude": "36,7"},
        {"latitude": "91", "longitude": "181"},
        {"latitude": "NaN", "longitude": "Infinity"},
        {"is_actionable": "perhaps"},
        {"cluster": "🦒" * 100},
        {"cluster": "\u202e\u0645\u0648\u0645"},
        {"owner": "null"},
        {"owner": "\\u0000"},
        {"owner": "\\ud800"},
        {"owner": '{"a": [1, 2'},
        {"owner": "tab\there"},
    ],
)
def test_bad_cell_costs_only_itself(scene: Scene, cells: dict[str, str]) -> None:
    """Its typed column is null, raw keeps it, the row and the file apply."""
    scene.put(FIRST, a_file({"ticket_id": "INC1", **cells}, {"ticket_id": "INC2", "owner": "b"}))

    outcome = only(scene.ingest().outcomes)

    assert (outcome.outcome, outcome.reason) == ("applied", None)
    raw = scene.raw("INC1")
    assert raw is not None
    assert {name: raw[name] for name in cells} == cells
    assert scene.owner("INC2") == "b"
    row = scene.rows("select * from tickets.inc where ticket_id = 'INC1'")[0]
    for name, cell in cells.items():
        assert row[name] in (None, cell) or name in {"latitude", "longitude"}


@pytest.mark.parametrize(
    "line",
    [b"INC9,a\0b,OPEN", b"INC9", b"INC9,a,OPEN,more", b"INC9,caf\xe9,OPEN", b"INC9,\xed\xa0\x80,O"],
    ids=["nul", "too few", "too many", "latin 1", "surrogate"],
)
def test_bad_row_costs_only_itself(scene: Scene, line: bytes) -> None:
    """It is rejected; the rows before and after it apply."""
    content = b"ticket_id,owner,raw_status\nINC1,a,OPEN\n" + line + b"\nINC2,b,OPEN\n"
    scene.put(FIRST, content)

    scene.ingest()

    assert scene.entry()["rows_rejected"] == 1
    assert (scene.owner("INC1"), scene.raw("INC9"), scene.owner("INC2")) == ("a", None, "b")
    assert [row["line_number"] for row in scene.rejects()] == [3]


# 9: encodings


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n").replace("two\r\nlines", "two\nlines"),
        PLAIN.removesuffix("\n"),
        PLAIN + "\n\n",
        PLAIN.replace("INC1", '"INC1"').replace("Amína", ' "Amína" '.strip()),
        PLAIN.replace("Amína", "  Amína\t"),
        PLAIN.replace("OPEN", "open"),
    ],
    ids=["bom", "crlf", "no final newline", "blank lines", "quoted", "padded", "lower case"],
)
def test_ways_to_write_the_same_rows(scene: Scene, content: str) -> None:
    """Each gives the tickets of the plain file."""
    scene.put(FIRST, PLAIN.encode())
    scene.ingest()
    plain = scene.rows("select ticket_id, raw from tickets.inc order by ticket_id")
    scene.put(SECOND, content.encode())

    scene.ingest()

    assert scene.entry(SECOND)["rows_unchanged"] == 2
    assert scene.rows("select ticket_id, raw from tickets.inc order by ticket_id") == plain


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        gzip.compress(PLAIN.encode()),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)),
        b"PK\x03\x04" + bytes(200),
        b"ticket_id,own\0er\nINC1,a\n",
        b"ticket_id,caf\xe9\nINC1,a\n",
        b'ticket_id,"own\xe9r\nINC1,a\n',
    ],
    ids=["utf-16", "utf-16 le", "gzip", "png", "zip", "nul", "latin 1 header", "quoted latin 1"],
)
def test_what_is_no_csv_text_is_quarantined_with_a_reason(scene: Scene, content: bytes) -> None:
    """Whatever the bytes, the reason can be stored and read, and the next file applies."""
    scene.put(FIRST, content)
    scene.put(SECOND, a_ticket_file("b"))

    summary = scene.ingest()

    assert outcomes_of(summary) == [(FIRST, "quarantined"), (SECOND, "applied")]
    assert scene.entry()["reason"]
    assert scene.names("quarantine") == [FIRST]


def test_windows_1252_text_is_never_taken_for_utf_8(scene: Scene) -> None:
    """Every row with such a letter is rejected; a whole file of them is quarantined."""
    rows = [f"INC{number},José,OPEN" for number in range(30)]
    scene.put(FIRST, "\n".join(["ticket_id,owner,raw_status", *rows, ""]).encode("cp1252"))

    outcome = only(scene.ingest().outcomes)

    assert outcome.outcome == "quarantined"
    assert "line 2" in str(outcome.reason)


def test_lone_carriage_returns_give_a_reason_or_the_same_rows(scene: Scene) -> None:
    """The line ends of old spreadsheets: never one silently mangled row."""
    scene.put(FIRST, b"ticket_id,owner\rINC1,a\rINC2,b\r")

    outcome = only(scene.ingest().outcomes)

    if outcome.outcome == "applied":
        assert (scene.owner("INC1"), scene.owner("INC2")) == ("a", "b")
    else:
        assert outcome.reason


# 10: empty files


@pytest.mark.parametrize(
    "content",
    [b"", b"\xef\xbb\xbf", b"\n", b"\r\n\r\n", a_change_file(), b"ticket_id"],
    ids=["zero bytes", "bom only", "line end", "blank lines", "header", "header without line end"],
)
def test_empty_file_is_applied_with_no_rows(scene: Scene, content: bytes) -> None:
    """Nothing is closed or deleted: absence says nothing."""
    scene.put(FIRST, a_ticket_file("a"))
    scene.put(SECOND, content)

    summary = scene.ingest()

    assert outcomes_of(summary) == [(FIRST, "applied"), (SECOND, "applied")]
    assert scene.entry(SECOND)["rows_read"] == 0
    assert scene.owner() == "a"
    assert scene.watermark() == PREFIX.change_key(SECOND)


def test_truncated_file_is_applied_as_far_as_it_goes(scene: Scene) -> None:
    """Cut in the middle of a row: the whole rows apply, the torn one is rejected."""
    scene.put(FIRST, b"ticket_id,owner,raw_status\nINC1,a,OPEN\nINC2,b,OPEN\nINC3,c")

    scene.ingest()

    assert scene.entry()["status"] == "applied"
    assert (scene.owner("INC1"), scene.raw("INC3")) == ("a", None)
    assert scene.entry()["rows_rejected"] == 1


# 11: duplicates in one file


def test_ten_thousand_rows_of_one_ticket_are_one_ticket(scene: Scene) -> None:
    """No cardinality error of the upsert: the last line wins, the others are counted."""
    lines = "".join(f"INC1,owner {number}\n" for number in range(10_000))
    scene.put(FIRST, f"ticket_id,owner\n{lines}".encode())

    scene.ingest()

    assert scene.owner() == "owner 9999"
    assert scene.entry()["rows_duplicate"] == 9_999


def test_tickets_that_differ_in_blanks_around_the_name_are_one(scene: Scene) -> None:
    """Cells are trimmed before anything is compared; letters' case is not touched."""
    scene.put(FIRST, b"ticket_id,owner\n INC1 ,a\nINC1,b\ninc1,c\n")

    scene.ingest()

    assert (scene.owner("INC1"), scene.owner("inc1")) == ("b", "c")


# 14: column drift


def test_added_column_is_kept_in_raw(scene: Scene) -> None:
    """Nobody has to change a schema for it."""
    scene.put(FIRST, a_file({"ticket_id": "INC1", "new_column": "new"}))

    scene.ingest()

    raw = scene.raw()
    assert raw is not None
    assert raw["new_column"] == "new"


def test_order_of_columns_makes_no_difference(scene: Scene) -> None:
    """The same rows under a shuffled header are unchanged."""
    scene.put(FIRST, a_file({"ticket_id": "INC1"}))
    scene.put(SECOND, a_change_file([a_row(ticket_id="INC1")], header=tuple(reversed(COLUMNS))))

    scene.ingest()

    assert scene.entry(SECOND)["rows_unchanged"] == 1


def test_dropped_column_empties_it(scene: Scene) -> None:
    """`raw` is what the newest file says, and its typed column follows."""
    scene.put(FIRST, a_file({"ticket_id": "INC1", "owner": "a"}))
    header = [name for name in COLUMNS if name != "owner"]
    scene.put(SECOND, a_change_file([a_row(ticket_id="INC1")], header=header))

    scene.ingest()

    assert scene.owner() is None
    assert scene.rows("select owner from tickets.inc") == [{"owner": None}]


@pytest.mark.parametrize(
    "header",
    [b"Ticket ID,owner", b"ticket_id,owner,owner", b"ticket_id,,owner", b"id,owner", b"a;b;c"],
    ids=["renamed", "repeated", "empty name", "missing", "semicolons"],
)
def test_header_that_cannot_be_trusted_refuses_the_file(scene: Scene, header: bytes) -> None:
    """A lost ticket_id, or two columns of one name: nothing is guessed, a reason is given."""
    cells = b",".join([b"INC1", b"a", b"b"][: header.count(b",") + 1])
    scene.put(FIRST, header + b"\n" + cells + b"\n")

    outcome = only(scene.ingest().outcomes)

    assert outcome.outcome == "quarantined"
    assert outcome.reason
    assert scene.raw() is None


def test_wide_file_is_no_trouble(scene: Scene) -> None:
    """Two thousand columns."""
    names = [f"column_{number}" for number in range(2_000)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["ticket_id", *names])
    writer.writerow(["INC1", *names])
    scene.put(FIRST, text.getvalue().encode())

    scene.ingest()

    raw = scene.raw()
    assert raw is not None
    assert raw["column_1999"] == "column_1999"


def test_stream_with_every_kind_of_trouble_ends_like_its_good_rows_alone(scene: Scene) -> None:
    """What is bad takes nothing good with it, and a second pass finds nothing to do."""
    scene.put(FIRST, a_file({"ticket_id": "INC1", "owner": "a"}) + b"short,row\r\n")
    scene.put(SECOND, gzip.compress(b"poison"))
    scene.put(THIRD, a_file({"ticket_id": "INC2", "owner": "b", "closed_at": "never"}))

    scene.ingest()

    assert (scene.owner("INC1"), scene.owner("INC2")) == ("a", "b")
    assert scene.ingest().outcomes == ()
