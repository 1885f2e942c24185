"""The feed: lines, encodings, counts, and what makes a whole file unfit."""

import gzip
import io
import zipfile

import pytest

from fleettickets.core.cleaning import CELL_COUNT_DIFFERS
from fleettickets.core.feed import FeedCounts
from tests.support.feeds import a_change_file, a_row
from tests.unit.core.readings import read, reasons

HEADER = b"ticket_id,cluster\n"
GOOD = b"WOT9,Thika\n"
BAD = b",x\n"
TWO_ROWS = [a_row(ticket_id="WOT1", note="a\nb"), a_row(ticket_id="WOT2", owner="Ümit, N.")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("has_final_line_end", [True, False])
def test_the_same_rows_come_from_every_kind_of_text(
    *, line_end: str, mark: str, has_final_line_end: bool
) -> None:
    """A byte order mark, other line ends and a missing last one change nothing."""
    expected = read(a_change_file(TWO_ROWS)).raws
    text = mark.encode() + a_change_file(TWO_ROWS, line_end=line_end)
    data = text if has_final_line_end else text.removesuffix(line_end.encode())

    readings = [read(data), read(data, cuts=range(len(data)))]

    assert [reading.raws for reading in readings] == [expected, expected]
    assert [reading.counts.physical_lines for reading in readings] == [4, 4]


def test_byte_order_mark_before_a_quoted_name() -> None:
    """The mark is no text, so the quote after it still opens a cell."""
    reading = read(b'\xef\xbb\xbf"ticket_id",cluster\r\nWOT1,Thika\r\n', cuts=[1, 2, 3])

    assert reading.raws == [{"ticket_id": "WOT1", "cluster": "Thika"}]


@pytest.mark.parametrize(
    ("data", "lines"),
    [(b"", 0), (b"\xef\xbb\xbf", 0), (b"\n\r\n  \r\t", 4), (b"\xef\xbb\xbf\n", 1), (HEADER, 1)],
)
def test_file_without_rows_is_fine(data: bytes, lines: int) -> None:
    """Empty and header-only files say nothing, and absence says nothing either."""
    reading = read(data)

    assert (reading.rows, reading.rejects, reading.reason) == ([], [], None)
    assert reading.counts == FeedCounts(physical_lines=lines)


def test_truncated_file_keeps_its_whole_rows() -> None:
    """The row that was cut is rejected by its cell count."""
    data = a_change_file([a_row(), a_row(ticket_id="WOT2")])

    reading = read(data[:-200])

    assert [row.ticket_id for row in reading.rows] == ["WOT0012345"]
    assert reasons(reading) == [(3, CELL_COUNT_DIFFERS)]


def test_blank_lines_are_no_rows() -> None:
    """They are skipped, before the header too, and only count as lines."""
    data = b"\n\r\n" + HEADER + b"\n" + GOOD + b" \t\n\n" + GOOD + b"\n"

    reading = read(data)

    assert [row.line_number for row in reading.rows] == [5, 8]
    assert reading.counts == FeedCounts(read=2, physical_lines=9)


def test_line_number_is_where_the_record_starts() -> None:
    """Line breaks in cells are lines of the file, so an editor finds the row."""
    data = HEADER + b'WOT1,"a\nb\r\nc\rd"\n' + b'WOT2,"e\n"\nWOT3\nWOT4,f\n'

    reading = read(data)

    assert [(row.line_number, row.ticket_id) for row in reading.rows] == [
        (2, "WOT1"),
        (6, "WOT2"),
        (9, "WOT4"),
    ]
    assert reasons(reading) == [(8, CELL_COUNT_DIFFERS)]
    assert reading.counts.physical_lines == 9
    assert reading.raws[0]["cluster"] == "a\nb\r\nc\rd"


def test_long_line_that_comes_in_pieces_is_one_record() -> None:
    """A cell that goes on in the next piece, and a quoted one with a line break behind it."""
    data = HEADER + GOOD + b"WOT1," + b"x" * 2_000_000 + b',"a\nb"\n' + GOOD

    readings = [read(data, cuts=[1_500_000]), read(data)]

    for reading in readings:
        assert [row.line_number for row in reading.rows] == [2, 5]
        assert reasons(reading) == [(3, CELL_COUNT_DIFFERS)]


def test_counts_add_up() -> None:
    """Read is what was dropped, rejected and yielded."""
    rows = [a_row(), a_row(is_alarm="y"), a_row(ticket_id=" "), a_row(ticket_id="WOT2")]

    reading = read(a_change_file(rows) + b"EXPORT STOPPED\r\n")

    assert len(reading.rows) == 2
    assert reading.counts == FeedCounts(read=5, dropped=2, rejected=1, physical_lines=6)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("ticket_id,a\nWOT1,b\n".encode("utf-16"), "looks like UTF-16 text"),
        (b"\xfe\xff" + "ticket_id\n".encode("utf-16-be"), "looks like UTF-16 text"),
        ("ticket_id,a\n".encode("utf-16-le"), "NUL bytes"),
        ('"ticket_id","a"\n'.encode("utf-16-le"), "NUL bytes"),
        (b'\n"ticket_id","a\0"\nWOT1,b\n', "NUL bytes"),
        (gzip.compress(HEADER + GOOD, mtime=0), "gzip archive"),
        (HEADER.replace(b"cluster", b"caf\xe9") + GOOD, "not UTF-8"),
        (b"WOT1,Thika\nWOT2,Nakuru\n", "no column ticket_id"),
        (b"Ticket_ID,cluster\n", "no column ticket_id"),
        (b"ticket_id;cluster\n", "no column ticket_id"),
        (b"ticket_id,,cluster\n", "name of column 2 in the header is empty"),
        (b"ticket_id,cluster, \n", "name of column 3 in the header is empty"),
        (b"ticket_id,a,a \n", "'a' more than once"),
        (b"ticket_id,b,ticket_id\n", "'ticket_id' more than once"),
        (b"ticket_id," + b"x" * 300_000, "header is over 256 KiB"),
        (b"x" * 5_000_000, "header is over 256 KiB"),
        (HEADER + b'WOT1,"Thika" West\n', "line 2: text follows a closing quote"),
        (HEADER + b'WOT1,"a\nb"c\n', "line 3: text follows a closing quote"),
        (HEADER + GOOD + b'WOT1,"Thika\n' + GOOD, "line 3: the quoted cell that begins here"),
        (HEADER + b'"a,"\nWOT1,"b', "line 3: the quoted cell that begins here"),
        (b'ticket_id,"clus\n', "line 1: the quoted cell that begins here"),
        (HEADER + BAD, "all of its rows are rejected: the first one is in line 2"),
        (HEADER + BAD * 2 + b"EXPORT STOPPED\n", "all of its rows are rejected"),
    ],
)
def test_file_that_is_unfit_as_a_whole(data: bytes, reason: str) -> None:
    """It is quarantined with a sentence that says what is wrong, where, and what to do."""
    readings = [read(data), read(data, cuts=range(0, len(data), 4001))]

    for reading in readings:
        assert reading.reason is not None
        assert reason in reading.reason
        assert "replay" in reading.reason


def test_workbook_is_recognised() -> None:
    """A spreadsheet saved as it is, under a .csv name, is a common mistake."""
    workbook = io.BytesIO()
    with zipfile.ZipFile(workbook, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")

    reading = read(workbook.getvalue())

    assert reading.reason is not None
    assert "Excel workbook" in reading.reason


def test_file_over_the_limit_is_refused_while_it_streams() -> None:
    """The limit itself is fine; one byte more is not, and names the setting."""
    data = HEADER + GOOD * 10

    fine = read(data, max_file_bytes=len(data), cuts=[40])
    refused = read(data, max_file_bytes=len(data) - 1, cuts=[40])

    assert (len(fine.rows), fine.reason) == (10, None)
    assert refused.reason is not None
    assert "MAX_FILE_BYTES (127 bytes)" in refused.reason
    assert len(refused.rows) == 2


def test_cell_may_have_a_hundred_line_breaks() -> None:
    """Long notes exist; each kind of line end counts once."""
    data = HEADER + b'WOT1,"' + b"a\r\n" * 50 + b'"" b\n' + b"\r" * 49 + b'"\n' + GOOD

    reading = read(data)

    assert [row.line_number for row in reading.rows] == [2, 103]
    assert reading.reason is None


@pytest.mark.parametrize("line", [b"WOT2,Thika\n", b'WOT2,""\n', b"\n", b"\r\n"])
def test_stray_quote_that_swallows_rows_is_found_early(line: bytes) -> None:
    """More than 100 line breaks in one cell are its mark; the line that it stands in is named."""
    data = HEADER + GOOD + b'WOT1,"Thika\n' + line * 5_000

    reading = read(data)

    assert reading.reason is not None
    assert reading.reason.startswith("line 3: a quoted cell has more than 100 line breaks")
    assert len(reading.rows) == 1


def test_line_breaks_are_counted_for_each_cell() -> None:
    """Forty cells with ninety lines each are one long row, not a stray quote."""
    cell = b'"' + b"x\n" * 90 + b'"'
    header = b"ticket_id" + b"".join(b",c%d" % index for index in range(40)) + b"\n"

    reading = read(header + b"WOT1" + (b"," + cell) * 40 + b"\n")

    assert (len(reading.rows), reading.reason) == (1, None)


@pytest.mark.parametrize(
    ("good", "bad", "is_quarantined"),
    [(1, 10, False), (43, 11, False), (42, 11, True), (3_199, 800, False), (3_198, 800, True)],
)
def test_too_large_a_share_of_rejects(*, good: int, bad: int, is_quarantined: bool) -> None:
    """More than ten rejects, and more than 20 % of all lines, the header's among them."""
    reading = read(HEADER + GOOD * good + BAD * bad)

    assert (reading.reason is not None) is is_quarantined
    assert reading.counts.rejected == bad


def test_rejects_weigh_by_the_lines_that_they_take() -> None:
    """Eleven rejected rows that swallowed most of the file are more than 11 of its lines."""
    swallowed = b'WOT1,"' + b"x\n" * 20 + b'",z\n'
    data = HEADER + GOOD * 300 + swallowed * 11

    reading = read(data)

    assert reading.reason is not None
    assert reading.reason.startswith("11 rows are rejected, which take 231 of its 532 lines")


def test_file_of_nothing_but_dropped_rows_is_fine() -> None:
    """No row was rejected, so there is nothing to mend."""
    reading = read(a_change_file([a_row(is_alarm="true")] * 20))

    assert reading.reason is None
    assert reading.counts == FeedCounts(read=20, dropped=20, physical_lines=21)


def test_counts_are_those_of_the_rows_so_far() -> None:
    """A dry run may show them while a large file streams."""
    reading = read(HEADER + GOOD + BAD + GOOD + b'"')

    assert reading.reason is not None
    assert reading.counts == FeedCounts(read=3, rejected=1, physical_lines=4)
