"""Cleaning: what is dropped, what is rejected, and what a good row becomes."""

import json

import pytest

from fleettickets.core.cleaning import (
    CELL_COUNT_DIFFERS,
    CELL_TOO_LONG,
    HOLDS_NUL,
    NO_TICKET_ID,
    NOT_UTF8,
    ROW_TOO_LONG,
    TICKET_ID_TOO_LONG,
)
from tests.support.feeds import a_change_file, a_row
from tests.unit.core.readings import read, reasons

GOOD = b"WOT9,Thika\n"
HEADER = b"ticket_id,cluster\n"
KIB_64 = 64 * 1024


def test_row_becomes_compact_json_in_the_order_of_jsonb_keys() -> None:
    """Trimmed text values only, short names first; a cell that is empty then is left out."""
    data = "ticket_id,cluster,owner,note\r\n WOT1 ,\u00a0Thika\t,   ,a \\ b\r\n".encode()

    reading = read(data)

    assert reading.rows == [(2, "WOT1", '{"note":"a \\\\ b","cluster":"Thika","ticket_id":"WOT1"}')]


def test_any_column_is_kept_but_those_that_nobody_wants() -> None:
    """New columns reach `raw`; the export's own bookkeeping does not."""
    row = a_row(brand_new="1", source_s3_etag="x", source_s3_="y", source_s4_key="z")

    (raw,) = read(a_change_file([row])).raws

    dropped = {"week_start", "week_end", "source_s3_key", "source_s3_bucket", "source_snapshot_id"}
    dropped |= {"department", "source_type", "source_s3_etag", "source_s3_"}
    assert raw == {name: text for name, text in row.items() if text and name not in dropped}


def test_region_is_lower_case_and_raw_status_upper_case() -> None:
    """They are spelled in every case; the other columns keep theirs."""
    row = a_row(region=" Upcountry", raw_status="in Progress", normalized_status="Open")

    (raw,) = read(a_change_file([row])).raws

    assert (raw["region"], raw["raw_status"]) == ("upcountry", "IN PROGRESS")
    assert raw["normalized_status"] == "Open"


def test_column_names_are_trimmed() -> None:
    """A header written with spaces after its commas means the same columns."""
    data = b' ticket_id , is_alarm ,"region "\nWOT1,true,A\nWOT2,no,B\n'

    reading = read(data)

    assert reading.raws == [{"ticket_id": "WOT2", "is_alarm": "no", "region": "b"}]


def test_columns_in_another_order_mean_the_same() -> None:
    """The producer may add, leave out and move columns."""
    rows = [a_row(), a_row(ticket_id="WOT2", is_alarm="yes")]
    header = ["is_alarm", "region", "owner", "ticket_id"]

    reading = read(a_change_file(rows, header))

    assert reading.raws == [
        {
            "is_alarm": "false",
            "region": "upcountry",
            "owner": "Resolver 31",
            "ticket_id": "WOT0012345",
        }
    ]


@pytest.mark.parametrize("text", ["true", "TRUE", "t", "T", "yes", "Yes", "y", "1", " true "])
def test_alarm_is_dropped(text: str) -> None:
    """An alarm is no ticket of a customer; it counts as dropped, not as rejected."""
    rows = [a_row(is_alarm=text, ticket_id=""), a_row()]

    counts = read(a_change_file(rows)).counts

    assert (counts.read, counts.dropped, counts.rejected) == (2, 1, 0)


@pytest.mark.parametrize("text", ["false", "", "0", "no", "2", "tru", "truee"])
def test_other_values_of_is_alarm_keep_the_row(text: str) -> None:
    """Only the five words say yes."""
    reading = read(a_change_file([a_row(is_alarm=text)]))

    assert len(reading.rows) == 1


@pytest.mark.parametrize(
    "line",
    [
        "EXPORT STOPPED after 20000 rows",
        "EXPORT STOPPED,,,,,,,,,",
        "WOT1,  EXPORT STOPPED: limit",
        '"EXPORT STOPPED, see log"',
        'WOT1,"x\ny","EXPORT STOPPED\n"',
        "EXPORT STOPPED \0 \ud800",
    ],
)
def test_sentinel_is_dropped_before_its_cells_are_counted(line: str) -> None:
    """The exporter ends a file that it gave up on with a row that is none."""
    data = HEADER + GOOD + line.encode(errors="surrogatepass")

    reading = read(data)

    assert len(reading.rows) == 1
    assert (reading.counts.dropped, reading.counts.rejected) == (1, 0)


def test_sentinel_only_counts_at_the_start_of_a_cell() -> None:
    """A note that mentions it belongs to a ticket, and so does one in another case."""
    data = HEADER + b"WOT1,the EXPORT STOPPED again\nWOT2,Export stopped\n"

    reading = read(data)

    assert [row.ticket_id for row in reading.rows] == ["WOT1", "WOT2"]


def test_short_alarm_row_is_dropped_and_a_row_too_short_to_be_one_is_not() -> None:
    """An alarm is judged by the cell in its place, if the row reaches that far."""
    data = b"ticket_id,is_alarm,cluster\nWOT1,true\nWOT2\nWOT3,f,Thika\n"

    reading = read(data)

    assert reading.counts.dropped == 1
    assert reasons(reading) == [(3, CELL_COUNT_DIFFERS)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b",Thika", NO_TICKET_ID),
        ("\u2003 ,Thika".encode(), NO_TICKET_ID),
        (b'"",""', NO_TICKET_ID),
        (b"x" * 201 + b",Thika", TICKET_ID_TOO_LONG),
        ("é".encode() * 101 + b",Thika", TICKET_ID_TOO_LONG),
        (b"x" * 12_000 + b",Thika", TICKET_ID_TOO_LONG),
        (b"WOT1", CELL_COUNT_DIFFERS),
        (b"WOT1,Thika,", CELL_COUNT_DIFFERS),
        (b"WOT1,Th\xefka", NOT_UTF8),
        (b"WOT1\xff,Thika", NOT_UTF8),
        (b"WOT1,\xed\xa0\x80", NOT_UTF8),
        (b"WOT1,Thi\0ka", HOLDS_NUL),
        (b"WOT1," + b"x" * (KIB_64 + 1), CELL_TOO_LONG),
        (b"WOT1," + "é".encode() * (KIB_64 // 2 + 1), CELL_TOO_LONG),
        (b'WOT1,"' + b'""' * (KIB_64 + 1) + b'"', CELL_TOO_LONG),
        (b'WOT1,"' + b"x" * 200_000 + b'"', CELL_TOO_LONG),
        (b"WOT1," + b"x" * 5_000_000, ROW_TOO_LONG),
        (b'WOT1,"' + b"a,b" * 2_000_000 + b'"', ROW_TOO_LONG),
        (b",," * 3_000_000, ROW_TOO_LONG),
    ],
)
def test_bad_row_is_rejected_alone(line: bytes, reason: str) -> None:
    """It is kept with its line and its reason, and the rows around it are applied."""
    data = HEADER + GOOD + line + b"\n" + GOOD

    reading = read(data)

    assert [row.line_number for row in reading.rows] == [2, 4]
    assert reasons(reading) == [(3, reason)]
    assert reading.counts.rejected == 1


@pytest.mark.parametrize(
    "line",
    [
        b"x" * 200 + b",Thika",
        b"  " + "é".encode() * 100 + b" ,Thika",
        b"WOT1," + b"x" * KIB_64,
        b'WOT1,"' + b'""' * KIB_64 + b'"',
        b"WOT1," + "😀".encode() * (KIB_64 // 4),
    ],
)
def test_row_at_a_limit_is_good(line: bytes) -> None:
    """The limits are in bytes of UTF-8, and inclusive."""
    reading = read(HEADER + line)

    assert len(reading.rows) == 1
    assert reading.counts.rejected == 0


def test_row_of_many_long_cells_is_good() -> None:
    """Forty cells of 64 KiB each break no rule."""
    cells = {f"c{index}": "x" * KIB_64 for index in range(40)}
    header = ("ticket_id", *cells)

    reading = read(a_change_file([{"ticket_id": "WOT1", **cells}], header))

    assert reading.raws == [{"ticket_id": "WOT1", **cells}]


def test_ticket_id_in_the_last_column_is_missing_from_a_short_row() -> None:
    """A row that does not reach its ticket_id has none."""
    reading = read(b"cluster,ticket_id\nThika,WOT1\nNakuru\n")

    assert reasons(reading) == [(3, NO_TICKET_ID)]


def test_every_character_survives() -> None:
    """Controls, quotes, emoji, right-to-left text and line breaks come back from the JSON."""
    note = "".join(map(chr, [*range(1, 0x100), 0x2028, 0x202E, 0x5D0, 0xFFFE, 0x1F600]))
    text = f"«{note}»"

    (row,) = read(a_change_file([a_row(note=text)])).rows

    assert json.loads(row.raw_json)["note"] == text
    assert "\0" not in row.raw_json
    assert "\\u0000" not in row.raw_json
    assert row.raw_json.encode().decode() == row.raw_json


@pytest.mark.parametrize("character", [*map(chr, range(1, 0x20)), '"', "\\", "\x7f", "é", "\u2028"])
def test_each_character_survives_in_a_row_of_plain_ones(character: str) -> None:
    """One that JSON has to escape is enough; the others of its row may all be plain."""
    text = f"a{character}b"

    (raw,) = read(a_change_file([a_row(note=text)])).raws

    assert raw["note"] == text


def test_rows_of_one_ticket_are_all_yielded() -> None:
    """Which of them wins is settled later, so that both can be counted."""
    rows = [a_row(owner="A"), a_row(owner="B")]

    reading = read(a_change_file(rows))

    assert [raw["owner"] for raw in reading.raws] == ["A", "B"]
    assert [row.line_number for row in reading.rows] == [2, 3]


def test_reject_text_can_be_stored_and_read() -> None:
    """NUL and bytes that are no UTF-8 are spelled out, so that PostgreSQL takes the text."""
    data = HEADER + GOOD + b"WOT1,caf\xe9 \0 caf\xc3\xa9\r\n"

    (reject,) = read(data).rejects

    assert reject.text == r"WOT1,caf\xe9 \x00 café"


@pytest.mark.parametrize("length", [3_000, 6_000_000])
def test_reject_text_is_cut_at_two_kib_between_characters(length: int) -> None:
    """2,048 bytes of UTF-8 at most; a character that would be cut in half is left out."""
    data = HEADER + GOOD + b"," + "é".encode() * length

    (reject,) = read(data).rejects

    assert reject.text == "," + "é" * 1023
    assert len(reject.text.encode()) == 2047


def test_only_a_thousand_rejects_are_kept() -> None:
    """The others are counted, so that a bad file cannot fill memory."""
    data = HEADER + GOOD * 6_000 + b",x\n" * 1_200

    reading = read(data)

    assert len(reading.rejects) == 1_000
    assert (reading.counts.rejected, reading.counts.read) == (1_200, 7_200)
    assert reading.rejects[-1].line_number == 7_001
