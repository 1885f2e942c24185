"""The feed against Python's csv module, and against bytes that nobody meant to send."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fleettickets.core.lines import read_lines
from fleettickets.core.records import Record, read_records
from fleettickets.errors import FileQuarantineError
from tests.unit.core.readings import MAX_FILE_BYTES, read

type Quoting = Literal[0, 1]
CUTS = st.lists(st.integers(1, 400), max_size=12)
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
FIRST_LINE = b"x\n"  # NUL in a first line is a reason of its own
CELLS = st.text(st.sampled_from('",\r\n \tab;é😀\u2028\x0b'), max_size=8)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=8)
HOSTILE_TEXT = st.text(st.sampled_from('""",,\r\n\na é\x00'), max_size=60)
HOSTILE_PIECES = [
    *[
        b"ticket_id",
        b"is_alarm",
        b"WOT1",
        b"true",
        b"EXPORT STOPPED",
        b",",
        b",",
        b" ",
        b'"',
        b"\n",
    ],
    *[b"\n", b"\r", b"\0", b"\xff", b"\xc3", b"\xa9", "😀\ufeff".encode()],
]
HOSTILE_BYTES = st.lists(st.sampled_from(HOSTILE_PIECES) | st.binary(max_size=3), max_size=80).map(
    b"".join
)


def in_chunks(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """Yield the bytes, cut at the places that lie in them; some chunks are empty."""
    ends = [0, 0, *sorted(cut for cut in cuts if cut < len(data)), len(data), len(data)]
    yield from (data[start:end] for start, end in pairwise(ends))


def our_records(data: bytes, cuts: Iterable[int]) -> list[Record]:
    """Return what the feed reads."""
    return list(read_records(read_lines(in_chunks(data, cuts), max_file_bytes=MAX_FILE_BYTES)))


def our_rows(data: bytes, cuts: Iterable[int]) -> list[tuple[int, list[str]]]:
    """Return first line and cells of each record."""
    return [(r.line_number, r.cells or []) for r in our_records(data, cuts)]


def their_rows(text: str) -> list[tuple[int, list[str]]]:
    """Return the same as Python's strict csv reader has it: a record ends at its `line_num`."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    ends = [0]
    rows: list[tuple[int, list[str]]] = []
    for cells in reader:
        rows.append((ends[-1] + 1, cells))
        ends.append(reader.line_num)
    return rows


def not_blank(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Leave out lines of white space, which are blank to us and one cell to csv."""
    return [row for row in rows if "".join(row[1]).strip() or len(row[1]) > 1]


@given(table=TABLES, line_end=st.sampled_from(["\n", "\r\n", "\r"]), quoting=QUOTING, cuts=CUTS)
def test_rows_are_those_of_the_csv_module(
    table: list[list[str]], line_end: str, quoting: Quoting, cuts: list[int]
) -> None:
    """On valid RFC 4180 text, whatever the cells hold and wherever the chunks are cut."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=line_end, quoting=quoting).writerows(table)
    text = buffer.getvalue()

    rows = our_rows(text.encode(), cuts)

    assert not_blank(rows) == not_blank(their_rows(text))


@given(text=HOSTILE_TEXT, cuts=CUTS)
def test_broken_quoting_is_what_the_csv_module_calls_broken(text: str, cuts: list[int]) -> None:
    """On any text: the same rows, or both refuse it."""
    data = FIRST_LINE + text.encode()

    try:
        expected = their_rows(data.decode())
    except csv.Error:
        with pytest.raises(FileQuarantineError, match=r"^line \d+: "):
            our_rows(data, cuts)
        return
    rows = our_rows(data, cuts)

    assert not_blank(rows) == not_blank(expected)


@given(HOSTILE_BYTES, CUTS)
def test_no_bytes_raise_and_no_cut_matters(data: bytes, cuts: list[int]) -> None:
    """Any bytes are read or quarantined, in any chunks alike, and PostgreSQL takes what comes."""
    reading = read(b"ticket_id,is_alarm\n" + data, cuts=cuts)

    assert reading == read(b"ticket_id,is_alarm\n" + data)
    counts = reading.counts
    assert counts.read == counts.dropped + counts.rejected + len(reading.rows)
    for stored in [row.raw_json for row in reading.rows] + [item.text for item in reading.rejects]:
        assert "\0" not in stored
        assert stored.encode().decode() == stored
    assert all(raw["ticket_id"] for raw in reading.raws)


@given(st.binary(max_size=200), CUTS)
def test_random_files_are_read_or_quarantined(data: bytes, cuts: list[int]) -> None:
    """The header may be anything, too."""
    assert read(data, cuts=cuts) == read(data)


@given(text=HOSTILE_TEXT, cuts=CUTS)
@example(text='"' + "a" * 9 + "\n" + "a" * 11 + '"\n', cuts=[])  # 24 bytes
@example(text='"' + "a" * 9 + "\n" + "a" * 12 + '"\n', cuts=[])  # 25 bytes
@example(text="a" * 30 + "\r\n\r\n", cuts=[33])  # a line end across a chunk's end
def test_long_records_end_where_they_should(text: str, cuts: list[int]) -> None:
    """With lines cut in pieces of 4 bytes and records over 24 bytes not split: no other change."""
    data = FIRST_LINE + text.encode()
    expected = outcome(data, [])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fleettickets.core.lines.PIECE_BYTES", 4)
        patch.setattr("fleettickets.core.records.MAX_RECORD_BYTES", 24)
        found = outcome(data, cuts)

    if isinstance(expected, list):
        lines = data.splitlines(keepends=True)
        expected = [
            record._replace(cells=None)
            if sum(map(len, lines[record.line_number - 1 :][: record.line_count])) > 24
            else record
            for record in expected
        ]
    assert found == expected


def outcome(data: bytes, cuts: Iterable[int]) -> list[Record] | str:
    """Return the records, or the reason why there are none."""
    try:
        return our_records(data, cuts)
    except FileQuarantineError as error:
        return error.reason
